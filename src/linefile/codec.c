/* linefile/codec.c: names, extensions and first bytes of the codecs. */
#include "linefile/codec.h"

#include <strings.h>

#include "linefile/bytes.h"
#include "linefile/zstd_format.h"

static const struct {
    const char *name, *extension, *other_extension;
} codecs[CODEC_COUNT] = {
    [CODEC_PLAIN] = {"none", "", NULL},
    [CODEC_GZIP] = {"gzip", ".gz", ".gzip"},
    [CODEC_ZSTD] = {"zstd", ".zst", ".zstd"},
};

const char *codec_name(enum codec c) {
    return codecs[c].name;
}

const char *codec_extension(enum codec c) {
    return codecs[c].extension;
}

bool codec_by_name(struct text name, enum codec *ret) {
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        if (text_is(name, codecs[c].name)) {
            *ret = (enum codec)c;
            return true;
        }
    }
    return false;
}

enum codec codec_by_extension(const char *path) {
    const char *dot = strrchr(path, '.');
    for (unsigned c = CODEC_PLAIN + 1; dot && c < CODEC_COUNT; c++) {
        if (strcasecmp(dot, codecs[c].extension) == 0 || strcasecmp(dot, codecs[c].other_extension) == 0)
            return (enum codec)c;
    }
    return CODEC_PLAIN;
}

enum codec codec_sniff(const void *bytes, size_t len) {
    const uint8_t *b = bytes;
    if (len >= 4 && (get_le32(b) == ZSTD_FORMAT_MAGIC || zstd_is_skippable(get_le32(b))))
        return CODEC_ZSTD;
    if (len >= 3 && b[0] == 0x1F && b[1] == 0x8B && b[2] == 0x08)
        return CODEC_GZIP;
    return CODEC_PLAIN;
}
