/* linefile/mend_zstd.c: mends zstd files: ends the frame that was being written in place, or what of it can be saved. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/file.h"
#include "linefile/bytes.h"
#include "linefile/mend.h"
#include "linefile/seektable.h"
#include "linefile/walk.h"
#include "linefile/zstd_blocks.h"
#include "linefile/zstd_format.h"

enum {
    MEND_SOURCE_BYTES = 256 * 1024,
    CLOSE_BYTES_MAX = ZSTD_BLOCK_HEADER_LEN + ZSTD_CHECKSUM_LEN,
};

static int to_scan(void *self, const void *bytes, size_t n, struct error *err) {
    return mend_scan_text(self, bytes, n, err);
}

static void boundary_to_scan(void *self, struct mend_boundary b) {
    mend_scan_boundary(self, b);
}

static int to_count(void *self, const void *bytes, size_t n, struct error *err) {
    (void)bytes, (void)err;
    *(uint64_t *)self += n;
    return 0;
}

/* The checksum that a frame of some text ends with is taken from zstd itself: the same text is compressed once more, and of that
 * only the last four bytes are kept. */
struct checksum {
    ZSTD_CCtx *context;
    uint8_t last[ZSTD_CHECKSUM_LEN];
    char out[8 * 1024];
};

static int checksum_run(struct checksum *c, const void *bytes, size_t n, ZSTD_EndDirective how, struct error *err) {
    ZSTD_inBuffer in = {bytes, n, 0};
    for (;;) {
        ZSTD_outBuffer out = {c->out, sizeof c->out, 0};
        size_t left = ZSTD_compressStream2(c->context, &out, &in, how);
        if (ZSTD_isError(left))
            return error_set(err, ERR_NOMEM, "zstd encoder: %s", ZSTD_getErrorName(left));
        size_t kept = out.pos < sizeof c->last ? sizeof c->last - out.pos : 0;
        memmove(c->last, c->last + sizeof c->last - kept, kept);
        memcpy(c->last + kept, c->out + out.pos - (sizeof c->last - kept), sizeof c->last - kept);
        if (how == ZSTD_e_continue ? in.pos == n : left == 0)
            return 0;
    }
}

static int to_checksum(void *self, const void *bytes, size_t n, struct error *err) {
    return checksum_run(self, bytes, n, ZSTD_e_continue, err);
}

/* The checksum of the text that stands in the frame at `from` before `end`. */
static int checksum_of(const struct mend_file *f, uint64_t from, uint64_t end, uint8_t *ret, struct error *err) {
    enum { FASTEST = -5 };
    struct source in = {0};
    struct checksum *c = calloc(1, sizeof *c);
    if (c)
        c->context = ZSTD_createCCtx();
    int r = c && c->context && !ZSTD_isError(ZSTD_CCtx_setParameter(c->context, ZSTD_c_checksumFlag, 1)) &&
                    !ZSTD_isError(ZSTD_CCtx_setParameter(c->context, ZSTD_c_compressionLevel, FASTEST))
                ? source_init(&in, f->fd, f->name, false, MEND_SOURCE_BYTES, err)
                : error_set(err, ERR_NOMEM, "%s: checksum", f->name);
    if (r == 0) {
        source_seek(&in, from);
        source_limit(&in, end);
        r = zstd_blocks_decode(&in, 0, &(struct block_sink){.self = c, .text = to_checksum}, err);
    }
    if (r == 0)
        r = checksum_run(c, NULL, 0, ZSTD_e_end, err);
    if (r == 0)
        memcpy(ret, c->last, sizeof c->last);
    source_done(&in);
    if (c)
        (void)ZSTD_freeCCtx(c->context);
    free(c);
    return r;
}

/* Does a frame header that says how large its content is say what will be true? */
static int patch_content_size(const struct mend_file *f, const struct mend_boundary *b, struct error *err) {
    uint8_t head[ZSTD_HEADER_MAX];
    struct zstd_header h = {0};
    struct source in = {0};
    int r = source_init(&in, f->fd, f->name, false, MEND_SOURCE_BYTES, err);
    if (r < 0)
        return r;
    source_seek(&in, b->stream_offset);
    r = source_need(&in, ZSTD_HEADER_MAX, err);
    size_t len = in.len < sizeof head ? in.len : sizeof head;
    memcpy(head, source_bytes(&in), len);
    source_done(&in);
    if (r < 0)
        return r;
    uint64_t text = b->text - b->stream_text;
    if (zstd_header_parse(head, len, &h) <= 0 || h.content_size_len == 0 || h.content_size == text)
        return 0;
    uint64_t value = h.content_size_len == 2 ? text - 256 : text;
    if (h.content_size_len == 2 && text < 256)
        return error_set(
            err, ERR_FORMAT, "%s: the size in its frame header cannot be corrected; decompress it first", f->name);
    uint8_t field[8];
    set_le(field, value, h.content_size_len);
    return mend_write(f, field, h.content_size_len, b->stream_offset + h.content_size_at, err);
}

/* What ends the frame at `b`: an empty last block, and the checksum of the text before it if its header promises one. */
static int closing(
    const struct mend_file *f, const struct mend_boundary *b, uint8_t *ret, size_t *ret_len, struct error *err) {
    uint8_t head[ZSTD_MAGIC_LEN + 1];
    struct mend_boundary at = *b;
    size_t n = 0;
    if (!at.ended) {
        set_le(ret, 1, ZSTD_BLOCK_HEADER_LEN); /* raw, empty, last */
        n = ZSTD_BLOCK_HEADER_LEN;
    }
    ssize_t got = file_pread_full(f->fd, f->name, head, sizeof head, at.stream_offset, err);
    if (got < (ssize_t)sizeof head)
        return got < 0 ? (int)got : error_set(err, ERR_FORMAT, "%s: it became shorter", f->name);
    if (head[ZSTD_MAGIC_LEN] & 0x04) {
        int r = checksum_of(f, at.stream_offset, at.offset, ret + n, err);
        if (r < 0)
            return r;
        n += ZSTD_CHECKSUM_LEN;
    }
    *ret_len = n;
    return 0;
}

/* Whole lines stand in a block that does not end with one (a foreign file). They go into a frame of their own behind it first;
 * only then is the block declared a skippable frame. */
static int save_tail(const struct mend_file *f, const struct mend_scan *s, uint64_t from, const uint8_t *close,
    size_t close_len, uint64_t *ret_end, struct error *err) {
    uint8_t head[CLOSE_BYTES_MAX + ZSTD_SKIPPABLE_HEADER_LEN];
    size_t bound = ZSTD_compressBound(s->tail_len);
    char *frame = malloc(bound);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    int r = 0;
    size_t n = 0;
    uint64_t at = from + close_len + ZSTD_SKIPPABLE_HEADER_LEN;
    at = at > s->tail_end ? at : s->tail_end;
    if (frame && context && !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)))
        n = ZSTD_compress2(context, frame, bound, mend_scan_tail(s), s->tail_len);
    if (n == 0 || ZSTD_isError(n))
        r = error_set(err, ERR_NOMEM, "%s: saving the last lines", f->name);
    if (r == 0)
        r = mend_cut(f, s->tail_end, err); /* blocks of the line that is torn */
    if (r == 0)
        r = mend_write(f, frame, n, at, err);
    if (r == 0)
        r = mend_sync(f, err);
    (void)ZSTD_freeCCtx(context);
    free(frame);
    if (r < 0)
        return r;
    memcpy(head, close, close_len);
    set_le(head + close_len, ZSTD_SKIPPABLE_MAGIC, 4);
    set_le(head + close_len + 4, at - from - close_len - ZSTD_SKIPPABLE_HEADER_LEN, 4);
    *ret_end = at + n;
    return mend_write(f, head, close_len + ZSTD_SKIPPABLE_HEADER_LEN, from, err);
}

static int cut_at_best(const struct mend_file *f, const struct mend_scan *s, uint64_t *ret_end, struct error *err) {
    const struct mend_boundary *b = &s->best;
    bool in_frame = b->open && b->text > b->stream_text;
    uint64_t from = b->open && !in_frame ? b->stream_offset : b->offset;
    uint8_t close[CLOSE_BYTES_MAX];
    size_t close_len = 0;
    int r = in_frame ? closing(f, b, close, &close_len, err) : 0;
    if (r < 0)
        return r;
    if (s->tail_len > 0) {
        r = save_tail(f, s, from, close, close_len, ret_end, err);
        return r == 0 && in_frame ? patch_content_size(f, b, err) : r;
    }
    r = from < f->size ? mend_cut(f, from, err) : 0;
    if (r == 0 && in_frame)
        r = patch_content_size(f, b, err);
    if (r == 0 && close_len > 0)
        r = mend_write(f, close, close_len, from, err);
    *ret_end = from + close_len;
    return r;
}

/* Decodes all from `from`, over damage too: what readers can still read must not be cut. */
static int scan_from(struct mend_scan *s, struct source *in, uint64_t from, bool line_start, struct error *err) {
    const struct block_sink sink = {.self = s, .text = to_scan, .boundary = boundary_to_scan};
    int r = 1;
    mend_scan_begin(s, (struct mend_boundary){.offset = from}, 0, line_start);
    source_seek(in, from);
    while (r > 0) {
        uint64_t began = in->offset;
        r = zstd_blocks_decode(in, s->text, &sink, err);
        if (r < 0)
            return r;
        mend_scan_end(s, in->offset);
        if (in->offset == began)
            source_skip(in, 1); /* never the same place twice */
        r = zstd_find_frame(in, err);
        mend_scan_resume(s, (struct mend_boundary){.offset = in->offset});
    }
    return r;
}

/* Looks for the cut from the last chunk backwards: most often the last one has it. */
static int find_cut(
    const struct chunk_list *chunks, struct source *in, struct mend_scan *s, size_t *ret_chunk, struct error *err) {
    for (size_t i = chunks->n;; i--) {
        int r = scan_from(s, in, i > 1 ? chunks->at[i - 1].offset : 0, i <= 1, err);
        if (r < 0)
            return r;
        if (s->found) {
            *ret_chunk = i > 1 ? i - 1 : 0;
            return 0;
        }
    }
}

/* A chunk of which nothing can be decoded is none: a seek table could not tell it from a skippable frame. */
static void drop_empty(struct chunk_list *chunks) {
    size_t n = 0;
    for (size_t i = 0; i < chunks->n; i++) {
        if (chunks->at[i].text_size > 0)
            chunks->at[n++] = chunks->at[i];
    }
    chunks->n = n;
}

/* Decodes those of the first `n` chunks of which nothing says how much text they hold. */
static int count_text(struct source *in, struct chunk_list *chunks, size_t n, struct error *err) {
    for (size_t i = 0; i < n; i++) {
        struct line_chunk *c = &chunks->at[i];
        uint64_t text = 0;
        if (c->text_size != LINE_OFFSET_UNKNOWN)
            continue;
        source_limit(in, c->offset + c->size);
        source_seek(in, c->offset);
        int r = zstd_blocks_decode(in, 0, &(struct block_sink){.self = &text, .text = to_count}, err);
        if (r < 0)
            return r;
        c->text_size = text;
    }
    return 0;
}

/* Everything but a file that we finished ourselves: what ends it is found by decoding. */
static int mend_tail(
    struct mend_file *f, struct source *in, struct chunk_list *chunks, struct arena *notes, struct error *err) {
    struct mend_scan scan = {0};
    size_t chunk = 0;
    uint64_t end = 0;
    int r = find_cut(chunks, in, &scan, &chunk, err);
    if (r == 0) /* what is refused is refused before anything is changed */
        r = count_text(in, chunks, chunk, err);
    if (r == 0)
        r = cut_at_best(f, &scan, &end, err);
    mend_scan_done(&scan);
    if (r < 0)
        return r;
    /* What was cut or closed is walked anew. */
    struct walk walk = {.at = chunk < chunks->n && chunk > 0 ? chunks->at[chunk].offset : 0};
    chunks->n = chunk;
    f->size = end;
    source_done(in);
    r = source_init(in, f->fd, f->name, false, MEND_SOURCE_BYTES, err);
    if (r < 0)
        return r;
    source_limit(in, end);
    r = walk_zstd(&walk, in, chunks, notes, SIZE_MAX, err);
    return r == 0 ? count_text(in, chunks, chunks->n, err) : r;
}

int mend_zstd(
    struct mend_file *f, struct chunk_list *chunks, struct arena *notes, struct mended *ret, struct error *err) {
    struct seektable_facts table = {0};
    struct source in = {0};
    uint64_t had = f->size;
    int r = seektable_load(f->fd, f->name, f->size, chunks, notes, &table, err);
    bool has_table = r > 0;
    if (has_table) {
        had = f->size = table.derived_from;
        r = 0;
    } else if (r == 0) {
        struct walk walk = {0};
        r = source_init(&in, f->fd, f->name, false, MEND_SOURCE_BYTES, err);
        if (r == 0)
            r = walk_zstd(&walk, &in, chunks, notes, SIZE_MAX, err);
        source_done(&in);
    }
    if (r == 0 && !table.index) {
        r = source_init(&in, f->fd, f->name, false, MEND_SOURCE_BYTES, err);
        if (r == 0) {
            source_limit(&in, f->size);
            r = mend_tail(f, &in, chunks, notes, err);
        }
        source_done(&in);
    }
    if (r == 0 && has_table)
        r = mend_cut(f, f->size, err);
    drop_empty(chunks);
    chunk_list_count_text(chunks);
    if (r < 0)
        return error_wrap(err, r, "continue %s", f->name);
    *ret = (struct mended){.file_bytes = f->size,
        .text_bytes = chunk_list_text_end(chunks),
        .cut_bytes = had > f->size ? had - f->size : 0};
    return 0;
}
