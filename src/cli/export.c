/* cli/export.c: tacho export: a stretch of a recording as lines or as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "frame/columns.h"
#include "recording/cursor.h"
#include "recording/follow.h"
#include "recording/join.h"
#include "recording/timecode.h"

struct values {
    const char *from, *to, *fields, *host, *output;
    int64_t step_ns;
    int format;
    bool no_chain, follow;
};

enum format { FORMAT_NDJSON, FORMAT_CSV };
static const char *const format_words[] = {"ndjson", "csv", NULL};

static const struct option_spec options[] = {
    {"from", 0, OPTION_TEXT, offsetof(struct values, from), "TIME",
        "first moment to export: " TIMECODE_TAKES " (+ from the start, - from the end)", .no_config = true},
    {"to", 0, OPTION_TEXT, offsetof(struct values, to), "TIME",
        "last moment to export; +5m is from the first one, -30s from the end", .no_config = true},
    {"step", 0, OPTION_DURATION, offsetof(struct values, step_ns), "TIME", "one frame per step; 0: all", .initial = "0",
        .no_config = true},
    {"fields", 0, OPTION_TEXT, offsetof(struct values, fields), "FIELDS",
        "only these, as gpus.utilization,cpus.load_1,networks.rx_bytes/s (see 'tacho help fields')", .no_config = true},
    {"host", 0, OPTION_TEXT, offsetof(struct values, host), "NAME", "only what belongs to this host",
        .no_config = true},
    {"format", 'f', OPTION_WORD, offsetof(struct values, format), NULL,
        "ndjson: a recording again, or small objects with --fields; csv: rows", .words = format_words,
        .initial = "ndjson"},
    {"output", 'o', OPTION_TEXT, offsetof(struct values, output), "PATH", "a file instead of standard output",
        .no_config = true},
    {"no-chain", 0, OPTION_FLAG, offsetof(struct values, no_chain), NULL,
        "this file alone, without the other segments of its recording", .no_config = true},
    {"follow", 'F', OPTION_FLAG, offsetof(struct values, follow), NULL,
        "go on with what is still being written, across rotation, until interrupted", .no_config = true},
};

static const struct example examples[] = {
    {"tacho export run.ndjson.zst --from @14:30 --to @14:35 -o incident.ndjson",
        "five minutes, as a recording of its own"},
    {"tacho export run.ndjson.zst -f csv --fields cpus.utilization,memory.utilization", "a table over time"},
    {"tacho export run.ndjson.zst -f csv --fields networks.name,networks.rx_bytes/s --step 1m",
        "rates, one row a minute"},
    {"tacho export run.ndjson.zst --from -10s --follow | jq .cpus[0].utilization",
        "the last ten seconds, and on as it happens"},
    {NULL, NULL},
};

struct session {
    const struct values *values;
    struct output out;
    struct columns columns;
    struct frame kept, before; /* a frame cut to one host; the one that rates are taken against */
    struct json_parser *parser;
    int64_t from_ns, to_ns;
    int64_t base_ns, next_ns; /* where steps are counted from; the step's next moment */
    bool has_before, met_host;
};

/* +5m is from `start`, -30s from `end`, of which each makes sense. */
static int parse_moment(
    const char *typed, int64_t start_ns, int64_t first_ns, int64_t end_ns, int64_t *ret, struct error *err) {
    bool back = text_starts(text_trim(text_of(typed)), "-");
    return timecode_parse(text_of(typed), first_ns, end_ns, back ? end_ns : start_ns, ret, err);
}

/* 1; 0 when there is no frame (yet). Without --from and --to everything goes, also what a stepping clock put out of order. */
static int parse_span(struct session *s, struct cursor *c, struct error *err) {
    const struct values *v = s->values;
    int64_t first_ns = clock_wall_ns(), last_ns = first_ns;
    int r = cursor_last(c, err);
    if (r == 1) {
        last_ns = cursor_time(c);
        r = cursor_first(c, err);
    }
    if (r < 0)
        return r;
    if (r == 1)
        first_ns = cursor_time(c);
    s->from_ns = INT64_MIN;
    s->to_ns = INT64_MAX;
    if (v->from && parse_moment(v->from, first_ns, first_ns, last_ns, &s->from_ns, err) < 0)
        return error_wrap(err, -ERR_USAGE, "--from");
    s->base_ns = v->from ? s->from_ns : first_ns;
    if (v->to && parse_moment(v->to, s->base_ns, first_ns, last_ns, &s->to_ns, err) < 0)
        return error_wrap(err, -ERR_USAGE, "--to");
    if (v->from && v->to && s->to_ns < s->from_ns)
        return error_set(err, ERR_USAGE, "--to is before --from");
    s->next_ns = s->base_ns;
    return r;
}

/* A frame goes out when it reaches the step's next moment, or when the clock went back. Marks always do. */
static bool wanted(struct session *s, int64_t wall_ns) {
    int64_t step_ns = s->values->step_ns;
    if (step_ns <= 0)
        return true;
    if (wall_ns < s->next_ns && wall_ns >= s->next_ns - step_ns)
        return false;
    int64_t since = wall_ns - s->base_ns;
    s->next_ns = s->base_ns + (since / step_ns + (since >= 0 || since % step_ns == 0)) * step_ns;
    return true;
}

static int copy_frame(struct session *s, struct text line, struct frame *to, struct error *err) {
    struct join_damage broken; /* the cursor has counted them */
    return join_lines(s->parser, line, to, &broken, err);
}

static int put_frame(struct session *s, const struct frame *f, struct text line, struct error *err) {
    const struct values *v = s->values;
    int r = 0;
    if (v->host) {
        r = copy_frame(s, line, &s->kept, err);
        if (r < 0 || !frame_keep_host(&s->kept, text_of(v->host)))
            return r;
        s->met_host = true;
        f = &s->kept;
    }
    if (v->format == FORMAT_CSV) {
        columns_rows(&s->columns, s->has_before ? &s->before : NULL, f, &s->out.held);
        if (r == 0)
            r = copy_frame(s, line, &s->before, err);
        s->has_before = true;
    } else {
        if (v->fields)
            columns_json(&s->columns, f, &s->out.held);
        else if (v->host)
            r = frame_write_json(f, &s->out.held, err);
        else
            buffer_put_text(&s->out.held, line);
        buffer_put_char(&s->out.held, '\n');
    }
    return r < 0 ? r : output_flush(&s->out, s->values->follow, err);
}

static int put_line(
    struct session *s, enum recording_line kind, const struct frame *f, struct text line, struct error *err) {
    bool table = s->values->format == FORMAT_CSV || s->values->fields;
    if (kind == RECORDING_FRAME)
        return wanted(s, f->wall_ns) ? put_frame(s, f, line, err) : 0;
    if (table)
        return 0;
    buffer_put_text(&s->out.held, line);
    buffer_put_char(&s->out.held, '\n');
    return output_flush(&s->out, s->values->follow, err);
}

/* To the first frame that is wanted, and back to the marks just before it. */
static int begin_span(const struct session *s, struct cursor *c, struct error *err) {
    if (!s->values->from) {
        cursor_stop_at_marks(c, true);
        return cursor_first(c, err);
    }
    int r = cursor_seek_time(c, s->from_ns, err);
    cursor_stop_at_marks(c, true);
    if (r == 1)
        while ((r = cursor_step(c, -1, err)) == 1)
            if (cursor_kind(c) != RECORDING_MARK || cursor_time(c) < s->from_ns)
                return cursor_step(c, 1, err);
    return r < 0 ? r : 1;
}

static int export_span(struct session *s, struct cursor *c, struct error *err) {
    int r = begin_span(s, c, err);
    while (r == 1 && !signals_ended()) {
        int64_t wall_ns = cursor_time(c);
        if (wall_ns > s->to_ns && cursor_kind(c) == RECORDING_FRAME)
            break;
        r = wall_ns < s->from_ns || wall_ns > s->to_ns
                ? 0
                : put_line(s, cursor_kind(c), cursor_frame(c), cursor_line(c), err);
        if (r == 0)
            r = cursor_step(c, 1, err);
    }
    return r < 0 ? r : 0;
}

/* What comes behind the last frame that was there when the recording was opened. */
static int export_growth(struct session *s, const char *path, struct error *err) {
    struct follow *f = NULL;
    struct followed line;
    int r = follow_open(path, &f, err);
    while (r >= 0) {
        r = follow_next(f, &line, err);
        if (r == 0 && signals_wait(clock_mono_ns() + FOLLOW_POLL_NS))
            break;
        if (r == 1 && line.head.wall_ns >= s->from_ns && line.head.wall_ns > s->to_ns && s->values->to)
            break;
        if (r != 1 || line.head.wall_ns < s->from_ns)
            continue;
        if (line.head.kind == RECORDING_FRAME && copy_frame(s, line.text, &s->kept, err) < 0)
            continue; /* a broken frame is passed over */
        r = put_line(s, line.head.kind, &s->kept, line.text, err);
    }
    follow_close(f);
    return r < 0 ? r : 0;
}

/* The file that is exported must not be replaced by a part of itself. */
static int refuse_itself(const struct recording *r, const char *output, struct error *err) {
    struct stat there, segment;
    if (!output || stat(output, &there) != 0 || !S_ISREG(there.st_mode))
        return 0;
    for (size_t i = 0; i < recording_segments(r); i++)
        if (stat(recording_segment_path(r, i), &segment) == 0 && segment.st_dev == there.st_dev &&
            segment.st_ino == there.st_ino)
            return error_set(err, ERR_USAGE, "--output: %s is the recording itself", output);
    return 0;
}

static void tell_damage(const struct recording_damage *d, bool follows) {
    if (d->rejected + d->oversized + d->undecoded > 0)
        (void)complain(&export_command, 0,
            "passed over %" PRIu64 " broken or oversized lines and %" PRIu64 " stretches that do not decode",
            d->rejected + d->oversized, d->undecoded);
    if (d->incomplete > 0)
        (void)complain(&export_command, 0, "parts of %" PRIu64 " frames are missing", d->incomplete);
    if (d->refused > 0)
        (void)complain(&export_command, 0, "refused %" PRIu64 " stretches that want a zstd window over %d MiB",
            d->refused, 1 << (LINE_WINDOW_LOG_MAX - 20));
    if (d->torn > 0 && !follows)
        (void)complain(&export_command, 0,
            "%" PRIu64
            " of the recording's files ends in the middle of a line or of a compressed stream: what wrote it "
            "was killed, or writes still",
            d->torn);
    if (d->missing > 0)
        (void)complain(
            &export_command, 0, "%" PRIu64 " segments were removed, replaced or cut short meanwhile", d->missing);
}

static int export_recording(struct session *s, const struct invocation *in, struct error *err) {
    struct recording *recording = NULL;
    struct cursor *c = NULL;
    const struct values *v = s->values;
    int r = recording_open((const char *const *)in->args, (size_t)in->n_args, !v->no_chain, &recording, err);
    if (r == 0)
        r = refuse_itself(recording, v->output, err);
    if (r == 0)
        r = cursor_create(recording, &c, err);
    if (r == 0)
        r = parse_span(s, c, err);
    if (r >= 0 && v->format == FORMAT_CSV)
        columns_head(&s->columns, &s->out.held);
    struct text header = r >= 0 ? recording_header_line(recording) : (struct text){NULL, 0};
    if (header.at && v->format == FORMAT_NDJSON && !v->fields) {
        buffer_put_text(&s->out.held, header);
        buffer_put_char(&s->out.held, '\n');
    }
    if (r >= 0 && v->follow)
        r = export_growth(s, in->args[0], err);
    else if (r == 1)
        r = export_span(s, c, err);
    struct recording_damage d = recording ? recording_damage(recording) : (struct recording_damage){0};
    if (r >= 0)
        tell_damage(&d, v->follow);
    if (r >= 0 && v->host && !s->met_host)
        (void)complain(&export_command, 0, "no frame has anything of host '%s'", v->host);
    cursor_destroy(c);
    recording_close(recording);
    return r;
}

static int check(const struct values *v, const struct invocation *in, struct columns *columns, struct error *err) {
    if (v->follow && (in->n_args > 1 || v->no_chain))
        return error_set(err, ERR_USAGE, "--follow goes with one recording and not with --no-chain");
    if (v->format == FORMAT_CSV && !v->fields)
        return error_set(err, ERR_USAGE, "--format csv takes --fields, as gpus.utilization,cpus.utilization");
    int r = v->fields ? columns_parse(text_of(v->fields), columns, err) : 0;
    return r < 0 ? error_wrap(err, r, "--fields") : 0;
}

static int run(void *values, const struct invocation *in) {
    struct session s = {.values = values};
    struct error err = {0}, close_err = {0};
    int r = check(values, in, &s.columns, &err);
    if (r < 0)
        return complain_error(&export_command, &err);
    frame_init(&s.kept);
    frame_init(&s.before);
    if (s.values->follow || s.values->output) /* what goes into a pipe may end anywhere */
        signals_catch();
    r = json_parser_create(&s.parser, &err);
    if (r == 0)
        r = output_open(s.values->output, &s.out, &err);
    if (r == 0) {
        r = export_recording(&s, in, &err);
        if (r == 0 && s.values->output && !s.values->follow && signals_ended())
            r = error_set(&err, ERR_OS, "interrupted");
        int closed = output_close(&s.out, r >= 0, &close_err);
        if (r >= 0 && closed < 0) {
            r = closed;
            err = close_err;
        }
    }
    json_parser_destroy(s.parser);
    columns_done(&s.columns);
    frame_done(&s.kept);
    frame_done(&s.before);
    return r < 0 ? complain_error(&export_command, &err) : 0;
}

const struct command export_command = {
    .name = "export",
    .summary = "print a stretch of a recording",
    .takes = "FILE…",
    .min_args = 1,
    .max_args = -1,
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details =
        "Prints the frames from --from to --to, both included, as they stand in the recording, whatever its codec; the "
        "time index takes it there without reading what lies before. FILE is a segment or the base name of a rotated "
        "recording, whose segments are then read as one.\n\n"
        "With --format csv every row has the time, the host and the fields asked for; a field of gpus, processes, "
        "storage, "
        "networks or errors makes a row for each of them.",
    .examples = examples,
    .run = run,
};
