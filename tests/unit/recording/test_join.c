/* tests/unit/recording/test_join.c: frames of several lines as anybody may have left them: cut anywhere, torn, out of order. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "frame_gen.h"
#include "recording/follow.h"
#include "recording/join.h"
#include "recording/scan.h"

#define HEADER "{\"schema\":1,\"header\":true,\"interval_ms\":1000,\"hosts\":[\"remote\"]}\n"

static void put_part(
    struct buffer *out, uint64_t seq, unsigned part, unsigned parts, size_t padding, uint64_t *random) {
    char t[CLOCK_UTC_LEN];
    clock_format_utc(T0 + (int64_t)(seq / 2) * NS_PER_SECOND, t); /* neighbours have equal times */
    buffer_printf(out, "{\"schema\":1,\"t\":\"%.*s\",\"seq\":%u,", CLOCK_UTC_LEN, t, (unsigned)seq);
    if (parts > 0)
        buffer_printf(out, "\"part\":[%u,%u],", part, parts);
    buffer_printf(out, "\"hostname\":\"remote\",\"gpus\":[{\"host_id\":\"node-%u\",\"uuid\":\"", part);
    for (size_t i = 0; i < padding; i++)
        buffer_put_char(out, (char)('a' + frame_gen_random(random) % 26));
    buffer_put_text(out, TEXT("\"}]}\n"));
}

static void put_index(struct buffer *out, uint64_t seq) {
    buffer_printf(out, "{\"schema\":1,\"index\":true,\"seq\":%u,\"t\":\"2026-04-18T12:00:00.000Z\"}\n", (unsigned)seq);
}

/* Frames of one line and of several; `hostile`: some parts are missing, twice there, or something stands between them. */
static void make_text(struct buffer *out, unsigned frames, size_t padding, bool hostile, uint64_t *random) {
    buffer_put_text(out, TEXT(HEADER));
    for (uint64_t seq = 0; seq < frames; seq++) {
        unsigned parts = frame_gen_random(random) % 3 ? 0 : 2 + (unsigned)(frame_gen_random(random) % 4);
        for (unsigned part = 1; part <= parts || part == 1; part++) {
            uint64_t kind = frame_gen_random(random) % 16;
            if (hostile && kind == 0 && parts > 0)
                continue;
            put_part(out, seq, part, parts, frame_gen_random(random) % padding, random);
            if (hostile && kind == 1)
                put_part(out, seq, part, parts, 10, random);
            if (kind == 2)
                put_index(out, seq);
            if (kind == 3)
                buffer_put_char(out, '\n');
            if (hostile && kind == 4)
                buffer_put_text(out, TEXT("{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"mark\":\"here\"}\n"));
            if (hostile && kind == 5)
                buffer_put_text(out, TEXT("no line of a recording\n"));
        }
    }
}

/* Without index and blank lines: a linear reading has a frame's lines one behind the other. */
static void make_known(struct known *k, const struct buffer *text) {
    struct buffer bare = {0};
    struct text rest = {text->at, text->len}, line;
    while (text_cut(&rest, '\n', &line))
        if (line.len > 0 && !memmem(line.at, line.len, "\"index\":true", 12)) {
            buffer_put_text(&bare, line);
            buffer_put_char(&bare, '\n');
        }
    known_add_text(k, bare.at, bare.len);
    buffer_done(&bare);
}

/* As other programs compress in parallel: frames or members that end anywhere. */
static void encode_pieces(const char *path, enum codec c, const struct buffer *text, uint64_t *random) {
    struct buffer out = {0};
    for (size_t from = 0; from < text->len;) {
        size_t n = 1 + frame_gen_random(random) % 200000;
        n = n < text->len - from ? n : text->len - from;
        if (frame_gen_random(random) % 2) /* at a line's end */
            while (from + n < text->len && text->at[from + n - 1] != '\n')
                n++;
        while (from + n < text->len && text->at[from + n] == 'n') /* garbage there may be the rest of a line */
            n++;
        if (c == CODEC_ZSTD)
            encode_zstd(text->at + from, n, &out);
        else if (c == CODEC_GZIP)
            encode_gzip(text->at + from, n, &out);
        else
            buffer_put(&out, text->at + from, n);
        from += n;
    }
    spill(path, out.at, out.len);
    buffer_done(&out);
}

static void check_reading(const char *path, const struct known *k, unsigned rounds, uint64_t *random) {
    struct reading in = reading_open(path);
    struct seeking how = {.times = true, .seqs = true, .rounds = rounds, .far = 250};
    check_seeking(&in, k, &how, random); /* pages are entered anywhere at first */
    check_walking(&in, k);
    check_seeking(&in, k, &how, random);
    reading_close(&in);
}

static void check_counts(const char *path, const struct known *k) {
    struct reading in = reading_open(path);
    struct scan_report report = {.previous_ns = TIME_UNKNOWN};
    struct arena arena = {0};
    struct follow *f = NULL;
    struct followed line;
    uint64_t incomplete = 0, followed = 0, open = 0;
    for (size_t i = 0; i < k->n; i++)
        incomplete += k->at[i].parts > 0 && count_of(k->at[i].line.at, k->at[i].line.len, "\n") + 1 < k->at[i].parts;
    OK(recording_scan(in.r, 0, &arena, &report, NULL, &err));
    assert_int_equal(report.all.frames, k->n);
    assert_int_equal(report.faults[SCAN_INCOMPLETE], incomplete);
    for (int r = cursor_first(in.c, NULL); r == 1;)
        r = cursor_step(in.c, 1, NULL);
    assert_int_equal(recording_damage(in.r).incomplete, incomplete);
    OK(follow_open(path, &f, &err));
    while (follow_next(f, &line, NULL) == 1) {
        if (line.head.kind != RECORDING_FRAME)
            continue;
        assert_true(followed < k->n);
        assert_true(text_equal(line.text, k->at[followed].line));
        followed++;
    }
    open = k->at[k->n - 1].part < k->at[k->n - 1].parts;
    assert_int_equal(followed, k->n - open);
    follow_close(f);
    arena_done(&arena);
    reading_close(&in);
}

static void cut_anywhere(void **state) {
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        uint64_t random = round + 77;
        bool hostile = round % 2;
        struct buffer text = {0};
        struct known k = {0};
        make_text(&text, 200, round % 3 ? 3000 : 20000, hostile, &random);
        make_known(&k, &text);
        for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
            encode_foreign(file_of(c), c, text.at, text.len);
            check_reading(file_of(c), &k, 25, &random);
            check_counts(file_of(c), &k);
            encode_pieces(file_of(c), c, &text, &random);
            check_reading(file_of(c), &k, 25, &random);
            check_counts(file_of(c), &k);
        }
        known_done(&k);
        buffer_done(&text);
    }
}

/* A part may fill many stretches of a plain file by itself. */
static void long_parts(void **state) {
    (void)state;
    for (unsigned missing = 0; missing <= 3; missing++) {
        uint64_t random = 5;
        struct buffer text = {0};
        struct known k = {0};
        buffer_put_text(&text, TEXT(HEADER));
        for (uint64_t seq = 0; seq < 4; seq++)
            for (unsigned part = 1; part <= 3; part++)
                if (seq % 2 == 0 || part != missing)
                    put_part(&text, seq, part, 3, 1100000, &random);
        make_known(&k, &text);
        for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
            encode_foreign(file_of(c), c, text.at, text.len);
            check_reading(file_of(c), &k, 4, &random);
            check_counts(file_of(c), &k);
        }
        known_done(&k);
        buffer_done(&text);
    }
}

static void what_is_no_part_is_a_frame(void **state) {
    (void)state;
    static const char *const values[] = {"[0,0]", "[5,2]", "[1,4294967295]", "[1,1]", "[0,2]", "[1,2,3]", "[1]", "[]",
        "2", "\"1/2\"", "null", "{\"1\":2}", "[1,17]", "[-1,2]", "[1.0,2]", "[1,18446744073709551616]",
        "[18446744073709551617,2]", "[\"1\",2]"};
    struct buffer text = {0};
    buffer_put_text(&text, TEXT(HEADER));
    for (size_t i = 0; i < COUNT_OF(values); i++)
        for (unsigned twice = 0; twice < 2; twice++)
            buffer_printf(&text,
                "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":%zu,\"part\":%s,\"hostname\":\"a\",\"gpus\":["
                "]}\n",
                i, values[i]);
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct reading in = reading_open(file_of(CODEC_PLAIN));
    size_t n = 0;
    for (int r = cursor_first(in.c, NULL); r == 1; n++)
        r = cursor_step(in.c, 1, NULL);
    assert_int_equal(recording_damage(in.r).incomplete, 0);
    assert_int_equal(n + recording_damage(in.r).rejected, 2 * COUNT_OF(values));
    assert_true(n >= 2 * (COUNT_OF(values) - 2)); /* numbers that no 64 bits hold break their line */
    reading_close(&in);
    buffer_done(&text);
}

static void a_broken_part_costs_itself(void **state) {
    (void)state;
    struct buffer text = {0};
    uint64_t random = 9;
    buffer_put_text(&text, TEXT(HEADER));
    for (unsigned part = 1; part <= 3; part++) {
        put_part(&text, 7, part, 3, 50, &random);
        if (part == 2) /* the same first keys, and then no JSON */
            memcpy(text.at + text.len - 6, "]]]}", 4);
    }
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct reading in = reading_open(file_of(CODEC_PLAIN));
    YIELDS(1, cursor_first(in.c, &err));
    assert_int_equal(cursor_frame(in.c)->gpus.n, 2);
    assert_int_equal(cursor_frame(in.c)->parts, 0);
    YIELDS(0, cursor_step(in.c, 1, &err));
    assert_int_equal(recording_damage(in.r).rejected, 1);
    assert_int_equal(recording_damage(in.r).incomplete, 0);
    struct scan_report report = {.previous_ns = TIME_UNKNOWN};
    struct arena arena = {0};
    OK(recording_scan(in.r, 0, &arena, &report, NULL, &err));
    assert_int_equal(report.all.frames, 1);
    assert_int_equal(report.gpu_count, 2);
    assert_int_equal(report.faults[SCAN_REJECTED], 1);
    arena_done(&arena);
    reading_close(&in);
    buffer_done(&text);
}

static void append(const char *path, const struct buffer *text, size_t from, size_t to) {
    FILE *file = fopen(path, "abe");
    assert_non_null(file);
    assert_int_equal(fwrite(text->at + from, 1, to - from, file), to - from);
    (void)fclose(file);
}

/* What is followed comes when it is whole, or when it can become whole no more. */
static void followed_parts(void **state) {
    (void)state;
    struct buffer text = {0};
    struct follow *f = NULL;
    struct followed line;
    uint64_t random = 1;
    size_t ends[8] = {0};
    buffer_put_text(&text, TEXT(HEADER));
    for (unsigned i = 0; i < 5; i++) { /* 1/2 2/2 of 0, 1/3 2/3 of 1, one line of 2 */
        ends[i] = text.len;
        put_part(&text, i / 2, i == 4 ? 1 : i % 2 + 1, i == 4 ? 0 : 2 + i / 2, 100, &random);
    }
    ends[5] = text.len;
    const char *path = file_of(CODEC_PLAIN);
    spill(path, text.at, ends[1]);
    OK(follow_open(path, &f, &err));
    YIELDS(0, follow_next(f, &line, &err));
    YIELDS(0, follow_next(f, &line, &err));
    append(path, &text, ends[1], ends[2]);
    YIELDS(1, follow_next(f, &line, &err));
    assert_int_equal(line.text.len, ends[2] - ends[0] - 1);
    assert_memory_equal(line.text.at, text.at + ends[0], line.text.len);
    append(path, &text, ends[2], ends[4]);
    YIELDS(0, follow_next(f, &line, &err));
    append(path, &text, ends[4], ends[5]);
    YIELDS(1, follow_next(f, &line, &err));
    assert_true(line.head.seq == 1);
    assert_int_equal(line.text.len, ends[4] - ends[2] - 1);
    YIELDS(1, follow_next(f, &line, &err));
    assert_true(line.head.seq == 2);
    assert_int_equal(line.text.len, ends[5] - ends[4] - 1);
    YIELDS(0, follow_next(f, &line, &err));
    follow_close(f);
    buffer_done(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(cut_anywhere),
        TEST(long_parts),
        TEST(what_is_no_part_is_a_frame),
        TEST(a_broken_part_costs_itself),
        TEST(followed_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
