/* tests/unit/frame/test_derive.c: rates from two frames. */
#include "test.h"

#include "base/clock.h"
#include "frame/derive.h"
#include "frame/frame.h"

static const struct field *named(const struct field_table *table, const char *key) {
    return field_find(table, text_of(key), NULL);
}

static void a_counter_becomes_a_rate(void **state) {
    (void)state;
    assert_true(derive_rate(100, 400, 3 * NS_PER_SECOND) == 100.0);
    assert_true(derive_rate(100, 100, NS_PER_SECOND) == 0.0);
    assert_true(derive_rate(0, 1, NS_PER_SECOND / 10) == 10.0);
    assert_true(derive_rate_f64(1.5, 3.0, NS_PER_SECOND / 2) == 3.0);
}

static void nothing_is_invented(void **state) {
    (void)state;
    assert_true(isnan(derive_rate(400, 100, NS_PER_SECOND))); /* a reset is no huge rate */
    assert_true(isnan(derive_rate(U64_UNKNOWN, 100, NS_PER_SECOND)));
    assert_true(isnan(derive_rate(100, U64_UNKNOWN, NS_PER_SECOND)));
    assert_true(isnan(derive_rate(1, 2, 0)));
    assert_true(isnan(derive_rate(1, 2, -5)));
    assert_true(isnan(derive_rate_f64(NAN, 2, NS_PER_SECOND)));
}

static void processes_are_matched_by_what_names_them(void **state) {
    (void)state;
    struct frame a, b;
    frame_init(&a);
    frame_init(&b);
    for (uint64_t pid = 10; pid < 20; pid++) {
        struct process *p = frame_add(&a.arena, &a.processes.list, &process_table);
        p->pid = pid;
        p->start_ticks = 1000;
        p->io_read_bytes = 5000;
    }
    struct process *same = frame_add(&b.arena, &b.processes.list, &process_table);
    same->pid = 15;
    same->start_ticks = 1000;
    same->io_read_bytes = 9000;
    size_t hint = 0;
    const struct process *before = derive_match(&process_table, &a.processes.list, same, &hint);
    assert_non_null(before);
    assert_int_equal(before->pid, 15);
    assert_int_equal(hint, 6);
    assert_true(derive_value(named(&process_table, "io_read_bytes"), before, same, 2 * NS_PER_SECOND) == 2000.0);
    assert_true(isnan(derive_value(named(&process_table, "io_read_bytes"), NULL, same, 2 * NS_PER_SECOND)));
    assert_true(derive_value(named(&process_table, "pid"), NULL, same, 0) == 15.0);
    assert_true(isnan(derive_value(named(&process_table, "command"), NULL, same, 0)));
    same->start_ticks = 2000; /* the pid was used again */
    assert_null(derive_match(&process_table, &a.processes.list, same, &hint));
    frame_done(&a);
    frame_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_becomes_a_rate),
        cmocka_unit_test(nothing_is_invented),
        cmocka_unit_test(processes_are_matched_by_what_names_them),
    };
    return cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
