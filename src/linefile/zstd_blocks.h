/* linefile/zstd_blocks.h: decodes zstd frames block by block and tells of each boundary, for mending and counting. */
#ifndef TACHO_LINEFILE_ZSTD_BLOCKS_H
#define TACHO_LINEFILE_ZSTD_BLOCKS_H

#include "linefile/mend.h"
#include "linefile/source.h"

/* Takes text and, when it wants them, the boundaries in it. */
struct block_sink {
    void *self;
    int (*text)(void *self, const void *bytes, size_t n, struct error *err);
    void (*boundary)(void *self, struct mend_boundary b); /* may be NULL */
};
/* Decodes the frames from where the source stands, until it ends, a block is cut short, or bytes do not decode. The text in a
 * boundary's stream counts from `text`. 0, or -ERR_LIMIT (window), -ERR_FORMAT (a dictionary is wanted): not damage, only none
 * of our business; -ERR_OS, -ERR_NOMEM, and what the sink returns. */
int zstd_blocks_decode(struct source *in, uint64_t text, const struct block_sink *to, struct error *err) NODISCARD;

#endif
