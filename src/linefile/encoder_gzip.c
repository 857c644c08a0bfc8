/* linefile/encoder_gzip.c: one gzip member per segment, with marks where a chunk ends (see gzip_format.h). */
#include "linefile/encoder.h"

#include <stdlib.h>
#include <zlib.h>

#include "linefile/bytes.h"
#include "linefile/gzip_format.h"

struct gzip_encoder {
    z_stream z; /* raw deflate: header and trailer are ours, so that a trailer can be taken back */
    bool begun; /* the member's header has been written */
    uint32_t crc;
    uint32_t size; /* of the text, modulo 2^32 */
};

enum {
    GZIP_LEVEL_DEFAULT = 6,
    GZIP_MEM_LEVEL = 8,
    GZIP_ROOM = 64 * 1024 + 256, /* what deflate may hold back, and the flush and end marks */
};

static int gzip_create(int level, void **ret, struct error *err) {
    struct gzip_encoder *e = calloc(1, sizeof *e);
    if (!e || deflateInit2(&e->z, level ? level : GZIP_LEVEL_DEFAULT, Z_DEFLATED, GZIP_WINDOW_BITS_RAW, GZIP_MEM_LEVEL,
                  Z_DEFAULT_STRATEGY) != Z_OK) {
        free(e);
        return error_set(err, ERR_NOMEM, "gzip encoder of level %d", level);
    }
    *ret = e;
    return 0;
}

static void gzip_destroy(void *self) {
    struct gzip_encoder *e = self;
    if (e)
        (void)deflateEnd(&e->z);
    free(e);
}

static size_t gzip_room(size_t len) {
    return len + len / 256 + GZIP_ROOM;
}

static void gzip_begin(void *self) {
    struct gzip_encoder *e = self;
    (void)deflateReset(&e->z);
    e->begun = false;
    e->crc = e->size = 0;
}

static void put_header(struct gzip_encoder *e, struct buffer *out) {
    static const uint8_t header[GZIP_HEADER_LEN] = {0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03};
    buffer_put(out, header, sizeof header);
    e->begun = true;
}

static int run(
    struct gzip_encoder *e, const void *bytes, size_t len, int flush, struct buffer *out, struct error *err) {
    e->z.next_in = (z_const Bytef *)(uintptr_t)bytes;
    e->z.avail_in = (uInt)len;
    do {
        enum { STEP = 16 * 1024 };
        char *to = buffer_room(out, STEP);
        if (!to)
            return buffer_status(out, err);
        e->z.next_out = (Bytef *)to;
        e->z.avail_out = STEP;
        int r = deflate(&e->z, flush);
        if (r != Z_OK && r != Z_BUF_ERROR)
            return error_set(err, ERR_NOMEM, "gzip encoder: %s", e->z.msg ? e->z.msg : "failed");
        out->len += STEP - e->z.avail_out;
    } while (e->z.avail_out == 0);
    return 0;
}

static int gzip_put(void *self, const char *line, size_t len, struct buffer *out, struct error *err) {
    struct gzip_encoder *e = self;
    if (!e->begun)
        put_header(e, out);
    e->crc = (uint32_t)crc32_z(e->crc, (const Bytef *)line, len);
    e->crc = (uint32_t)crc32_z(e->crc, (const Bytef *)"\n", 1);
    e->size += (uint32_t)len + 1;
    int r = run(e, line, len, Z_NO_FLUSH, out, err);
    return r < 0 ? r : run(e, "\n", 1, Z_NO_FLUSH, out, err);
}

static int gzip_flush(void *self, struct buffer *out, struct error *err) {
    return run(self, NULL, 0, Z_SYNC_FLUSH, out, err);
}

static int gzip_chunk_end(void *self, struct buffer *out, struct error *err) {
    int r = run(self, NULL, 0, Z_FULL_FLUSH, out, err);
    if (r == 0)
        buffer_put(out, gzip_mark + GZIP_MARK_LEN - 2 * GZIP_EMPTY_LEN, 2 * (size_t)GZIP_EMPTY_LEN);
    return r;
}

static void gzip_finish(void *self, struct buffer *out) {
    static const uint8_t last_block[2] = {0x03, 0x00};
    struct gzip_encoder *e = self;
    if (!e->begun)
        put_header(e, out);
    buffer_put(out, last_block, sizeof last_block);
    put_le(out, e->crc, 4);
    put_le(out, e->size, 4);
}

const struct encoder_ops encoder_gzip = {
    .create = gzip_create,
    .destroy = gzip_destroy,
    .room = gzip_room,
    .begin = gzip_begin,
    .put = gzip_put,
    .flush = gzip_flush,
    .chunk_end = gzip_chunk_end,
    .finish = gzip_finish,
};
