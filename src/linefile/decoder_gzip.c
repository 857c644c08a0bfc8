/* linefile/decoder_gzip.c: gzip members to text; also from behind a chunk mark, where raw deflate goes on. */
#include "linefile/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "linefile/bytes.h"
#include "linefile/gzip_format.h"

enum gzip_place {
    GZIP_ENTRY,   /* at a member's header, or just told to enter: then behind a mark perhaps */
    GZIP_BETWEEN, /* a member has ended: another one, or zeros that fill up */
    GZIP_HEADER,  /* zlib reads it */
    GZIP_BLOCKS,  /* raw deflate */
    GZIP_TRAILER,
};

struct gzip_decoder {
    z_stream z;
    enum gzip_place place;
    bool whole_member; /* decoded from its start, so that its trailer can be checked */
    uint32_t crc;
    uint32_t size;   /* modulo 2^32 */
    bool cut;        /* some bytes of a header or trailer are there, not all */
    bool more;       /* the last call filled its output: text may wait inside */
    uint64_t began;  /* where inflating last started */
    uint64_t stream; /* where the source was entered */
    uint64_t text;   /* bytes of text since then, before and behind damage */
    bool keeps;      /* access points */
    struct access_list access;
    int failed; /* what `failure` says is due, once the text before it is handed out */
    struct error failure;
};

static int gzip_create(void **ret, struct error *err) {
    struct gzip_decoder *d = calloc(1, sizeof *d);
    if (!d || inflateInit2(&d->z, GZIP_WINDOW_BITS_MEMBER) != Z_OK) {
        free(d);
        return error_set(err, ERR_NOMEM, "gzip decoder");
    }
    *ret = d;
    return 0;
}

static void gzip_destroy(void *self) {
    struct gzip_decoder *d = self;
    if (d) {
        (void)inflateEnd(&d->z);
        access_list_done(&d->access);
    }
    free(d);
}

static void gzip_enter(void *self) {
    struct gzip_decoder *d = self;
    d->place = GZIP_ENTRY;
    d->cut = d->more = false;
    d->began = UINT64_MAX;
    d->failed = 0;
}

static int damaged(const struct source *in, const char *why, struct error *err) {
    return error_set(
        err, ERR_FORMAT, "%s: byte %llu: gzip: %s", in->name, (unsigned long long)in->offset, why ? why : "damaged");
}

static int start(struct gzip_decoder *d, const struct source *in, bool member, struct error *err) {
    if (inflateReset2(&d->z, member ? GZIP_WINDOW_BITS_MEMBER : GZIP_WINDOW_BITS_RAW) != Z_OK)
        return error_set(err, ERR_NOMEM, "gzip decoder");
    d->place = member ? GZIP_HEADER : GZIP_BLOCKS;
    d->whole_member = member;
    d->crc = d->size = 0;
    d->began = in->offset;
    d->more = false;
    return 1;
}

/* A member with a wrong trailer is passed all the same, so that the next one is found where it begins. */
static int pass_trailer(struct gzip_decoder *d, struct source *in, struct error *err) {
    const uint8_t *bytes = source_bytes(in);
    bool good = !d->whole_member || (get_le32(bytes) == d->crc && get_le32(bytes + 4) == d->size);
    source_skip(in, GZIP_TRAILER_LEN);
    d->place = GZIP_BETWEEN;
    return good ? 1 : damaged(in, "wrong checksum of the member before", err);
}

/* Decides what begins at the source: 1 when inflating can start. */
static int begin(struct gzip_decoder *d, struct source *in, struct error *err) {
    for (;;) {
        int r = source_need(in, d->place == GZIP_TRAILER ? GZIP_TRAILER_LEN : GZIP_HEADER_LEN, err);
        if (r < 0)
            return r;
        const uint8_t *bytes = source_bytes(in);
        if (d->place == GZIP_ENTRY) {
            d->stream = in->offset;
            d->text = 0;
        }
        if (d->place == GZIP_ENTRY && in->len > 0 && bytes[0] != 0x1F)
            return start(d, in, false, err);
        if (d->place == GZIP_BETWEEN && in->len > 0 && bytes[0] == 0) {
            source_skip(in, 1);
            continue;
        }
        d->cut = in->len > 0 || d->place == GZIP_TRAILER;
        if (r == 0)
            return 0;
        d->cut = false;
        if (d->place != GZIP_TRAILER)
            return gzip_is_header(bytes) ? start(d, in, true, err) : damaged(in, "no member", err);
        r = pass_trailer(d, in, err);
        if (r < 0)
            return r;
    }
}

/* Where a block has just ended decoding can go on, given the text before. Without memory there is no point, and no harm. */
static void keep_point(struct gzip_decoder *d, const struct source *in) {
    enum { UNUSED_BITS = 63, IN_LAST_BLOCK = 64, AT_BOUNDARY = 128, BITS_MAX = 7 }; /* in data_type */
    unsigned type = (unsigned)d->z.data_type;
    struct access_point p = {
        .stream = d->stream, .text = d->text, .offset = in->offset, .unused_bits = type & UNUSED_BITS};
    uInt len = 0;
    if (!(type & AT_BOUNDARY) || (type & IN_LAST_BLOCK) || p.unused_bits > BITS_MAX)
        return;
    p.window = malloc(ACCESS_WINDOW_BYTES);
    if (!p.window || inflateGetDictionary(&d->z, p.window, &len) != Z_OK || len == 0) {
        free(p.window);
        return;
    }
    p.window_len = len;
    access_keep(&d->access, p);
}

/* Inflates what is there. 1: something moved. 0: nothing to be done with what is there. */
static int step(struct gzip_decoder *d, struct source *in, struct error *err) {
    enum { AT_BOUNDARY = 128, BITS = 7 }; /* in data_type */
    bool header = d->place == GZIP_HEADER, mark = false;
    int r = source_need(in, 2 * (size_t)GZIP_MARK_LEN, err);
    if (r < 0)
        return r;
    if (in->len == 0 && !d->more)
        return 0;
    const Bytef *to = d->z.next_out;
    size_t given = gzip_stretch(source_bytes(in), in->len, r > 0, &mark);
    d->z.next_in = (z_const Bytef *)(uintptr_t)source_bytes(in);
    d->z.avail_in = (uInt)given;
    bool due = d->keeps && !header && !mark && access_is_due(&d->access, d->stream, d->text);
    r = inflate(&d->z, header || due ? Z_BLOCK : Z_NO_FLUSH); /* a header ends where the first block begins */
    size_t taken = given - d->z.avail_in, got = (size_t)(d->z.next_out - to);
    d->text += got; /* handed out whatever comes of it */
    if (mark && !header && r == Z_OK && d->z.avail_in == 0 && (d->z.data_type & (AT_BOUNDARY | BITS)) != AT_BOUNDARY)
        return damaged(in, "a chunk ends inside a block", err);
    source_skip(in, taken);
    d->crc = (uint32_t)crc32_z(d->crc, to, got);
    d->size += (uint32_t)got;
    if (due && r == Z_OK)
        keep_point(d, in);
    d->more = d->z.avail_out == 0;
    if (r == Z_MEM_ERROR)
        return error_set(err, ERR_NOMEM, "%s: gzip decoder", in->name);
    if (r == Z_STREAM_END) {
        d->place = GZIP_TRAILER;
        return 1;
    }
    if (r != Z_OK && r != Z_BUF_ERROR)
        return damaged(in, d->z.msg, err);
    if (header && (d->z.data_type & AT_BOUNDARY)) {
        if (inflateReset2(&d->z, GZIP_WINDOW_BITS_RAW) != Z_OK)
            return error_set(err, ERR_NOMEM, "%s: gzip decoder", in->name);
        d->place = GZIP_BLOCKS;
    }
    return taken > 0 || got > 0;
}

static ssize_t gzip_decode(void *self, struct source *in, char *to, size_t cap, struct error *err) {
    struct gzip_decoder *d = self;
    if (d->failed) {
        int r = d->failed;
        d->failed = 0;
        if (err)
            *err = d->failure;
        return r;
    }
    d->z.next_out = (Bytef *)to;
    d->z.avail_out = (uInt)cap;
    while (d->z.avail_out > 0) {
        int r = d->place == GZIP_HEADER || d->place == GZIP_BLOCKS ? 1 : begin(d, in, &d->failure);
        if (r > 0)
            r = step(d, in, &d->failure);
        if (r < 0 && d->z.avail_out == cap) {
            if (err)
                *err = d->failure;
            return r;
        }
        d->failed = r < 0 ? r : 0;
        if (r <= 0)
            break;
    }
    return (ssize_t)(cap - d->z.avail_out);
}

static int gzip_resync(void *self, struct source *in, struct error *err) {
    struct gzip_decoder *d = self;
    bool member = false;
    if (in->len > 0 && in->offset == d->began)
        source_skip(in, 1); /* never the same place twice */
    gzip_enter(self);
    int r = gzip_find(in, &member, err);
    return r > 0 ? start(d, in, member, err) : r;
}

static bool gzip_whole(const void *self) {
    const struct gzip_decoder *d = self;
    return (d->place == GZIP_ENTRY || d->place == GZIP_BETWEEN) && !d->cut;
}

static void gzip_remember(void *self, uint64_t spacing) {
    struct gzip_decoder *d = self;
    d->keeps = true;
    d->access.spacing = spacing;
}

static const struct access_point *gzip_nearest(const void *self, uint64_t stream, uint64_t text) {
    const struct gzip_decoder *d = self;
    return access_find(&d->access, stream, text);
}

static int gzip_enter_at(void *self, struct source *in, const struct access_point *p, struct error *err) {
    struct gzip_decoder *d = self;
    uint8_t partial = 0;
    if (p->unused_bits > 0) {
        source_seek(in, p->offset - 1);
        int r = source_need(in, 1, err);
        if (r <= 0) /* the file has shrunk */
            return r;
        partial = *source_bytes(in);
    }
    source_seek(in, p->offset);
    if (inflateReset2(&d->z, GZIP_WINDOW_BITS_RAW) != Z_OK ||
        inflatePrime(&d->z, (int)p->unused_bits, partial >> (8 - p->unused_bits)) != Z_OK ||
        inflateSetDictionary(&d->z, p->window, (uInt)p->window_len) != Z_OK)
        return error_set(err, ERR_NOMEM, "%s: gzip decoder", in->name);
    d->place = GZIP_BLOCKS;
    d->whole_member = false;
    d->began = p->offset;
    d->stream = p->stream;
    d->text = p->text;
    return 1;
}

const struct decoder_ops decoder_gzip = {
    .create = gzip_create,
    .destroy = gzip_destroy,
    .enter = gzip_enter,
    .decode = gzip_decode,
    .resync = gzip_resync,
    .whole = gzip_whole,
    .remember = gzip_remember,
    .nearest = gzip_nearest,
    .enter_at = gzip_enter_at,
};
