/* linefile/zstd_blocks.c: feeds libzstd one block at a time. */
#include "linefile/zstd_blocks.h"

#include <stdlib.h>
#include <zstd.h>

#include "linefile/bytes.h"
#include "linefile/reader.h"
#include "linefile/zstd_format.h"

struct blocks {
    struct source *in;
    const struct block_sink *to;
    ZSTD_DCtx *context;
    char *text; /* ZSTD_BLOCK_BYTES_MAX of room */
    uint64_t text_offset;
    struct mend_boundary at;
    struct zstd_header header;
};

/* Decodes the next `n` bytes of the source. 1: done. 0: they do not decode. */
static int feed(struct blocks *b, size_t n, struct error *err) {
    ZSTD_inBuffer given = {source_bytes(b->in), n, 0};
    for (;;) {
        ZSTD_outBuffer out = {b->text, ZSTD_BLOCK_BYTES_MAX, 0};
        size_t r = ZSTD_decompressStream(b->context, &out, &given);
        if (ZSTD_isError(r))
            return 0;
        if (out.pos > 0) {
            int code = b->to->text(b->to->self, out.dst, out.pos, err);
            if (code < 0)
                return code;
            b->text_offset += out.pos;
        }
        if (given.pos == n && (r == 0 || out.pos < out.size))
            break;
        if (r == 0 || (given.pos < n && out.pos == 0))
            return 0; /* the frame ends before its last block does */
    }
    source_skip(b->in, n);
    return 1;
}

static void tell(struct blocks *b, bool open, bool ended) {
    b->at.offset = b->in->offset;
    b->at.open = open;
    b->at.ended = ended;
    if (b->to->boundary)
        b->to->boundary(b->to->self, b->at);
}

/* A skippable frame, or a frame's header. 1: passed. 0: not there, or not whole. */
static int begin_frame(struct blocks *b, struct error *err) {
    struct source *in = b->in;
    int r = source_need(in, ZSTD_HEADER_MAX, err);
    if (r < 0 || in->len < ZSTD_SKIPPABLE_HEADER_LEN)
        return r < 0 ? r : 0;
    if (zstd_is_skippable(get_le32(source_bytes(in)))) {
        uint64_t size = ZSTD_SKIPPABLE_HEADER_LEN + (uint64_t)get_le32(source_bytes(in) + 4);
        source_skip(in, size - 1);
        r = source_need(in, 1, err);
        if (r <= 0)
            return r;
        source_skip(in, 1);
        tell(b, false, false);
        return 1;
    }
    if (zstd_header_parse(source_bytes(in), in->len, &b->header) <= 0)
        return 0;
    if (b->header.window > UINT64_C(1) << LINE_WINDOW_LOG_MAX)
        return error_set(err, ERR_LIMIT, "%s: byte %llu: a zstd window over %d MiB", in->name,
            (unsigned long long)in->offset, 1 << (LINE_WINDOW_LOG_MAX - 20));
    if (b->header.dictionary)
        return error_set(
            err, ERR_FORMAT, "%s: byte %llu: compressed with a dictionary", in->name, (unsigned long long)in->offset);
    (void)ZSTD_DCtx_reset(b->context, ZSTD_reset_session_only);
    b->at = (struct mend_boundary){.stream_offset = in->offset, .stream_text = b->text_offset};
    r = feed(b, b->header.size, err);
    if (r > 0)
        tell(b, true, false);
    return r;
}

/* The blocks of the frame that has begun. 1: all of it passed. 0: cut short, or damaged. */
static int pass_blocks(struct blocks *b, struct error *err) {
    struct zstd_block block = {0};
    while (!block.last) {
        int r = source_need(b->in, ZSTD_BLOCK_HEADER_LEN, err);
        if (r <= 0)
            return r;
        if (!zstd_block_parse(source_bytes(b->in), &block))
            return 0;
        size_t size = ZSTD_BLOCK_HEADER_LEN + block.stored;
        uint64_t text = b->text_offset;
        r = source_need(b->in, size, err);
        if (r > 0)
            r = feed(b, size, err);
        if (r <= 0)
            return r;
        if (b->text_offset > text || block.last) /* zeros that fill a file up look like empty blocks */
            tell(b, !block.last || b->header.checksum, block.last && b->header.checksum);
    }
    if (!b->header.checksum)
        return 1;
    int r = source_need(b->in, ZSTD_CHECKSUM_LEN, err);
    if (r <= 0)
        return r;
    /* A frame with a wrong checksum is damaged, but whole: it stays as it is, for readers to tell. */
    r = feed(b, ZSTD_CHECKSUM_LEN, err);
    if (r == 0)
        source_skip(b->in, ZSTD_CHECKSUM_LEN);
    tell(b, false, false);
    return 1;
}

int zstd_blocks_decode(struct source *in, uint64_t text, const struct block_sink *to, struct error *err) {
    struct blocks b = {.in = in, .to = to, .text_offset = text};
    int r = 1;
    b.text = malloc(ZSTD_BLOCK_BYTES_MAX);
    b.context = ZSTD_createDCtx();
    if (!b.text || !b.context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(b.context, ZSTD_d_windowLogMax, LINE_WINDOW_LOG_MAX)))
        r = error_set(err, ERR_NOMEM, "%s: zstd decoder", in->name);
    while (r > 0) {
        r = begin_frame(&b, err);
        if (r > 0 && b.at.open)
            r = pass_blocks(&b, err);
    }
    (void)ZSTD_freeDCtx(b.context);
    free(b.text);
    return r;
}
