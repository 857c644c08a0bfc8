/* base/quantity.h: durations and sizes as people type and read them. */
#ifndef TACHO_BASE_QUANTITY_H
#define TACHO_BASE_QUANTITY_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* "30", "30s", "0.5", "5m", "1h", "1d", "200ms", "0": nanoseconds. -ERR_USAGE on rubbish, signs, and above 100 years. */
int quantity_parse_duration(struct text t, int64_t *ret_ns, struct error *err) NODISCARD;
/* "4096", "1K", "10M", "2G", "1T" (binary; a trailing B or iB is fine): bytes. -ERR_USAGE on rubbish and overflow. */
int quantity_parse_size(struct text t, uint64_t *ret_bytes, struct error *err) NODISCARD;

enum { QUANTITY_LEN = 32 };
/* Both return `out`, NUL-terminated. */
const char *quantity_size(uint64_t bytes, char out[QUANTITY_LEN]);      /* "84 KiB", "1.2 MiB" */
const char *quantity_duration(int64_t ns, char out[QUANTITY_LEN]);      /* "00:01:23", "3d 04:00:00" */

#endif
