/* collect/gpu/fdinfo.h: what a driver of DRM tells of one client, an open device, in /proc/PID/fdinfo/N. */
#ifndef TACHO_COLLECT_GPU_FDINFO_H
#define TACHO_COLLECT_GPU_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
    FDINFO_MAX = 16 << 10,  /* bytes of a file that are read; drivers write up to 3 KiB */
    FDINFO_ENGINES_MAX = 16,
    FDINFO_REGIONS_MAX = 16,
    FDINFO_NAME_MAX = 24,   /* bytes of an engine's or a region's name; what has a longer one is left out */
};

/* A class of engines. U64_UNKNOWN and NAN where the driver does not say. */
struct fdinfo_engine {
    struct text name;       /* "gfx", "render", "rcs" */
    uint64_t busy_ns;       /* counter: time with work of this client, of all engines of the class together */
    uint64_t cycles;        /* the same as clock cycles … */
    uint64_t total_cycles;  /* … of as many that went by … */
    uint64_t max_hz;        /* … or of at most so many in a second */
    uint64_t capacity;      /* how many engines the class has; 1 where the driver does not say */
    double percent;         /* gauge: the share itself, as amdgpu told it before Linux 5.19 */
};

struct fdinfo_region { /* of memory: "vram0", "system"; bytes */
    struct text name;
    uint64_t resident, total;
};

/* All texts lie in what was parsed. */
struct fdinfo {
    struct text driver, pdev; /* pdev: PCI address; NULL for devices that are not on PCI */
    uint64_t client_id;       /* one of the device's clients, however many descriptors and processes share it */
    struct fdinfo_engine engines[FDINFO_ENGINES_MAX];
    struct fdinfo_region regions[FDINFO_REGIONS_MAX];
    size_t n_engines, n_regions;
};

/* False when the text is not that of a client of DRM. Lines that are not understood are passed over. Pure. */
bool fdinfo_parse(struct text text, struct fdinfo *ret);

/* The bytes that the client has in the device's own memory, or in the machine's when the device has none; `*ret_local` says
 * which. U64_UNKNOWN when the driver does not tell. Pure. */
uint64_t fdinfo_memory(const struct fdinfo *f, bool *ret_local);

#endif
