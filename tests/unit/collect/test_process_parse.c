/* tests/unit/collect/test_process_parse.c: the kernel's texts about one process, and whose work it does. */
#include "test.h"

#include "collect/process/parse.h"
#include "collect/process/workload.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void stat_line(void **state) {
    (void)state;
    struct process_stat s;
    assert_true(process_parse_stat(
        TEXT("3667 (cat) R 3659 3659 2790 0 -1 4194304 100 0 0 0 7 8 0 0 20 -5 13 0 115915 3133440 390 "
             "18446744073709551615 94821546561536 0 0\n"),
        &s));
    assert_int_equal(s.comm_len, 3);
    assert_memory_equal(s.comm, "cat", 3);
    assert_int_equal(s.state, 'R');
    assert_int_equal(s.ppid, 3659);
    assert_int_equal(s.user_ticks, 7);
    assert_int_equal(s.system_ticks, 8);
    assert_int_equal(s.priority, 20);
    assert_int_equal(s.nice, -5);
    assert_int_equal(s.threads, 13);
    assert_int_equal(s.start_ticks, 115915);
    assert_int_equal(s.vsize_bytes, 3133440);
    assert_int_equal(s.rss_pages, 390);
    assert_false(s.kernel_thread);
    assert_true(process_parse_stat(TEXT("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 -51 0 1 0 1 0 -3 0"), &s));
    assert_true(s.kernel_thread);
    assert_int_equal(s.priority, -51);
    assert_int_equal(s.rss_pages, 0);
}

static void hostile_names(void **state) {
    (void)state;
    struct process_stat s;
    assert_true(process_parse_stat(TEXT("9 (a) R 1 (\n) x) S 4 0 0 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 77 4096 1 0"), &s));
    assert_int_equal(s.comm_len, 12);
    assert_memory_equal(s.comm, "a) R 1 (\n) x", 12);
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.ppid, 4);
    assert_int_equal(s.start_ticks, 77);
    assert_true(process_parse_stat(TEXT("9 () S 4 0 0 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 77 4096 1 0"), &s));
    assert_int_equal(s.comm_len, 0);
}

static void broken_lines(void **state) {
    (void)state;
    struct process_stat s;
    static const char *const lines[] = {"", "1", "1 (x", "1 x) S 1", ")(", "1 (x)", "1 (x) S", "1 (x) S 1 2 3",
        "9 (a) S 4 0 0 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 77 4096",
        "9 (a) S 4 0 0 0 -1 0 0 0 0 0 1 x 0 0 20 0 1 0 77 4096 1",
        "9 (a) S 4 0 0 0 -1 0 0 0 0 0 99999999999999999999 2 0 0 20 0 1 0 77 4096 1"};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (process_parse_stat(text_of(lines[i]), &s))
            fail_msg("'%s' was taken for a stat line", lines[i]);
}

static void io_counters(void **state) {
    (void)state;
    uint64_t read = 1;
    uint64_t write = 2;
    assert_true(process_parse_io(TEXT("rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 8192\n"
                                      "cancelled_write_bytes: 9\n"),
        &read, &write));
    assert_int_equal(read, 4096);
    assert_int_equal(write, 8192);
    assert_false(process_parse_io(TEXT("read_bytes: 4096\n"), &read, &write));
    assert_false(process_parse_io(TEXT("read_bytes: x\nwrite_bytes: 1\n"), &read, &write));
}

static void cgroup_lines(void **state) {
    (void)state;
    assert_text(process_parse_cgroup(TEXT("0::/system.slice/nginx.service\n")), "/system.slice/nginx.service");
    assert_text(
        process_parse_cgroup(TEXT("9:name=systemd:/user.slice\n4:memory:/longer/than/that\n0::/\n")), "/user.slice");
    assert_text(process_parse_cgroup(TEXT("8:pids:/\n4:memory:/docker/x\n1:cpu:/\n0::/\n")), "/docker/x");
    assert_text(process_parse_cgroup(TEXT("0::/\n")), "/");
    assert_text(process_parse_cgroup(TEXT("0::/odd:name:with:colons\n")), "/odd:name:with:colons");
    assert_null(process_parse_cgroup(TEXT("rubbish\n1:2\n")).at);
}

static void command_lines(void **state) {
    (void)state;
    char args[] = "python\0train.py\0--note\0two words\0\0";
    assert_text(process_parse_cmdline(args, sizeof args), "python train.py --note two words");
    char title[] = "nginx: worker process   ";
    assert_text(process_parse_cmdline(title, sizeof title - 1), "nginx: worker process");
    char none[] = "\0\0";
    assert_int_equal(process_parse_cmdline(none, 2).len, 0);
}

static void workloads(void **state) {
    (void)state;
    static const struct {
        const char *path, *unit, *container, *job;
    } cases[] = {
        {"/system.slice/nginx.service", "nginx.service", NULL, ""},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service", "editor.service", NULL, ""},
        {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL, ""},
        {"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, ""},
        {"/docker/" ID, NULL, ID, ""},
        {"/docker/" ID "/system.slice/app.service", "app.service", ID, ""},
        {"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, ""},
        {"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", NULL, ""},
        {"/kubepods/besteffort/pod12345678-1234-1234-1234-123456789abc/" ID, NULL, ID,
            "12345678-1234-1234-1234-123456789abc"},
        {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12345678_1234_1234_1234_123456789abc.slice/"
         "cri-containerd-" ID ".scope",
            "cri-containerd-" ID ".scope", ID, "12345678-1234-1234-1234-123456789abc"},
        {"/slurm/uid_1000/job_4242/step_0/task_0", NULL, NULL, "4242"},
        {"/system.slice/slurmstepd.scope/job_77/step_batch/user/task_0", "slurmstepd.scope", NULL, "77"},
        {"/lxc/web01", NULL, "web01", ""},
        {"/lxc.payload.web02/system.slice/x.service", "x.service", "web02", ""},
        {"/other/job_5", NULL, NULL, ""}, /* no Slurm here */
        {"/system.slice/node1_slurmstepd.scope/job_5/step_0/user/task_0", "node1_slurmstepd.scope", NULL, "5"},
        {"/system.slice/slurmstepd.scope/sEKNKTV3WPV500/step_0/user", "slurmstepd.scope", NULL, "sEKNKTV3WPV500"},
        {"/system.slice/slurmstepd.scope/sEKNKTV3WPVI00/step_0/user", "slurmstepd.scope", NULL, ""}, /* no digit */
        {"/system.slice/sEKNKTV3WPV500", NULL, NULL, ""},
        {"/slurm/job_x1", NULL, NULL, ""},
        {"/docker/" ID "0", NULL, NULL, ""}, /* 65 digits without a dash before the last 64 */
        {"/", NULL, NULL, ""},
        {"", NULL, NULL, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct workload w = workload_of_cgroup(text_of(cases[i].path));
        if (!text_equal(w.unit, text_of(cases[i].unit)) || !text_equal(w.container, text_of(cases[i].container)) ||
            strcmp(w.job, cases[i].job) != 0)
            fail_msg("%s: unit '%.*s', container '%.*s', job '%s'", cases[i].path, TEXT_ARG(w.unit),
                TEXT_ARG(w.container), w.job);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_line),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(broken_lines),
        cmocka_unit_test(io_counters),
        cmocka_unit_test(cgroup_lines),
        cmocka_unit_test(command_lines),
        cmocka_unit_test(workloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
