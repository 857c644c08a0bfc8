/* linefile/encoder_zstd.c: one zstd frame per chunk, with a window no larger than repetition between lines needs. */
#include "linefile/encoder.h"

#include <stdlib.h>
#include <zstd.h>

#include "linefile/reader.h"

enum {
    WINDOW_LOG_MIN = 20,
    WAITING_MAX = 4096,     /* bytes of a chunk's first lines held back until one tells how long lines are */
    ZSTD_STEP = 32 * 1024,  /* output room per call; the context holds back what does not fit */
    ZSTD_ROOM = 512 * 1024, /* what the context may hold back, and a frame's end */
};

/* Without a level. A flush ends a block, which pays for entropy tables of its own: what helps is to leave less to them. A lazy
 * search finds long matches in the frame before, small tables hold it, and both cost little where nearly all repeats; bench/README.md
 * has the figures. */
static const struct {
    ZSTD_cParameter parameter;
    int value;
} tuned[] = {
    {ZSTD_c_strategy, ZSTD_lazy2},
    {ZSTD_c_hashLog, 15},
    {ZSTD_c_chainLog, 15},
    {ZSTD_c_searchLog, 2},
    {ZSTD_c_minMatch, 6},
};

struct zstd_encoder {
    ZSTD_CCtx *context;
    bool in_frame;
    struct buffer waiting;          /* lines of a chunk that has not begun yet */
    size_t longest, longest_before; /* lines of this chunk, and of the one before it */
};

static bool set_parameters(ZSTD_CCtx *context, int level) {
    size_t r = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (!ZSTD_isError(r))
        r = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level ? level : ZSTD_CLEVEL_DEFAULT);
    for (size_t i = 0; level == 0 && i < COUNT_OF(tuned) && !ZSTD_isError(r); i++)
        r = ZSTD_CCtx_setParameter(context, tuned[i].parameter, tuned[i].value);
    return !ZSTD_isError(r);
}

static int zstd_create(int level, void **ret, struct error *err) {
    struct zstd_encoder *e = calloc(1, sizeof *e);
    if (e)
        e->context = ZSTD_createCCtx();
    if (!e || !e->context || !set_parameters(e->context, level)) {
        if (e)
            (void)ZSTD_freeCCtx(e->context);
        free(e);
        return error_set(err, ERR_NOMEM, "zstd encoder of level %d", level);
    }
    *ret = e;
    return 0;
}

static void zstd_destroy(void *self) {
    struct zstd_encoder *e = self;
    if (e) {
        (void)ZSTD_freeCCtx(e->context);
        buffer_done(&e->waiting);
    }
    free(e);
}

static size_t zstd_room(size_t len) {
    return ZSTD_compressBound(len + WAITING_MAX) + ZSTD_ROOM;
}

static void zstd_begin(void *self) {
    struct zstd_encoder *e = self;
    (void)ZSTD_CCtx_reset(e->context, ZSTD_reset_session_only);
    buffer_clear(&e->waiting);
    e->in_frame = false;
}

/* A window that spans two and a half of the longest lines: the next line finds all of the last one, and a small window keeps
 * what the recorder holds in memory small. */
static int window_log(const struct zstd_encoder *e) {
    size_t longest = e->longest > e->longest_before ? e->longest : e->longest_before;
    int log = WINDOW_LOG_MIN;
    while (log < LINE_WINDOW_LOG_MAX && UINT64_C(1) << log < (uint64_t)longest * 5 / 2)
        log++;
    return log;
}

/* Everything of `in` into the frame; with ZSTD_e_flush and ZSTD_e_end until nothing is held back. */
static int run(struct zstd_encoder *e, const void *bytes, size_t len, ZSTD_EndDirective how, struct buffer *out,
    struct error *err) {
    ZSTD_inBuffer in = {bytes, len, 0};
    for (;;) {
        char *to = buffer_room(out, ZSTD_STEP);
        if (!to)
            return buffer_status(out, err);
        ZSTD_outBuffer room = {to, ZSTD_STEP, 0};
        size_t n = ZSTD_compressStream2(e->context, &room, &in, how);
        if (ZSTD_isError(n))
            return error_set(err, ERR_NOMEM, "zstd encoder: %s", ZSTD_getErrorName(n));
        out->len += room.pos;
        if (how == ZSTD_e_continue ? in.pos == in.size : n == 0)
            return 0;
    }
}

/* Begins the chunk's frame, now that its first lines are known, with these. */
static int begin_frame(struct zstd_encoder *e, struct buffer *out, struct error *err) {
    size_t n = ZSTD_CCtx_setParameter(e->context, ZSTD_c_windowLog, window_log(e));
    if (ZSTD_isError(n))
        return error_set(err, ERR_NOMEM, "zstd encoder: %s", ZSTD_getErrorName(n));
    e->longest_before = e->longest;
    e->longest = 0;
    e->in_frame = true;
    int r = run(e, e->waiting.at, e->waiting.len, ZSTD_e_continue, out, err);
    buffer_done(&e->waiting);
    return r;
}

static int zstd_put(void *self, const char *line, size_t len, struct buffer *out, struct error *err) {
    struct zstd_encoder *e = self;
    e->longest = len > e->longest ? len : e->longest;
    if (!e->in_frame && e->waiting.len + len < WAITING_MAX) {
        buffer_put(&e->waiting, line, len);
        buffer_put_char(&e->waiting, '\n');
        return buffer_status(&e->waiting, err);
    }
    int r = e->in_frame ? 0 : begin_frame(e, out, err);
    if (r == 0)
        r = run(e, line, len, ZSTD_e_continue, out, err);
    return r < 0 ? r : run(e, "\n", 1, ZSTD_e_continue, out, err);
}

static int zstd_flush(void *self, struct buffer *out, struct error *err) {
    struct zstd_encoder *e = self;
    int r = !e->in_frame && e->waiting.len > 0 ? begin_frame(e, out, err) : 0;
    return r == 0 && e->in_frame ? run(e, NULL, 0, ZSTD_e_flush, out, err) : r;
}

static int zstd_chunk_end(void *self, struct buffer *out, struct error *err) {
    struct zstd_encoder *e = self;
    int r = !e->in_frame && e->waiting.len > 0 ? begin_frame(e, out, err) : 0;
    if (r < 0 || !e->in_frame)
        return r;
    e->in_frame = false;
    return run(e, NULL, 0, ZSTD_e_end, out, err);
}

static void zstd_finish(void *self, struct buffer *out) {
    (void)self, (void)out; /* the index and the seek table are the segment's business */
}

const struct encoder_ops encoder_zstd = {
    .create = zstd_create,
    .destroy = zstd_destroy,
    .room = zstd_room,
    .begin = zstd_begin,
    .put = zstd_put,
    .flush = zstd_flush,
    .chunk_end = zstd_chunk_end,
    .finish = zstd_finish,
};
