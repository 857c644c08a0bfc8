/* linefile/source.c: buffered reading of a file that may change, or of a stream. */
#include "linefile/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AHEAD_MIN = 16 * 1024 }; /* the first read after a jump: few bytes may be wanted there */

int source_init(struct source *s, int fd, const char *name, bool stream, size_t cap, struct error *err) {
    *s = (struct source){.fd = fd, .name = name, .stream = stream, .end = UINT64_MAX, .cap = cap, .ahead = AHEAD_MIN};
    s->buf = malloc(cap);
    return s->buf ? 0 : error_set(err, ERR_NOMEM, "%s: read buffer", name);
}

void source_done(struct source *s) {
    free(s->buf);
    s->buf = NULL;
}

/* Reads once, to `to`; the bytes lie in the file at `offset`. */
static ssize_t read_once(struct source *s, void *to, size_t n, uint64_t offset, struct error *err) {
    if (offset >= s->end || offset > INT64_MAX)
        return 0;
    n = n < s->end - offset ? n : (size_t)(s->end - offset);
    for (;;) {
        ssize_t got = s->stream ? read(s->fd, to, n) : pread(s->fd, to, n, (off_t)offset);
        if (got >= 0)
            return got;
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            return error_os(err, errno, "read %s", s->name);
    }
}

int source_need(struct source *s, size_t n, struct error *err) {
    assert(n <= s->cap);
    if (s->len >= n)
        return 1;
    if (s->at > 0) {
        memmove(s->buf, s->buf + s->at, s->len);
        s->at = 0;
    }
    while (s->len < n) {
        size_t room = s->cap - s->len;
        size_t ask = s->ahead > n - s->len ? s->ahead : n - s->len;
        ssize_t got = read_once(s, s->buf + s->len, ask < room ? ask : room, s->offset + s->len, err);
        if (got <= 0)
            return (int)got;
        s->len += (size_t)got;
        s->ahead = s->ahead < s->cap / 2 ? s->ahead * 2 : s->cap;
    }
    return 1;
}

void source_skip(struct source *s, uint64_t n) {
    if (n <= s->len) {
        s->at += (size_t)n;
        s->len -= (size_t)n;
        s->offset += n;
        return;
    }
    assert(!s->stream);
    uint64_t to = 0;
    source_seek(s, __builtin_add_overflow(s->offset, n, &to) ? UINT64_MAX : to);
}

void source_seek(struct source *s, uint64_t offset) {
    if (offset >= s->offset && offset - s->offset <= s->len) {
        source_skip(s, offset - s->offset);
        return;
    }
    s->offset = offset;
    s->at = s->len = 0;
    s->ahead = AHEAD_MIN;
}

void source_limit(struct source *s, uint64_t end) {
    s->end = end;
    if (s->len > 0 && s->offset + s->len > end)
        s->len = end > s->offset ? (size_t)(end - s->offset) : 0;
}

ssize_t source_read(struct source *s, void *to, size_t cap, struct error *err) {
    if (s->len > 0) {
        size_t n = s->len < cap ? s->len : cap;
        memcpy(to, source_bytes(s), n);
        source_skip(s, n);
        return (ssize_t)n;
    }
    ssize_t got = read_once(s, to, cap, s->offset, err);
    s->offset += got > 0 ? (uint64_t)got : 0;
    return got;
}
