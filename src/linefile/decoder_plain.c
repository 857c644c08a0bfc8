/* linefile/decoder_plain.c: text as it is; and which decoder belongs to which codec. */
#include "linefile/decoder.h"

const struct decoder_ops *decoder_for(enum codec c) {
    static const struct decoder_ops *const all[CODEC_COUNT] = {
        [CODEC_PLAIN] = &decoder_plain,
        [CODEC_GZIP] = &decoder_gzip,
        [CODEC_ZSTD] = &decoder_zstd,
    };
    return all[c];
}

static int plain_create(void **ret, struct error *err) {
    (void)err;
    *ret = NULL;
    return 0;
}

static void plain_destroy(void *self) {
    (void)self;
}

static void plain_enter(void *self) {
    (void)self;
}

static ssize_t plain_decode(void *self, struct source *in, char *to, size_t cap, struct error *err) {
    (void)self;
    return source_read(in, to, cap, err);
}

static int plain_resync(void *self, struct source *in, struct error *err) {
    (void)self, (void)in, (void)err;
    return 0;
}

static bool plain_whole(const void *self) {
    (void)self;
    return true;
}

const struct decoder_ops decoder_plain = {
    .create = plain_create,
    .destroy = plain_destroy,
    .enter = plain_enter,
    .decode = plain_decode,
    .resync = plain_resync,
    .whole = plain_whole,
};
