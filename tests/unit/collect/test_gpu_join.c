/* tests/unit/collect/test_gpu_join.c: what clients tell of devices, joined to cards. */
#include "test.h"

#include "collect/gpu/join.h"

static struct gpu *add_card(struct frame *f, const char *uuid, const char *address, uint64_t index) {
    struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
    assert_non_null(g);
    g->uuid = text_of(uuid);
    g->pci_bus_id = text_of(address);
    g->index = index;
    return g;
}
static struct process *add_row(struct frame *f, uint64_t pid, const char *device, uint64_t memory) {
    struct process *p = frame_add(&f->arena, &f->processes.list, &process_table);
    assert_non_null(p);
    p->pid = pid;
    p->device_uuid = text_of(device);
    p->used_memory = memory;
    return p;
}

static void what_the_driver_told_goes_first(void **state) {
    (void)state;
    struct frame f, clients;
    struct error err;
    frame_init(&f);
    frame_init(&clients);
    add_card(&f, "A", "0000:03:00.0", 0)->utilization = 80;
    add_card(&f, "B", "0000:04:00.0", 1);
    add_card(&f, "C", NULL, 2);
    struct process *known = add_row(&f, 10, "A", 500);
    known->device_id = 0;
    add_row(&f, 10, "B", U64_UNKNOWN)->device_id = 1;

    struct gpu *told = add_card(&clients, NULL, "0000:03:00.0", U64_UNKNOWN);
    told->utilization = 20;
    told->encoder_utilization = 3;
    told->decoder_utilization = 4;
    told = add_card(&clients, NULL, "0000:04:00.0", U64_UNKNOWN);
    told->utilization = 30;
    told->jpeg_utilization = 5;
    add_card(&clients, NULL, "0000:99:00.0", U64_UNKNOWN)->utilization = 99;
    struct process *p = add_row(&clients, 10, "0000:03:00.0", 7);
    p->gpu_utilization = 12;
    p->gpu_memory_kind = TEXT("vram");
    p = add_row(&clients, 10, "0000:04:00.0", 8);
    p->gpu_memory_kind = TEXT("system");
    add_row(&clients, 11, "0000:04:00.0", 9);
    add_row(&clients, 12, "0000:99:00.0", 10);
    add_row(&clients, 13, NULL, 10);

    assert_ok(gpu_join_clients(&f, &clients, &err), err);
    assert_int_equal(f.gpus.n, 3);
    assert_true(f.gpus.at[0].utilization > 79 && f.gpus.at[0].encoder_utilization < 4);
    assert_true(f.gpus.at[0].decoder_utilization > 3 && !known_f64(f.gpus.at[0].jpeg_utilization));
    assert_true(f.gpus.at[1].utilization > 29 && f.gpus.at[1].jpeg_utilization > 4);
    assert_false(known_f64(f.gpus.at[2].utilization));
    assert_int_equal(f.processes.n, 3);
    assert_int_equal(f.processes.at[0].used_memory, 500);
    assert_false(known_text(f.processes.at[0].gpu_memory_kind)); /* of other memory than the driver counts */
    assert_true(f.processes.at[0].gpu_utilization > 11);
    assert_int_equal(f.processes.at[1].used_memory, 8);
    assert_text(f.processes.at[1].gpu_memory_kind, "system");
    assert_int_equal(f.processes.at[2].pid, 11);
    assert_int_equal(f.processes.at[2].device_id, 1);
    assert_text(f.processes.at[2].device_uuid, "B");
    assert_false(known_f64(f.processes.at[2].gpu_utilization));
    frame_done(&f);
    frame_done(&clients);
}

static void nothing_to_join(void **state) {
    (void)state;
    struct frame f, clients;
    struct error err;
    frame_init(&f);
    frame_init(&clients);
    add_row(&clients, 10, "0000:03:00.0", 7);
    assert_ok(gpu_join_clients(&f, &clients, &err), err);
    assert_false(f.processes.asked || f.gpus.asked);
    frame_done(&f);
    frame_done(&clients);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_driver_told_goes_first),
        cmocka_unit_test(nothing_to_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
