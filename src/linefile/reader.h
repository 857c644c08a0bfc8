/* linefile/reader.h: reads the lines of one file, from its start or from any chunk, whatever state the file is in. */
#ifndef TACHO_LINEFILE_READER_H
#define TACHO_LINEFILE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linefile/codec.h"

enum {
    LINE_MAX_BYTES = 16 << 20, /* newline included; a longer line is drained and reported */
    LINE_WINDOW_LOG_MAX = 27,  /* a zstd window above 128 MiB is refused */
};

#define LINE_OFFSET_UNKNOWN UINT64_MAX

/* One independently readable stretch of a file. A plain file is one chunk that can be entered at any offset. */
struct line_chunk {
    uint64_t offset, size;           /* in the file */
    uint64_t text_offset, text_size; /* uncompressed, within the file; LINE_OFFSET_UNKNOWN when nothing says */
    struct text note;                /* what the writer noted; NULL `at` when there is none */
};

struct line_file; /* opaque; one file opened for reading; one owner thread, shared by its readers */

/* Opens a file and sniffs its codec. "-" is standard input, which cannot be entered anew. -ERR_ABSENT, -ERR_FORMAT, -ERR_OS. */
int line_file_open(const char *path, struct line_file **ret, struct error *err) NODISCARD;
void line_file_close(struct line_file *f); /* after its readers; NULL is fine */

struct line_file_facts {
    enum codec codec;
    bool seekable;      /* a regular file */
    bool seek_table;    /* a zstd seek table in good order ends the file (whoever wrote it) */
    bool index;         /* and our chunk notes are there too */
    uint64_t size;      /* bytes now */
    uint64_t text_size; /* uncompressed, from the seek table or of a plain file; LINE_OFFSET_UNKNOWN otherwise */
    uint64_t device, inode;
};
int line_file_facts(struct line_file *f, struct line_file_facts *ret, struct error *err) NODISCARD;

/* The chunks in order: from the seek table and index, else by walking zstd frame and block headers or looking for gzip chunk
 * marks (no decoding; the whole file is read once). Skippable frames are no chunks. The array is owned by `f`, good until the
 * next call or line_file_distrust. Checked: offsets rise, stay in the file and add up, else the table is not believed.
 * A file that grows is walked on from where it ended. */
int line_file_chunks(struct line_file *f, const struct line_chunk **ret, size_t *ret_n, struct error *err) NODISCARD;
/* The first of them, without walking further than it takes: 1; 0 when there is none. Its note is good as long as the array above. */
int line_file_first_chunk(struct line_file *f, struct line_chunk *ret, struct error *err) NODISCARD;
/* What stands in the index turned out untrue: from now on chunks are walked, and notes are dropped. */
void line_file_distrust(struct line_file *f);

struct line_reader; /* opaque; a sequential position in a file; one owner thread, the file's */

struct line {
    const char *at; /* without newline (and without \r before it); JSON_PADDING readable bytes follow; good until the
                             next call on the reader */
    size_t len;
    uint64_t offset; /* uncompressed offset of its first byte, counted from what line_reader_enter was told */
    uint64_t size;   /* uncompressed bytes up to the next line, line end included */
    bool terminated; /* a newline ended it: false for a torn last line */
};

int line_reader_create(struct line_file *f, struct line_reader **ret, struct error *err) NODISCARD; /* at the start */
void line_reader_destroy(struct line_reader *r);                                                    /* NULL is fine */

/* Goes to `file_offset`: the start of a chunk, or any byte of a plain file, and counts text from `text_offset`. With
 * `skip_partial` the rest of the line that the offset falls into is passed over (plain only). Nothing is read yet. */
int line_reader_enter(
    struct line_reader *r, uint64_t file_offset, uint64_t text_offset, bool skip_partial, struct error *err) NODISCARD;

/* From now on places inside compressed streams are kept while they are decoded (gzip: up to 8 MiB of them), for the calls below:
 * `spacing` bytes of text apart at first, 0 for what linefile/access.h says. */
void line_reader_remember(struct line_reader *r, uint64_t spacing);
/* The text offset of the last place kept in the chunk at `file_offset` at or before `text_offset`; 0 when there is none. */
uint64_t line_reader_nearest(const struct line_reader *r, uint64_t file_offset, uint64_t text_offset);
/* Goes to the chunk at `file_offset`, counting text from 0 there, and on at once to that place: lines that
 * begin before are left out as far as that saves decoding. 1: inside the chunk. 0: at its start. */
int line_reader_enter_near(
    struct line_reader *r, uint64_t file_offset, uint64_t text_offset, struct error *err) NODISCARD;

/* What stands at or behind `file_end` in the file is not read, as if the file ended there: reads one chunk alone. Holds until
 * the next line_reader_enter. */
void line_reader_limit(struct line_reader *r, uint64_t file_end);

/* The next line. 1: `*ret` holds one (blank lines too). 0: the end of what is there now; more may come when the file grows,
 * and a later call goes on; a torn last line is not given out (see line_reader_tail). -ERR_LIMIT: a line over LINE_MAX_BYTES
 * was passed over; call again. -ERR_FORMAT: bytes that do not decode were passed over up to the next chunk that does; `err` says
 * where; call again. -ERR_REFUSED: the same for a zstd window over the limit. -ERR_OS, -ERR_NOMEM: final. */
int line_reader_next(struct line_reader *r, struct line *ret, struct error *err) NODISCARD;
/* Is it one of the codes after which to call again? */
static inline bool line_reader_passed(int code) {
    return code == -ERR_LIMIT || code == -ERR_FORMAT || code == -ERR_REFUSED;
}

/* At the end: what is there of a line without its newline (len 0 when the file ends clean), and whether a compressed stream
 * stops in the middle. */
struct line_tail {
    struct text partial; /* good until the next call */
    uint64_t offset;
    bool cut_stream;
};
struct line_tail line_reader_tail(const struct line_reader *r);
/* Where in the file the reader has got to: all before it has been decoded. */
uint64_t line_reader_file_offset(const struct line_reader *r);

#endif
