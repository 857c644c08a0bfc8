/* linefile/writer.h: writes lines into a segment, and segments into a rotated chain, so that a crash costs nothing flushed. */
#ifndef TACHO_LINEFILE_WRITER_H
#define TACHO_LINEFILE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linefile/codec.h"

enum line_writer_mode {
    LINE_WRITER_CREATE,  /* the file must not exist */
    LINE_WRITER_REPLACE, /* an existing regular file is removed first */
    LINE_WRITER_APPEND,  /* an existing file is continued in its own codec, which must be `codec`; else as CREATE */
};

struct line_writer_options {
    const char *path; /* the active file; borrowed until line_writer_open returns */
    enum codec codec;
    int level; /* of the codec; 0 our default (zstd: what suits lines that repeat, gzip: 6) */
    enum line_writer_mode mode;
    unsigned max_files; /* segments that stay, the active one included; 0 means no limit */
    int64_t max_age_ns; /* segments last written longer ago than this go at rotation; 0 means no limit */
    bool fsync;         /* every flush reaches the disk, and renames and removals too */
};

struct line_writer; /* opaque; one owner, any thread */

struct line_writer_facts {
    uint64_t text_bytes; /* uncompressed bytes put into this segment so far: the offset of the next line */
    uint64_t file_bytes; /* bytes of this segment in the file, flushed or on their way */
    uint64_t total_text_bytes, total_file_bytes; /* of all segments written since open */
    unsigned segments;                           /* segments begun since open */
    uint64_t mended_bytes;                       /* what LINE_WRITER_APPEND cut off a torn tail */
    bool empty;                                  /* nothing put into this segment yet: it wants its header */
    bool stuck;                                  /* bytes wait that could not be written; see line_writer_flush */
};

/* Opens or creates the active file, takes an exclusive flock on it (-ERR_EXISTS "… is being written by another process" when
 * somebody holds it). In APPEND the file's tail is mended first: a torn last line, an unfinished compressed block or gzip
 * member, a damaged tail; what was whole stays byte for byte, and the chunk list is taken over from the file.
 * -ERR_EXISTS, -ERR_FORMAT (another codec; the message names both), -ERR_FULL, -ERR_OS, -ERR_NOMEM. */
int line_writer_open(const struct line_writer_options *o, struct line_writer **ret, struct error *err) NODISCARD;

/* Puts one line (without its newline, which is added) into the encoder: whole or not at all. -ERR_FULL or -ERR_OS when the
 * writer is stuck and stays so, -ERR_LIMIT from LINE_MAX_BYTES on, -ERR_USAGE for a newline inside, -ERR_NOMEM. */
int line_writer_put(struct line_writer *w, const char *line, size_t len, struct error *err) NODISCARD;

/* Brings all lines put so far to the kernel (and to the disk with `fsync`). When the device is full or fails, a partly
 * written stretch is cut off the file again, the bytes are kept, the writer is stuck, and -ERR_FULL or -ERR_OS comes back:
 * the next flush or put tries again, and nothing is lost or written twice if it succeeds. */
int line_writer_flush(struct line_writer *w, struct error *err) NODISCARD;

/* Ends the present chunk, if anything was put into it: the next line can be read without anything before it. `note` (at most
 * 64 KiB, else -ERR_LIMIT) is kept in a zstd segment, for whoever reads the chunk list: behind the chunk at once, and in the index
 * of the finished segment. Does not flush. */
int line_writer_chunk(struct line_writer *w, const void *note, size_t len, struct error *err) NODISCARD;

/* Finishes the segment (index, seek table, gzip trailer), renames it to the next number, removes segments over max_files and
 * max_age, and begins a new active file. The caller ends its chunk first. When the new file cannot be made the writer goes on in
 * the old one and says why. When only removing fails, that is said too, and the new segment has begun all the same: its facts say
 * `empty`. Only names of this chain are touched; a symbolic link among them is an error, never followed. */
int line_writer_rotate(struct line_writer *w, struct error *err) NODISCARD;

/* Removes the oldest numbered segment, to make room. -ERR_ABSENT when there is none. */
int line_writer_drop_oldest(struct line_writer *w, struct error *err) NODISCARD;

struct line_writer_facts line_writer_facts(const struct line_writer *w);

/* Finishes the segment and closes the file; `w` is gone whatever comes back. Failing here is data loss. The caller ends its
 * chunk first. NULL is fine. */
int line_writer_close(struct line_writer *w, struct error *err) NODISCARD;
/* Closes without finishing: what was flushed stays, as after kill -9. NULL is fine. */
void line_writer_abandon(struct line_writer *w);

#endif
