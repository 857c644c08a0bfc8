/* collect/gpu/amd_parse.h: the texts that amdgpu and its compute driver (KFD) write into sysfs. All of it is pure. */
#ifndef TACHO_COLLECT_GPU_AMD_PARSE_H
#define TACHO_COLLECT_GPU_AMD_PARSE_H

#include <stdbool.h>

#include "collect/gpu/pci.h"

/* What stands before a NUL, trimmed; unknown when that is nothing. */
struct text amd_value(struct text file);

/* The clock in MHz of the level that is marked as the present one, out of "0: 500Mhz\n1: 2660Mhz *\n"; unknown when not
 * exactly one is. */
uint64_t amd_parse_clock(struct text levels);

/* The link of the level that is marked as present, out of "0: 2.5GT/s, x8\n1: 8.0GT/s, x16 619Mhz *\n", or (`highest`) the best
 * of all. Unknown when none is marked, or several that differ. */
struct pci_link amd_parse_link(struct text levels, bool highest);

/* Adds "ue: 1\nce: 2\n" to both counts, which may be unknown before. */
void amd_parse_ras(struct text text, uint64_t *uncorrected, uint64_t *corrected);

/* How many lines say that a page is reserved: "0x00000001 : 0x00001000 : R". */
uint64_t amd_count_retired(struct text pages);

/* The product in libdrm's list: "73BF,\tC0,\tAMD Radeon RX 6900 XT"; NULL when it is not there. */
struct text amd_ids_find(struct text ids, uint64_t device_id, uint64_t revision);

/* "0xc0" or "C0"; U64_UNKNOWN for anything else. */
uint64_t amd_parse_hex(struct text t);

/* A card among the nodes of KFD's topology: lines of a key, a blank and a number. */
struct amd_node {
    uint64_t domain, location_id; /* of its PCI device; the location is bus << 8 | device << 3 | function */
    uint64_t gfx_target;          /* 90402 for gfx942 */
    uint64_t simd_count, simd_per_cu;
};
void amd_parse_node(struct text properties, struct amd_node *ret);
/* Is the node the device "0000:0c:00.0"? */
bool amd_node_is(const struct amd_node *node, const char *pci_name);

#endif
