/* linefile/bytes.h: little-endian fields, read and written one by one. */
#ifndef TACHO_LINEFILE_BYTES_H
#define TACHO_LINEFILE_BYTES_H

#include <stdint.h>

#include "base/buffer.h"

static inline uint32_t get_le16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static inline uint32_t get_le24(const uint8_t *p) {
    return get_le16(p) | (uint32_t)p[2] << 16;
}
static inline uint32_t get_le32(const uint8_t *p) {
    return get_le24(p) | (uint32_t)p[3] << 24;
}
static inline uint64_t get_le64(const uint8_t *p) {
    return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void set_le(uint8_t *p, uint64_t v, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}
static inline void put_le(struct buffer *b, uint64_t v, unsigned bytes) {
    uint8_t raw[8];
    set_le(raw, v, bytes);
    buffer_put(b, raw, bytes);
}

#endif
