/* collect/gpu/devfreq.h: the clock and the load of a device whose frequency the kernel governs through devfreq. */
#ifndef TACHO_COLLECT_GPU_DEVFREQ_H
#define TACHO_COLLECT_GPU_DEVFREQ_H

#include "frame/model.h"

struct devfreq {
    uint64_t mhz, max_mhz; /* U64_UNKNOWN when not told */
    double load;           /* percent; NAN where the kernel does not tell, as most do not */
};

/* Reads the first governor of the device of the node of DRM `card_fd`. */
struct devfreq devfreq_read(int card_fd);
/* "45@600000000Hz" or "45", as vendors' kernels write it: percent; NAN on anything else. Pure. */
double devfreq_parse_load(struct text text);

#endif
