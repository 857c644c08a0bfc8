/* linefile/source.h: the bytes of a file in order, through one bounded buffer; a file may grow or shrink meanwhile. */
#ifndef TACHO_LINEFILE_SOURCE_H
#define TACHO_LINEFILE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* One owner, any thread; several may share a descriptor of a regular file, which is read with pread only. */
struct source {
    int fd;           /* borrowed */
    const char *name; /* borrowed; for messages */
    bool stream;      /* a pipe or the like: read on, no going anywhere */
    uint64_t offset;  /* in the file, of the next byte */
    uint64_t end;     /* bytes at and behind this offset are as if not there; UINT64_MAX: to the file's end */
    uint8_t *buf;     /* owned */
    size_t at, len;   /* what waits in it: buf[at .. at + len) */
    size_t cap;
    size_t ahead; /* bytes to ask for next: rises while reading goes straight on */
};

int source_init(struct source *s, int fd, const char *name, bool stream, size_t cap, struct error *err) NODISCARD;
void source_done(struct source *s);

static inline const uint8_t *source_bytes(const struct source *s) {
    return s->buf + s->at;
}
/* Wants `n` bytes (at most the buffer's size) waiting. 1: they are. 0: the file has fewer now. -ERR_OS. */
int source_need(struct source *s, size_t n, struct error *err) NODISCARD;
/* Passes over `n` bytes; more than wait only when it is no stream. */
void source_skip(struct source *s, uint64_t n);
void source_seek(struct source *s, uint64_t offset); /* never on a stream */
/* From now on what stands at or behind `end` is not there. UINT64_MAX: all is. */
void source_limit(struct source *s, uint64_t end);
/* Up to `cap` bytes straight to the caller. 0: none now. -ERR_OS. */
ssize_t source_read(struct source *s, void *to, size_t cap, struct error *err) NODISCARD;

#endif
