/* tests/unit/recording/test_follow.c: a recording read while it is written, in turns and by two threads, over rotation. */
#include "helper.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "recording/follow.h"

static int64_t at(uint64_t seq) {
    return T0 + (int64_t)seq * NS_PER_SECOND;
}

static void nothing_yet(struct follow *f) {
    struct followed line;
    YIELDS(0, follow_next(f, &line, &err));
}

static void next_is(struct follow *f, uint64_t seq) {
    struct followed line;
    YIELDS(1, follow_next(f, &line, &err));
    assert_int_equal(line.head.kind, RECORDING_FRAME);
    assert_true(line.head.seq == seq);
    assert_int_equal(line.head.wall_ns, at(seq));
    assert_int_equal(line.text.at[line.text.len - 1], '}');
}

static void in_turns(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        struct recording_writer *w = record_open(&o);
        struct follow *f = NULL;
        struct followed line;
        OK(follow_open(file_of(c), &f, &err));
        nothing_yet(f);
        for (uint64_t i = 0; i < 1100; i++) {
            record_take(w, i, at(i), 30);
            next_is(f, i);
            nothing_yet(f);
        }
        OK(recording_writer_mark(w, at(1100), TEXT("here"), &err));
        YIELDS(1, follow_next(f, &line, &err));
        assert_int_equal(line.head.kind, RECORDING_MARK);
        nothing_yet(f);
        OK(recording_writer_close(w, &err));
        nothing_yet(f);
        /* Continued by the next run. */
        o.file.mode = LINE_WRITER_APPEND;
        w = record_open(&o);
        for (uint64_t i = 1100; i < 1200; i++) {
            record_take(w, i, at(i), 30);
            next_is(f, i);
        }
        nothing_yet(f);
        OK(recording_writer_close(w, &err));
        follow_close(f);
    }
}

static void over_rotation(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        for (unsigned every = 1; every <= 400; every *= 20) { /* how far the reader falls behind */
            struct recording_writer_options o = options_of(in_folder("chain.ndjson"), c);
            o.max_bytes = c == CODEC_PLAIN ? 20000 : 4000;
            struct recording_writer *w = record_open(&o);
            struct follow *f = NULL;
            uint64_t read = 0;
            OK(follow_open(o.file.path, &f, &err));
            for (uint64_t i = 0; i < 1200; i++) {
                record_take(w, i, at(i), 30);
                while (i % every == 0 && read <= i)
                    next_is(f, read++);
            }
            assert_true(recording_writer_facts(w).segments > 4);
            while (read < 1200)
                next_is(f, read++);
            nothing_yet(f);
            OK(recording_writer_close(w, &err));
            nothing_yet(f);
            follow_close(f);
            assert_int_equal(folder_remove(NULL) + folder_make(NULL), 0);
        }
    }
}

/* Segments that are removed before they were read are lost to the reader; it goes on with the oldest there is. */
static void segments_removed_under_way(void **state) {
    (void)state;
    struct recording_writer_options o = options_of(file_of(CODEC_PLAIN), CODEC_PLAIN);
    o.max_bytes = 5000;
    o.file.max_files = 2;
    struct recording_writer *w = record_open(&o);
    struct follow *f = NULL;
    struct followed line;
    record_take(w, 0, at(0), 30);
    OK(follow_open(file_of(CODEC_PLAIN), &f, &err));
    next_is(f, 0);
    for (uint64_t i = 1; i < 400; i++)
        record_take(w, i, at(i), 30);
    uint64_t last = 0, n = 0;
    for (;;) {
        struct error why;
        int r = follow_next(f, &line, &why);
        assert_true(r >= 0);
        if (r == 0)
            break;
        assert_true(line.head.seq > last);
        last = line.head.seq;
        n++;
    }
    assert_int_equal(last, 399);
    assert_true(n < 399);
    OK(recording_writer_close(w, &err));
    follow_close(f);
}

struct job {
    const char *path;
    enum codec codec;
    atomic_bool ready;
    bool failed;
};

enum { BY_THREADS = 3000 };

static void *write_on(void *argument) {
    struct job *job = argument;
    struct recording_writer_options o = options_of(job->path, job->codec);
    struct recording_writer *w = NULL;
    struct error err;
    struct frame f;
    frame_init(&f);
    o.max_bytes = 30000;
    job->failed = recording_writer_open(&o, &w, &err) < 0;
    atomic_store(&job->ready, true);
    for (uint64_t i = 0; i < BY_THREADS && !job->failed; i++) {
        f.wall_ns = at(i);
        f.hostname = TEXT("n");
        job->failed = recording_writer_take(w, &f, &err) < 0;
    }
    job->failed = job->failed || recording_writer_close(w, &err) < 0;
    frame_done(&f);
    return NULL;
}

static void by_two_threads(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct job job = {.path = in_folder("threads.ndjson"), .codec = c};
        pthread_t writer;
        struct follow *f = NULL;
        assert_int_equal(pthread_create(&writer, NULL, write_on, &job), 0);
        while (!atomic_load(&job.ready))
            (void)usleep(1000);
        OK(follow_open(job.path, &f, &err));
        for (uint64_t next = 0; next < BY_THREADS;) {
            struct followed line;
            struct error why = {0};
            int r = follow_next(f, &line, &why);
            if (r < 0)
                fail_msg("%s", why.text);
            if (r == 0) {
                (void)usleep(500);
                continue;
            }
            assert_true(line.head.seq == next);
            next++;
        }
        assert_int_equal(pthread_join(writer, NULL), 0);
        assert_false(job.failed);
        nothing_yet(f);
        follow_close(f);
        assert_int_equal(folder_remove(NULL) + folder_make(NULL), 0);
    }
}

static void damage_and_other_schemas(void **state) {
    (void)state;
    struct follow *f = NULL;
    struct followed line;
    FAILS(ERR_ABSENT, follow_open(in_folder("absent"), &f, &err));
    struct error err = {0};
    spill_text(file_of(CODEC_PLAIN),
        "rubbish\n\n{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n{\"schema\":2}\n");
    assert_int_equal(follow_open(file_of(CODEC_PLAIN), &f, &err), 0);
    next_is(f, 0);
    assert_int_equal(follow_next(f, &line, &err), -ERR_SCHEMA);
    assert_string_equal(err.text, SCHEMA_2);
    follow_close(f);
    follow_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(in_turns),
        TEST(over_rotation),
        TEST(segments_removed_under_way),
        TEST(by_two_threads),
        TEST(damage_and_other_schemas),
    };
    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
