/* fuzz/fuzz_collect_gpu_metrics.c: amdgpu's binary tables and its texts, mangled: the first byte picks the parser. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/gpu/amd_metrics.h"
#include "collect/gpu/amd_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void check_most(uint64_t value, uint64_t least, uint64_t most) {
    check(!known_u64(value) || (value >= least && value <= most));
}

static void check_percent(double percent) {
    check(isnan(percent) || (percent >= 0 && percent <= 100));
}

static void run_metrics(struct text t) {
    struct amd_metrics m;
    if (!amd_metrics_parse(t, &m))
        return;
    check(t.len >= 4 && m.format >= 1 && m.format <= 3);
    check_most(m.edge, 1, 250);
    check_most(m.hotspot, 1, 250);
    check_most(m.memory_temperature, 1, 250);
    check_percent(m.gfx_percent);
    check_percent(m.memory_percent);
    check_percent(m.jpeg_percent);
    check(isnan(m.power_watts) || (m.power_watts > 0 && m.power_watts <= 10000));
    check_most(m.gfx_mhz, 1, 20000);
    check_most(m.memory_mhz, 1, 20000);
    check_most(m.fan_rpm, 0, 50000);
    check_most(m.pcie_generation, 1, 7);
    check_most(m.pcie_width, 1, 32);
    check_most(m.reasons, 0, 31);
}

static void run_levels(struct text t) {
    (void)amd_parse_clock(t);
    for (int highest = 0; highest < 2; highest++) {
        struct pci_link link = amd_parse_link(t, highest);
        check_most(link.generation, 1, 7);
        check_most(link.width, 1, 32);
    }
}

static void run_words(struct text t) {
    uint64_t uncorrected = U64_UNKNOWN;
    uint64_t corrected = U64_UNKNOWN;
    amd_parse_ras(t, &uncorrected, &corrected);
    check(amd_count_retired(t) <= t.len);
    struct text value = amd_value(t);
    check(!value.at || (value.len > 0 && !memchr(value.at, '\0', value.len)));
    check_most(amd_parse_hex(t), 0, UINT32_MAX);
    struct text name = amd_ids_find(t, 0x73bf, 0xc0);
    check(!name.at || (name.len > 0 && name.at >= t.at && name.at + name.len <= t.at + t.len));
}

static void run_node(struct text t) {
    struct amd_node node;
    char pci_name[32] = "";
    amd_parse_node(t, &node);
    memcpy(pci_name, t.at, t.len < sizeof pci_name ? t.len : sizeof pci_name - 1);
    (void)amd_node_is(&node, pci_name);
    (void)amd_node_is(&node, "0000:0c:00.0");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* so that the sanitizer sees a step over its end */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    struct text t = {copy + 1, size - 1};
    switch (data[0] % 4) {
    case 0: run_metrics(t); break;
    case 1: run_levels(t); break;
    case 2: run_words(t); break;
    default: run_node(t); break;
    }
    free(copy);
    return 0;
}
