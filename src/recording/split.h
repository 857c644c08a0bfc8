/* recording/split.h: a frame that does not fit into one line, written as several, split by host. */
#ifndef TACHO_RECORDING_SPLIT_H
#define TACHO_RECORDING_SPLIT_H

#include "frame/frame.h"

struct split_sink {
    void *to;
    int (*put)(void *to, const struct buffer *line, struct error *err); /* one line, without newline */
};

/* Writes the frame into `line` (whose limit is a line's) and hands it to `sink`: once when it fits, else part by part. A host stays
 * in one part; what belongs to none is in the first. A host that does not fit into a line alone goes without its processes, and all
 * do when there would be more than FRAME_PARTS_MAX parts: an error in the frame says so. `*ret_errors`: entries in errors[] that
 * were written. -ERR_LIMIT when it does not fit even so, -ERR_NOMEM, or what the sink says; then parts may have been handed out. */
int split_write(const struct frame *f, struct buffer *line, struct split_sink sink, size_t *ret_errors, struct error *err)
    NODISCARD;

#endif
