/* cli/mark.c: tacho mark: writes a remark into a recording, also one that is being made. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/paths.h"
#include "cli/version.h"
#include "linefile/reader.h"
#include "recording/spool.h"
#include "recording/writer.h"

struct values {
    bool quiet;
};

static const struct option_spec options[] = {
    {"quiet", 'q', OPTION_FLAG, offsetof(struct values, quiet), NULL, "do not say where the mark went"},
};

static const struct example examples[] = {
    {"tacho mark \"deploy v2\"", "into the newest recording of the state directory"},
    {"tacho mark \"deploy v2\" /var/log/tacho/run.ndjson.zst", "into this one, whether it is being recorded or not"},
    {NULL, NULL},
};

enum { MARK_MAX = 4096 };

/* The codec that the file is in, whatever its name says. */
static int codec_of(const char *path, enum codec *ret, struct error *err) {
    struct line_file *file = NULL;
    struct line_file_facts facts;
    int r = line_file_open(path, &file, err);
    if (r == 0)
        r = line_file_facts(file, &facts, err);
    if (r == 0)
        *ret = facts.codec;
    line_file_close(file);
    return r;
}

/* Nobody is writing the file: the mark is appended here. */
static int append(const char *path, struct text mark, struct error *err) {
    struct recording_writer *w = NULL;
    struct recording_writer_options o = {
        .file = {.path = path, .mode = LINE_WRITER_APPEND},
        .header = {.version = TEXT(TACHO_VERSION), .source = TEXT("local"), .started_ns = TIME_UNKNOWN},
    };
    int r = codec_of(path, &o.file.codec, err);
    if (r == 0)
        r = recording_writer_open(&o, &w, err);
    if (r == 0)
        r = recording_writer_mark(w, clock_wall_ns(), mark, err);
    int closed = recording_writer_close(w, r < 0 ? NULL : err);
    return r < 0 ? r : closed;
}

static int leave(const char *path, struct text mark, struct error *err) {
    struct buffer line = {0};
    line_put_mark(&line, clock_wall_ns(), mark);
    int r = buffer_status(&line, err);
    if (r == 0)
        r = spool_leave(path, (struct text){line.at, line.len}, err);
    buffer_done(&line);
    return r;
}

static int run(void *values, const struct invocation *in) {
    const struct values *v = values;
    struct error err = {0};
    char newest[PATH_LEN], shown[300];
    const char *path = in->n_args > 1 ? in->args[1] : newest;
    struct text mark = text_of(in->args[0]);
    bool recorder = false;
    int r = 0;
    if (mark.len == 0 || mark.len > MARK_MAX || !text_is_utf8(mark))
        r = error_set(&err, ERR_USAGE, "a mark is 1 to %d bytes of UTF-8 text", MARK_MAX);
    if (r == 0 && in->n_args < 2)
        r = paths_newest_recording(newest, &err);
    if (r == 0)
        r = spool_wanted(path, &recorder, &err);
    if (r == 0)
        r = recorder ? leave(path, mark, &err) : append(path, mark, &err);
    if (r < 0)
        return complain_error(&mark_command, &err);
    if (!v->quiet)
        (void)printf("%s %s\n", recorder ? "left for the recorder of" : "marked in",
            text_printable(text_of(path), shown, sizeof shown));
    return 0;
}

const struct command mark_command = {
    .name = "mark",
    .summary = "write a remark into a recording",
    .takes = "TEXT [FILE]",
    .min_args = 1,
    .max_args = 2,
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details = "Adds a line with the present time and the text. Replay shows it, and jumps to it. A recording that is "
               "being made "
               "gets it with its next frame: the mark waits in FILE.marks until the recorder takes it.\n\n"
               "Into a plain recording that nobody writes, 'echo' can do the same: a line "
               "{\"schema\":1,\"t\":\"2026-04-18T12:00:00Z\",\"mark\":\"deploy v2\"} is a mark.",
    .examples = examples,
    .run = run,
};
