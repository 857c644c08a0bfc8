/* linefile/decoder_zstd.c: zstd frames to text, block by block, so that all before a damaged block comes out. */
#include "linefile/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "linefile/bytes.h"
#include "linefile/reader.h"
#include "linefile/zstd_format.h"

struct zstd_decoder {
    ZSTD_DCtx *context;
    size_t hint;          /* bytes that the next step of the context takes: never more are given, so that one call is one block */
    bool in_frame;
    bool more;            /* the last call filled its output: text may wait inside */
    bool cut;             /* a frame header is there in part only */
    int failed;           /* what `failure` says is due, once the text before it is handed out */
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
    d->failed = 0;
}

/* Looks at the header itself before libzstd does: a window over the limit is told apart from damage, and what is no frame of
 * this format never reaches the decoders of older ones. 1: a frame begins. 0: not all of its header is there. */
static int begin_frame(struct zstd_decoder *d, struct source *in, struct error *err) {
    struct zstd_header h = {0};
    int r = source_need(in, ZSTD_HEADER_MAX, err);
    if (r < 0)
        return r;
    d->cut = in->len > 0;
    if (in->len < ZSTD_MAGIC_LEN)
        return 0;
    if (!zstd_is_skippable(get_le32(source_bytes(in)))) {
        r = zstd_header_parse(source_bytes(in), in->len, &h);
        if (r == 0)
            return 0;
        if (r < 0)
            return error_set(err, ERR_FORMAT, "%s: byte %llu: no zstd frame", in->name, (unsigned long long)in->offset);
        if (h.window > UINT64_C(1) << LINE_WINDOW_LOG_MAX)
            return error_set(err, ERR_LIMIT, "%s: byte %llu: a zstd window of %llu MiB, the limit is %d", in->name,
                (unsigned long long)in->offset, (unsigned long long)(h.window >> 20), 1 << (LINE_WINDOW_LOG_MAX - 20));
    }
    (void)ZSTD_DCtx_reset(d->context, ZSTD_reset_session_only);
    d->hint = ZSTD_MAGIC_LEN + 1;
    d->in_frame = true;
    d->more = d->cut = false;
    return 1;
}

/* Gives the context what it wants next. 1: something moved. 0: nothing to be done with what is there. */
static int step(struct zstd_decoder *d, struct source *in, ZSTD_outBuffer *out, struct error *err) {
    size_t want = d->hint < in->cap ? d->hint : in->cap;
    int r = source_need(in, want, err);
    if (r < 0)
        return r;
    size_t have = in->len < want ? in->len : want;
    if (have == 0 && !d->more)
        return 0;
    ZSTD_inBuffer given = {source_bytes(in), have, 0};
    size_t had = out->pos;
    size_t n = ZSTD_decompressStream(d->context, out, &given);
    if (ZSTD_isError(n)) {
        d->in_frame = false;
        if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
            return error_set(err, ERR_NOMEM, "%s: zstd window", in->name);
        return error_set(err, ERR_FORMAT, "%s: byte %llu: zstd: %s", in->name, (unsigned long long)in->offset,
            ZSTD_getErrorName(n));
    }
    source_skip(in, given.pos);
    d->more = out->pos == out->size;
    d->hint = n;
    d->in_frame = n != 0;
    return n == 0 || given.pos > 0 || out->pos > had;
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
        int r = d->in_frame ? 1 : begin_frame(d, in, &d->failure);
        if (r > 0)
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
    static const uint8_t magic[ZSTD_MAGIC_LEN] = {0x28, 0xB5, 0x2F, 0xFD};
    zstd_enter(self);
    if (in->len > 0)
        source_skip(in, 1); /* never the same place twice */
    for (;;) {
        int r = source_need(in, ZSTD_HEADER_MAX + ZSTD_BLOCK_HEADER_LEN, err);
        if (r < 0)
            return r;
        const uint8_t *bytes = source_bytes(in);
        const uint8_t *found = memmem(bytes, in->len, magic, sizeof magic);
        if (found && found > bytes) {
            source_skip(in, (uint64_t)(found - bytes)); /* and look again with all of the header in the buffer */
        } else if (found && zstd_frame_plausible(found, in->len)) {
            return 1;
        } else if (found) {
            source_skip(in, 1);
        } else {
            size_t keep = in->len < sizeof magic - 1 ? in->len : sizeof magic - 1;
            source_skip(in, in->len - keep);
            if (r == 0)
                return 0;
        }
    }
}

static bool zstd_whole(const void *self) {
    const struct zstd_decoder *d = self;
    return !d->in_frame && !d->cut;
}

const struct decoder_ops decoder_zstd = {
    .create = zstd_create,
    .destroy = zstd_destroy,
    .enter = zstd_enter,
    .decode = zstd_decode,
    .resync = zstd_resync,
    .whole = zstd_whole,
};
