/* tests/unit/recording/test_writer.c: what the sink of frames leaves in its files, whatever the disk does. */
#include "helper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linefile/chain.h"
#include "recording/overview.h"
#include "recording/resume.h"

static int64_t at(uint64_t seq) {
    return T0 + (int64_t)seq * NS_PER_SECOND;
}

/* The first `n` bytes of the line at `file_offset` of a file, counted as a place to enter. */
static void assert_entered(const char *path, uint64_t file_offset, struct text want) {
    struct line_file *file = NULL;
    struct line_reader *reader = NULL;
    struct line line;
    OK(line_file_open(path, &file, &err));
    OK(line_reader_create(file, &reader, &err));
    OK(line_reader_enter(reader, file_offset, 0, false, &err));
    YIELDS(1, line_reader_next(reader, &line, &err));
    assert_int_equal(line.len, want.len);
    assert_memory_equal(line.at, want.at, want.len);
    line_reader_destroy(reader);
    line_file_close(file);
}

static uint64_t number_behind(struct text line, const char *key) {
    const char *digits = memmem(line.at, line.len, key, strlen(key));
    assert_non_null(digits);
    return strtoull(digits + strlen(key), NULL, 10);
}

/* Reads one segment as all-smi would, line by line, and checks every index line. Returns frames; `*seq` is the next label. */
static uint64_t check_segment(const char *path, uint64_t *seq, uint64_t *index_lines) {
    struct buffer text = {0};
    uint64_t frames = 0;
    decode_file(path, &text);
    assert_true(text.len > 0 && text.at[text.len - 1] == '\n');
    for (size_t from = 0; from < text.len;) {
        struct text line = {
            text.at + from, (size_t)((char *)memchr(text.at + from, '\n', text.len - from) - text.at) - from};
        bool header = memmem(line.at, line.len, "\"header\":true", 13) != NULL;
        assert_int_equal(header, from == 0);
        if (memmem(line.at, line.len, "\"index\":true", 12)) {
            ++*index_lines;
            assert_true(number_behind(line, "\"seq\":") == *seq - 1);
            assert_int_equal((*seq - 1) % 1000, 0);
            assert_int_equal(number_behind(line, "\"byte_offset\":"), from);
            if (codec_by_extension(path) != CODEC_PLAIN)
                assert_entered(path, number_behind(line, "\"compressed_offset\":"), line);
            else
                assert_null(memmem(line.at, line.len, "compressed_offset", 17));
        } else if (!header && !memmem(line.at, line.len, "\"mark\":", 7)) {
            assert_true(number_behind(line, "\"seq\":") == *seq);
            ++*seq;
            frames++;
        }
        from += line.len + 1;
    }
    buffer_done(&text);
    return frames;
}

static void index_lines_after_every_thousandth_frame(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        uint64_t seq = 0, index_lines = 0;
        struct recording_writer_options o = options_of(file_of(c), c);
        struct recording_writer *w = record_open(&o);
        for (uint64_t i = 0; i < 3500; i++)
            record_take(w, i, at(i), 40);
        struct recording_writer_facts f = recording_writer_facts(w);
        assert_int_equal(f.frames, 3500);
        assert_int_equal(f.lost + f.errors + f.mended_bytes, 0);
        assert_int_equal(f.segments, 1);
        assert_false(f.troubled);
        OK(recording_writer_close(w, &err));
        assert_int_equal(check_segment(file_of(c), &seq, &index_lines), 3500);
        assert_int_equal(index_lines, 3);
    }
}

static void chunks_of_a_thousand_frames(void **state) {
    (void)state;
    struct line_file *file = NULL;
    const struct line_chunk *chunks = NULL;
    struct json_parser *parser = NULL;
    size_t n = 0;
    int64_t times[3500];
    for (uint64_t i = 0; i < COUNT_OF(times); i++)
        times[i] = at(i);
    record(file_of(CODEC_ZSTD), CODEC_ZSTD, times, COUNT_OF(times), 40);
    OK(json_parser_create(&parser, &err));
    OK(line_file_open(file_of(CODEC_ZSTD), &file, &err));
    OK(line_file_chunks(file, &chunks, &n, &err));
    assert_int_equal(n, 4);
    uint64_t next = 0;
    for (size_t i = 0; i < n; i++) {
        struct overview o;
        OK(overview_parse(parser, chunks[i].note, &o, &err));
        assert_true(o.first_seq == next);
        assert_int_equal(o.first_ns, at(next));
        assert_in_range(o.frames, 499, 1001);
        next += o.frames;
        assert_int_equal(o.last_ns, at(next - 1));
    }
    assert_int_equal(next, COUNT_OF(times));
    line_file_close(file);
    json_parser_destroy(parser);
}

static void large_frames_end_chunks_sooner(void **state) {
    (void)state;
    struct line_file *file = NULL;
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    int64_t times[36];
    for (uint64_t i = 0; i < COUNT_OF(times); i++)
        times[i] = at(i);
    record(file_of(CODEC_ZSTD), CODEC_ZSTD, times, COUNT_OF(times), 1 << 20);
    OK(line_file_open(file_of(CODEC_ZSTD), &file, &err));
    OK(line_file_chunks(file, &chunks, &n, &err));
    assert_int_equal(n, 3);
    assert_in_range(chunks[0].text_size, RECORDING_CHUNK_BYTES, RECORDING_CHUNK_BYTES + (2 << 20));
    line_file_close(file);
}

static void labels_go_on_over_rotation_and_append(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        uint64_t label = 0;
        struct recording_writer_options o = options_of(file_of(c), c);
        o.max_bytes = c == CODEC_PLAIN ? 200000 : 25000;
        for (unsigned run = 0; run < 3; run++) {
            struct recording_writer *w = record_open(&o);
            for (unsigned i = 0; i < 1500; i++, label++)
                record_take(w, label, at(label), 40);
            OK(recording_writer_mark(w, at(label), TEXT("end of a run"), &err));
            OK(recording_writer_close(w, &err));
            o.file.mode = LINE_WRITER_APPEND;
        }
        struct chain chain = {0};
        uint64_t seq = 0, frames = 0, index_lines = 0;
        OK(chain_list(file_of(c), &chain, &err));
        assert_true(chain.n > 3);
        for (size_t i = 0; i < chain.n; i++)
            frames += check_segment(chain.at[i].path, &seq, &index_lines);
        assert_int_equal(frames, 4500);
        assert_int_equal(index_lines, 4);
        chain_done(&chain);
        uint64_t next = 0;
        int64_t last = 0;
        OK(recording_resume(file_of(c), &next, &last, &err));
        assert_int_equal(next, 4500);
        assert_int_equal(last, at(4499));
    }
}

/* A reader sees each frame as soon as the call is back. */
static void every_frame_reaches_the_kernel(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        struct recording_writer *w = record_open(&o);
        for (uint64_t i = 0; i < 20; i++) {
            struct known k = {0};
            record_take(w, i, at(i), 20);
            known_add_file(&k, file_of(c));
            assert_int_equal(k.n, i + 1);
            known_done(&k);
        }
        OK(recording_writer_close(w, &err));
    }
}

static void flushes_can_be_spaced_out(void **state) {
    (void)state;
    struct recording_writer_options o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    struct buffer bytes = {0};
    struct known k = {0};
    o.flush_ns = 3600 * NS_PER_SECOND;
    struct recording_writer *w = record_open(&o);
    for (uint64_t i = 0; i < 20; i++)
        record_take(w, i, at(i), 20);
    slurp(file_of(CODEC_PLAIN), &bytes);
    assert_int_equal(bytes.len, 0);
    OK(recording_writer_mark(w, at(20), TEXT("now"), &err));
    known_add_file(&k, file_of(CODEC_PLAIN));
    assert_int_equal(k.n, 20);
    OK(recording_writer_close(w, &err));
    known_done(&k);
    buffer_done(&bytes);
}

static void what_is_there_is_not_overwritten(void **state) {
    (void)state;
    struct recording_writer *w = NULL;
    struct recording_writer_options o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    spill_text(file_of(CODEC_PLAIN), "hello\n");
    o.file.mode = LINE_WRITER_CREATE;
    FAILS(ERR_EXISTS, recording_writer_open(&o, &w, &err));
    o.file.path = in_folder("none/there.ndjson");
    FAILS(ERR_OS, recording_writer_open(&o, &w, &err));
    spill_text(file_of(CODEC_PLAIN), "{\"schema\":2,\"t\":\"2026-04-18T12:00:00Z\"}\n");
    o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    o.file.mode = LINE_WRITER_APPEND;
    FAILS(ERR_SCHEMA, recording_writer_open(&o, &w, &err));
    OK(recording_writer_close(NULL, &err));
}

/* What a child process found out, for its parent to look at. */
struct found {
    int wrong; /* the line that failed; 0: none */
    struct recording_writer_facts before, full, after;
    int closed;
    struct error why;
};
#define EXPECT(what)                                                                                                   \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            ret->wrong = __LINE__;                                                                                     \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

static int take(struct recording_writer *w, uint64_t seq, size_t padding) {
    struct frame f;
    struct error err;
    frame_init(&f);
    make_frame(&f, seq, at(seq), padding);
    int r = recording_writer_take(w, &f, &err);
    frame_done(&f);
    return r;
}

static void set_limit(rlim_t bytes) {
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

/* A disk that is full for a while, and has room again. */
static void fill_the_disk(const char *path, enum codec c, struct found *ret) {
    struct recording_writer_options o = options_of(path, c);
    struct recording_writer *w = NULL;
    struct error err = {0};
    EXPECT(recording_writer_open(&o, &w, &err) == 0);
    for (uint64_t i = 0; i < 50; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->before = recording_writer_facts(w);
    set_limit(ret->before.file_bytes + 300);
    for (uint64_t i = 50; i < 80; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->full = recording_writer_facts(w);
    set_limit(RLIM_INFINITY);
    for (uint64_t i = 80; i < 100; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->after = recording_writer_facts(w);
    ret->closed = recording_writer_close(w, &err);
    ret->why = err;
}

/* And one that stays full. */
static void fill_the_disk_for_good(const char *path, enum codec c, struct found *ret) {
    struct recording_writer_options o = options_of(path, c);
    struct recording_writer *w = NULL;
    struct error err = {0};
    EXPECT(recording_writer_open(&o, &w, &err) == 0);
    for (uint64_t i = 0; i < 50; i++)
        EXPECT(take(w, i, 500) == 0);
    set_limit(recording_writer_facts(w).file_bytes + 300);
    for (uint64_t i = 50; i < 80; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->closed = recording_writer_close(w, &err);
    ret->why = err;
}

/* Older segments go when that makes room. The limit is per file: here it never does, and they must go only one by one. */
static void fill_the_disk_with_segments(const char *path, enum codec c, struct found *ret) {
    struct recording_writer_options o = options_of(path, c);
    struct recording_writer *w = NULL;
    struct error err = {0};
    o.max_bytes = 20000;
    o.file.max_files = 1;
    EXPECT(recording_writer_open(&o, &w, &err) == 0);
    for (uint64_t i = 0; i < 50; i++)
        EXPECT(take(w, i, 500) == 0);
    set_limit(1000);
    for (uint64_t i = 50; i < 60; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->full = recording_writer_facts(w);
    set_limit(RLIM_INFINITY);
    for (uint64_t i = 60; i < 70; i++)
        EXPECT(take(w, i, 500) == 0);
    ret->after = recording_writer_facts(w);
    ret->closed = recording_writer_close(w, &err);
}

static struct found in_child(void (*run)(const char *, enum codec, struct found *), const char *path, enum codec c) {
    struct found found = {.wrong = -1};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGXFSZ, SIG_IGN);
        found.wrong = 0;
        run(path, c, &found);
        ssize_t n = write(ends[1], &found, sizeof found);
        _exit(n != sizeof found);
    }
    (void)close(ends[1]);
    char *to = (char *)&found;
    size_t have = 0;
    ssize_t n = 0;
    while (have < sizeof found && (n = read(ends[0], to + have, sizeof found - have)) > 0)
        have += (size_t)n;
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    if (found.wrong)
        fail_msg("line %d in the child", found.wrong);
    return found;
}

static void a_disk_that_is_full_for_a_while(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct found f = in_child(fill_the_disk, file_of(c), c);
        assert_int_equal(f.before.lost, 0);
        assert_true(f.full.troubled && f.full.lost > 0);
        assert_int_equal(f.full.trouble.code, ERR_FULL);
        assert_false(f.after.troubled);
        assert_int_equal(f.after.lost, f.full.lost);
        assert_int_equal(f.after.frames + f.after.lost, 100);
        assert_int_equal(f.after.errors, 1);
        assert_int_equal(f.closed, -ERR_FULL);
        assert_non_null(strstr(f.why.text, "lost"));

        struct buffer text = {0};
        char notice[64];
        uint64_t seq = 0, index_lines = 0;
        assert_int_equal(check_segment(file_of(c), &seq, &index_lines), f.after.frames + 1); /* and the notice */
        decode_file(file_of(c), &text);
        (void)snprintf(notice, sizeof notice, "\"message\":\"%u frames could not be written: ", (unsigned)f.after.lost);
        assert_int_equal(count_of(text.at, text.len, notice), 1);
        assert_int_equal(count_of(text.at, text.len, "could not be written"), 1);
        /* It stands where the frames are missing: before the first one behind the hole. */
        const char *behind = memmem(text.at, text.len, "could not be written", 20);
        const char *next = memmem(text.at, text.len, "\"t\":\"2026-04-18T12:01:21.000Z\"", 30);
        assert_true(behind && next && behind < next);
        buffer_done(&text);
    }
}

static void a_disk_that_stays_full(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct found f = in_child(fill_the_disk_for_good, file_of(c), c);
        assert_int_equal(f.closed, -ERR_FULL);
        struct known k = {0};
        known_add_file(&k, file_of(c));
        assert_in_range(k.n, 50, 52);
        for (size_t i = 0; i < k.n; i++)
            assert_true(k.at[i].seq == i);
        struct reading in = reading_open(file_of(c));
        check_walking(&in, &k);
        reading_close(&in);
        known_done(&k);
        /* And it can be continued. */
        struct recording_writer_options o = options_of(file_of(c), c);
        o.file.mode = LINE_WRITER_APPEND;
        struct recording_writer *w = record_open(&o);
        record_take(w, 99, at(99), 10);
        OK(recording_writer_close(w, &err));
        size_t had = k.n;
        known_add_file(&k, file_of(c));
        assert_true(k.n > had && k.at[k.n - 1].wall_ns == at(99) && k.at[k.n - 1].seq == k.n - 1);
        known_done(&k);
    }
}

static void one_segment_and_a_full_disk(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct found f = in_child(fill_the_disk_with_segments, file_of(c), c);
        assert_true(f.full.troubled && f.full.lost > 0);
        assert_int_equal(f.after.lost, f.full.lost);
        assert_int_equal(f.closed, -ERR_FULL);
        struct known k = {0};
        known_add_file(&k, file_of(c));
        assert_true(k.n > 10 && k.at[k.n - 1].wall_ns == at(69));
        known_done(&k);
    }
}

static void a_frame_over_the_limit_of_a_line(void **state) {
    (void)state;
    struct recording_writer_options o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    struct recording_writer *w = record_open(&o);
    record_take(w, 0, at(0), 10);
    record_take(w, 1, at(1), FRAME_LINE_MAX);
    assert_int_equal(recording_writer_facts(w).lost, 1);
    record_take(w, 2, at(2), 10);
    struct recording_writer_facts f = recording_writer_facts(w);
    assert_int_equal(f.frames, 2);
    assert_int_equal(f.lost, 1);
    FAILS(ERR_FULL, recording_writer_close(w, &err));
    struct known k = {0};
    known_add_file(&k, file_of(CODEC_PLAIN));
    assert_int_equal(k.n, 3);
    assert_non_null(memmem(k.at[1].line.at, k.at[1].line.len, "1 frames could not be written", 29));
    known_done(&k);
}

/* Too many processes for a line: the frame goes without them, and the notes count what it says about that. */
static void processes_that_do_not_fit(void **state) {
    (void)state;
    struct recording_writer_options o = options_of(file_of(CODEC_ZSTD), CODEC_ZSTD);
    struct recording_writer *w = record_open(&o);
    struct frame f;
    frame_init(&f);
    make_frame(&f, 0, at(0), 10);
    char *name = calloc(1, 1 << 20);
    assert_non_null(name);
    memset(name, 'x', 1 << 20);
    for (unsigned i = 0; i < 20; i++) {
        struct process *p = frame_add(&f.arena, &f.processes.list, &process_table);
        assert_non_null(p);
        p->command = (struct text){name, 1 << 20};
    }
    OK(recording_writer_take(w, &f, &err));
    assert_int_equal(f.processes.n, 20);
    assert_int_equal(f.errors.n, 0);
    assert_int_equal(recording_writer_facts(w).errors, 1);
    assert_int_equal(recording_writer_facts(w).lost, 0);
    OK(recording_writer_close(w, &err));
    frame_done(&f);
    free(name);
    struct reading in = reading_open(file_of(CODEC_ZSTD));
    YIELDS(1, cursor_first(in.c, &err));
    assert_int_equal(cursor_frame(in.c)->gpus.n, 1);
    assert_int_equal(cursor_frame(in.c)->processes.n, 0);
    assert_int_equal(cursor_frame(in.c)->errors.n, 1);
    reading_close(&in);
    struct buffer bytes = {0};
    slurp(file_of(CODEC_ZSTD), &bytes);
    assert_int_equal(
        count_of(bytes.at, bytes.len, "\"errors\":1,\"gaps\":0"), 2); /* behind the chunk, and at the end */
    buffer_done(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(index_lines_after_every_thousandth_frame),
        TEST(chunks_of_a_thousand_frames),
        TEST(large_frames_end_chunks_sooner),
        TEST(labels_go_on_over_rotation_and_append),
        TEST(every_frame_reaches_the_kernel),
        TEST(flushes_can_be_spaced_out),
        TEST(what_is_there_is_not_overwritten),
        TEST(a_disk_that_is_full_for_a_while),
        TEST(a_disk_that_stays_full),
        TEST(one_segment_and_a_full_disk),
        TEST(a_frame_over_the_limit_of_a_line),
        TEST(processes_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
