/* linefile/mend.h: makes an existing file one that lines can be appended to, and loses nothing that is whole. */
#ifndef TACHO_LINEFILE_MEND_H
#define TACHO_LINEFILE_MEND_H

#include "base/arena.h"
#include "base/buffer.h"
#include "linefile/chunks.h"
#include "linefile/codec.h"
#include "linefile/source.h"

struct mended {
    uint64_t file_bytes; /* the file's size now */
    uint64_t text_bytes; /* uncompressed, in it */
    uint64_t cut_bytes;  /* that a torn or damaged tail took up; index and seek table do not count */
};

/* Cuts the file behind its last whole line and closes what is open there, so that a new frame, member or line can follow. For
 * zstd `chunks` and `notes` (both empty before) get what the file holds. Killed at any moment it leaves a file that can be
 * mended again. With `sync` each step is on the disk before the next destroys something. -ERR_FORMAT when the codec's bytes make
 * it impossible, -ERR_LIMIT, -ERR_FULL, -ERR_OS, -ERR_NOMEM. */
int mend(int fd, const char *name, enum codec codec, bool sync, struct chunk_list *chunks, struct arena *notes,
    struct mended *ret, struct error *err) NODISCARD;

/* What follows is shared by the two compressed codecs: a file open for mending, and the search for where to cut it. */
struct mend_file {
    int fd;
    const char *name;
    bool sync;
    uint64_t size; /* what stands behind is derived, and goes */
};

/* A place between two blocks: a stream can be ended here. */
struct mend_boundary {
    uint64_t offset;        /* in the file, of the first byte behind it */
    unsigned unused_bits;   /* gzip: high bits of the byte before it that belong to what follows */
    uint64_t text;          /* uncompressed offset; filled in by mend_scan_boundary */
    bool open;              /* inside a frame or member */
    bool ended;             /* its last block has passed, its checksum or trailer has not */
    uint64_t stream_offset; /* of that frame or member in the file */
    uint64_t stream_text;   /* and in the text */
    uint32_t crc;           /* gzip: of the member's text so far */
};

/* Where to cut: at `best`, the last boundary at or before the end of the last line that is whole. What of this line (and those
 * before it) stands between the two is the tail, which has to be encoded anew. */
struct mend_scan {
    struct mend_boundary last, best;
    bool found;         /* `best` is one */
    bool tail_is_fresh; /* the tail is the start of `fresh`, not yet in `tail` */
    size_t tail_len;
    uint64_t tail_end;   /* offset of the file where all of the tail has been decoded */
    uint64_t text;       /* decoded so far */
    uint64_t line_start; /* text offset behind the last newline */
    bool resumed;        /* behind damage, and no text came of it yet */
    bool has_held;
    struct mend_boundary start, held; /* then: where it goes on, and the last boundary behind that */
    struct buffer fresh;              /* text since `last` */
    struct buffer tail;
};

/* Starts at `at`, where `text` has been decoded before. `line_start`: a line begins here. */
void mend_scan_begin(struct mend_scan *s, struct mend_boundary at, uint64_t text, bool line_start);
int mend_scan_text(struct mend_scan *s, const void *bytes, size_t n, struct error *err) NODISCARD;
void mend_scan_boundary(struct mend_scan *s, struct mend_boundary b);
/* Behind damage decoding goes on at `start`, with a new line: if any text comes of it, else nothing has happened. */
void mend_scan_resume(struct mend_scan *s, struct mend_boundary start);
/* Decoding got as far as `offset`. */
void mend_scan_end(struct mend_scan *s, uint64_t offset);
static inline const char *mend_scan_tail(const struct mend_scan *s) {
    return s->tail_is_fresh ? s->fresh.at : s->tail.at;
}
void mend_scan_done(struct mend_scan *s);

int mend_cut(const struct mend_file *f, uint64_t size, struct error *err) NODISCARD;
int mend_write(const struct mend_file *f, const void *bytes, size_t n, uint64_t offset, struct error *err) NODISCARD;
/* With the sync option: what was written so far must be on the disk before more happens. */
int mend_sync(const struct mend_file *f, struct error *err) NODISCARD;

int mend_gzip(struct mend_file *f, struct mended *ret, struct error *err) NODISCARD;
int mend_zstd(struct mend_file *f, struct chunk_list *chunks, struct arena *notes, struct mended *ret,
    struct error *err) NODISCARD;

#endif
