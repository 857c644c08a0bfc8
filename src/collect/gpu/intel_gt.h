/* collect/gpu/intel_gt.h: the graphics tiles (GT) of an Intel card as i915 and xe show them: clocks, sleep, throttling, memory. */
#ifndef TACHO_COLLECT_GPU_INTEL_GT_H
#define TACHO_COLLECT_GPU_INTEL_GT_H

#include "frame/frame.h"

enum { INTEL_GTS_MAX = 8, INTEL_PATH_MAX = 40 };

struct intel_layout; /* where a driver keeps its files */

struct intel_gt {
    char path[INTEL_PATH_MAX]; /* below the card's node of DRM */
    uint64_t idle_ms;          /* of the reading before; U64_UNKNOWN without one */
};
struct intel_gts {
    const struct intel_layout *layout;
    struct intel_gt gts[INTEL_GTS_MAX]; /* the first one is the main one */
    size_t n;
    int64_t read_mono_ns;
};

/* Finds the tiles of a card of `driver`, "i915" or "xe". Wakes no card. */
void intel_gts_find(int card_fd, const char *driver, struct intel_gts *ret);

/* Fills in frequency, throttle_reasons and, when all tiles slept all through the time since the last call, a utilization of 0:
 * that a tile was awake does not tell that it worked. Wakes a suspended card. */
void intel_gts_read(struct intel_gts *g, int card_fd, struct frame *into, struct gpu *gpu);

uint64_t intel_max_mhz(const struct intel_gts *g, int card_fd); /* the highest clock that is allowed; U64_UNKNOWN */
/* The bytes of the card's own memory; U64_UNKNOWN when the driver does not tell, and for what has none. */
uint64_t intel_memory_bytes(int card_fd);

#endif
