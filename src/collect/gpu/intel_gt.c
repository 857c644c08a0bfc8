/* collect/gpu/intel_gt.c: reads the graphics tiles of an Intel card. */
#include "collect/gpu/intel_gt.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/kernel_file.h"

enum { TILES_MAX = 4, MHZ_MAX = 20000 };

/* Names below the directory of a tile; the older ones of i915 below that of the card. */
struct intel_layout {
    const char *act_mhz, *max_mhz, *idle_ms, *throttled, *reason;
    const char *older_act_mhz, *older_max_mhz, *older_idle_ms;
};

static const struct intel_layout i915_layout = {
    .act_mhz = "rps_act_freq_mhz",
    .max_mhz = "rps_max_freq_mhz",
    .idle_ms = "rc6_residency_ms",
    .throttled = "throttle_reason_status",
    .reason = "throttle_reason_",
    .older_act_mhz = "gt_act_freq_mhz",
    .older_max_mhz = "gt_max_freq_mhz",
    .older_idle_ms = "power/rc6_residency_ms",
};
static const struct intel_layout xe_layout = {
    .act_mhz = "freq0/act_freq",
    .max_mhz = "freq0/max_freq",
    .idle_ms = "gtidle/idle_residency_ms",
    .throttled = "freq0/throttle/status",
    .reason = "freq0/throttle/reason_",
};

static void add(struct intel_gts *g, int card_fd, const char *path) {
    if (g->n == INTEL_GTS_MAX || faccessat(card_fd, path, F_OK, 0) != 0)
        return;
    struct intel_gt *gt = &g->gts[g->n++];
    gt->idle_ms = U64_UNKNOWN;
    (void)snprintf(gt->path, sizeof gt->path, "%s", path);
}

void intel_gts_find(int card_fd, const char *driver, struct intel_gts *ret) {
    char path[INTEL_PATH_MAX];
    bool is_xe = strcmp(driver, "xe") == 0;
    *ret = (struct intel_gts){.layout = is_xe ? &xe_layout : &i915_layout};
    for (unsigned gt = 0; gt < INTEL_GTS_MAX && !is_xe; gt++) {
        (void)snprintf(path, sizeof path, "gt/gt%u", gt);
        add(ret, card_fd, path);
    }
    for (unsigned tile = 0; tile < TILES_MAX && is_xe; tile++)
        for (unsigned gt = 0; gt < INTEL_GTS_MAX; gt++) {
            (void)snprintf(path, sizeof path, "device/tile%u/gt%u", tile, gt);
            add(ret, card_fd, path);
        }
}

/* Of the main tile, or where older drivers have it for the card. */
static uint64_t read_main(const struct intel_gts *g, int card_fd, const char *name, const char *older) {
    uint64_t value = g->n > 0 ? kernel_u64(card_fd, "%s/%s", g->gts[0].path, name) : U64_UNKNOWN;
    return known_u64(value) || !older ? value : kernel_u64(card_fd, "%s", older);
}

static uint64_t sane_mhz(uint64_t mhz) {
    return mhz <= MHZ_MAX ? mhz : U64_UNKNOWN;
}

uint64_t intel_max_mhz(const struct intel_gts *g, int card_fd) {
    return sane_mhz(read_main(g, card_fd, g->layout->max_mhz, g->layout->older_max_mhz));
}

/* What the drivers call their reasons, and what schema 1 does. */
static const struct {
    const char *name, *reason;
} reasons[] = {
    {"pl1", "power_cap"},                                                 /* average power, over some time … */
    {"pl2", "power_cap"},                                                 /* … and over a short one */
    {"pl4", "power_cap"},                                                 /* electric current at its peak */
    {"vr_tdc", "power_cap"},                                              /* the same of the voltage regulator */
    {"iccmax", "power_cap"}, {"thermal", "thermal"}, {"ratl", "thermal"}, /* running average of the temperature */
    {"vr_thermalert", "thermal"}, {"soc_thermal", "thermal"}, {"mem_thermal", "thermal"}, {"vr_thermal", "thermal"},
    {"prochot", "hw_slowdown"}, /* somebody else on the board says so */
};

static void add_reason(struct frame *into, struct gpu *gpu, const char *reason) {
    for (size_t i = 0; i < gpu->throttle_reasons.n; i++)
        if (text_is(gpu->throttle_reasons.at[i], reason))
            return;
    frame_add_text(&into->arena, &gpu->throttle_reasons.list, text_of(reason));
}

static void read_throttling(const struct intel_gts *g, int card_fd, struct frame *into, struct gpu *gpu) {
    for (size_t i = 0; i < g->n; i++) {
        uint64_t throttled = kernel_u64(card_fd, "%s/%s", g->gts[i].path, g->layout->throttled);
        if (throttled > 1)
            continue;
        gpu->throttle_reasons.asked = true;
        for (size_t k = 0; throttled && k < COUNT_OF(reasons); k++)
            if (kernel_u64(card_fd, "%s/%s%s", g->gts[i].path, g->layout->reason, reasons[k].name) == 1)
                add_reason(into, gpu, reasons[k].reason);
    }
}

/* The share of the time since the reading before in which all tiles slept at least; NAN when that is not known. */
static double read_idle_share(struct intel_gts *g, int card_fd) {
    int64_t now_ns = clock_mono_ns();
    double took_ms = (double)(now_ns - g->read_mono_ns) / (double)NS_PER_MS;
    double least = INFINITY;
    bool all = g->n > 0;
    for (size_t i = 0; i < g->n; i++) {
        struct intel_gt *gt = &g->gts[i];
        uint64_t idle_ms = kernel_u64(card_fd, "%s/%s", gt->path, g->layout->idle_ms);
        if (i == 0 && !known_u64(idle_ms) && g->layout->older_idle_ms)
            idle_ms = kernel_u64(card_fd, "%s", g->layout->older_idle_ms);
        bool follows = known_u64(idle_ms) && known_u64(gt->idle_ms) && idle_ms >= gt->idle_ms;
        if (!follows)
            all = false;
        else
            least = fmin(least, (double)(idle_ms - gt->idle_ms));
        gt->idle_ms = idle_ms;
    }
    g->read_mono_ns = now_ns;
    return all && took_ms > 0 ? least / took_ms : NAN;
}

void intel_gts_read(struct intel_gts *g, int card_fd, struct frame *into, struct gpu *gpu) {
    static const double asleep = 0.995; /* the drivers count whole milliseconds */
    double idle = read_idle_share(g, card_fd);
    gpu->frequency = sane_mhz(read_main(g, card_fd, g->layout->act_mhz, g->layout->older_act_mhz));
    if (idle >= asleep)
        gpu->utilization = 0;
    read_throttling(g, card_fd, into, gpu);
}

uint64_t intel_memory_bytes(int card_fd) {
    enum { BYTES_MAX_LOG2 = 50 };
    uint64_t bytes = kernel_u64(card_fd, "lmem_total_bytes"); /* i915 of Intel's own releases */
    uint64_t sum = 0;
    for (unsigned tile = 0; tile < TILES_MAX && !known_u64(bytes); tile++) {
        uint64_t here = kernel_u64(card_fd, "device/tile%u/physical_vram_size_bytes", tile);
        if (known_u64(here) && here >> BYTES_MAX_LOG2 == 0)
            sum += here;
    }
    bytes = known_u64(bytes) ? bytes : sum;
    return bytes > 0 && bytes >> BYTES_MAX_LOG2 == 0 ? bytes : U64_UNKNOWN;
}
