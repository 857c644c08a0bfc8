/* tests/unit/recording/helper.h: recordings of known frames in every shape, and a plain linear reading of them to check against. */
#ifndef TACHO_TESTS_RECORDING_HELPER_H
#define TACHO_TESTS_RECORDING_HELPER_H

#include "test.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "files.h"
#include "linefile/chunks.h"
#include "recording/cursor.h"
#include "recording/writer.h"

#define T0 (INT64_C(1776513600) * NS_PER_SECOND) /* 2026-04-18T12:00:00Z */
#define SCHEMA_2 "replay: unsupported schema version 2, this tacho supports schema 1"

const char *file_of(enum codec c); /* "<folder>/run.ndjson<extension>" */
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

void spill_text(const char *path, const char *text);
uint64_t count_of(const char *text, size_t len, const char *what);

/* Frame `seq` at that time: one GPU, and `padding` bytes that do not compress well. `f` is initialised, reset first. */
void make_frame(struct frame *f, uint64_t seq, int64_t wall_ns, size_t padding);
/* Times that rise by whole milliseconds, or by none: neighbours may be equal. The same seed gives the same times. */
void make_times(int64_t *times, size_t n, uint64_t *random);

struct recording_writer_options options_of(const char *path, enum codec c);
struct recording_writer *record_open(const struct recording_writer_options *o);
void record_take(struct recording_writer *w, uint64_t seq, int64_t wall_ns, size_t padding);
/* A finished recording of `n` frames at these times. */
void record(const char *path, enum codec c, const int64_t *times, size_t n, size_t padding);
/* The same, but the recorder was killed behind the last frame. */
void record_killed(const char *path, enum codec c, const int64_t *times, size_t n, size_t padding);

/* All text of a file, by the codecs' own libraries. A stream that is cut gives what came before. */
void decode_file(const char *path, struct buffer *text);
/* As other programs compress: one frame, one member. */
void encode_zstd(const void *text, size_t n, struct buffer *out);
void encode_gzip(const void *text, size_t n, struct buffer *out);
void encode_foreign(const char *path, enum codec c, const void *text, size_t n);

/* Gives each chunk of a finished zstd recording to `lie`, then makes index and seek table anew, in good order. With `small`,
 * those behind the chunks too. */
void tell_lies(const char *path, void (*lie)(struct chunk_list *l, struct arena *notes), bool small);

/* The sound frames of a recording in file order, read line after line with nothing but a JSON parser. */
struct known_line {
    struct text line; /* the lines of a frame that was split by host, with newlines between */
    int64_t wall_ns;
    uint64_t seq;
    unsigned part, parts; /* the last one of it; 0 of 0: it was not split */
};
struct known {
    struct buffer text[16]; /* per file */
    size_t n_files;
    struct known_line *at;
    size_t n, cap;
};
void known_add_text(struct known *k, const char *text, size_t n);
void known_add_file(struct known *k, const char *path);
void known_done(struct known *k);
size_t known_at_time(const struct known *k, int64_t wall_ns);
size_t known_at_seq(const struct known *k, uint64_t seq);

struct reading {
    struct recording *r;
    struct cursor *c;
};
struct reading reading_open(const char *path);
struct reading reading_open_all(const char *const *paths, size_t n, bool chain);
void reading_close(struct reading *in);
void assert_stands(const struct reading *in, const struct known *k, size_t i);

/* Seeks and steps at random, `rounds` times, and checks each place against the linear reading. */
struct seeking {
    bool times, seqs;
    unsigned rounds;
    int64_t far; /* the longest step */
};
void check_seeking(const struct reading *in, const struct known *k, const struct seeking *how, uint64_t *random);
/* Every frame by steps, from the first to the last and back. */
void check_walking(const struct reading *in, const struct known *k);

#endif
