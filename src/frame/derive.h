/* frame/derive.h: rates, from two frames: counters stay counters until somebody looks. */
#ifndef TACHO_FRAME_DERIVE_H
#define TACHO_FRAME_DERIVE_H

#include "frame/field.h"

/* Growth per second between two readings `elapsed_ns` apart. NaN when one is unknown, no time has passed, or the counter
 * fell (a reset: nothing is known about what came before it). */
double derive_rate(uint64_t before, uint64_t after, int64_t elapsed_ns);
double derive_rate_f64(double before, double after, int64_t elapsed_ns);

/* The item of `before` that names the same thing as `item`, or NULL. `hint` (may be NULL) is where the search starts and is
 * moved behind what was found: two lists in the same order are joined in linear time. */
const void *derive_match(const struct field_table *table, const struct list *before, const void *item, size_t *hint);

/* What to show for a numeric member: a gauge as read, a counter as its rate against `before` (NULL: unknown), a switch as 0
 * or 1. NaN when unknown, and for members that are no numbers. */
double derive_value(const struct field *field, const void *before, const void *item, int64_t elapsed_ns);

#endif
