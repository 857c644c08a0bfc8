/* tests/unit/recording/test_recording.c: opening recordings of every origin: ours, all-smi's, cut, empty, and none at all. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "frame_gen.h"

static int64_t at(uint64_t seq) {
    return T0 + (int64_t)seq * NS_PER_SECOND;
}

static void the_header(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        int64_t times[] = {T0, T0 + NS_PER_SECOND};
        record(file_of(c), c, times, 2, 10);
        struct reading in = reading_open(file_of(c));
        const struct recording_header *h = recording_header(in.r);
        assert_int_equal(h->interval_ns, NS_PER_SECOND);
        assert_int_equal(h->n_hosts, 1);
        assert_text(h->hosts[0], "node-07");
        assert_text(h->version, "0.1.0");
        assert_text(h->source, "local");
        assert_text(h->boot_id, "5f3c0c1e");
        assert_int_equal(h->started_ns, T0);
        struct text line = recording_header_line(in.r);
        assert_true(text_starts(line, "{\"schema\":1,\"header\":true,\"interval_ms\":1000,"));
        assert_int_equal(recording_segments(in.r), 1);
        assert_string_equal(recording_segment_path(in.r, 0), file_of(c));
        reading_close(&in);
    }
}

static void no_header(void **state) {
    (void)state;
    spill_text(file_of(CODEC_PLAIN), "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n");
    struct reading in = reading_open(file_of(CODEC_PLAIN));
    assert_int_equal(recording_header(in.r)->interval_ns, 0);
    assert_int_equal(recording_header(in.r)->n_hosts, 0);
    assert_int_equal(recording_header(in.r)->started_ns, TIME_UNKNOWN);
    assert_null(recording_header_line(in.r).at);
    YIELDS(1, cursor_first(in.c, &err));
    reading_close(&in);
}

/* The oldest segment was removed, or has none: any later one will do. */
static void the_header_of_a_later_segment(void **state) {
    (void)state;
    int64_t times[] = {T0 + 10 * NS_PER_SECOND};
    spill_text(in_folder("run.0001.ndjson"), "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n");
    record(in_folder("run.ndjson"), CODEC_PLAIN, times, 1, 10);
    struct reading in = reading_open(in_folder("run.ndjson"));
    assert_int_equal(recording_segments(in.r), 2);
    assert_int_equal(recording_header(in.r)->n_hosts, 1);
    assert_non_null(recording_header_line(in.r).at);
    reading_close(&in);
}

static void more_hosts_than_fit(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_put_text(&text, TEXT("{\"schema\":1,\"header\":true,\"interval_ms\":1000,\"hosts\":[\"n\""));
    for (unsigned i = 0; i < 99999; i++)
        buffer_put_text(&text, TEXT(",\"n\""));
    buffer_put_text(&text, TEXT("]}\n"));
    spill(file_of(CODEC_PLAIN), text.at, text.len);
    struct reading in = reading_open(file_of(CODEC_PLAIN));
    assert_int_equal(recording_header(in.r)->n_hosts, RECORDING_HOSTS_MAX);
    assert_int_equal(recording_header(in.r)->hosts_cut, 100000 - RECORDING_HOSTS_MAX);
    reading_close(&in);
    buffer_done(&text);
}

static void what_cannot_be_opened(void **state) {
    (void)state;
    struct recording *r = NULL;
    struct error err = {0};
    const char *path = in_folder("absent.ndjson");
    assert_int_equal(recording_open(&path, 1, true, &r, &err), -ERR_ABSENT);
    assert_non_null(strstr(err.text, "absent.ndjson"));
    assert_int_equal(recording_open(&path, 1, false, &r, &err), -ERR_ABSENT);
    path = in_folder("");
    assert_true(recording_open(&path, 1, false, &r, &err) < 0);
    recording_close(NULL);
    cursor_destroy(NULL);
}

static void another_schema(void **state) {
    (void)state;
    struct recording *r = NULL;
    const char *path = file_of(CODEC_PLAIN);
    static const char *const texts[] = {"{\"schema\":2,\"header\":true,\"interval_ms\":1000}\n",
        "{\"schema\":2,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n",
        "{\"gpus\":[],\"hostname\":\"node-07\",\"memory\":[],\"schema\":2,\"timestamp\":\"2026-04-18T12:00:00Z\"}\n",
        "\n{\"header\":true,\"schema\":2}\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct error err = {0};
        spill_text(path, texts[i]);
        assert_int_equal(recording_open(&path, 1, true, &r, &err), -ERR_SCHEMA);
        assert_string_equal(err.text, SCHEMA_2);
    }
}

/* A line as all-smi writes it: keys sorted, whole seconds, sentinels, no label. */
static void put_all_smi_line(struct buffer *text, unsigned i) {
    unsigned second = i / 3 * 2; /* three of each second */
    buffer_printf(text,
        "{\"chassis\":[],\"cpus\":[{\"architecture\":\"x86_64\",\"base_frequency_mhz\":0,\"cache_size_mb\":0,\"cpu_"
        "model\":\"x\","
        "\"index\":0,\"platform_type\":\"Intel\",\"utilization\":-1.0}],\"gpus\":[{\"detail\":{},\"device_type\":"
        "\"GPU\","
        "\"frequency\":0,\"name\":\"NVIDIA H200\",\"power_consumption\":-1.0,\"temperature\":0,\"total_memory\":100,"
        "\"used_memory\":%u,\"utilization\":%u.5}],\"hostname\":\"node-07\",\"memory\":[],\"processes\":[],\"schema\":"
        "1,%s"
        "\"timestamp\":\"2026-04-18T%02u:%02u:%02uZ\"}\n",
        i, i % 100,
        i % 2 ? "\"storage\":[{\"available_bytes\":9,\"index\":0,\"mount_point\":\"/\",\"total_bytes\":10}]," : "",
        12 + second / 3600, second / 60 % 60, second % 60);
}

static void recordings_of_all_smi(void **state) {
    (void)state;
    struct buffer text = {0}, bytes = {0};
    struct known k = {0};
    uint64_t random = 4;
    buffer_put_text(&text, TEXT("{\"all_smi_version\":\"0.25.0\",\"header\":true,\"hosts\":[\"node-07\"],\"interval_"
                                "ms\":3000,\"schema\":1}\n"));
    for (unsigned i = 0; i < 4000; i++) {
        put_all_smi_line(&text, i);
        if (i > 0 && i % 1000 == 0)
            buffer_printf(&text, "{\"byte_offset\":%zu,\"index\":true,\"schema\":1,\"seq\":%u}\n", text.len, i);
    }
    known_add_text(&k, text.at, text.len);
    assert_int_equal(k.n, 4000);
    for (unsigned headless = 0; headless < 2; headless++) {
        size_t from = headless ? (size_t)((char *)memchr(text.at, '\n', text.len) - text.at) + 1 : 0;
        for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
            buffer_clear(&bytes);
            if (c == CODEC_ZSTD)
                encode_zstd(text.at + from, text.len - from, &bytes);
            else if (c == CODEC_GZIP)
                encode_gzip(text.at + from, text.len - from, &bytes);
            else
                buffer_put(&bytes, text.at + from, text.len - from);
            spill(in_folder("run.ndjson"), bytes.at, bytes.len); /* whatever its name says */
            struct reading in = reading_open(in_folder("run.ndjson"));
            assert_int_equal(recording_header(in.r)->interval_ns, headless ? 0 : 3 * NS_PER_SECOND);
            struct seeking how = {.times = true, .rounds = c == CODEC_PLAIN ? 200 : 40, .far = 500};
            check_seeking(&in, &k, &how, &random);
            how = (struct seeking){.seqs = true, .rounds = 10, .far = 500}; /* counted from 0 */
            check_seeking(&in, &k, &how, &random);
            check_walking(&in, &k);
            YIELDS(1, cursor_first(in.c, &err));
            const struct frame *f = cursor_frame(in.c);
            assert_false(known_u64(f->seq));
            assert_false(known_f64(f->gpus.at[0].power_consumption));
            assert_false(known_u64(f->gpus.at[0].temperature));
            assert_false(known_f64(f->cpus.at[0].utilization));
            assert_true(f->gpus.at[0].utilization == 0.5);
            struct recording_damage d = recording_damage(in.r);
            assert_int_equal(d.rejected + d.oversized + d.undecoded + d.distrusted, 0);
            reading_close(&in);
        }
    }
    known_done(&k);
    buffer_done(&text);
    buffer_done(&bytes);
}

/* What is read and written again is the same line. */
static void lines_read_and_written_again(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(file_of(c), c);
        struct recording_writer *w = record_open(&o);
        struct frame f;
        struct buffer line = {0}, again = {0};
        uint64_t random = 20261120;
        frame_init(&f);
        for (unsigned i = 0; i < 60; i++) {
            frame_gen(&f, &random, i % 8, i % 2 == 1);
            f.wall_ns = at(i);
            OK(recording_writer_take(w, &f, &err));
            f.seq = i;
            OK(frame_write_json(&f, &line, &err));
            buffer_put_char(&line, '\n');
        }
        OK(recording_writer_close(w, &err));
        struct reading in = reading_open(file_of(c));
        YIELDS(1, cursor_first(in.c, &err));
        do {
            size_t from = again.len;
            OK(frame_write_json(cursor_frame(in.c), &again, &err));
            assert_true(text_equal(cursor_line(in.c), (struct text){again.at + from, again.len - from}));
            buffer_put_char(&again, '\n');
        } while (cursor_step(in.c, 1, NULL) == 1);
        assert_int_equal(line.len, again.len);
        assert_memory_equal(line.at, again.at, line.len);
        reading_close(&in);
        frame_done(&f);
        buffer_done(&line);
        buffer_done(&again);
    }
}

/* A window above 128 MiB is refused, not allocated; what stands behind it is read. */
static void a_window_over_the_limit(void **state) {
    (void)state;
    struct buffer out = {0};
    static const char first[] = "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":0,\"x\":1}\n";
    static const char third[] = "{\"schema\":1,\"t\":\"2026-04-18T12:00:02.000Z\",\"seq\":2,\"x\":1}\n";
    encode_zstd(first, sizeof first - 1, &out);
    size_t frame = out.len;
    /* Magic, descriptor without a content size, window descriptor for 2^(10+18), one empty raw block that is the last. */
    buffer_put(&out, "\x28\xB5\x2F\xFD\x00\x90\x01\x00\x00", 9);
    encode_zstd(third, sizeof third - 1, &out);
    spill(file_of(CODEC_ZSTD), out.at, out.len);
    struct reading in = reading_open(file_of(CODEC_ZSTD));
    YIELDS(1, cursor_first(in.c, &err));
    assert_int_equal(cursor_frame(in.c)->seq, 0);
    YIELDS(1, cursor_step(in.c, 1, &err));
    assert_int_equal(cursor_frame(in.c)->seq, 2);
    YIELDS(0, cursor_step(in.c, 1, &err));
    assert_int_equal(recording_damage(in.r).refused, 1);
    assert_int_equal(recording_damage(in.r).oversized, 0);
    reading_close(&in);
    spill(file_of(CODEC_ZSTD), out.at + frame, 9);
    in = reading_open(file_of(CODEC_ZSTD));
    YIELDS(0, cursor_first(in.c, &err));
    reading_close(&in);
    buffer_done(&out);
}

/* However long it is walked, no more than a bounded share of it is kept. */
static size_t resident_kib(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0, resident = 0;
    assert_non_null(file);
    assert_int_equal(
        fscanf(file, "%lu %lu", &pages, &resident), 2); /* NOLINT(cert-err34-c): the kernel's own numbers */
    (void)fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void a_long_recording_is_not_kept(void **state) {
    (void)state;
    enum { MANY = 250 };
    struct recording_writer_options o = options_of(file_of(CODEC_ZSTD), CODEC_ZSTD);
    struct recording_writer *w = record_open(&o);
    struct frame f;
    frame_init(&f);
    make_frame(&f, 0, T0, 1 << 20);
    for (unsigned i = 0; i < MANY; i++) { /* 250 MiB of text, all alike */
        f.wall_ns = at(i);
        OK(recording_writer_take(w, &f, &err));
    }
    OK(recording_writer_close(w, &err));
    frame_done(&f);
    size_t before = resident_kib();
    struct reading in = reading_open(file_of(CODEC_ZSTD));
    unsigned n = 1;
    YIELDS(1, cursor_first(in.c, &err));
    while (cursor_step(in.c, 1, NULL) == 1)
        n++;
    assert_int_equal(n, MANY);
    /* A sanitizer keeps what was freed for a while. */
#ifndef __SANITIZE_ADDRESS__
    assert_true(resident_kib() - before < 128 << 10);
#else
    (void)before;
#endif
    reading_close(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_header),
        TEST(no_header),
        TEST(the_header_of_a_later_segment),
        TEST(more_hosts_than_fit),
        TEST(what_cannot_be_opened),
        TEST(another_schema),
        TEST(recordings_of_all_smi),
        TEST(lines_read_and_written_again),
        TEST(a_window_over_the_limit),
        TEST(a_long_recording_is_not_kept),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
