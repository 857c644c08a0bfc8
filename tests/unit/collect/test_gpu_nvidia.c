/* tests/unit/collect/test_gpu_nvidia.c: NVIDIA's cards through the real loading code, with stand-ins for the library. */
#include "fixture.h"

#include <math.h>

#include "base/clock.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/nvidia_card.h"

enum { CARDS = 8 };

static struct error err;

struct bench { /* a driver with its cards, and the frame that they fill */
    struct fixture fixture;
    struct collect_options options;
    void *driver;
    char keys[GPU_CARDS_MAX][GPU_KEY_MAX];
    void *cards[CARDS];
    int n;
    struct frame frame;
    struct cycle cycle;
};

/* The library reads it again with the next call; a rename, so that it never sees half of it. */
static void script(const struct bench *b, const char *text) {
    char from[128];
    char to[128];
    fixture_put(&b->fixture, "script.new", text);
    (void)snprintf(from, sizeof from, "%s/script.new", b->fixture.root);
    (void)snprintf(to, sizeof to, "%s/script", b->fixture.root);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(setenv("FAKE_NVML_SCRIPT", to, 1), 0);
}

static void list_cards(struct bench *b) {
    b->n = nvidia_driver.list(b->driver, b->keys, GPU_CARDS_MAX, &err);
    assert_in_range(b->n, 0, CARDS);
}

static void open_with(struct bench *b, const char *library, const char *text) {
    *b = (struct bench){.cycle = {.host_id = TEXT("node-07"), .mono_ns = 1000 * NS_PER_SECOND}};
    fixture_init(&b->fixture);
    script(b, text);
    frame_init(&b->frame);
    b->options = fixture_options(&b->fixture, ~0U);
    b->options.nvml = library;
    assert_ok(nvidia_driver.open(&b->options, &b->driver, &err), err);
    list_cards(b);
    for (int i = 0; i < b->n; i++)
        assert_ok(nvidia_driver.attach(b->driver, b->keys[i], &b->cards[i], &err), err);
}

static void close_all(struct bench *b) {
    for (int i = 0; i < b->n; i++)
        nvidia_driver.detach(b->cards[i]);
    nvidia_driver.close(b->driver);
    frame_done(&b->frame);
    fixture_done(&b->fixture);
}

/* One cycle, a second after the last: the card's item alone is in the frame then. */
static int sample(struct bench *b, int card) {
    b->cycle.mono_ns += NS_PER_SECOND;
    frame_reset(&b->frame);
    err = (struct error){.text = ""};
    return nvidia_driver.sample(b->cards[card], &b->cycle, &b->frame, &err);
}
static const struct gpu *gpu_of(struct bench *b, int card) {
    assert_ok(sample(b, card), err);
    assert_int_equal(b->frame.gpus.n, 1);
    return b->frame.gpus.at;
}
static const struct gpu *gpu_after(struct bench *b, const char *text) {
    script(b, text);
    return gpu_of(b, 0);
}

static void near_at(double value, double expected, int line) {
    if (!(fabs(value - expected) <= 1e-6 * fabs(expected)))
        fail_msg("line %d: %g is not %g", line, value, expected);
}
#define assert_near(value, expected) near_at((value), (expected), __LINE__)

static void assert_detail(const struct gpu *g, const char *key, const char *value) {
    for (size_t i = 0; i < g->detail.n; i++) {
        if (!text_is(g->detail.at[i].key, key))
            continue;
        assert_text(g->detail.at[i].value, value);
        return;
    }
    fail_msg("no %s", key);
}

static void eight_cards_in_their_units(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "");
    assert_int_equal(b.n, CARDS);
    assert_string_equal(b.keys[0], "0000:01:00.0");
    for (int i = 0; i < CARDS; i++) {
        char uuid[64];
        (void)snprintf(uuid, sizeof uuid, "GPU-%08d-0000-0000-0000-000000000000", i);
        const struct gpu *g = gpu_of(&b, i);
        assert_text(g->uuid, uuid);
        assert_text(g->name, "NVIDIA H100 80GB HBM3");
        assert_text(g->vendor, "nvidia");
        assert_text(g->pci_bus_id, b.keys[i]);
        assert_near(g->utilization, 97);
        assert_near(g->memory_utilization, 41);
        assert_int_equal(g->total_memory, UINT64_C(81920) << 20);
        assert_int_equal(g->used_memory, UINT64_C(10240) << 20); /* without what the driver keeps for itself */
        assert_int_equal(g->temperature, 61);
        assert_int_equal(g->memory_temperature, 71);
        assert_int_equal(g->temperature_threshold_slowdown, 92);
        assert_int_equal(g->temperature_threshold_shutdown, 95);
        assert_int_equal(g->temperature_threshold_max_operating, 88);
        assert_int_equal(g->temperature_threshold_acoustic, 84);
        assert_near(g->power_consumption, 412.5); /* mW in the library */
        assert_near(g->power_limit_watts, 600);
        assert_near(g->energy_joules, 5000); /* mJ */
        assert_int_equal(g->frequency, 1980);
        assert_int_equal(g->sm_frequency_mhz, 1965);
        assert_int_equal(g->memory_frequency_mhz, 2619);
        assert_int_equal(g->performance_state, 0);
        assert_int_equal(g->gpu_core_count, 16896);
        assert_int_equal(g->numa_node_id, 1);
        assert_int_equal(g->gsp_firmware_mode, 1);
        assert_text(g->gsp_firmware_version, "570.124.06");
        assert_near(g->encoder_utilization, 11);
        assert_near(g->decoder_utilization, 12);
        assert_near(g->jpeg_utilization, 13);
        assert_near(g->ofa_utilization, 14);
        assert_int_equal(g->pcie_generation, 5);
        assert_int_equal(g->pcie_width, 16);
        assert_int_equal(g->nvlink_tx_bytes, 1000 << 10); /* KiB */
        assert_int_equal(g->nvlink_rx_bytes, 2000 << 10);
        assert_int_equal(g->nvlink_remote_devices.n, 2); /* the other sixteen links are down */
        assert_int_equal(g->nvlink_remote_devices.at[1].link_index, 1);
        assert_text(g->nvlink_remote_devices.at[1].remote_type, "switch");
        assert_int_equal(g->nvlink_remote_devices.at[1].bandwidth_mb_s, 26562);
        assert_int_equal(g->throttle_reasons.n, 2);
        assert_text(g->throttle_reasons.at[0], "power_cap");
        assert_text(g->throttle_reasons.at[1], "sw_power_cap");
        assert_int_equal(g->ecc_corrected, 7);
        assert_int_equal(g->ecc_uncorrected, 1);
        assert_int_equal(g->retired_pages, 5);
        assert_int_equal(g->remapped_rows, 9);
        assert_text(g->compute_mode, "Default");
        assert_text(g->persistence_mode, "Enabled");
        assert_detail(g, "Driver Version", "570.124.06");
        assert_detail(g, "CUDA Version", "12.8");
        assert_detail(g, "architecture", "Hopper");
        assert_detail(g, "PCIe Generation", "5");
        assert_detail(g, "PCIe Width", "x16");
        assert_detail(g, "power_limit_max", "700.00");
        assert_detail(g, "power_limit_min", "200.00");
        assert_detail(g, "power_limit_default", "650.00");
        assert_detail(g, "vbios_version", "96.00.89.00.01");
        assert_detail(g, "ecc_mode_current", "Enabled");
        assert_detail(g, "mig_mode_current", "Disabled");
        /* passive cooling, no error yet, not divided, and what needs two samples */
        assert_false(known_u64(g->fan_speed_percent) || known_u64(g->fan_speed_rpm) || known_u64(g->last_xid));
        assert_false(g->mig_instances.asked);
        assert_false(known_f64(g->gpm_metrics.sm_occupancy) || known_u64(g->pcie_tx_bytes_per_second));
    }
    nap_ms(120); /* GPM's samples are 100 ms apart */
    const struct gpu *g = gpu_of(&b, 0);
    assert_near(g->gpm_metrics.sm_occupancy, 0.5);
    assert_near(g->gpm_metrics.memory_bandwidth_utilization, 0.25);
    assert_int_equal(g->pcie_tx_bytes_per_second, 100 << 20); /* MiB/s */
    assert_int_equal(g->pcie_rx_bytes_per_second, 200 << 20);
    close_all(&b);
}

static void the_kernel_knows_the_numa_node(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 1\n");
    nvidia_driver.detach(b.cards[0]);
    nvidia_driver.close(b.driver);
    fixture_put(&b.fixture, "sys/bus/pci/devices/0000:01:00.0/numa_node", "3\n");
    assert_ok(nvidia_driver.open(&b.options, &b.driver, &err), err);
    assert_ok(nvidia_driver.attach(b.driver, b.keys[0], &b.cards[0], &err), err);
    assert_int_equal(gpu_of(&b, 0)->numa_node_id, 3);
    close_all(&b);
}

static void fans_links_and_reasons(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 fans 3\ncard 0 rpm1 none\ncard 0 remote0 0\ncard 0 remote1 255\ncard 0 reasons 0x3f9\n");
    const struct gpu *g = gpu_of(&b, 0);
    assert_int_equal(g->fan_speed_percent, 47); /* the fastest */
    assert_int_equal(g->fan_speed_rpm, 1500);   /* one without a tachometer: asked no more */
    assert_text(g->nvlink_remote_devices.at[0].remote_type, "gpu");
    assert_text(g->nvlink_remote_devices.at[1].remote_type, "unknown");
    static const char *const words[] = {"power_cap", "thermal", "idle", "hw_slowdown", "sync_boost", "sw_thermal",
        "hw_thermal", "hw_power_brake", "display_clock", "other"};
    assert_int_equal(g->throttle_reasons.n, COUNT_OF(words));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_text(g->throttle_reasons.at[i], words[i]);
    b.cycle.mono_ns += NVIDIA_SLOW_NS;
    assert_int_equal(gpu_of(&b, 0)->nvlink_remote_devices.n, 2);
    script(&b, "count 1\ncard 0 field.165.1 0\n");
    b.cycle.mono_ns += NVIDIA_SLOW_NS;
    assert_int_equal(gpu_of(&b, 0)->nvlink_remote_devices.n, 1); /* one went down */
    g = gpu_after(&b, "count 1\ncard 0 reasons 0\n");
    assert_true(g->throttle_reasons.asked && g->throttle_reasons.n == 0); /* known to be none */
    close_all(&b);
}

/* Links of the fifth generation count for themselves, in bytes. */
static void nvlink_of_the_fifth_generation(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 field.138 none\ncard 0 field.139 none\ncard 0 field.202.0 100\ncard 0 field.202.1 23\n"
        "card 0 field.204 1000\n");
    const struct gpu *g = gpu_of(&b, 0);
    assert_int_equal(g->nvlink_tx_bytes, 123);
    assert_int_equal(g->nvlink_rx_bytes, 2000);
    script(
        &b, "count 1\ncard 0 field.138 none\ncard 0 field.202 1\ncard 0 field.204.0 2\ncard 0 field.204.1 error 999\n");
    assert_true(sample(&b, 0) < 0);
    assert_string_equal(err.text, "NVLink traffic: unknown error of the driver");
    g = b.frame.gpus.at;
    assert_false(known_u64(g->nvlink_tx_bytes) || known_u64(g->nvlink_rx_bytes)); /* half a sum is none */
    close_all(&b);
}

static const struct {
    const char *call, *key;
    size_t offset;
    bool f64;
} by_call[] = {
#define ROW(call, member, is_double)                                                                                   \
    { call, #member, offsetof(struct gpu, member), is_double }
    ROW("nvmlDeviceGetUtilizationRates", utilization, true),
    ROW("nvmlDeviceGetUtilizationRates", memory_utilization, true),
    ROW("nvmlDeviceGetClockInfo", frequency, false),
    ROW("nvmlDeviceGetPerformanceState", performance_state, false),
    ROW("nvmlDeviceGetTemperatureThreshold", temperature_threshold_slowdown, false),
    ROW("nvmlDeviceGetTemperatureThreshold", temperature_threshold_acoustic, false),
    ROW("nvmlDeviceGetEncoderUtilization", encoder_utilization, true),
    ROW("nvmlDeviceGetDecoderUtilization", decoder_utilization, true),
    ROW("nvmlDeviceGetJpgUtilization", jpeg_utilization, true),
    ROW("nvmlDeviceGetOfaUtilization", ofa_utilization, true),
    ROW("nvmlDeviceGetCurrPcieLinkGeneration", pcie_generation, false),
    ROW("nvmlDeviceGetCurrPcieLinkWidth", pcie_width, false),
    ROW("nvmlDeviceGetNumGpuCores", gpu_core_count, false),
    ROW("nvmlDeviceGetGspFirmwareMode", gsp_firmware_mode, false),
    ROW("nvmlDeviceGetFieldValues", memory_temperature, false),
    ROW("nvmlDeviceGetFieldValues", nvlink_tx_bytes, false),
    ROW("nvmlDeviceGetFieldValues", remapped_rows, false),
#undef ROW
};

static bool known_member(const struct gpu *g, size_t row) {
    const void *at = (const char *)g + by_call[row].offset;
    return by_call[row].f64 ? known_f64(*(const double *)at) : known_u64(*(const uint64_t *)at);
}

static void an_error_costs_its_reading(void **state) {
    static const int results[] = {2, 3, 4, 13, 26, 999, 12345};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(by_call); i++) {
        for (size_t r = 0; r < COUNT_OF(results); r++) {
            struct bench b;
            char text[160];
            (void)snprintf(text, sizeof text, "count 1\ncard 0 %s error %d\n", by_call[i].call, results[r]);
            open_with(&b, FAKE_NVML, text);
            int status = sample(&b, 0);
            assert_int_equal(b.frame.gpus.n, 1);
            if (known_member(b.frame.gpus.at, i))
                fail_msg("%s is known although %s fails", by_call[i].key, by_call[i].call);
            assert_int_equal(b.frame.gpus.at->temperature, 61);
            bool passing =
                results[r] == 4 || results[r] >= 999; /* what may change is said, once; what is not there is not */
            assert_int_equal(status < 0, passing);
            if (passing)
                assert_non_null(
                    strstr(err.text, results[r] == 4 ? ": no permission" : ": unknown error of the driver"));
            assert_ok(sample(&b, 0), err);
            close_all(&b);
        }
    }
}

static void a_reading_comes_back(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 1\ncard 0 nvmlDeviceGetUtilizationRates error 999\n");
    assert_true(sample(&b, 0) < 0);
    assert_string_equal(err.text, "utilization: unknown error of the driver");
    assert_near(gpu_after(&b, "count 1\n")->utilization, 97);
    script(&b, "count 1\ncard 0 nvmlDeviceGetUtilizationRates error 4\ncard 0 nvmlDeviceGetJpgUtilization error 10\n");
    assert_true(sample(&b, 0) < 0); /* it begins anew: said again */
    assert_string_equal(err.text, "utilization: no permission (and 1 more)");
    close_all(&b);
}

/* Where the batched call has nothing, the single ones are asked. */
static void fields_have_stand_ins(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 nvmlDeviceGetFieldValues error 3\ncard 0 power 250000\ncard 0 limit 500000\ncard 0 energy "
        "1500\n"
        "card 0 corrected 8\ncard 0 uncorrected 2\ncard 0 nvmlDeviceGetMemoryInfo_v2 error 13\n"
        "card 0 nvmlDeviceGetTemperatureV error 3\ncard 0 temperature 55\n");
    const struct gpu *g = gpu_of(&b, 0);
    assert_near(g->power_consumption, 250);
    assert_near(g->power_limit_watts, 500);
    assert_near(g->energy_joules, 1.5);
    assert_int_equal(g->ecc_corrected, 8);
    assert_int_equal(g->ecc_uncorrected, 2);
    assert_int_equal(g->temperature, 55);
    assert_int_equal(g->used_memory, UINT64_C(11264) << 20); /* the older call counts what the driver keeps */
    assert_int_equal(g->nvlink_remote_devices.n, 2);
    assert_false(known_u64(g->nvlink_remote_devices.at[0].bandwidth_mb_s));
    close_all(&b);
}

static void absurd_values_are_unknown(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 utilization 101\ncard 0 memory_utilization 4294967295\ncard 0 temperature -40\n"
        "card 0 field.82 0\ncard 0 field.186 4000000000\ncard 0 field.83 i64:-1\ncard 0 clock 4294967295\ncard 0 "
        "pstate 32\n"
        "card 0 used 99999999999999\ncard 0 fans 4000000000\ncard 0 fan0 4000000000\ncard 0 rpm0 200000\n"
        "card 0 jpeg 4294967295\ncard 0 pcie_width 4096\ncard 0 field.138 0xffffffffffffff00\ncard 0 slowdown "
        "4294967295\n"
        "card 0 architecture 4294967295\ncard 0 gsp 7\ncard 0 compute_mode 9\ncard 0 persistence 5\ncard 0 field.142 "
        "-1\n"
        "card 0 power none\n");
    const struct gpu *g = gpu_of(&b, 0);
    assert_false(known_f64(g->utilization) || known_f64(g->memory_utilization) || known_u64(g->temperature));
    assert_false(known_u64(g->memory_temperature) || known_f64(g->power_consumption));
    assert_near(g->energy_joules, 5000); /* its single call is asked instead */
    assert_false(known_u64(g->frequency) || known_u64(g->performance_state));
    assert_false(known_u64(g->used_memory) || known_u64(g->total_memory));
    assert_int_equal(g->fan_speed_rpm, 1500 + 100 * (NVIDIA_FANS_MAX - 1)); /* not four billion fans were asked */
    assert_false(known_f64(g->jpeg_utilization) || known_u64(g->pcie_width) || known_u64(g->nvlink_tx_bytes));
    assert_false(known_u64(g->temperature_threshold_slowdown) || known_u64(g->gsp_firmware_mode));
    assert_false(known_text(g->compute_mode) || known_text(g->persistence_mode) || known_u64(g->remapped_rows));
    close_all(&b);
}

static void hostile_names_are_kept_and_bounded(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 name \033[31mH100\377\ncard 0 uuid a-name-that-is-longer-than-the-room-that-there-is-for-it-"
        "a-name-that-is-longer-than-the-room-that-there-is-for-it\n");
    assert_true(sample(&b, 0) < 0); /* without an identity there is no card */
    assert_int_equal(b.frame.gpus.n, 0);
    assert_string_equal(err.text, "UUID: more than there was room for");
    const struct gpu *g = gpu_after(&b, "count 1\ncard 0 name \033[31mH100\377\n");
    assert_text(g->name, "\033[31mH100\377");
    close_all(&b);
}

static void an_old_driver_has_what_it_has(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML_OLD, "count 2\ndriver 390.157\ncuda 9010\ncard 0 compute 100:512 200:unknown\n");
    assert_int_equal(b.n, 2);
    const struct gpu *g = gpu_of(&b, 0);
    assert_text(g->pci_bus_id, "0000:01:00.0");
    assert_detail(g, "Driver Version", "390.157");
    assert_detail(g, "CUDA Version", "9.1");
    assert_near(g->utilization, 97);
    assert_int_equal(g->used_memory, UINT64_C(11264) << 20);
    assert_int_equal(g->temperature, 61);
    assert_near(g->power_consumption, 300);
    assert_near(g->energy_joules, 5000);
    assert_int_equal(g->fan_speed_percent, 45);
    assert_int_equal(g->ecc_corrected, 7);
    assert_text(g->throttle_reasons.at[0], "power_cap");
    assert_false(known_u64(g->memory_temperature) || known_f64(g->jpeg_utilization) || known_u64(g->nvlink_tx_bytes));
    assert_false(g->mig_instances.asked);
    assert_int_equal(g->nvlink_remote_devices.n, 0);
    assert_int_equal(b.frame.processes.n, 2);
    assert_int_equal(b.frame.processes.at[0].pid, 100);
    assert_int_equal(b.frame.processes.at[0].used_memory, 512 << 20);
    assert_int_equal(b.frame.processes.at[1].pid, 200);
    assert_false(known_u64(b.frame.processes.at[1].used_memory));
    assert_false(known_f64(b.frame.processes.at[0].gpu_utilization));
    close_all(&b);
}

static void a_library_with_next_to_nothing(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML_BARE, "count 1\n");
    const struct gpu *g = gpu_of(&b, 0);
    assert_text(g->uuid, "GPU-00000000-0000-0000-0000-000000000000");
    assert_false(
        known_text(g->name) || known_f64(g->utilization) || known_u64(g->used_memory) || g->throttle_reasons.asked);
    assert_int_equal(g->detail.n, 0);
    close_all(&b);
}

static int try_open(const char *library, const char *text) {
    struct bench b = {.n = 0};
    fixture_init(&b.fixture);
    script(&b, text);
    b.options = fixture_options(&b.fixture, ~0U);
    b.options.nvml = library;
    int status = nvidia_driver.open(&b.options, &b.driver, &err);
    if (status == 0)
        nvidia_driver.close(b.driver);
    fixture_done(&b.fixture);
    return status;
}

static void why_there_is_no_driver(void **state) {
    (void)state;
    assert_int_equal(try_open("none", ""), -ERR_ABSENT);
    assert_int_equal(try_open("/nowhere/libnvidia-ml.so.1", ""), -ERR_OS);
    assert_non_null(strstr(err.text, "/nowhere/libnvidia-ml.so.1"));
    assert_int_equal(try_open("libm.so.6", ""), -ERR_FORMAT);
    assert_non_null(strstr(err.text, "lacks nvmlInit"));
    assert_int_equal(try_open(FAKE_NVML, "init error 9\n"), -ERR_ABSENT);
    assert_int_equal(try_open(FAKE_NVML, "init error 18\n"), -ERR_OS);
    assert_non_null(strstr(err.text, "the versions of library and kernel module differ"));
    assert_int_equal(try_open(FAKE_NVML, "init error 4\n"), -ERR_OS);
    assert_non_null(strstr(err.text, "no permission"));
    struct bench b;
    open_with(&b, FAKE_NVML, "count 0\n");
    assert_int_equal(b.n, 0);
    script(&b, "nvmlDeviceGetCount_v2 error 999\n");
    assert_int_equal(nvidia_driver.list(b.driver, b.keys, GPU_CARDS_MAX, &err), -ERR_OS);
    close_all(&b);
}

static void a_lost_card_comes_back(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 3\n");
    (void)gpu_of(&b, 1);
    script(&b, "count 3\ncard 1 lost\ncard 1 jpeg none\n");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    assert_non_null(strstr(err.text, "the GPU is lost"));
    assert_int_equal(b.frame.gpus.n, 0);
    assert_near(gpu_of(&b, 0)->utilization, 97); /* the others' readings go on */
    assert_int_equal(sample(&b, 1), -ERR_OS);    /* and it is said in every frame */
    list_cards(&b);
    assert_int_equal(b.n, 3);
    assert_string_equal(b.keys[1], "0000:02:00.0"); /* it keeps its name */
    script(&b, "count 3\ncard 1 jpeg none\n");
    assert_false(known_f64(gpu_of(&b, 1)->jpeg_utilization));
    /* after a reset or a new driver it may have other abilities */
    script(&b, "count 3\ncard 1 lost\n");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    script(&b, "count 3\ncard 1 nvmlDeviceGetClockInfo error 16\n");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    assert_non_null(strstr(err.text, "has to be reset"));
    assert_int_equal(b.frame.gpus.n, 0);
    script(&b, "count 3\n");
    assert_near(gpu_of(&b, 1)->jpeg_utilization, 13);
    close_all(&b);
}

/* Some cards are found again only by a library that was shut down and initialised anew. */
static void the_library_is_renewed_for_a_lost_card(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 2\n");
    (void)gpu_of(&b, 0);
    (void)gpu_of(&b, 1);
    script(&b, "count 2\ncard 1 lost-until-init\n");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    script(&b, "count 2\n");
    assert_int_equal(sample(&b, 1), -ERR_OS); /* not before its time */
    b.cycle.mono_ns += NVIDIA_RENEW_FIRST_NS;
    assert_int_equal(sample(&b, 1), -ERR_OS); /* renews at its end */
    assert_near(gpu_of(&b, 1)->utilization, 97);
    nap_ms(120);
    const struct gpu *g = gpu_of(&b, 0); /* with a handle of the new library */
    assert_near(g->utilization, 97);

    /* One that cannot be initialised any more is tried again, too. */
    script(&b, "count 2\ncard 1 lost-until-init\ninit error 18\n");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    b.cycle.mono_ns += NVIDIA_RENEW_FIRST_NS;
    assert_int_equal(sample(&b, 1), -ERR_OS);
    assert_int_equal(sample(&b, 0), -ERR_OS);
    assert_non_null(strstr(err.text, "the versions of library and kernel module differ"));
    assert_int_equal(nvidia_driver.list(b.driver, b.keys, GPU_CARDS_MAX, &err), -ERR_OS);
    script(&b, "count 2\n");
    b.cycle.mono_ns += NVIDIA_RENEW_LAST_NS;
    assert_int_equal(sample(&b, 0), -ERR_OS);
    (void)gpu_of(&b, 0);
    (void)gpu_of(&b, 1);
    close_all(&b);
}

static void a_card_lost_from_the_start(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 2\ncard 1 lost\n");
    assert_int_equal(b.n, 2);
    assert_string_equal(b.keys[1], "#1");
    assert_int_equal(sample(&b, 1), -ERR_OS);
    script(&b, "count 2\n");
    assert_text(gpu_of(&b, 1)->pci_bus_id, "0000:02:00.0");
    close_all(&b);
}

static void errors_of_the_card(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 2\n");
    assert_false(known_u64(gpu_of(&b, 0)->last_xid));
    script(&b, "count 2\ncard 0 xid 63\n");
    assert_int_equal(gpu_of(&b, 0)->last_xid, 63);
    assert_int_equal(gpu_of(&b, 0)->last_xid, 63); /* stays the last one */
    assert_false(known_u64(gpu_of(&b, 1)->last_xid));
    script(&b, "count 2\ncard 0 xid 79\n");
    assert_int_equal(gpu_of(&b, 0)->last_xid, 79);
    script(&b, "count 2\ncard 0 lost\n");
    assert_int_equal(sample(&b, 0), -ERR_OS);
    assert_non_null(strstr(err.text, "(its last XID: 79)"));
    script(&b, "count 2\n");
    assert_int_equal(gpu_of(&b, 0)->last_xid, 79);
    close_all(&b);
}

static void a_divided_card(void **state) {
    static const char parts[] = "count 2\ncard 1 mig 1g.10gb 7 10240 2048 MIG-aa\ncard 1 mig - 9 20480 1024 MIG-bb\n"
                                "card 1 mig0.compute 300:64 301:32\ncard 1 mig1.compute 300:16\ncard 1 compute 999:1\n"
                                "card 1 util 300:50@-200000\n";
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, parts);
    const struct gpu *g = gpu_of(&b, 1);
    assert_detail(g, "mig_mode_current", "Enabled");
    assert_false(
        known_f64(g->utilization)); /* the driver does not tell it of divided cards, and GPM needs two samples */
    assert_int_equal(g->mig_instances.n, 2);
    assert_text(g->mig_instances.at[0].uuid, "MIG-aa");
    assert_text(g->mig_instances.at[0].profile, "1g.10gb");
    assert_int_equal(g->mig_instances.at[0].total_memory, UINT64_C(10240) << 20);
    assert_int_equal(g->mig_instances.at[0].used_memory, UINT64_C(2048) << 20);
    assert_text(g->mig_instances.at[1].profile, "1g.20gb"); /* of its slices, where it has no name */
    assert_false(known_f64(g->mig_instances.at[0].utilization));
    assert_int_equal(b.frame.processes.n, 2);
    assert_int_equal(b.frame.processes.at[0].pid, 300);
    assert_int_equal(b.frame.processes.at[0].used_memory, 80 << 20); /* of both instances */
    assert_text(b.frame.processes.at[0].device_uuid, "GPU-00000001-0000-0000-0000-000000000000");
    assert_false(known_f64(b.frame.processes.at[0].gpu_utilization));
    nap_ms(120);
    g = gpu_of(&b, 1);
    assert_near(g->mig_instances.at[0].utilization, 90);
    assert_near(g->utilization, 90);
    assert_false(gpu_of(&b, 0)->mig_instances.asked);

    /* Whole again: what was not supported is, and the instances are gone. */
    script(&b, "count 2\n");
    b.cycle.mono_ns += NVIDIA_SLOW_NS;
    g = gpu_of(&b, 1);
    assert_false(g->mig_instances.asked);
    assert_near(g->utilization, 97);
    script(&b, parts);
    b.cycle.mono_ns += NVIDIA_SLOW_NS;
    assert_int_equal(gpu_of(&b, 1)->mig_instances.n, 2);
    close_all(&b);
}

static const struct process *row_of(const struct bench *b, unsigned pid) {
    const struct process *found = NULL;
    for (size_t i = 0; i < b->frame.processes.n; i++) {
        if (b->frame.processes.at[i].pid != pid)
            continue;
        assert_null(found); /* one row each */
        found = &b->frame.processes.at[i];
    }
    assert_non_null(found);
    return found;
}

static void processes_of_a_card(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 compute 100:512 200:unknown 100:100 400:7\ncard 0 graphics 100:612 300:9\n"
        "card 0 mps 500:1 600:99999999\ncard 0 util 100:10@-600000 100:60@-100000 300:77@-300000 400:250@-10\n");
    (void)gpu_of(&b, 0);
    assert_int_equal(b.frame.processes.n, 6);
    const struct process *p = row_of(&b, 100);
    assert_text(p->device_uuid, "GPU-00000000-0000-0000-0000-000000000000");
    assert_int_equal(p->used_memory, 612 << 20); /* two contexts, and all of it in the other list again */
    assert_text(p->gpu_memory_kind, "vram");
    assert_true(p->uses_gpu == YES);
    /* 400 ms at 10, 500 ms at 60: as long as the test does not dawdle, and never outside of what was measured */
    assert_true(p->gpu_utilization > 10 && p->gpu_utilization < 60);
    assert_false(known_u64(row_of(&b, 200)->used_memory)); /* the driver says that it does not know */
    assert_near(row_of(&b, 200)->gpu_utilization, 0);      /* it did nothing */
    assert_near(row_of(&b, 300)->gpu_utilization, 77);
    assert_false(known_f64(row_of(&b, 400)->gpu_utilization));
    assert_int_equal(row_of(&b, 500)->used_memory, 1 << 20);
    assert_false(known_u64(row_of(&b, 600)->used_memory)); /* more than the card has */
    close_all(&b);
}

static void no_new_sample_is_not_idle(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 1\ncard 0 compute 100:1\ncard 0 util 100:40@-1000\n");
    (void)gpu_of(&b, 0);
    assert_near(row_of(&b, 100)->gpu_utilization, 40);
    (void)gpu_after(&b, "count 1\ncard 0 compute 100:1\n");
    assert_near(row_of(&b, 100)->gpu_utilization, 40); /* the driver samples less often than we ask */
    nap_ms(1100);
    (void)gpu_of(&b, 0);
    assert_near(row_of(&b, 100)->gpu_utilization, 0);
    (void)gpu_after(&b, "count 1\ncard 0 compute 100:1\ncard 0 util none\n");
    assert_false(known_f64(row_of(&b, 100)->gpu_utilization));
    close_all(&b);
}

/* Drivers 535 before 535.98 write entries of 32 bytes; reading them as 24 would invent processes. */
static void the_larger_entries_of_some_drivers(void **state) {
    static const char *const versions[] = {"535.43.02", "535.54.03", "535.86.05", "535.98", "530.41.03", "rubbish"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct bench b;
        char text[160];
        (void)snprintf(text, sizeof text, "count 1\ndriver %s\nprocess_bytes %d\ncard 0 compute 100:1 200:2 300:3\n",
            versions[i], i < 3 ? 32 : 24);
        open_with(&b, FAKE_NVML, text);
        (void)gpu_of(&b, 0);
        assert_int_equal(b.frame.processes.n, 3);
        assert_int_equal(row_of(&b, 200)->used_memory, 2 << 20);
        assert_int_equal(row_of(&b, 300)->used_memory, 3 << 20);
        close_all(&b);
    }
}

static void more_processes_than_places(void **state) {
    (void)state;
    struct bench b;
    char text[1024] = "count 1\ncard 0 compute";
    for (unsigned i = 1; i <= 120; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), " %u:%u", i, i);
    (void)strcat(text, "\n");
    open_with(&b, FAKE_NVML, text);
    (void)gpu_of(&b, 0);
    assert_int_equal(b.frame.processes.n, 120);
    assert_int_equal(row_of(&b, 120)->used_memory, 120 << 20);
    close_all(&b);
}

static void rates_of_counters(void **state) {
    const struct nvidia_counter none = {U64_UNKNOWN, 64};
    (void)state;
    assert_near(
        nvidia_counter_rate((struct nvidia_counter){100, 64}, (struct nvidia_counter){300, 64}, NS_PER_SECOND / 2, NAN),
        400);
    assert_true(isnan(
        nvidia_counter_rate((struct nvidia_counter){300, 64}, (struct nvidia_counter){100, 64}, NS_PER_SECOND, NAN)));
    assert_true(isnan(nvidia_counter_rate(none, (struct nvidia_counter){100, 64}, NS_PER_SECOND, NAN)));
    assert_true(isnan(nvidia_counter_rate((struct nvidia_counter){1, 64}, (struct nvidia_counter){2, 64}, 0, NAN)));
    /* of 32 bits: it may go around once, if the link cannot move more meanwhile */
    assert_near(nvidia_counter_rate(
                    (struct nvidia_counter){UINT32_MAX, 32}, (struct nvidia_counter){99, 32}, NS_PER_SECOND, 1e9),
        100);
    assert_true(isnan(
        nvidia_counter_rate((struct nvidia_counter){1, 32}, (struct nvidia_counter){99, 32}, NS_PER_SECOND, 64e9)));
    assert_true(isnan(
        nvidia_counter_rate((struct nvidia_counter){1, 32}, (struct nvidia_counter){99, 32}, NS_PER_SECOND, NAN)));
}

static void pcie_from_counters(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML,
        "count 1\ncard 0 gpm 0\ncard 0 field.197 100\ncard 0 field.198 u32:4294967290\ncard 0 pcie_generation 1\n"
        "card 0 pcie_width 1\n");
    int64_t before = clock_mono_ns();
    assert_false(known_u64(gpu_of(&b, 0)->pcie_tx_bytes_per_second));
    int64_t between = clock_mono_ns();
    nap_ms(20);
    int64_t late = clock_mono_ns();
    const struct gpu *g = gpu_after(&b,
        "count 1\ncard 0 gpm 0\ncard 0 field.197 1000100\ncard 0 field.198 u32:1999994\ncard 0 pcie_generation 1\n"
        "card 0 pcie_width 1\n");
    int64_t after = clock_mono_ns();
    double most = 1e15 / (double)(late - between) + 1;
    double least = 1e15 / (double)(after - before) - 1;
    assert_true((double)g->pcie_tx_bytes_per_second <= most && (double)g->pcie_tx_bytes_per_second >= least);
    /* 2,000,000 bytes, around the end of its 32 bits */
    assert_true(
        (double)g->pcie_rx_bytes_per_second <= 2 * most && (double)g->pcie_rx_bytes_per_second >= 2 * least - 2);
    assert_false(known_f64(g->gpm_metrics.sm_occupancy));
    close_all(&b);
}

static void counters_of_the_card_are_recorded_as_counted(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 1\ncard 0 field.83 1000+500\ncard 0 field.138 u32:4294967295\n");
    assert_near(gpu_of(&b, 0)->energy_joules, 1);
    const struct gpu *g = gpu_of(&b, 0);
    assert_near(g->energy_joules, 1.5);
    assert_int_equal(g->nvlink_tx_bytes, UINT64_C(4294967295) << 10);
    g = gpu_after(&b, "count 1\ncard 0 field.83 7\n"); /* reset with the card: a reader sees that it fell */
    assert_near(g->energy_joules, 0.007);
    close_all(&b);
}

/* What changes rarely is asked every few seconds, what never does once; what is not there, not again. */
static void calls_per_frame(void **state) {
    (void)state;
    struct bench b;
    open_with(&b, FAKE_NVML, "count 1\n");
    (void)gpu_of(&b, 0);
    uint64_t first = nvidia_card_calls(b.cards[0]);
    (void)gpu_of(&b, 0);
    uint64_t next = nvidia_card_calls(b.cards[0]) - first;
    assert_in_range(next, 10, 25);
    assert_true(first > next + 20);
    script(&b, "count 1\ncard 0 pcie_width 8\n");
    assert_int_equal(gpu_of(&b, 0)->pcie_width, 16);
    b.cycle.mono_ns += NVIDIA_SLOW_NS;
    assert_int_equal(gpu_of(&b, 0)->pcie_width, 8);
    script(&b, "count 1\ncard 0 nvmlDeviceGetJpgUtilization error 3\ncard 0 nvmlDeviceGetOfaUtilization error 3\n");
    (void)gpu_of(&b, 0);
    uint64_t before = nvidia_card_calls(b.cards[0]);
    (void)gpu_of(&b, 0);
    assert_int_equal(nvidia_card_calls(b.cards[0]) - before, next - 2);
    close_all(&b);
}

static const struct finding *finding(const struct report *r, const char *source) {
    for (size_t i = 0; i < r->findings.n; i++)
        if (text_starts(r->findings.at[i].source, source))
            return &r->findings.at[i];
    fail_msg("nothing of %s", source);
    return NULL;
}

static void explain(const char *library, const char *text, struct report *ret) {
    struct bench b = {.n = 0};
    fixture_init(&b.fixture);
    script(&b, text);
    b.options = fixture_options(&b.fixture, ~0U);
    b.options.nvml = library;
    nvidia_driver.explain(&b.options, ret);
    fixture_done(&b.fixture);
}

static void what_doctor_says(void **state) {
    (void)state;
    struct report r = {.identifiers = false};
    explain(FAKE_NVML, "count 4\ncard 1 lost\ncard 2 nvmlDeviceGetUtilizationRates error 4\ncard 3 ofa none\n", &r);
    assert_int_equal(r.findings.n, 4);
    const struct finding *f = finding(&r, "nvidia: GPU 0000:01:00.0 (NVIDIA H100 80GB HBM3)");
    assert_int_equal(f->state, READABLE);
    assert_text(f->says, "driver 570.124.06");
    f = finding(&r, "nvidia: GPU #1");
    assert_int_equal(f->state, DENIED);
    assert_true(text_starts(f->says, "the GPU is lost"));
    assert_true(known_text(f->remedy));
    f = finding(&r, "nvidia: GPU 0000:03:00.0");
    assert_int_equal(f->state, PARTLY);
    assert_text(f->says, "utilization: no permission");
    assert_text(f->remedy, "let this user open /dev/nvidiactl and /dev/nvidia0");
    assert_text(finding(&r, "nvidia: GPU 0000:04:00.0")->says,
        "driver 570.124.06; not told by this card: optical flow utilization");
    report_done(&r);

    r.identifiers = true;
    explain(FAKE_NVML, "count 1\n", &r);
    assert_text(r.findings.at[0].says, "driver 570.124.06, GPU-00000000-0000-0000-0000-000000000000");
    report_done(&r);
    explain(FAKE_NVML, "init error 18\n", &r);
    assert_int_equal(r.findings.at[0].state, DENIED);
    assert_true(known_text(r.findings.at[0].remedy));
    report_done(&r);
    explain(FAKE_NVML, "count 0\n", &r);
    assert_text(r.findings.at[0].says, "the driver works, and has no card");
    report_done(&r);
    explain("none", "", &r);
    assert_int_equal(r.findings.at[0].state, MISSING);
    report_done(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_cards_in_their_units),
        cmocka_unit_test(the_kernel_knows_the_numa_node),
        cmocka_unit_test(fans_links_and_reasons),
        cmocka_unit_test(nvlink_of_the_fifth_generation),
        cmocka_unit_test(an_error_costs_its_reading),
        cmocka_unit_test(a_reading_comes_back),
        cmocka_unit_test(fields_have_stand_ins),
        cmocka_unit_test(absurd_values_are_unknown),
        cmocka_unit_test(hostile_names_are_kept_and_bounded),
        cmocka_unit_test(an_old_driver_has_what_it_has),
        cmocka_unit_test(a_library_with_next_to_nothing),
        cmocka_unit_test(why_there_is_no_driver),
        cmocka_unit_test(a_lost_card_comes_back),
        cmocka_unit_test(the_library_is_renewed_for_a_lost_card),
        cmocka_unit_test(a_card_lost_from_the_start),
        cmocka_unit_test(errors_of_the_card),
        cmocka_unit_test(a_divided_card),
        cmocka_unit_test(processes_of_a_card),
        cmocka_unit_test(no_new_sample_is_not_idle),
        cmocka_unit_test(the_larger_entries_of_some_drivers),
        cmocka_unit_test(more_processes_than_places),
        cmocka_unit_test(rates_of_counters),
        cmocka_unit_test(pcie_from_counters),
        cmocka_unit_test(counters_of_the_card_are_recorded_as_counted),
        cmocka_unit_test(calls_per_frame),
        cmocka_unit_test(what_doctor_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
