/* rules/filter.h: what a person asks of a frame's cards and processes: `gpu.temp > 80 & host ~ "dgx-1.*" | user = mina`. */
#ifndef TACHO_RULES_FILTER_H
#define TACHO_RULES_FILTER_H

#include <stdbool.h>

#include "base/error.h"
#include "frame/frame.h"

struct filter; /* opaque; immutable once made: any thread */

enum { FILTER_MAX = 512 }; /* bytes */

#define FILTER_TAKES                                                                                                   \
    "temp, util, mem_pct, mem_used, mem_total, power, user, host, gpu_name, driver, index, uuid, pstate, numa, "      \
    "device_type, pid, command; > >= < <= = != ~; & | ( )"

/*
 * or := and ('|' and)* · and := not ('&' not)* · not := '!' not | '(' or ')' | comparison · comparison := field op value
 * A field may carry its section ("gpu.temp"). A value is a word, a number with a unit (10G, 80%), or quoted text with \" and \\.
 * `~` is a regular expression (POSIX extended, not anchored, case matters not). Numbers compare as numbers, texts as texts
 * without case; a reading that is not known makes every comparison false, != too.
 * -ERR_USAGE names the column (from 1, in characters) and what was expected; -ERR_LIMIT past FILTER_MAX, -ERR_NOMEM.
 */
int filter_parse(struct text t, struct filter **ret, struct error *err) NODISCARD;
void filter_destroy(struct filter *f); /* NULL is fine */

/* A card is judged with its host; fields of processes match when one of its processes does. A process is judged by itself and
 * by its card, where it uses one. Comparisons of what the item cannot have are false. NULL matches everything. Pure. */
bool filter_matches_gpu(const struct filter *f, const struct frame *frame, const struct gpu *gpu);
bool filter_matches_process(const struct filter *f, const struct frame *frame, const struct process *process);

#endif
