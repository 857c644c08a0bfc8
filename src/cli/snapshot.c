/* cli/snapshot.c: tacho snapshot: this machine as it is now, on standard output. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/pretty.h"
#include "cli/sections.h"
#include "cli/signals.h"
#include "frame/columns.h"

struct values {
    struct collect_values collect;
    int format;
    bool pretty;
    const char *query, *output;
    uint64_t samples, timeout_ms;
    int64_t interval_ns;
};

enum format { FORMAT_JSON, FORMAT_NDJSON, FORMAT_CSV };
static const char *const format_words[] = {"json", "ndjson", "csv", NULL};

static const struct option_spec options[] = {
    {"format", 'f', OPTION_WORD, offsetof(struct values, format), NULL,
        "json: one object, an array of several samples; ndjson: a line per sample; csv: rows", .words = format_words,
        .initial = "json"},
    {"pretty", 0, OPTION_FLAG, offsetof(struct values, pretty), NULL, "lay json out for people"},
    COLLECT_OPTIONS(struct values),
    {"query", 0, OPTION_TEXT, offsetof(struct values, query), "FIELDS",
        "columns of csv, as gpus.utilization,cpus.load_1,networks.rx_bytes/s (see 'tacho help fields')"},
    {"samples", 'n', OPTION_COUNT, offsetof(struct values, samples), "N", "how many samples", .initial = "1",
        .least = 1},
    {"interval", 'i', OPTION_DURATION, offsetof(struct values, interval_ns), "SECS", "time between samples",
        .initial = "1"},
    {"timeout-ms", 0, OPTION_COUNT, offsetof(struct values, timeout_ms), "MS",
        "how long a reader that hangs is waited for", .initial = "5000", .least = 1, .most = 600000},
    {"output", 'o', OPTION_TEXT, offsetof(struct values, output), "PATH", "a file instead of standard output",
        .no_config = true},
};

static const struct example examples[] = {
    {"tacho snapshot --pretty", "everything about this machine, for people"},
    {"tacho snapshot --include cpu,memory | jq .memory[0].available_bytes", "one figure"},
    {"tacho snapshot -f csv --query processes.pid,processes.cpu_percent,processes.command", "a table of processes"},
    {"tacho snapshot -f ndjson -n 10 -i 0.5", "ten lines in five seconds"},
    {NULL, NULL},
};

#define DEFAULT_COLUMNS                                                                                                \
    "gpus.index,gpus.name,gpus.utilization,gpus.used_memory,gpus.total_memory,gpus.temperature,gpus.power_"            \
    "consumption,"                                                                                                     \
    "cpus.utilization,memory.used_bytes,memory.total_bytes"

/* Rates need two readings: the first sample is taken this long after a first look at the machine. */
#define FIRST_LOOK_NS (200 * NS_PER_MS)

struct session {
    const struct values *values;
    struct columns columns;
    struct output out;
    struct collect *collect;
    unsigned sections;      /* bit per enum section: those asked for */
    struct frame frames[2]; /* present and previous, in turn */
};

/* That there are none (no graphics cards, say) is a reading too, when nothing failed; but no machine is without those three. */
static bool anything_read(const struct frame *f, unsigned sections_wanted) {
    unsigned everywhere = 1U << SECTION_CPU | 1U << SECTION_MEMORY | 1U << SECTION_PROCESS;
    bool none = false;
    for (unsigned s = 0; s < SECTION_ERROR; s++) {
        const struct list *list = frame_section_const(f, (enum section)s);
        if (list->n > 0)
            return true;
        none = none || list->asked;
    }
    return none && f->errors.n == 0 && !(sections_wanted & everywhere);
}

static int write_sample(
    struct session *s, uint64_t n, const struct frame *before, const struct frame *f, struct error *err) {
    struct buffer *out = &s->out.held;
    const struct values *v = s->values;
    if (v->format == FORMAT_CSV) {
        if (n == 0)
            columns_head(&s->columns, out);
        columns_rows(&s->columns, before, f, out);
        return output_flush(&s->out, true, err);
    }
    struct buffer json = {0};
    bool array = v->format == FORMAT_JSON && v->samples > 1;
    int r = frame_write_json(f, &json, err);
    if (array)
        buffer_put_text(out, n == 0 ? TEXT("[") : TEXT(",\n"));
    if (v->pretty && v->format == FORMAT_JSON)
        pretty_json((struct text){json.at, json.len}, out);
    else
        buffer_put(out, json.at, json.len);
    buffer_done(&json);
    if (!array && !(v->pretty && v->format == FORMAT_JSON))
        buffer_put_char(out, '\n');
    return r < 0 ? r : output_flush(&s->out, true, err);
}

/* 1: something was read, 0: nothing at all. */
static int take_samples(struct session *s, struct error *err) {
    const struct values *v = s->values;
    bool any = false;
    int r = collect_sample(s->collect, &s->frames[1], err);
    int64_t start = clock_mono_ns() + FIRST_LOOK_NS;
    for (uint64_t n = 0; n < v->samples && r == 0; n++) {
        struct frame *now = &s->frames[n % 2], *before = &s->frames[(n + 1) % 2];
        if (signals_wait(start + (int64_t)n * v->interval_ns))
            break;
        r = collect_sample(s->collect, now, err);
        now->seq = n;
        any = any || anything_read(now, s->sections);
        if (r == 0)
            r = write_sample(s, n, before, now, err);
    }
    if (r == 0 && v->format == FORMAT_JSON && v->samples > 1)
        buffer_put_text(&s->out.held, TEXT("]\n"));
    return r < 0 ? r : any;
}

static int check(const struct values *v, struct columns *columns, struct error *err) {
    if (v->query && v->format != FORMAT_CSV)
        return error_set(err, ERR_USAGE, "--query chooses the columns of --format csv");
    if (v->pretty && v->format != FORMAT_JSON)
        return error_set(err, ERR_USAGE, "--pretty goes with --format json");
    if (v->samples > 1 && v->interval_ns < 10 * NS_PER_MS)
        return error_set(err, ERR_USAGE, "--interval: at least 0.01 seconds");
    if (v->format != FORMAT_CSV)
        return 0;
    int r = columns_parse(text_of(v->query ? v->query : DEFAULT_COLUMNS), columns, err);
    return r < 0 ? error_wrap(err, r, "--query") : 0;
}

static int run(void *values, const struct invocation *in) {
    (void)in;
    struct session s = {.values = values};
    struct collect_options o = {0};
    struct error err = {0}, close_err = {0};
    int r = check(values, &s.columns, &err);
    if (r == 0)
        r = collect_values_read(&s.values->collect, &o, &err);
    if (r < 0) {
        columns_done(&s.columns);
        return complain_error(&snapshot_command, &err);
    }
    s.sections = o.sections;
    o.wait_ns = (int64_t)s.values->timeout_ms * NS_PER_MS;
    frame_init(&s.frames[0]);
    frame_init(&s.frames[1]);
    signals_catch();
    r = output_open(s.values->output, &s.out, &err);
    if (r == 0) {
        r = collect_open(collectors, &o, &s.collect, &err);
        if (r == 0)
            r = take_samples(&s, &err);
        int closed = output_close(&s.out, r >= 0, &close_err);
        if (r >= 0 && closed < 0) {
            r = closed;
            err = close_err;
        }
    }
    collect_close(s.collect);
    columns_done(&s.columns);
    frame_done(&s.frames[0]);
    frame_done(&s.frames[1]);
    if (r == 0)
        return complain(&snapshot_command, 1, "nothing at all could be read");
    return r < 0 ? complain_error(&snapshot_command, &err) : 0;
}

const struct command snapshot_command = {
    .name = "snapshot",
    .summary = "print this machine as it is now",
    .takes = "",
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details = "Prints the very same frame that record writes. What could not be read stands in its errors; the status "
               "is 1 only "
               "when nothing at all could be read.",
    .examples = examples,
    .run = run,
};
