/* collect/gpu/amd_put.c: puts what an AMD card tells into a frame. */
#include "collect/gpu/amd_put.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

/* Readings outside of these are taken for faults of the sensor. */
enum { CELSIUS_MAX = 250, WATTS_MAX = 10000, RPM_MAX = 50000, MHZ_MAX = 20000, BYTES_MAX_LOG2 = 50 };

static void detail(struct frame *into, struct gpu *gpu, const char *key, const char *fmt, ...) PRINTF(4, 5);
static void detail(struct frame *into, struct gpu *gpu, const char *key, const char *fmt, ...) {
    char value[192];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    if (value[0])
        frame_add_detail(&into->arena, &gpu->detail.list, text_of(key), arena_text(&into->arena, text_of(value)));
}

static void detail_u64(struct frame *into, struct gpu *gpu, const char *key, uint64_t value) {
    if (known_u64(value))
        detail(into, gpu, key, "%" PRIu64, value);
}

static void detail_watts(struct frame *into, struct gpu *gpu, const char *key, double watts) {
    if (known_f64(watts))
        detail(into, gpu, key, "%.2f", watts);
}

static uint64_t at_most(uint64_t value, uint64_t most) {
    return value <= most ? value : U64_UNKNOWN;
}

static uint64_t first_known(uint64_t a, uint64_t b) {
    return known_u64(a) ? a : b;
}

static uint64_t celsius(uint64_t millidegrees) {
    return known_u64(millidegrees) ? at_most((millidegrees / 500 + 1) / 2, CELSIUS_MAX) : U64_UNKNOWN;
}

static double watts(uint64_t microwatts) {
    return microwatts <= UINT64_C(1000000) * WATTS_MAX ? (double)microwatts / 1e6 : NAN;
}

static uint64_t bytes(uint64_t n) {
    return n >> BYTES_MAX_LOG2 == 0 ? n : U64_UNKNOWN;
}

void amd_slow_clear(struct amd_slow *slow) {
    *slow = (struct amd_slow){
        .vram_total = U64_UNKNOWN,
        .gtt_total = U64_UNKNOWN,
        .power_limit = NAN,
        .power_max = NAN,
        .power_default = NAN,
        .power_min = NAN,
        .critical = {U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN},
        .emergency = {U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN},
        .link = {U64_UNKNOWN, U64_UNKNOWN},
        .best_link = {U64_UNKNOWN, U64_UNKNOWN},
        .corrected = U64_UNKNOWN,
        .uncorrected = U64_UNKNOWN,
        .retired = U64_UNKNOWN,
    };
}

void amd_slow_read_sizes(int device_fd, struct amd_slow *slow) {
    uint64_t vram = bytes(kernel_u64(device_fd, "mem_info_vram_total"));
    slow->vram_total = vram > 0 ? vram : U64_UNKNOWN;
    slow->gtt_total = bytes(kernel_u64(device_fd, "mem_info_gtt_total"));
}

/* Memory and caches; errors of links are no matter of ECC. */
static void read_errors(int device_fd, struct amd_slow *slow) {
    static const char *const blocks[] = {"umc", "gfx", "sdma", "mmhub", "hdp", "vcn", "jpeg"};
    enum { PAGES_FILE_MAX = 1 << 20 };
    char buf[KERNEL_VALUE_MAX];
    slow->corrected = slow->uncorrected = slow->retired = U64_UNKNOWN;
    int fd CLEANUP(file_close) = -1;
    if (kernel_dir_open_at(device_fd, "ras", &fd, NULL) < 0)
        return;
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        struct text text = kernel_text(fd, buf, "%s_err_count", blocks[i]);
        if (known_text(text))
            amd_parse_ras(text, &slow->uncorrected, &slow->corrected);
    }
    struct buffer pages CLEANUP(buffer_done) = {.limit = PAGES_FILE_MAX};
    if (file_read_all(fd, "gpu_vram_bad_pages", &pages, NULL) == 0)
        slow->retired = amd_count_retired((struct text){pages.at, pages.len});
}

/* The port of a card with a switch of its own tells of the link inside the card, so the driver's levels count first. */
static void read_link(int device_fd, struct amd_slow *slow) {
    char buf[1024];
    ssize_t n = file_read_at(device_fd, "pp_dpm_pcie", buf, sizeof buf, NULL);
    struct text levels = n > 0 ? (struct text){buf, strnlen(buf, (size_t)n)} : TEXT("");
    slow->link = amd_parse_link(levels, false);
    slow->best_link = amd_parse_link(levels, true);
    if (n > 0)
        return;
    char value[KERNEL_VALUE_MAX];
    slow->link = pci_link_read(device_fd, ".");
    slow->best_link.generation = pci_parse_generation(kernel_text(device_fd, value, "max_link_speed"));
    slow->best_link.width = at_most(kernel_u64(device_fd, "max_link_width"), 32);
}

static void read_word(int device_fd, const char *file, char *ret, size_t cap) {
    char buf[KERNEL_VALUE_MAX];
    struct text word = amd_value(kernel_text(device_fd, buf, "%s", file));
    (void)snprintf(ret, cap, "%.*s", known_text(word) ? (int)word.len : 0, known_text(word) ? word.at : "");
}

void amd_slow_read(const struct amd_files *files, struct amd_slow *slow) {
    int device_fd = files->device_fd;
    if (files->hwmon_fd >= 0) {
        slow->power_limit = watts(kernel_u64(files->hwmon_fd, "power1_cap"));
        slow->power_max = watts(kernel_u64(files->hwmon_fd, "power1_cap_max"));
        slow->power_default = watts(kernel_u64(files->hwmon_fd, "power1_cap_default"));
        slow->power_min = watts(kernel_u64(files->hwmon_fd, "power1_cap_min"));
        for (unsigned i = 0; i < AMD_SENSORS; i++) {
            slow->critical[i] = celsius(kernel_u64(files->hwmon_fd, "temp%u_crit", i + 1));
            slow->emergency[i] = celsius(kernel_u64(files->hwmon_fd, "temp%u_emergency", i + 1));
        }
    }
    read_link(device_fd, slow);
    read_errors(device_fd, slow);
    read_word(device_fd, "power_dpm_force_performance_level", slow->performance_level, sizeof slow->performance_level);
    read_word(device_fd, "current_compute_partition", slow->compute_partition, sizeof slow->compute_partition);
    read_word(device_fd, "current_memory_partition", slow->memory_partition, sizeof slow->memory_partition);
}

void amd_put_identity(struct frame *into, struct gpu *gpu, const struct amd_identity *id, struct text host_id,
    const char *driver_version) {
    gpu->uuid = amd_uuid(id, &into->arena, host_id);
    gpu->name = arena_text(&into->arena, text_of(id->name));
    gpu->vendor = TEXT("amd");
    gpu->pci_bus_id = arena_text(&into->arena, text_of(id->pci.name));
    gpu->numa_node_id = id->numa_node;
    gpu->detail.asked = true;
    detail(into, gpu, "Driver Version", "%s", driver_version);
    detail(into, gpu, "driver", "%s", id->pci.driver);
    detail(into, gpu, "architecture", "%s", id->architecture);
    detail(into, gpu, "vbios_version", "%s", id->vbios);
    detail_u64(into, gpu, "compute_units", id->kfd.compute_units);
}

/* Of a processor with graphics, this is what it has set apart; GTT is the memory of the machine that it may use besides. */
void amd_put_memory(struct frame *into, struct gpu *gpu, struct amd_files *files, const struct amd_slow *slow) {
    uint64_t used = amd_files_u64(files, AMD_VRAM_USED);
    gpu->total_memory = slow->vram_total;
    gpu->used_memory = known_u64(slow->vram_total) ? at_most(used, slow->vram_total) : bytes(used);
    detail_u64(into, gpu, "gtt_total", slow->gtt_total);
}

void amd_put_slow(struct frame *into, struct gpu *gpu, const struct amd_slow *slow) {
    gpu->power_limit_watts = slow->power_limit;
    gpu->ecc_corrected = slow->corrected;
    gpu->ecc_uncorrected = slow->uncorrected;
    gpu->retired_pages = slow->retired;
    detail_watts(into, gpu, "power_limit_max", slow->power_max);
    detail_watts(into, gpu, "power_limit_default", slow->power_default);
    detail_watts(into, gpu, "power_limit_min", slow->power_min);
    detail_u64(into, gpu, "pcie_generation_max", slow->best_link.generation);
    if (known_u64(slow->best_link.width))
        detail(into, gpu, "pcie_width_max", "x%" PRIu64, slow->best_link.width);
    detail(into, gpu, "performance_level", "%s", slow->performance_level);
    detail(into, gpu, "compute_partition", "%s", slow->compute_partition);
    detail(into, gpu, "memory_partition", "%s", slow->memory_partition);
}

/* Accelerators have no sensor at the edge: then the hottest place of the chip counts, and its thresholds. */
static void put_temperatures(
    struct gpu *gpu, struct amd_files *files, const struct amd_slow *slow, const struct amd_metrics *m) {
    enum amd_sensor sensor = AMD_SENSOR_EDGE;
    gpu->temperature = first_known(celsius(amd_files_u64(files, AMD_EDGE)), m->edge);
    if (!known_u64(gpu->temperature)) {
        sensor = AMD_SENSOR_JUNCTION;
        gpu->temperature = first_known(celsius(amd_files_u64(files, AMD_JUNCTION)), m->hotspot);
    }
    gpu->temperature_threshold_slowdown = slow->critical[sensor];
    gpu->temperature_threshold_shutdown = slow->emergency[sensor];
    gpu->memory_temperature = first_known(celsius(amd_files_u64(files, AMD_MEMORY)), m->memory_temperature);
}

static double read_percent(struct amd_files *files, enum amd_file which, double otherwise) {
    uint64_t percent = amd_files_u64(files, which);
    return percent <= 100 ? (double)percent : otherwise;
}

static uint64_t read_mhz(struct amd_files *files, enum amd_file which, const char *levels) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t hz = amd_files_u64(files, which);
    if (known_u64(hz))
        return at_most((hz / 500000 + 1) / 2, MHZ_MAX);
    struct text text = kernel_text(files->device_fd, buf, "%s", levels);
    return known_text(text) ? at_most(amd_parse_clock(text), MHZ_MAX) : U64_UNKNOWN;
}

/* On accelerators hwmon tells of the first die only, the table of all. */
static void put_clocks(struct gpu *gpu, struct amd_files *files, const struct amd_metrics *m) {
    bool many_dies = m->format == 1 && m->content >= 4;
    gpu->frequency = many_dies ? m->gfx_mhz : U64_UNKNOWN;
    if (!known_u64(gpu->frequency))
        gpu->frequency = first_known(read_mhz(files, AMD_SCLK, "pp_dpm_sclk"), m->gfx_mhz);
    gpu->memory_frequency_mhz = first_known(read_mhz(files, AMD_MCLK, "pp_dpm_mclk"), m->memory_mhz);
}

static void put_power(struct gpu *gpu, struct amd_files *files, const struct amd_metrics *m, bool energy_is_known) {
    gpu->power_consumption = watts(amd_files_u64(files, AMD_POWER_AVERAGE));
    if (!known_f64(gpu->power_consumption))
        gpu->power_consumption = watts(amd_files_u64(files, AMD_POWER_INPUT));
    if (!known_f64(gpu->power_consumption))
        gpu->power_consumption = m->power_watts;
    if (known_u64(m->energy) && (energy_is_known || (m->format == 1 && m->content >= 4)))
        gpu->energy_joules = number_round((double)m->energy / 65536, 3);
}

/* A fan that turns with a duty of 0 is driven by something else than what `pwm1` tells of. */
static void put_fan(struct gpu *gpu, struct amd_files *files, const struct amd_metrics *m) {
    enum { PWM_MAX = 255 };
    uint64_t pwm = amd_files_u64(files, AMD_PWM);
    gpu->fan_speed_rpm = first_known(at_most(amd_files_u64(files, AMD_FAN), RPM_MAX), m->fan_rpm);
    if (pwm <= PWM_MAX && (pwm > 0 || gpu->fan_speed_rpm == 0))
        gpu->fan_speed_percent = (pwm * 100 + PWM_MAX / 2) / PWM_MAX;
}

static void put_links(struct frame *into, struct gpu *gpu, const struct amd_slow *slow, const struct amd_metrics *m) {
    bool told = known_u64(m->pcie_generation) && known_u64(m->pcie_width);
    gpu->pcie_generation = told ? m->pcie_generation : slow->link.generation;
    gpu->pcie_width = told ? m->pcie_width : slow->link.width;
    detail_u64(into, gpu, "PCIe Generation", gpu->pcie_generation);
    if (known_u64(gpu->pcie_width))
        detail(into, gpu, "PCIe Width", "x%" PRIu64, gpu->pcie_width);
    gpu->nvlink_rx_bytes = m->xgmi_read_bytes; /* XGMI is to these cards what NVLink is to others */
    gpu->nvlink_tx_bytes = m->xgmi_written_bytes;
    if (known_u64(m->xgmi_width))
        detail(into, gpu, "xgmi_width", "x%" PRIu64, m->xgmi_width);
    detail_u64(into, gpu, "xgmi_gbps", m->xgmi_gbps);
}

/* Has the clock been held back since the last reading? The first has nothing to compare with, and a counter that fell says
 * nothing. */
static bool compare_held(uint64_t now, uint64_t *before, unsigned reason, unsigned *reasons) {
    bool comparable = known_u64(now) && known_u64(*before) && now >= *before;
    if (comparable && now > *before)
        *reasons |= reason;
    *before = now;
    return comparable;
}

static void put_reasons(
    struct frame *into, struct gpu *gpu, const struct amd_metrics *m, struct amd_held_before *held) {
    static const struct {
        unsigned reason;
        struct text word;
    } words[] = {
        {AMD_POWER, TEXT("power_cap")},
        {AMD_CURRENT, TEXT("current_limit")},
        {AMD_THERMAL, TEXT("thermal")},
        {AMD_PROCHOT, TEXT("hw_slowdown")},
        {AMD_OTHER, TEXT("other")},
    };
    unsigned reasons = known_u64(m->reasons) ? (unsigned)m->reasons : 0;
    bool told = known_u64(m->reasons);
    told |= compare_held(m->held_prochot, &held->prochot, AMD_PROCHOT, &reasons);
    told |= compare_held(m->held_power, &held->power, AMD_POWER, &reasons);
    told |= compare_held(m->held_thermal, &held->thermal, AMD_THERMAL, &reasons);
    if (!told)
        return;
    gpu->throttle_reasons.asked = true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (reasons & words[i].reason)
            frame_add_text(&into->arena, &gpu->throttle_reasons.list, words[i].word);
}

void amd_put_readings(struct frame *into, struct gpu *gpu, struct amd_files *files, const struct amd_slow *slow,
    bool energy_is_known, struct amd_held_before *held) {
    char table[AMD_METRICS_MAX];
    struct amd_metrics m;
    struct text found = amd_files_read(files, AMD_METRICS, table, sizeof table);
    if (!known_text(found) || !amd_metrics_parse(found, &m))
        amd_metrics_clear(&m);
    gpu->utilization = read_percent(files, AMD_BUSY, m.gfx_percent);
    gpu->memory_utilization = read_percent(files, AMD_MEM_BUSY, m.memory_percent);
    gpu->jpeg_utilization = m.jpeg_percent;
    put_temperatures(gpu, files, slow, &m);
    put_clocks(gpu, files, &m);
    put_power(gpu, files, &m, energy_is_known);
    put_fan(gpu, files, &m);
    put_links(into, gpu, slow, &m);
    put_reasons(into, gpu, &m, held);
}
