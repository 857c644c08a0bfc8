/* collect/gpu/nvidia_item.c: what was read of a card, as an item of a frame: words for numbers, lists, details. */
#include "collect/gpu/nvidia_card.h"

#include <stdio.h>

static const struct {
    uint64_t bits;
    const char *word;
} reasons[] = {
    /* what every vendor's cards have in common, then which of NVIDIA's reasons it is */
    {0x4 | 0x80, "power_cap"},
    {0x20 | 0x40, "thermal"},
    {0x1, "idle"},
    {0x2, "application_clocks"},
    {0x4, "sw_power_cap"},
    {0x8, "hw_slowdown"},
    {0x10, "sync_boost"},
    {0x20, "sw_thermal"},
    {0x40, "hw_thermal"},
    {0x80, "hw_power_brake"},
    {0x100, "display_clock"},
    {~UINT64_C(0x1ff), "other"},
};

static void add_reasons(const struct nvidia_card *c, struct gpu *g, struct arena *arena) {
    if (!known_u64(c->facts.reasons))
        return;
    g->throttle_reasons.asked = true;
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (c->facts.reasons & reasons[i].bits)
            frame_add_text(arena, &g->throttle_reasons.list, text_of(reasons[i].word));
}

static void add_links(const struct nvidia_card *c, struct gpu *g, struct arena *arena) {
    for (size_t i = 0; i < c->n_links; i++) {
        struct nvlink *l = frame_add(arena, &g->nvlink_remote_devices.list, &nvlink_table);
        if (!l)
            return;
        uint64_t remote = c->links[i].remote;
        l->link_index = c->links[i].number;
        l->bandwidth_mb_s = c->links[i].speed;
        l->remote_type = remote == NVML_LINK_TO_GPU      ? TEXT("gpu")
                         : remote == NVML_LINK_TO_IBMNPU ? TEXT("ibmnpu")
                         : remote == NVML_LINK_TO_SWITCH ? TEXT("switch")
                                                         : TEXT("unknown");
    }
}

static void add_detail(struct gpu *g, struct arena *arena, const char *key, const char *value) {
    if (value && value[0])
        frame_add_detail(arena, &g->detail.list, text_of(key), arena_text(arena, text_of(value)));
}

static const char *on_or_off(uint64_t mode) {
    return mode == 0 ? "Disabled" : mode == 1 ? "Enabled" : NULL;
}

static void add_details(const struct nvidia_card *c, struct gpu *g, struct arena *arena) {
    static const char *const architectures[] = {
        [2] = "Kepler", "Maxwell", "Pascal", "Volta", "Turing", "Ampere", "Ada", "Hopper", "Blackwell", [13] = "Rubin"};
    const struct nvidia_facts *f = &c->facts;
    const struct {
        const char *key;
        double watts;
    } limits[] = {{"power_limit_max", f->power_limit_max}, {"power_limit_min", f->power_limit_min},
        {"power_limit_default", f->power_limit_default}};
    char text[32];
    add_detail(g, arena, "Driver Version", c->session->driver_version);
    add_detail(g, arena, "CUDA Version", c->session->cuda_version);
    add_detail(
        g, arena, "architecture", f->architecture < COUNT_OF(architectures) ? architectures[f->architecture] : NULL);
    if (known_u64(g->pcie_generation)) {
        (void)snprintf(text, sizeof text, "%u", (unsigned)g->pcie_generation);
        add_detail(g, arena, "PCIe Generation", text);
    }
    if (known_u64(g->pcie_width)) {
        (void)snprintf(text, sizeof text, "x%u", (unsigned)g->pcie_width);
        add_detail(g, arena, "PCIe Width", text);
    }
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        if (!known_f64(limits[i].watts))
            continue;
        (void)snprintf(text, sizeof text, "%.2f", limits[i].watts);
        add_detail(g, arena, limits[i].key, text);
    }
    add_detail(g, arena, "vbios_version", f->vbios);
    add_detail(g, arena, "ecc_mode_current", on_or_off(f->ecc_mode));
    add_detail(g, arena, "mig_mode_current", on_or_off(f->mig_mode));
}

static struct text word_of(uint64_t mode, const char *const *words, size_t n) {
    return mode < n ? text_of(words[mode]) : (struct text){NULL, 0};
}

void nvidia_make_item(struct nvidia_card *c, struct arena *arena, struct gpu *g) {
    static const char *const compute_modes[] = {"Default", "Exclusive_Thread", "Prohibited", "Exclusive_Process"};
    const struct nvidia_facts *f = &c->facts;
    *g = c->kept;
    g->last_xid = c->last_xid;
    g->uuid = arena_text(arena, text_of(f->uuid));
    g->name = f->name[0] ? arena_text(arena, text_of(f->name)) : (struct text){NULL, 0};
    g->vendor = TEXT("nvidia");
    g->pci_bus_id = f->pci[0] ? arena_text(arena, text_of(f->pci)) : (struct text){NULL, 0};
    if (f->gsp_version[0])
        g->gsp_firmware_version = arena_text(arena, text_of(f->gsp_version));
    g->compute_mode = word_of(f->compute_mode, compute_modes, COUNT_OF(compute_modes));
    g->persistence_mode = text_of(on_or_off(f->persistence_mode));
    add_reasons(c, g, arena);
    add_links(c, g, arena);
    add_details(c, g, arena);
    nvidia_add_mig(c, g, arena);
}
