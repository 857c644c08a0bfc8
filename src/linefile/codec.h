/* linefile/codec.h: the codecs of line files, one const descriptor each. */
#ifndef TACHO_LINEFILE_CODEC_H
#define TACHO_LINEFILE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

enum codec { CODEC_PLAIN, CODEC_GZIP, CODEC_ZSTD, CODEC_COUNT };

/* Bytes at the start of a file that codec_sniff needs to decide. */
enum { CODEC_SNIFF_LEN = 4 };

const char *codec_name(enum codec c);      /* "none", "gzip", "zstd": as --compress takes them */
const char *codec_extension(enum codec c); /* "", ".gz", ".zst" */
bool codec_by_name(struct text name, enum codec *ret);
enum codec codec_by_extension(const char *path); /* by the last extension, any case; plain for all others */
/* By the first bytes, never by the name: zstd and skippable frames, gzip; everything else is plain. */
enum codec codec_sniff(const void *bytes, size_t len);

#endif
