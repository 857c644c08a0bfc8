/* tests/unit/collect/test_cpu_stat.c: shares of processor time out of two readings, and what the processors are. */
#include "fixture.h"

#include <math.h>

#include "collect/cpu_identity.h"
#include "collect/cpu_stat.h"
#include "collect/pressure.h"

static struct error err;

static const char *const kernel_6 = "cpu  1653 10 1010 228409 265 1 17 7 3 2\n"
                                    "cpu0 422 0 385 114827 3 0 1 1 0 0\n"
                                    "cpu3 1230 10 624 113581 261 1 15 5 3 2\n"
                                    "intr 116110 0 0 1 99\n"
                                    "ctxt 237613\nbtime 1795170626\nprocesses 3643\nprocs_running 2\nprocs_blocked 4\n"
                                    "softirq 88424 0 13792 3\n";

static struct cpu_stat parse(const char *text) {
    struct cpu_stat stat = {.n = 0};
    assert_ok(cpu_stat_parse(text_of(text), &stat, &err), err);
    return stat;
}

static void every_line_is_read(void **state) {
    (void)state;
    struct cpu_stat stat = parse(kernel_6);
    assert_int_equal(stat.all.ticks[CPU_USER], 1653);
    assert_int_equal(stat.all.ticks[CPU_GUEST_NICE], 2);
    assert_int_equal(stat.n, 2);
    assert_int_equal(stat.threads[1].id, 3);
    assert_int_equal(stat.threads[1].times.ticks[CPU_IOWAIT], 261);
    assert_int_equal(stat.interrupts, 116110);
    assert_int_equal(stat.context_switches, 237613);
    assert_int_equal(stat.boot_time_s, 1795170626);
    assert_int_equal(stat.forks, 3643);
    assert_int_equal(stat.running, 2);
    assert_int_equal(stat.blocked, 4);
    cpu_stat_done(&stat);
}

static void missing_lines_are_unknown(void **state) {
    (void)state;
    struct cpu_stat stat = parse("cpu 1 2 3 4\nctxt 99999999999999999999999999\nprocesses -3\n");
    assert_int_equal(stat.all.ticks[CPU_IDLE], 4);
    assert_int_equal(stat.all.ticks[CPU_STEAL], 0);
    assert_false(known_u64(stat.context_switches));
    assert_false(known_u64(stat.forks));
    assert_false(known_u64(stat.boot_time_s));
    cpu_stat_done(&stat);
    struct cpu_stat none = {.n = 0};
    assert_int_equal(cpu_stat_parse(TEXT("intr 5\n"), &none, &err), -ERR_FORMAT);
    assert_int_equal(cpu_stat_parse(TEXT(""), &none, &err), -ERR_FORMAT);
    cpu_stat_done(&none);
}

static void shares_add_to_the_whole(void **state) {
    (void)state;
    struct cpu_times before = {{100, 10, 50, 1000, 20, 1, 2, 3, 40, 5}};
    struct cpu_times after = {{160, 20, 60, 1100, 30, 3, 5, 8, 50, 7}};
    struct cpu_shares s = cpu_shares(&before, &after);   /* 60+10+10+100+10+2+3+5 = 200 ticks */
    assert_float_equal(s.percent[CPU_USER], 25.0, 1e-9); /* (60 - 10 of guests) / 200 */
    assert_float_equal(s.percent[CPU_NICE], 4.0, 1e-9);
    assert_float_equal(s.percent[CPU_GUEST], 5.0, 1e-9);
    assert_float_equal(s.percent[CPU_IOWAIT], 5.0, 1e-9);
    assert_float_equal(s.percent[CPU_STEAL], 2.5, 1e-9);
    assert_float_equal(s.busy, 45.0, 1e-9);
    double sum = 0;
    for (size_t i = 0; i < CPU_STATES; i++)
        sum += s.percent[i];
    assert_float_equal(sum, 100.0, 0.05);
}

static void falling_counters_are_no_time(void **state) {
    (void)state;
    struct cpu_times before = {{100, 0, 0, 1000, 500}};
    struct cpu_times after = {{110, 0, 0, 1090, 300}}; /* iowait went back, as it does */
    struct cpu_shares s = cpu_shares(&before, &after);
    assert_float_equal(s.busy, 10.0, 1e-9);
    assert_float_equal(s.percent[CPU_IOWAIT], 0.0, 1e-9);
    struct cpu_times guest = {{105, 0, 0, 1095, 500, 0, 0, 0, 90}}; /* more guest than user */
    s = cpu_shares(&before, &guest);
    assert_float_equal(s.percent[CPU_USER], 0.0, 1e-9);
    s = cpu_shares(&after, &after);
    assert_true(isnan(s.busy) && isnan(s.percent[CPU_USER]));
}

static void pressure_is_read(void **state) {
    (void)state;
    struct stall s = pressure_parse(TEXT("some avg10=1.25 avg60=0.10 avg300=0.03 total=13248144\n"
                                         "full avg10=0.50 avg60=0.00 avg300=0.00 total=77\n"));
    assert_float_equal(s.some_avg10, 1.25, 1e-9);
    assert_int_equal(s.some_total_us, 13248144);
    assert_float_equal(s.full_avg10, 0.5, 1e-9);
    assert_int_equal(s.full_total_us, 77);
    s = pressure_parse(TEXT("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"));
    assert_int_equal(s.some_total_us, 5);
    assert_true(isnan(s.full_avg10));
    assert_false(known_u64(s.full_total_us));
}

static struct cpu_identity identify(const char *cpuinfo, int sys_fd, size_t threads) {
    struct cpu_thread_times times[8] = {{.id = 0}, {.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}, {.id = 5}};
    struct cpu_stat stat = {.threads = times, .n = threads, .cap = 8};
    struct cpu_identity id = {.n = 0};
    assert_ok(cpu_identity_read(&id, &stat, text_of(cpuinfo), sys_fd, &err), err);
    assert_true(cpu_identity_matches(&id, &stat));
    stat.n--;
    assert_false(cpu_identity_matches(&id, &stat));
    return id;
}

static void x86_without_sysfs(void **state) {
    (void)state;
    struct cpu_identity id =
        identify("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz\n"
                 "cpu MHz\t\t: 2299.998\nphysical id\t: 0\ncore id\t\t: 0\n\n"
                 "processor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\ncpu MHz\t\t: 800.1\n\n"
                 "processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\ncpu MHz\t\t: 800.1\n\n",
            -1, 3);
    assert_string_equal(id.model, "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz");
    assert_text(cpu_identity_platform(&id, TEXT("x86_64")), "Intel");
    assert_int_equal(id.base_mhz, 2000);
    assert_false(known_u64(id.max_mhz));
    assert_true(id.has_topology);
    assert_int_equal(id.cores, 2);
    assert_int_equal(id.threads[2].socket_id, 1);
    assert_int_equal(id.threads[0].frequency_mhz, 2300);
    assert_int_equal(id.threads[1].frequency_mhz, 800);
    cpu_identity_done(&id);
}

static void arm_is_named(void **state) {
    (void)state;
    struct cpu_identity id =
        identify("processor\t: 0\nBogoMIPS\t: 2000.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\n", -1, 2);
    assert_string_equal(id.model, "ARM Neoverse-V2");
    assert_text(cpu_identity_platform(&id, TEXT("aarch64")), "Arm");
    assert_false(id.has_topology);
    cpu_identity_done(&id);
    id = identify("processor\t: 0\nCPU implementer\t: 0x7f\nCPU part\t: 0x001\n", -1, 1);
    assert_string_equal(id.model, "ARM implementer 0x7f part 0x001");
    cpu_identity_done(&id);
    id = identify("", -1, 1);
    assert_string_equal(id.model, "");
    assert_text(cpu_identity_platform(&id, TEXT("riscv64")), "riscv64");
    cpu_identity_done(&id);
}

static void hybrid_with_sysfs(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    for (int i = 0; i < 4;
         i++) { /* 0 and 1 share a core, 2 and 3 are small ones; each of the two kinds has its cache */
        char name[96];
        char siblings[16];
        char shared[16];
        (void)snprintf(siblings, sizeof siblings, i < 2 ? "0-1\n" : "%d\n", i);
        (void)snprintf(shared, sizeof shared, "%s\n", i < 2 ? "0-1" : "2-3");
        (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", i);
        fixture_put(&f, name, siblings);
        (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/topology/physical_package_id", i);
        fixture_put(&f, name, "-1\n");
        (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/cache/index3/shared_cpu_list", i);
        fixture_put(&f, name, shared);
        (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/cache/index3/size", i);
        fixture_put(&f, name, "4096K\n");
        (void)snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/cache/index3/level", i);
        fixture_put(&f, name, "3\n");
    }
    fixture_put(&f, "sys/devices/cpu_core/cpus", "0-1\n");
    fixture_put(&f, "sys/devices/cpu_atom/cpus", "2-3\n");
    fixture_put(&f, "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "5200000\n");
    fixture_put(&f, "sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2100000\n");
    fixture_put(&f, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "800123\n");
    int sys_fd = open(f.sys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct cpu_identity id = identify("", sys_fd, 4);
    assert_true(id.has_topology && id.has_cpufreq);
    assert_int_equal(id.cores, 3);
    assert_int_equal(id.threads[3].socket_id, 0);
    assert_int_equal(id.cache_kib, 8192);
    assert_int_equal(id.max_mhz, 5200);
    assert_int_equal(id.base_mhz, 2100);
    assert_text(id.threads[1].core_type, "Performance");
    assert_text(id.threads[2].core_type, "Efficiency");
    cpu_identity_done(&id);
    file_close(&sys_fd);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_read),
        cmocka_unit_test(missing_lines_are_unknown),
        cmocka_unit_test(shares_add_to_the_whole),
        cmocka_unit_test(falling_counters_are_no_time),
        cmocka_unit_test(pressure_is_read),
        cmocka_unit_test(x86_without_sysfs),
        cmocka_unit_test(arm_is_named),
        cmocka_unit_test(hybrid_with_sysfs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
