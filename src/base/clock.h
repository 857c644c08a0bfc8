/* base/clock.h: the two clocks, and moments as text. */
#ifndef TACHO_BASE_CLOCK_H
#define TACHO_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

int64_t clock_wall_ns(void); /* UTC, nanoseconds since 1970; may step */
int64_t clock_mono_ns(void); /* CLOCK_MONOTONIC; never goes back */

enum { CLOCK_UTC_LEN = 24, CLOCK_LOCAL_LEN = 19 };

/* "2026-04-18T12:00:00.000Z" (RFC 3339, cut to milliseconds). Years outside 0000-9999 are clamped. No NUL. */
void clock_format_utc(int64_t wall_ns, char out[CLOCK_UTC_LEN]);
/* "2026-04-18 14:00:00" in the local time zone. No NUL. */
void clock_format_local(int64_t wall_ns, char out[CLOCK_LOCAL_LEN]);
/* RFC 3339 with any fraction and any offset; also a blank in place of the T. Returns false on anything else, and on
 * moments that do not fit (before 1678, after 2262). */
bool clock_parse(struct text t, int64_t *ret_wall_ns);
/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar. */
int64_t clock_days(int64_t year, unsigned month, unsigned day);

#endif
