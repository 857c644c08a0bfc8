/* cli/nearest.h: which known word a person probably meant. */
#ifndef TACHO_CLI_NEAREST_H
#define TACHO_CLI_NEAREST_H

#include <stdbool.h>

#include "base/text.h"

/* Letters to insert, remove, replace or swap until `a` is `b`; a beginning of `b` counts as 1. Texts above 40 bytes are far
 * from everything. */
unsigned nearest_distance(struct text a, struct text b);
/* Is `candidate` near enough to `typed` to be suggested, and nearer than `*best`? Then `*best` becomes its distance. Start
 * with NEAREST_NONE. */
bool nearest_better(struct text typed, struct text candidate, unsigned *best);

enum { NEAREST_NONE = 1000 };

#endif
