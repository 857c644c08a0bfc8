/* linefile/zstd_format.h: what one has to know of the Zstandard format (RFC 8878) to step over frames without decoding. */
#ifndef TACHO_LINEFILE_ZSTD_FORMAT_H
#define TACHO_LINEFILE_ZSTD_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linefile/source.h"

#define ZSTD_FORMAT_MAGIC UINT32_C(0xFD2FB528)
#define ZSTD_SKIPPABLE_MAGIC UINT32_C(0x184D2A50) /* and the fifteen after it */

enum {
    ZSTD_MAGIC_LEN = 4,
    ZSTD_SKIPPABLE_HEADER_LEN = 8, /* magic, u32 content size */
    ZSTD_HEADER_MIN = 6,           /* magic, descriptor, window or content size */
    ZSTD_HEADER_MAX = 18,
    ZSTD_BLOCK_HEADER_LEN = 3,
    ZSTD_BLOCK_BYTES_MAX = 128 * 1024, /* stored and decoded */
    ZSTD_CHECKSUM_LEN = 4,
};

static inline bool zstd_is_skippable(uint32_t magic) {
    return (magic & ~UINT32_C(15)) == ZSTD_SKIPPABLE_MAGIC;
}

struct zstd_header {
    size_t size;           /* of the frame header, magic included */
    uint64_t window;       /* bytes that decoding has to keep */
    uint64_t content_size; /* UINT64_MAX when the header does not say */
    size_t content_size_at;
    unsigned content_size_len; /* bytes of that field in the header; 0 when it is not there */
    bool dictionary;           /* decoding wants one */
    bool checksum;             /* four bytes of it end the frame */
};
/* 1: `*ret` is filled. 0: `len` bytes do not hold the whole header yet. -1: no frame header. Pure. */
int zstd_header_parse(const uint8_t *bytes, size_t len, struct zstd_header *ret);

struct zstd_block {
    bool last;
    uint32_t stored; /* bytes behind the block header */
};
/* False when the three bytes are no block header. Pure. */
bool zstd_block_parse(const uint8_t *bytes, struct zstd_block *ret);

/* Might a frame that decodes begin at `bytes`? True also when too little is there to tell. Pure. */
bool zstd_frame_plausible(const uint8_t *bytes, size_t len);
/* Moves the source on to what may be a frame, skippable ones apart. 1: there. 0: none in what is there; the source stands before
 * what may become one. -ERR_OS. */
int zstd_find_frame(struct source *in, struct error *err) NODISCARD;

#endif
