/* recording/cursor.h: a position in a recording, moved by time, by label and by steps. */
#ifndef TACHO_RECORDING_CURSOR_H
#define TACHO_RECORDING_CURSOR_H

#include <stdint.h>

#include "base/text.h"
#include "frame/frame.h"
#include "recording/recording.h"

struct cursor; /* opaque; belongs to a recording; one owner thread, the recording's */

int cursor_create(struct recording *r, struct cursor **ret, struct error *err) NODISCARD; /* stands nowhere */
void cursor_destroy(struct cursor *c); /* NULL is fine */

/*
 * Each move lands on a frame and returns 1, or returns 0 when there is none that way and leaves the cursor where it was.
 * Broken frames and damage are passed over and counted (recording_damage). Frames are in the order of the file, which is that
 * of `t` unless the clock stepped. -ERR_SCHEMA, -ERR_OS, -ERR_NOMEM.
 */
int cursor_first(struct cursor *c, struct error *err) NODISCARD;
int cursor_last(struct cursor *c, struct error *err) NODISCARD;
/* The first frame at or after that time; the last frame when all are earlier. Where the clock was set back, a time may have been
 * passed more than once: then the cursor stands where one of these passings was (a frame at or after the time, the one before
 * it earlier), or, when the time was passed before the clock was set back but not after, perhaps on the last frame. */
int cursor_seek_time(struct cursor *c, int64_t wall_ns, struct error *err) NODISCARD;
/* The frame with that label, or the next higher one; the last frame when all are lower. Frames without a label are counted
 * from 0 in file order. */
int cursor_seek_seq(struct cursor *c, uint64_t seq, struct error *err) NODISCARD;
/* +1 is the next frame, -1 the one before; further steps stop at the first or last frame (0 only when nothing moved). */
int cursor_step(struct cursor *c, int64_t by, struct error *err) NODISCARD;

/* The time of the frame `by` steps away, without going there: 1; 0 when there is none. It may still turn out broken. */
int cursor_peek(struct cursor *c, int64_t by, int64_t *ret_wall_ns, struct error *err) NODISCARD;

/* From now on steps (and first and last) stop at marks too, or not any more. On a mark, the frame holds nothing but the time. */
void cursor_stop_at_marks(struct cursor *c, bool stop);
/* What it stands on: RECORDING_FRAME or RECORDING_MARK. */
enum recording_line cursor_kind(const struct cursor *c);

/* The frame the cursor stands on, its line as it is in the file (the lines of one that was split by host, with newlines between
 * and JSON_PADDING readable bytes behind it), and its time. Good until the next move; the cursor must
 * stand on a frame. */
const struct frame *cursor_frame(const struct cursor *c);
struct text cursor_line(const struct cursor *c);
int64_t cursor_time(const struct cursor *c);

#endif
