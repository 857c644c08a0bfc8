/* linefile/segment.h: the inside of a writer, shared by writing, opening and rotating. */
#ifndef TACHO_LINEFILE_SEGMENT_H
#define TACHO_LINEFILE_SEGMENT_H

#include "base/arena.h"
#include "linefile/chunks.h"
#include "linefile/encoder.h"
#include "linefile/output.h"
#include "linefile/writer.h"

struct line_writer {
    struct line_writer_options o; /* its path is owned here */
    const struct encoder_ops *ops;
    void *encoder;
    struct output out;
    bool dirty;    /* the encoder holds text that was not flushed */
    bool begun;    /* something was put since the segment was opened */
    bool broken;   /* the encoder failed half-way: nothing more goes into it */
    bool unsynced; /* written since the last fsync */
    uint64_t text_bytes;
    struct chunk_list chunks; /* of a zstd segment, for its index */
    struct arena notes;
    size_t note_bytes;
    uint64_t chunk_offset, chunk_text;   /* where the present chunk began, in the file and in the text */
    uint64_t file_at_open, text_at_open; /* what an appended segment held already */
    uint64_t done_text, done_file;       /* of the segments before this one */
    unsigned segments;
    uint64_t mended_bytes;
};

/* Ends chunk and segment on disk. On failure the file ends with its last chunk, and writing may go on. */
int segment_finish(struct line_writer *w, struct error *err) NODISCARD;
/* Forgets the finished segment and starts on `fd`, an empty file. */
void segment_begin(struct line_writer *w, int fd);
/* Creates (`mode` not APPEND) and locks the active file. */
int segment_create(struct line_writer *w, enum line_writer_mode mode, int *ret_fd, struct error *err) NODISCARD;
/* With the fsync option: brings a change of the directory's names to the disk. */
int segment_sync_directory(const struct line_writer *w, struct error *err) NODISCARD;

#endif
