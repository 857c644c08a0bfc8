/* collect/gpu/amd_put.h: puts what an AMD card tells into a frame: which source counts for which field, and in which unit. */
#ifndef TACHO_COLLECT_GPU_AMD_PUT_H
#define TACHO_COLLECT_GPU_AMD_PUT_H

#include "collect/gpu/amd_files.h"
#include "collect/gpu/amd_identity.h"
#include "collect/gpu/amd_metrics.h"
#include "collect/gpu/amd_parse.h"
#include "frame/frame.h"

enum amd_sensor { AMD_SENSOR_EDGE, AMD_SENSOR_JUNCTION, AMD_SENSOR_MEMORY, AMD_SENSORS };

/* What seldom changes, or is costly to tell: read every AMD_SLOW_NS, and kept. */
struct amd_slow {
    uint64_t vram_total, gtt_total;                           /* bytes */
    double power_limit, power_max, power_default, power_min;  /* watts */
    uint64_t critical[AMD_SENSORS], emergency[AMD_SENSORS];   /* °C */
    struct pci_link link, best_link;
    uint64_t corrected, uncorrected, retired;
    char performance_level[32], compute_partition[16], memory_partition[16];
};
void amd_slow_clear(struct amd_slow *slow);
void amd_slow_read_sizes(int device_fd, struct amd_slow *slow);             /* does not wake the card */
void amd_slow_read(const struct amd_files *files, struct amd_slow *slow);   /* does */

/* How long the clock had been held back at the last reading. */
struct amd_held_before {
    uint64_t prochot, power, thermal;
};

/* Each fills members of `gpu`, an item of `into`; what cannot be read stays unknown. */
void amd_put_identity(struct frame *into, struct gpu *gpu, const struct amd_identity *id, struct text host_id,
    const char *driver_version);
void amd_put_memory(struct frame *into, struct gpu *gpu, struct amd_files *files, const struct amd_slow *slow);
void amd_put_slow(struct frame *into, struct gpu *gpu, const struct amd_slow *slow);
void amd_put_readings(struct frame *into, struct gpu *gpu, struct amd_files *files, const struct amd_slow *slow,
    bool energy_is_known, struct amd_held_before *held);

#endif
