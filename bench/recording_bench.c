/* bench/recording_bench.c: makes long recordings out of real frames, and times writing, decoding, opening and seeking. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "collect/collect.h"
#include "recording/cursor.h"
#include "recording/scan.h"
#include "recording/writer.h"

static void die(const struct error *err) {
    (void)fprintf(stderr, "recording_bench: %s\n", err->text);
    exit(1);
}

static uint64_t random_state = 88172645463325252U;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A random walk between bounds, in hundredths as readings are. */
static double walk(double v, double low, double high, double step) {
    double unit = (double)(next_random() >> 11) * 0x1p-53;
    v = (known_f64(v) ? v : (low + high) / 2) + (unit - 0.5) * 2 * step;
    return number_round(v < low ? low : v > high ? high : v, 2);
}

static void move_counter(uint64_t *counter, uint64_t most) {
    if (known_u64(*counter))
        *counter += next_random() % most;
}

/* One GPU, made up: machines without one should make the same recording. */
static void add_gpu(struct frame *f) {
    struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
    if (!g)
        return;
    g->uuid = TEXT("GPU-5f3c0c1e-1d2e-4a6b-9c8d-0e1f2a3b4c5d");
    g->name = TEXT("NVIDIA H200");
    g->device_type = TEXT("GPU");
    g->host_id = g->hostname = g->instance = f->hostname;
    g->total_memory = UINT64_C(150754820096);
    g->used_memory = UINT64_C(81604378624);
    g->temperature = 61;
    g->frequency = 1980;
    g->index = 0;
    g->vendor = TEXT("nvidia");
    g->detail.asked = true;
    frame_add_detail(&f->arena, &g->detail.list, TEXT("Driver Version"), TEXT("570.124.06"));
}

static void move(struct frame *f, int64_t wall_ns) {
    static char time_text[CLOCK_LOCAL_LEN];
    struct text time = {time_text, CLOCK_LOCAL_LEN};
    f->wall_ns = wall_ns;
    clock_format_local(wall_ns, time_text);
    for (size_t i = 0; i < f->gpus.n; i++) {
        struct gpu *g = &f->gpus.at[i];
        g->time = time;
        g->utilization = walk(g->utilization, 0, 100, 4);
        g->power_consumption = walk(g->power_consumption, 90, 700, 12);
        g->temperature = (uint64_t)walk((double)g->temperature, 35, 85, 1);
        g->used_memory += (next_random() % 3) * 2097152;
        g->used_memory = g->used_memory > g->total_memory ? g->total_memory / 2 : g->used_memory;
        g->energy_joules =
            known_f64(g->energy_joules) ? number_round(g->energy_joules + g->power_consumption * 3, 2) : 0;
    }
    for (size_t i = 0; i < f->cpus.n; i++) {
        struct cpu *c = &f->cpus.at[i];
        c->time = time;
        c->utilization = walk(c->utilization, 0, 100, 5);
        c->user = walk(c->user, 0, 90, 5);
        c->system = walk(c->system, 0, 20, 1);
        c->load_1 = walk(c->load_1, 0, 8, 0.3);
        c->uptime_seconds = known_f64(c->uptime_seconds) ? number_round(c->uptime_seconds + 3, 2) : 3;
        move_counter(&c->context_switches, 9000);
        move_counter(&c->interrupts, 5000);
        move_counter(&c->forks, 4);
        for (size_t k = 0; k < c->per_core_utilization.n; k++)
            c->per_core_utilization.at[k].utilization = walk(c->per_core_utilization.at[k].utilization, 0, 100, 8);
    }
    for (size_t i = 0; i < f->memory.n; i++) {
        struct memory *m = &f->memory.at[i];
        m->time = time;
        m->free_bytes = m->free_bytes > 1 << 20 ? m->free_bytes - next_random() % 3 * 4096 : m->total_bytes / 2;
        move_counter(&m->page_faults_major, 2);
    }
    for (size_t i = 0; i < f->networks.n; i++) {
        move_counter(&f->networks.at[i].rx_bytes, 100000);
        move_counter(&f->networks.at[i].tx_bytes, 50000);
        move_counter(&f->networks.at[i].rx_packets, 100);
        move_counter(&f->networks.at[i].tx_packets, 80);
    }
    for (size_t i = 0; i < f->processes.n; i++) {
        struct process *p = &f->processes.at[i];
        if (next_random() % 8 == 0) {
            p->cpu_percent = walk(p->cpu_percent, 0, 100, 3);
            p->memory_rss += next_random() % 5 * 4096;
        }
    }
}

/* make FILE FRAMES SECTIONS: real frames of this machine with plausible movement, one per 3 s from 2026-04-18 00:00 UTC. */
static int make(const char *path, uint64_t frames, bool processes, bool finish) {
    struct error err = {0};
    struct collect_options co = {.roots = {"/proc", "/sys", "/"}, .processes = PROCESSES_ALL};
    co.sections =
        1U << SECTION_CPU | 1U << SECTION_MEMORY | 1U << SECTION_NETWORK | (processes ? 1U << SECTION_PROCESS : 0U);
    struct collect *collect = NULL;
    struct frame f;
    frame_init(&f);
    if (collect_open(collectors, &co, &collect, &err) < 0 || collect_sample(collect, &f, &err) < 0)
        die(&err);
    (void)usleep(100000);
    if (collect_sample(collect, &f, &err) < 0)
        die(&err);
    add_gpu(&f);
    struct text host = f.hostname;
    struct recording_writer *w = NULL;
    struct recording_writer_options o = {
        .file = {.path = path, .codec = codec_by_extension(path), .mode = LINE_WRITER_REPLACE},
        .header = {.interval_ns = 3 * NS_PER_SECOND,
            .hosts = &host,
            .n_hosts = 1,
            .version = TEXT("bench"),
            .source = TEXT("local"),
            .started_ns = TIME_UNKNOWN},
    };
    if (recording_writer_open(&o, &w, &err) < 0)
        die(&err);
    int64_t start = clock_mono_ns(), wall_ns = INT64_C(1776470400) * NS_PER_SECOND;
    for (uint64_t i = 0; i < frames; i++) {
        move(&f, wall_ns + (int64_t)i * 3 * NS_PER_SECOND);
        if (recording_writer_take(w, &f, &err) < 0)
            die(&err);
    }
    struct recording_writer_facts facts = recording_writer_facts(w);
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    if (!finish)
        _exit(0); /* as if killed */
    if (recording_writer_close(w, &err) < 0)
        die(&err);
    (void)printf("make %" PRIu64 " frames %.0f MiB text %.0f MiB file %.2f s %.0f MB/s %.0f bytes/frame\n", frames,
        (double)facts.text_bytes / 0x1p20, (double)facts.file_bytes / 0x1p20, seconds,
        (double)facts.text_bytes / 1e6 / seconds, (double)facts.file_bytes / (double)frames);
    frame_done(&f);
    (void)collect_close(collect);
    return 0;
}

/* encode FILE: serialise and compress the frames of a recording again, into /dev/null's place: a file that is removed. */
static int encode(const char *path) {
    struct error err = {0};
    struct recording *r = NULL;
    struct cursor *c = NULL;
    enum { HELD = 200 };
    static struct frame frames[HELD];
    static struct json_parser *parser;
    if (recording_open(&path, 1, true, &r, &err) < 0 || cursor_create(r, &c, &err) < 0 || cursor_first(c, &err) < 0 ||
        json_parser_create(&parser, &err) < 0)
        die(&err);
    for (unsigned i = 0; i < HELD; i++) {
        struct json_value root;
        struct text line = cursor_line(c);
        frame_init(&frames[i]);
        if (json_parse(parser, line.at, line.len, false, &root, &err) < 0 ||
            frame_parse_json(root, &frames[i], &err) < 0 || cursor_step(c, 1, &err) < 0)
            die(&err);
    }
    char out[] = "/tmp/recording_bench.XXXXXX.zst";
    int fd = mkstemps(out, 4);
    if (fd < 0)
        return 1;
    (void)close(fd);
    struct recording_writer *w = NULL;
    struct recording_writer_options o = {
        .file = {.path = out, .codec = CODEC_ZSTD, .mode = LINE_WRITER_REPLACE}, .header = {.version = TEXT("bench")}};
    if (recording_writer_open(&o, &w, &err) < 0)
        die(&err);
    int64_t start = clock_mono_ns();
    unsigned rounds = 0;
    while (clock_mono_ns() - start < 3 * NS_PER_SECOND) {
        for (unsigned i = 0; i < HELD; i++)
            if (recording_writer_take(w, &frames[i], &err) < 0)
                die(&err);
        rounds++;
    }
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    struct recording_writer_facts facts = recording_writer_facts(w);
    struct buffer json = {0};
    start = clock_mono_ns();
    uint64_t bytes = 0;
    for (unsigned k = 0; k < rounds; k++) {
        for (unsigned i = 0; i < HELD; i++) {
            buffer_clear(&json);
            if (frame_write_json(&frames[i], &json, &err) < 0)
                die(&err);
            bytes += json.len;
        }
    }
    double serialise = (double)(clock_mono_ns() - start) / 1e9;
    (void)printf("encode %.0f MB/s of text serialised, compressed and flushed per frame; serialised alone %.0f MB/s\n",
        (double)facts.text_bytes / 1e6 / seconds, (double)bytes / 1e6 / serialise);
    if (recording_writer_close(w, &err) < 0)
        die(&err);
    (void)unlink(out);
    return 0;
}

/* decode FILE: every frame of it, parsed. */
static int decode(const char *path) {
    struct error err = {0};
    struct line_file *file = NULL;
    struct line_reader *reader = NULL;
    struct json_parser *parser = NULL;
    struct line line;
    struct frame f;
    frame_init(&f);
    for (unsigned parse = 0; parse < 3; parse++) {
        if (line_file_open(path, &file, &err) < 0 || line_reader_create(file, &reader, &err) < 0 ||
            json_parser_create(&parser, &err) < 0)
            die(&err);
        int64_t start = clock_mono_ns();
        uint64_t bytes = 0, frames = 0;
        int code;
        while ((code = line_reader_next(reader, &line, &err)) == 1 && bytes < (UINT64_C(2) << 30)) {
            struct json_value root;
            bytes += line.size;
            if (parse > 0 && json_parse(parser, line.at, line.len, true, &root, &err) < 0)
                die(&err);
            frames += parse > 1 && frame_parse_json(root, &f, NULL) == 0;
        }
        if (code < 0)
            die(&err);
        double seconds = (double)(clock_mono_ns() - start) / 1e9;
        static const char *const names[] = {"lines", "lines and JSON", "frames"};
        (void)printf("decode %s: %.0f MB/s of text, %.2f s, %" PRIu64 " frames\n", names[parse],
            (double)bytes / 1e6 / seconds, seconds, frames);
        line_reader_destroy(reader);
        line_file_close(file);
        json_parser_destroy(parser);
    }
    frame_done(&f);
    return 0;
}

static double ms_since(int64_t start) {
    return (double)(clock_mono_ns() - start) / 1e6;
}

/* seek FILE: open to first frame, then seeks at shares of the time, each followed by a step back. */
static int seek(const char *path) {
    struct error err = {0};
    struct recording *r = NULL;
    struct cursor *c = NULL;
    int64_t start = clock_mono_ns();
    if (recording_open(&path, 1, true, &r, &err) < 0 || cursor_create(r, &c, &err) < 0 || cursor_first(c, &err) < 0)
        die(&err);
    double open_ms = ms_since(start);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    int64_t first_ns = cursor_time(c);
    (void)printf("open to first frame %.2f ms, %ld KiB resident\n", open_ms, usage.ru_maxrss);
    start = clock_mono_ns();
    if (cursor_last(c, &err) < 0)
        die(&err);
    int64_t last_ns = cursor_time(c);
    (void)printf("to the last frame %.2f ms\n", ms_since(start));
    for (int percent = 1; percent < 100; percent += 14) {
        start = clock_mono_ns();
        if (cursor_seek_time(c, first_ns + (last_ns - first_ns) / 100 * percent + 1, &err) < 0)
            die(&err);
        double seek_ms = ms_since(start);
        start = clock_mono_ns();
        if (cursor_step(c, -1, &err) < 0)
            die(&err);
        (void)printf("seek to %d %%: %.2f ms, step back %.2f ms\n", percent, seek_ms, ms_since(start));
    }
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("in the end %ld KiB resident\n", usage.ru_maxrss);
    cursor_destroy(c);
    recording_close(r);
    return 0;
}

int main(int argc, char **argv) {
    if (argc >= 4 && strncmp(argv[1], "make", 4) == 0)
        return make(argv[2], strtoull(argv[3], NULL, 10), argc > 4 && strcmp(argv[4], "processes") == 0,
            strcmp(argv[1], "make-killed") != 0);
    if (argc == 3 && strcmp(argv[1], "encode") == 0)
        return encode(argv[2]);
    if (argc == 3 && strcmp(argv[1], "decode") == 0)
        return decode(argv[2]);
    if (argc == 3 && strcmp(argv[1], "seek") == 0)
        return seek(argv[2]);
    (void)fprintf(
        stderr, "usage: recording_bench make|make-killed FILE FRAMES [processes] | encode|decode|seek FILE\n");
    return 2;
}
