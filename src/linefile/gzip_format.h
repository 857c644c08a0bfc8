/* linefile/gzip_format.h: gzip members (RFC 1952), and the mark that ends a chunk inside one. */
#ifndef TACHO_LINEFILE_GZIP_FORMAT_H
#define TACHO_LINEFILE_GZIP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linefile/source.h"

enum {
    GZIP_HEADER_LEN = 10, /* without the optional fields */
    GZIP_TRAILER_LEN = 8, /* CRC-32 of the text, its size modulo 2^32 */
    GZIP_EMPTY_LEN = 5,   /* one empty stored block on a byte boundary: 00 00 00 FF FF */
    GZIP_MARK_LEN = 14,
    GZIP_WINDOW_BITS_RAW = -15,
    GZIP_WINDOW_BITS_MEMBER = 15 + 16,
};

/* A chunk ends with a full flush, which zlib closes with an empty stored block, and two more empty stored blocks behind it.
 * They mean nothing to a decoder, and zlib itself never writes them, so their bytes can be searched for in the compressed file:
 * after them raw deflate begins that refers to nothing before. */
extern const uint8_t gzip_mark[GZIP_MARK_LEN];

/* Does a gzip member begin here? `bytes` has at least GZIP_HEADER_LEN. */
bool gzip_is_header(const uint8_t *bytes);
/* Does raw deflate (`member` false) or a gzip member begin at `bytes`? Decodes some of it; true when nothing speaks against
 * it. `*ret_ends` (may be NULL): the deflate stream ends at once, without any text. */
bool gzip_probe(const uint8_t *bytes, size_t len, bool member, bool *ret_ends);

/* How many bytes of `bytes` to inflate next: those before the first mark, or just the mark when they begin with it (`*ret_mark`).
 * With `more` to come behind them, what may be the start of a mark is left. A stream that is not between blocks behind a mark's
 * first empty block is damaged: without looking, inflate may take the garbage of a damaged chunk for text over many chunks. */
size_t gzip_stretch(const uint8_t *bytes, size_t len, bool more, bool *ret_mark);
/* Moves the source on to the next place where one can enter: behind a mark, or at a member's header. 1: there, and `*ret_member`
 * says which. 0: none in what is there; the source stands before what may become one. -ERR_OS. */
int gzip_find(struct source *in, bool *ret_member, struct error *err) NODISCARD;

#endif
