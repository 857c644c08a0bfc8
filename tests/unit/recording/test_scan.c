/* tests/unit/recording/test_scan.c: what a segment holds, by reading it and by its notes, and what is wrong with it. */
#include "helper.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "frame_gen.h"
#include "recording/scan.h"

struct scanned {
    struct scan_report report;
    struct arena arena;
    int code;
};

static struct scanned scan(const char *path, bool summary) {
    struct scanned s = {.report = {.previous_ns = TIME_UNKNOWN}};
    struct recording *r = NULL;
    OK(recording_open(&path, 1, false, &r, &err));
    struct error err = {0};
    s.code = summary ? recording_summary(r, 0, &s.arena, &s.report, &err)
                     : recording_scan(r, 0, &s.arena, &s.report, NULL, &err);
    if (s.code < 0)
        fail_msg("%s", err.text);
    recording_close(r);
    return s;
}

static uint64_t all_faults(const struct scan_report *r) {
    uint64_t n = 0;
    for (unsigned i = 0; i < SCAN_FAULTS; i++)
        n += r->faults[i];
    return n;
}

static void record_with_marks(const char *path, enum codec c, bool killed) {
    struct recording_writer_options o = options_of(path, c);
    struct recording_writer *w = record_open(&o);
    struct frame f;
    struct buffer bytes = {0};
    frame_init(&f);
    for (uint64_t i = 0; i < 2500; i++) {
        make_frame(&f, i, T0 + (int64_t)(i + i / 500 * 10) * NS_PER_SECOND, 20);
        if (i % 100 == 7)
            frame_add_error(&f, "gpu", "timeout", "late", NULL);
        OK(recording_writer_take(w, &f, &err));
        if (i == 3 || i == 1700 || i == 2400) {
            char mark[32];
            (void)snprintf(mark, sizeof mark, "mark %u", (unsigned)i);
            OK(recording_writer_mark(w, f.wall_ns + NS_PER_MS, text_of(mark), &err));
        }
    }
    frame_done(&f);
    slurp(path, &bytes);
    OK(recording_writer_close(w, &err));
    if (killed)
        spill(path, bytes.at, bytes.len);
    buffer_done(&bytes);
}

static void check_contents(const struct scan_report *r) {
    assert_int_equal(r->all.frames, 2500);
    assert_int_equal(r->all.errors, 25);
    assert_int_equal(r->all.gaps, 4);
    assert_int_equal(r->all.marks, 3);
    assert_int_equal(r->all.first_seq, 0);
    assert_int_equal(r->all.first_ns, T0);
    assert_int_equal(r->all.last_ns, T0 + 2539 * NS_PER_SECOND);
    assert_int_equal(r->previous_ns, r->all.last_ns);
    assert_int_equal(r->n_marks, 3);
    assert_text(r->marks[0].text, "mark 3");
    assert_int_equal(r->marks[0].wall_ns, T0 + 3 * NS_PER_SECOND + NS_PER_MS);
    assert_text(r->marks[1].text, "mark 1700");
    assert_text(r->marks[2].text, "mark 2400");
}

static void sound_segments(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct buffer text = {0}, bytes = {0};
        record_with_marks(file_of(c), c, false);
        decode_file(file_of(c), &text);
        slurp(file_of(c), &bytes);
        struct scanned s = scan(file_of(c), false);
        check_contents(&s.report);
        assert_int_equal(all_faults(&s.report), 0);
        assert_int_equal(s.report.codec, c);
        assert_int_equal(s.report.seek_table, c == CODEC_ZSTD);
        assert_int_equal(s.report.text_bytes, text.len);
        assert_int_equal(s.report.file_bytes, bytes.len);
        assert_int_equal(s.report.lines, count_of(text.at, text.len, "\n"));
        assert_int_equal(s.report.gpu_count, 1);
        arena_done(&s.arena);
        buffer_done(&text);
        buffer_done(&bytes);
    }
}

static void assert_near(double a, double b) {
    if (!(fabs(a - b) < 0.02 || (isnan(a) && isnan(b))))
        fail_msg("%g is not %g", a, b);
}

static void notes_say_what_frames_do(void **state) {
    (void)state;
    for (unsigned killed = 0; killed < 2; killed++) {
        record_with_marks(file_of(CODEC_ZSTD), CODEC_ZSTD, killed);
        struct scanned whole = scan(file_of(CODEC_ZSTD), false), notes = scan(file_of(CODEC_ZSTD), true);
        assert_int_equal(notes.code, 1);
        check_contents(&notes.report);
        for (unsigned i = 0; i < FIGURE_COUNT; i++) {
            const struct figure *a = &whole.report.all.figures[i], *b = &notes.report.all.figures[i];
            assert_int_equal(a->count, b->count);
            assert_near(a->min, b->min);
            assert_near(a->max, b->max);
            if (a->count > 0)
                assert_near(a->sum / (double)a->count, b->sum / (double)b->count);
        }
        if (!killed)
            assert_int_equal(whole.report.text_bytes, notes.report.text_bytes);
        /* The stream of a killed recorder has no end, and that is all that is wrong with it. */
        assert_int_equal(all_faults(&whole.report), killed);
        assert_int_equal(whole.report.faults[SCAN_TORN], killed);
        assert_int_equal(all_faults(&notes.report), killed);
        assert_int_equal(notes.report.faults[SCAN_TORN], killed);
        arena_done(&whole.arena);
        arena_done(&notes.arena);
    }
    static const enum codec without[] = {CODEC_PLAIN, CODEC_GZIP};
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        record_with_marks(file_of(without[i]), without[i], false);
        struct scanned notes = scan(file_of(without[i]), true);
        assert_int_equal(notes.code, 0);
        arena_done(&notes.arena);
    }
}

static const char header[] = "{\"schema\":1,\"header\":true,\"interval_ms\":1000,\"hosts\":[]}";

/* Line `i` of 20: a header, then frames; an index line behind frame 10. */
static void put_good_line(struct buffer *text, unsigned i) {
    if (i == 0)
        buffer_put_text(text, TEXT(header));
    else if (i == 12)
        buffer_printf(text, "{\"schema\":1,\"index\":true,\"seq\":10,\"byte_offset\":%zu}", text->len);
    else
        buffer_printf(
            text, "{\"schema\":1,\"t\":\"2026-04-18T12:00:%02u.000Z\",\"seq\":%u,\"x\":1}", i, i < 12 ? i - 1 : i - 2);
}

struct damage {
    const char *line; /* in place of a good one; "" leaves it out, '*' is a line over the limit */
    unsigned at;
    enum scan_fault fault;
};

static void the_kind_line_and_offset_of_each_fault(void **state) {
    (void)state;
    static const struct damage all[] = {
        {"rubbish", 5, SCAN_REJECTED},
        {"{\"schema\":1}", 19, SCAN_REJECTED},
        {"{\"schema\":1,\"t\":\"2026-04-18T12:00:05.000Z\",\"seq\":4,oops}", 5, SCAN_REJECTED},
        {"{\"schema\":1,\"x\":\"\xff\",\"t\":\"2026-04-18T12:00:05.000Z\"}", 5, SCAN_REJECTED},
        {"[]", 1, SCAN_REJECTED},
        {"*", 7, SCAN_OVERSIZED},
        {"", 0, SCAN_HEADER},
        {"{\"schema\":1,\"index\":true,\"seq\":11,\"byte_offset\":0}", 12, SCAN_INDEX},
        {"{\"schema\":1,\"index\":true,\"seq\":0,\"byte_offset\":0}", 12, SCAN_INDEX},
        {"{\"schema\":1,\"index\":true,\"seq\":9223372036854775808,\"byte_offset\":0}", 12, SCAN_INDEX},
        {"{\"schema\":1,\"index\":true,\"byte_offset\":0}", 12, SCAN_INDEX},
        {"{\"schema\":1,\"index\":true,\"seq\":10,\"byte_offset\":3}", 12, SCAN_INDEX},
        {"{\"schema\":1,\"index\":true,\"seq\":9,\"byte_offset\":0}", 15, SCAN_INDEX},
    };
    struct buffer text = {0};
    for (size_t k = 0; k < COUNT_OF(all); k++) {
        uint64_t offset = 0, line = 0, lines = 0;
        buffer_clear(&text);
        for (unsigned i = 0; i < 20; i++) {
            if (i == all[k].at) {
                offset = text.len;
                line = lines + 1;
            }
            if (i != all[k].at) {
                put_good_line(&text, i);
            } else if (all[k].line[0] == '*') {
                char *to = buffer_room(&text, LINE_MAX_BYTES);
                assert_non_null(to);
                memset(to, '*', LINE_MAX_BYTES);
                text.len += LINE_MAX_BYTES;
            } else if (all[k].line[0]) {
                buffer_put_text(&text, text_of(all[k].line));
            } else {
                continue;
            }
            buffer_put_char(&text, '\n');
            lines++;
        }
        for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
            encode_foreign(file_of(c), c, text.at, text.len);
            struct scanned s = scan(file_of(c), false);
            if (s.report.faults[all[k].fault] == 0 || s.report.first.fault != all[k].fault ||
                s.report.first.line != line || s.report.first.offset != offset)
                fail_msg("case %zu, %s: %s, line %u at %u, not %s, line %u at %u: %s", k, codec_name(c),
                    scan_fault_names[s.report.first.fault], (unsigned)s.report.first.line,
                    (unsigned)s.report.first.offset, scan_fault_names[all[k].fault], (unsigned)line, (unsigned)offset,
                    s.report.first.message);
            assert_true(s.report.first.message[0]);
            /* The index line behind it stands elsewhere than it says when lines of another length are before it. */
            assert_true(all_faults(&s.report) <= 2);
            assert_int_equal(s.report.lines, lines);
            arena_done(&s.arena);
        }
    }
    buffer_done(&text);
}

static void good_lines_have_no_fault(void **state) {
    (void)state;
    struct buffer text = {0};
    for (unsigned i = 0; i < 20; i++) {
        put_good_line(&text, i);
        buffer_put_text(&text, TEXT("\n"));
    }
    buffer_put_text(&text, TEXT("\r\n\n")); /* blank lines are none */
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct scanned s = scan(file_of(CODEC_PLAIN), false);
    if (all_faults(&s.report) > 0)
        fail_msg("%s", s.report.first.message);
    assert_int_equal(s.report.all.frames, 18);
    arena_done(&s.arena);
    /* Labels that begin elsewhere, as in any later segment. */
    buffer_clear(&text);
    buffer_put_text(&text,
        TEXT("{\"schema\":1,\"header\":true}\n{\"schema\":1,\"t\":\"2026-04-18T12:00:00Z\",\"seq\":7000,\"x\":1}\n"));
    buffer_printf(&text, "{\"schema\":1,\"index\":true,\"seq\":7000,\"byte_offset\":%zu}\n", text.len);
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    s = scan(file_of(CODEC_PLAIN), false);
    assert_int_equal(all_faults(&s.report), 0);
    arena_done(&s.arena);
    buffer_done(&text);
}

/* A stump is a file that was cut, however short it is; an empty one is not. */
static void stumps(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0};
        int64_t time = T0;
        record(file_of(c), c, &time, 1, 20);
        slurp(file_of(c), &bytes);
        for (size_t n = 0; n < 24; n++) {
            spill(file_of(c), bytes.at, n);
            struct scanned s = scan(file_of(c), false);
            assert_int_equal(all_faults(&s.report), n > 0);
            assert_int_equal(s.report.faults[SCAN_TORN], n > 0);
            if (n > 0 && c != CODEC_PLAIN)
                assert_true(s.report.first.line == 0 && s.report.first.offset == n);
            arena_done(&s.arena);
        }
        buffer_done(&bytes);
    }
}

/* A few bytes per item, and hundreds in memory: such a frame is refused before it takes more than its share. */
static void a_frame_over_the_limit(void **state) {
    (void)state;
    struct buffer text = {0};
    uint64_t seen = 0;
    for (unsigned i = 0; i < 3; i++) {
        buffer_printf(&text, "{\"schema\":1,\"t\":\"2026-04-18T12:00:0%u.000Z\",\"seq\":%u,\"gpus\":[{}", i, i);
        for (unsigned k = 0; i == 1 && k < 1000000; k++)
            buffer_put_text(&text, TEXT(",{}"));
        buffer_put_text(&text, TEXT("]}\n"));
    }
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct scanned s = scan(file_of(CODEC_PLAIN), false);
    assert_int_equal(s.report.faults[SCAN_OVERSIZED], 1);
    assert_int_equal(s.report.all.frames, 2);
    assert_int_equal(s.report.faults[SCAN_REJECTED], 0);
    struct reading in = reading_open(file_of(CODEC_PLAIN));
    YIELDS(1, cursor_first(in.c, &err));
    do
        seen += cursor_frame(in.c)->seq + 1;
    while (cursor_step(in.c, 1, NULL) == 1);
    assert_int_equal(seen, 1 + 3);
    assert_int_equal(recording_damage(in.r).oversized, 1);
    assert_int_equal(recording_damage(in.r).rejected, 0);
    reading_close(&in);
    arena_done(&s.arena);
    buffer_done(&text);
}

static void torn_tails(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0}, text = {0};
        record_with_marks(file_of(c), c, true);
        slurp(file_of(c), &bytes);
        spill(file_of(c), bytes.at, bytes.len - 7);
        decode_file(file_of(c), &text);
        const char *last = memrchr(text.at, '\n', text.len);
        uint64_t line = count_of(text.at, text.len, "\n") + 1;
        struct scanned s = scan(file_of(c), false);
        assert_int_equal(s.report.faults[SCAN_TORN], 1);
        assert_int_equal(all_faults(&s.report), 1);
        assert_int_equal(s.report.first.fault, SCAN_TORN);
        if (s.report.first.line > 0) {
            assert_int_equal(s.report.first.line, line);
            assert_int_equal(s.report.first.offset, last - text.at + 1);
        }
        assert_true(c != CODEC_PLAIN || s.report.first.line > 0);
        arena_done(&s.arena);
        buffer_done(&bytes);
        buffer_done(&text);
    }
}

static void data_that_does_not_decode(void **state) {
    (void)state;
    struct buffer bytes = {0};
    uint64_t random = 77;
    record_with_marks(file_of(CODEC_ZSTD), CODEC_ZSTD, false);
    slurp(file_of(CODEC_ZSTD), &bytes);
    struct line_file *file = NULL;
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    OK(line_file_open(file_of(CODEC_ZSTD), &file, &err));
    OK(line_file_chunks(file, &chunks, &n, &err));
    assert_int_equal(n, 3);
    for (unsigned i = 0; i < 60; i++) {
        const struct line_chunk *chunk = &chunks[i % n];
        uint64_t where = chunk->offset + 6 + frame_gen_random(&random) % (chunk->size - 6);
        char was = bytes.at[where];
        bytes.at[where] ^= (char)(1 << frame_gen_random(&random) % 8);
        spill(file_of(CODEC_ZSTD), bytes.at, bytes.len);
        bytes.at[where] = was;
        struct scanned s = scan(file_of(CODEC_ZSTD), false);
        /* The garbage may read as a broken line, or as a line once more, before the checksum tells. */
        assert_true(all_faults(&s.report) >= 1);
        uint64_t told = s.report.faults[SCAN_UNDECODED] + s.report.faults[SCAN_REJECTED];
        /* A block of the last chunk may seem to reach over the file's end. */
        assert_true(told + (i % n == n - 1 ? s.report.faults[SCAN_TORN] : 0) >= 1);
        if (s.report.first.fault == SCAN_UNDECODED)
            assert_in_range(s.report.first.offset, chunk->offset, chunk->offset + chunk->size);
        assert_in_range(s.report.all.frames, 1499, 2600);
        arena_done(&s.arena);
    }
    line_file_close(file);
    buffer_done(&bytes);
}

static void lie_about_counts(struct chunk_list *l, struct arena *notes) {
    struct buffer note = {0};
    buffer_put_text(&note, l->at[1].note);
    char *frames = memmem(note.at, note.len, "\"frames\":", 9);
    assert_non_null(frames);
    frames[9] = frames[9] == '9' ? '8' : '9';
    l->at[1].note = arena_text(notes, (struct text){note.at, note.len});
    buffer_done(&note);
}

static void an_untrue_index(void **state) {
    (void)state;
    record_with_marks(file_of(CODEC_ZSTD), CODEC_ZSTD, false);
    tell_lies(file_of(CODEC_ZSTD), lie_about_counts, false);
    struct scanned s = scan(file_of(CODEC_ZSTD), false);
    assert_int_equal(all_faults(&s.report), 1);
    assert_int_equal(s.report.first.fault, SCAN_INDEX);
    assert_non_null(strstr(s.report.first.message, "chunk 1: "));
    assert_int_equal(s.report.all.frames, 2500);
    arena_done(&s.arena);
}

static void another_schema(void **state) {
    (void)state;
    struct buffer text = {0};
    for (unsigned i = 0; i < 100; i++)
        buffer_printf(&text, "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":%u,\"x\":1}\n", i);
    buffer_put_text(&text, TEXT("{\"schema\":2,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":100}\n"));
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct recording *r = NULL;
    struct scan_report report = {.previous_ns = TIME_UNKNOWN};
    struct arena arena = {0};
    const char *path = file_of(CODEC_PLAIN);
    OK(recording_open(&path, 1, true, &r, &err));
    struct error err = {0};
    assert_int_equal(recording_scan(r, 0, &arena, &report, NULL, &err), -ERR_SCHEMA);
    assert_string_equal(err.text, SCHEMA_2);
    recording_close(r);
    arena_done(&arena);
    buffer_done(&text);
}

static double told;
static unsigned tellings;

static void hear(double share) {
    assert_true(share >= told && share <= 1);
    told = share;
    tellings++;
}

static void progress_is_told(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        record_with_marks(file_of(c), c, false);
        const char *path = file_of(c);
        struct recording *r = NULL;
        struct scan_report report = {.previous_ns = TIME_UNKNOWN};
        struct arena arena = {0};
        told = tellings = 0;
        OK(recording_open(&path, 1, true, &r, &err));
        OK(recording_scan(r, 0, &arena, &report, hear, &err));
        assert_true(tellings >= 4);
        recording_close(r);
        arena_done(&arena);
    }
}

/* Gaps are told over the border of two segments. */
static void a_gap_between_segments(void **state) {
    (void)state;
    int64_t times[] = {T0, T0 + NS_PER_SECOND, T0 + 60 * NS_PER_SECOND, T0 + 61 * NS_PER_SECOND};
    const char *paths[] = {in_folder("a.ndjson"), in_folder("b.ndjson")};
    record(paths[0], CODEC_PLAIN, times, 2, 0);
    record(paths[1], CODEC_PLAIN, times + 2, 2, 0);
    struct recording *r = NULL;
    struct arena arena = {0};
    struct scan_report report = {.previous_ns = TIME_UNKNOWN};
    OK(recording_open(paths, 2, true, &r, &err));
    OK(recording_scan(r, 0, &arena, &report, NULL, &err));
    assert_int_equal(report.all.gaps, 0);
    OK(recording_scan(r, 1, &arena, &report, NULL, &err));
    assert_int_equal(report.all.gaps, 1);
    recording_close(r);
    arena_done(&arena);
}

/* Rotation by a recorder takes segments away while a recording is gone through: the others are read all the same. */
static void a_segment_that_was_taken_away(void **state) {
    (void)state;
    enum { SEGMENTS = 40, GONE = 7 };
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        o.max_bytes = 500; /* above a header, below a frame */
        struct recording_writer *w = record_open(&o);
        for (unsigned i = 0; i < SEGMENTS; i++)
            record_take(w, i, T0 + (int64_t)i * NS_PER_SECOND, 2000);
        OK(recording_writer_close(w, &err));
        struct reading in = reading_open(file_of(c));
        assert_int_equal(recording_segments(in.r), SEGMENTS);
        assert_int_equal(unlink(recording_segment_path(in.r, GONE)), 0);
        struct arena arena = {0};
        for (unsigned round = 0; round < 2; round++) {
            struct scan_report report = {.previous_ns = TIME_UNKNOWN};
            uint64_t frames = 0;
            for (size_t i = 0; i < SEGMENTS; i++) {
                int noted = round == 0 ? recording_summary(in.r, i, &arena, &report, NULL) : 0;
                assert_int_equal(noted, round == 0 && c == CODEC_ZSTD && i != GONE);
                if (noted == 0)
                    OK(recording_scan(in.r, i, &arena, &report, NULL, &err));
                assert_int_equal(report.gone, i == GONE);
                assert_int_equal(all_faults(&report), 0);
                assert_int_equal(report.previous_ns, T0 + (int64_t)(i == GONE ? i - 1 : i) * NS_PER_SECOND);
                frames += report.all.frames;
            }
            assert_int_equal(frames, SEGMENTS - 1);
            assert_int_equal(recording_damage(in.r).missing, 1);
        }
        arena_done(&arena);
        reading_close(&in);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(sound_segments),
        TEST(notes_say_what_frames_do),
        TEST(the_kind_line_and_offset_of_each_fault),
        TEST(good_lines_have_no_fault),
        TEST(stumps),
        TEST(a_frame_over_the_limit),
        TEST(torn_tails),
        TEST(data_that_does_not_decode),
        TEST(an_untrue_index),
        TEST(another_schema),
        TEST(progress_is_told),
        TEST(a_gap_between_segments),
        TEST(a_segment_that_was_taken_away),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
