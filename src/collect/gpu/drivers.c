/* collect/gpu/drivers.c: the only list of drivers of graphics cards, in the order of their cards in a frame. */
#include "collect/gpu/drivers.h"

const struct gpu_driver *const gpu_drivers[] = {
    &nvidia_driver,
    &amd_driver,
    &intel_driver,
    &drm_driver, /* takes what the others leave */
    &npu_driver,
    NULL,
};
