/* tests/unit/recording/test_resume.c: where a recording that is to be continued left off. */
#include "helper.h"

#include <stdio.h>
#include <unistd.h>

#include "recording/resume.h"

static void resumes(const char *path, uint64_t next_seq, int64_t last_ns) {
    uint64_t seq = 77;
    int64_t ns = 77;
    OK(recording_resume(path, &seq, &ns, &err));
    assert_int_equal(seq, next_seq);
    assert_int_equal(ns, last_ns);
}

static void nothing_to_continue(void **state) {
    (void)state;
    resumes(in_folder("absent.ndjson"), 0, TIME_UNKNOWN);
    spill(in_folder("empty.ndjson"), "", 0);
    resumes(in_folder("empty.ndjson"), 0, TIME_UNKNOWN);
    record(in_folder("header.ndjson"), CODEC_PLAIN, NULL, 0, 0);
    resumes(in_folder("header.ndjson"), 0, TIME_UNKNOWN);
}

static void behind_the_last_frame(void **state) {
    (void)state;
    static int64_t times[1700];
    for (size_t i = 0; i < COUNT_OF(times); i++)
        times[i] = T0 + (int64_t)i * NS_PER_SECOND;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0};
        record(file_of(c), c, times, COUNT_OF(times), 10);
        resumes(file_of(c), 1700, times[1699]);
        record_killed(file_of(c), c, times, 1234, 10);
        resumes(file_of(c), 1234, times[1233]);
        slurp(file_of(c), &bytes); /* torn in the middle of the last frame's bytes */
        spill(file_of(c), bytes.at, bytes.len - 12);
        resumes(file_of(c), 1233, times[1232]);
        buffer_done(&bytes);
    }
}

/* The active file is new and empty, or gone: the last frame is in the segment before it. */
static void in_an_older_segment(void **state) {
    (void)state;
    int64_t times[] = {T0, T0 + NS_PER_SECOND, T0 + 2 * NS_PER_SECOND};
    record(in_folder("run.0001.ndjson"), CODEC_PLAIN, times, 2, 10);
    record(in_folder("run.0002.ndjson"), CODEC_PLAIN, times, 3, 10);
    resumes(in_folder("run.ndjson"), 3, times[2]);
    record(in_folder("run.ndjson"), CODEC_PLAIN, NULL, 0, 0);
    resumes(in_folder("run.ndjson"), 3, times[2]);
}

static void marks_and_broken_lines_at_the_end(void **state) {
    (void)state;
    spill_text(in_folder("run.ndjson"),
        "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":41,\"x\":1}\n"
        "{\"schema\":1,\"t\":\"2026-04-18T12:00:01.000Z\",\"seq\":42,oops}\n"
        "{\"schema\":1,\"t\":\"2026-04-18T12:00:02.000Z\",\"mark\":\"x\"}\nrubbish\n\n");
    resumes(in_folder("run.ndjson"), 42, T0);
    /* Frames without labels, as all-smi writes them. */
    spill_text(in_folder("run.ndjson"),
        "{\"gpus\":[],\"hostname\":\"n\",\"schema\":1,\"timestamp\":\"2026-04-18T12:00:00Z\"}\n");
    uint64_t seq = 7;
    int64_t ns = 0;
    OK(recording_resume(in_folder("run.ndjson"), &seq, &ns, &err));
    assert_int_equal(ns, T0);
}

static void another_schema(void **state) {
    (void)state;
    uint64_t seq = 0;
    int64_t ns = 0;
    struct error err = {0};
    spill_text(in_folder("run.ndjson"), "{\"schema\":2,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":41}\n");
    assert_int_equal(recording_resume(in_folder("run.ndjson"), &seq, &ns, &err), -ERR_SCHEMA);
    assert_string_equal(err.text, SCHEMA_2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_continue),
        TEST(behind_the_last_frame),
        TEST(in_an_older_segment),
        TEST(marks_and_broken_lines_at_the_end),
        TEST(another_schema),
    };
    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
