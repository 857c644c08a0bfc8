/* tests/unit/collect/test_gpu_pmu.c: layouts of performance monitoring units, and a real one. */
#include "fixture.h"

#include <errno.h>
#include <linux/perf_event.h>

#include "collect/gpu/pmu.h"
#include "collect/kernel_file.h"

static struct error err;

static void formats(void **state) {
    (void)state;
    struct pmu_field f;
    assert_true(pmu_parse_format(TEXT("config:0-11\n"), &f));
    assert_int_equal(f.word, 0);
    assert_int_equal(f.mask, 0xfff);
    assert_true(pmu_parse_format(TEXT("config2:63"), &f));
    assert_int_equal(f.word, 2);
    assert_true(f.mask == UINT64_C(1) << 63);
    assert_true(pmu_parse_format(TEXT("config1:0-63"), &f));
    assert_true(f.mask == UINT64_MAX);
    assert_true(pmu_parse_format(TEXT("config:0-3,8-9"), &f));
    assert_int_equal(f.mask, 0x30f);
    static const char *const wrong[] = {"", "config", "config:", "config:64", "config:0-64", "config3:1", "config:a",
        "config:5-1", "config:0-3,x", ":1"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (pmu_parse_format(text_of(wrong[i]), &f))
            fail_msg("'%s' is taken for a format", wrong[i]);
    assert_false(pmu_parse_format((struct text){NULL, 0}, &f));
}

/* As xe lays its events out. */
static const struct pmu xe = {.fields = {{"event", 0, 0xfff}, {"engine_instance", 0, 0xff << 12},
                                  {"engine_class", 0, 0xff << 20}, {"gt", 0, UINT64_C(0xf) << 60}, {"split", 1, 0x30f}},
    .n_fields = 5};

static void events(void **state) {
    (void)state;
    struct pmu_event e = {.words = {0}};
    assert_true(pmu_parse_event(&xe, TEXT("event=0x02\n"), &e));
    assert_true(pmu_set(&xe, TEXT("gt"), 1, &e));
    assert_true(pmu_set(&xe, TEXT("engine_class"), 4, &e));
    assert_true(pmu_set(&xe, TEXT("engine_instance"), 3, &e));
    assert_true(e.words[0] == (UINT64_C(1) << 60 | 4 << 20 | 3 << 12 | 2));
    e = (struct pmu_event){.words = {0}};
    assert_true(pmu_parse_event(&xe, TEXT("split=0x3f,event=1"), &e));
    assert_int_equal(e.words[1], 0x30f);
    assert_int_equal(e.words[0], 1);
    assert_true(pmu_parse_event(&xe, TEXT("config=0x100005"), &e));
    assert_int_equal(e.words[0], 0x100005);
    assert_true(pmu_parse_event(&xe, TEXT("gt"), &e)); /* a term without a number is 1 */
    assert_false(pmu_set(&xe, TEXT("gt"), 16, &e));
    static const char *const wrong[] = {"event=", "event=0x", "event=0xg", "event=-1", "other=1", "event=1,,", "=1",
        "event=0x11111111111111111", "event=4096"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (pmu_parse_event(&xe, text_of(wrong[i]), &e))
            fail_msg("'%s' is taken for an event", wrong[i]);
}

static void units(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct pmu pmu;
    int fd = -1;
    fixture_init(&f);
    fixture_put(&f, "sys/type", "23\n");
    fixture_put(&f, "sys/cpumask", "1\n");
    fixture_put(&f, "sys/format/event", "config:0-11\n");
    fixture_put(&f, "sys/format/broken", "config:0-99\n");
    fixture_put(&f, "sys/format/a_name_that_is_longer_than_any_of_them", "config:1\n");
    assert_ok(kernel_dir_open(f.sys, &fd, &err), err);
    assert_ok(pmu_read(fd, &pmu, &err), err);
    assert_int_equal(pmu.type, 23);
    assert_int_equal(pmu.cpu, 1);
    assert_int_equal(pmu.n_fields, 1);
    static const char *const types[] = {"", "-1", "99999999999", "x"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        fixture_put(&f, "sys/type", types[i]);
        assert_int_equal(pmu_read(fd, &pmu, &err), -ERR_FORMAT);
    }
    file_close(&fd);
    fixture_done(&f);
}

/* The kernel's own clock as a counter, where it may be read. */
static void a_real_counter(void **state) {
    (void)state;
    struct pmu software = {.type = PERF_TYPE_SOFTWARE, .cpu = 0};
    struct pmu_event event = {.words = {PERF_COUNT_SW_CPU_CLOCK}};
    uint64_t count = 0;
    uint64_t enabled_ns = 0;
    int fd = -1;
    int status = pmu_open_counter(&software, &event, &fd, &err);
    if (status < 0) {
        assert_true(status == -ERR_ABSENT || err.os_errno == EACCES || err.os_errno == EPERM);
        skip();
    }
    nap_ms(5);
    assert_true(pmu_read_counter(fd, &count, &enabled_ns));
    assert_true(count > 0 && enabled_ns > 0);
    file_close(&fd);
    event.words[0] = 12345; /* no such event */
    assert_int_equal(pmu_open_counter(&software, &event, &fd, &err), -ERR_ABSENT);
    assert_false(pmu_read_counter(-1, &count, &enabled_ns));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(events),
        cmocka_unit_test(units),
        cmocka_unit_test(a_real_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
