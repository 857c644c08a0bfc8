/* tests/unit/collect/test_memory_parse.c: the kernel's texts about memory. */
#include "test.h"

#include "collect/memory_parse.h"
#include "frame/frame.h"

static struct memory unknown(void) {
    struct memory m;
    field_clear(&memory_table, &m);
    return m;
}

static void kernel_6(void **state) {
    (void)state;
    struct memory m = unknown();
    memory_parse_meminfo(TEXT("MemTotal:       24684088 kB\nMemFree:        24051336 kB\nMemAvailable:   18513066 kB\n"
                              "Buffers:            2536 kB\nCached:           374020 kB\nSwapCached:            0 kB\n"
                              "SwapTotal:       1000000 kB\nSwapFree:         400000 kB\nDirty:               18 kB\n"
                              "Shmem:              8856 kB\nSlab:              86684 kB\nHugePages_Total:       4\n"
                              "HugePages_Free:        3\nHugepagesize:       2048 kB\n"),
        &m);
    assert_int_equal(m.total_bytes, UINT64_C(24684088) * 1024);
    assert_int_equal(m.used_bytes, (UINT64_C(24684088) - 18513066) * 1024);
    assert_float_equal(m.utilization, 25.0, 1e-9);
    assert_int_equal(m.free_bytes, UINT64_C(24051336) * 1024);
    assert_int_equal(m.buffers_bytes, 2536 * 1024);
    assert_int_equal(m.cached_bytes, 374020 * 1024);
    assert_int_equal(m.swap_total_bytes, 1024000000);
    assert_int_equal(m.swap_used_bytes, 600000 * 1024);
    assert_int_equal(m.swap_free_bytes, 400000 * 1024);
    assert_int_equal(m.dirty_bytes, 18 * 1024);
    assert_int_equal(m.shared_bytes, 8856 * 1024);
    assert_int_equal(m.slab_bytes, 86684 * 1024);
    assert_int_equal(m.hugepages_total, 4);
    assert_int_equal(m.hugepages_free, 3);
    assert_int_equal(m.hugepage_bytes, 2 << 20);
}

static void what_is_missing_stays_unknown(void **state) {
    (void)state;
    struct memory m = unknown();
    /* before 3.14 there is no MemAvailable */
    memory_parse_meminfo(
        TEXT("MemTotal: 1000 kB\nMemFree: 10 kB\nBuffers: rubbish kB\nCached: 99999999999999999999 kB\n"
             "Slab: 18446744073709551615 kB\nDirty: -4 kB"),
        &m);
    assert_int_equal(m.total_bytes, 1024000);
    assert_false(known_u64(m.available_bytes) || known_u64(m.used_bytes) || known_f64(m.utilization));
    assert_false(known_u64(m.buffers_bytes) || known_u64(m.cached_bytes) || known_u64(m.slab_bytes));
    assert_false(known_u64(m.dirty_bytes) || known_u64(m.swap_used_bytes));
    memory_parse_meminfo(TEXT("MemAvailable: 2000 kB\n"), &m); /* more than there is: nothing used, not a huge number */
    assert_int_equal(m.used_bytes, 0);
    m = unknown();
    memory_parse_meminfo((struct text){NULL, 0}, &m);
    memory_parse_vmstat((struct text){NULL, 0}, &m);
    assert_false(known_u64(m.total_bytes));
}

static void vmstat_counters(void **state) {
    (void)state;
    struct memory m = unknown();
    memory_parse_vmstat(TEXT("nr_free_pages 1\npswpin 11\npswpout 12\npgfault 999\npgmajfault 2993\noom_kill 2\n"), &m);
    assert_int_equal(m.swap_in_pages, 11);
    assert_int_equal(m.swap_out_pages, 12);
    assert_int_equal(m.page_faults_major, 2993);
    assert_int_equal(m.oom_kills, 2);
    m = unknown();
    memory_parse_vmstat(TEXT("oom_kill 2\npgmajfault 7\npswpin 5"), &m); /* another order, no last newline */
    assert_int_equal(m.oom_kills, 2);
    assert_int_equal(m.page_faults_major, 7);
    assert_int_equal(m.swap_in_pages, 5);
    assert_false(known_u64(m.swap_out_pages));
}

static void node_lines(void **state) {
    (void)state;
    struct numa_node n;
    field_clear(&numa_table, &n);
    memory_parse_node(TEXT("Node 1 MemTotal:        4155604 kB\nNode 1 MemFree:         4005208 kB\nNode 1\n\nx"), &n);
    assert_int_equal(n.total_bytes, UINT64_C(4155604) * 1024);
    assert_int_equal(n.free_bytes, UINT64_C(4005208) * 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_6),
        cmocka_unit_test(what_is_missing_stays_unknown),
        cmocka_unit_test(vmstat_counters),
        cmocka_unit_test(node_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
