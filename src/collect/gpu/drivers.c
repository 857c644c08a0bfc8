/* collect/gpu/drivers.c: the only list of drivers of graphics cards, in the order of their cards in a frame. */
#include "collect/gpu/driver.h"

const struct gpu_driver *const gpu_drivers[] = {
    NULL,
};
