/* recording/writer.h: the sink that keeps frames: header, index lines, chunks, rotation, and what happens when the disk is full. */
#ifndef TACHO_RECORDING_WRITER_H
#define TACHO_RECORDING_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "frame/frame.h"
#include "linefile/writer.h"
#include "recording/line.h"

enum {
    RECORDING_CHUNK_FRAMES = 1000,
    RECORDING_CHUNK_BYTES = 16 << 20, /* of text; whichever comes first ends a chunk */
    RECORDING_INDEX_EVERY = 1000,     /* data frames between index lines */
};

struct recording_writer_options {
    struct line_writer_options file; /* path, codec, mode, retention */
    uint64_t max_bytes;              /* rotate before the next frame when the segment's file is larger; 0: never */
    int64_t flush_ns;                /* least time between flushes; 0: every frame */
    struct recording_header header;  /* borrowed until recording_writer_close */
};

struct recording_writer; /* opaque; one owner, any thread */

struct recording_writer_facts {
    uint64_t frames;                 /* taken and not lost */
    uint64_t errors;                 /* entries in their errors[] */
    uint64_t lost;                   /* frames that could not be written */
    uint64_t text_bytes, file_bytes; /* of all segments since open */
    uint64_t mended_bytes;           /* cut off the torn tail of the file that was continued */
    unsigned segments;
    bool troubled;                   /* the last write failed: see `trouble` */
    struct error trouble;            /* the last failure; code 0 when there was none */
    bool hindered;                   /* the last rotation failed, or left what is over the limits: see `hindrance` */
    struct error hindrance;          /* frames are written all the same */
};

/* Opens the file and writes its header. With LINE_WRITER_APPEND and an existing file, `seq` goes on behind the last frame. */
int recording_writer_open(const struct recording_writer_options *o, struct recording_writer **ret, struct error *err)
    NODISCARD;

/* Writes the frame under the next seq (the frame's own is not looked at) and flushes when it is time. A full or failing disk
 * is no error of the call: the frame is counted as lost, the oldest segment is dropped where that may help, and as soon as
 * writing works again a frame that says what was lost stands before the next one. -ERR_NOMEM. */
int recording_writer_take(struct recording_writer *w, const struct frame *f, struct error *err) NODISCARD;
/* Writes a mark and flushes. -ERR_FULL or -ERR_OS when it could not be taken because the disk is full or fails. */
int recording_writer_mark(struct recording_writer *w, int64_t wall_ns, struct text mark, struct error *err) NODISCARD;

/* Brings everything to the kernel, however long ago that was done: the file's size is known then. As recording_writer_take. */
int recording_writer_flush(struct recording_writer *w, struct error *err) NODISCARD;

struct recording_writer_facts recording_writer_facts(const struct recording_writer *w);

/* Finishes the file; `w` is gone whatever comes back. An error means that something was not written, now or before. NULL is fine. */
int recording_writer_close(struct recording_writer *w, struct error *err) NODISCARD;

#endif
