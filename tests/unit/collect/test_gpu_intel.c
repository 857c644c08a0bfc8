/* tests/unit/collect/test_gpu_intel.c: Intel's cards out of fixture trees. */
#include "gpu_card.h"

#include <linux/perf_event.h>
#include <math.h>

#include "collect/gpu/intel_engines.h"
#include "collect/gpu/pmu.h"
#include "collect/kernel_file.h"

#define CARD "sys/class/drm/card0/"

static struct gpu_cards cards;

static const struct gpu *sample_one(void) {
    assert_ok(gpu_cards_sample(&cards), cards.err);
    assert_int_equal(cards.frame.gpus.n, 1);
    return cards.frame.gpus.at;
}

static void open_cards(const struct fixture *f, int n) {
    struct collect_options options = fixture_options(f, 1U << SECTION_GPU);
    gpu_cards_open(&cards, &intel_driver, &options);
    assert_int_equal(cards.n, n);
}

static void put_i915(const struct fixture *f) {
    fixture_put(f, CARD "device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=0000:03:00.0\n");
    fixture_put(f, CARD "gt/gt0/rps_act_freq_mhz", "2100\n");
    fixture_put(f, CARD "gt/gt0/rps_max_freq_mhz", "2400\n");
    fixture_put(f, CARD "gt/gt0/rc6_residency_ms", "1000\n");
    fixture_put(f, CARD "gt/gt0/throttle_reason_status", "1\n");
    fixture_put(f, CARD "gt/gt0/throttle_reason_pl1", "1\n");
    fixture_put(f, CARD "gt/gt0/throttle_reason_pl2", "1\n");
    fixture_put(f, CARD "gt/gt0/throttle_reason_thermal", "0\n");
    fixture_put(f, CARD "gt/gt0/throttle_reason_ratl", "1\n");
    fixture_put(f, CARD "device/hwmon/hwmon1/name", "i915_gt0\n");
    fixture_put(f, CARD "device/hwmon/hwmon1/energy1_input", "1\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/name", "i915\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/energy1_input", "5000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/power1_max", "225000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/power1_rated_max", "190000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/temp1_input", "61500\n");
    fixture_put(f, CARD "device/hwmon/hwmon7/fan1_input", "1420\n");
    fixture_put(f, CARD "device/current_link_speed", "16.0 GT/s PCIe\n");
    fixture_put(f, CARD "device/current_link_width", "16\n");
    fixture_put(f, CARD "device/numa_node", "1\n");
}

static void a_card_of_i915(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_i915(&f);
    fixture_put(&f, "proc/sys/kernel/osrelease", "6.8.0-45-generic\n");
    open_cards(&f, 1);
    assert_string_equal(cards.keys[0], "0000:03:00.0");
    const struct gpu *gpu = sample_one();
    assert_text(gpu->name, "Intel Arc A770"); /* without a database of names */
    assert_text(gpu->vendor, "intel");
    assert_text(gpu->uuid, "GPU-node-07-0000:03:00.0");
    assert_text(gpu->pci_bus_id, "0000:03:00.0");
    assert_text(gpu_detail_of(gpu, "Driver Version"), "Linux 6.8.0-45-generic");
    assert_text(gpu_detail_of(gpu, "driver"), "i915");
    assert_text(gpu_detail_of(gpu, "power_limit_default"), "190.00");
    assert_text(gpu_detail_of(gpu, "frequency_max"), "2400");
    assert_int_equal(gpu->frequency, 2100);
    assert_int_equal(gpu->temperature, 62);
    assert_int_equal(gpu->fan_speed_rpm, 1420);
    assert_false(known_u64(gpu->fan_speed_percent));
    assert_true(gpu->energy_joules == 5);
    assert_true(isnan(gpu->power_consumption)); /* follows from two readings */
    assert_true(gpu->power_limit_watts == 225);
    assert_int_equal(gpu->pcie_generation, 4);
    assert_int_equal(gpu->pcie_width, 16);
    assert_int_equal(gpu->numa_node_id, 1);
    assert_int_equal(gpu->throttle_reasons.n, 2);
    assert_text(gpu->throttle_reasons.at[0], "power_cap");
    assert_text(gpu->throttle_reasons.at[1], "thermal");
    assert_true(isnan(gpu->utilization));
    assert_false(known_u64(gpu->total_memory) || known_u64(gpu->used_memory));
    gpu_cards_close(&cards);
    fixture_done(&f);
}

/* Power is what the energy counter moved by over the time that passed, which is all that is known of that time. */
static void power_from_energy(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_i915(&f);
    open_cards(&f, 1);
    int64_t before_ns = clock_mono_ns();
    (void)sample_one();
    nap_ms(50);
    fixture_put(&f, CARD "device/hwmon/hwmon7/energy1_input", "8000000\n"); /* 3 J */
    const struct gpu *gpu = sample_one();
    double took_s = (double)(clock_mono_ns() - before_ns) / 1e9;
    assert_true(gpu->power_consumption <= 3 / 0.05 + 0.001 && gpu->power_consumption >= 3 / took_s - 0.001);
    double watts = gpu->power_consumption;
    nap_ms(25);
    assert_true(sample_one()->power_consumption == watts); /* it stands still for a moment */
    fixture_put(&f, CARD "device/hwmon/hwmon7/energy1_input", "100\n");
    assert_true(isnan(sample_one()->power_consumption)); /* it has begun anew */
    nap_ms(25);
    fixture_put(&f, CARD "device/hwmon/hwmon7/energy1_input", "18446744073709551614\n");
    assert_true(isnan(sample_one()->power_consumption)); /* no card draws that */
    gpu_cards_close(&cards);
    fixture_done(&f);
}

/* That the card slept all the time says that it did not work; that it was awake does not say that it did. */
static void sleep_is_idleness(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_i915(&f);
    open_cards(&f, 1);
    (void)sample_one();
    nap_ms(5);
    fixture_put(&f, CARD "gt/gt0/rc6_residency_ms", "1000000\n");
    assert_true(sample_one()->utilization == 0);
    nap_ms(5);
    fixture_put(&f, CARD "gt/gt0/rc6_residency_ms", "1000001\n");
    assert_true(isnan(sample_one()->utilization));
    fixture_put(&f, CARD "gt/gt0/rc6_residency_ms", "0\n");
    assert_true(isnan(sample_one()->utilization));
    /* A second tile that does not tell how it slept. */
    fixture_drop(&f, CARD "device");
    fixture_put(&f, CARD "device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=0000:03:00.0\n");
    gpu_cards_close(&cards);
    fixture_put(&f, CARD "gt/gt1/id", "1\n");
    open_cards(&f, 1);
    (void)sample_one();
    fixture_put(&f, CARD "gt/gt0/rc6_residency_ms", "1000000\n");
    assert_true(isnan(sample_one()->utilization));
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void put_xe(const struct fixture *f) {
    fixture_put(f, CARD "device/uevent", "DRIVER=xe\nPCI_ID=8086:FFFF\nPCI_SLOT_NAME=0000:09:00.0\n");
    fixture_put(f, CARD "device/tile0/gt0/freq0/act_freq", "2850\n");
    fixture_put(f, CARD "device/tile0/gt0/freq0/max_freq", "2850\n");
    fixture_put(f, CARD "device/tile0/gt0/freq0/throttle/status", "0\n");
    fixture_put(f, CARD "device/tile0/gt1/freq0/act_freq", "1500\n");
    fixture_put(f, CARD "device/tile0/gt1/freq0/throttle/status", "1\n");
    fixture_put(f, CARD "device/tile0/gt1/freq0/throttle/reason_prochot", "1\n");
    fixture_put(f, CARD "device/tile0/physical_vram_size_bytes", "12884901888\n");
    fixture_put(f, CARD "device/tile1/physical_vram_size_bytes", "12884901888\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/name", "xe\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/energy1_input", "1000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/energy1_label", "pkg\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/energy2_input", "2000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/energy2_label", "card\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/power1_max", "0\n"); /* switched off */
    fixture_put(f, CARD "device/hwmon/hwmon2/power1_cap", "190000000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp2_input", "54000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp2_label", "pkg\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp2_crit", "100000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp2_emergency", "125000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp3_input", "56000\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/temp3_label", "vram\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/fan1_input", "1116\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/fan1_max", "2160\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/fan2_input", "1235\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/fan2_max", "2160\n");
    fixture_put(f, CARD "device/hwmon/hwmon2/fan3_input", "200000\n"); /* absurd */
}

static void a_card_of_xe(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_xe(&f);
    fixture_put(&f, "rootfs/usr/share/hwdata/pci.ids", "8086  Intel Corporation\n\tffff  Battlemage [Arc B999]\n");
    fixture_put(&f, "sys/module/xe/version", "1.2.3\n");
    open_cards(&f, 1);
    const struct gpu *gpu = sample_one();
    assert_text(gpu->name, "Intel Arc B999");
    assert_text(gpu_detail_of(gpu, "architecture"), "Battlemage");
    assert_text(gpu_detail_of(gpu, "Driver Version"), "1.2.3");
    assert_int_equal(gpu->frequency, 2850);
    assert_int_equal(gpu->temperature, 54);
    assert_int_equal(gpu->temperature_threshold_slowdown, 100);
    assert_int_equal(gpu->temperature_threshold_shutdown, 125);
    assert_int_equal(gpu->memory_temperature, 56);
    assert_int_equal(gpu->fan_speed_rpm, 1235);
    assert_int_equal(gpu->fan_speed_percent, 57);
    assert_true(gpu->energy_joules == 2);
    assert_true(gpu->power_limit_watts == 190);
    assert_true(gpu->total_memory == UINT64_C(2) * 12884901888);
    assert_int_equal(gpu->throttle_reasons.n, 1);
    assert_text(gpu->throttle_reasons.at[0], "hw_slowdown");
    gpu_cards_close(&cards);
    fixture_done(&f);
}

/* Nothing is read of a card that is switched off but what the kernel knows anyway. */
static void a_suspended_card(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_xe(&f);
    fixture_put(&f, CARD "device/power/runtime_status", "suspended\n");
    open_cards(&f, 1);
    const struct gpu *gpu = sample_one();
    assert_text(gpu->name, "Intel GPU 8086:ffff");
    assert_text(gpu_detail_of(gpu, "power_state"), "suspended");
    assert_false(known_u64(gpu->temperature) || known_u64(gpu->frequency) || known_u64(gpu->fan_speed_rpm));
    assert_true(isnan(gpu->utilization) && isnan(gpu->energy_joules));
    assert_true(known_u64(gpu->total_memory));
    fixture_put(&f, CARD "device/power/runtime_status", "active\n");
    assert_int_equal(sample_one()->temperature, 54);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void the_link_of_a_card_with_a_switch(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    fixture_put(&f, "sys/devices/up/vendor", "0x8086\n");
    fixture_put(&f, "sys/devices/up/class", "0x060400\n");
    fixture_put(&f, "sys/devices/up/current_link_speed", "8.0 GT/s PCIe\n");
    fixture_put(&f, "sys/devices/up/current_link_width", "4\n");
    fixture_put(&f, "sys/devices/up/down/0000:03:00.0/uevent", "DRIVER=i915\nPCI_ID=8086:56A5\n");
    fixture_put(&f, "sys/devices/up/down/0000:03:00.0/current_link_speed", "2.5 GT/s PCIe\n");
    fixture_put(&f, "sys/devices/up/down/0000:03:00.0/current_link_width", "1\n");
    fixture_put(&f, "sys/devices/up/down/0000:03:00.0/max_link_width", "1\n");
    gpu_put_link(&f, "../../../devices/up/down/0000:03:00.0", CARD "device");
    open_cards(&f, 1);
    const struct gpu *gpu = sample_one();
    assert_text(gpu->pci_bus_id, "0000:03:00.0");
    assert_int_equal(gpu->pcie_generation, 3);
    assert_int_equal(gpu->pcie_width, 4);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void a_card_goes_and_comes_back(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_i915(&f);
    open_cards(&f, 1);
    (void)sample_one();
    fixture_drop(&f, "sys/class/drm/card0");
    assert_int_equal(gpu_cards_sample(&cards), -ERR_STALE);
    assert_int_equal(gpu_cards_sample(&cards), -ERR_STALE);
    fixture_put(&f, "sys/class/drm/card4/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=0000:03:00.0\n");
    fixture_put(&f, "sys/class/drm/card4/gt_act_freq_mhz", "350\n"); /* where older kernels have it */
    assert_int_equal(sample_one()->frequency, 350);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void no_card(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    open_cards(&f, -ERR_ABSENT);
    gpu_cards_close(&cards);
    fixture_put(&f, CARD "device/uevent", "DRIVER=amdgpu\nPCI_ID=1002:73BF\nPCI_SLOT_NAME=0000:03:00.0\n");
    open_cards(&f, -ERR_ABSENT);
    gpu_cards_close(&cards);
    fixture_drop(&f, "sys");
    open_cards(&f, -ERR_ABSENT);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void many_cards(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    for (unsigned i = 0; i < 64; i++) {
        char name[64];
        char text[128];
        (void)snprintf(name, sizeof name, "sys/class/drm/card%u/device/uevent", i);
        (void)snprintf(text, sizeof text, "DRIVER=xe\nPCI_ID=8086:E20B\nPCI_SLOT_NAME=0000:%02x:00.0\n", i);
        fixture_put(&f, name, text);
    }
    open_cards(&f, 64);
    assert_ok(gpu_cards_sample(&cards), cards.err);
    assert_int_equal(cards.frame.gpus.n, 64);
    assert_text(cards.frame.gpus.at[63].pci_bus_id, "0000:3f:00.0");
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static const char *const files[] = {"gt/gt0/rps_act_freq_mhz", "gt/gt0/rc6_residency_ms",
    "gt/gt0/throttle_reason_status", "gt/gt0/throttle_reason_pl1", "gt/gt0/rps_max_freq_mhz",
    "device/hwmon/hwmon7/energy1_input", "device/hwmon/hwmon7/power1_max", "device/hwmon/hwmon7/temp1_input",
    "device/hwmon/hwmon7/fan1_input", "device/hwmon/hwmon7/power1_rated_max", "device/current_link_speed",
    "device/current_link_width", "lmem_total_bytes", "device/power/runtime_status"};

static void check_nothing_known(const struct gpu *gpu) {
    assert_false(known_u64(gpu->frequency) || known_u64(gpu->temperature) || known_u64(gpu->fan_speed_rpm));
    assert_false(known_u64(gpu->total_memory) || known_u64(gpu->pcie_generation) || known_u64(gpu->pcie_width));
    assert_false(known_f64(gpu->power_consumption) || known_f64(gpu->power_limit_watts) || known_f64(gpu->utilization));
    assert_int_equal(gpu->throttle_reasons.n, 0);
    assert_false(
        known_text(gpu_detail_of(gpu, "frequency_max")) || known_text(gpu_detail_of(gpu, "power_limit_default")));
}

/* Every file in turn and all at once hold rubbish: it costs those readings only. */
static void rubbish(void **state) {
    (void)state;
    static char huge[100 << 10];
    memset(huge, '9', sizeof huge);
    const struct text values[] = {TEXT(""), TEXT("-5000\n"), TEXT("18446744073709551615\n"),
        TEXT("99999999999999999999999\n"), TEXT("\0\1\2\xff\n"), TEXT("nan\n"), TEXT("\33[31m12\n"),
        {huge, sizeof huge}};
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        struct fixture f = {.root = ""};
        fixture_init(&f);
        put_i915(&f);
        open_cards(&f, 1);
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            char name[128];
            (void)snprintf(name, sizeof name, CARD "%s", files[i]);
            fixture_put_bytes(&f, name, values[v].at, values[v].len);
            (void)sample_one();
        }
        check_nothing_known(sample_one());
        for (size_t i = 0; i < COUNT_OF(files); i++) { /* a directory in its place, then nothing */
            char name[128];
            (void)snprintf(name, sizeof name, CARD "%s", files[i]);
            fixture_drop(&f, name);
            (void)sample_one();
            (void)snprintf(name, sizeof name, CARD "%s/x", files[i]);
            fixture_put(&f, name, "1\n");
        }
        check_nothing_known(sample_one());
        gpu_cards_close(&cards);
        fixture_done(&f);
    }
}

static void names_from_outside(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    fixture_put(&f, CARD "device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=../../\33[2J\n");
    fixture_put(&f, "sys/class/drm/card1/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=\33[2J\n");
    open_cards(&f, 2);
    assert_ok(gpu_cards_sample(&cards), cards.err);
    assert_text(cards.frame.gpus.at[0].pci_bus_id, "card0");  /* a path is no name */
    assert_text(cards.frame.gpus.at[1].pci_bus_id, "\33[2J"); /* bytes; who prints them escapes them */
    gpu_cards_close(&cards);
    fixture_done(&f);
}

/* The kernel's own clock stands for an engine that is always busy, where it may be read. */
static void put_unit(const struct fixture *f, const char *unit) {
    char name[160];
    const struct {
        const char *name, *text;
    } unit_files[] = {{"type", "1\n"}, {"cpumask", "0\n"}, {"format/i915_eventid", "config:0-20\n"},
        {"format/event", "config:0-11\n"}, {"format/engine_class", "config1:20-27\n"},
        {"format/engine_instance", "config1:12-19\n"}, {"format/gt", "config1:60-63\n"},
        {"events/rcs0-busy", "config=0x0\n"}, {"events/vcs0-busy", "i915_eventid=0\n"},
        {"events/vcs1-busy", "config=0x3039\n"}, {"events/rcs0-wait", "config=0x1\n"}, {"events/-busy", "config=0x0\n"},
        {"events/engine-active-ticks", "event=0x00\n"}, {"events/engine-total-ticks", "event=0x00\n"}};
    for (size_t i = 0; i < COUNT_OF(unit_files); i++) {
        (void)snprintf(name, sizeof name, "sys/bus/event_source/devices/%s/%s", unit, unit_files[i].name);
        fixture_put(f, name, unit_files[i].text);
    }
}

static bool may_count(void) {
    struct pmu software = {.type = PERF_TYPE_SOFTWARE, .cpu = 0};
    struct pmu_event event = {.words = {PERF_COUNT_SW_CPU_CLOCK}};
    int fd = -1;
    bool may = pmu_open_counter(&software, &event, &fd, NULL) == 0;
    file_close(&fd);
    return may;
}

/* Between two readings of a counter pair a busy machine may take the processor away, and a share above 100 % is none: again. */
static const struct gpu *sample_known(void) {
    const struct gpu *gpu = NULL;
    for (int tries = 0; tries < 200 && (!gpu || isnan(gpu->utilization)); tries++) {
        nap_ms(10);
        gpu = sample_one();
    }
    return gpu;
}

static void engines_of_i915(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_i915(&f);
    put_unit(&f, "i915_0000_03_00.0");
    if (!may_count()) {
        fixture_done(&f);
        skip();
    }
    open_cards(&f, 1);
    assert_true(isnan(sample_one()->utilization)); /* shares need two readings */
    const struct gpu *gpu = sample_known();
    assert_true(gpu->utilization > 0 && gpu->utilization <= 100);
    assert_true(gpu->decoder_utilization > 0 && gpu->decoder_utilization <= 100);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

/* Its counters keep a card awake, so they are left alone where it may sleep. */
static void engines_of_xe(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_xe(&f);
    put_unit(&f, "xe_0000_09_00.0");
    fixture_put(&f, CARD "device/tile0/gt0/engines/rcs/job_timeout_ms", "5000\n");
    fixture_put(&f, CARD "device/power/control", "auto\n");
    if (!may_count()) {
        fixture_done(&f);
        skip();
    }
    open_cards(&f, 1);
    (void)sample_one();
    nap_ms(5);
    assert_true(isnan(sample_one()->utilization));
    gpu_cards_close(&cards);
    fixture_put(&f, CARD "device/power/control", "on\n");
    open_cards(&f, 1);
    (void)sample_one();
    const struct gpu *gpu = sample_known();
    assert_true(gpu->utilization > 0 && gpu->utilization <= 100); /* the same clock counts both */
    assert_true(isnan(gpu->decoder_utilization));
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void doctor(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct report report = {.identifiers = false};
    fixture_init(&f);
    struct collect_options options = fixture_options(&f, 1U << SECTION_GPU);
    intel_driver.explain(&options, &report);
    assert_int_equal(report.findings.n, 1);
    assert_int_equal(report.findings.at[0].state, MISSING);
    report_done(&report);
    put_i915(&f);
    intel_driver.explain(&options, &report);
    assert_int_equal(report.findings.n, 1);
    assert_int_equal(report.findings.at[0].state, PARTLY);
    assert_text(report.findings.at[0].source, "intel: 0000:03:00.0 (Intel Arc A770)");
    report_done(&report);
    fixture_put(&f, CARD "device/power/runtime_status", "suspended\n");
    intel_driver.explain(&options, &report);
    assert_true(text_starts(report.findings.at[0].says, "suspended"));
    report_done(&report);
    fixture_done(&f);
}

static bool open_real(const char *tree) {
    char path[512];
    struct fixture f = {.root = ""};
    if (!gpu_real_tree(tree, path, sizeof path))
        return false;
    fixture_init(&f);
    struct collect_options options = fixture_options(&f, 1U << SECTION_GPU);
    options.roots.sysfs = path;
    gpu_cards_open(&cards, &intel_driver, &options);
    fixture_done(&f);
    assert_int_equal(cards.n, 1);
    (void)sample_one();
    return true;
}

/* Trees read off real machines: what a person reads in them. */
static void real_trees(void **state) {
    (void)state;
    if (!open_real("a380-i915"))
        skip();
    const struct gpu *gpu = sample_one();
    assert_text(gpu->name, "Intel Arc A380");
    assert_text(gpu->pci_bus_id, "0000:0b:00.0");
    assert_int_equal(gpu->frequency, 600);
    assert_int_equal(gpu->temperature, 55);
    assert_int_equal(gpu->fan_speed_rpm, 0);
    assert_true(gpu->energy_joules == 25637.161804);
    assert_true(gpu->power_limit_watts == 55);
    assert_true(isnan(gpu->utilization) && isnan(gpu->power_consumption));
    assert_false(known_u64(gpu->total_memory));
    assert_int_equal(gpu->pcie_generation, 1);
    assert_int_equal(gpu->pcie_width, 1);
    assert_true(gpu->throttle_reasons.asked && gpu->throttle_reasons.n == 0);
    gpu_cards_close(&cards);
    assert_true(open_real("b580"));
    gpu = sample_one();
    assert_text(gpu->name, "Intel Arc B580");
    assert_text(gpu->pci_bus_id, "0000:09:00.0");
    assert_int_equal(gpu->frequency, 0); /* asleep */
    assert_int_equal(gpu->temperature, 54);
    assert_int_equal(gpu->memory_temperature, 56);
    assert_int_equal(gpu->fan_speed_rpm, 1235);
    assert_int_equal(gpu->fan_speed_percent, 57);
    assert_true(gpu->energy_joules == 11031.745544);
    assert_true(gpu->power_limit_watts == 190);
    assert_false(known_u64(gpu->total_memory) || known_i64(gpu->numa_node_id));
    assert_text(gpu_detail_of(gpu, "frequency_max"), "2850");
    gpu_cards_close(&cards);
    assert_true(open_real("cometlake"));
    gpu = sample_one();
    assert_text(gpu->pci_bus_id, "0000:00:02.0");
    assert_int_equal(gpu->frequency, 300);
    assert_false(known_u64(gpu->temperature) || known_u64(gpu->total_memory) || known_u64(gpu->pcie_width));
    assert_text(gpu_detail_of(gpu, "frequency_max"), "1150");
    gpu_cards_close(&cards);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_of_i915),
        cmocka_unit_test(power_from_energy),
        cmocka_unit_test(sleep_is_idleness),
        cmocka_unit_test(a_card_of_xe),
        cmocka_unit_test(a_suspended_card),
        cmocka_unit_test(the_link_of_a_card_with_a_switch),
        cmocka_unit_test(a_card_goes_and_comes_back),
        cmocka_unit_test(no_card),
        cmocka_unit_test(many_cards),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(names_from_outside),
        cmocka_unit_test(engines_of_i915),
        cmocka_unit_test(engines_of_xe),
        cmocka_unit_test(doctor),
        cmocka_unit_test(real_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
