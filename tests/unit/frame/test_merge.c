/* tests/unit/frame/test_merge.c: one item out of several. */
#include "test.h"

#include "frame/frame.h"
#include "frame/merge.h"

static struct cpu_socket *add_socket(struct frame *f, struct cpu *cpu, uint64_t id) {
    struct cpu_socket *socket = frame_add(&f->arena, &cpu->per_socket_info.list, &socket_table);
    socket->socket_id = id;
    return socket;
}

static void what_is_known_stays(void **state) {
    (void)state;
    struct frame f;
    frame_init(&f);
    struct cpu *a = frame_add(&f.arena, &f.cpus.list, &cpu_table);
    a->utilization = 50;
    a->host_id = TEXT("a");
    a->pressure.cpu.some_avg10 = 1;
    add_socket(&f, a, 0)->utilization = 7;
    struct cpu *b = frame_add(&f.arena, &f.cpus.list, &cpu_table);
    b->utilization = 60;
    b->host_id = TEXT("b");
    b->temperature = 40;
    b->pressure.cpu.some_avg10 = 2;
    b->pressure.io.some_total_us = 0;
    add_socket(&f, b, 1)->temperature = 41;
    add_socket(&f, b, 0)->temperature = 40;
    frame_merge_all(&f.arena, &cpu_table, &f.cpus.list);

    assert_int_equal(f.cpus.n, 1);
    const struct cpu *cpu = &f.cpus.at[0];
    assert_true(cpu->utilization == 50.0);
    assert_text(cpu->host_id, "a");
    assert_int_equal(cpu->temperature, 40);
    assert_true(cpu->pressure.cpu.some_avg10 == 1.0);
    assert_int_equal(cpu->pressure.io.some_total_us, 0);
    assert_false(known_f64(cpu->power_consumption));
    assert_int_equal(cpu->per_socket_info.n, 2);
    assert_true(cpu->per_socket_info.at[0].utilization == 7.0);
    assert_int_equal(cpu->per_socket_info.at[0].temperature, 40);
    assert_int_equal(cpu->per_socket_info.at[1].socket_id, 1);
    assert_int_equal(cpu->per_socket_info.at[1].temperature, 41);
    frame_done(&f);
}

static void lists_are_taken_over(void **state) {
    (void)state;
    struct frame f;
    frame_init(&f);
    struct chassis *a = frame_add(&f.arena, &f.chassis.list, &chassis_table);
    frame_add_detail(&f.arena, &a->detail.list, TEXT("Vendor"), TEXT("one"));
    struct chassis *b = frame_add(&f.arena, &f.chassis.list, &chassis_table);
    frame_add_detail(&f.arena, &b->detail.list, TEXT("Vendor"), TEXT("two"));
    frame_add_detail(&f.arena, &b->detail.list, TEXT("Board"), TEXT("X1"));
    struct fan *fan = frame_add(&f.arena, &b->fan_speeds.list, &fan_table);
    fan->id = 0;
    fan->speed_rpm = 4000;
    frame_merge_all(&f.arena, &chassis_table, &f.chassis.list);
    assert_int_equal(f.chassis.n, 1);
    assert_int_equal(f.chassis.at[0].detail.n, 2);
    assert_text(f.chassis.at[0].detail.at[0].value, "one");
    assert_text(f.chassis.at[0].detail.at[1].value, "X1");
    assert_int_equal(f.chassis.at[0].fan_speeds.at[0].speed_rpm, 4000);
    assert_false(f.chassis.at[0].psu_status.asked);
    frame_done(&f);
}

static void nothing_and_one(void **state) {
    (void)state;
    struct frame f;
    frame_init(&f);
    frame_merge_all(&f.arena, &cpu_table, &f.cpus.list);
    assert_int_equal(f.cpus.n, 0);
    assert_false(f.cpus.asked);
    struct cpu *a = frame_add(&f.arena, &f.cpus.list, &cpu_table);
    a->index = 3;
    frame_merge_all(&f.arena, &cpu_table, &f.cpus.list);
    assert_int_equal(f.cpus.n, 1);
    assert_int_equal(f.cpus.at[0].index, 3);
    frame_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_stays),
        cmocka_unit_test(lists_are_taken_over),
        cmocka_unit_test(nothing_and_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
