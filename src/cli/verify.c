/* cli/verify.c: tacho verify: reads every byte of a recording and names the first bad one. */
#include <inttypes.h>
#include <stdio.h>

#include "base/quantity.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "recording/scan.h"

struct values {
    bool no_chain, quiet;
};

static const struct option_spec options[] = {
    {"no-chain", 0, OPTION_FLAG, offsetof(struct values, no_chain), NULL,
        "this file alone, without the other segments of its recording", .no_config = true},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct values, quiet), NULL, "say nothing about sound segments"},
};

static const struct example examples[] = {
    {"tacho verify run.ndjson.zst && echo sound", "checks every segment of the recording"},
    {NULL, NULL},
};

static void tell_fault(const char *path, const struct scan_report *s) {
    char shown[300], message[400];
    const struct scan_found *f = &s->first;
    uint64_t more = 0;
    for (unsigned k = 0; k < SCAN_FAULTS; k++)
        more += s->faults[k];
    (void)text_printable(text_of(path), shown, sizeof shown);
    (void)text_printable(text_of(f->message), message, sizeof message);
    if (f->line > 0)
        (void)printf("%s: line %" PRIu64 ", text offset %" PRIu64 ": %s: %s", shown, f->line, f->offset,
            scan_fault_names[f->fault], message);
    else
        (void)printf("%s: file offset %" PRIu64 ": %s: %s", shown, f->offset, scan_fault_names[f->fault], message);
    if (more > 1)
        (void)printf(" (and %" PRIu64 " more)", more - 1);
    (void)putchar('\n');
}

static int check_segment(
    struct recording *r, size_t segment, const struct values *v, int64_t *previous_ns, bool *sound, struct error *err) {
    struct arena arena = {0};
    struct scan_report report = {.previous_ns = *previous_ns};
    char size[QUANTITY_LEN], shown[300];
    const char *path = recording_segment_path(r, segment);
    progress_begin(path);
    int code = recording_scan(r, segment, &arena, &report, progress_tell, err);
    progress_end();
    *previous_ns = report.previous_ns;
    bool clean = true;
    for (unsigned k = 0; k < SCAN_FAULTS; k++)
        clean = clean && report.faults[k] == 0;
    if (code == 0 && report.gone)
        (void)printf(
            "%s: removed or replaced before it was read\n", text_printable(text_of(path), shown, sizeof shown));
    else if (code == 0 && !clean)
        tell_fault(path, &report);
    else if (code == 0 && !v->quiet)
        (void)printf("%s: sound, %" PRIu64 " frames, %" PRIu64 " lines, %s of text\n",
            text_printable(text_of(path), shown, sizeof shown), report.all.frames, report.lines,
            quantity_size(report.text_bytes, size));
    *sound = *sound && clean;
    arena_done(&arena);
    return code;
}

static int run(void *values, const struct invocation *in) {
    const struct values *v = values;
    struct recording *r = NULL;
    struct error err = {0};
    int64_t previous_ns = TIME_UNKNOWN;
    bool sound = true;
    int code = recording_open((const char *const *)in->args, (size_t)in->n_args, !v->no_chain, &r, &err);
    for (size_t i = 0; code == 0 && i < recording_segments(r); i++)
        code = check_segment(r, i, v, &previous_ns, &sound, &err);
    recording_close(r);
    if (code < 0)
        return complain_error(&verify_command, &err);
    return sound ? 0 : 1;
}

const struct command verify_command = {
    .name = "verify",
    .summary = "read every byte of a recording and name the first bad one",
    .takes = "FILE…",
    .min_args = 1,
    .max_args = -1,
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details =
        "Decodes every segment from its first byte to its last, checks the checksums of the compressed data, parses "
        "every "
        "line and compares the time index with the frames. For the first fault of each segment it prints where it is: "
        "the "
        "segment, the line and its offset in the text, or the offset in the file where the data does not decode. The "
        "status is 1 when there is any. A segment that a recorder takes away meanwhile is told, and is no fault.",
    .examples = examples,
    .run = run,
};
