/* tests/unit/recording/test_seek.c: every time and label is found in every kind of file, as a linear reading finds it. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "frame_gen.h"
#include "linefile/seektable.h"
#include "recording/overview.h"

enum { FRAMES = 5000, PADDING = 300 };

static const struct seeking usual = {.times = true, .seqs = true, .rounds = 150, .far = 700};

static int64_t *some_times(uint64_t seed, size_t n) {
    int64_t *times = calloc(n, sizeof *times);
    assert_non_null(times);
    make_times(times, n, &seed);
    return times;
}

static void check_file(const char *path, const struct seeking *how, uint64_t seed) {
    struct known k = {0};
    known_add_file(&k, path);
    struct reading in = reading_open(path);
    check_seeking(&in, &k, how, &seed);
    reading_close(&in);
    known_done(&k);
}

static void a_finished_recording(void **state) {
    (void)state;
    int64_t *times = some_times(1, FRAMES);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        record(file_of(c), c, times, FRAMES, PADDING);
        check_file(file_of(c), &usual, 11 + c);
    }
    free(times);
}

static void a_killed_recorder(void **state) {
    (void)state;
    int64_t *times = some_times(2, FRAMES);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        record_killed(file_of(c), c, times, FRAMES - 17, PADDING);
        check_file(file_of(c), &usual, 21 + c);
    }
    free(times);
}

static void no_index_at_all(void **state) {
    (void)state;
    struct seeking less = usual;
    less.rounds = 40;
    struct buffer text = {0};
    int64_t *times = some_times(3, FRAMES);
    record(file_of(CODEC_PLAIN), CODEC_PLAIN, times, FRAMES, PADDING);
    slurp(file_of(CODEC_PLAIN), &text);
    for (enum codec c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        encode_foreign(file_of(c), c, text.at, text.len);
        check_file(file_of(c), &less, 31 + c);
    }
    buffer_done(&text);
    free(times);
}

/* Other programs cut their frames and members where it suits them, in the middle of a line too. */
static void frames_that_cut_lines(void **state) {
    (void)state;
    struct buffer text = {0}, out = {0};
    int64_t *times = some_times(4, FRAMES);
    record(file_of(CODEC_PLAIN), CODEC_PLAIN, times, FRAMES, PADDING);
    slurp(file_of(CODEC_PLAIN), &text);
    for (enum codec c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        buffer_clear(&out);
        for (size_t at = 0, n = 0; at < text.len; at += n) {
            n = 100000 + at % 7777;
            n = n < text.len - at ? n : text.len - at;
            if (c == CODEC_ZSTD)
                encode_zstd(text.at + at, n, &out);
            else
                encode_gzip(text.at + at, n, &out);
        }
        spill(file_of(c), out.at, out.len);
        check_file(file_of(c), &usual, 41 + c);
        struct known k = {0};
        known_add_file(&k, file_of(c));
        assert_int_equal(k.n, FRAMES);
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k);
        struct recording_damage d = recording_damage(in.r);
        assert_int_equal(d.rejected + d.oversized + d.undecoded + d.distrusted, 0);
        reading_close(&in);
        known_done(&k);
    }
    buffer_done(&text);
    buffer_done(&out);
    free(times);
}

/* Lines that begin one byte before a border, on it and one behind it, and all others. */
static void plain_lines_at_every_distance_from_a_border(void **state) {
    (void)state;
    struct buffer text = {0};
    char line[128];
    for (unsigned shift = 0; shift < 6; shift++) {
        buffer_clear(&text);
        buffer_put(&text, "\n\n\n\n\n\n", shift);
        for (unsigned i = 0; text.len < 3 << 20; i++) { /* lines of 64 bytes: all borders are passed alike */
            int n = snprintf(line, sizeof line, "{\"schema\":1,\"t\":\"2026-04-18T12:%02u:%02u.%03uZ\",\"seq\":%06u,",
                i / 60000 % 60, i / 1000 % 60, i % 1000, i + 100000);
            n += snprintf(line + n, sizeof line - (size_t)n, "\"x\":%d}", 1);
            while (n < 63)
                line[n - 1] = '1', line[n++] = '}';
            line[n++] = '\n';
            buffer_put(&text, line, 64);
        }
        spill(file_of(CODEC_PLAIN), text.at, text.len);
        struct seeking some = {.times = true, .seqs = true, .rounds = 25, .far = 40000};
        check_file(file_of(CODEC_PLAIN), &some, 51 + shift);
        struct known k = {0};
        known_add_file(&k, file_of(CODEC_PLAIN));
        struct reading in = reading_open(file_of(CODEC_PLAIN));
        YIELDS(1, cursor_first(in.c, &err));
        YIELDS(1, cursor_step(in.c, (1 << 20) / 64 - 3, &err));
        for (size_t i = (1 << 20) / 64 - 3; i < (1 << 20) / 64 + 3; i++) {
            assert_stands(&in, &k, i);
            YIELDS(1, cursor_step(in.c, 1, &err));
        }
        YIELDS(1, cursor_last(in.c, &err));
        assert_stands(&in, &k, k.n - 1);
        reading_close(&in);
        known_done(&k);
    }
    buffer_done(&text);
}

/* Chunks of more than one page, and frames of more than one page. */
static void large_frames(void **state) {
    (void)state;
    struct seeking some = {.times = true, .seqs = true, .rounds = 30, .far = 20};
    int64_t *times = some_times(5, 1200);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct known k = {0};
        record(file_of(c), c, times, 1200, 3000);
        known_add_file(&k, file_of(c));
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k);
        reading_close(&in);
        known_done(&k);
        check_file(file_of(c), &some, 61 + c);

        record_killed(file_of(c), c, times, 9, 1500000);
        check_file(file_of(c), &some, 71 + c);
        known_add_file(&k, file_of(c));
        in = reading_open(file_of(c));
        check_walking(&in, &k);
        reading_close(&in);
        known_done(&k);
    }
    free(times);
}

/* Whole pages without a frame: nothing says what time it is there. */
static void pages_without_frames(void **state) {
    (void)state;
    struct buffer text = {0}, all = {0};
    int64_t *times = some_times(8, FRAMES);
    char mark[64];
    record(file_of(CODEC_PLAIN), CODEC_PLAIN, times, FRAMES, PADDING);
    slurp(file_of(CODEC_PLAIN), &text);
    for (size_t at = 0, n = 0; at < text.len; at += n) {
        const char *newline =
            text.len - at > 500000 ? memchr(text.at + at + 500000, '\n', text.len - at - 500000) : NULL;
        n = newline ? (size_t)(newline - text.at) + 1 - at : text.len - at;
        buffer_put(&all, text.at + at, n);
        for (unsigned i = 0; at / 500000 % 2 == 0 && i < 45000; i++) { /* 2.5 MiB */
            int len = snprintf(mark, sizeof mark, "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"mark\":\"m\"}\n");
            buffer_put(&all, mark, (size_t)len);
        }
    }
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct seeking some = usual;
        some.rounds = 12;
        encode_foreign(file_of(c), c, all.at, all.len);
        check_file(file_of(c), &some, 81 + c);
    }
    buffer_done(&text);
    buffer_done(&all);
    free(times);
}

/* What a lie does to every chunk: some digit of its note becomes another. */
static uint64_t lie_seed;
static const char *lie_key;

static void lie_in_notes(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    for (size_t i = 0; i < l->n; i++) {
        if (frame_gen_random(&lie_seed) % 3 == 0)
            continue;
        char *note = NULL;
        memcpy(&note, &l->at[i].note.at, sizeof note);
        char *digits = memmem(note, l->at[i].note.len, lie_key, strlen(lie_key));
        assert_non_null(digits);
        digits += strlen(lie_key);
        size_t n = strspn(digits, "0123456789");
        size_t at = n - 1 - frame_gen_random(&lie_seed) % (n < 6 ? n : 6);
        digits[at] = (char)('0' + ((uint64_t)(digits[at] - '0') + 1 + frame_gen_random(&lie_seed) % 9) % 10);
    }
}

static void lie_in_sizes(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    uint64_t text_offset = 0;
    for (size_t i = 0; i < l->n; i++) {
        l->at[i].text_offset = text_offset;
        if (frame_gen_random(&lie_seed) % 2 == 0)
            l->at[i].text_size = 1 + frame_gen_random(&lie_seed) % (2 * l->at[i].text_size);
        text_offset += l->at[i].text_size;
    }
}

/* Chunks that begin where none does, or stop short. With as many as this only some are looked at before the table is believed. */
static void lie_in_offsets(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    assert_true(l->n > 200);
    for (size_t i = 1; i < l->n; i += 1 + frame_gen_random(&lie_seed) % 40)
        if (i % (l->n / 64 + 1) != 0)
            l->at[i].offset += 1 + frame_gen_random(&lie_seed) % 50, l->at[i].size -= 60;
    for (size_t i = 0; i + 1 < l->n; i++)
        if (frame_gen_random(&lie_seed) % 20 == 0)
            l->at[i].size -= l->at[i].size / 2;
}

static void lie_by_moving_notes(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    for (size_t i = 0; i + 1 < l->n; i++) {
        size_t with = frame_gen_random(&lie_seed) % l->n;
        struct text note = l->at[i].note;
        l->at[i].note = l->at[with].note;
        l->at[with].note = note;
    }
}

static void lie_about_emptiness(struct chunk_list *l, struct arena *notes) {
    for (size_t i = 0; i < l->n; i++)
        if (frame_gen_random(&lie_seed) % 2)
            l->at[i].note = arena_text(notes, TEXT("{\"frames\":0,\"errors\":0,\"gaps\":0,\"marks\":0}"));
}

static void lie_with_rubbish(struct chunk_list *l, struct arena *notes) {
    for (size_t i = 0; i < l->n; i++)
        if (frame_gen_random(&lie_seed) % 2)
            l->at[i].note = arena_text(notes, i % 2 ? TEXT("{\"frames\":\"many\"") : TEXT("[]"));
}

/* Chunks of 20 frames each, and a note to each as the recorder makes them. */
static void write_small_chunks(const char *path, const int64_t *times, size_t n) {
    struct line_writer *w = NULL;
    struct line_writer_options o = {.path = path, .codec = CODEC_ZSTD, .mode = LINE_WRITER_REPLACE};
    struct buffer line = {0};
    struct overview chunk;
    struct frame f;
    frame_init(&f);
    overview_init(&chunk);
    OK(line_writer_open(&o, &w, &err));
    for (size_t i = 0; i < n; i++) {
        make_frame(&f, i, times[i], 100);
        f.seq = i;
        buffer_clear(&line);
        OK(frame_write_json(&f, &line, &err));
        OK(line_writer_put(w, line.at, line.len, &err));
        overview_add_time(&chunk, times[i], i, i ? times[i - 1] : TIME_UNKNOWN, NS_PER_SECOND);
        overview_add_frame(&chunk, &f);
        if (i % 20 != 19 && i != n - 1)
            continue;
        buffer_clear(&line);
        overview_write(&chunk, &line);
        OK(line_writer_chunk(w, line.at, line.len, &err));
        overview_init(&chunk);
    }
    OK(line_writer_close(w, &err));
    buffer_done(&line);
    frame_done(&f);
}

/* A lying index costs time, never an answer. */
static void check_lie(
    void (*lie)(struct chunk_list *, struct arena *), const char *key, bool small_too, uint64_t seed) {
    int64_t *times = some_times(seed, FRAMES);
    const char *path = file_of(CODEC_ZSTD);
    struct seeking one = usual;
    lie_key = key;
    write_small_chunks(path, times, FRAMES);
    lie_seed = seed;
    tell_lies(path, lie, small_too);
    one.rounds = 30;
    check_file(path, &one, seed); /* one move falls over the lie first */
    one.rounds = 1;
    for (unsigned i = 0; i < 12; i++)
        check_file(path, &one, seed + i * 77);
    struct known k = {0};
    known_add_file(&k, path);
    assert_int_equal(k.n, FRAMES);
    struct reading in = reading_open(path);
    check_walking(&in, &k);
    reading_close(&in);
    known_done(&k);
    free(times);
}

static void untrue_times_in_notes(void **state) {
    (void)state;
    check_lie(lie_in_notes, "\"first_ms\":", false, 101);
    check_lie(lie_in_notes, "\"first_ms\":", true, 102);
    check_lie(lie_in_notes, "\"last_ms\":", false, 103);
}

static void untrue_labels_in_notes(void **state) {
    (void)state;
    check_lie(lie_in_notes, "\"seq\":", false, 111);
    check_lie(lie_in_notes, "\"seq\":", true, 112);
    check_lie(lie_in_notes, "\"frames\":", false, 113);
}

static void notes_of_other_chunks(void **state) {
    (void)state;
    check_lie(lie_by_moving_notes, NULL, false, 121);
    check_lie(lie_about_emptiness, NULL, false, 122);
    check_lie(lie_with_rubbish, NULL, false, 123);
}

static void untrue_sizes_in_the_index(void **state) {
    (void)state;
    check_lie(lie_in_sizes, NULL, false, 131);
}

static void untrue_offsets_in_the_index(void **state) {
    (void)state;
    check_lie(lie_in_offsets, NULL, false, 141);
    check_lie(lie_in_offsets, NULL, false, 142);
}

/* The lines of an index are for other readers. */
static void untrue_index_lines(void **state) {
    (void)state;
    struct buffer text = {0};
    int64_t *times = some_times(6, FRAMES);
    record(file_of(CODEC_PLAIN), CODEC_PLAIN, times, FRAMES, PADDING);
    slurp(file_of(CODEC_PLAIN), &text);
    char *at = text.at;
    for (unsigned i = 0; (at = memmem(at, (size_t)(text.at + text.len - at), "\"index\":true,\"seq\":", 19)); i++) {
        at += 19;
        at[0] = (char)('9' - i);
        char *offset = strstr(at, "byte_offset\":");
        offset[13] = (char)('9' - i % 2);
    }
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct seeking some = usual;
        some.rounds = c == CODEC_PLAIN ? usual.rounds : 20;
        encode_foreign(file_of(c), c, text.at, text.len);
        check_file(file_of(c), &some, 151 + c);
    }
    buffer_done(&text);
    free(times);
}

/* A clock that was set back: no move hangs, and steps reach every frame. */
static void a_clock_that_steps_back(void **state) {
    (void)state;
    uint64_t random = 7;
    int64_t *times = some_times(7, FRAMES);
    for (size_t i = FRAMES / 3; i < FRAMES; i++)
        times[i] -= 600 * NS_PER_SECOND;
    for (size_t i = FRAMES / 2; i < FRAMES; i++)
        times[i] -= (int64_t)(frame_gen_random(&random) % 2000) * NS_PER_MS;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        for (unsigned killed = 0; killed < 2; killed++) {
            struct known k = {0};
            (killed ? record_killed : record)(file_of(c), c, times, FRAMES, 100);
            known_add_file(&k, file_of(c));
            struct reading in = reading_open(file_of(c));
            struct seeking labels = {.seqs = true, .rounds = 60, .far = 700};
            for (unsigned i = 0; i < 200; i++) {
                int64_t when = times[frame_gen_random(&random) % FRAMES];
                YIELDS(1, cursor_seek_time(in.c, when, &err));
                /* Where the time was passed once, or at the end: which, depends on where the clock stood. */
                assert_true(cursor_time(in.c) >= when || cursor_frame(in.c)->seq == FRAMES - 1);
                if (cursor_time(in.c) >= when && cursor_step(in.c, -1, NULL) == 1)
                    assert_true(cursor_time(in.c) < when);
            }
            check_seeking(&in, &k, &labels, &random);
            check_walking(&in, &k);
            /* The index told the truth. */
            assert_int_equal(recording_damage(in.r).distrusted, 0);
            reading_close(&in);
            known_done(&k);
        }
    }
    free(times);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_finished_recording),
        TEST(a_killed_recorder),
        TEST(no_index_at_all),
        TEST(frames_that_cut_lines),
        TEST(plain_lines_at_every_distance_from_a_border),
        TEST(large_frames),
        TEST(pages_without_frames),
        TEST(untrue_times_in_notes),
        TEST(untrue_labels_in_notes),
        TEST(notes_of_other_chunks),
        TEST(untrue_sizes_in_the_index),
        TEST(untrue_offsets_in_the_index),
        TEST(untrue_index_lines),
        TEST(a_clock_that_steps_back),
    };
    return cmocka_run_group_tests_name("seek", tests, NULL, NULL);
}
