/* linefile/mend_gzip.c: mends gzip files: ends the member that was being written in place, or what of it can be saved. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "linefile/bytes.h"
#include "linefile/gzip_format.h"
#include "linefile/mend.h"

enum {
    MEND_SOURCE_BYTES = 256 * 1024,
    MEND_TEXT_STEP = 8 * 1024,
    CLOSE_BYTES_MAX = 3 + GZIP_TRAILER_LEN, /* what is left of a byte, an empty last block, the trailer */
    /* A member's header may carry a field of bytes that mean nothing to decoders: what has to vanish is hidden there. */
    EXTRA_HEADER_LEN = GZIP_HEADER_LEN + 2,
    EXTRA_MAX = 65535,
    EXTRA_MIN = 4,                         /* a field has an id and a length of its own */
    EMPTY_TAIL_LEN = 2 + GZIP_TRAILER_LEN, /* of a member without text */
    LINK_LEN = EXTRA_HEADER_LEN + EXTRA_MAX + EMPTY_TAIL_LEN,
    ZLIB_AT_BOUNDARY = 128, /* in data_type, after inflate with Z_BLOCK */
    ZLIB_LAST_BLOCK = 64,
    ZLIB_BITS = 7,
};

struct walker {
    struct source in;
    struct mend_scan scan;
    z_stream z;
    struct mend_boundary at;
    bool damaged; /* what stopped decoding was not the end of the file */
};

static void tell(struct walker *w, bool open, bool ended, unsigned unused_bits) {
    w->at.offset = w->in.offset;
    w->at.open = open;
    w->at.ended = ended;
    w->at.unused_bits = unused_bits;
    mend_scan_boundary(&w->scan, w->at);
}

static int set_mode(struct walker *w, int window_bits, struct error *err) {
    return inflateReset2(&w->z, window_bits) == Z_OK ? 0 : error_set(err, ERR_NOMEM, "%s: gzip decoder", w->in.name);
}

/* Inflating stopped inside the bytes of a mark: was it where a mark's first block ends? (Or the member, by chance.) */
static bool is_mark(const struct walker *w, size_t taken) {
    unsigned type = (unsigned)w->z.data_type;
    bool at_boundary = type & ZLIB_AT_BOUNDARY;
    if (type & ZLIB_LAST_BLOCK)
        return at_boundary;
    return at_boundary && (type & ZLIB_BITS) == 0 && taken == GZIP_MARK_LEN - 2 * (size_t)GZIP_EMPTY_LEN;
}

/* One call to inflate, up to the next block boundary at most; 1: `*ret` is what it said. 0: the file ends. */
static int inflate_on(struct walker *w, uint8_t *text, size_t cap, int *ret, struct error *err) {
    bool mark = false;
    int r = source_need(&w->in, 2 * (size_t)GZIP_MARK_LEN, err);
    if (r < 0)
        return r;
    size_t given = gzip_stretch(source_bytes(&w->in), w->in.len, r > 0, &mark);
    w->z.next_in = (z_const Bytef *)(uintptr_t)source_bytes(&w->in);
    w->z.avail_in = (uInt)given;
    w->z.next_out = text;
    w->z.avail_out = (uInt)cap;
    *ret = inflate(&w->z, Z_BLOCK);
    size_t taken = given - w->z.avail_in;
    if (mark && cap > 0 && *ret == Z_OK && taken > 0 && w->z.avail_out > 0 && !is_mark(w, taken)) {
        *ret = Z_DATA_ERROR;
        return 1;
    }
    source_skip(&w->in, taken);
    if (*ret == Z_MEM_ERROR)
        return error_set(err, ERR_NOMEM, "%s: gzip decoder", w->in.name);
    bool idle = *ret == Z_BUF_ERROR && w->z.avail_out == cap;
    return w->in.len > 0 || !idle;
}

/* zlib reads the header; 1: raw deflate follows. 0: cut short or damaged. */
static int pass_header(struct walker *w, struct error *err) {
    int r = set_mode(w, GZIP_WINDOW_BITS_MEMBER, err);
    w->at = (struct mend_boundary){.stream_offset = w->in.offset, .stream_text = w->scan.text};
    w->z.data_type = 0;
    while (r == 0) {
        uint8_t nothing[1];
        int z = Z_OK;
        r = inflate_on(w, nothing, 0, &z, err);
        if (r <= 0)
            return r;
        if (z != Z_OK && z != Z_BUF_ERROR) {
            w->damaged = true;
            return 0;
        }
        r = 0;
        if (w->z.data_type & ZLIB_AT_BOUNDARY)
            break;
    }
    if (r == 0)
        r = set_mode(w, GZIP_WINDOW_BITS_RAW, err);
    if (r < 0)
        return r;
    tell(w, true, false, 0);
    return 1;
}

/* From inside a member to behind its trailer. 1: passed. 0: cut short or damaged. */
static int pass_blocks(struct walker *w, struct error *err) {
    uint8_t text[MEND_TEXT_STEP];
    int z = Z_OK;
    while (z != Z_STREAM_END) {
        int r = inflate_on(w, text, sizeof text, &z, err);
        if (r <= 0)
            return r;
        size_t n = sizeof text - w->z.avail_out;
        w->at.crc = (uint32_t)crc32_z(w->at.crc, text, n);
        r = mend_scan_text(&w->scan, text, n, err);
        if (r < 0)
            return r;
        if (z != Z_OK && z != Z_BUF_ERROR && z != Z_STREAM_END) {
            w->damaged = true;
            return 0;
        }
        bool last = w->z.data_type & ZLIB_LAST_BLOCK;
        if (z == Z_STREAM_END)
            tell(w, true, true, 0);
        else if ((w->z.data_type & ZLIB_AT_BOUNDARY) && !last)
            tell(w, true, false, (unsigned)w->z.data_type & 7);
    }
    /* A member with a wrong trailer is damaged, but whole: it stays as it is, for readers to tell. */
    int r = source_need(&w->in, GZIP_TRAILER_LEN, err);
    if (r <= 0)
        return r;
    source_skip(&w->in, GZIP_TRAILER_LEN);
    tell(w, false, false, 0);
    return 1;
}

/* Between members: 1: another one begins. 0: the file ends, or something else begins. */
static int pass_padding(struct walker *w, struct error *err) {
    for (;;) {
        int r = source_need(&w->in, GZIP_HEADER_LEN, err);
        if (r < 0 || w->in.len == 0)
            return r < 0 ? r : 0;
        if (*source_bytes(&w->in) == 0) {
            source_skip(&w->in, 1);
            continue;
        }
        if (r > 0 && gzip_is_header(source_bytes(&w->in)))
            return 1;
        w->damaged = r > 0;
        return 0;
    }
}

/* Decodes the whole file, over damage too. */
static int scan_file(struct walker *w, struct error *err) {
    bool inside = false;
    for (;;) {
        uint64_t from = w->in.offset;
        int r = inside ? 1 : pass_padding(w, err);
        if (r > 0 && !inside)
            r = pass_header(w, err);
        if (r > 0)
            r = pass_blocks(w, err);
        if (r < 0)
            return r;
        inside = false;
        if (r > 0)
            continue;
        mend_scan_end(&w->scan, w->in.offset);
        if (!w->damaged)
            return 0;
        w->damaged = false;
        bool member = false;
        if (w->in.len > 0 && w->in.offset == from)
            source_skip(&w->in, 1); /* never the same place twice */
        r = gzip_find(&w->in, &member, err);
        if (r <= 0)
            return r;
        inside = !member;
        r = inside ? set_mode(w, GZIP_WINDOW_BITS_RAW, err) : 0;
        if (r < 0)
            return r;
        w->at = (struct mend_boundary){
            .offset = w->in.offset, .open = inside, .stream_offset = w->in.offset, .stream_text = w->scan.text};
        mend_scan_resume(&w->scan, w->at);
    }
}

/* What ends the member at `b`: an empty last block, from the very bit where the one before it ended, and the trailer. Goes to
 * `*ret_from`. */
static int closing(const struct mend_file *f, const struct mend_boundary *b, uint8_t *ret, size_t *ret_len,
    uint64_t *ret_from, struct error *err) {
    enum { EMPTY_BLOCK = 3, EMPTY_BLOCK_BITS = 10 }; /* last, fixed codes; and the code that ends it, 0000000 */
    uint8_t byte = 0;
    unsigned kept = b->unused_bits ? 8 - b->unused_bits : 0;
    size_t n = 0;
    *ret_from = b->offset - (kept > 0);
    if (kept > 0) {
        ssize_t got = file_pread_full(f->fd, f->name, &byte, 1, *ret_from, err);
        if (got < 0)
            return (int)got;
    }
    if (b->ended) {
        *ret_from = b->offset;
    } else {
        n = (kept + EMPTY_BLOCK_BITS + 7) / 8;
        set_le(ret, (byte & ((1U << kept) - 1)) | (uint32_t)EMPTY_BLOCK << kept, (unsigned)n);
    }
    set_le(ret + n, b->crc, 4);
    set_le(ret + n + 4, b->text - b->stream_text, 4);
    *ret_len = n + GZIP_TRAILER_LEN;
    return 0;
}

static void put_extra_header(struct buffer *out, uint64_t extra) {
    enum { HAS_EXTRA = 4, UNIX = 3 };
    static const uint8_t head[GZIP_HEADER_LEN] = {0x1F, 0x8B, 0x08, HAS_EXTRA, 0, 0, 0, 0, 0, UNIX};
    buffer_put(out, head, sizeof head);
    put_le(out, extra, 2);
    buffer_put(out, "tm", 2); /* the field's id */
    put_le(out, extra - EXTRA_MIN, 2);
}

static int deflate_tail(const struct mend_scan *s, struct buffer *out, struct error *err) {
    z_stream z = {0};
    const Bytef *text = (const Bytef *)mend_scan_tail(s);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS_RAW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_set(err, ERR_NOMEM, "saving the last lines");
    uLong bound = deflateBound(&z, s->tail_len);
    char *to = buffer_room(out, bound);
    z.next_in = (z_const Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)s->tail_len;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)bound;
    int r = to && deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : error_set(err, ERR_NOMEM, "saving the last lines");
    out->len += r == 0 ? bound - z.avail_out : 0;
    (void)deflateEnd(&z);
    put_le(out, crc32_z(0, text, s->tail_len), 4);
    put_le(out, s->tail_len, 4);
    return r == 0 ? buffer_status(out, err) : r;
}

/* Whole lines stand in a block that does not end with one (a foreign file). They go to the end of the file first, as the text of
 * a new member. Only then is the header of that member written over what they were saved from; as one header hides 64 KiB at
 * most, empty members may precede it. */
static int save_tail(const struct mend_file *f, const struct mend_scan *s, uint64_t from, struct buffer *head,
    uint64_t *ret_end, struct error *err) {
    struct buffer out = {0};
    uint64_t first = from + head->len; /* of the headers that hide things */
    uint64_t hidden_end = s->tail_end > first ? s->tail_end : first;
    uint64_t links = 0;
    while (hidden_end > first + links * LINK_LEN + EXTRA_HEADER_LEN + EXTRA_MAX)
        links++;
    uint64_t least = first + links * LINK_LEN + EXTRA_HEADER_LEN + EXTRA_MIN;
    hidden_end = hidden_end > least ? hidden_end : least;

    int r = deflate_tail(s, &out, err);
    *ret_end = hidden_end + out.len;
    if (r == 0)
        r = mend_cut(f, s->tail_end, err);
    if (r == 0)
        r = mend_write(f, out.at, out.len, hidden_end, err);
    for (uint64_t i = links; r == 0 && i > 0; i--) {
        static const uint8_t empty_tail[EMPTY_TAIL_LEN] = {0x03, 0x00};
        uint64_t at = first + i * LINK_LEN;
        out.len = 0;
        buffer_put(&out, empty_tail, sizeof empty_tail);
        put_extra_header(&out, i == links ? hidden_end - at - EXTRA_HEADER_LEN : EXTRA_MAX);
        r = buffer_status(&out, err);
        if (r == 0)
            r = mend_write(f, out.at, out.len, at - sizeof empty_tail, err);
    }
    if (r == 0)
        r = mend_sync(f, err);
    put_extra_header(head, links > 0 ? EXTRA_MAX : hidden_end - first - EXTRA_HEADER_LEN);
    if (r == 0)
        r = buffer_status(head, err);
    if (r == 0)
        r = mend_write(f, head->at, head->len, from, err);
    buffer_done(&out);
    return r;
}

static int cut_at_best(const struct mend_file *f, const struct mend_scan *s, uint64_t *ret_end, struct error *err) {
    const struct mend_boundary *b = &s->best;
    bool in_member = b->open && b->text > b->stream_text;
    uint64_t from = b->open && !in_member ? b->stream_offset : b->offset;
    uint8_t close[CLOSE_BYTES_MAX];
    size_t close_len = 0;
    int r = in_member ? closing(f, b, close, &close_len, &from, err) : 0;
    if (r < 0)
        return r;
    if (s->tail_len > 0) {
        struct buffer head = {0};
        buffer_put(&head, close, close_len);
        r = save_tail(f, s, from, &head, ret_end, err);
        buffer_done(&head);
        return r;
    }
    r = mend_write(f, close, close_len, from, err);
    *ret_end = from + close_len;
    return r == 0 && *ret_end != f->size ? mend_cut(f, *ret_end, err) : r;
}

int mend_gzip(struct mend_file *f, struct mended *ret, struct error *err) {
    struct walker *w = calloc(1, sizeof *w);
    if (!w || inflateInit2(&w->z, GZIP_WINDOW_BITS_RAW) != Z_OK) {
        free(w);
        return error_set(err, ERR_NOMEM, "%s: gzip decoder", f->name);
    }
    uint64_t end = 0;
    int r = source_init(&w->in, f->fd, f->name, false, MEND_SOURCE_BYTES, err);
    mend_scan_begin(&w->scan, w->at, 0, true);
    if (r == 0)
        r = scan_file(w, err);
    if (r == 0)
        r = cut_at_best(f, &w->scan, &end, err);
    if (r == 0)
        *ret = (struct mended){.file_bytes = end,
            .text_bytes = w->scan.best.text + w->scan.tail_len,
            .cut_bytes = f->size > end ? f->size - end : 0};
    source_done(&w->in);
    mend_scan_done(&w->scan);
    (void)inflateEnd(&w->z);
    free(w);
    return r < 0 ? error_wrap(err, r, "continue %s", f->name) : 0;
}
