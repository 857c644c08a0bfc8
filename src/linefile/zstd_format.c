/* linefile/zstd_format.c: reads zstd frame and block headers. */
#include "linefile/zstd_format.h"

#include <string.h>

#include "linefile/bytes.h"

int zstd_header_parse(const uint8_t *bytes, size_t len, struct zstd_header *ret) {
    static const uint8_t dictionary_len[4] = {0, 1, 2, 4};
    if (len >= ZSTD_MAGIC_LEN && get_le32(bytes) != ZSTD_FORMAT_MAGIC)
        return -1;
    if (len < ZSTD_HEADER_MIN - 1)
        return 0;
    unsigned descriptor = bytes[4];
    unsigned size_flag = descriptor >> 6;
    bool single_segment = descriptor & 0x20;
    if (descriptor & 0x08)
        return -1; /* reserved: what follows could mean anything */
    unsigned size_len = size_flag ? 1U << size_flag : single_segment;
    size_t size_at = (single_segment ? 5U : 6U) + (size_t)dictionary_len[descriptor & 3];
    if (len < size_at + size_len)
        return 0;

    struct zstd_header h = {.size = size_at + size_len, .content_size = UINT64_MAX, .content_size_at = size_at};
    h.content_size_len = size_len;
    h.checksum = descriptor & 0x04;
    for (unsigned i = 0; i < dictionary_len[descriptor & 3]; i++)
        h.dictionary |= bytes[size_at - 1 - i] != 0;
    if (size_len) {
        h.content_size = 0;
        for (unsigned i = 0; i < size_len; i++)
            h.content_size |= (uint64_t)bytes[size_at + i] << (8 * i);
        h.content_size += size_len == 2 ? 256 : 0;
    }
    if (single_segment) {
        h.window = h.content_size;
    } else {
        uint64_t base = UINT64_C(1) << (10 + (bytes[5] >> 3));
        h.window = base + base / 8 * (bytes[5] & 7);
    }
    *ret = h;
    return 1;
}

bool zstd_block_parse(const uint8_t *bytes, struct zstd_block *ret) {
    enum { RLE = 1, RESERVED = 3 };
    uint32_t head = get_le24(bytes);
    uint32_t type = head >> 1 & 3;
    uint32_t size = head >> 3;
    if (type == RESERVED || size > ZSTD_BLOCK_BYTES_MAX)
        return false;
    ret->last = head & 1;
    ret->stored = type == RLE ? 1 : size;
    return true;
}

bool zstd_frame_plausible(const uint8_t *bytes, size_t len) {
    struct zstd_header h = {0};
    struct zstd_block block = {0};
    int r = zstd_header_parse(bytes, len, &h);
    if (r <= 0)
        return r == 0;
    return len < h.size + ZSTD_BLOCK_HEADER_LEN || zstd_block_parse(bytes + h.size, &block);
}

int zstd_find_frame(struct source *in, struct error *err) {
    static const uint8_t magic[ZSTD_MAGIC_LEN] = {0x28, 0xB5, 0x2F, 0xFD};
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
