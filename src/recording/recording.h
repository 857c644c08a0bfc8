/* recording/recording.h: opens recordings for reading: chained segments, their header, and what is known of them at once. */
#ifndef TACHO_RECORDING_RECORDING_H
#define TACHO_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linefile/reader.h"
#include "recording/line.h"

struct recording; /* opaque; one owner thread, its cursors' too */

enum { RECORDING_SEGMENTS_MAX = 65536 };

/* Opens the recording at each path: a base name or any of its segments with all of them (`chain`), or that file alone; "-" is
 * standard input, read to its end first. A file named twice counts once. Several are played one behind the other, ordered by
 * their first frame. Head only: no frame is counted, nothing is decoded but the first lines. Never touches a device.
 * -ERR_ABSENT, -ERR_FORMAT (no recording), -ERR_SCHEMA, -ERR_OS, -ERR_NOMEM. */
int recording_open(const char *const *paths, size_t n, bool chain, struct recording **ret, struct error *err) NODISCARD;
void recording_close(struct recording *r); /* after its cursors; NULL is fine */

/* The header of the first segment that has one; all unknown when none has. Good as long as the recording. */
const struct recording_header *recording_header(const struct recording *r);

/* Its line as it is in the file; NULL `at` when there is none. */
struct text recording_header_line(const struct recording *r);

size_t recording_segments(const struct recording *r);
const char *recording_segment_path(const struct recording *r, size_t segment);

/* What has been met so far that was not as it should be. */
struct recording_damage {
    uint64_t rejected;   /* lines that are no line of a recording, or frames that do not parse */
    uint64_t oversized;  /* lines over LINE_MAX_BYTES, or that hold more than FRAME_BYTES_MAX */
    uint64_t incomplete; /* frames of several lines of which some are missing */
    uint64_t undecoded;  /* stretches of a compressed file that do not decode */
    uint64_t refused;    /* such stretches that want a zstd window over 2^LINE_WINDOW_LOG_MAX */
    uint64_t torn;       /* segments that end in the middle of a line or of a compressed stream */
    uint64_t missing;    /* segments removed, replaced or cut short by others since the recording was opened */
    uint64_t distrusted; /* time indexes that turned out untrue and are not used any more */
};
struct recording_damage recording_damage(const struct recording *r);

#endif
