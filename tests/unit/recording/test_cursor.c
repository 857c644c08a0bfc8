/* tests/unit/recording/test_cursor.c: moving by steps over chunks, pages, segments, marks and damage. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "frame_gen.h"

static void walk_all(const char *const *paths, size_t n, bool chain, const struct known *k) {
    struct reading in = reading_open_all(paths, n, chain);
    check_walking(&in, k);
    reading_close(&in);
}

static void every_frame_by_steps(void **state) {
    (void)state;
    uint64_t random = 3;
    static int64_t times[2500];
    make_times(times, COUNT_OF(times), &random);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        for (unsigned killed = 0; killed < 2; killed++) {
            struct known k = {0};
            const char *path = file_of(c);
            (killed ? record_killed : record)(path, c, times, COUNT_OF(times), 900);
            known_add_file(&k, path);
            assert_int_equal(k.n, COUNT_OF(times));
            walk_all(&path, 1, true, &k);
            known_done(&k);
        }
    }
}

/* Segments as rotation leaves them, read as one recording: by the base name, or each file named, in any order. */
static void rotated_segments(void **state) {
    (void)state;
    uint64_t random = 4;
    static int64_t times[3000];
    make_times(times, COUNT_OF(times), &random);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        struct known k = {0};
        o.max_bytes = c == CODEC_PLAIN ? 300000 : 60000;
        struct recording_writer *w = record_open(&o);
        for (size_t i = 0; i < COUNT_OF(times); i++)
            record_take(w, i, times[i], 300);
        unsigned segments = recording_writer_facts(w).segments;
        assert_true(segments >= 4);
        OK(recording_writer_close(w, &err));
        const char *path = file_of(c);
        struct reading in = reading_open(path);
        assert_int_equal(recording_segments(in.r), segments);
        const char *paths[64] = {0};
        for (size_t i = 0; i < segments; i++) {
            paths[i] = strdup(recording_segment_path(in.r, i));
            known_add_file(&k, paths[i]);
        }
        assert_int_equal(k.n, COUNT_OF(times));
        check_walking(&in, &k);
        struct seeking how = {.times = true, .seqs = true, .rounds = 80, .far = 900};
        check_seeking(&in, &k, &how, &random);
        reading_close(&in);
        for (size_t i = segments; i-- > 1;) { /* shuffle */
            size_t with = frame_gen_random(&random) % (i + 1);
            const char *swapped = paths[i];
            paths[i] = paths[with];
            paths[with] = swapped;
        }
        in = reading_open_all(paths, segments, false);
        check_walking(&in, &k);
        check_seeking(&in, &k, &how, &random);
        reading_close(&in);
        known_done(&k);
        for (size_t i = 0; i < segments; i++) {
            char *copy = NULL;
            memcpy(&copy, &paths[i], sizeof copy);
            free(copy);
        }
    }
}

static void one_segment_alone(void **state) {
    (void)state;
    struct recording_writer_options o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    o.max_bytes = 10000;
    struct recording_writer *w = record_open(&o);
    for (size_t i = 0; i < 100; i++)
        record_take(w, i, T0 + (int64_t)i * NS_PER_SECOND, 100);
    OK(recording_writer_close(w, &err));
    const char *second = in_folder("run.0002.ndjson");
    struct known k = {0};
    known_add_file(&k, second);
    assert_true(k.n > 5 && k.n < 90);
    walk_all(&second, 1, false, &k);
    known_done(&k);
}

/* Files without a frame among the others, whatever order they come in. */
static void files_without_frames_among_others(void **state) {
    (void)state;
    int64_t times[40];
    for (size_t i = 0; i < COUNT_OF(times); i++)
        times[i] = T0 + (int64_t)i * NS_PER_SECOND;
    const char *late = in_folder("late.ndjson"), *early = in_folder("early.ndjson"), *empty = in_folder("empty.ndjson"),
               *header = in_folder("header.ndjson.zst"), *blank = in_folder("blank.ndjson");
    record(late, CODEC_PLAIN, times + 20, 20, 10);
    record(early, CODEC_PLAIN, times, 20, 10);
    record(header, CODEC_ZSTD, times, 0, 10);
    spill(empty, "", 0);
    spill_text(blank, "\n\n \r\n");
    struct known k = {0};
    known_add_file(&k, early);
    known_add_file(&k, late);
    const char *const orders[][5] = {{late, empty, early, header, blank}, {empty, late, header, blank, early},
        {early, blank, header, empty, late}, {header, late, early, empty, blank}, {late, early, empty, blank, header}};
    struct seeking how = {.times = true, .rounds = 30, .far = 30};
    uint64_t random = 9;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        walk_all(orders[i], 5, true, &k);
        struct reading in = reading_open_all(orders[i], 5, true);
        check_seeking(&in, &k, &how, &random);
        reading_close(&in);
    }
    known_done(&k);
}

/* Two recordings, each counted from 0. */
static void labels_that_begin_again(void **state) {
    (void)state;
    int64_t times[100];
    for (size_t i = 0; i < COUNT_OF(times); i++)
        times[i] = T0 + (int64_t)i * NS_PER_SECOND;
    const char *paths[] = {in_folder("b.ndjson"), in_folder("a.ndjson")};
    record(paths[0], CODEC_PLAIN, times, 60, 10);
    record(paths[1], CODEC_PLAIN, times + 60, 40, 10);
    struct reading in = reading_open_all(paths, 2, true);
    for (uint64_t seq = 40; seq < 60; seq++) { /* only the first has these */
        YIELDS(1, cursor_seek_seq(in.c, seq, &err));
        assert_true(cursor_frame(in.c)->seq == seq);
        assert_int_equal(cursor_time(in.c), times[seq]);
    }
    for (uint64_t seq = 0; seq < 40; seq++) {
        YIELDS(1, cursor_seek_seq(in.c, seq, &err));
        assert_true(cursor_frame(in.c)->seq == seq);
    }
    YIELDS(1, cursor_seek_seq(in.c, 1000, &err));
    assert_int_equal(cursor_time(in.c), times[99]);
    reading_close(&in);
}

static void a_recording_without_frames(void **state) {
    (void)state;
    struct buffer text = {0};
    record(file_of(CODEC_PLAIN), CODEC_PLAIN, NULL, 0, 0);
    slurp(file_of(CODEC_PLAIN), &text);
    for (unsigned kind = 0; kind < 4; kind++) {
        const char *path = in_folder("x.ndjson");
        spill(path, text.at, kind == 0 ? 0 : kind == 1 ? text.len : kind == 2 ? text.len - 1 : 5);
        struct reading in = reading_open(path);
        YIELDS(0, cursor_first(in.c, &err));
        YIELDS(0, cursor_last(in.c, &err));
        YIELDS(0, cursor_step(in.c, 1, &err));
        YIELDS(0, cursor_step(in.c, -1, &err));
        YIELDS(0, cursor_seek_time(in.c, T0, &err));
        YIELDS(0, cursor_seek_seq(in.c, 3, &err));
        YIELDS(0, cursor_first(in.c, &err));
        reading_close(&in);
    }
    buffer_done(&text);
}

static void steps_stop_at_the_ends(void **state) {
    (void)state;
    int64_t times[] = {T0, T0 + 5 * NS_PER_SECOND, T0 + 9 * NS_PER_SECOND};
    record(file_of(CODEC_ZSTD), CODEC_ZSTD, times, 3, 10);
    struct known k = {0};
    known_add_file(&k, file_of(CODEC_ZSTD));
    struct reading in = reading_open(file_of(CODEC_ZSTD));
    YIELDS(0, cursor_step(in.c, 1, &err)); /* stands nowhere */
    YIELDS(1, cursor_first(in.c, &err));
    YIELDS(0, cursor_step(in.c, 0, &err));
    YIELDS(0, cursor_step(in.c, -1, &err));
    YIELDS(0, cursor_step(in.c, INT64_MIN, &err));
    assert_stands(&in, &k, 0);
    YIELDS(1, cursor_step(in.c, INT64_MAX, &err));
    assert_stands(&in, &k, 2);
    YIELDS(0, cursor_step(in.c, 1, &err));
    assert_stands(&in, &k, 2);
    YIELDS(1, cursor_step(in.c, INT64_MIN, &err));
    assert_stands(&in, &k, 0);
    YIELDS(1, cursor_step(in.c, 5, &err));
    assert_stands(&in, &k, 2);
    reading_close(&in);
    known_done(&k);
}

/* A mark before frame 0, one behind frame 4, one behind frame 9. */
static void check_marks(const struct reading *in, bool back) {
    static const bool marks[] = {
        true, false, false, false, false, false, true, false, false, false, false, false, true};
    YIELDS(1, back ? cursor_last(in->c, &err) : cursor_first(in->c, &err));
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        bool mark = marks[back ? COUNT_OF(marks) - 1 - i : i];
        assert_int_equal(cursor_kind(in->c), mark ? RECORDING_MARK : RECORDING_FRAME);
        assert_int_equal(cursor_frame(in->c)->gpus.n, mark ? 0 : 1);
        if (mark)
            assert_non_null(memmem(cursor_line(in->c).at, cursor_line(in->c).len, "\"mark\":", 7));
        YIELDS(i + 1 < COUNT_OF(marks), cursor_step(in->c, back ? -1 : 1, &err));
    }
}

static void marks_on_the_way(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        struct recording_writer *w = record_open(&o);
        OK(recording_writer_mark(w, T0 - NS_PER_SECOND, TEXT("before"), &err));
        for (unsigned i = 0; i < 10; i++) {
            record_take(w, i, T0 + (int64_t)i * NS_PER_SECOND, 10);
            if (i == 4 || i == 9)
                OK(recording_writer_mark(
                    w, T0 + (int64_t)i * NS_PER_SECOND + 5, i == 4 ? TEXT("middle") : TEXT("after"), &err));
        }
        OK(recording_writer_close(w, &err));
        struct known k = {0};
        known_add_file(&k, file_of(c));
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k); /* without marks */
        cursor_stop_at_marks(in.c, true);
        check_marks(&in, false);
        check_marks(&in, true);
        YIELDS(1, cursor_seek_time(in.c, T0 + 4 * NS_PER_SECOND + 5, &err));
        assert_stands(&in, &k, 5);
        YIELDS(1, cursor_step(in.c, -1, &err));
        assert_int_equal(cursor_kind(in.c), RECORDING_MARK);
        cursor_stop_at_marks(in.c, false);
        YIELDS(1, cursor_step(in.c, -1, &err));
        assert_stands(&in, &k, 4);
        reading_close(&in);
        known_done(&k);
    }
}

/* One stream of many pages, as other programs write it: steps and seeks at random, and back from the end. */
static void a_foreign_stream_of_many_pages(void **state) {
    (void)state;
    uint64_t random = 11;
    static int64_t times[12000];
    make_times(times, COUNT_OF(times), &random);
    for (enum codec c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        struct buffer text = {0}, bytes = {0};
        struct known k = {0};
        record(file_of(CODEC_PLAIN), CODEC_PLAIN, times, COUNT_OF(times), 500);
        slurp(file_of(CODEC_PLAIN), &text);
        assert_true(text.len > 5 * (1 << 20)); /* several pages, access points in gzip */
        known_add_text(&k, text.at, text.len);
        for (size_t from = 0, part = text.len / 3 * 2; from < text.len; from += part) { /* cut inside a line */
            size_t n = text.len - from < part ? text.len - from : part;
            if (c == CODEC_GZIP)
                encode_gzip(text.at + from, n, &bytes);
            else
                encode_zstd(text.at + from, n, &bytes);
        }
        spill(file_of(c), bytes.at, bytes.len);
        struct reading in = reading_open(file_of(c));
        struct seeking how = {.times = true, .seqs = true, .rounds = 30, .far = 3000};
        check_seeking(&in, &k, &how, &random); /* on what was not read before */
        check_walking(&in, &k);
        check_seeking(&in, &k, &how, &random);
        assert_int_equal(recording_damage(in.r).rejected + recording_damage(in.r).undecoded, 0);
        reading_close(&in);
        known_done(&k);
        buffer_done(&text);
        buffer_done(&bytes);
    }
}

/* Lines that are no lines, and frames that turn out broken when they are read: passed over both ways, and counted once. */
static void broken_lines_are_passed_over(void **state) {
    (void)state;
    struct buffer text = {0};
    struct known k = {0};
    char line[200];
    unsigned bad = 0;
    for (unsigned i = 0; i < 3000; i++) {
        int n = snprintf(line, sizeof line,
            "{\"schema\":1,\"t\":\"2026-04-18T12:%02u:%02u.000Z\",\"seq\":%u,\"hostname\":\"node\"}\n", i / 60, i % 60,
            i);
        if (i % 97 == 13) { /* a head of a frame, and then rubbish */
            n = snprintf(line, sizeof line, "{\"schema\":1,\"t\":\"2026-04-18T12:%02u:%02u.000Z\",\"seq\":%u,oops}\n",
                i / 60, i % 60, i);
            bad++;
        } else if (i % 101 == 50) {
            n = snprintf(line, sizeof line, "%s\n", i % 2 ? "rubbish" : "\xff\xfe\x01");
            bad++;
        } else if (i % 89 == 5)
            n = snprintf(line, sizeof line, "%s", i % 2 ? "\r\n" : "\n");
        buffer_put(&text, line, (size_t)n);
    }
    known_add_text(&k, text.at, text.len);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        encode_foreign(file_of(c), c, text.at, text.len);
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k);
        assert_int_equal(recording_damage(in.r).rejected, bad);
        assert_int_equal(recording_damage(in.r).undecoded + recording_damage(in.r).oversized, 0);
        struct seeking how = {.times = true, .seqs = true, .rounds = 100, .far = 1};
        uint64_t random = 5;
        check_seeking(&in, &k, &how, &random);
        assert_int_equal(recording_damage(in.r).rejected, bad);
        reading_close(&in);
        /* Seeking first, in a file that nobody looked at yet. */
        in = reading_open(file_of(c));
        check_seeking(&in, &k, &how, &random);
        reading_close(&in);
    }
    known_done(&k);
    buffer_done(&text);
}

static void a_line_over_the_limit(void **state) {
    (void)state;
    struct buffer text = {0};
    struct known k = {0};
    char line[200];
    for (unsigned i = 0; i < 20; i++) {
        int n =
            snprintf(line, sizeof line, "{\"schema\":1,\"t\":\"2026-04-18T12:00:%02u.000Z\",\"seq\":%u,\"x\":\"", i, i);
        buffer_put(&text, line, (size_t)n);
        size_t more = i == 7   ? LINE_MAX_BYTES
                      : i == 8 ? LINE_MAX_BYTES - (size_t)n - 3
                               : 5; /* one over, one just fits */
        char *to = buffer_room(&text, more);
        assert_non_null(to);
        memset(to, 'x', more);
        text.len += more;
        buffer_put(&text, "\"}\n", 3);
    }
    known_add_text(&k, text.at, text.len);
    assert_int_equal(k.n, 20);
    memmove(&k.at[7], &k.at[8], 12 * sizeof k.at[0]);
    k.n = 19;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        encode_foreign(file_of(c), c, text.at, text.len);
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k);
        assert_int_equal(recording_damage(in.r).oversized, 1);
        assert_int_equal(recording_damage(in.r).rejected, 0);
        struct seeking how = {.times = true, .seqs = true, .rounds = 4, .far = 3};
        uint64_t random = 5;
        check_seeking(&in, &k, &how, &random);
        reading_close(&in);
    }
    known_done(&k);
    buffer_done(&text);
}

/* Bytes of a chunk that do not decode cost that chunk, not its neighbours, and not the index. */
static void a_damaged_chunk(void **state) {
    (void)state;
    uint64_t random = 6;
    static int64_t times[6000];
    make_times(times, COUNT_OF(times), &random);
    for (enum codec c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        for (unsigned killed = 0; killed < 2; killed++) {
            struct buffer bytes = {0};
            (killed ? record_killed : record)(file_of(c), c, times, COUNT_OF(times), 100);
            slurp(file_of(c), &bytes);
            memset(bytes.at + bytes.len / 12 * 5, 0x55, 5000);
            spill(file_of(c), bytes.at, bytes.len);
            struct reading in = reading_open(file_of(c));
            YIELDS(1, cursor_first(in.c, &err));
            uint64_t seen = 1, lost = 0, last = 0;
            for (;;) {
                struct error err;
                int r = cursor_step(in.c, 1, &err);
                assert_true(r >= 0);
                if (r == 0)
                    break;
                lost += cursor_frame(in.c)->seq - last - 1;
                last = cursor_frame(in.c)->seq;
                seen++;
            }
            assert_int_equal(last, COUNT_OF(times) - 1);
            assert_int_equal(seen + lost, COUNT_OF(times));
            assert_in_range(lost, 1, 1000);
            /* In gzip, damage may read as other letters. */
            assert_true(recording_damage(in.r).undecoded + recording_damage(in.r).rejected >= 1);
            if (c == CODEC_ZSTD)
                assert_int_equal(recording_damage(in.r).undecoded, 1);
            assert_int_equal(recording_damage(in.r).distrusted, 0);
            uint64_t back = 1;
            YIELDS(1, cursor_last(in.c, &err));
            while (cursor_step(in.c, -1, NULL) == 1)
                back++;
            assert_int_equal(back, seen);
            for (unsigned i = 0; i < 200; i++) {
                int64_t when = times[frame_gen_random(&random) % COUNT_OF(times)];
                YIELDS(1, cursor_seek_time(in.c, when, &err));
                assert_true(cursor_time(in.c) >= when);
            }
            assert_int_equal(recording_damage(in.r).distrusted, 0);
            reading_close(&in);
            buffer_done(&bytes);
        }
    }
}

/* Cut anywhere, a recording gives all frames before the cut. */
static void a_torn_tail(void **state) {
    (void)state;
    uint64_t random = 8;
    static int64_t times[1500];
    make_times(times, COUNT_OF(times), &random);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0};
        record(file_of(c), c, times, COUNT_OF(times), 30);
        slurp(file_of(c), &bytes);
        for (unsigned i = 0; i < 40; i++) {
            size_t n = i < 4 ? bytes.len - 1 - i : frame_gen_random(&random) % bytes.len;
            struct known k = {0};
            const char *path = in_folder("torn");
            spill(path, bytes.at, n);
            if (n > 4)
                known_add_file(&k, path);
            struct reading in = reading_open(path);
            YIELDS(k.n > 0, cursor_last(in.c, &err));
            struct seeking how = {.times = true, .seqs = true, .rounds = 3, .far = 1600};
            if (k.n > 0) {
                assert_stands(&in, &k, k.n - 1);
                check_seeking(&in, &k, &how, &random);
            }
            reading_close(&in);
            known_done(&k);
        }
        buffer_done(&bytes);
    }
}

static void garbage(void **state) {
    (void)state;
    uint64_t random = 10;
    struct buffer bytes = {0};
    static const char *const starts[] = {
        "", "\x28\xB5\x2F\xFD", "\x1F\x8B\x08", "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":"};
    for (unsigned i = 0; i < 24; i++) {
        buffer_clear(&bytes);
        buffer_put_text(&bytes, text_of(starts[i % COUNT_OF(starts)]));
        for (size_t n = (frame_gen_random(&random) % 3 + 1) << (7 * (1 + i % 3)); n > 0; n--)
            buffer_put_char(&bytes, (char)(i < 12 ? frame_gen_random(&random) : 'a'));
        spill(in_folder("garbage"), bytes.at, bytes.len);
        const char *path = in_folder("garbage");
        struct recording *r = NULL;
        struct cursor *c = NULL;
        struct error why = {0};
        int code = recording_open(&path, 1, true, &r, &why);
        if (code < 0) {
            assert_int_equal(code, -ERR_FORMAT);
            continue;
        }
        OK(cursor_create(r, &c, &err));
        YIELDS(0, cursor_first(c, &err));
        YIELDS(0, cursor_last(c, &err));
        YIELDS(0, cursor_seek_time(c, T0, &err));
        cursor_destroy(c);
        recording_close(r);
    }
    buffer_done(&bytes);
}

static void another_schema_ends_every_move(void **state) {
    (void)state;
    static const char good[] = "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n";
    static const char *const bad[] = {"{\"schema\":2,\"t\":\"2026-04-18T12:00:01.000Z\",\"seq\":1,\"x\":1}\n",
        "{\"schema\":2}\n", "{\"schema\":1,\"t\":\"2026-04-18T12:00:01.000Z\",\"seq\":1,\"schema\":2}\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct buffer text = {0};
        for (unsigned n = 0; n < 70; n++) /* behind what opening looks at */
            buffer_put_text(&text, text_of(good));
        buffer_put_text(&text, text_of(bad[i]));
        spill(file_of(CODEC_PLAIN), text.at, text.len);
        struct reading in = reading_open(file_of(CODEC_PLAIN));
        struct error err = {0};
        assert_int_equal(cursor_last(in.c, &err), -ERR_SCHEMA);
        assert_string_equal(err.text, SCHEMA_2);
        reading_close(&in);
        buffer_done(&text);
    }
}

static void notes_of_nothing(struct chunk_list *l, struct arena *notes) {
    for (size_t i = 2; i < l->n; i++)
        l->at[i].note = arena_text(notes, TEXT("{\"frames\":0}"));
    (void)notes;
}

static void record_with_untrue_notes(const char *path) {
    struct recording_writer_options o = options_of(path, CODEC_ZSTD);
    struct recording_writer *w = record_open(&o);
    for (unsigned i = 0; i < 5000; i++) {
        int64_t when = T0 + (int64_t)(i / 3) * NS_PER_SECOND; /* three of each */
        record_take(w, i, when, 50);
        if (i == 500)
            OK(recording_writer_mark(w, when, TEXT("here"), &err));
    }
    OK(recording_writer_close(w, &err));
    tell_lies(path, notes_of_nothing, false);
}

/* Cursors on one recording: what one finds out about the index moves the others nowhere. */
static void an_index_found_untrue_under_way(void **state) {
    (void)state;
    record_with_untrue_notes(file_of(CODEC_ZSTD));
    struct known k = {0};
    known_add_file(&k, file_of(CODEC_ZSTD));
    struct reading in = reading_open(file_of(CODEC_ZSTD));
    struct cursor *other = NULL, *at_mark = NULL;
    OK(cursor_create(in.r, &other, &err));
    OK(cursor_create(in.r, &at_mark, &err));
    cursor_stop_at_marks(at_mark, true);
    YIELDS(1, cursor_seek_seq(at_mark, 500, &err));
    YIELDS(1, cursor_step(at_mark, 1, &err));
    assert_int_equal(cursor_kind(at_mark), RECORDING_MARK);
    YIELDS(1, cursor_seek_seq(in.c, 700, &err));
    assert_int_equal(recording_damage(in.r).distrusted, 0);
    YIELDS(1, cursor_seek_seq(other, 4321, &err));
    assert_true(cursor_frame(other)->seq == 4321);
    assert_int_equal(recording_damage(in.r).distrusted, 1);
    YIELDS(1, cursor_step(in.c, 1, &err));
    assert_stands(&in, &k, 701);
    YIELDS(1, cursor_step(in.c, 2500, &err));
    assert_stands(&in, &k, 3201);
    YIELDS(1, cursor_step(at_mark, 1, &err));
    assert_true(cursor_frame(at_mark)->seq == 501);
    YIELDS(1, cursor_step(at_mark, -2, &err));
    assert_true(cursor_frame(at_mark)->seq == 500);
    cursor_destroy(other);
    cursor_destroy(at_mark);
    reading_close(&in);
    known_done(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_frame_by_steps),
        TEST(rotated_segments),
        TEST(one_segment_alone),
        TEST(files_without_frames_among_others),
        TEST(labels_that_begin_again),
        TEST(a_recording_without_frames),
        TEST(steps_stop_at_the_ends),
        TEST(marks_on_the_way),
        TEST(a_foreign_stream_of_many_pages),
        TEST(broken_lines_are_passed_over),
        TEST(a_line_over_the_limit),
        TEST(a_damaged_chunk),
        TEST(a_torn_tail),
        TEST(garbage),
        TEST(another_schema_ends_every_move),
        TEST(an_index_found_untrue_under_way),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
