/* collect/gpu/gpu.h: the collector of graphics cards over any list of drivers. */
#ifndef TACHO_COLLECT_GPU_GPU_H
#define TACHO_COLLECT_GPU_GPU_H

#include "collect/gpu/driver.h"
#include "collect/gpu/runner.h"

/* What gpu_collector's open does, with a list of drivers (normally gpu_drivers, NULL at the end) and times. Does not block: the
 * drivers are opened by threads of their own. -ERR_NOMEM, -ERR_OS. */
int gpu_open_drivers(const struct gpu_driver *const *drivers, const struct collect_options *options,
    const struct gpu_times *times, void **ret, struct error *err) NODISCARD;

#endif
