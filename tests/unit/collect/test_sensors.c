/* tests/unit/collect/test_sensors.c: processors' energy and temperature and the box's sensors out of fixture trees. */
#include "fixture.h"

#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "collect/collectors.h"
#include "collect/sensors/rapl.h"

static struct error err;

/* A reader asked directly, at moments of the test's choosing. */
struct asked {
    const struct collector *collector;
    void *self;
    struct frame frame;
};

static void begin(struct asked *a, const struct collector *collector, const struct fixture *x) {
    struct collect_options options = fixture_options(x, ~0U);
    *a = (struct asked){.collector = collector};
    frame_init(&a->frame);
    assert_ok(collector->open(&options, &a->self, &err), err);
}

static void sample_at(struct asked *a, int64_t seconds) {
    struct cycle cycle = {.host_id = TEXT("node-07"), .time = TEXT("now"), .mono_ns = seconds * NS_PER_SECOND};
    frame_reset(&a->frame);
    assert_ok(a->collector->sample(a->self, &cycle, &a->frame, &err), err);
}

static void end(struct asked *a) {
    a->collector->close(a->self);
    frame_done(&a->frame);
}

static void put_zone(const struct fixture *x, const char *zone, const char *name, const char *uj) {
    char path[128];
    (void)snprintf(path, sizeof path, "sys/class/powercap/%s/name", zone);
    fixture_put(x, path, name);
    (void)snprintf(path, sizeof path, "sys/class/powercap/%s/max_energy_range_uj", zone);
    fixture_put(x, path, "262143328850\n");
    (void)snprintf(path, sizeof path, "sys/class/powercap/%s/energy_uj", zone);
    fixture_put(x, path, uj);
}

static void put_packages(const struct fixture *x) {
    put_zone(x, "intel-rapl:0", "package-0\n", "1000000000\n");
    put_zone(x, "intel-rapl:0:0", "core\n", "7000000\n");
    put_zone(x, "intel-rapl:0:1", "dram\n", "8000000\n");
    put_zone(x, "intel-rapl:1", "package-1\n", "262143000000\n");
    put_zone(x, "intel-rapl:2", "psys\n", "9000000\n");
    put_zone(x, "intel-rapl-mmio:0", "package-0\n", "1000000000\n");
    fixture_put(x, "sys/class/powercap/intel-rapl/enabled", "1\n");
}

static void energy_of_packages(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    put_packages(&x);
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    assert_int_equal(a.frame.cpus.n, 1);
    assert_float_equal(
        a.frame.cpus.at[0].energy_joules, 263143.0, 1e-6); /* each package once, nothing inside or around */
    assert_false(known_f64(a.frame.cpus.at[0].power_consumption));
    assert_text(a.frame.cpus.at[0].host_id, "node-07");

    nap_ms(20);
    fixture_put(&x, "sys/class/powercap/intel-rapl:0/energy_uj", "1004000000\n");
    fixture_put(&x, "sys/class/powercap/intel-rapl:1/energy_uj", "1671150\n"); /* went round: 2 joules */
    sample_at(&a, 2);
    assert_float_equal(a.frame.cpus.at[0].energy_joules, 263149.0, 1e-6);
    assert_true(a.frame.cpus.at[0].power_consumption > 0 && a.frame.cpus.at[0].power_consumption <= 6.0 / 0.02);

    fixture_put(&x, "sys/class/powercap/intel-rapl:1/energy_uj", "none\n");
    sample_at(&a, 3);
    assert_false(a.frame.cpus.asked); /* half of the packages is not the processors */
    end(&a);
    fixture_done(&x);
}

static void counters_that_stand_are_none(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    put_zone(&x, "intel-rapl:0", "package-0\n", "0\n");
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    sample_at(&a, 2);
    assert_false(a.frame.cpus.asked);
    end(&a);
    fixture_done(&x);
}

/* Only somebody who is not root can be denied; a link to itself cannot be opened by anyone, but says so differently. */
static void what_is_denied_is_said(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct report report = {.identifiers = false};
    fixture_init(&x);
    put_packages(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    cpu_sensors_collector.explain(&options, &report);
    assert_int_equal(report.findings.n, 2);
    assert_int_equal(report.findings.at[0].state, READABLE);
    assert_int_equal(report.findings.at[1].state, MISSING);
    report_done(&report);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/class/powercap/intel-rapl:0/energy_uj", x.sys);
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0) {
        cpu_sensors_collector.explain(&options, &report);
        assert_int_equal(report.findings.at[0].state, DENIED);
        assert_true(report.findings.at[0].remedy.len > 0);
        report_done(&report);
    }
    fixture_done(&x);
}

static void put_perf(const struct fixture *x) {
    const char *unit = "sys/bus/event_source/devices/power/";
    const char *const files[][2] = {{"type", "1\n"}, {"format/event", "config:0-7\n"}, {"cpumask", "0\n"},
        {"events/energy-pkg", "event=0x00\n"}, {"events/energy-pkg.unit", "Joules\n"},
        {"events/energy-pkg.scale", "1.0e-9\n"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", unit, files[i][0]);
        fixture_put(x, path, files[i][1]);
    }
}

/* Type 1 event 0 counts nanoseconds of a processor: one watt at a scale of 1e-9. */
static void energy_through_perf(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct rapl rapl = {.n = 0};
    double joules = NAN;
    double watts = NAN;
    int sys_fd = -1;
    fixture_init(&x);
    put_perf(&x);
    sys_fd = open(x.sys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(sys_fd >= 0);
    rapl_open(&rapl, sys_fd);
    if (rapl.source == RAPL_PERF) {
        rapl_read(&rapl, &joules, &watts);
        assert_true(isnan(watts));
        nap_ms(20);
        rapl_read(&rapl, &joules, &watts);
        assert_true(joules >= 0.02 && watts > 0 && watts < 100);
    } else {
        print_message("perf may not count a processor here\n");
        assert_int_equal(rapl.source, RAPL_DENIED);
    }
    rapl_close(&rapl);
    fixture_put(&x, "sys/bus/event_source/devices/power/events/energy-pkg.scale", "nan\n");
    rapl_open(&rapl, sys_fd);
    assert_int_equal(rapl.source, RAPL_NONE);
    rapl_close(&rapl);
    file_close(&sys_fd);
    fixture_done(&x);
}

static void put_cpu_chips(const struct fixture *x) {
    fixture_put(x, "sys/class/hwmon/hwmon3/name", "coretemp\n");
    fixture_put(x, "sys/class/hwmon/hwmon3/temp1_label", "Package id 0\n");
    fixture_put(x, "sys/class/hwmon/hwmon3/temp1_input", "61000\n");
    fixture_put(x, "sys/class/hwmon/hwmon3/temp2_label", "Core 0\n");
    fixture_put(x, "sys/class/hwmon/hwmon3/temp2_input", "99000\n");
    fixture_put(x, "sys/class/hwmon/hwmon5/name", "coretemp\n");
    fixture_put(x, "sys/class/hwmon/hwmon5/temp1_label", "Package id 1\n");
    fixture_put(x, "sys/class/hwmon/hwmon5/temp1_input", "64500\n");
    fixture_put(x, "sys/class/hwmon/hwmon7/name", "amdgpu\n");
    fixture_put(x, "sys/class/hwmon/hwmon7/temp1_input", "90000\n");
}

static void intel_sockets(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    put_cpu_chips(&x);
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    const struct cpu *cpu = &a.frame.cpus.at[0];
    assert_int_equal(a.frame.cpus.n, 1);
    assert_int_equal(cpu->temperature, 65);
    assert_int_equal(cpu->per_socket_info.n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(cpu->per_socket_info.at[i].temperature, cpu->per_socket_info.at[i].socket_id == 0 ? 61 : 65);
    fixture_put(&x, "sys/class/hwmon/hwmon3/temp1_input", "-128000\n");
    fixture_put(&x, "sys/class/hwmon/hwmon5/temp1_input", "");
    sample_at(&a, 2);
    assert_false(a.frame.cpus.asked);
    end(&a);
    fixture_done(&x);
}

static void put_k10temp(const struct fixture *x, unsigned n, const char *node, const char *cpus, const char *tctl) {
    char path[128];
    const char *const files[][2] = {{"name", "k10temp\n"}, {"temp1_label", "Tctl\n"}, {"temp1_input", tctl},
        {"temp3_label", "Tccd1\n"}, {"temp3_input", "95000\n"}, {"device/numa_node", node},
        {"device/local_cpulist", cpus}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/%s", n, files[i][0]);
        fixture_put(x, path, files[i][1]);
    }
}

static void amd_sockets(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    put_k10temp(&x, 1, "0\n", "0-63,128-191\n", "48000\n");
    put_k10temp(&x, 0, "1\n", "64-127\n", "51000\n");
    fixture_put(&x, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
    fixture_put(&x, "sys/devices/system/cpu/cpu64/topology/physical_package_id", "1\n");
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    const struct cpu *cpu = &a.frame.cpus.at[0];
    assert_int_equal(cpu->temperature, 51);
    assert_int_equal(cpu->per_socket_info.n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(cpu->per_socket_info.at[i].temperature, cpu->per_socket_info.at[i].socket_id == 0 ? 48 : 51);
    end(&a);

    /* Where the firmware does not say which node: the machine's temperature, and no socket's. Tdie is the true one. */
    put_k10temp(&x, 1, "-1\n", "0-191\n", "75000\n");
    put_k10temp(&x, 0, "-1\n", "0-191\n", "70000\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/temp2_label", "Tdie\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/temp2_input", "48000\n");
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    assert_int_equal(a.frame.cpus.at[0].temperature, 70);
    assert_false(a.frame.cpus.at[0].per_socket_info.asked);
    end(&a);
    fixture_done(&x);
}

static void boards_with_thermal_zones(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    struct asked b;
    fixture_init(&x);
    fixture_put(&x, "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    fixture_put(&x, "sys/class/thermal/thermal_zone0/temp", "55123\n");
    fixture_put(&x, "sys/class/thermal/thermal_zone1/type", "ddr-thermal\n");
    fixture_put(&x, "sys/class/thermal/thermal_zone1/temp", "44000\n");
    fixture_put(&x, "sys/class/thermal/cooling_device0/type", "cpu-thermal\n");
    begin(&a, &cpu_sensors_collector, &x);
    sample_at(&a, 1);
    assert_int_equal(a.frame.cpus.at[0].temperature, 55);
    assert_int_equal(a.frame.cpus.at[0].per_socket_info.at[0].temperature, 55);
    begin(&b, &chassis_sensors_collector, &x);
    sample_at(&b, 1);
    assert_int_equal(b.frame.chassis.at[0].temperatures.n, 1);
    assert_text(b.frame.chassis.at[0].temperatures.at[0].chip, "ddr-thermal");
    assert_float_equal(b.frame.chassis.at[0].temperatures.at[0].celsius, 44.0, 1e-9);
    end(&b);

    /* A chip that appears is found in time, and the zones stand back. */
    fixture_put(&x, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp1_input", "66000\n");
    sample_at(&a, 2);
    assert_int_equal(a.frame.cpus.at[0].temperature, 55);
    sample_at(&a, 100);
    assert_int_equal(a.frame.cpus.at[0].temperature, 66);
    fixture_drop(&x, "sys/class/hwmon/hwmon0");
    sample_at(&a, 200);
    assert_int_equal(a.frame.cpus.at[0].temperature, 55);
    end(&a);
    fixture_done(&x);
}

static const struct temperature *find(const struct chassis *c, const char *chip, const char *label) {
    for (size_t i = 0; i < c->temperatures.n; i++)
        if (text_is(c->temperatures.at[i].chip, chip) && text_is(c->temperatures.at[i].label, label))
            return &c->temperatures.at[i];
    return NULL;
}

static void link_to(const struct fixture *x, const char *name, const char *target) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", x->root, name);
    assert_int_equal(symlink(target, path), 0);
}

static void put_box(const struct fixture *x) {
    fixture_put(x, "sys/class/hwmon/hwmon0/name", "nct6798\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp1_label", "System Inlet\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp1_input", "27800\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp2_input", "-62000\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp3_label", "Exh\x1b[31maust\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp3_input", "38000\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp4_input", "40000\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/temp4_fault", "1\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/fan1_input", "12400\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/fan1_label", "FAN1\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/fan1_max", "18000\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/fan2_input", "200000\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/fan3_input", "0\n");
    fixture_put(x, "sys/class/hwmon/hwmon0/in0_input", "900\n");
    for (unsigned i = 1; i <= 2; i++) {
        char path[128];
        char target[64];
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/name", i);
        fixture_put(x, path, "nvme\n");
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/temp1_input", i);
        fixture_put(x, path, i == 1 ? "35850\n" : "36850\n");
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/temp1_label", i);
        fixture_put(x, path, "Composite\n");
        (void)snprintf(path, sizeof path, "sys/devices/nvme%u/model", i);
        fixture_put(x, path, "disk\n");
        (void)snprintf(path, sizeof path, "sys/devices/nvme%u/subsystem", i);
        link_to(x, path, "../../class/nvme");
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/device", i);
        (void)snprintf(target, sizeof target, "../../../devices/nvme%u", i);
        link_to(x, path, target);
    }
    /* Drivers of the older interface keep their files with the device. */
    fixture_put(x, "sys/class/hwmon/hwmon3/device/name", "power_meter\n");
    fixture_put(x, "sys/class/hwmon/hwmon3/device/power1_average", "812500000\n");
    fixture_put(x, "sys/class/hwmon/hwmon4/name", "amdgpu\n");
    fixture_put(x, "sys/class/hwmon/hwmon4/fan1_input", "3000\n");
}

static void a_box_of_sensors(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    put_box(&x);
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 1);
    const struct chassis *c = &a.frame.chassis.at[0];
    assert_int_equal(a.frame.chassis.n, 1);
    assert_float_equal(c->inlet_temperature, 27.8, 1e-9);
    assert_false(known_f64(c->outlet_temperature)); /* a label with an escape in it says nothing */
    assert_float_equal(find(c, "nct6798", "Exh\x1b[31maust")->celsius, 38.0, 1e-9);
    assert_null(find(c, "nct6798", "temp2"));
    assert_null(find(c, "nct6798", "temp4"));
    assert_float_equal(find(c, "nvme nvme1", "Composite")->celsius, 35.9, 1e-9);
    assert_float_equal(find(c, "nvme nvme2", "Composite")->celsius, 36.9, 1e-9);
    assert_int_equal(c->temperatures.n, 4);
    assert_int_equal(c->fan_speeds.n, 3);
    assert_int_equal(c->fan_speeds.at[0].id, 0);
    assert_text(c->fan_speeds.at[0].name, "nct6798 FAN1");
    assert_int_equal(c->fan_speeds.at[0].speed_rpm, 12400);
    assert_int_equal(c->fan_speeds.at[0].max_rpm, 18000);
    assert_false(known_u64(c->fan_speeds.at[1].speed_rpm));
    assert_false(known_u64(c->fan_speeds.at[1].max_rpm));
    assert_int_equal(c->fan_speeds.at[2].speed_rpm, 0); /* one that stands still is known to */
    assert_float_equal(c->total_power_watts, 812.5, 1e-9);
    assert_text(c->power_source, "hwmon");
    assert_false(c->psu_status.asked);

    fixture_put(&x, "sys/class/hwmon/hwmon3/device/power1_average", "-5\n");
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp4_fault", "0\n");
    sample_at(&a, 2);
    assert_false(known_f64(a.frame.chassis.at[0].total_power_watts));
    assert_float_equal(find(&a.frame.chassis.at[0], "nct6798", "temp4")->celsius, 40.0, 1e-9);
    end(&a);

    /* Two meters are parts of something: neither is the machine. */
    fixture_put(&x, "sys/class/hwmon/hwmon3/device/power1_average", "100000000\n");
    fixture_put(&x, "sys/class/hwmon/hwmon9/device/name", "power_meter\n");
    fixture_put(&x, "sys/class/hwmon/hwmon9/device/power1_average", "50000000\n");
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 1);
    assert_false(known_f64(a.frame.chassis.at[0].total_power_watts));
    end(&a);
    fixture_done(&x);
}

static void power_supplies(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    const char *const files[][2] = {{"name", "pfe3000\n"}, {"in1_label", "vin\n"}, {"in1_input", "230500\n"},
        {"in2_label", "vout1\n"}, {"in2_input", "12100\n"}, {"power1_label", "pin\n"}, {"power1_input", "412000000\n"},
        {"power2_label", "pout1\n"}, {"power2_input", "380000000\n"}, {"fan1_input", "9000\n"}, {"fan1_fault", "0\n"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon2/%s", files[i][0]);
        fixture_put(&x, path, files[i][1]);
    }
    fixture_put(&x, "sys/class/hwmon/hwmon1/name", "mp2975\n"); /* a regulator on the board */
    fixture_put(&x, "sys/class/hwmon/hwmon1/in1_label", "vin\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/in1_input", "12000\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/power1_label", "pin\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/power1_input", "100000000\n");
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 1);
    const struct chassis *c = &a.frame.chassis.at[0];
    assert_int_equal(c->psu_status.n, 1);
    assert_text(c->psu_status.at[0].name, "pfe3000");
    assert_text(c->psu_status.at[0].status, "Ok");
    assert_float_equal(c->psu_status.at[0].power_watts, 412.0, 1e-9);
    assert_false(known_f64(c->total_power_watts));
    fixture_put(&x, "sys/class/hwmon/hwmon2/fan1_fault", "1\n");
    sample_at(&a, 2);
    assert_text(a.frame.chassis.at[0].psu_status.at[0].status, "Degraded");
    fixture_put(&x, "sys/class/hwmon/hwmon2/in1_input", "0\n");
    fixture_put(&x, "sys/class/hwmon/hwmon2/power1_input", "\n");
    sample_at(&a, 3);
    assert_text(a.frame.chassis.at[0].psu_status.at[0].status, "Failed");
    assert_float_equal(a.frame.chassis.at[0].psu_status.at[0].power_watts, 380.0, 1e-9);
    end(&a);
    fixture_done(&x);
}

/* Files that block, that are folders, that are huge or binary: each costs itself. */
static void what_is_no_reading_costs_itself(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    char path[256];
    static char huge[100000];
    fixture_init(&x);
    fixture_put(&x, "sys/class/hwmon/hwmon0/name", "it8728\n");
    (void)snprintf(path, sizeof path, "%s/class/hwmon/hwmon0/temp1_input", x.sys);
    assert_int_equal(mkfifo(path, 0600), 0);
    int writer = open(path, O_RDWR | O_CLOEXEC); /* so that there is somebody to wait for */
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp2_input/oops", "1");
    memset(huge, '9', sizeof huge);
    fixture_put_bytes(&x, "sys/class/hwmon/hwmon0/temp3_input", huge, sizeof huge);
    fixture_put_bytes(&x, "sys/class/hwmon/hwmon0/temp4_input", "\0\xff\x01", 3);
    fixture_put_bytes(&x, "sys/class/hwmon/hwmon0/temp5_label", huge, sizeof huge);
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp5_input", "31000\n");
    fixture_put(&x, "sys/class/hwmon/hwmon1/name", "");
    fixture_put(&x, "sys/class/hwmon/stray", "");
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 1);
    const struct chassis *c = &a.frame.chassis.at[0];
    assert_int_equal(c->temperatures.n, 1);
    assert_float_equal(c->temperatures.at[0].celsius, 31.0, 1e-9);
    assert_int_equal(c->temperatures.at[0].label.len, 64);
    end(&a);
    file_close(&writer);
    fixture_done(&x);
}

static void many_chips_are_bounded(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    char path[128];
    fixture_init(&x);
    for (unsigned i = 0; i < 10; i++) {
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/name", i);
        fixture_put(&x, path, "many\n");
        for (unsigned k = 1; k <= 40; k++) {
            (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon%u/temp%u_input", i, k);
            fixture_put(&x, path, "30000\n");
        }
    }
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 1);
    assert_int_equal(a.frame.chassis.at[0].temperatures.n, 256);
    end(&a);
    fixture_done(&x);
}

/* All readers together: one processor, one chassis, and a sum where there is no meter. */
static void readers_are_joined(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct collect *c = NULL;
    struct frame f;
    const struct collector *const list[] = {
        &cpu_collector, &cpu_sensors_collector, &chassis_collector, &ipmi_collector, &chassis_sensors_collector, NULL};
    fixture_init(&x);
    frame_init(&f);
    put_packages(&x);
    put_cpu_chips(&x);
    fixture_put(&x, "proc/stat", "cpu  100 0 0 900 0\ncpu0 100 0 0 900 0\n");
    fixture_put(&x, "sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");
    fixture_put(&x, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
    fixture_put(&x, "sys/class/dmi/id/product_name", "SYS-821GE\n");
    fixture_put(&x, "sys/class/hwmon/hwmon9/name", "nct6798\n");
    fixture_put(&x, "sys/class/hwmon/hwmon9/temp1_input", "30000\n");
    struct collect_options options = fixture_options(&x, ~0U);
    assert_ok(collect_open(list, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    nap_ms(20);
    fixture_put(&x, "sys/class/powercap/intel-rapl:0/energy_uj", "1003000000\n");
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.errors.n, 0);
    assert_int_equal(f.cpus.n, 1);
    assert_int_equal(f.cpus.at[0].temperature, 65);
    assert_int_equal(f.cpus.at[0].per_socket_info.at[0].cores, 1);
    assert_int_equal(f.cpus.at[0].per_socket_info.at[0].temperature, 61);
    assert_true(f.cpus.at[0].power_consumption > 0);
    assert_int_equal(f.chassis.n, 1);
    assert_text(f.chassis.at[0].detail.at[0].value, "SYS-821GE");
    assert_int_equal(f.chassis.at[0].temperatures.n, 1);
    assert_true(f.chassis.at[0].total_power_watts == f.cpus.at[0].power_consumption);
    assert_text(f.chassis.at[0].power_source, "rapl");
    assert_int_equal(collect_close(c), 0);
    frame_done(&f);
    fixture_done(&x);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* while it is held, sensors hang */

static int hang_open(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)e;
    *ret = &gate;
    return 0;
}

static int hang_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)cycle;
    (void)into;
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    return error_set(e, ERR_ABSENT, "back");
}

static void hang_close(void *self) {
    (void)self;
}

static void chips_that_hang_cost_themselves(void **state) {
    (void)state;
    static const struct collector hanging_cpu = {
        "processor sensors", SECTION_CPU, true, hang_open, hang_sample, hang_close};
    static const struct collector hanging_chips = {
        "chassis sensors", SECTION_CHASSIS, true, hang_open, hang_sample, hang_close};
    const struct collector *const list[] = {&cpu_collector, &hanging_cpu, &chassis_collector, &hanging_chips, NULL};
    struct fixture x = {.root = ""};
    struct collect *c = NULL;
    struct frame f;
    fixture_init(&x);
    frame_init(&f);
    fixture_put(&x, "proc/stat", "cpu  100 0 0 900 0\ncpu0 100 0 0 900 0\n");
    fixture_put(&x, "sys/class/dmi/id/product_name", "SYS-821GE\n");
    struct collect_options options = fixture_options(&x, ~0U);
    options.wait_ns = 10 * NS_PER_MS;
    (void)pthread_mutex_lock(&gate);
    assert_ok(collect_open(list, &options, &c, &err), err);
    assert_ok(collect_sample(c, &f, &err), err);
    assert_int_equal(f.errors.n, 2);
    assert_int_equal(f.cpus.n, 1);
    assert_int_equal(f.cpus.at[0].total_threads, 1);
    assert_false(known_u64(f.cpus.at[0].temperature));
    assert_int_equal(f.chassis.n, 1);
    assert_text(f.chassis.at[0].detail.at[0].value, "SYS-821GE");
    (void)pthread_mutex_unlock(&gate);
    (void)collect_close(c);
    frame_done(&f);
    fixture_done(&x);
    nap_ms(20);
}

static void disks_are_let_sleep(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct asked a;
    fixture_init(&x);
    fixture_put(&x, "sys/class/hwmon/hwmon0/name", "drivetemp\n");
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp1_input", "31000\n");
    begin(&a, &chassis_sensors_collector, &x);
    sample_at(&a, 100);
    fixture_put(&x, "sys/class/hwmon/hwmon0/temp1_input", "32000\n");
    sample_at(&a, 129);
    assert_float_equal(a.frame.chassis.at[0].temperatures.at[0].celsius, 31.0, 1e-9);
    sample_at(&a, 130);
    assert_float_equal(a.frame.chassis.at[0].temperatures.at[0].celsius, 32.0, 1e-9);
    end(&a);
    fixture_done(&x);
}

static struct gpu *add_gpu(struct frame *f, double watts) {
    struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
    g->power_consumption = watts;
    return g;
}

static void begin_sum(struct frame *f, double cpu_watts) {
    frame_reset(f);
    struct cpu *cpu = frame_add(&f->arena, &f->cpus.list, &cpu_table);
    cpu->power_consumption = cpu_watts;
    assert_non_null(frame_add(&f->arena, &f->chassis.list, &chassis_table));
}

static void no_card_counts_as_nothing(void **state) {
    (void)state;
    struct frame f;
    frame_init(&f);
    begin_sum(&f, 200);
    (void)add_gpu(&f, 412.5);
    (void)add_gpu(&f, 100);
    chassis_collector.complete(&f);
    assert_float_equal(f.chassis.at[0].total_power_watts, 712.5, 1e-9);
    assert_text(f.chassis.at[0].power_source, "rapl+gpu");

    begin_sum(&f, 200);
    (void)add_gpu(&f, 412.5);
    (void)add_gpu(&f, NAN);
    chassis_collector.complete(&f);
    assert_int_equal(f.chassis.n, 0); /* nothing is known of it */
    assert_true(f.chassis.asked);
    begin_sum(&f, 200);
    (void)add_gpu(&f, 412.5);
    struct gpu *silent = add_gpu(&f, NAN);
    silent->vendor = TEXT("intel"); /* inside the processor: its package counts it */
    silent->pci_bus_id = TEXT("0000:00:02.0");
    chassis_collector.complete(&f);
    assert_float_equal(f.chassis.at[0].total_power_watts, 612.5, 1e-9);

    begin_sum(&f, NAN);
    (void)add_gpu(&f, 300);
    chassis_collector.complete(&f);
    assert_float_equal(f.chassis.at[0].total_power_watts, 300, 1e-9);
    assert_text(f.chassis.at[0].power_source, "gpu");

    begin_sum(&f, NAN);
    chassis_collector.complete(&f);
    assert_false(known_f64(f.chassis.at[0].total_power_watts));

    begin_sum(&f, 200);
    f.chassis.at[0].total_power_watts = 900;
    f.chassis.at[0].power_source = TEXT("ipmi");
    chassis_collector.complete(&f);
    assert_float_equal(f.chassis.at[0].total_power_watts, 900, 1e-9);
    assert_text(f.chassis.at[0].power_source, "ipmi");

    frame_reset(&f);
    chassis_collector.complete(&f);
    assert_false(f.chassis.asked);
    frame_done(&f);
}

static void a_machine_without_any(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct report report = {.identifiers = false};
    void *self = NULL;
    fixture_init(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    assert_int_equal(cpu_sensors_collector.open(&options, &self, &err), -ERR_ABSENT);
    assert_int_equal(chassis_sensors_collector.open(&options, &self, &err), -ERR_ABSENT);
    assert_int_equal(ipmi_collector.open(&options, &self, &err), -ERR_ABSENT);
    cpu_sensors_collector.explain(&options, &report);
    chassis_sensors_collector.explain(&options, &report);
    ipmi_collector.explain(&options, &report);
    assert_int_equal(report.findings.n, 4);
    for (size_t i = 0; i < report.findings.n; i++) {
        assert_int_equal(report.findings.at[i].state, MISSING);
        assert_true(report.findings.at[i].says.len > 0 && report.findings.at[i].remedy.len > 0);
    }
    report_done(&report);
    /* A file in the device's place is none. */
    fixture_put(&x, "rootfs/dev/ipmi0", "");
    assert_int_equal(ipmi_collector.open(&options, &self, &err), -ERR_ABSENT);
    fixture_done(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_of_packages),
        cmocka_unit_test(counters_that_stand_are_none),
        cmocka_unit_test(what_is_denied_is_said),
        cmocka_unit_test(energy_through_perf),
        cmocka_unit_test(intel_sockets),
        cmocka_unit_test(amd_sockets),
        cmocka_unit_test(boards_with_thermal_zones),
        cmocka_unit_test(a_box_of_sensors),
        cmocka_unit_test(power_supplies),
        cmocka_unit_test(what_is_no_reading_costs_itself),
        cmocka_unit_test(many_chips_are_bounded),
        cmocka_unit_test(readers_are_joined),
        cmocka_unit_test(chips_that_hang_cost_themselves),
        cmocka_unit_test(disks_are_let_sleep),
        cmocka_unit_test(no_card_counts_as_nothing),
        cmocka_unit_test(a_machine_without_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
