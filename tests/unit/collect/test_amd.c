/* tests/unit/collect/test_amd.c: AMD cards out of fixture trees: every field's unit, sleeping and vanishing cards, bad values. */
#include "fixture.h"

#include <math.h>

#include "base/number.h"
#include "collect/gpu/drivers.h"
#include "files.h"

static struct error err;

struct machine {
    struct fixture tree;
    struct collect_options options;
    struct cycle cycle;
    struct frame frame;
    void *driver;
};

static void machine_init(struct machine *m) {
    fixture_init(&m->tree);
    m->options = fixture_options(&m->tree, 1U << SECTION_GPU);
    m->cycle = (struct cycle){.host_id = TEXT("node-07"), .mono_ns = 1};
    frame_init(&m->frame);
    m->driver = NULL;
    fixture_put(&m->tree, "proc/2/comm", "kthreadd\n");
    fixture_put(&m->tree, "proc/sys/kernel/osrelease", "6.12.1\n");
}

static void machine_open(struct machine *m) {
    assert_ok(amd_driver.open(&m->options, &m->driver, &err), err);
}

static void machine_done(struct machine *m) {
    amd_driver.close(m->driver);
    frame_done(&m->frame);
    fixture_done(&m->tree);
}

static void *attach(struct machine *m, const char *key) {
    void *card = NULL;
    assert_ok(amd_driver.attach(m->driver, key, &card, &err), err);
    return card;
}

/* A later cycle, and a frame of its own. */
static int sample(struct machine *m, void *card) {
    m->cycle.mono_ns += INT64_C(20) * 1000000000;
    frame_reset(&m->frame);
    return amd_driver.sample(card, &m->cycle, &m->frame, &err);
}

static const struct gpu *sampled(struct machine *m, void *card) {
    assert_ok(sample(m, card), err);
    assert_int_equal(m->frame.gpus.n, 1);
    return &m->frame.gpus.at[0];
}

static void put(struct machine *m, const char *card, const char *file, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "sys/class/drm/%s/device/%s", card, file);
    fixture_put(&m->tree, path, text);
}

static void drop(struct machine *m, const char *card, const char *file) {
    char path[256];
    (void)snprintf(path, sizeof path, "sys/class/drm/%s/device/%s", card, file);
    fixture_drop(&m->tree, path);
}

static void put_pci(struct machine *m, const char *card, const char *slot) {
    char uevent[256];
    (void)snprintf(uevent, sizeof uevent, "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:73BF\nPCI_SLOT_NAME=%s\n", slot);
    put(m, card, "uevent", uevent);
}

static const char *const sensors[][2] = {
    {"hwmon/hwmon3/name", "amdgpu\n"},
    {"hwmon/hwmon3/temp1_input", "61499\n"},
    {"hwmon/hwmon3/temp1_crit", "100000\n"},
    {"hwmon/hwmon3/temp1_emergency", "105000\n"},
    {"hwmon/hwmon3/temp2_input", "75000\n"},
    {"hwmon/hwmon3/temp2_crit", "110000\n"},
    {"hwmon/hwmon3/temp2_emergency", "115000\n"},
    {"hwmon/hwmon3/temp3_input", "66000\n"},
    {"hwmon/hwmon3/power1_average", "41045000\n"},
    {"hwmon/hwmon3/power1_cap", "155500000\n"},
    {"hwmon/hwmon3/power1_cap_max", "201000000\n"},
    {"hwmon/hwmon3/power1_cap_min", "0\n"},
    {"hwmon/hwmon3/power1_cap_default", "150000000\n"},
    {"hwmon/hwmon3/fan1_input", "595\n"},
    {"hwmon/hwmon3/pwm1", "51\n"},
    {"hwmon/hwmon3/freq1_input", "798080000\n"},
    {"hwmon/hwmon3/freq2_input", "1750000000\n"},
};
static const char *const others[][2] = {
    {"revision", "0xc0\n"},
    {"gpu_busy_percent", "11\n"},
    {"mem_busy_percent", "2\n"},
    {"mem_info_vram_total", "4294967296\n"},
    {"mem_info_vram_used", "536870912\n"},
    {"mem_info_gtt_total", "8342712320\n"},
    {"pp_dpm_pcie", "0: 2.5GT/s, x8 \n1: 8.0GT/s, x16 *\n"},
    {"current_link_speed", "16.0 GT/s PCIe\n"},
    {"current_link_width", "16\n"},
    {"numa_node", "1\n"},
    {"unique_id", "946d7e1ef9b172dd\n"},
    {"vbios_version", "113-D4121EXT-CO1\n"},
    {"power/runtime_status", "active\n"},
    {"power_dpm_force_performance_level", "auto\n"},
    {"current_compute_partition", "SPX\n"},
    {"current_memory_partition", "NPS1\n"},
    {"ras/umc_err_count", "ue: 1\nce: 5\nde: 0\n"},
    {"ras/gfx_err_count", "ue: 0\nce: 2\n"},
    {"ras/xgmi_wafl_err_count", "ue: 100\nce: 100\n"},
    {"ras/gpu_vram_bad_pages", "0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : P\n"},
};

static void put_card(struct machine *m, const char *card, const char *slot) {
    put_pci(m, card, slot);
    for (size_t i = 0; i < COUNT_OF(sensors); i++)
        put(m, card, sensors[i][0], sensors[i][1]);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        put(m, card, others[i][0], others[i][1]);
}

static void put_table(struct machine *m, const char *card, const uint16_t *numbers, size_t size) {
    char path[256];
    (void)snprintf(path, sizeof path, "sys/class/drm/%s/device/gpu_metrics", card);
    fixture_put_bytes(&m->tree, path, (const char *)numbers, size);
}

static struct text detail_of(const struct gpu *gpu, const char *key) {
    for (size_t i = 0; i < gpu->detail.n; i++)
        if (text_is(gpu->detail.at[i].key, key))
            return gpu->detail.at[i].value;
    return (struct text){NULL, 0};
}

static void check_readings(const struct gpu *gpu) {
    assert_float_equal(gpu->utilization, 11, 0);
    assert_float_equal(gpu->memory_utilization, 2, 0);
    assert_int_equal(gpu->temperature, 61);
    assert_int_equal(gpu->memory_temperature, 66);
    assert_int_equal(gpu->temperature_threshold_slowdown, 100);
    assert_int_equal(gpu->temperature_threshold_shutdown, 105);
    assert_int_equal(gpu->used_memory, 536870912);
    assert_int_equal(gpu->total_memory, 4294967296);
    assert_int_equal(gpu->frequency, 798);
    assert_int_equal(gpu->memory_frequency_mhz, 1750);
    assert_float_equal(gpu->power_consumption, 41.045, 0);
    assert_float_equal(gpu->power_limit_watts, 155.5, 0);
    assert_int_equal(gpu->fan_speed_rpm, 595);
    assert_int_equal(gpu->fan_speed_percent, 20);
    assert_int_equal(gpu->pcie_generation, 3); /* the link of the card, not the one inside it */
    assert_int_equal(gpu->pcie_width, 16);
    assert_int_equal(gpu->ecc_uncorrected, 1);
    assert_int_equal(gpu->ecc_corrected, 7);
    assert_int_equal(gpu->retired_pages, 1);
}

static void check_details(const struct gpu *gpu) {
    static const char *const details[][2] = {
        {"Driver Version", "Linux 6.12.1"},
        {"driver", "amdgpu"},
        {"vbios_version", "113-D4121EXT-CO1"},
        {"PCIe Generation", "3"},
        {"PCIe Width", "x16"},
        {"pcie_generation_max", "3"},
        {"pcie_width_max", "x16"},
        {"power_limit_max", "201.00"},
        {"power_limit_min", "0.00"},
        {"power_limit_default", "150.00"},
        {"performance_level", "auto"},
        {"compute_partition", "SPX"},
        {"memory_partition", "NPS1"},
        {"gtt_total", "8342712320"},
    };
    for (size_t i = 0; i < COUNT_OF(details); i++)
        assert_text(detail_of(gpu, details[i][0]), details[i][1]);
    assert_null(detail_of(gpu, "power_state").at);
}

static void every_field(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    put(&m, "card0-DP-1", "uevent", "PCI_ID=1002:73BF\n");
    fixture_put(&m.tree, "rootfs/usr/share/libdrm/amdgpu.ids", "73BF,\tC0,\tAMD Radeon RX 6900 XT\n");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    for (int i = 0; i < 2; i++) { /* by new handles and by kept ones */
        const struct gpu *gpu = sampled(&m, card);
        check_readings(gpu);
        assert_text(gpu->uuid, "GPU-946d7e1ef9b172dd");
        assert_text(gpu->name, "AMD Radeon RX 6900 XT");
        assert_text(gpu->vendor, "amd");
        assert_text(gpu->pci_bus_id, "0000:0c:00.0");
        assert_int_equal(gpu->numa_node_id, 1);
        assert_false(known_f64(gpu->energy_joules) || known_u64(gpu->performance_state) || gpu->throttle_reasons.asked);
        check_details(gpu);
    }
    put(&m, "card0", "gpu_busy_percent", "99\n");
    put(&m, "card0", "hwmon/hwmon3/power1_cap", "100000000\n");
    const struct gpu *gpu = sampled(&m, card);
    assert_float_equal(gpu->utilization, 99, 0);
    assert_float_equal(gpu->power_limit_watts, 100, 0);
    amd_driver.detach(card);
    machine_done(&m);
}

static void other_sources(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_card(&m, "card1", "0000:0c:00.0");
    drop(&m, "card1", "hwmon/hwmon3/power1_average");
    drop(&m, "card1", "hwmon/hwmon3/freq1_input");
    drop(&m, "card1", "hwmon/hwmon3/freq2_input");
    drop(&m, "card1", "pp_dpm_pcie");
    drop(&m, "card1", "unique_id");
    put(&m, "card1", "hwmon/hwmon3/power1_input", "20500000\n");
    put(&m, "card1", "pp_dpm_sclk", "0: 500Mhz\n1: 2605Mhz *\n");
    put(&m, "card1", "pp_dpm_mclk", "0: 96Mhz *\n1: 1000Mhz\n");
    put(&m, "card1", "max_link_speed", "32.0 GT/s PCIe\n");
    put(&m, "card1", "max_link_width", "16\n");
    fixture_put(&m.tree, "sys/module/amdgpu/version", "6.7.0\n");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    const struct gpu *gpu = sampled(&m, card);
    assert_float_equal(gpu->power_consumption, 20.5, 0);
    assert_int_equal(gpu->frequency, 2605);
    assert_int_equal(gpu->memory_frequency_mhz, 96);
    assert_int_equal(gpu->pcie_generation, 4);
    assert_text(gpu->uuid, "GPU-node-07-0000:0c:00.0");
    assert_text(detail_of(gpu, "pcie_generation_max"), "5");
    assert_text(detail_of(gpu, "Driver Version"), "6.7.0");
    amd_driver.detach(card);
    machine_done(&m);
}

/* A table of version 1.4 (MI300), as sixteen-bit numbers: nothing known but what a test puts there. */
static void begin_1_4(uint16_t table[144]) {
    memset(table, 0xff, 288);
    table[0] = 288;
    table[1] = 4 << 8 | 1;
    table[2] = 75;  /* hotspot */
    table[3] = 62;  /* memory */
    table[5] = 740; /* W */
    table[6] = 88;  /* gfx */
    table[7] = 33;  /* umc */
    table[12] = 0;  /* energy: 65536 units of 2^-16 J */
    table[13] = 1;
    table[14] = 0;
    table[15] = 0;
    table[24] = 16;  /* lanes */
    table[25] = 320; /* 0.1 GT/s */
    table[120] = 2100;
    table[121] = 1900;
    table[140] = 1300;
}

static void accelerators_have_no_edge(void **state) {
    (void)state;
    struct machine m;
    uint16_t table[144];
    machine_init(&m);
    put_pci(&m, "card1", "0000:0c:00.0");
    put(&m, "card1", "hwmon/hwmon3/name", "amdgpu\n");
    put(&m, "card1", "hwmon/hwmon3/temp2_crit", "110000\n");
    put(&m, "card1", "hwmon/hwmon3/freq1_input", "132000000\n");
    begin_1_4(table);
    put_table(&m, "card1", table, sizeof table);
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    const struct gpu *gpu = sampled(&m, card);
    assert_int_equal(gpu->temperature, 75);
    assert_int_equal(gpu->temperature_threshold_slowdown, 110);
    assert_int_equal(gpu->memory_temperature, 62);
    assert_float_equal(gpu->power_consumption, 740, 0);
    assert_float_equal(gpu->energy_joules, 1, 0);
    assert_float_equal(gpu->utilization, 88, 0);
    assert_float_equal(gpu->memory_utilization, 33, 0);
    assert_int_equal(gpu->frequency, 2000); /* the mean of two dies, not the first */
    assert_int_equal(gpu->memory_frequency_mhz, 1300);
    assert_int_equal(gpu->pcie_generation, 5);
    assert_false(gpu->throttle_reasons.asked);
    put(&m, "card1", "hwmon/hwmon3/temp2_input", "80000\n"); /* sysfs counts first, once it is there */
    assert_int_equal(sampled(&m, card)->temperature, 80);
    amd_driver.detach(card);
    machine_done(&m);
}

/* From 1.6 on the table counts how long the clock was held back, so reasons come from two readings. */
static void reasons_out_of_counters(void **state) {
    (void)state;
    struct machine m;
    uint16_t table[192];
    machine_init(&m);
    put_pci(&m, "card1", "0000:0c:00.0");
    memset(table, 0xff, sizeof table);
    table[0] = 384;
    table[1] = 6 << 8 | 1;
    for (size_t i = 54; i < 64; i++) /* five counters of 32 bits */
        table[i] = i % 2 ? 0 : 100;
    put_table(&m, "card1", table, sizeof table);
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    assert_false(sampled(&m, card)->throttle_reasons.asked);
    const struct gpu *gpu = sampled(&m, card);
    assert_true(gpu->throttle_reasons.asked);
    assert_int_equal(gpu->throttle_reasons.n, 0);
    table[56]++; /* PPT */
    table[62]++; /* memory too hot */
    put_table(&m, "card1", table, sizeof table);
    gpu = sampled(&m, card);
    assert_int_equal(gpu->throttle_reasons.n, 2);
    assert_text(gpu->throttle_reasons.at[0], "power_cap");
    assert_text(gpu->throttle_reasons.at[1], "thermal");
    amd_driver.detach(card);
    machine_done(&m);
}

static void sleeping_cards_are_not_woken(void **state) {
    (void)state;
    static const char *const words[] = {"suspended", "suspending", "resuming"};
    struct machine m;
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    machine_open(&m);
    put(&m, "card0", "power/runtime_status", "suspended\n");
    void *card = attach(&m, "0000:0c:00.0");
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        put(&m, "card0", "power/runtime_status", words[i]);
        const struct gpu *gpu = sampled(&m, card);
        assert_text(detail_of(gpu, "power_state"), words[i]);
        assert_text(gpu->uuid, "GPU-946d7e1ef9b172dd");
        assert_int_equal(gpu->total_memory, 4294967296);
        assert_int_equal(gpu->used_memory, 536870912);
        assert_false(known_f64(gpu->utilization) || known_f64(gpu->power_consumption) || known_u64(gpu->temperature));
        assert_false(known_u64(gpu->frequency) || known_u64(gpu->fan_speed_rpm) || known_u64(gpu->pcie_generation));
        assert_false(known_u64(gpu->ecc_corrected) || known_f64(gpu->power_limit_watts));
    }
    put(&m, "card0", "power/runtime_status", "active\n");
    m.cycle.mono_ns -= INT64_C(20) * 1000000000; /* not yet time for what is read seldom, but it was never read */
    check_readings(sampled(&m, card));
    amd_driver.detach(card);
    machine_done(&m);
}

static void cards_vanish_and_come_back(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    put_card(&m, "card1", "0000:0d:00.0");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    check_readings(sampled(&m, card));
    fixture_drop(&m.tree, "sys/class/drm/card0");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sample(&m, card), -ERR_STALE);
        assert_string_equal(err.text, "is gone: it has left class/drm");
        assert_int_equal(m.frame.gpus.n, 0);
    }
    put_card(&m, "card5", "0000:0c:00.0"); /* under another name */
    put(&m, "card5", "gpu_busy_percent", "55\n");
    assert_float_equal(sampled(&m, card)->utilization, 55, 0);
    fixture_drop(&m.tree, "sys/class/drm/card5"); /* between two readings */
    put_card(&m, "card5", "0000:0e:00.0");        /* another card in its place */
    assert_int_equal(sample(&m, card), -ERR_STALE);
    amd_driver.detach(card);
    assert_int_equal(amd_driver.attach(m.driver, "0000:0c:00.0", &card, &err), -ERR_ABSENT);
    machine_done(&m);
}

static void check_nothing_read(const struct gpu *gpu) {
    assert_false(known_f64(gpu->utilization) || known_f64(gpu->memory_utilization));
    assert_false(known_u64(gpu->temperature) || known_u64(gpu->memory_temperature));
    assert_false(known_u64(gpu->used_memory) || known_u64(gpu->total_memory) || known_u64(gpu->frequency));
    assert_false(known_f64(gpu->power_consumption) || known_f64(gpu->power_limit_watts));
    assert_false(known_u64(gpu->fan_speed_rpm) || known_u64(gpu->fan_speed_percent));
    assert_false(known_u64(gpu->pcie_generation) || known_u64(gpu->pcie_width) || known_u64(gpu->ecc_corrected));
    assert_false(known_i64(gpu->numa_node_id));
    assert_text(gpu->uuid, "GPU-node-07-0000:0c:00.0");
    assert_text(gpu->name, "AMD GPU [1002:73bf]");
}

static void bad_values_are_unknown(void **state) {
    (void)state;
    static const char *const bad[] = {"", "\n", "-1\n", "-40000\n", "99999999999999999999\n", "18446744073709551615\n",
        "9223372036854775807\n", "0x10\n", "1 2 3\n", "\x01\x02\xff\xfe", "nan\n", "1e9\n", "\x1b[2J\n"};
    struct machine m;
    char huge[10000];
    memset(huge, '7', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    machine_init(&m);
    put_pci(&m, "card0", "0000:0c:00.0");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    for (size_t i = 0; i <= COUNT_OF(bad); i++) {
        const char *text = i < COUNT_OF(bad) ? bad[i] : huge;
        for (size_t k = 0; k < COUNT_OF(sensors); k++)
            put(&m, "card0", sensors[k][0], k == 0 ? "amdgpu\n" : text);
        for (size_t k = 0; k < COUNT_OF(others); k++)
            if (strncmp(others[k][0], "ras/gpu", 7) != 0 && strcmp(others[k][0], "power/runtime_status") != 0)
                put(&m, "card0", others[k][0], text);
        put(&m, "card0", "gpu_metrics", text);
        put(&m, "card0", "pp_dpm_sclk", text);
        amd_driver.detach(card);
        card = attach(&m, "0000:0c:00.0");
        check_nothing_read(sampled(&m, card));
    }
    amd_driver.detach(card);
    machine_done(&m);
}

static void absurd_values_are_unknown(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    put(&m, "card0", "gpu_busy_percent", "101\n");
    put(&m, "card0", "mem_busy_percent", "65535\n");
    put(&m, "card0", "mem_info_vram_used", "4294967297\n"); /* more than there is */
    put(&m, "card0", "hwmon/hwmon3/temp1_input", "251000\n");
    put(&m, "card0", "hwmon/hwmon3/temp2_input", "511000\n");
    put(&m, "card0", "hwmon/hwmon3/temp3_input", "-55000\n");
    put(&m, "card0", "hwmon/hwmon3/power1_average", "10000000001\n");
    put(&m, "card0", "hwmon/hwmon3/fan1_input", "200000\n");
    put(&m, "card0", "hwmon/hwmon3/pwm1", "256\n");
    put(&m, "card0", "hwmon/hwmon3/freq1_input", "30000000000\n");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    const struct gpu *gpu = sampled(&m, card);
    assert_false(known_f64(gpu->utilization) || known_f64(gpu->memory_utilization) || known_u64(gpu->used_memory));
    assert_false(
        known_u64(gpu->temperature) || known_u64(gpu->memory_temperature) || known_f64(gpu->power_consumption));
    assert_false(known_u64(gpu->fan_speed_rpm) || known_u64(gpu->fan_speed_percent) || known_u64(gpu->frequency));
    assert_int_equal(gpu->total_memory, 4294967296);
    put(&m, "card0", "hwmon/hwmon3/fan1_input", "1395\n"); /* it turns at a duty of 0 */
    put(&m, "card0", "hwmon/hwmon3/pwm1", "0\n");
    gpu = sampled(&m, card);
    assert_int_equal(gpu->fan_speed_rpm, 1395);
    assert_false(known_u64(gpu->fan_speed_percent));
    put(&m, "card0", "hwmon/hwmon3/fan1_input", "0\n"); /* it stands still */
    gpu = sampled(&m, card);
    assert_int_equal(gpu->fan_speed_rpm, 0);
    assert_int_equal(gpu->fan_speed_percent, 0);
    amd_driver.detach(card);
    machine_done(&m);
}

static void folders_in_place_of_files(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_pci(&m, "card0", "0000:0c:00.0");
    put(&m, "card0", "hwmon/hwmon3/name", "amdgpu\n");
    for (size_t k = 1; k < COUNT_OF(sensors); k++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s/x", sensors[k][0]);
        put(&m, "card0", name, "1\n");
    }
    put(&m, "card0", "gpu_busy_percent/x", "1\n");
    put(&m, "card0", "gpu_metrics/x", "1\n");
    put(&m, "card0", "mem_info_vram_total/x", "1\n");
    put(&m, "card0", "ras", "no folder\n");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    check_nothing_read(sampled(&m, card));
    amd_driver.detach(card);
    machine_done(&m);
}

static void names_of_products(void **state) {
    (void)state;
    struct machine m;
    char uncut[400];
    memset(uncut, 'x', sizeof uncut - 1);
    uncut[sizeof uncut - 1] = '\0';
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    put(&m, "card0", "unique_id", "0\n");
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    assert_text(sampled(&m, card)->name, "AMD GPU [1002:73bf]");
    assert_text(m.frame.gpus.at[0].uuid, "GPU-node-07-0000:0c:00.0");
    amd_driver.detach(card);
    fixture_put(&m.tree, "rootfs/usr/share/misc/pci.ids",
        "1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t73bf  Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]\n");
    card = attach(&m, "0000:0c:00.0");
    const struct gpu *gpu = sampled(&m, card);
    assert_text(gpu->name, "AMD Radeon RX 6800/6800 XT / 6900 XT");
    assert_text(detail_of(gpu, "architecture"), "Navi 21");
    amd_driver.detach(card);
    put(&m, "card0", "product_name", "evil\x1b[31m\x07 name\n");
    card = attach(&m, "0000:0c:00.0");
    assert_text(sampled(&m, card)->name, "evil\x1b[31m\x07 name");
    amd_driver.detach(card);
    put(&m, "card0", "product_name", uncut);
    card = attach(&m, "0000:0c:00.0");
    assert_true(sampled(&m, card)->name.len < 200);
    amd_driver.detach(card);
    machine_done(&m);
}

static void put_kfd(struct machine *m) {
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
    fixture_put(
        &m->tree, "sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 8\nlocation_id 3072\ndomain 0\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/1/gpu_id", "51140\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/1/properties",
        "simd_count 160\nsimd_per_cu 2\nlocation_id 3072\ndomain 0\ngfx_target_version 90402\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/2/gpu_id", "51141\n"); /* a partition of the same card */
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/2/properties",
        "simd_count 160\nsimd_per_cu 2\nlocation_id 268438528\ndomain 0\ngfx_target_version 90402\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/3/gpu_id", "777\n"); /* the card beside it */
    fixture_put(&m->tree, "sys/class/kfd/kfd/topology/nodes/3/properties", "location_id 3328\ndomain 0\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4711/vram_51140", "1000\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4711/vram_51141", "24\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4711/vram_777", "0\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4712/vram_51140", "0\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4712/vram_777", "4096\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4713/vram_51140", "-5\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/4714/vram_51140", "18446744073709551614\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/0/vram_51140", "5\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/99999999999/vram_51140", "5\n");
    fixture_put(&m->tree, "sys/class/kfd/kfd/proc/evil/vram_51140", "5\n");
}

static void processes_of_kfd(void **state) {
    (void)state;
    struct machine m;
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    put_kfd(&m);
    machine_open(&m);
    void *card = attach(&m, "0000:0c:00.0");
    const struct gpu *gpu = sampled(&m, card);
    assert_text(detail_of(gpu, "architecture"), "gfx942");
    assert_text(detail_of(gpu, "compute_units"), "160");
    assert_int_equal(m.frame.processes.n, 1);
    const struct process *row = &m.frame.processes.at[0];
    assert_int_equal(row->pid, 4711);
    assert_int_equal(row->used_memory, 1024);
    assert_text(row->device_uuid, "GPU-946d7e1ef9b172dd");
    assert_text(row->gpu_memory_kind, "kfd");
    put(&m, "card0", "power/runtime_status", "suspended\n"); /* the kernel knows without asking the card */
    assert_null(sampled(&m, card)->throttle_reasons.at);
    assert_int_equal(m.frame.processes.n, 1);
    amd_driver.detach(card);
    amd_driver.close(m.driver);
    fixture_put(&m.tree, "proc/2/comm", "bash\n"); /* another pid namespace than KFD's: these pids are somebody else */
    machine_open(&m);
    card = attach(&m, "0000:0c:00.0");
    assert_ok(sample(&m, card), err);
    assert_int_equal(m.frame.processes.n, 0);
    amd_driver.detach(card);
    machine_done(&m);
}

static void many_cards(void **state) {
    (void)state;
    enum { CARDS = 64 };
    static char keys[GPU_CARDS_MAX][GPU_KEY_MAX];
    void *cards[CARDS];
    struct machine m;
    machine_init(&m);
    for (int i = 0; i < CARDS; i++) {
        char name[16];
        char slot[32];
        (void)snprintf(name, sizeof name, "card%d", CARDS - 1 - i);
        (void)snprintf(slot, sizeof slot, "0000:%02x:00.0", (unsigned)i);
        put_card(&m, name, slot);
    }
    fixture_put(
        &m.tree, "sys/class/drm/card70/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A5\nPCI_SLOT_NAME=0000:70:00.0\n");
    size_t before = open_descriptors();
    machine_open(&m);
    assert_int_equal(amd_driver.list(m.driver, keys, 3, &err), 3);
    assert_int_equal(amd_driver.list(m.driver, keys, GPU_CARDS_MAX, &err), CARDS);
    assert_string_equal(keys[0], "0000:00:00.0"); /* in the order of PCI */
    assert_string_equal(keys[63], "0000:3f:00.0");
    for (int i = 0; i < CARDS; i++)
        cards[i] = attach(&m, keys[i]);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CARDS; i++)
            check_readings(sampled(&m, cards[i]));
    assert_true(open_descriptors() <= before + 1 + 128 + 2 * CARDS); /* sysfs, kept files, two folders of each */
    for (int i = 0; i < CARDS; i++)
        amd_driver.detach(cards[i]);
    machine_done(&m);
    assert_int_equal(open_descriptors(), before);
}

static int let_in(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info;
    (void)where;
    return type == FTW_D ? chmod(path, 0755) : 0;
}

static void no_permission(void **state) {
    (void)state;
    struct machine m;
    char path[256];
    machine_init(&m);
    put_card(&m, "card0", "0000:0c:00.0");
    (void)snprintf(path, sizeof path, "%s/sys/class/drm/card0/device/gpu_busy_percent", m.tree.root);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(nftw(m.tree.root, let_in, 16, FTW_PHYS), 0); /* everybody, but to that file */
    machine_open(&m);
    bool was_root = geteuid() == 0;
    if (was_root)
        assert_int_equal(seteuid(65534), 0);
    void *card = attach(&m, "0000:0c:00.0");
    int status = sample(&m, card);
    if (was_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, -ERR_OS);
    assert_string_equal(err.text, "its files in sysfs are not readable: Permission denied");
    assert_int_equal(m.frame.gpus.n, 1); /* with what could be read */
    assert_false(known_f64(m.frame.gpus.at[0].utilization));
    assert_int_equal(m.frame.gpus.at[0].temperature, 61);
    amd_driver.detach(card);
    machine_done(&m);
}

static void no_cards(void **state) {
    (void)state;
    struct machine m;
    void *driver = NULL;
    machine_init(&m);
    assert_int_equal(amd_driver.open(&m.options, &driver, &err), -ERR_ABSENT);
    fixture_put(
        &m.tree, "sys/class/drm/card0/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A5\nPCI_SLOT_NAME=0000:03:00.0\n");
    assert_int_equal(amd_driver.open(&m.options, &driver, &err), -ERR_ABSENT);
    m.options.roots.sysfs = "/nowhere";
    assert_int_equal(amd_driver.open(&m.options, &driver, &err), -ERR_ABSENT);
    machine_done(&m);
}

static const struct finding *explained(struct machine *m, struct report *report) {
    report_done(report);
    amd_driver.explain(&m->options, report);
    assert_int_equal(report->findings.n, 1);
    return &report->findings.at[0];
}

static void doctor(void **state) {
    (void)state;
    struct machine m;
    struct report report = {.identifiers = false};
    uint16_t table[144];
    machine_init(&m);
    const struct finding *f = explained(&m, &report);
    assert_int_equal(f->state, MISSING);
    assert_text(f->remedy, "if there is one: modprobe amdgpu");
    put_card(&m, "card0", "0000:0c:00.0");
    f = explained(&m, &report);
    assert_int_equal(f->state, PARTLY);
    assert_text(f->source, "amd: GPU 0 (AMD GPU [1002:73bf])");
    assert_text(f->says, "utilization, memory, power, no gpu_metrics table, KFD does not know the card");
    begin_1_4(table);
    put_table(&m, "card0", table, sizeof table);
    put_kfd(&m);
    f = explained(&m, &report);
    assert_int_equal(f->state, READABLE);
    assert_text(f->says, "utilization, memory, power, gpu_metrics 1.4, memory of processes through KFD");
    fixture_put(&m.tree, "proc/2/comm", "bash\n");
    f = explained(&m, &report);
    assert_int_equal(f->state, PARTLY);
    assert_true(text_starts(f->remedy, "--procfs"));
    put(&m, "card0", "power/runtime_status", "suspended\n");
    f = explained(&m, &report);
    assert_true(text_starts(f->says, "suspended"));
    report_done(&report);
    machine_done(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(other_sources),
        cmocka_unit_test(accelerators_have_no_edge),
        cmocka_unit_test(reasons_out_of_counters),
        cmocka_unit_test(sleeping_cards_are_not_woken),
        cmocka_unit_test(cards_vanish_and_come_back),
        cmocka_unit_test(bad_values_are_unknown),
        cmocka_unit_test(absurd_values_are_unknown),
        cmocka_unit_test(folders_in_place_of_files),
        cmocka_unit_test(names_of_products),
        cmocka_unit_test(processes_of_kfd),
        cmocka_unit_test(many_cards),
        cmocka_unit_test(no_permission),
        cmocka_unit_test(no_cards),
        cmocka_unit_test(doctor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
