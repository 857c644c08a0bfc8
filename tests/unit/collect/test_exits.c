/* tests/unit/collect/test_exits.c: the kernel's messages about ending tasks, and processes that end between two frames. */
#include "fixture.h"

#include <signal.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "collect/collectors.h"
#include "collect/process/exit_parse.h"

static struct error err;

static size_t put(char *at, size_t n, const void *bytes, size_t len) {
    memcpy(at + n, bytes, len);
    return n + len;
}

/* A message about one task, as kernels since 5.19 send it: `stats` of 384 bytes in an attribute inside of an attribute. */
static struct text make_taskstats(char message[512], uint16_t version, uint32_t pid, uint32_t tgid, uint8_t flag) {
    char stats[384] = {0};
    uint32_t status = 0x300;
    uint64_t cpu_ns = 123456789;
    uint64_t kib = 2048;
    (void)put(stats, 0, &version, sizeof version);
    (void)put(stats, 4, &status, sizeof status);
    (void)put(stats, 8, &flag, sizeof flag);
    (void)put(stats, 72, &cpu_ns, sizeof cpu_ns);
    (void)put(stats, 80, "perl", 5);
    (void)put(stats, 128, &pid, sizeof pid);
    (void)put(stats, 200, &kib, sizeof kib);
    (void)put(stats, 368, &tgid, sizeof tgid);
    const uint16_t outer[] = {4 + 8 + 4 + sizeof stats, 4};
    const uint16_t number[] = {8, 1};
    const uint16_t inner[] = {4 + sizeof stats, 3};
    const char head[] = {2, 1, 0, 0};
    size_t n = put(message, 0, head, sizeof head);
    n = put(message, n, outer, sizeof outer);
    n = put(message, n, number, sizeof number);
    n = put(message, n, &pid, sizeof pid);
    n = put(message, n, inner, sizeof inner);
    n = put(message, n, stats, sizeof stats);
    return (struct text){message, n};
}

static void taskstats_messages(void **state) {
    (void)state;
    enum { LAST = 0x20 };
    char message[512];
    struct exit_event x;
    struct text whole = make_taskstats(message, 12, 42, 42, LAST);
    assert_true(exit_parse_taskstats(whole, &x));
    assert_int_equal(x.pid, 42);
    assert_true(x.last && x.has_status);
    assert_int_equal(x.cpu_ns, 123456789);
    assert_int_equal(x.peak_rss_bytes, 2 << 20);
    assert_text(((struct text){x.comm, x.comm_len}), "perl");
    assert_int_equal(exit_code_of(x.wait_status), 3);
    for (size_t n = 0; n < whole.len; n++)
        assert_false(exit_parse_taskstats((struct text){message, n}, &x));
    assert_true(exit_parse_taskstats(make_taskstats(message, 16, 43, 42, 0), &x));
    assert_false(x.last || x.has_status);
    assert_false(
        exit_parse_taskstats(make_taskstats(message, 11, 42, 42, LAST), &x)); /* does not tell of which process */
}

static void codes(void **state) {
    (void)state;
    assert_int_equal(exit_code_of(0), 0);
    assert_int_equal(exit_code_of(255 << 8), 255);
    assert_int_equal(exit_code_of(9), -9);
    assert_int_equal(exit_code_of(0x80 | 11), -11); /* with a core dump */
}

static const struct process *find(const struct frame *f, pid_t pid) {
    for (size_t i = 0; i < f->processes.n; i++)
        if (f->processes.at[i].pid == (uint64_t)pid)
            return &f->processes.at[i];
    return NULL;
}

/* The source of this machine's processes; skips the test where the kernel does not tell us who ends. */
static struct collect *open_source(enum process_choice choice) {
    static const struct collector *const list[] = {&process_collector, NULL};
    struct collect_options options = {.roots = {"/proc", "/sys", "/"},
        .sections = 1U << SECTION_PROCESS,
        .processes = choice,
        .process_top = 10,
        .wait_ns = FIXTURE_WAIT_NS};
    struct report report = {.identifiers = false};
    bool told = false;
    process_collector.explain(&options, &report);
    for (size_t i = 0; i < report.findings.n; i++)
        told = told ||
               (text_is(report.findings.at[i].source, "ended processes") && report.findings.at[i].state == READABLE);
    report_done(&report);
    if (!told) {
        print_message("skipped: taskstats is not allowed here\n");
        skip();
    }
    struct collect *c = NULL;
    assert_ok(collect_open(list, &options, &c, &err), err);
    return c;
}

static void burn(int64_t cpu_ns) {
    struct timespec used = {0, 0};
    while (used.tv_sec * NS_PER_SECOND + used.tv_nsec < cpu_ns)
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
}

static pid_t start(int64_t cpu_ns, int code) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        burn(cpu_ns);
        _exit(code);
    }
    return pid;
}

static void short_lived_ones_are_seen(void **state) {
    (void)state;
    enum { N = 20, EACH_MS = 20 };
    pid_t pids[N];
    struct frame f;
    struct collect *c = open_source(PROCESSES_NOTABLE);
    frame_init(&f);
    assert_ok(collect_sample(c, &f, &err), err);
    int64_t before_ns = clock_mono_ns();
    assert_ok(collect_sample(c, &f, &err), err);
    int64_t least_ns = clock_mono_ns();
    for (int i = 0; i < N; i++) {
        pids[i] = start(EACH_MS * NS_PER_MS, i);
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    }
    least_ns = clock_mono_ns() - least_ns;
    assert_ok(collect_sample(c, &f, &err), err);
    int64_t most_ns = clock_mono_ns() - before_ns;
    double percent = 0;
    for (int i = 0; i < N; i++) {
        const struct process *p = find(&f, pids[i]);
        if (!p)
            fail_msg("the %dth of the short-lived is not there", i);
        assert_int_equal(p->exited, YES);
        assert_int_equal(p->exit_code, i);
        assert_text(p->state, "X");
        assert_int_equal(p->ppid, getpid());
        assert_true(known_text(p->start_time) && p->memory_rss > 0 && known_text(p->user));
        assert_false(p->cpu_time > 0);
        percent += p->cpu_percent;
    }
    /* The kernel does not count what a task used in its last tick, up to 10 ms. */
    double all_ms = percent / 100 * (double)most_ns / 1e6;
    if (!(all_ms >= N * EACH_MS / 2.0 && percent / 100 * (double)least_ns / 1e6 <= N * EACH_MS * 1.5))
        fail_msg("%.1f ms of processor time in rows, of %d", all_ms, N * EACH_MS);
    assert_ok(collect_sample(c, &f, &err), err);
    for (int i = 0; i < N; i++)
        assert_null(find(&f, pids[i])); /* told of once */
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

static void a_known_one_ends(void **state) {
    (void)state;
    struct frame f;
    struct collect *c = open_source(PROCESSES_ALL);
    frame_init(&f);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            (void)pause();
    }
    assert_ok(collect_sample(c, &f, &err), err);
    const struct process *p = find(&f, pid);
    assert_non_null(p);
    assert_int_equal(p->exited, UNKNOWN);
    uint64_t start_ticks = p->start_ticks;
    (void)kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_ok(collect_sample(c, &f, &err), err); /* a zombie: one row, and it has ended */
    size_t rows = 0;
    for (size_t i = 0; i < f.processes.n; i++)
        rows += f.processes.at[i].pid == (uint64_t)pid;
    assert_int_equal(rows, 1);
    p = find(&f, pid);
    assert_text(p->state, "Z");
    assert_int_equal(p->exited, YES);
    assert_int_equal(p->exit_code, -SIGKILL);
    assert_int_equal(p->start_ticks, start_ticks);
    assert_true(known_text(p->command) && !text_starts(p->command, "["));
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(find(&f, pid)->exited, UNKNOWN); /* told of once; it is still there */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_null(find(&f, pid));
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

static void *nap(void *arg) {
    (void)arg;
    nap_ms(20);
    burn(5 * NS_PER_MS);
    _exit(0);
}

/* The first thread may end before the others; the process ends with the last. */
static void threads_are_no_processes(void **state) {
    (void)state;
    int gate[2];
    char byte = 0;
    struct frame f;
    assert_int_equal(pipe(gate), 0);
    pid_t pid = fork(); /* before there are threads: sanitizers mind those that start in a copy of many */
    if (pid == 0) {
        pthread_t thread;
        (void)close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        (void)pthread_create(&thread, NULL, nap, NULL);
        (void)syscall(SYS_exit, 0);
    }
    struct collect *c = open_source(PROCESSES_ALL);
    frame_init(&f);
    assert_ok(collect_sample(c, &f, &err), err);
    (void)close(gate[0]);
    (void)close(gate[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_ok(collect_sample(c, &f, &err), err);
    size_t rows = 0;
    for (size_t i = 0; i < f.processes.n; i++)
        rows += f.processes.at[i].exited == YES && f.processes.at[i].ppid == (uint64_t)getpid();
    assert_int_equal(rows, 1);
    const struct process *p = find(&f, pid);
    assert_non_null(p);
    assert_int_equal(p->exit_code, 0);
    assert_true(p->cpu_percent > 0);
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taskstats_messages),
        cmocka_unit_test(codes),
        cmocka_unit_test(short_lived_ones_are_seen),
        cmocka_unit_test(a_known_one_ends),
        cmocka_unit_test(threads_are_no_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
