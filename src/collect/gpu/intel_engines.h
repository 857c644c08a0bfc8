/* collect/gpu/intel_engines.h: how busy the engines of an Intel card are, as its driver's performance counters tell. */
#ifndef TACHO_COLLECT_GPU_INTEL_ENGINES_H
#define TACHO_COLLECT_GPU_INTEL_ENGINES_H

#include <stdatomic.h>

#include "base/attr.h"
#include "base/error.h"
#include "collect/gpu/identity.h"
#include "collect/gpu/usage.h"

enum {
    INTEL_ENGINES_MAX = 32,   /* engines of a card */
    INTEL_COUNTERS_MAX = 256, /* descriptors that a driver's cards may keep for counters; cards without tell no such share */
};

struct intel_engines; /* opaque; one owner */

/*
 * Opens a counter for each engine of the card. They need CAP_PERFMON, or kernel.perf_event_paranoid at 0 or less.
 * A counter of xe keeps the card from being suspended for as long as it is open, so it is not opened where power/control of
 * the device leaves that to the kernel ("auto"). `*left` is how many descriptors may still be opened; it is brought up to date.
 * -ERR_ABSENT when the driver has no counters (i915 before 4.16, xe before 6.15) or must not have them, -ERR_LIMIT, -ERR_NOMEM,
 * -ERR_OS without permission.
 */
int intel_engines_open(const struct gpu_place *place, int card_fd, const struct pci_device *pci, atomic_int *left,
    struct intel_engines **ret, struct error *err) NODISCARD;
void intel_engines_close(struct intel_engines *e, atomic_int *left); /* NULL is fine */

/* The shares of every class of engines since the last call, as their own counters tell. Needs two calls. */
void intel_engines_read(struct intel_engines *e, struct usage_sum *ret);

#endif
