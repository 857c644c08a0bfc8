/* linefile/decoder_zstd.c: zstd frames to text, block by block, so that all before a damaged block comes out. */
#include "linefile/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "linefile/bytes.h"
#include "linefile/reader.h"
#include "linefile/zstd_format.h"

static const uint8_t magic[ZSTD_MAGIC_LEN] = {0x28, 0xB5, 0x2F, 0xFD};

struct zstd_decoder {
    ZSTD_DCtx *context;
    bool in_frame;
    bool checksum; /* one ends the frame */
    bool last;     /* its last block has passed */
    size_t part;   /* bytes of what goes into the context next: a header, a block, the checksum; 0: not known yet */
    bool more;     /* the last call filled its output: text may wait inside */
    bool cut;      /* a frame header is there in part only */
    uint64_t skippable; /* where the last skippable frame began, if that is what was last; else UINT64_MAX */
    uint64_t skip;      /* bytes of it to pass over */
    uint64_t began;     /* where a frame was last looked for */
    int failed;         /* what `failure` says is due, once the text before it is handed out */
    struct error failure;
};

static int zstd_create(void **ret, struct error *err) {
    struct zstd_decoder *d = calloc(1, sizeof *d);
    if (d)
        d->context = ZSTD_createDCtx();
    if (!d || !d->context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(d->context, ZSTD_d_windowLogMax, LINE_WINDOW_LOG_MAX))) {
        if (d)
            (void)ZSTD_freeDCtx(d->context);
        free(d);
        return error_set(err, ERR_NOMEM, "zstd decoder");
    }
    *ret = d;
    return 0;
}

static void zstd_destroy(void *self) {
    struct zstd_decoder *d = self;
    if (d)
        (void)ZSTD_freeDCtx(d->context);
    free(d);
}

static void zstd_enter(void *self) {
    struct zstd_decoder *d = self;
    d->in_frame = d->more = d->cut = false;
    d->began = UINT64_MAX;
    d->skippable = UINT64_MAX;
    d->skip = 0;
    d->failed = 0;
}

/* The size of a skippable frame cannot be checked as that of others can, and may lead over everything. What it does not lead to
 * a frame shows it: then the search for one begins inside it. */
static int mistrust_skippable(struct zstd_decoder *d, struct source *in, struct error *err) {
    uint64_t from = d->skippable, to = in->offset;
    zstd_enter(d);
    source_seek(in, from + ZSTD_SKIPPABLE_HEADER_LEN - 1);
    return error_set(err, ERR_FORMAT, "%s: byte %llu: no zstd frame behind the skippable one at byte %llu", in->name,
        (unsigned long long)to, (unsigned long long)from);
}

/* 1: passed. 0: the file ends inside it, and so it may be. */
static int pass_skippable(struct zstd_decoder *d, struct source *in, struct error *err) {
    int r = 1;
    while (in->stream && d->skip > 0 && (r = source_need(in, 1, err)) > 0) {
        uint64_t n = in->len < d->skip ? in->len : d->skip;
        source_skip(in, n);
        d->skip -= n;
    }
    if (in->stream || d->skip == 0)
        return r;
    uint64_t at = in->offset;
    source_skip(in, d->skip - 1);
    r = source_need(in, 1, err); /* a jump past the end would not show */
    if (r > 0) {
        source_skip(in, 1);
        d->skip = 0;
        return 1;
    }
    source_seek(in, at + 1);
    if (r == 0)
        r = zstd_find_frame(in, err);
    if (r > 0)
        return mistrust_skippable(d, in, err);
    source_seek(in, at);
    return r;
}

/* Looks at the header itself before libzstd does: a window over the limit is told apart from damage, and what is no frame of
 * this format never reaches the decoders of older ones. 1: a frame begins. 0: not all of its header is there. */
static int check_header(struct zstd_decoder *d, struct source *in, struct error *err) {
    struct zstd_header h = {0};
    d->began = in->offset;
    int r = zstd_header_parse(source_bytes(in), in->len, &h);
    if (r == 0)
        return 0;
    if (r < 0 && d->skippable != UINT64_MAX && !in->stream)
        return mistrust_skippable(d, in, err);
    if (r < 0)
        return error_set(err, ERR_FORMAT, "%s: byte %llu: no zstd frame", in->name, (unsigned long long)in->offset);
    if (h.window > UINT64_C(1) << LINE_WINDOW_LOG_MAX)
        return error_set(err, ERR_REFUSED, "%s: byte %llu: a zstd window of %llu MiB, the limit is %d", in->name,
            (unsigned long long)in->offset, (unsigned long long)(h.window >> 20), 1 << (LINE_WINDOW_LOG_MAX - 20));
    d->part = h.size;
    d->checksum = h.checksum;
    d->last = false;
    return 1;
}

/* 1: a frame begins, skippable or not. 0: not all of its header is there. */
static int begin_frame(struct zstd_decoder *d, struct source *in, struct error *err) {
    int r = source_need(in, ZSTD_HEADER_MAX, err);
    if (r < 0)
        return r;
    d->cut = in->len > 0;
    if (in->len < ZSTD_MAGIC_LEN)
        return 0;
    if (zstd_is_skippable(get_le32(source_bytes(in)))) {
        if (in->len < ZSTD_SKIPPABLE_HEADER_LEN)
            return 0;
        d->skippable = in->offset;
        d->skip = ZSTD_SKIPPABLE_HEADER_LEN + (uint64_t)get_le32(source_bytes(in) + 4);
        return 1;
    }
    r = check_header(d, in, err);
    if (r <= 0)
        return r;
    (void)ZSTD_DCtx_reset(d->context, ZSTD_reset_session_only);
    d->skippable = UINT64_MAX;
    d->in_frame = true;
    d->more = d->cut = false;
    return 1;
}

/* The file ends inside a block: unless its size is damaged, there is no frame in what is there of it. */
static int check_cut_block(const struct source *in, struct error *err) {
    const uint8_t *bytes = source_bytes(in);
    for (size_t i = 1; i + ZSTD_MAGIC_LEN <= in->len; i++) {
        const uint8_t *found = memmem(bytes + i, in->len - i, magic, sizeof magic);
        if (!found)
            return 0;
        i = (size_t)(found - bytes);
        if (zstd_frame_plausible(found, in->len - i)) {
            return error_set(err, ERR_FORMAT, "%s: byte %llu: a zstd block that is cut short", in->name,
                (unsigned long long)in->offset);
        }
    }
    return 0;
}

/* Says what follows in the frame. 1: `d->part` bytes are all there. 0: not yet. */
static int next_part(struct zstd_decoder *d, struct source *in, struct error *err) {
    if (d->part == 0 && d->last) {
        d->part = ZSTD_CHECKSUM_LEN;
    } else if (d->part == 0) {
        struct zstd_block block = {0};
        int r = source_need(in, ZSTD_BLOCK_HEADER_LEN, err);
        if (r <= 0)
            return r;
        if (!zstd_block_parse(source_bytes(in), &block))
            return error_set(err, ERR_FORMAT, "%s: byte %llu: no zstd block", in->name, (unsigned long long)in->offset);
        d->part = ZSTD_BLOCK_HEADER_LEN + block.stored;
        d->last = block.last;
    }
    int r = source_need(in, d->part, err);
    return r == 0 ? check_cut_block(in, err) : r;
}

/* Gives the context one part, so that a damaged one costs nothing of those before it. 1: something moved. 0: nothing to be done
 * with what is there. */
static int step(struct zstd_decoder *d, struct source *in, ZSTD_outBuffer *out, struct error *err) {
    int r = d->more ? 1 : next_part(d, in, err);
    if (r <= 0)
        return r;
    ZSTD_inBuffer given = {source_bytes(in), d->part, 0};
    size_t left = ZSTD_decompressStream(d->context, out, &given);
    if (ZSTD_isError(left)) {
        if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
            return error_set(err, ERR_NOMEM, "%s: zstd window", in->name);
        return error_set(err, ERR_FORMAT, "%s: byte %llu: zstd: %s", in->name, (unsigned long long)in->offset,
            ZSTD_getErrorName(left));
    }
    source_skip(in, given.pos);
    d->part -= given.pos;
    d->more = out->pos == out->size || d->part > 0;
    d->in_frame = left != 0;
    return 1;
}

static ssize_t zstd_decode(void *self, struct source *in, char *to, size_t cap, struct error *err) {
    struct zstd_decoder *d = self;
    ZSTD_outBuffer out = {to, cap, 0};
    if (d->failed) {
        int r = d->failed;
        d->failed = 0;
        if (err)
            *err = d->failure;
        return r;
    }
    while (out.pos < cap) {
        int r = 1;
        if (d->skip > 0)
            r = pass_skippable(d, in, &d->failure);
        else if (!d->in_frame)
            r = begin_frame(d, in, &d->failure);
        if (r > 0 && d->in_frame)
            r = step(d, in, &out, &d->failure);
        if (r < 0 && out.pos == 0) {
            if (err)
                *err = d->failure;
            return r;
        }
        d->failed = r < 0 ? r : 0;
        if (r <= 0)
            break;
    }
    return (ssize_t)out.pos;
}

static int zstd_resync(void *self, struct source *in, struct error *err) {
    const struct zstd_decoder *d = self;
    if (in->len > 0 && in->offset == d->began)
        source_skip(in, 1); /* never the same place twice */
    zstd_enter(self);
    return zstd_find_frame(in, err);
}

static bool zstd_whole(const void *self) {
    const struct zstd_decoder *d = self;
    return !d->in_frame && !d->cut && d->skip == 0;
}

const struct decoder_ops decoder_zstd = {
    .create = zstd_create,
    .destroy = zstd_destroy,
    .enter = zstd_enter,
    .decode = zstd_decode,
    .resync = zstd_resync,
    .whole = zstd_whole,
};
