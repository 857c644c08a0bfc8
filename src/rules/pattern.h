/* rules/pattern.h: how large a regular expression becomes when it is compiled, told before anybody compiles it. */
#ifndef TACHO_RULES_PATTERN_H
#define TACHO_RULES_PATTERN_H

#include "base/text.h"

enum { PATTERN_SIZE_MAX = 512 };

/* The C library copies what is repeated, so that "(a{1,255}){1,255}" stands for 65025 letters and takes all memory there is; and
 * what can match nothing in several ways costs it time for each of them. Returns how many letters, groups and repetitions a
 * POSIX extended expression comes to, counted rather too high; SIZE_MAX past PATTERN_SIZE_MAX, with too many ways to match
 * nothing, or where a part is to be found again (\1), which takes exponential time. Never fails: what is no expression is
 * counted as well as it can be. Pure. */
size_t pattern_size(struct text t);

#endif
