/* linefile/encoder_plain.c: text as it is; and which encoder belongs to which codec. */
#include "linefile/encoder.h"

const struct encoder_ops *encoder_for(enum codec c) {
    static const struct encoder_ops *const all[CODEC_COUNT] = {
        [CODEC_PLAIN] = &encoder_plain,
        [CODEC_GZIP] = &encoder_gzip,
        [CODEC_ZSTD] = &encoder_zstd,
    };
    return all[c];
}

static int plain_create(int level, void **ret, struct error *err) {
    (void)level, (void)err;
    *ret = NULL;
    return 0;
}

static void plain_destroy(void *self) {
    (void)self;
}

static size_t plain_room(size_t len) {
    return len + 1;
}

static void plain_begin(void *self) {
    (void)self;
}

static int plain_put(void *self, const char *line, size_t len, struct buffer *out, struct error *err) {
    (void)self, (void)err;
    buffer_put(out, line, len);
    buffer_put_char(out, '\n');
    return 0;
}

static int plain_flush(void *self, struct buffer *out, struct error *err) {
    (void)self, (void)out, (void)err;
    return 0;
}

static void plain_finish(void *self, struct buffer *out) {
    (void)self, (void)out;
}

const struct encoder_ops encoder_plain = {
    .create = plain_create,
    .destroy = plain_destroy,
    .room = plain_room,
    .begin = plain_begin,
    .put = plain_put,
    .flush = plain_flush,
    .chunk_end = plain_flush,
    .finish = plain_finish,
};
