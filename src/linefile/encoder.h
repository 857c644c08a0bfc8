/* linefile/encoder.h: turns lines into the bytes of a segment, one const descriptor per codec. */
#ifndef TACHO_LINEFILE_ENCODER_H
#define TACHO_LINEFILE_ENCODER_H

#include "base/buffer.h"
#include "base/error.h"
#include "linefile/codec.h"

/* Each appends to `out`, which has room for `room` of what it is given: nothing is half done when memory is short. */
struct encoder_ops {
    int (*create)(int level, void **ret, struct error *err);
    void (*destroy)(void *self); /* NULL is fine */
    size_t (*room)(size_t len);  /* for one line of `len` bytes, a flush, a chunk's and a segment's end */
    /* A new segment, or in gzip a new member, begins with the next line. */
    void (*begin)(void *self);
    int (*put)(void *self, const char *line, size_t len, struct buffer *out, struct error *err); /* adds the newline */
    int (*flush)(void *self, struct buffer *out, struct error *err);
    int (*chunk_end)(void *self, struct buffer *out, struct error *err);
    /* What ends a segment, after its last chunk's end. Leaves the encoder as it is: when these bytes cannot be written, they can
     * be taken back and lines put after what was there. */
    void (*finish)(void *self, struct buffer *out);
};

const struct encoder_ops *encoder_for(enum codec c);

extern const struct encoder_ops encoder_plain, encoder_gzip, encoder_zstd;

#endif
