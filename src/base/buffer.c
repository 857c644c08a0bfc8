/* base/buffer.c: a growing run of bytes with a limit. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static size_t limit_of(const struct buffer *b) {
    return b->limit ? b->limit : BUFFER_LIMIT_DEFAULT;
}

void buffer_done(struct buffer *b) {
    free(b->at);
    *b = (struct buffer){.limit = b->limit};
}

char *buffer_grow(struct buffer *b, size_t extra) {
    size_t limit = limit_of(b);
    size_t need = 0;
    if (b->failed || __builtin_add_overflow(b->len, extra, &need) || need > limit) {
        b->failed = true;
        return NULL;
    }
    if (need > b->cap || !b->at) {
        size_t cap = b->cap < 256 ? 256 : b->cap + b->cap / 2;
        cap = cap < need ? need : cap;
        cap = cap > limit ? limit : cap;
        char *at = realloc(b->at, cap ? cap : 1);
        if (!at) {
            b->failed = true;
            return NULL;
        }
        b->at = at;
        b->cap = cap;
    }
    return b->at + b->len;
}

void buffer_printf(struct buffer *b, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *to = n < 0 ? NULL : buffer_room(b, (size_t)n + 1);
    if (!to) {
        b->failed = true;
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(to, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

int buffer_status(const struct buffer *b, struct error *err) {
    if (!b->failed)
        return 0;
    return error_set(err, ERR_LIMIT, "more than %zu bytes, or out of memory", limit_of(b));
}
