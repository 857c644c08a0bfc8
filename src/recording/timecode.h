/* recording/timecode.h: moments of a recording as people type them. */
#ifndef TACHO_RECORDING_TIMECODE_H
#define TACHO_RECORDING_TIMECODE_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define TIMECODE_TAKES "HH:MM:SS, MM:SS or SS from the start, @14:32 or @2026-04-18 14:32:07 on the wall clock, +5m, -30s"

/*
 * "01:02:03", "02:03", "90", "90.5"       from the start of the recording
 * "@14:32", "@14:32:07"                   local time of day: its first occurrence at or after the start, or else the last one
 *                                         before it when the recording does not reach that far
 * "@2026-04-18 14:32:07", "@…T12:00:00Z"  a date (local time) or an RFC 3339 moment
 * "+5m", "-30s"                           from `here`
 * -ERR_USAGE says what is taken. The moment may lie outside the recording.
 */
int timecode_parse(struct text t, int64_t first_ns, int64_t last_ns, int64_t here_ns, int64_t *ret_ns, struct error *err)
    NODISCARD;

#endif
