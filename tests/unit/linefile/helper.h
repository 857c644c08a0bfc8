/* tests/unit/linefile/helper.h: lines that are known by their number, files of them, and strict decoders to check against. */
#ifndef TACHO_TESTS_LINEFILE_HELPER_H
#define TACHO_TESTS_LINEFILE_HELPER_H

#include "test.h"

#include "base/buffer.h"
#include "files.h"
#include "linefile/reader.h"
#include "linefile/writer.h"

const char *file_of(enum codec c); /* "<folder>/run.ndjson<extension>" */

/* Line `i` of every test: its length varies, its start repeats its neighbours'. */
enum { LINE_ROOM = 4096 };
size_t line_make(unsigned i, char line[LINE_ROOM]);
/* The number of a line as line_make makes it; fails the test when a byte of it is wrong. */
unsigned line_number(const char *at, size_t len);
void text_of_lines(unsigned from, unsigned to, struct buffer *out);

struct line_writer *writer_open(const char *path, enum codec c, enum line_writer_mode mode);
void put_lines(struct line_writer *w, unsigned from, unsigned to); /* flushes after each */
/* A finished file of `n` lines in chunks of `per_chunk`, each with the note "note <first line>". */
void write_file(const char *path, enum codec c, unsigned n, unsigned per_chunk);

/* What reading all of a file gave. */
struct seen {
    unsigned lines; /* good ones */
    unsigned first, last;
    bool in_order;              /* each line's number is one above that of the line before */
    unsigned damaged, too_long, refused; /* times that -ERR_FORMAT, -ERR_LIMIT, -ERR_REFUSED came */
    struct error why;           /* of the last of them */
    size_t torn;                /* bytes of a last line without newline */
    bool cut;
    uint64_t text; /* offset behind the last line */
};
struct seen read_all(const char *path);
struct seen read_on(struct line_reader *r);

/* Decodes a file with the codec's library alone, as strictly as zstd -t and gzip -t. False when it is not in order. */
bool decode_strictly(const char *path, enum codec c, struct buffer *text);
void assert_text_is_lines(const struct buffer *text, unsigned from, unsigned to);

/* Compresses as other programs do. */
void zstd_frame(const void *text, size_t n, struct buffer *out);
void gzip_member(const void *text, size_t n, int level, struct buffer *out);

#endif
