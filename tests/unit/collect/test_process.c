/* tests/unit/collect/test_process.c: processes out of fixture trees, from cycle to cycle. */
#include "fixture.h"

#include <inttypes.h>

#include "collect/collectors.h"
#include "base/clock.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct error err;

struct run { /* a fixture that is being recorded */
    struct fixture f;
    struct collect *c;
    struct frame frame;
};

struct fake { /* one process of the fixture */
    unsigned pid;
    const char *comm, *state;
    unsigned user_ticks, start_ticks, rss_pages;
};

static void put_stat(struct run *r, struct fake p) {
    char name[64];
    char text[512];
    (void)snprintf(name, sizeof name, "proc/%u/stat", p.pid);
    (void)snprintf(text, sizeof text, "%u (%s) %s 1 1 1 0 -1 4194304 0 0 0 0 %u 0 0 0 20 0 1 0 %u 1048576 %u 0 0 0\n",
        p.pid, p.comm, p.state, p.user_ticks, p.start_ticks, p.rss_pages);
    fixture_put(&r->f, name, text);
}

static void put_io(struct run *r, unsigned pid, uint64_t read, uint64_t write) {
    char name[64];
    char text[128];
    (void)snprintf(name, sizeof name, "proc/%u/io", pid);
    (void)snprintf(text, sizeof text, "rchar: 1\nread_bytes: %" PRIu64 "\nwrite_bytes: %" PRIu64 "\n", read, write);
    fixture_put(&r->f, name, text);
}

static void begin(struct run *r) {
    fixture_init(&r->f);
    frame_init(&r->frame);
    r->c = NULL;
    fixture_put(&r->f, "proc/stat", "cpu  1 2 3 4\nbtime 1700000000\n");
    fixture_put(&r->f, "proc/meminfo", "MemTotal: 40960 kB\n"); /* 10240 pages of 4 KiB */
    fixture_put(&r->f, "rootfs/etc/passwd", "root:x:0:0::/:/bin/sh\nmina:x:1234:1234::/:/bin/sh\n");
}

static void open_source(struct run *r, enum process_choice choice, unsigned top) {
    const struct collector *const list[] = {&process_collector, NULL};
    struct collect_options options = fixture_options(&r->f, 1U << SECTION_PROCESS);
    options.processes = choice;
    options.process_top = top;
    assert_ok(collect_open(list, &options, &r->c, &err), err);
}

static void sample(struct run *r) {
    assert_ok(collect_sample(r->c, &r->frame, &err), err);
    if (r->frame.errors.n)
        fail_msg("%.*s", TEXT_ARG(r->frame.errors.at[0].message));
    for (size_t i = 1; i < r->frame.processes.n; i++)
        assert_true(r->frame.processes.at[i - 1].pid < r->frame.processes.at[i].pid);
}

static void end(struct run *r) {
    assert_int_equal(collect_close(r->c), 0);
    frame_done(&r->frame);
    fixture_done(&r->f);
}

static const struct process *find(const struct run *r, uint64_t pid) {
    for (size_t i = 0; i < r->frame.processes.n; i++)
        if (r->frame.processes.at[i].pid == pid)
            return &r->frame.processes.at[i];
    return NULL;
}

static void every_field(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "py) R (\nthon", "D", 250, 12345, 1024});
    put_io(&r, 42, 4096, 8192);
    fixture_put_bytes(&r.f, "proc/42/cmdline", "python\0train.py\0", 16);
    fixture_put(&r.f, "proc/42/cgroup", "0::/system.slice/docker-" ID ".scope\n");
    assert_int_equal(chown(r.f.proc, getuid(), getgid()), 0);
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_int_equal(r.frame.processes.n, 1);
    const struct process *p = find(&r, 42);
    assert_non_null(p);
    assert_text(p->process_name, "py) R (\nthon");
    assert_text(p->command, "python train.py");
    assert_text(p->state, "D");
    assert_int_equal(p->ppid, 1);
    assert_int_equal(p->threads, 1);
    assert_int_equal(p->priority, 20);
    assert_int_equal(p->nice_value, 0);
    assert_int_equal(p->cpu_time, 2);
    assert_int_equal(p->start_ticks, 12345);
    assert_text(p->start_time, "1700000123");
    assert_int_equal(p->memory_vms, 1048576);
    assert_int_equal(p->memory_rss, 1024 * (uint64_t)sysconf(_SC_PAGESIZE));
    if (sysconf(_SC_PAGESIZE) == 4096)
        assert_float_equal(p->memory_percent, 10.0, 1e-9);
    assert_int_equal(p->io_read_bytes, 4096);
    assert_int_equal(p->io_write_bytes, 8192);
    assert_text(p->cgroup, "/system.slice/docker-" ID ".scope");
    assert_text(p->container, ID);
    assert_text(p->unit, "docker-" ID ".scope");
    assert_false(known_text(p->job));
    assert_text(p->device_uuid, "");
    assert_int_equal(p->device_id, 0);
    assert_int_equal(p->uses_gpu, NO);
    assert_int_equal(p->exited, UNKNOWN);
    assert_false(known_f64(p->cpu_percent)); /* one reading has no rate */
    assert_false(known_u64(p->used_memory));
    if (getuid() == 0)
        assert_text(p->user, "root");
    end(&r);
}

static void owners_are_named(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    char path[128];
    if (getuid() != 0)
        skip(); /* giving files away takes root */
    begin(&r);
    put_stat(&r, (struct fake){42, "a", "S", 1, 1, 1});
    put_stat(&r, (struct fake){43, "b", "S", 1, 1, 1});
    (void)snprintf(path, sizeof path, "%s/42", r.f.proc);
    assert_int_equal(chown(path, 1234, 1234), 0);
    (void)snprintf(path, sizeof path, "%s/43", r.f.proc);
    assert_int_equal(chown(path, 4321, 4321), 0);
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_text(find(&r, 42)->user, "mina");
    assert_text(find(&r, 43)->user, "4321"); /* no such user: the number */
    end(&r);
}

static void the_second_cycle_has_rates(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "busy", "R", 100, 1, 1});
    put_io(&r, 42, 1000, 0);
    put_stat(&r, (struct fake){43, "idle", "S", 7, 1, 1});
    open_source(&r, PROCESSES_ALL, 0);
    int64_t before = clock_mono_ns();
    sample(&r);
    nap_ms(100);
    put_stat(&r, (struct fake){42, "busy", "R", 110, 1, 1}); /* 100 ms of processor time */
    put_io(&r, 42, 5000, 0);
    sample(&r);
    double elapsed_ms = (double)(clock_mono_ns() - before) / 1e6;
    double percent = find(&r, 42)->cpu_percent;
    /* The interval lies between the nap and the time around both samples. */
    if (!(percent <= 100.01 && percent >= 100 * 100 / elapsed_ms - 0.01))
        fail_msg("%.2f %% over at most %.2f ms", percent, elapsed_ms);
    assert_float_equal(find(&r, 43)->cpu_percent, 0.0, 0);
    assert_int_equal(find(&r, 42)->io_read_bytes, 5000);
    nap_ms(50);
    put_stat(&r, (struct fake){42, "busy", "R", 50, 1, 1}); /* fell: a reset, not a huge rate */
    sample(&r);
    assert_float_equal(find(&r, 42)->cpu_percent, 0.0, 0);
    end(&r);
}

static void a_number_is_used_again(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "first", "S", 1000, 500, 1});
    put_io(&r, 42, 1, 1);
    fixture_put_bytes(&r.f, "proc/42/cmdline", "first\0", 6);
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_text(find(&r, 42)->command, "first");
    nap_ms(50);
    put_stat(&r, (struct fake){42, "second", "R", 1005, 9000, 1});
    fixture_put_bytes(&r.f, "proc/42/cmdline", "second\0--x\0", 11);
    fixture_drop(&r.f, "proc/42/io");
    sample(&r);
    const struct process *p = find(&r, 42);
    assert_text(p->process_name, "second");
    assert_int_equal(p->start_ticks, 9000);
    assert_text(p->start_time, "1700000090");
    assert_text(p->command, "second --x");
    assert_false(known_f64(p->cpu_percent)); /* not the 5 ticks of difference between two processes */
    end(&r);
}

static void come_and_go(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    for (unsigned pid = 100; pid < 500; pid++) {
        put_stat(&r, (struct fake){pid, "many", "S", 1, 1, 1});
        put_io(&r, pid, pid, 0);
    }
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_int_equal(r.frame.processes.n, 400);
    assert_int_equal(find(&r, 450)->io_read_bytes, 450);
    fixture_drop(&r.f, "proc/100");
    fixture_drop(&r.f, "proc/300");
    fixture_drop(&r.f, "proc/499");
    put_stat(&r, (struct fake){50, "new", "S", 1, 1, 1});
    put_stat(&r, (struct fake){600, "new", "S", 1, 1, 1});
    fixture_put(&r.f, "proc/700/status", "no stat file here: it went away in between\n");
    fixture_put(&r.f, "proc/701/stat", "701 (broken\n");
    fixture_put(&r.f, "proc/12x/stat", "no process\n");
    sample(&r);
    assert_int_equal(r.frame.processes.n, 399);
    assert_null(find(&r, 300));
    assert_null(find(&r, 700));
    assert_null(find(&r, 701));
    assert_non_null(find(&r, 50));
    assert_text(find(&r, 600)->process_name, "new");
    end(&r);
}

static void unreadable_io_is_unknown(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "a", "S", 1, 1, 1});
    put_stat(&r, (struct fake){43, "b", "S", 1, 1, 1});
    fixture_put(&r.f, "proc/43/io", "rubbish\n");
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_false(known_u64(find(&r, 42)->io_read_bytes) || known_u64(find(&r, 42)->io_write_bytes));
    assert_false(known_u64(find(&r, 43)->io_read_bytes) || known_u64(find(&r, 43)->io_write_bytes));
    /* Neither command line nor control group: the name in brackets, the rest unknown. */
    assert_text(find(&r, 42)->command, "[a]");
    assert_false(known_text(find(&r, 42)->cgroup));
    end(&r);
}

static void a_new_program_has_a_new_command(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "sh", "R", 1, 1, 1});
    fixture_put_bytes(&r.f, "proc/42/cmdline", "sh\0", 3);
    open_source(&r, PROCESSES_ALL, 0);
    sample(&r);
    assert_text(find(&r, 42)->command, "sh");
    fixture_put_bytes(&r.f, "proc/42/cmdline", "vllm\0serve\0", 11);
    bool seen = false;
    for (unsigned i = 2; i < 12 && !seen; i++) { /* while it runs, it is looked at again */
        put_stat(&r, (struct fake){42, "vllm", "R", i, 1, 1});
        sample(&r);
        assert_text(find(&r, 42)->process_name, "vllm");
        seen = text_is(find(&r, 42)->command, "vllm serve");
    }
    assert_true(seen);
    end(&r);
}

static void notable_ones(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    for (unsigned pid = 1000; pid < 1200; pid++)
        put_stat(&r, (struct fake){pid, "p", "S", 1, 1, pid < 1150 ? 10 : 10 + pid});
    for (unsigned pid = 2000; pid < 2100; pid++) /* no memory: the kernel's own threads */
        put_stat(&r, (struct fake){pid, "k", "S", 1, 1, 0});
    open_source(&r, PROCESSES_NOTABLE, 0);
    sample(&r);
    assert_int_equal(r.frame.processes.n, 50);
    assert_int_equal(r.frame.processes.at[0].pid, 1150);
    nap_ms(60);
    put_stat(&r, (struct fake){2007, "k", "R", 3, 1, 0});
    sample(&r);
    assert_int_equal(r.frame.processes.n, 51); /* the same, and the one that ran */
    assert_int_equal(r.frame.processes.at[50].pid, 2007);
    end(&r);
}

static void ties_go_to_the_lower_number(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    for (unsigned pid = 1000; pid < 1200; pid++)
        put_stat(&r, (struct fake){pid, "p", "S", 1, 1, 10});
    open_source(&r, PROCESSES_TOP, 7);
    for (int i = 0; i < 3; i++) {
        sample(&r);
        assert_int_equal(r.frame.processes.n, 7);
        assert_int_equal(r.frame.processes.at[0].pid, 1000);
        assert_int_equal(r.frame.processes.at[6].pid, 1006);
    }
    end(&r);
}

static void none_uses_a_gpu(void **state) {
    (void)state;
    struct run r = {.c = NULL};
    begin(&r);
    put_stat(&r, (struct fake){42, "a", "S", 1, 1, 1});
    open_source(&r, PROCESSES_GPU, 0);
    sample(&r);
    assert_true(r.frame.processes.asked);
    assert_int_equal(r.frame.processes.n, 0);
    end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(owners_are_named),
        cmocka_unit_test(the_second_cycle_has_rates),
        cmocka_unit_test(a_number_is_used_again),
        cmocka_unit_test(come_and_go),
        cmocka_unit_test(unreadable_io_is_unknown),
        cmocka_unit_test(a_new_program_has_a_new_command),
        cmocka_unit_test(notable_ones),
        cmocka_unit_test(ties_go_to_the_lower_number),
        cmocka_unit_test(none_uses_a_gpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
