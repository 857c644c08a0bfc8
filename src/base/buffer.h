/* base/buffer.h: a growing run of bytes with a limit; failures stick, so that a writer checks once at its end. */
#ifndef TACHO_BASE_BUFFER_H
#define TACHO_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialise (limit 0 means BUFFER_LIMIT_DEFAULT) and end with buffer_done. One owner, any thread. */
struct buffer {
    char *at;
    size_t len, cap;
    size_t limit;  /* bytes; growing past it fails */
    bool failed;   /* something did not fit or memory ran out: what the buffer holds is not whole */
};

#define BUFFER_LIMIT_DEFAULT ((size_t)256 << 20)

void buffer_done(struct buffer *b); /* frees; the buffer is empty and usable again */
static inline void buffer_clear(struct buffer *b) {
    b->len = 0;
    b->failed = false;
}
/* Room for `extra` more bytes behind len. Returns where they go, or NULL (and `failed`). */
char *buffer_grow(struct buffer *b, size_t extra);
static inline char *buffer_room(struct buffer *b, size_t extra) {
    return b->cap - b->len >= extra && b->at ? b->at + b->len : buffer_grow(b, extra);
}
static inline void buffer_put(struct buffer *b, const void *bytes, size_t n) {
    char *to = buffer_room(b, n);
    if (to && n) {
        memcpy(to, bytes, n);
        b->len += n;
    }
}
static inline void buffer_put_text(struct buffer *b, struct text t) {
    buffer_put(b, t.at, t.len);
}
static inline void buffer_put_char(struct buffer *b, char c) {
    buffer_put(b, &c, 1);
}
void buffer_printf(struct buffer *b, const char *fmt, ...) PRINTF(2, 3);
/* 0, or -ERR_LIMIT when an earlier put failed: past the limit, or memory ran out. */
int buffer_status(const struct buffer *b, struct error *err) NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
