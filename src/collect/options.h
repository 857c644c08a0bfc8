/* collect/options.h: what was asked for, copied for threads that may outlive whoever asked. */
#ifndef TACHO_COLLECT_OPTIONS_H
#define TACHO_COLLECT_OPTIONS_H

#include "base/arena.h"
#include "collect/collector.h"

/* Copies `from`, its texts into `arena`. False when memory runs out. */
bool collect_options_copy(const struct collect_options *from, struct arena *arena, struct collect_options *ret) NODISCARD;

#endif
