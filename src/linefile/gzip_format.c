/* linefile/gzip_format.c: finds places in gzip files where decoding can begin. */
#include "linefile/gzip_format.h"

#include <string.h>
#include <zlib.h>

enum {
    PROBE_IN = 8 * 1024,
    PROBE_OUT = 4 * 1024, /* text that has to decode before a place is believed */
};

static const uint8_t magic[3] = {0x1F, 0x8B, 0x08};
static const uint8_t empty_block[GZIP_EMPTY_LEN] = {0x00, 0x00, 0x00, 0xFF, 0xFF};
const uint8_t gzip_mark[GZIP_MARK_LEN] = {
    0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF};

bool gzip_is_header(const uint8_t *bytes) {
    return memcmp(bytes, magic, sizeof magic) == 0 && (bytes[3] & 0xE0) == 0;
}

bool gzip_probe(const uint8_t *bytes, size_t len, bool member, bool *ret_ends) {
    uint8_t text[PROBE_OUT];
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)bytes,
        .avail_in = (uInt)(len < PROBE_IN ? len : PROBE_IN),
        .next_out = text,
        .avail_out = sizeof text};
    if (inflateInit2(&z, member ? GZIP_WINDOW_BITS_MEMBER : GZIP_WINDOW_BITS_RAW) != Z_OK)
        return false;
    int r = inflate(&z, Z_SYNC_FLUSH);
    if (ret_ends)
        *ret_ends = r == Z_STREAM_END && z.total_out == 0;
    (void)inflateEnd(&z);
    return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR;
}

size_t gzip_stretch(const uint8_t *bytes, size_t len, bool more, bool *ret_mark) {
    const uint8_t *mark = memmem(bytes, len, gzip_mark, sizeof gzip_mark);
    *ret_mark = mark == bytes && mark;
    if (*ret_mark)
        return GZIP_MARK_LEN;
    if (mark)
        return (size_t)(mark - bytes);
    return more && len >= GZIP_MARK_LEN ? len - GZIP_MARK_LEN + 1 : len;
}

/* The first place in the buffer that looks like an entry; NULL when there is none. */
static const uint8_t *first_candidate(const uint8_t *bytes, size_t len, bool *ret_member) {
    const uint8_t *mark = memmem(bytes, len, gzip_mark, sizeof gzip_mark);
    const uint8_t *header = memmem(bytes, mark ? (size_t)(mark - bytes) : len, magic, sizeof magic);
    *ret_member = header != NULL;
    return header ? header : mark;
}

int gzip_find(struct source *in, bool *ret_member, struct error *err) {
    for (;;) {
        int r = source_need(in, PROBE_IN, err);
        if (r < 0)
            return r;
        bool member = false;
        const uint8_t *found = first_candidate(source_bytes(in), in->len, &member);
        if (!found) {
            size_t keep = in->len < GZIP_MARK_LEN - 1 ? in->len : GZIP_MARK_LEN - 1;
            source_skip(in, in->len - keep);
            if (r == 0)
                return 0;
            continue;
        }
        source_skip(in, (uint64_t)(found - source_bytes(in)));
        r = source_need(in, PROBE_IN, err);
        if (r < 0)
            return r;
        size_t skip = member ? 0 : GZIP_MARK_LEN;
        while (!member && in->len - skip >= GZIP_EMPTY_LEN &&
               memcmp(source_bytes(in) + skip, empty_block, GZIP_EMPTY_LEN) == 0)
            skip += GZIP_EMPTY_LEN;
        bool whole = in->len >= skip + (member ? GZIP_HEADER_LEN : 1);
        if (!whole && r == 0)
            return 0; /* the place is at the very end: nothing to enter yet */
        if (whole && (!member || gzip_is_header(source_bytes(in))) &&
            gzip_probe(source_bytes(in) + skip, in->len - skip, member, NULL)) {
            source_skip(in, skip);
            *ret_member = member;
            return 1;
        }
        source_skip(in, 1);
    }
}
