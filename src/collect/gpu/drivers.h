/* collect/gpu/drivers.h: the drivers that drivers.c lists. */
#ifndef TACHO_COLLECT_GPU_DRIVERS_H
#define TACHO_COLLECT_GPU_DRIVERS_H

#include "collect/gpu/driver.h"

extern const struct gpu_driver nvidia_driver, amd_driver, intel_driver, drm_driver, npu_driver;

#endif
