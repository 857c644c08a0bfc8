/* tests/unit/linefile/test_writer.c: lines go in whole and come out again; opening, locking, full devices. */
#include "helper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const missing = "/nonexistent-folder/run.ndjson";

static void round_trip_in_chunks(void **state) {
    (void)state;
    struct buffer text = {0};
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        write_file(path, (enum codec)c, 1000, 90);
        assert_true(decode_strictly(path, (enum codec)c, &text));
        assert_text_is_lines(&text, 0, 1000);
        struct seen s = read_all(path);
        assert_true(s.lines == 1000 && s.first == 0 && s.in_order && s.damaged == 0 && s.torn == 0 && !s.cut);
        assert_int_equal(s.text, text.len);
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
    buffer_done(&text);
}

static void without_flushes_and_chunks_too(void **state) {
    (void)state;
    struct buffer text = {0};
    char line[LINE_ROOM];
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        for (unsigned i = 0; i < 20000; i++) {
            size_t n = line_make(i, line);
            OK(line_writer_put(w, line, n, &err));
        }
        OK(line_writer_close(w, &err));
        assert_true(decode_strictly(path, (enum codec)c, &text));
        assert_text_is_lines(&text, 0, 20000);
        assert_int_equal(read_all(path).lines, 20000);
    }
    buffer_done(&text);
}

static void files_without_lines_are_in_order(void **state) {
    (void)state;
    struct buffer text = {0}, bytes = {0};
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        write_file(path, (enum codec)c, 0, 1);
        assert_true(decode_strictly(path, (enum codec)c, &text));
        assert_int_equal(text.len, 0);
        struct seen s = read_all(path);
        assert_true(s.lines == 0 && s.damaged == 0 && !s.cut && s.torn == 0);
        for (unsigned round = 0; round < 2; round++) { /* continued with nothing, it stays the same */
            slurp(path, &bytes);
            size_t had = bytes.len;
            struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_APPEND);
            assert_true(line_writer_facts(w).empty);
            OK(line_writer_close(w, &err));
            slurp(path, &bytes);
            assert_int_equal(bytes.len, had);
        }
    }
    buffer_done(&text);
    buffer_done(&bytes);
}

static void flushed_lines_are_in_the_file_at_once(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        for (unsigned i = 0; i < 50; i++) {
            put_lines(w, i, i + 1);
            if (i % 7 == 3)
                OK(line_writer_chunk(w, NULL, 0, &err));
            assert_int_equal(read_all(path).lines, i + 1);
        }
        char line[LINE_ROOM];
        OK(line_writer_put(w, line, line_make(50, line), &err)); /* never flushed */
        line_writer_abandon(w);
        assert_int_equal(read_all(path).lines, 50);
    }
}

static void facts_count_text_and_file(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct buffer text = {0};
        struct stat info;
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        assert_true(line_writer_facts(w).empty);
        text_of_lines(0, 100, &text);
        put_lines(w, 0, 100);
        struct line_writer_facts f = line_writer_facts(w);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(f.text_bytes, text.len);
        assert_int_equal(f.total_text_bytes, text.len);
        assert_int_equal(f.file_bytes, info.st_size);
        assert_int_equal(f.segments, 1);
        assert_false(f.empty || f.stuck);
        OK(line_writer_close(w, &err));
        w = writer_open(path, (enum codec)c, LINE_WRITER_APPEND);
        f = line_writer_facts(w);
        assert_int_equal(f.text_bytes, text.len);
        assert_int_equal(f.total_text_bytes, 0);
        assert_int_equal(f.mended_bytes, 0);
        assert_false(f.empty);
        put_lines(w, 100, 101);
        assert_true(line_writer_facts(w).total_text_bytes > 0);
        assert_true(line_writer_facts(w).total_file_bytes > 0);
        OK(line_writer_close(w, &err));
        assert_int_equal(read_all(path).lines, 101);
        buffer_done(&text);
    }
}

static void bad_lines_are_refused_whole(void **state) {
    (void)state;
    char *huge = calloc(1, LINE_MAX_BYTES);
    memset(huge, 'x', LINE_MAX_BYTES);
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        put_lines(w, 0, 3);
        FAILS(ERR_LIMIT, line_writer_put(w, huge, LINE_MAX_BYTES, &err));
        FAILS(ERR_USAGE, line_writer_put(w, "a\nb", 3, &err));
        FAILS(ERR_LIMIT, line_writer_chunk(w, huge, 64 * 1024 + 1, &err));
        put_lines(w, 3, 6);
        OK(line_writer_close(w, &err));
        struct seen s = read_all(path);
        assert_true(s.lines == 6 && s.in_order);
    }
    free(huge);
}

static void the_longest_line_goes_through(void **state) {
    (void)state;
    enum { LEN = LINE_MAX_BYTES - 1 };
    char *longest = calloc(1, LEN);
    uint32_t x = 7;
    for (size_t i = 0; i < LEN; i++) {
        x = x * 1664525 + 1013904223;
        longest[i] = (char)(' ' + (x >> 24) % 90);
    }
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer_options o = {.path = path, .codec = (enum codec)c, .level = c == CODEC_PLAIN ? 0 : 1};
        struct line_writer *w = NULL;
        OK(line_writer_open(&o, &w, &err));
        for (unsigned i = 0; i < 2; i++) {
            OK(line_writer_put(w, longest, LEN, &err));
            OK(line_writer_chunk(w, NULL, 0, &err));
        }
        OK(line_writer_close(w, &err));
        struct line_file *f = NULL;
        struct line_reader *r = NULL;
        struct line line;
        OK(line_file_open(path, &f, &err));
        OK(line_reader_create(f, &r, &err));
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(line_reader_next(r, &line, NULL), 1);
            assert_int_equal(line.len, LEN);
            assert_memory_equal(line.at, longest, LEN);
        }
        assert_int_equal(line_reader_next(r, &line, NULL), 0);
        line_reader_destroy(r);
        line_file_close(f);
    }
    free(longest);
}

static void opening_respects_what_is_there(void **state) {
    (void)state;
    struct line_writer *w = NULL;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer_options o = {.path = path, .codec = (enum codec)c, .mode = LINE_WRITER_CREATE};
        write_file(path, (enum codec)c, 5, 5);
        FAILS(ERR_EXISTS, line_writer_open(&o, &w, &err));
        assert_int_equal(read_all(path).lines, 5);
        o.codec = (enum codec)((c + 1) % CODEC_COUNT);
        o.mode = LINE_WRITER_APPEND;
        FAILS(ERR_FORMAT, line_writer_open(&o, &w, &err));
        assert_int_equal(read_all(path).lines, 5);
        o.mode = LINE_WRITER_REPLACE;
        OK(line_writer_open(&o, &w, &err));
        OK(line_writer_close(w, &err));
        assert_int_equal(read_all(path).lines, 0);
    }
    struct line_writer_options o = {.path = missing, .mode = LINE_WRITER_APPEND};
    FAILS(ERR_OS, line_writer_open(&o, &w, &err));
    o = (struct line_writer_options){.path = in_folder("new"), .codec = CODEC_GZIP, .level = 10};
    FAILS(ERR_USAGE, line_writer_open(&o, &w, &err));
    o.codec = CODEC_ZSTD;
    o.level = 99;
    FAILS(ERR_USAGE, line_writer_open(&o, &w, &err));
    o.level = -3;
    o.fsync = true;
    o.mode = LINE_WRITER_APPEND; /* nothing there: created */
    OK(line_writer_open(&o, &w, &err));
    put_lines(w, 0, 3);
    OK(line_writer_close(w, &err));
    assert_int_equal(read_all(in_folder("new")).lines, 3);
}

static void symbolic_links_are_refused(void **state) {
    (void)state;
    struct line_writer *w = NULL;
    write_file(file_of(CODEC_PLAIN), CODEC_PLAIN, 5, 5);
    assert_int_equal(symlink("run.ndjson", in_folder("link")), 0);
    assert_int_equal(symlink("nowhere", in_folder("dangling")), 0);
    for (int mode = LINE_WRITER_CREATE; mode <= LINE_WRITER_APPEND; mode++) {
        struct line_writer_options o = {.path = in_folder("link"), .mode = (enum line_writer_mode)mode};
        FAILS(ERR_EXISTS, line_writer_open(&o, &w, &err));
        o.path = in_folder("dangling");
        FAILS(ERR_EXISTS, line_writer_open(&o, &w, &err));
    }
    assert_int_equal(read_all(file_of(CODEC_PLAIN)).lines, 5);
    assert_int_equal(access(in_folder("nowhere"), F_OK), -1);
}

static void two_writers_do_not_meet(void **state) {
    (void)state;
    struct line_writer *second = NULL;
    const char *path = file_of(CODEC_ZSTD);
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_CREATE);
    put_lines(w, 0, 3);
    for (int mode = LINE_WRITER_REPLACE; mode <= LINE_WRITER_APPEND; mode++) {
        struct line_writer_options o = {.path = path, .codec = CODEC_ZSTD, .mode = (enum line_writer_mode)mode};
        struct error err = {0};
        assert_int_equal(line_writer_open(&o, &second, &err), -ERR_EXISTS);
        assert_non_null(strstr(err.text, "is being written by another process"));
    }
    put_lines(w, 3, 6);
    OK(line_writer_close(w, &err));
    assert_int_equal(read_all(path).lines, 6);
    w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND); /* and the lock is gone */
    OK(line_writer_close(w, &err));
}

static void others_may_append_to_a_plain_file(void **state) {
    (void)state;
    const char *path = file_of(CODEC_PLAIN);
    char line[LINE_ROOM];
    struct line_writer *w = writer_open(path, CODEC_PLAIN, LINE_WRITER_CREATE);
    put_lines(w, 0, 1);
    FILE *other = fopen(path, "ae");
    assert_non_null(other);
    line[line_make(1, line)] = '\0';
    assert_true(fprintf(other, "%.*s\n", (int)line_make(1, line), line) > 0);
    (void)fclose(other);
    put_lines(w, 2, 3);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(line_writer_facts(w).text_bytes, info.st_size);
    OK(line_writer_close(w, &err));
    struct seen s = read_all(path);
    assert_true(s.lines == 3 && s.in_order);
}

static void limit_file_size(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Puts lines until the device is full; returns how many were taken. */
static unsigned fill(struct line_writer *w, unsigned from, unsigned *ret_flushed) {
    char line[LINE_ROOM];
    for (unsigned i = from; i < 100000; i++) {
        struct error err = {0};
        int r = line_writer_put(w, line, line_make(i, line), &err);
        if (r < 0) {
            assert_int_equal(r, -ERR_FULL);
            assert_true(line_writer_facts(w).stuck);
            return i;
        }
        r = line_writer_flush(w, &err);
        if (r < 0) {
            assert_int_equal(r, -ERR_FULL);
            assert_int_equal(err.code, ERR_FULL);
        } else {
            *ret_flushed = i + 1;
        }
    }
    fail_msg("the device never filled up");
    return 0;
}

static void a_full_device_costs_nothing_that_was_taken(void **state) {
    (void)state;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    struct buffer text = {0};
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        unsigned flushed = 0;
        for (rlim_t size = 5000; size <= 20000; size += 5000) {
            limit_file_size(size);
            unsigned taken = fill(w, flushed, &flushed);
            assert_true(taken == flushed + 1); /* the line that filled it waits inside */
            struct seen s = read_all(path);
            assert_true(s.in_order && s.damaged == 0 && s.torn == 0);
            assert_int_equal(s.lines, flushed);
            FAILS(ERR_FULL, line_writer_flush(w, &err));
            FAILS(ERR_FULL, line_writer_rotate(w, &err));
            limit_file_size(RLIM_INFINITY);
            OK(line_writer_flush(w, &err)); /* goes through now, once */
            assert_false(line_writer_facts(w).stuck);
            assert_int_equal(read_all(path).lines, taken);
            flushed = taken;
        }
        OK(line_writer_close(w, &err));
        assert_true(decode_strictly(path, (enum codec)c, &text));
        assert_text_is_lines(&text, 0, flushed);
    }
    buffer_done(&text);
    (void)signal(SIGXFSZ, before);
}

static void closing_on_a_full_device_keeps_what_was_flushed(void **state) {
    (void)state;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        unsigned flushed = 0;
        limit_file_size(5000);
        (void)fill(w, 0, &flushed);
        FAILS(ERR_FULL, line_writer_close(w, &err));
        limit_file_size(RLIM_INFINITY);
        struct seen s = read_all(path);
        assert_true(s.in_order && s.damaged == 0 && s.torn == 0);
        assert_int_equal(s.lines, flushed);
        w = writer_open(path, (enum codec)c, LINE_WRITER_APPEND);
        put_lines(w, flushed, flushed + 2);
        OK(line_writer_close(w, &err));
        s = read_all(path);
        assert_true(s.in_order && s.damaged == 0 && s.lines == flushed + 2);
    }
    (void)signal(SIGXFSZ, before);
}

/* The end of a segment does not fit, its lines do: they stay, and lines go on behind them. */
static void rotation_that_cannot_finish_goes_on_in_the_old_file(void **state) {
    (void)state;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    struct buffer text = {0};
    for (unsigned c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        put_lines(w, 0, 20);
        OK(line_writer_chunk(w, NULL, 0, &err));
        OK(line_writer_flush(w, &err));
        limit_file_size(line_writer_facts(w).file_bytes + 3);
        FAILS(ERR_FULL, line_writer_rotate(w, &err));
        limit_file_size(RLIM_INFINITY);
        assert_false(line_writer_facts(w).stuck);
        put_lines(w, 20, 40);
        OK(line_writer_close(w, &err));
        assert_true(decode_strictly(path, (enum codec)c, &text));
        assert_text_is_lines(&text, 0, 40);
    }
    buffer_done(&text);
    (void)signal(SIGXFSZ, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(round_trip_in_chunks),
        TEST(without_flushes_and_chunks_too),
        TEST(files_without_lines_are_in_order),
        TEST(flushed_lines_are_in_the_file_at_once),
        TEST(facts_count_text_and_file),
        TEST(bad_lines_are_refused_whole),
        TEST(the_longest_line_goes_through),
        TEST(opening_respects_what_is_there),
        TEST(symbolic_links_are_refused),
        TEST(two_writers_do_not_meet),
        TEST(others_may_append_to_a_plain_file),
        TEST(a_full_device_costs_nothing_that_was_taken),
        TEST(closing_on_a_full_device_keeps_what_was_flushed),
        TEST(rotation_that_cannot_finish_goes_on_in_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
