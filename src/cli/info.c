/* cli/info.c: tacho info: what is in a recording. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "recording/cursor.h"
#include "recording/scan.h"

struct values {
    bool json, no_chain, scan;
};

static const struct option_spec options[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct values, json), NULL, "one JSON object"},
    {"scan", 0, OPTION_FLAG, offsetof(struct values, scan), NULL,
        "read every frame, also where a time index tells enough", .no_config = true},
    {"no-chain", 0, OPTION_FLAG, offsetof(struct values, no_chain), NULL,
        "this file alone, without the other segments of its recording", .no_config = true},
};

static const struct example examples[] = {
    {"tacho info run.ndjson.zst", "hosts, devices, times, gaps, errors, marks, segments"},
    {"tacho info --json run.ndjson.zst | jq .frames", "one figure"},
    {NULL, NULL},
};

struct facts {
    const struct recording_header *header;
    struct overview all;
    struct scan_report *segments; /* one per segment */
    size_t n, gone;               /* of which so many were taken away before they could be read */
    uint64_t faults[SCAN_FAULTS], n_faults;
    uint64_t text_bytes, file_bytes;
    bool text_known;
    struct text devices; /* "2 × NVIDIA H200, 4 processors (Intel …)" */
};

static int gather(struct recording *r, bool scan, struct arena *arena, struct facts *f, struct error *err) {
    int64_t previous_ns = TIME_UNKNOWN;
    f->n = recording_segments(r);
    f->segments = calloc(f->n, sizeof *f->segments);
    f->text_known = true;
    overview_init(&f->all);
    if (!f->segments)
        return error_set(err, ERR_NOMEM, "segments");
    for (size_t i = 0; i < f->n; i++) {
        struct scan_report *s = &f->segments[i];
        s->previous_ns = previous_ns;
        int code = scan ? 0 : recording_summary(r, i, arena, s, err);
        if (code == 0) {
            s->previous_ns = previous_ns;
            progress_begin(recording_segment_path(r, i));
            code = recording_scan(r, i, arena, s, progress_tell, err);
            progress_end();
        }
        if (code < 0)
            return code;
        f->gone += s->gone;
        overview_merge(&f->all, &s->all);
        for (unsigned k = 0; k < SCAN_FAULTS; k++) {
            f->faults[k] += s->faults[k];
            f->n_faults += s->faults[k];
        }
        previous_ns = s->previous_ns;
        f->text_known = f->text_known && s->text_bytes != LINE_OFFSET_UNKNOWN;
        f->text_bytes += s->text_bytes;
        f->file_bytes += s->file_bytes;
    }
    return 0;
}

/* Kinds of devices in the last frame, counted. */
static void name_devices(struct cursor *c, struct buffer *out) {
    const struct frame *f = cursor_frame(c);
    char name[120];
    for (size_t i = 0; i < f->gpus.n; i++) {
        unsigned count = 0;
        bool seen = false;
        for (size_t j = 0; j < f->gpus.n; j++) {
            bool same = text_equal(f->gpus.at[i].name, f->gpus.at[j].name);
            count += same;
            seen = seen || (same && j < i);
        }
        if (!seen)
            buffer_printf(
                out, "%s%u x %s", out->len ? ", " : "", count, text_printable(f->gpus.at[i].name, name, sizeof name));
    }
    for (size_t i = 0; i < f->cpus.n && i < 4; i++)
        buffer_printf(out, "%s%s (%" PRIu64 " threads)", out->len ? ", " : "",
            text_printable(f->cpus.at[i].cpu_model, name, sizeof name),
            known_u64(f->cpus.at[i].total_threads) ? f->cpus.at[i].total_threads : 0);
}

static void put_json_time(struct buffer *out, const char *key, int64_t ns) {
    char t[CLOCK_UTC_LEN];
    buffer_printf(out, "\"%s\":", key);
    if (ns == TIME_UNKNOWN) {
        buffer_put_text(out, TEXT("null"));
        return;
    }
    clock_format_utc(ns, t);
    json_put_text(out, (struct text){t, sizeof t});
}

static void put_json_damage(const struct facts *f, struct buffer *out) {
    bool any = false;
    buffer_put_text(out, TEXT(",\"damage\":{"));
    for (unsigned k = 0; k < SCAN_FAULTS; k++) {
        if (f->faults[k] == 0)
            continue;
        buffer_printf(out, "%s\"%s\":%" PRIu64, any ? "," : "", scan_fault_names[k], f->faults[k]);
        any = true;
    }
    if (f->gone > 0)
        buffer_printf(out, "%s\"missing segment\":%zu", any ? "," : "", f->gone);
    buffer_put_char(out, '}');
}

static void put_json_segment(const struct scan_report *s, const char *path, struct buffer *out) {
    buffer_put_text(out, TEXT("{\"path\":"));
    json_put_text(out, text_of(path));
    buffer_printf(out,
        ",\"codec\":\"%s\",\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"uncompressed_bytes\":", codec_name(s->codec),
        s->all.frames, s->file_bytes);
    if (s->text_bytes == LINE_OFFSET_UNKNOWN)
        buffer_put_text(out, TEXT("null"));
    else
        json_put_u64(out, s->text_bytes);
    buffer_printf(out, ",\"seek_table\":%s}", s->seek_table ? "true" : "false");
}

static void write_json(const struct recording *r, const struct facts *f, struct buffer *out) {
    buffer_printf(out, "{\"frames\":%" PRIu64 ",", f->all.frames);
    put_json_time(out, "first", f->all.first_ns);
    buffer_put_char(out, ',');
    put_json_time(out, "last", f->all.last_ns);
    buffer_put_text(out, TEXT(",\"duration_seconds\":"));
    json_put_f64(out, f->all.frames > 0 ? (double)(f->all.last_ns - f->all.first_ns) / 1e9 : 0);
    buffer_put_text(out, TEXT(",\"interval_ms\":"));
    if (f->header->interval_ns > 0)
        json_put_i64(out, f->header->interval_ns / NS_PER_MS);
    else
        buffer_put_text(out, TEXT("null"));
    buffer_put_text(out, TEXT(",\"hosts\":["));
    for (size_t i = 0; i < f->header->n_hosts; i++) {
        buffer_put_text(out, i > 0 ? TEXT(",") : TEXT(""));
        json_put_text(out, f->header->hosts[i]);
    }
    buffer_put_text(out, TEXT("],\"devices\":"));
    json_put_text(out, f->devices);
    buffer_printf(out, ",\"gaps\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"marks\":[", f->all.gaps, f->all.errors);
    bool any = false;
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->segments[i].n_marks; k++, any = true) {
            buffer_put_text(out, any ? TEXT(",{") : TEXT("{"));
            put_json_time(out, "t", f->segments[i].marks[k].wall_ns);
            buffer_put_text(out, TEXT(",\"mark\":"));
            json_put_text(out, f->segments[i].marks[k].text);
            buffer_put_char(out, '}');
        }
    }
    buffer_put_char(out, ']');
    put_json_damage(f, out);
    buffer_put_text(out, TEXT(",\"segments\":["));
    any = false;
    for (size_t i = 0; i < f->n; i++) {
        if (f->segments[i].gone)
            continue;
        buffer_put_text(out, any ? TEXT(",") : TEXT(""));
        any = true;
        put_json_segment(&f->segments[i], recording_segment_path(r, i), out);
    }
    buffer_put_text(out, TEXT("]}\n"));
}

static void put_time(struct buffer *out, const char *label, int64_t ns) {
    char utc[CLOCK_UTC_LEN], local[CLOCK_LOCAL_LEN];
    if (ns == TIME_UNKNOWN)
        return;
    clock_format_utc(ns, utc);
    clock_format_local(ns, local);
    buffer_printf(out, "%-10s %.*s (%.*s local)\n", label, CLOCK_UTC_LEN, utc, CLOCK_LOCAL_LEN, local);
}

static void put_figures(const struct overview *o, struct buffer *out) {
    static const char *const labels[FIGURE_COUNT] = {"GPU", "GPU power", "GPU temp", "GPU memory", "CPU", "memory"};
    static const char *const units[FIGURE_COUNT] = {"%", "W", "\302\260C", "%", "%", "%"};
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        const struct figure *f = &o->figures[i];
        if (f->count > 0)
            buffer_printf(out, "%-10s %.1f to %.1f %s, mean %.1f\n", labels[i], f->min, f->max, units[i],
                f->sum / (double)f->count);
    }
}

enum { MARKS_SHOWN = 20 };

static void put_marks(const struct facts *f, struct buffer *out) {
    size_t shown = 0;
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->segments[i].n_marks; k++) {
            char text[200], local[CLOCK_LOCAL_LEN];
            if (shown++ >= MARKS_SHOWN)
                continue;
            clock_format_local(f->segments[i].marks[k].wall_ns, local);
            buffer_printf(out, "mark       %.*s %s\n", CLOCK_LOCAL_LEN, local,
                text_printable(f->segments[i].marks[k].text, text, sizeof text));
        }
    }
    if (shown > MARKS_SHOWN)
        buffer_printf(out, "           and %zu more marks\n", shown - MARKS_SHOWN);
}

static void put_segments(const struct recording *r, const struct facts *f, struct buffer *out) {
    for (size_t i = 0; i < f->n; i++) {
        const struct scan_report *s = &f->segments[i];
        char path[300], bytes[QUANTITY_LEN], text[QUANTITY_LEN];
        if (s->gone)
            continue;
        buffer_printf(out, "segment    %s: %s, %" PRIu64 " frames, %s",
            text_printable(text_of(recording_segment_path(r, i)), path, sizeof path), codec_name(s->codec),
            s->all.frames, quantity_size(s->file_bytes, bytes));
        if (s->codec != CODEC_PLAIN && s->text_bytes != LINE_OFFSET_UNKNOWN && s->file_bytes > 0)
            buffer_printf(out, " of %s text (%.1f : 1)", quantity_size(s->text_bytes, text),
                (double)s->text_bytes / (double)s->file_bytes);
        if (s->codec == CODEC_ZSTD)
            buffer_put_text(out, s->seek_table ? TEXT(", seek table") : TEXT(", no seek table"));
        buffer_put_char(out, '\n');
    }
}

static void write_text(const struct recording *r, const struct facts *f, struct buffer *out) {
    char a[QUANTITY_LEN], b[QUANTITY_LEN], name[120];
    buffer_put_text(out, TEXT("hosts      "));
    for (size_t i = 0; i < f->header->n_hosts && i < 8; i++)
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", text_printable(f->header->hosts[i], name, sizeof name));
    if (f->header->n_hosts > 8)
        buffer_printf(out, " and %zu more", f->header->n_hosts - 8);
    if (f->header->hosts_cut > 0)
        buffer_printf(out, " (%zu beyond %d left out)", f->header->hosts_cut, RECORDING_HOSTS_MAX);
    buffer_put_char(out, '\n');
    if (f->devices.len > 0)
        buffer_printf(out, "devices    %.*s\n", TEXT_ARG(f->devices));
    put_time(out, "first", f->all.first_ns);
    put_time(out, "last", f->all.last_ns);
    buffer_printf(out, "frames     %" PRIu64, f->all.frames);
    if (f->all.frames > 0)
        buffer_printf(out, " over %s", quantity_duration(f->all.last_ns - f->all.first_ns, a));
    if (f->header->interval_ns > 0)
        buffer_printf(out, ", one per %.1f s", (double)f->header->interval_ns / 1e9);
    buffer_printf(out, "\ngaps       %" PRIu64 "\nerrors     %" PRIu64 "\n", f->all.gaps, f->all.errors);
    put_figures(&f->all, out);
    put_marks(f, out);
    if (f->text_known && f->file_bytes > 0)
        buffer_printf(
            out, "size       %s of %s text\n", quantity_size(f->file_bytes, a), quantity_size(f->text_bytes, b));
    put_segments(r, f, out);
    for (unsigned k = 0; k < SCAN_FAULTS; k++)
        if (f->faults[k] > 0)
            buffer_printf(out, "damage     %" PRIu64 " x %s\n", f->faults[k], scan_fault_names[k]);
    if (f->gone > 0)
        buffer_printf(out, "damage     %zu x missing segment\n", f->gone);
}

static int show(struct recording *r, const struct values *v, struct error *err) {
    struct facts f = {.header = recording_header(r)};
    struct arena arena = {0};
    struct buffer devices = {0};
    struct output out;
    struct cursor *c = NULL;
    int code = cursor_create(r, &c, err);
    if (code == 0)
        code = cursor_last(c, err);
    if (code == 1)
        name_devices(c, &devices);
    f.devices = (struct text){devices.at, devices.len};
    if (code >= 0)
        code = gather(r, v->scan, &arena, &f, err);
    if (code >= 0)
        code = output_open(NULL, &out, err);
    if (code >= 0) {
        if (v->json)
            write_json(r, &f, &out.held);
        else
            write_text(r, &f, &out.held);
        code = output_close(&out, true, err);
    }
    cursor_destroy(c);
    buffer_done(&devices);
    arena_done(&arena);
    free(f.segments);
    return code;
}

static int run(void *values, const struct invocation *in) {
    const struct values *v = values;
    struct recording *r = NULL;
    struct error err = {0};
    int code = recording_open((const char *const *)in->args, (size_t)in->n_args, !v->no_chain, &r, &err);
    if (code == 0)
        code = show(r, v, &err);
    recording_close(r);
    return code < 0 ? complain_error(&info_command, &err) : 0;
}

const struct command info_command = {
    .name = "info",
    .summary = "show what is in a recording",
    .takes = "FILE…",
    .min_args = 1,
    .max_args = -1,
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details = "A finished compressed recording answers from its time index at once; any other is read through. Damage "
               "that is "
               "found on the way is listed; 'tacho verify' looks for it in every byte.",
    .examples = examples,
    .run = run,
};
