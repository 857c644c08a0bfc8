/* collect/gpu/amd_metrics.h: reads the binary gpu_metrics tables of amdgpu, in all the versions that the kernel has made. */
#ifndef TACHO_COLLECT_GPU_AMD_METRICS_H
#define TACHO_COLLECT_GPU_AMD_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "frame/model.h"

/* Why a clock is held back; a set. */
enum amd_reason {
    AMD_POWER = 1,    /* a limit of power */
    AMD_CURRENT = 2,  /* a limit of current */
    AMD_THERMAL = 4,  /* of the chip, its memory or its voltage regulators */
    AMD_PROCHOT = 8,  /* a signal from outside the chip */
    AMD_OTHER = 16,
};

/* What a table tells; as everywhere, U64_UNKNOWN or NAN for what it does not. */
struct amd_metrics {
    unsigned format, content;                   /* the version: 1.x is of cards, 2.x and 3.x are of processors with graphics */
    uint64_t edge, hotspot, memory_temperature; /* °C */
    double gfx_percent, memory_percent, jpeg_percent; /* 1.x only: others count in units that depend on the firmware */
    double power_watts;
    uint64_t energy;                            /* counter; in units of 2^-16 J from 1.4 on, of the chip's own before */
    uint64_t gfx_mhz, memory_mhz;               /* the mean of all dies */
    uint64_t fan_rpm;
    uint64_t pcie_generation, pcie_width;
    uint64_t xgmi_read_bytes, xgmi_written_bytes; /* counters, of all links */
    uint64_t xgmi_width, xgmi_gbps;             /* of a link */
    uint64_t reasons;                           /* enum amd_reason, where the table has a bit for each */
    uint64_t held_prochot, held_power, held_thermal; /* where it has counters of how long each held the clock back instead */
};

enum { AMD_METRICS_MAX = 8192 }; /* bytes; the largest known, 1.8, has 3872 */

/* Parses a table: as far as it is known, and never past its end, for one that is shorter or longer than expected. False when
 * it is no table or of a format that nobody knows. Pure. */
bool amd_metrics_parse(struct text bytes, struct amd_metrics *ret);

void amd_metrics_clear(struct amd_metrics *m); /* everything unknown */

/* 2.5 GT/s is 25 and generation 1; U64_UNKNOWN for what no generation has. Pure. */
uint64_t amd_pcie_generation(uint64_t tenths_gt_per_second);

#endif
