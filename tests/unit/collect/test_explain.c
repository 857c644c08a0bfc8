/* tests/unit/collect/test_explain.c: what is said of a machine of files, and of a reader that hangs. */
#include "fixture.h"

#include <pthread.h>

#include "base/clock.h"
#include "collect/explain.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* while it is held, a reader hangs */
static int ended;

static const struct finding *find(const struct report *r, enum section section, const char *source) {
    for (size_t i = 0; i < r->findings.n; i++)
        if (r->findings.at[i].section == section && text_is(r->findings.at[i].source, source))
            return &r->findings.at[i];
    fail_msg("nothing is said of %s", source);
    return NULL;
}

static void check(const struct report *r, enum section section, const char *source, enum readable state) {
    const struct finding *f = find(r, section, source);
    if (f->state != state)
        fail_msg("%s is in state %d, not %d: %.*s", source, f->state, state, TEXT_ARG(f->says));
    assert_true(f->says.len > 0);
}

static void a_machine_of_files(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct report r = {.identifiers = false};
    fixture_init(&x);
    fixture_put(&x, "proc/stat", "cpu 1 2 3 4\n");
    fixture_put(&x, "proc/meminfo", "");
    fixture_put(&x, "proc/1/stat", "1 (init) S 0\n");
    fixture_put(&x, "sys/class/net/lo/mtu", "65536\n");
    fixture_put(&x, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    fixture_put(&x, "rootfs/run/.containerenv", "");
    struct collect_options options = fixture_options(&x, ~0U);
    explain_files(&options, &r);
    explain_system(&options, &r);
    check(&r, SECTION_CPU, "times", READABLE);
    check(&r, SECTION_CPU, "pressure", MISSING);
    check(&r, SECTION_MEMORY, "memory", DENIED); /* an empty file is no reading */
    check(&r, SECTION_NETWORK, "links", READABLE);
    check(&r, SECTION_NETWORK, "InfiniBand", MISSING);
    check(&r, REPORT_SYSTEM, "control groups", READABLE);
    check(&r, SECTION_PROCESS, "processes", PARTLY);
    assert_text(find(&r, SECTION_PROCESS, "processes")->remedy, "run it as root, or with CAP_SYS_PTRACE");
    fixture_put(&x, "proc/1/io", "rchar: 1\n");
    report_done(&r);
    explain_system(&options, &r);
    check(&r, SECTION_PROCESS, "processes", READABLE);
    report_done(&r);
    fixture_drop(&x, "proc/1");
    fixture_put(&x, "proc/self/stat", "7 (self) S 0\n");
    explain_system(&options, &r);
    check(&r, SECTION_PROCESS, "processes", PARTLY);
    assert_text(find(&r, SECTION_PROCESS, "processes")->says, "our own processes only: those of others are hidden");
    report_done(&r);
    fixture_done(&x);
    explain_files(&options, &r);
    for (size_t i = 0; i < r.findings.n; i++)
        assert_int_equal(r.findings.at[i].state, MISSING);
    report_done(&r);
}

static void a_container(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct report r = {.identifiers = false};
    char path[200];
    fixture_init(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    fixture_put(&x, "proc/self/ns/mnt", "");
    fixture_put(&x, "rootfs/.dockerenv", "");
    (void)snprintf(path, sizeof path, "%s/self/ns/pid", x.proc);
    assert_int_equal(symlink("pid:[4026532777]", path), 0);
    explain_system(&options, &r);
    check(&r, REPORT_SYSTEM, "container", PARTLY);
    assert_text(find(&r, REPORT_SYSTEM, "container")->says,
        "a container of docker with process ids of its own: other processes of the machine are not seen");
    report_done(&r);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("pid:[4026531836]", path), 0);
    explain_system(&options, &r);
    check(&r, REPORT_SYSTEM, "container", READABLE);
    report_done(&r);
    fixture_done(&x);
}

static void explain_hanging(const struct collect_options *options, struct report *report) {
    (void)options;
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    report_add(report, SECTION_GPU, READABLE, "late", NULL, "nobody listens");
    __atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
}
static void explain_well(const struct collect_options *options, struct report *report) {
    assert_int_equal(options->sections, 7);
    report_add(
        report, SECTION_NETWORK, PARTLY, "card", "more of it", "serial %s", report->identifiers ? "4711" : "not told");
}

static void who_hangs_is_named_and_left(void **state) {
    (void)state;
    static const struct collector hanging = {
        .name = "firmware", .section = SECTION_CHASSIS, .explain = explain_hanging};
    static const struct collector silent = {.name = "silent", .section = SECTION_CPU};
    static const struct collector well = {.name = "well", .section = SECTION_NETWORK, .explain = explain_well};
    static const struct collector *const list[] = {&hanging, &silent, &well, NULL};
    struct collect_options options = {.roots = {"/nowhere", "/nowhere", "/nowhere"}, .sections = 7};
    struct report r = {.identifiers = true};
    (void)pthread_mutex_lock(&gate);
    explain_machine(list, &options, 300 * NS_PER_MS, &r);
    check(&r, SECTION_CHASSIS, "firmware", DENIED);
    assert_text(find(&r, SECTION_CHASSIS, "firmware")->says, "does not answer within 300 ms");
    assert_text(find(&r, SECTION_NETWORK, "card")->says, "serial 4711");
    assert_text(r.findings.at[r.findings.n - 1].remedy, "more of it");
    report_done(&r);
    (void)pthread_mutex_unlock(&gate);
    for (int i = 0; i < 2000 && !__atomic_load_n(&ended, __ATOMIC_SEQ_CST); i++)
        nap_ms(5);
    assert_true(__atomic_load_n(&ended, __ATOMIC_SEQ_CST));
    nap_ms(20);
}

static void reports_are_joined(void **state) {
    (void)state;
    struct report a = {.identifiers = false};
    struct report b = {.identifiers = false};
    for (int i = 0; i < 100; i++) {
        report_add(&a, SECTION_CPU, READABLE, "a", NULL, "%d", i);
        report_add(&b, SECTION_GPU, MISSING, "b", "do", "%d", i);
    }
    report_adopt(&a, &b);
    assert_int_equal(a.findings.n, 200);
    assert_int_equal(b.findings.n, 0);
    assert_text(a.findings.at[99].says, "99");
    assert_false(known_text(a.findings.at[99].remedy));
    assert_text(a.findings.at[199].says, "99");
    assert_text(a.findings.at[199].remedy, "do");
    report_done(&a);
    report_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_of_files),
        cmocka_unit_test(a_container),
        cmocka_unit_test(who_hangs_is_named_and_left),
        cmocka_unit_test(reports_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
