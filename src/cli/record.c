/* cli/record.c: tacho record: one machine into a file. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/quantity.h"
#include "cli/command.h"
#include "cli/paths.h"
#include "cli/sections.h"
#include "cli/signals.h"
#include "cli/version.h"
#include "recording/spool.h"
#include "recording/writer.h"

struct values {
    struct collect_values collect;
    const char *output;
    int64_t interval_ns, duration_ns, max_age_ns, flush_ns;
    uint64_t max_size, max_files, level;
    int compress;
    bool fsync, append, force, quiet;
};

static const char *const codec_words[] = {"none", "gzip", "zstd", NULL}; /* in the order of enum codec */

static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, offsetof(struct values, output), "PATH",
        "file to write; .zst and .gz compress (default: a new file below the state directory)", .no_config = true},
    {"interval", 'i', OPTION_DURATION, offsetof(struct values, interval_ns), "SECS",
        "time between frames, at least 0.1 seconds", .initial = "3"},
    {"duration", 0, OPTION_DURATION, offsetof(struct values, duration_ns), "TIME",
        "stop after this time; 0: until a signal", .initial = "0"},
    COLLECT_OPTIONS(struct values),
    {"max-size", 0, OPTION_SIZE, offsetof(struct values, max_size), "SIZE",
        "begin a new segment when the file is larger; 0: never", .initial = "100M"},
    {"max-files", 0, OPTION_COUNT, offsetof(struct values, max_files), "N",
        "segments that stay, the active one included; the oldest goes first", .initial = "10", .least = 1,
        .most = 65536},
    {"max-age", 0, OPTION_DURATION, offsetof(struct values, max_age_ns), "TIME",
        "remove segments last written longer ago; 0: never", .initial = "0"},
    {"compress", 0, OPTION_WORD, offsetof(struct values, compress), NULL,
        "how to compress, where the file's name does not say it", .words = codec_words},
    {"level", 0, OPTION_COUNT, offsetof(struct values, level), "N", "compression level; 0: the codec's own default",
        .initial = "0", .most = 19},
    {"flush", 0, OPTION_DURATION, offsetof(struct values, flush_ns), "SECS",
        "least time between flushes; 0: every frame reaches the kernel at once", .initial = "0"},
    {"fsync", 0, OPTION_FLAG, offsetof(struct values, fsync), NULL,
        "bring every flush to the disk, not only to the kernel"},
    {"append", 0, OPTION_FLAG, offsetof(struct values, append), NULL, "continue an existing file", .no_config = true},
    {"force", 0, OPTION_FLAG, offsetof(struct values, force), NULL, "replace an existing file", .no_config = true},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct values, quiet), NULL, "no status line and no summary"},
};

static const struct example examples[] = {
    {"tacho record", "record this machine until interrupted, into a new file below ~/.local/state/tacho/recordings"},
    {"tacho record -o /var/log/tacho/run.ndjson.zst --max-size 50M --max-files 20", "keep at most 1000 MiB"},
    {"tacho record -o run.ndjson -i 0.5 --duration 10m --include cpu,memory",
        "plain text, twice a second, ten minutes"},
    {"tacho record -o run.ndjson.zst --append", "go on where a recording ended, also after a crash"},
    {NULL, NULL},
};

struct session {
    const struct values *values;
    const char *path;
    struct collect *collect;
    struct recording_writer *writer;
    struct frame frame;
    struct json_parser *parser; /* of marks */
    int64_t started_mono_ns;
    uint64_t skipped; /* cycles that came too late */
    bool on_terminal, told_trouble, told_hindrance, told_marks;
};

static int choose_codec(const struct values *v, const struct invocation *in, enum codec *ret, struct error *err) {
    bool asked = in->given & option_bit(&record_command, offsetof(struct values, compress));
    enum codec wanted = asked ? (enum codec)v->compress : CODEC_ZSTD;
    enum codec named = v->output ? codec_by_extension(v->output) : wanted;
    if (asked && named != wanted)
        return error_set(err, ERR_USAGE,
            "--compress %s does not go with the name %s: leave --compress out, or name the file …ndjson%s",
            codec_name(wanted), v->output, codec_extension(wanted));
    *ret = named;
    return 0;
}

static int check(const struct values *v, struct error *err) {
    char shown[QUANTITY_LEN];
    if (v->interval_ns < NS_PER_SECOND / 10)
        return error_set(err, ERR_USAGE, "--interval: at least 0.1 seconds");
    if (v->interval_ns > 86400 * NS_PER_SECOND)
        return error_set(err, ERR_USAGE, "--interval: at most a day, not %s", quantity_duration(v->interval_ns, shown));
    if (v->append && v->force)
        return error_set(err, ERR_USAGE, "--append and --force contradict each other: choose one");
    if (v->output && (v->output[0] == '\0' || text_is(text_of(v->output), "-")))
        return error_set(err, ERR_USAGE, "--output takes a file; for a stream see 'tacho snapshot --format ndjson'");
    return 0;
}

static void show_status(const struct session *s, bool last) {
    char elapsed[QUANTITY_LEN], text[QUANTITY_LEN], file[QUANTITY_LEN], path[300];
    struct recording_writer_facts f = recording_writer_facts(s->writer);
    if (s->values->quiet || (!s->on_terminal && !last))
        return;
    (void)fprintf(stderr, "%s%s %s | %" PRIu64 " frames | %s -> %s | %.1f s | %" PRIu64 " errors",
        s->on_terminal ? "\r\033[K" : "",
        f.troubled ? "STUCK"
        : last     ? "END"
                   : "REC",
        quantity_duration(clock_mono_ns() - s->started_mono_ns, elapsed), f.frames, quantity_size(f.text_bytes, text),
        quantity_size(f.file_bytes, file), (double)s->values->interval_ns / 1e9, f.errors);
    if (f.lost > 0)
        (void)fprintf(stderr, " | %" PRIu64 " LOST", f.lost);
    if (s->skipped > 0)
        (void)fprintf(stderr, " | %" PRIu64 " skipped", s->skipped);
    (void)fprintf(stderr, " | %s%s", text_printable(text_of(s->path), path, sizeof path), last ? "\n" : "");
}

/* Says once that writing fails, and once that it works again; and once that the file could not be rotated as it should. */
static void tell_trouble(struct session *s) {
    struct recording_writer_facts f = recording_writer_facts(s->writer);
    bool hindered = f.hindered && !s->told_hindrance;
    if (f.troubled == s->told_trouble && !hindered)
        return;
    if (s->on_terminal && !s->values->quiet)
        (void)fputc('\n', stderr);
    if (hindered)
        (void)complain(&record_command, 1, "%s", f.hindrance.text);
    s->told_hindrance = s->told_hindrance || hindered;
    if (f.troubled == s->told_trouble)
        return;
    s->told_trouble = f.troubled;
    if (f.troubled)
        (void)complain(&record_command, 1, "%s; recording goes on as soon as it can", f.trouble.text);
    else
        (void)complain(&record_command, 1, "writing works again, %" PRIu64 " frames were lost", f.lost);
}

/* What `tacho mark` left for us goes into the recording. */
static int take_marks(struct session *s, struct error *err) {
    struct buffer left = {0};
    struct arena arena = {0};
    int r = spool_take(s->path, &left, err);
    struct text rest = {left.at, left.len}, line;
    while (r == 0 && rest.len > 0 && text_cut(&rest, '\n', &line)) {
        int64_t wall_ns = 0;
        struct text mark = line_parse_mark(s->parser, line.at, line.len, &arena, &wall_ns);
        if (mark.at)
            r = recording_writer_mark(s->writer, wall_ns, mark, err);
    }
    buffer_done(&left);
    arena_done(&arena);
    return r;
}

/* A mark is not worth the recording: what is wrong with them is said once. */
static void tell_marks(struct session *s) {
    struct error err;
    bool fine = take_marks(s, &err) == 0;
    if (!fine && !s->told_marks)
        (void)complain_error(&record_command, &err);
    s->told_marks = !fine;
}

static int cycle(struct session *s, struct error *err) {
    tell_marks(s);
    int r = collect_sample(s->collect, &s->frame, err);
    if (r == 0)
        r = recording_writer_take(s->writer, &s->frame, err);
    if (r == 0)
        tell_trouble(s);
    return r;
}

/* Frames on an absolute schedule: a late cycle is skipped and counted, never stacked up. */
static int run_schedule(struct session *s, struct error *err) {
    const struct values *v = s->values;
    int64_t start = clock_mono_ns();
    s->started_mono_ns = start;
    for (int64_t n = 0;;) {
        int64_t due = start + n * v->interval_ns;
        if (v->duration_ns > 0 && due >= start + v->duration_ns) {
            (void)signals_wait(start + v->duration_ns);
            return 0;
        }
        if (signals_wait(due))
            return 0;
        int r = cycle(s, err);
        if (r < 0)
            return r;
        show_status(s, false);
        int64_t next = (clock_mono_ns() - start) / v->interval_ns + 1;
        s->skipped += (uint64_t)(next - n - 1);
        n = next;
    }
}

static struct text read_boot_id(const char *procfs, char out[64]) {
    char path[PATH_LEN];
    (void)snprintf(path, sizeof path, "%s/sys/kernel/random/boot_id", procfs);
    ssize_t n = file_read_at(AT_FDCWD, path, out, 64, NULL);
    return n <= 0 ? (struct text){NULL, 0} : text_trim((struct text){out, (size_t)n});
}

static int open_writer(struct session *s, enum codec codec, struct text *host, struct text boot_id, struct error *err) {
    const struct values *v = s->values;
    struct recording_writer_options o = {
        .file = {.path = s->path,
            .codec = codec,
            .level = (int)v->level,
            .mode = v->append  ? LINE_WRITER_APPEND
                    : v->force ? LINE_WRITER_REPLACE
                               : LINE_WRITER_CREATE,
            .max_files = (unsigned)v->max_files,
            .max_age_ns = v->max_age_ns,
            .fsync = v->fsync},
        .max_bytes = v->max_size,
        .flush_ns = v->flush_ns,
        .header = {.interval_ns = v->interval_ns,
            .hosts = host,
            .n_hosts = 1,
            .version = TEXT(TACHO_VERSION),
            .source = TEXT("local"),
            .started_ns = clock_wall_ns(),
            .boot_id = boot_id},
    };
    int r = recording_writer_open(&o, &s->writer, err);
    struct stat info;
    if (r == -ERR_EXISTS && !v->append && !v->force && lstat(s->path, &info) == 0 && S_ISREG(info.st_mode))
        return error_set(err, ERR_EXISTS, "%s exists: use --append to continue it, or --force to replace it", s->path);
    return r;
}

static int record(struct session *s, enum codec codec, const struct collect_options *o, struct error *err) {
    char host[256] = "", boot_id[64] = "";
    struct text hosts = text_of(paths_host(host));
    signals_catch();
    int r = open_writer(s, codec, &hosts, read_boot_id(o->roots.procfs, boot_id), err);
    if (r == 0)
        r = json_parser_create(&s->parser, err);
    if (r == 0)
        r = collect_open(collectors, o, &s->collect, err);
    frame_init(&s->frame);
    if (r == 0)
        r = run_schedule(s, err);
    if (r == 0)
        tell_marks(s); /* those left since the last frame */
    if (r == 0)
        r = recording_writer_flush(s->writer, err); /* for the sizes of the last status line */
    if (s->writer) {
        if (r == 0)
            show_status(s, true);
        int closed = recording_writer_close(s->writer, r < 0 ? NULL : err);
        r = r < 0 ? r : closed;
    }
    unsigned hanging = collect_close(s->collect);
    if (hanging > 0)
        (void)complain(
            &record_command, 0, "%u reader%s at the end, and left behind", hanging, hanging == 1 ? " hung" : "s hung");
    frame_done(&s->frame);
    json_parser_destroy(s->parser);
    return r;
}

static int run(void *values, const struct invocation *in) {
    const struct values *v = values;
    struct error err = {0};
    struct collect_options o = {0};
    enum codec codec = CODEC_ZSTD;
    char path[PATH_LEN];
    int r = check(v, &err);
    if (r == 0)
        r = choose_codec(v, in, &codec, &err);
    if (r == 0)
        r = collect_values_read(&v->collect, &o, &err);
    if (r == 0 && !v->output)
        r = paths_new_recording(codec, path, &err);
    if (r < 0)
        return complain_error(&record_command, &err);
    struct session s = {.values = v, .path = v->output ? v->output : path, .on_terminal = isatty(STDERR_FILENO)};
    r = record(&s, codec, &o, &err);
    return r < 0 ? complain_error(&record_command, &err) : 0;
}

const struct command record_command = {
    .name = "record",
    .summary = "record this machine into a file",
    .takes = "",
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details =
        "Writes one frame per interval: everything known about the machine at that moment, as one line of JSON. Every "
        "frame reaches the kernel as soon as it is made; after kill -9 at any moment the file is readable up to the "
        "last "
        "frame.\n\n"
        "When the file grows past --max-size it is renamed to PATH with a number before its extensions, and a new one "
        "is "
        "begun; of these segments --max-files stay.\n\n"
        "SIGINT, SIGTERM and SIGHUP finish the file and end the program with status 0. A full disk does not end it: "
        "frames that could not be written are counted, a frame says so as soon as writing works again, and the status "
        "is "
        "1 in the end.",
    .examples = examples,
    .run = run,
};
