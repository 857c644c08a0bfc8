/* tests/unit/recording/test_spool.c: marks left for a recorder by many hands at once; none is lost, none comes twice. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recording/spool.h"

static void left_and_taken(void **state) {
    (void)state;
    const char *path = in_folder("run.ndjson");
    struct buffer b = {0};
    OK(spool_take(path, &b, &err));
    assert_int_equal(b.len, 0);
    OK(spool_leave(path, TEXT("one"), &err));
    OK(spool_leave(path, TEXT("two"), &err));
    buffer_put(&b, "before\n", 7);
    OK(spool_take(path, &b, &err));
    assert_int_equal(b.len, 15);
    assert_memory_equal(b.at, "before\none\ntwo\n", 15);
    assert_int_equal(access(in_folder("run.ndjson.marks"), F_OK), -1);
    OK(spool_take(path, &b, &err));
    assert_int_equal(b.len, 15);
    buffer_done(&b);
}

static void more_than_fits_at_once(void **state) {
    (void)state;
    const char *path = in_folder("run.ndjson");
    struct buffer b = {0};
    size_t n = 300000, taken = 0;
    char *mark = malloc(n);
    assert_non_null(mark);
    memset(mark, 'm', n);
    unsigned left = 0;
    for (unsigned i = 0; i < 12; i++) {
        struct error err = {0};
        int r = spool_leave(path, (struct text){mark, n}, &err);
        assert_true(r == 0 || r == -ERR_LIMIT || r == -ERR_FULL); /* refused is not lost */
        left += r == 0;
    }
    assert_true(left >= 3);
    for (unsigned i = 0; i < 20; i++) {
        buffer_clear(&b);
        OK(spool_take(path, &b, &err));
        taken += b.len;
    }
    assert_int_equal(taken, left * (n + 1));
    free(mark);
    buffer_done(&b);
}

/* Several processes leave marks while one takes them. */
static void many_at_once(void **state) {
    (void)state;
    enum { WRITERS = 4, EACH = 300 };
    const char *path = in_folder("run.ndjson");
    pid_t children[WRITERS];
    for (unsigned w = 0; w < WRITERS; w++) {
        children[w] = fork();
        if (children[w] == 0) {
            for (unsigned i = 0; i < EACH; i++) {
                char line[64];
                int n = snprintf(line, sizeof line, "<%u %u>", w, i);
                if (spool_leave(path, (struct text){line, (size_t)n}, NULL) < 0)
                    _exit(1);
            }
            _exit(0);
        }
        assert_true(children[w] > 0);
    }
    struct buffer all = {0};
    unsigned running = WRITERS;
    while (running > 0) {
        int status = 0;
        OK(spool_take(path, &all, &err));
        pid_t done = waitpid(-1, &status, WNOHANG);
        if (done > 0) {
            assert_int_equal(status, 0);
            running--;
        }
    }
    OK(spool_take(path, &all, &err));
    unsigned next[WRITERS] = {0}; /* each one's marks come in their order */
    struct text rest = {all.at, all.len}, line;
    while (rest.len > 0 && text_cut(&rest, '\n', &line)) {
        unsigned w = 0, i = 0;
        char copy[64] = {0};
        assert_true(line.len < sizeof copy);
        memcpy(copy, line.at, line.len);
        assert_true(copy[0] == '<' && copy[line.len - 1] == '>');
        char *end = NULL;
        w = (unsigned)strtoul(copy + 1, &end, 10);
        i = (unsigned)strtoul(end, NULL, 10);
        assert_true(w < WRITERS);
        assert_int_equal(i, next[w]);
        next[w]++;
    }
    for (unsigned w = 0; w < WRITERS; w++)
        assert_int_equal(next[w], EACH);
    buffer_done(&all);
}

static void links_are_not_followed(void **state) {
    (void)state;
    const char *path = in_folder("run.ndjson");
    struct buffer b = {0};
    spill_text(in_folder("precious"), "precious\n");
    assert_int_equal(symlink(in_folder("precious"), in_folder("run.ndjson.marks")), 0);
    FAILS(ERR_OS, spool_leave(path, TEXT("x"), &err));
    FAILS(ERR_OS, spool_take(path, &b, &err));
    slurp(in_folder("precious"), &b);
    assert_int_equal(b.len, 9);
    buffer_done(&b);
}

static void a_recorder_is_seen_by_its_lock(void **state) {
    (void)state;
    bool wanted = true;
    const char *path = file_of(CODEC_PLAIN);
    FAILS(ERR_ABSENT, spool_wanted(path, &wanted, &err));
    struct recording_writer_options o = options_of(path, CODEC_PLAIN);
    struct recording_writer *w = record_open(&o);
    OK(spool_wanted(path, &wanted, &err));
    assert_true(wanted);
    OK(recording_writer_close(w, &err));
    OK(spool_wanted(path, &wanted, &err));
    assert_false(wanted);
    /* And asking leaves no lock behind. */
    o.file.mode = LINE_WRITER_APPEND;
    w = record_open(&o);
    OK(recording_writer_close(w, &err));
}

static void names_that_are_too_long(void **state) {
    (void)state;
    char path[5000];
    struct buffer b = {0};
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    FAILS(ERR_LIMIT, spool_leave(path, TEXT("x"), &err));
    FAILS(ERR_LIMIT, spool_take(path, &b, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(left_and_taken),
        TEST(more_than_fits_at_once),
        TEST(many_at_once),
        TEST(links_are_not_followed),
        TEST(a_recorder_is_seen_by_its_lock),
        TEST(names_that_are_too_long),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
