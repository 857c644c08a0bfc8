/* collect/network_parse.h: the counters of network interfaces as /proc/net/dev lists them. */
#ifndef TACHO_COLLECT_NETWORK_PARSE_H
#define TACHO_COLLECT_NETWORK_PARSE_H

#include <stdbool.h>

#include "base/text.h"
#include "frame/model.h"

/* Parses the next interface's line: its name (borrowed) and counters; false at the end. `rest` is untrusted. Pure. */
bool network_next(struct text *rest, struct network *ret);

#endif
