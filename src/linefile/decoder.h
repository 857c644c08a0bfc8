/* linefile/decoder.h: turns the bytes of a source into text, one const descriptor per codec. */
#ifndef TACHO_LINEFILE_DECODER_H
#define TACHO_LINEFILE_DECODER_H

#include <sys/types.h>

#include "base/error.h"
#include "linefile/access.h"
#include "linefile/codec.h"
#include "linefile/source.h"

/* Bytes of a source's buffer that every decoder can work with. */
enum { DECODER_SOURCE_BYTES = 256 * 1024 };

struct decoder_ops {
    int (*create)(void **ret, struct error *err);
    void (*destroy)(void *self); /* NULL is fine */
    /* Forgets the stream: the source stands where one can be entered. */
    void (*enter)(void *self);
    /* Up to `cap` bytes of text. 0: no more now; a later call goes on when the source grew. -ERR_FORMAT, -ERR_REFUSED (a
     * zstd window): only resync helps; all text before it has been handed out. -ERR_OS, -ERR_NOMEM. */
    ssize_t (*decode)(void *self, struct source *in, char *to, size_t cap, struct error *err);
    /* After a failed decode: moves the source on to where one may enter. 1: there. 0: not in what is there now, ask again
     * when it grew. -ERR_OS. */
    int (*resync)(void *self, struct source *in, struct error *err);
    /* Does the text end where a frame or member ends? (Ask when decode gave 0.) */
    bool (*whole)(const void *self);
    /* From now on places inside the streams are kept to go on from, `spacing` bytes of text apart at first (0: ACCESS_SPACING).
     * NULL, as the next two: this codec has none. */
    void (*remember)(void *self, uint64_t spacing);
    /* The last place kept of the stream that was entered at that offset of the file, at or before `text` bytes from there; NULL:
     * none is. Good until the next decode. */
    const struct access_point *(*nearest)(const void *self, uint64_t stream, uint64_t text);
    /* Right after `enter`: takes source and decoder there. 1; 0: not in what is there of the file. What follows is not checked
     * against the stream's checksum: the pass that read it first did. -ERR_OS, -ERR_NOMEM. */
    int (*enter_at)(void *self, struct source *in, const struct access_point *p, struct error *err);
};

const struct decoder_ops *decoder_for(enum codec c);

extern const struct decoder_ops decoder_plain, decoder_gzip, decoder_zstd;

#endif
