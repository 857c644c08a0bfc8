/* collect/pressure.h: pressure stall information (/proc/pressure): how long tasks waited for a resource. */
#ifndef TACHO_COLLECT_PRESSURE_H
#define TACHO_COLLECT_PRESSURE_H

#include "base/text.h"
#include "frame/model.h"

/* Parses one pressure file. `text` is untrusted. What is missing or malformed stays unknown: kernels before 5.13 have no
 * `full` line for the processor. Pure. */
struct stall pressure_parse(struct text text);

#endif
