/* tests/unit/recording/test_split.c: frames that do not fit into one line, written as several and read as one. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "frame_gen.h"
#include "recording/follow.h"
#include "recording/scan.h"
#include "recording/split.h"

static int64_t at(uint64_t seq) {
    return T0 + (int64_t)seq * NS_PER_SECOND;
}

static struct text printed(struct arena *arena, const char *prefix, unsigned i) {
    char text[64];
    int n = snprintf(text, sizeof text, "%s%05u", prefix, i);
    return arena_text(arena, (struct text){text, (size_t)n});
}

/* `hosts` hosts with `gpus` GPUs and `processes` processes each, whose command lines have `padding` bytes. */
static void make_cluster(struct frame *f, unsigned hosts, unsigned gpus, unsigned processes, size_t padding) {
    frame_reset(f);
    f->source = TEXT("remote");
    f->hostname = TEXT("remote");
    f->storage.asked = true;
    char *long_text = arena_alloc(&f->arena, padding + 1);
    assert_non_null(long_text);
    memset(long_text, 'x', padding + 1);
    for (unsigned h = 0; h < hosts; h++) {
        struct text host = printed(&f->arena, "node-", h);
        for (unsigned i = 0; i < gpus; i++) {
            struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
            assert_non_null(g);
            g->host_id = g->hostname = g->instance = host;
            g->uuid = printed(&f->arena, "GPU-", h * 64 + i);
            g->name = (struct text){long_text, padding};
            g->utilization = h % 101;
            g->index = i;
        }
        for (unsigned i = 0; i < processes; i++) {
            struct process *p = frame_add(&f->arena, &f->processes.list, &process_table);
            assert_non_null(p);
            p->host_id = host;
            p->pid = i;
            p->command = (struct text){long_text, padding};
        }
    }
    frame_add_error(f, "cluster", "error", "of no host", NULL);
    frame_add_error(f, "gpu", "timeout", "no answer", "node-00007");
}

/* The frame as a reader has it that knows no limits. */
static void read_back(const struct frame *f, struct json_parser *parser, struct frame *ret) {
    struct buffer line = {0};
    struct json_value root;
    OK(frame_write_json(f, &line, &err));
    OK(json_parse(parser, line.at, line.len, false, &root, &err));
    OK(frame_parse_json(root, ret, &err));
    buffer_done(&line);
}

struct kept {
    struct buffer text;
    unsigned n;
    size_t longest;
};

static int keep(void *to, const struct buffer *line, struct error *err) {
    struct kept *k = to;
    (void)err;
    buffer_put(&k->text, line->at, line->len);
    buffer_put_char(&k->text, '\n');
    k->longest = line->len > k->longest ? line->len : k->longest;
    k->n++;
    return 0;
}

static struct kept split(const struct frame *f, size_t limit, size_t *errors) {
    struct kept k = {.text = {.limit = (size_t)1 << 30}};
    struct buffer line = {.limit = limit};
    OK(split_write(f, &line, (struct split_sink){&k, keep}, errors, &err));
    assert_true(k.longest <= limit);
    buffer_done(&line);
    return k;
}

static void what_fits_is_one_line(void **state) {
    (void)state;
    struct frame f;
    struct buffer plain = {0};
    size_t errors = 0;
    frame_init(&f);
    make_cluster(&f, 20, 2, 2, 10);
    struct kept k = split(&f, 1 << 20, &errors);
    OK(frame_write_json(&f, &plain, &err));
    assert_int_equal(k.n, 1);
    assert_int_equal(k.text.len, plain.len + 1);
    assert_memory_equal(k.text.at, plain.at, plain.len);
    assert_int_equal(errors, f.errors.n);
    buffer_done(&k.text);
    buffer_done(&plain);
    frame_done(&f);
}

/* Every line is whole JSON; every host stands in one of them; together they are the frame. */
static void hosts_stay_together(void **state) {
    (void)state;
    struct json_parser *parser = NULL;
    struct frame f, part, all;
    size_t errors = 0;
    frame_init(&f);
    frame_init(&part);
    frame_init(&all);
    OK(json_parser_create(&parser, &err));
    make_cluster(&f, 300, 3, 3, 40);
    f.wall_ns = at(5);
    f.seq = 5;
    struct kept k = split(&f, 128 << 10, &errors);
    assert_in_range(k.n, 5, FRAME_PARTS_MAX);
    assert_int_equal(errors, f.errors.n);
    struct text rest = {k.text.at, k.text.len - 1}, line;
    unsigned n = 0;
    static unsigned part_of[300];
    memset(part_of, 0, sizeof part_of);
    while (text_cut(&rest, '\n', &line)) {
        struct json_value root;
        OK(json_parse(parser, line.at, line.len, false, &root, &err));
        OK(frame_parse_json(root, &part, &err));
        assert_int_equal(part.part, ++n);
        assert_int_equal(part.parts, k.n);
        assert_true(part.seq == 5 && part.wall_ns == at(5));
        assert_true(part.storage.asked);
        for (size_t i = 0; i < part.gpus.n + part.processes.n; i++) {
            struct text host = i < part.gpus.n ? part.gpus.at[i].host_id : part.processes.at[i - part.gpus.n].host_id;
            uint64_t h = 0;
            assert_true(text_u64((struct text){host.at + 5, host.len - 5}, &h) && h < COUNT_OF(part_of));
            assert_true(part_of[h] == 0 || part_of[h] == n);
            part_of[h] = n;
        }
        OK(n == 1 ? frame_parse_json(root, &all, &err) : frame_parse_part(root, &all, &err));
    }
    all.part = all.parts = 0;
    read_back(&f, parser, &part);
    assert_true(frame_gen_same(&part, &all));
    json_parser_destroy(parser);
    buffer_done(&k.text);
    frame_done(&f);
    frame_done(&part);
    frame_done(&all);
}

static void hosts_out_of_order(void **state) {
    (void)state;
    struct frame f;
    size_t errors = 0;
    frame_init(&f);
    make_cluster(&f, 200, 4, 0, 40);
    for (size_t i = 0; i < f.gpus.n; i++) { /* each host's GPUs far from each other */
        size_t with = i * 367 % f.gpus.n;
        struct gpu held = f.gpus.at[i];
        f.gpus.at[i] = f.gpus.at[with];
        f.gpus.at[with] = held;
    }
    struct kept k = split(&f, 128 << 10, &errors);
    for (unsigned h = 0; h < 200; h++) {
        char name[32];
        int len = snprintf(name, sizeof name, "\"host_id\":\"node-%05u\"", h);
        assert_int_equal(count_of(k.text.at, k.text.len, name), 4);
        const char *first = memmem(k.text.at, k.text.len, name, (size_t)len);
        const char *end = memchr(first, '\n', (size_t)(k.text.at + k.text.len - first));
        assert_int_equal(count_of(first, (size_t)(end - first), name), 4);
    }
    buffer_done(&k.text);
    frame_done(&f);
}

static void a_host_that_is_too_large_goes_without_its_processes(void **state) {
    (void)state;
    struct frame f;
    size_t errors = 0;
    frame_init(&f);
    make_cluster(&f, 40, 2, 2, 40);
    for (unsigned i = 0; i < 300; i++) {
        struct process *p = frame_add(&f.arena, &f.processes.list, &process_table);
        assert_non_null(p);
        p->host_id = TEXT("node-00009");
        p->pid = 1000 + i;
    }
    struct kept k = split(&f, 64 << 10, &errors);
    assert_true(k.n > 1);
    assert_int_equal(errors, f.errors.n + 1);
    assert_int_equal(count_of(k.text.at, k.text.len, "302 processes left out: the frame would pass 16 MiB"), 1);
    assert_int_equal(count_of(k.text.at, k.text.len, "\"pid\":"), 39 * 2);
    assert_int_equal(count_of(k.text.at, k.text.len, "\"uuid\":"), 40 * 2);
    buffer_done(&k.text);
    /* Without them, too. */
    struct buffer line = {.limit = 2000};
    struct kept none = {0};
    FAILS(ERR_LIMIT, split_write(&f, &line, (struct split_sink){&none, keep}, &errors, &err));
    assert_int_equal(none.n, 0);
    buffer_done(&line);
    frame_done(&f);
}

static void too_many_parts(void **state) {
    (void)state;
    struct frame f;
    size_t errors = 0;
    frame_init(&f);
    make_cluster(&f, 100, 1, 20, 100);
    struct kept k = split(&f, 24 << 10, &errors);
    assert_in_range(k.n, 2, FRAME_PARTS_MAX);
    assert_int_equal(errors, f.errors.n + 1);
    assert_int_equal(count_of(k.text.at, k.text.len, "2000 processes left out: the frame would pass 16 lines"), 1);
    assert_int_equal(count_of(k.text.at, k.text.len, "\"uuid\":"), 100);
    assert_int_equal(count_of(k.text.at, k.text.len, "\"pid\":"), 0);
    buffer_done(&k.text);
    make_cluster(&f, 1000, 2, 0, 100);
    struct buffer line = {.limit = 24 << 10};
    struct kept none = {0};
    FAILS(ERR_LIMIT, split_write(&f, &line, (struct split_sink){&none, keep}, &errors, &err));
    assert_int_equal(none.n, 0);
    buffer_done(&line);
    frame_done(&f);
}

enum { SMALL = 1000, FRAMES = SMALL + 3 };

/* Large frames of labels 1000, which an index line follows, and 1001. */
static void write_recording(const char *path, enum codec c, struct frame *large) {
    struct recording_writer_options o = options_of(path, c);
    o.file.level = c == CODEC_PLAIN ? 0 : 1;
    struct recording_writer *w = record_open(&o);
    for (uint64_t seq = 0; seq < FRAMES; seq++) {
        if (seq < SMALL || seq == FRAMES - 1) {
            record_take(w, seq, at(seq), 10);
            continue;
        }
        large->wall_ns = at(seq);
        OK(recording_writer_take(w, large, &err));
    }
    struct recording_writer_facts facts = recording_writer_facts(w);
    assert_int_equal(facts.frames, FRAMES);
    assert_int_equal(facts.errors, 2 * large->errors.n);
    assert_int_equal(facts.lost, 0);
    OK(recording_writer_close(w, &err));
}

static void check_lines(const char *path) {
    struct buffer text = {0};
    unsigned parts = 0, index_at = 0;
    decode_file(path, &text);
    struct text rest = {text.at, text.len}, line;
    for (unsigned n = 0; text_cut(&rest, '\n', &line); n++) {
        assert_true(line.len < FRAME_LINE_MAX);
        parts += memmem(line.at, line.len < 100 ? line.len : 100, ",\"part\":[", 9) != NULL;
        if (memmem(line.at, line.len, "\"index\":true", 12))
            index_at = n;
    }
    assert_int_equal(parts, 4);
    assert_int_equal(index_at, 1 + SMALL + 2);
    buffer_done(&text);
}

static void check_large(const struct reading *in, const struct frame *want, uint64_t seq) {
    struct frame f = *want;
    f.seq = seq;
    f.wall_ns = at(seq);
    assert_true(frame_gen_same(&f, cursor_frame(in->c)));
    assert_int_equal(count_of(cursor_line(in->c).at, cursor_line(in->c).len, "\n"), 1);
}

static void check_moves(const char *path, const struct frame *want) {
    struct reading in = reading_open(path);
    YIELDS(1, cursor_seek_seq(in.c, 1001, &err));
    check_large(&in, want, 1001);
    YIELDS(1, cursor_step(in.c, -1, &err));
    check_large(&in, want, 1000);
    YIELDS(1, cursor_step(in.c, -1, &err));
    assert_true(cursor_frame(in.c)->seq == 999);
    YIELDS(1, cursor_last(in.c, &err));
    YIELDS(1, cursor_step(in.c, -1, &err));
    check_large(&in, want, 1001);
    YIELDS(1, cursor_first(in.c, &err));
    YIELDS(1, cursor_seek_time(in.c, at(1000), &err));
    check_large(&in, want, 1000);
    YIELDS(1, cursor_step(in.c, 2, &err));
    assert_true(cursor_frame(in.c)->seq == 1002);
    YIELDS(0, cursor_step(in.c, 1, &err));
    struct recording_damage d = recording_damage(in.r);
    assert_int_equal(d.incomplete + d.rejected + d.distrusted + d.undecoded, 0);
    reading_close(&in);
}

static void check_scan(const char *path, const struct frame *want) {
    for (unsigned whole = 0; whole < 2; whole++) {
        struct reading in = reading_open(path);
        struct scan_report report = {.previous_ns = TIME_UNKNOWN};
        struct arena arena = {0};
        if (whole)
            OK(recording_scan(in.r, 0, &arena, &report, NULL, &err));
        else if (codec_by_extension(path) == CODEC_ZSTD)
            YIELDS(1, recording_summary(in.r, 0, &arena, &report, &err));
        else
            YIELDS(0, recording_summary(in.r, 0, &arena, &report, &err));
        if (whole || codec_by_extension(path) == CODEC_ZSTD) {
            assert_int_equal(report.all.frames, FRAMES);
            assert_int_equal(report.all.gaps, 0);
            assert_int_equal(report.all.errors, 2 * want->errors.n);
            assert_int_equal(report.all.figures[FIGURE_GPU_UTILIZATION].count, FRAMES);
        }
        if (whole)
            assert_int_equal(report.gpu_count, want->gpus.n);
        for (unsigned i = 0; i < SCAN_FAULTS; i++)
            assert_int_equal(report.faults[i], 0);
        arena_done(&arena);
        reading_close(&in);
    }
}

static void check_follow(const char *path) {
    struct follow *f = NULL;
    struct followed line;
    uint64_t n = 0;
    OK(follow_open(path, &f, &err));
    for (;; n++) {
        struct error why;
        int r = follow_next(f, &line, &why);
        assert_true(r >= 0);
        if (r == 0)
            break;
        assert_true(line.head.seq == n);
        assert_int_equal(count_of(line.text.at, line.text.len, "\n"), n >= SMALL && n < FRAMES - 1);
    }
    assert_int_equal(n, FRAMES);
    follow_close(f);
}

static void a_large_cluster_in_every_codec(void **state) {
    (void)state;
    struct json_parser *parser = NULL;
    struct frame large, want;
    frame_init(&large);
    frame_init(&want);
    OK(json_parser_create(&parser, &err));
    make_cluster(&large, 2000, 8, 0, 400);
    read_back(&large, parser, &want);
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        write_recording(file_of(c), c, &large);
        check_lines(file_of(c));
        check_moves(file_of(c), &want);
        check_scan(file_of(c), &want);
        check_follow(file_of(c));
    }
    json_parser_destroy(parser);
    frame_done(&large);
    frame_done(&want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_one_line),
        cmocka_unit_test(hosts_stay_together),
        cmocka_unit_test(hosts_out_of_order),
        cmocka_unit_test(a_host_that_is_too_large_goes_without_its_processes),
        cmocka_unit_test(too_many_parts),
        TEST(a_large_cluster_in_every_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
