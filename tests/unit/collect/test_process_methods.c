/* tests/unit/collect/test_process_methods.c: the ways to read processes give the same rows on the same machine. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "collect/collectors.h"
#include "frame/frame.h"

static struct error err;

enum { CHILDREN = 5, METHODS = 3 };
enum method { PLAIN, PROBE, BPF };

struct side { /* one way to read */
    struct collect *c;
    struct frame f;
};

static void *spin(void *arg) {
    struct timespec now = {0, 0};
    (void)arg;
    while (clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
    }
    return NULL;
}

static void *sleep_on(void *arg) {
    (void)arg;
    while (pause() < 0) {
    }
    return NULL;
}

/* The first spins, the second has threads of which one spins, the third is nice, the fourth writes a file; the last rests. */
static void be_child(int which, const char *path) {
    pthread_t thread;
    char block[8192] = {1};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (which == 0)
        (void)spin(NULL);
    if (which == 1)
        for (int i = 0; i < 4; i++)
            (void)pthread_create(&thread, NULL, i ? sleep_on : spin, NULL);
    if (which == 2)
        (void)setpriority(PRIO_PROCESS, 0, 7);
    int fd = which == 3 ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (fd >= 0 && write(fd, block, sizeof block) > 0)
        (void)fsync(fd);
    (void)sleep_on(NULL);
}

static pid_t start(int which, const char *path) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        be_child(which, path);
    return pid;
}

/* A path to the same files where "self" is not us: files are read there instead of clocks. */
static void link_procfs(const struct fixture *x, const pid_t *children) {
    static const char *const names[] = {"stat", "meminfo", "loadavg", "sys"};
    char from[64];
    char to[128];
    for (size_t i = 0; i < CHILDREN; i++) {
        (void)snprintf(from, sizeof from, "/proc/%d", children[i]);
        (void)snprintf(to, sizeof to, "%s/%d", x->proc, children[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(from, sizeof from, "/proc/%s", names[i]);
        (void)snprintf(to, sizeof to, "%s/%s", x->proc, names[i]);
        assert_int_equal(symlink(from, to), 0);
    }
}

static struct collect_options options_of(const struct fixture *x, enum method method) {
    return (struct collect_options){
        .roots = {method == PLAIN ? x->proc : "/proc", method == BPF ? "/sys" : x->sys, "/"},
        .sections = 1U << SECTION_PROCESS,
        .processes = PROCESSES_ALL,
        .wait_ns = FIXTURE_WAIT_NS};
}

static bool bpf_is_allowed(const struct collect_options *options) {
    struct report report = {.identifiers = false};
    bool allowed = false;
    process_collector.explain(options, &report);
    for (size_t i = 0; i < report.findings.n; i++) {
        const struct finding *f = &report.findings.at[i];
        allowed = allowed || (text_is(f->source, "method") && text_starts(f->says, "BPF"));
        if (text_is(f->source, "method"))
            print_message("method: %.*s\n", TEXT_ARG(f->says));
    }
    report_done(&report);
    return allowed;
}

static const struct process *find(const struct frame *f, pid_t pid) {
    for (size_t i = 0; i < f->processes.n; i++)
        if (f->processes.at[i].pid == (uint64_t)pid)
            return &f->processes.at[i];
    return NULL;
}

/* Resident memory as the iterator has it may be off by what a processor has not handed in yet, since it was corrected last. */
static void check_same(const struct process *p, const struct process *q, bool exact_memory) {
    assert_true(known_f64(p->cpu_percent) && known_f64(q->cpu_percent));
    for (size_t k = 0; k < process_table.n; k++) {
        const struct field *field = &process_table.fields[k];
        if (field_known(field, p) != field_known(field, q))
            fail_msg("%.*s is known to one only", TEXT_ARG(field->key));
    }
    assert_true(text_equal(p->process_name, q->process_name) && text_equal(p->command, q->command));
    assert_true(text_equal(p->user, q->user) && text_equal(p->state, q->state) && text_equal(p->cgroup, q->cgroup));
    assert_true(text_equal(p->start_time, q->start_time));
    assert_int_equal(p->start_ticks, q->start_ticks);
    assert_int_equal(p->ppid, q->ppid);
    assert_int_equal(p->memory_vms, q->memory_vms);
    assert_int_equal(p->threads, q->threads);
    assert_int_equal(p->priority, q->priority);
    assert_int_equal(p->nice_value, q->nice_value);
    assert_int_equal(p->io_read_bytes, q->io_read_bytes);
    assert_int_equal(p->io_write_bytes, q->io_write_bytes);
    assert_true(p->cpu_time <= q->cpu_time + 1 && q->cpu_time <= p->cpu_time + 1); /* ticks here, nanoseconds there */
    int64_t apart = (int64_t)p->memory_rss - (int64_t)q->memory_rss;
    int64_t most = exact_memory ? 0 : 64 * sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_ONLN);
    if (apart > most || apart < -most)
        fail_msg("resident memory differs by %lld bytes", (long long)apart);
}

static void sample_all(struct side *sides, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_ok(collect_sample(sides[i].c, &sides[i].f, &err), err);
        if (sides[i].f.errors.n)
            fail_msg("%.*s", TEXT_ARG(sides[i].f.errors.at[0].message));
    }
}

static void compare(const struct side *sides, size_t n, const pid_t *children) {
    for (size_t i = 0; i < CHILDREN; i++) {
        const struct process *p = find(&sides[PLAIN].f, children[i]);
        assert_non_null(p);
        for (size_t m = PROBE; m < n; m++) {
            const struct process *q = find(&sides[m].f, children[i]);
            assert_non_null(q);
            check_same(p, q, m != BPF);
            if (i < 2)
                assert_true(p->cpu_percent > 0 && q->cpu_percent > 0);
            else
                assert_true(q->cpu_percent < 5); /* being stopped takes a little */
        }
        if (i == 2)
            assert_int_equal(p->nice_value, 7);
        if (i == 1)
            assert_true(p->threads >= 5); /* a sanitizer may have one more */
    }
}

static void all_methods_agree(void **state) {
    (void)state;
    struct fixture x;
    char path[128];
    pid_t children[CHILDREN];
    struct side sides[METHODS] = {{.c = NULL}};
    fixture_init(&x);
    (void)snprintf(path, sizeof path, "%s/written", x.root);
    for (int i = 0; i < CHILDREN; i++)
        children[i] = start(i, path);
    link_procfs(&x, children);
    struct collect_options bpf_options = options_of(&x, BPF);
    size_t n = bpf_is_allowed(&bpf_options) ? METHODS : METHODS - 1;
    if (n < METHODS)
        print_message("skipped: BPF is not allowed here; only the other two are compared\n");
    static const struct collector *const list[] = {&process_collector, NULL};
    for (size_t i = 0; i < n; i++) {
        struct collect_options options = options_of(&x, (enum method)i);
        frame_init(&sides[i].f);
        assert_ok(collect_open(list, &options, &sides[i].c, &err), err);
    }
    for (int i = 0; i < 5; i++) { /* the iterator is in use from the third on */
        nap_ms(60);
        sample_all(sides, n);
    }
    nap_ms(200);
    for (size_t i = 0; i < CHILDREN; i++) { /* so that all see the same totals */
        int status = 0;
        (void)kill(children[i], SIGSTOP);
        assert_int_equal(waitpid(children[i], &status, WUNTRACED), children[i]);
    }
    nap_ms(20);
    sample_all(sides, n);
    compare(sides, n, children);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(collect_close(sides[i].c), 0);
        frame_done(&sides[i].f);
    }
    for (size_t i = 0; i < CHILDREN; i++) {
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
    fixture_done(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_methods_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
