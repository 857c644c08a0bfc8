/* collect/gpu/nvidia_gpm.c: performance monitoring (GPM) of Hopper and later, out of pairs of samples, and errors (XID). */
#include "collect/gpu/nvidia_card.h"

#include <stdlib.h>

static void forget(struct nvidia_gpm *gpm) {
    gpm->graphics = gpm->occupancy = gpm->bandwidth = gpm->pcie_tx = gpm->pcie_rx = NAN;
}

void nvidia_gpm_free(struct nvidia_card *c, struct nvidia_gpm *gpm) {
    if (gpm->older && c->nvml->gpm_free)
        (void)c->nvml->gpm_free(gpm->older);
    if (gpm->newer && c->nvml->gpm_free)
        (void)c->nvml->gpm_free(gpm->newer);
    *gpm = (struct nvidia_gpm){.older = NULL};
    forget(gpm);
}

static bool prepare(struct nvidia_card *c, enum nvidia_reading what, struct nvidia_gpm *gpm) {
    if (!c->nvml->gpm_metrics || !c->nvml->gpm_free || c->unsupported[what])
        return false;
    if (!c->query)
        c->query = calloc(1, sizeof *c->query);
    return c->query && (gpm->older || NVIDIA_ASK(c, what, gpm_alloc, &gpm->older)) &&
           (gpm->newer || NVIDIA_ASK(c, what, gpm_alloc, &gpm->newer));
}

static double result_of(const struct nvml_gpm_value *v) {
    return v->result == NVML_OK && isfinite(v->value) && v->value >= 0 ? v->value : NAN;
}

static void compare(struct nvidia_card *c, enum nvidia_reading what, struct nvidia_gpm *gpm) {
    static const enum nvml_gpm_metric wanted[] = {
        NVML_GPM_GRAPHICS_UTIL, NVML_GPM_SM_OCCUPANCY, NVML_GPM_DRAM_BANDWIDTH, NVML_GPM_PCIE_TX, NVML_GPM_PCIE_RX};
    double *const to[] = {&gpm->graphics, &gpm->occupancy, &gpm->bandwidth, &gpm->pcie_tx, &gpm->pcie_rx};
    *c->query = (struct nvml_gpm_query){.version = 1, .n = COUNT_OF(wanted), .older = gpm->older, .newer = gpm->newer};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        c->query->values[i] = (struct nvml_gpm_value){.metric = wanted[i], .result = NVML_UNKNOWN_ERROR};
    if (!NVIDIA_ASK(c, what, gpm_metrics, c->query))
        return;
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        *to[i] = result_of(&c->query->values[i]);
    gpm->graphics = nvidia_percent(gpm->graphics);
    gpm->occupancy = nvidia_percent(gpm->occupancy);
    gpm->bandwidth = nvidia_percent(gpm->bandwidth);
}

void nvidia_gpm_read(struct nvidia_card *c, struct nvidia_gpm *gpm, const struct nvidia_mig *mig) {
    enum nvidia_reading what = mig ? READ_GPM_MIG : READ_GPM;
    int64_t now = clock_mono_ns();
    if (gpm->sampled && now - gpm->at_ns < NVIDIA_GPM_MIN_NS)
        return; /* the results still stand */
    forget(gpm);
    if (!prepare(c, what, gpm))
        return;
    bool taken = mig ? NVIDIA_ASK(c, what, gpm_take_mig, c->handle, (unsigned)mig->gpu_instance, gpm->newer)
                     : NVIDIA_ASK(c, what, gpm_take, c->handle, gpm->newer);
    if (!taken) {
        gpm->sampled = false;
        return;
    }
    if (gpm->sampled)
        compare(c, what, gpm);
    nvml_gpm_sample spare = gpm->older;
    gpm->older = gpm->newer;
    gpm->newer = spare;
    gpm->sampled = true;
    gpm->at_ns = now;
}

static uint64_t bytes(double mib_per_second) {
    return mib_per_second >= 0 && mib_per_second < 1e9 ? (uint64_t)llround(mib_per_second * 0x1p20) : U64_UNKNOWN;
}

/* Of cards that have it, it is also the better source of the PCIe traffic, and of the utilization where the driver has no
 * other, as with MIG. */
void nvidia_read_gpm(struct nvidia_card *c) {
    struct nvml_gpm_support support = {.version = 1};
    if (!c->gpm.sampled && !c->unsupported[READ_GPM] &&
        (!NVIDIA_ASK(c, READ_GPM, gpm_support, c->handle, &support) || !support.supported))
        c->unsupported[READ_GPM] = true;
    nvidia_gpm_read(c, &c->gpm, NULL);
    c->kept.gpm_metrics.sm_occupancy = c->gpm.occupancy / 100;
    c->kept.gpm_metrics.memory_bandwidth_utilization = c->gpm.bandwidth / 100;
    if (known_u64(bytes(c->gpm.pcie_tx)) && known_u64(bytes(c->gpm.pcie_rx))) {
        c->kept.pcie_tx_bytes_per_second = bytes(c->gpm.pcie_tx);
        c->kept.pcie_rx_bytes_per_second = bytes(c->gpm.pcie_rx);
    }
    if (!known_f64(c->kept.utilization))
        c->kept.utilization = c->gpm.graphics;
}

/* Asked without waiting, so that no thread is needed: what happened since the last cycle is kept by the driver. */
void nvidia_read_events(struct nvidia_card *c) {
    if (!c->nvml->event_set_free || !c->nvml->event_wait || !c->nvml->register_events || c->unsupported[READ_EVENTS])
        return;
    if (!c->events) {
        nvml_event_set set = NULL;
        if (!NVIDIA_ASK(c, READ_EVENTS, event_set_create, &set) || !set)
            return;
        if (!NVIDIA_ASK(c, READ_EVENTS, register_events, c->handle, NVML_EVENT_XID, set)) {
            (void)c->nvml->event_set_free(set);
            return;
        }
        c->events = set;
    }
    for (unsigned i = 0; i < NVIDIA_EVENTS_MAX && nvidia_may_ask(c, READ_EVENTS, true); i++) {
        struct nvml_event event = {.device = NULL};
        int r = c->nvml->event_wait(c->events, &event, 0);
        if (r == NVML_TIMEOUT || !nvidia_answered(c, READ_EVENTS, r))
            return;
        if (event.type & NVML_EVENT_XID && event.data <= UINT32_MAX)
            c->last_xid = event.data;
    }
}
