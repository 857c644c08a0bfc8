/* tests/unit/linefile/test_rotate.c: segments are numbered upwards, kept within limits, and nothing else is touched. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linefile/chain.h"

static const char *numbered(enum codec c, unsigned number) {
    char name[64];
    (void)snprintf(name, sizeof name, "run.%04u.ndjson%s", number, codec_extension(c));
    return in_folder(name);
}

static struct line_writer *open_limited(enum codec c, unsigned max_files, int64_t max_age_ns) {
    struct line_writer *w = NULL;
    struct line_writer_options o = {.path = file_of(c),
        .codec = c,
        .mode = LINE_WRITER_APPEND,
        .max_files = max_files,
        .max_age_ns = max_age_ns,
        .fsync = true};
    OK(line_writer_open(&o, &w, &err));
    return w;
}

/* The numbers that are there, the active file as 0. */
static void assert_numbers(enum codec c, const unsigned *numbers, size_t n) {
    struct chain chain = {0};
    OK(chain_list(file_of(c), &chain, &err));
    assert_int_equal(chain.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(chain.at[i].number, numbers[i]);
    chain_done(&chain);
}
#define NUMBERS(c, ...) assert_numbers(c, (const unsigned[]){__VA_ARGS__}, COUNT_OF(((const unsigned[]){__VA_ARGS__})))

static void segments_follow_each_other(void **state) {
    (void)state;
    struct buffer text = {0};
    for (unsigned i = 0; i < CODEC_COUNT; i++) {
        enum codec c = (enum codec)i;
        struct line_writer *w = open_limited(c, 0, 0);
        for (unsigned s = 0; s < 4; s++) {
            put_lines(w, s * 10, s * 10 + 10);
            assert_int_equal(line_writer_facts(w).segments, s + 1);
            assert_false(line_writer_facts(w).empty);
            uint64_t total = line_writer_facts(w).total_text_bytes;
            if (s < 3)
                OK(line_writer_rotate(w, &err));
            assert_int_equal(line_writer_facts(w).total_text_bytes, total);
            assert_int_equal(line_writer_facts(w).empty, s < 3);
        }
        OK(line_writer_close(w, &err));
        NUMBERS(c, 1, 2, 3, 0);
        for (unsigned s = 0; s < 4; s++) {
            const char *path = s < 3 ? numbered(c, s + 1) : file_of(c);
            assert_true(decode_strictly(path, c, &text));
            assert_text_is_lines(&text, s * 10, s * 10 + 10);
        }
        w = open_limited(c, 0, 0); /* a later run goes on numbering */
        OK(line_writer_rotate(w, &err));
        OK(line_writer_close(w, &err));
        NUMBERS(c, 1, 2, 3, 4, 0);
        assert_int_equal(read_all(numbered(c, 4)).first, 30);
    }
    buffer_done(&text);
}

static void numbering_goes_on_behind_gaps(void **state) {
    (void)state;
    spill(numbered(CODEC_ZSTD, 2), "old", 3);
    spill(numbered(CODEC_ZSTD, 41), "old", 3);
    struct line_writer *w = open_limited(CODEC_ZSTD, 0, 0);
    put_lines(w, 0, 1);
    OK(line_writer_rotate(w, &err));
    OK(line_writer_close(w, &err));
    NUMBERS(CODEC_ZSTD, 2, 41, 42, 0);
    struct buffer bytes = {0};
    slurp(numbered(CODEC_ZSTD, 41), &bytes);
    assert_int_equal(bytes.len, 3); /* nothing of an earlier run is overwritten */
    buffer_done(&bytes);
}

static void the_oldest_go_first(void **state) {
    (void)state;
    struct line_writer *w = open_limited(CODEC_GZIP, 3, 0);
    for (unsigned s = 0; s < 6; s++) {
        put_lines(w, s, s + 1);
        OK(line_writer_rotate(w, &err));
    }
    NUMBERS(CODEC_GZIP, 5, 6, 0);
    OK(line_writer_drop_oldest(w, &err));
    NUMBERS(CODEC_GZIP, 6, 0);
    OK(line_writer_drop_oldest(w, &err));
    FAILS(ERR_ABSENT, line_writer_drop_oldest(w, &err));
    NUMBERS(CODEC_GZIP, 0);
    OK(line_writer_close(w, &err));
}

static void one_file_is_a_limit_too(void **state) {
    (void)state;
    struct line_writer *w = open_limited(CODEC_PLAIN, 1, 0);
    for (unsigned s = 0; s < 3; s++) {
        put_lines(w, s, s + 1);
        OK(line_writer_rotate(w, &err));
        NUMBERS(CODEC_PLAIN, 0);
    }
    put_lines(w, 7, 8);
    OK(line_writer_close(w, &err));
    assert_int_equal(read_all(file_of(CODEC_PLAIN)).first, 7);
}

static void segments_go_by_age(void **state) {
    (void)state;
    struct line_writer *w = open_limited(CODEC_ZSTD, 0, INT64_C(3600) * 1000000000);
    for (unsigned s = 0; s < 3; s++) {
        put_lines(w, s, s + 1);
        OK(line_writer_rotate(w, &err));
    }
    struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, numbered(CODEC_ZSTD, 2), old, 0), 0);
    put_lines(w, 3, 4);
    OK(line_writer_rotate(w, &err));
    NUMBERS(CODEC_ZSTD, 1, 3, 4, 0);
    OK(line_writer_close(w, &err));
}

static void strangers_are_left_alone(void **state) {
    (void)state;
    const char *const kept[] = {"run.0001.ndjson", "other.0001.ndjson.zst", "run.ndjson.zst.bak", "run.001.ndjson.zst"};
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        spill(in_folder(kept[i]), "x", 1);
    struct line_writer *w = open_limited(CODEC_ZSTD, 1, 1);
    put_lines(w, 0, 1);
    OK(line_writer_rotate(w, &err));
    OK(line_writer_close(w, &err));
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_int_equal(access(in_folder(kept[i]), F_OK), 0);
}

static void links_among_the_names_are_neither_followed_nor_removed(void **state) {
    (void)state;
    struct stat info;
    spill(in_folder("precious"), "x", 1);
    assert_int_equal(symlink("precious", numbered(CODEC_ZSTD, 1)), 0);
    assert_int_equal(symlink("nowhere", numbered(CODEC_ZSTD, 7)), 0);
    struct line_writer *w = open_limited(CODEC_ZSTD, 1, 0);
    put_lines(w, 0, 1);
    FAILS(ERR_EXISTS, line_writer_rotate(w, &err)); /* done, and said */
    assert_true(line_writer_facts(w).empty);
    assert_int_equal(line_writer_facts(w).segments, 2);
    assert_int_equal(lstat(numbered(CODEC_ZSTD, 1), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(lstat(numbered(CODEC_ZSTD, 7), &info), 0);
    assert_int_equal(access(in_folder("precious"), F_OK), 0);
    assert_int_equal(access(numbered(CODEC_ZSTD, 8), F_OK), -1); /* over the limit of one file */
    assert_int_equal(access(in_folder("nowhere"), F_OK), -1);
    OK(line_writer_close(w, &err));
}

static void a_name_that_is_no_longer_ours_stops_rotation(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct line_writer *w = open_limited(CODEC_ZSTD, 0, 0);
    put_lines(w, 0, 5);
    assert_int_equal(rename(path, in_folder("moved")), 0);
    FAILS(ERR_OS, line_writer_rotate(w, &err));
    assert_int_equal(symlink("moved", path), 0);
    FAILS(ERR_EXISTS, line_writer_rotate(w, &err));
    assert_int_equal(unlink(path), 0);
    spill(path, "mine", 4);
    FAILS(ERR_EXISTS, line_writer_rotate(w, &err));
    put_lines(w, 5, 10); /* goes on where it was */
    OK(line_writer_close(w, &err));
    struct seen s = read_all(in_folder("moved"));
    assert_true(s.lines == 10 && s.in_order && s.damaged == 0 && !s.cut);
    struct buffer text = {0};
    assert_true(decode_strictly(in_folder("moved"), CODEC_ZSTD, &text));
    assert_text_is_lines(&text, 0, 10);
    slurp(path, &text);
    assert_int_equal(text.len, 4);
    buffer_done(&text);
}

static void a_folder_that_may_not_be_written_leaves_the_old_file_active(void **state) {
    (void)state;
    enum { NOBODY = 65534 };
    bool root = geteuid() == 0; /* who may write anywhere */
    if (root) {
        assert_int_equal(chown(in_folder("."), NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    struct line_writer *w = open_limited(CODEC_GZIP, 0, 0);
    put_lines(w, 0, 5);
    assert_int_equal(chmod(in_folder("."), 0500), 0);
    FAILS(ERR_OS, line_writer_rotate(w, &err));
    assert_int_equal(chmod(in_folder("."), 0700), 0);
    put_lines(w, 5, 10);
    OK(line_writer_close(w, &err));
    assert_true(!root || seteuid(0) == 0);
    NUMBERS(CODEC_GZIP, 0);
    assert_int_equal(read_all(file_of(CODEC_GZIP)).lines, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(segments_follow_each_other),
        TEST(numbering_goes_on_behind_gaps),
        TEST(the_oldest_go_first),
        TEST(one_file_is_a_limit_too),
        TEST(segments_go_by_age),
        TEST(strangers_are_left_alone),
        TEST(links_among_the_names_are_neither_followed_nor_removed),
        TEST(a_name_that_is_no_longer_ours_stops_rotation),
        TEST(a_folder_that_may_not_be_written_leaves_the_old_file_active),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
