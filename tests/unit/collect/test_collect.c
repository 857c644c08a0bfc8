/* tests/unit/collect/test_collect.c: the runner: readers that hang, fail and are not there; and the real machine. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/number.h"
#include "collect/collectors.h"

static struct error err;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* while it is held, the hanging reader hangs */
static int closed;

static int plain_open(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)e;
    *ret = &closed;
    return 0;
}
static int failing_open(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)ret;
    return error_set(e, ERR_FORMAT, "the firmware answers rubbish");
}
static int absent_open(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)ret;
    return error_set(e, ERR_ABSENT, "not on this machine");
}
static int add_network(struct frame *into, const struct cycle *cycle, struct text name) {
    struct network *n = frame_add(&into->arena, &into->networks.list, &network_table);
    if (!n)
        return -ERR_NOMEM;
    n->host_id = cycle->host_id;
    n->name = arena_text(&into->arena, name);
    return 0;
}
static int good_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)e;
    return add_network(into, cycle, TEXT("good0"));
}
static int hanging_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)e;
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    struct storage *s = frame_add(&into->arena, &into->storage.list, &storage_table);
    if (!s)
        return -ERR_NOMEM;
    s->host_id = cycle->host_id;
    s->mount_point = arena_text(&into->arena, cycle->time);
    return 0;
}
static int half_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    int status = add_network(into, cycle, TEXT("half0"));
    return status < 0 ? status : error_set(e, ERR_OS, "the second port does not answer");
}
static int absent_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)cycle;
    (void)into;
    return error_set(e, ERR_ABSENT, "gone");
}
static void count_close(void *self) {
    (void)self;
    __atomic_add_fetch(&closed, 1, __ATOMIC_SEQ_CST);
}

static const struct collector good = {"good", SECTION_NETWORK, false, plain_open, good_sample, count_close};
static const struct collector good_worker = {"good", SECTION_NETWORK, true, plain_open, good_sample, count_close};
static const struct collector hanging = {"slow disk", SECTION_STORAGE, true, plain_open, hanging_sample, count_close};
static const struct collector half = {"half", SECTION_NETWORK, false, plain_open, half_sample, count_close};
static const struct collector half_worker = {"half", SECTION_NETWORK, true, plain_open, half_sample, count_close};
static const struct collector unopened = {"firmware", SECTION_CHASSIS, false, failing_open, good_sample, count_close};
static const struct collector absent = {"absent", SECTION_CHASSIS, false, absent_open, good_sample, count_close};
static const struct collector gone = {"gone", SECTION_CHASSIS, true, plain_open, absent_sample, count_close};

static struct collect_options everything(void) {
    return (struct collect_options){
        .roots = {"/proc", "/sys", "/"}, .sections = ~0U, .processes = PROCESSES_ALL, .wait_ns = FIXTURE_WAIT_NS};
}

static struct collect *open_list(const struct collector *const *list, int64_t wait_ns) {
    struct collect *c = NULL;
    struct collect_options options = everything();
    options.wait_ns = wait_ns;
    assert_ok(collect_open(list, &options, &c, &err), err);
    __atomic_store_n(&closed, 0, __ATOMIC_SEQ_CST);
    return c;
}

static void what_hangs_costs_its_section(void **state) {
    enum { WAIT_MS = 500 };
    (void)state;
    const struct collector *const list[] = {&hanging, &good, &good_worker, NULL};
    struct collect *c = open_list(list, WAIT_MS * NS_PER_MS);
    struct frame f;
    frame_init(&f);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.storage.n, 1);
    assert_int_equal(f.errors.n, 0);

    (void)pthread_mutex_lock(&gate);
    int64_t before = clock_mono_ns();
    assert_ok(collect_sample(c, &f, &err), err);
    assert_true(clock_mono_ns() - before >= WAIT_MS * NS_PER_MS);
    assert_false(f.storage.asked);
    assert_int_equal(f.networks.n, 2); /* the others are there */
    assert_int_equal(f.errors.n, 1);
    assert_text(f.errors.at[0].section, "storage");
    assert_text(f.errors.at[0].kind, "timeout");
    assert_text(f.errors.at[0].message, "slow disk reader did not answer in 500 ms");

    /* Still hanging: said again, but not waited for again. Compared with the wait itself, which is long on any machine. */
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        before = clock_mono_ns();
        assert_ok(collect_sample(c, &f, &err), err);
        int64_t took = clock_mono_ns() - before;
        least = took < least ? took : least;
        assert_false(f.storage.asked);
        assert_int_equal(f.errors.n, 1);
        assert_int_equal(f.networks.n, 2);
    }
    assert_true(least < WAIT_MS * NS_PER_MS);

    (void)pthread_mutex_unlock(&gate);
    bool back = false;
    for (int i = 0; i < 100 && !back; i++) {
        nap_ms(5);
        assert_ok(collect_sample(c, &f, &err), err);
        back = f.storage.n == 1 && f.errors.n == 0;
    }
    assert_true(back);
    assert_int_equal(collect_close(c), 0);
    assert_int_equal(closed, 3);
    frame_done(&f);
}

static void what_hangs_is_left_behind(void **state) {
    (void)state;
    const struct collector *const list[] = {&hanging, NULL};
    struct collect *c = open_list(list, 0);
    struct frame f;
    frame_init(&f);
    (void)pthread_mutex_lock(&gate);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.errors.n, 1);
    assert_text(f.errors.at[0].message, "slow disk reader did not answer in 80 ms");
    assert_ok(collect_sample(c, &f, &err), err);
    assert_text(f.errors.at[0].message, "slow disk reader did not answer in 50 ms");
    assert_int_equal(collect_close(c), 1);
    assert_int_equal(__atomic_load_n(&closed, __ATOMIC_SEQ_CST), 0);
    (void)pthread_mutex_unlock(&gate); /* it comes back, and cleans up after itself */
    for (int i = 0; i < 1000 && __atomic_load_n(&closed, __ATOMIC_SEQ_CST) == 0; i++)
        nap_ms(5);
    assert_int_equal(__atomic_load_n(&closed, __ATOMIC_SEQ_CST), 1);
    frame_done(&f);
    nap_ms(20);
}

static void what_fails_is_named(void **state) {
    (void)state;
    const struct collector *const list[] = {&half, &half_worker, &unopened, &absent, &gone, NULL};
    struct collect *c = open_list(list, FIXTURE_WAIT_NS);
    struct frame f;
    frame_init(&f);
    for (int i = 0; i < 2; i++) {
        assert_ok(collect_sample(c, &f, &err), err);
        assert_int_equal(f.networks.n, 2); /* what was read before the failure is kept */
        assert_false(f.chassis.asked);
        assert_int_equal(f.errors.n, 3);
        bool firmware = false;
        for (size_t k = 0; k < f.errors.n; k++) {
            assert_text(f.errors.at[k].kind, "error");
            if (text_is(f.errors.at[k].section, "chassis")) {
                assert_text(f.errors.at[k].message, "firmware reader: the firmware answers rubbish");
                firmware = true;
            } else {
                assert_text(f.errors.at[k].message, "half reader: the second port does not answer");
            }
        }
        assert_true(firmware);
    }
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

static void only_what_is_asked_for(void **state) {
    (void)state;
    struct collect *c = NULL;
    struct collect_options options = everything();
    struct frame f;
    frame_init(&f);
    options.sections = 1U << SECTION_MEMORY;
    assert_ok(collect_open(collectors, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.memory.n, 1);
    assert_false(f.cpus.asked || f.processes.asked || f.storage.asked || f.networks.asked || f.chassis.asked);
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
    assert_int_equal(collect_close(NULL), 0);
}

static void put_machine(const struct fixture *x) {
    fixture_put(x, "proc/sys/kernel/hostname", "node-07\n");
    fixture_put(x, "proc/sys/kernel/osrelease", "6.1.0-42-amd64\n");
    fixture_put(x, "proc/stat", "cpu  100 0 0 900 0\ncpu0 100 0 0 900 0\nctxt 5\nbtime 1700000000\n");
    fixture_put(x, "proc/loadavg", "0.31 0.21 0.11 1/200 4242\n");
    fixture_put(x, "proc/uptime", "2633.24 5000.00\n");
    fixture_put(x, "proc/pressure/io", "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n");
    fixture_put(x, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 250 kB\n");
    fixture_put(x, "proc/vmstat", "oom_kill 3\n");
    fixture_put(x, "proc/1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n28 1 0:9 / /missing rw - nfs f:/x rw\n");
    fixture_put(x, "proc/diskstats", " 254 0 vda1 1 0 8 0 2 0 16 0 0 77 0\n");
    fixture_put(x, "proc/net/dev", "eth0: 5 6 7 8 0 0 0 0 9 10 11 12 0 0 0 0\n");
    fixture_put(x, "sys/class/dmi/id/product_name", "SYS-821GE\n");
    fixture_put(x, "sys/class/dmi/id/sys_vendor", "Supermicro\n");
    fixture_put(x, "sys/class/dmi/id/board_name", "To Be Filled By O.E.M.\n");
    fixture_put(x, "sys/devices/system/node/online", "0-1\n");
    fixture_put(x, "sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 500 kB\nNode 1 MemFree: 100 kB\n");
}

static void check_processors(const struct frame *f) {
    assert_int_equal(f->cpus.n, 1);
    const struct cpu *cpu = &f->cpus.at[0];
    assert_text(cpu->kernel, "6.1.0-42-amd64");
    assert_float_equal(cpu->load_5, 0.21, 1e-9);
    assert_float_equal(cpu->uptime_seconds, 2633.24, 1e-9);
    assert_float_equal(cpu->pressure.io.some_avg10, 1.5, 1e-9);
    assert_false(known_u64(cpu->pressure.cpu.some_total_us));
    assert_int_equal(cpu->context_switches, 5);
    assert_false(known_u64(cpu->forks));
    assert_int_equal(cpu->total_threads, 1);
    assert_false(known_u64(cpu->total_cores)); /* nothing tells: neither sysfs nor cpuinfo */
    assert_false(cpu->per_socket_info.asked);
    assert_false(known_f64(cpu->utilization));
}

static void check_the_rest(const struct frame *f) {
    assert_int_equal(f->memory.at[0].used_bytes, 750 * 1024);
    assert_int_equal(f->memory.at[0].oom_kills, 3);
    assert_int_equal(f->memory.at[0].numa.n, 1);
    assert_int_equal(f->memory.at[0].numa.at[0].node, 1);
    assert_int_equal(f->memory.at[0].numa.at[0].free_bytes, 100 * 1024);
    assert_int_equal(f->storage.n, 1);
    assert_text(f->storage.at[0].mount_point, "/");
    assert_text(f->storage.at[0].device, "/dev/vda1");
    assert_int_equal(f->storage.at[0].read_bytes, 8 * 512);
    assert_int_equal(f->storage.at[0].write_bytes, 16 * 512);
    assert_int_equal(f->storage.at[0].io_time_ms, 77);
    assert_true(known_u64(f->storage.at[0].total_bytes) && f->storage.at[0].total_bytes > 0);
    assert_int_equal(f->networks.n, 1);
    assert_int_equal(f->chassis.n, 1);
    assert_int_equal(f->chassis.at[0].detail.n, 3);
    assert_text(f->chassis.at[0].detail.at[0].value, "SYS-821GE");
    assert_text(f->chassis.at[0].detail.at[2].key, "platform");
    assert_true(f->processes.asked);
}

static void a_machine_of_files(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct collect *c = NULL;
    struct frame f;
    fixture_init(&x);
    frame_init(&f);
    put_machine(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    assert_ok(collect_open(collectors, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    if (f.errors.n)
        fail_msg("%.*s", TEXT_ARG(f.errors.at[0].message));
    assert_text(f.hostname, "node-07");
    assert_text(f.source, "local");
    assert_false(known_u64(f.seq));
    check_processors(&f);
    check_the_rest(&f);

    nap_ms(60);
    fixture_put(&x, "proc/stat", "cpu  130 0 0 970 0\ncpu0 130 0 0 970 0\nctxt 5\nbtime 1700000000\n");
    assert_ok(collect_sample(c, &f, &err), err);
    assert_float_equal(f.cpus.at[0].utilization, 30.0, 1e-9);
    assert_float_equal(f.cpus.at[0].user, 30.0, 1e-9);
    assert_float_equal(f.cpus.at[0].per_core_utilization.at[0].utilization, 30.0, 1e-9);
    nap_ms(60);
    fixture_put(&x, "proc/stat", "cpu  10 0 0 970 0\ncpu1 10 0 0 970 0\nctxt 1\n"); /* a reset, and another processor */
    assert_ok(collect_sample(c, &f, &err), err);
    assert_false(known_f64(f.cpus.at[0].utilization));
    assert_int_equal(f.cpus.at[0].per_core_utilization.at[0].core_id, 1);
    assert_false(known_f64(f.cpus.at[0].per_core_utilization.at[0].utilization));
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
    fixture_done(&x);
}

static void an_empty_machine(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct collect *c = NULL;
    struct frame f;
    fixture_init(&x);
    frame_init(&f);
    struct collect_options options = fixture_options(&x, ~0U);
    assert_ok(collect_open(collectors, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.errors.n, 0);  /* nothing is there, and that is no failure */
    assert_int_equal(f.chassis.n, 0); /* its platform alone is no chassis */
    assert_true(f.chassis.asked);
    assert_false(f.cpus.asked || f.memory.asked);
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
    fixture_done(&x);
}

static const struct process *find(const struct frame *f, uint64_t pid) {
    for (size_t i = 0; i < f->processes.n; i++)
        if (f->processes.at[i].pid == pid)
            return &f->processes.at[i];
    return NULL;
}

static struct text own_file(const char *name, char *buf, size_t cap) {
    ssize_t n = file_read_at(AT_FDCWD, name, buf, cap, &err);
    assert_true(n >= 0);
    return (struct text){buf, (size_t)n};
}

static void we_find_ourselves(void **state) {
    (void)state;
    struct collect *c = NULL;
    struct collect_options options = everything();
    struct frame f;
    char buf[4096];
    frame_init(&f);
    assert_ok(collect_open(collectors, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    const struct process *p = find(&f, (uint64_t)getpid());
    assert_non_null(p);
    assert_int_equal(p->ppid, getppid());
    assert_text(p->process_name, "test_collect_co"); /* the kernel keeps 15 bytes */
    struct text command = own_file("/proc/self/cmdline", buf, sizeof buf);
    assert_text(p->command, command.at); /* one argument: ends at its NUL */
    assert_true(p->threads > 1);         /* the workers */
    assert_true(known_text(p->cgroup) && known_text(p->user) && known_text(p->start_time));
    assert_true(known_u64(p->io_read_bytes));
    int64_t start_s = 0;
    assert_true(text_i64(p->start_time, &start_s));
    assert_in_range(start_s, f.wall_ns / NS_PER_SECOND - 3600, f.wall_ns / NS_PER_SECOND + 2);
    struct text rest = own_file("/proc/self/statm", buf, sizeof buf);
    struct text word;
    uint64_t pages = 0;
    assert_true(text_word(&rest, &word) && text_word(&rest, &word) && text_u64(word, &pages));
    uint64_t rss = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    if (!(p->memory_rss > rss / 2 && p->memory_rss < rss * 2))
        fail_msg("resident %llu, not about %llu", (unsigned long long)p->memory_rss, (unsigned long long)rss);
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

static pid_t start_child(bool busy) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile unsigned long i = 0;; i++)
        if (!busy)
            (void)pause();
}

static void stop_child(pid_t pid) {
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
}

static int64_t child_cpu_ns(pid_t pid) {
    clockid_t id;
    struct timespec used = {0, 0};
    assert_int_equal(clock_getcpuclockid(pid, &id), 0);
    assert_int_equal(clock_gettime(id, &used), 0);
    return used.tv_sec * NS_PER_SECOND + used.tv_nsec;
}

/* Whatever share of a processor the child gets: what we record lies between what its own clock says just outside and just
 * inside of our two readings. */
static void a_busy_child(void **state) {
    (void)state;
    const struct collector *const list[] = {&process_collector, NULL};
    struct collect *c = open_list(list, FIXTURE_WAIT_NS);
    struct frame f;
    frame_init(&f);
    pid_t pid = start_child(true);
    nap_ms(50);
    int64_t outer_cpu = child_cpu_ns(pid);
    int64_t outer_mono = clock_mono_ns();
    assert_ok(collect_sample(c, &f, &err), err);
    int64_t inner_cpu = child_cpu_ns(pid);
    int64_t inner_mono = clock_mono_ns();
    nap_ms(300);
    inner_cpu = child_cpu_ns(pid) - inner_cpu;
    inner_mono = clock_mono_ns() - inner_mono;
    assert_ok(collect_sample(c, &f, &err), err);
    outer_cpu = child_cpu_ns(pid) - outer_cpu;
    outer_mono = clock_mono_ns() - outer_mono;
    const struct process *p = find(&f, (uint64_t)pid);
    assert_non_null(p);
    double least = 100 * (double)inner_cpu / (double)outer_mono;
    double most = 100 * (double)outer_cpu / (double)inner_mono;
    if (!(p->cpu_percent >= least - 0.01 && p->cpu_percent <= most + 0.01))
        fail_msg("%.2f %%, not within %.2f and %.2f", p->cpu_percent, least, most);
    assert_true(p->cpu_percent > 0);

    stop_child(pid); /* one that does not run is recorded as idle */
    nap_ms(30);
    assert_ok(collect_sample(c, &f, &err), err);
    nap_ms(30);
    assert_ok(collect_sample(c, &f, &err), err);
    p = find(&f, (uint64_t)pid);
    assert_text(p->state, "T");
    assert_float_equal(p->cpu_percent, 0.0, 0);

    (void)kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_text(find(&f, (uint64_t)pid)->state, "Z");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_null(find(&f, (uint64_t)pid));
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

/* New processes are found although not all are listed every time. */
static void newcomers_are_found(void **state) {
    (void)state;
    const struct collector *const list[] = {&process_collector, NULL};
    struct collect *c = open_list(list, FIXTURE_WAIT_NS);
    struct frame f;
    frame_init(&f);
    for (int i = 0; i < 20; i++) {
        pid_t pid = start_child(false);
        assert_ok(collect_sample(c, &f, &err), err);
        if (!find(&f, (uint64_t)pid))
            fail_msg("the %dth child is missing", i);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        assert_ok(collect_sample(c, &f, &err), err);
        const struct process *p = find(&f, (uint64_t)pid);
        if (p) { /* where the kernel tells who ends */
            assert_int_equal(p->exited, YES);
            assert_int_equal(p->exit_code, -SIGKILL);
        }
        assert_non_null(find(&f, (uint64_t)getpid()));
    }
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hangs_costs_its_section),
        cmocka_unit_test(what_hangs_is_left_behind),
        cmocka_unit_test(what_fails_is_named),
        cmocka_unit_test(only_what_is_asked_for),
        cmocka_unit_test(a_machine_of_files),
        cmocka_unit_test(an_empty_machine),
        cmocka_unit_test(we_find_ourselves),
        cmocka_unit_test(a_busy_child),
        cmocka_unit_test(newcomers_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
