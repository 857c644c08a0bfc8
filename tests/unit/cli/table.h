/* tests/unit/cli/table.h: two commands of our own, with an option of every type. */
#ifndef TACHO_TESTS_CLI_TABLE_H
#define TACHO_TESTS_CLI_TABLE_H

#include <string.h>

#include "cli/command.h"
#include "cli/option.h"

struct try_values {
    bool quiet, force;
    const char *output;
    int64_t interval_ns;
    uint64_t max_size, max_files, level;
    double speed;
    int compress;
};

enum { TRY_ZSTD, TRY_GZIP, TRY_NONE };
static const char *const try_words[] = {"zstd", "gzip", "none", NULL};

#define TRY(member) .offset = offsetof(struct try_values, member)
static const struct option_spec try_options[] = {
    {.name = "output", .letter = 'o', .type = OPTION_TEXT, TRY(output), .takes = "PATH", .says = "where to write"},
    {.name = "interval",
        .letter = 'i',
        .type = OPTION_DURATION,
        TRY(interval_ns),
        .takes = "SECS",
        .says = "time between two cycles",
        .initial = "3"},
    {.name = "max-size", .type = OPTION_SIZE, TRY(max_size), .takes = "SIZE", .says = "size of a segment", .initial = "100M"},
    {.name = "max-files",
        .type = OPTION_COUNT,
        TRY(max_files),
        .takes = "N",
        .says = "segments that are kept",
        .initial = "10",
        .least = 1},
    {.name = "level", .type = OPTION_COUNT, TRY(level), .takes = "N", .says = "how hard to compress", .least = 1, .most = 19},
    {.name = "speed", .type = OPTION_NUMBER, TRY(speed), .takes = "F", .says = "how fast to play", .initial = "1"},
    {.name = "compress", .type = OPTION_WORD, TRY(compress), .says = "how to compress", .words = try_words, .initial = "gzip"},
    {.name = "quiet", .letter = 'q', .type = OPTION_FLAG, TRY(quiet), .says = "no status line"},
    {.name = "force", .letter = 'f', .type = OPTION_FLAG, TRY(force), .says = "replace what is there", .no_config = true},
};

/* What the last run was given. */
static struct try_values ran_with;
static struct invocation ran_as;
static int ran, run_result;
static char ran_output[64];

static int try_run(void *values, const struct invocation *in) {
    memcpy(&ran_with, values, sizeof ran_with);
    (void)snprintf(ran_output, sizeof ran_output, "%s", ran_with.output ? ran_with.output : "(none)");
    ran_as = *in;
    ran++;
    return run_result;
}

static const struct example try_examples[] = {
    {"tacho try -o a.ndjson", "writes to a.ndjson"},
    {NULL, NULL},
};

static const struct command try_command = {
    .name = "try",
    .summary = "try an option of every type",
    .takes = "[FILE\342\200\246]",
    .max_args = 2,
    .options = try_options,
    .n_options = COUNT_OF(try_options),
    .values_size = sizeof(struct try_values),
    .details = "It tries *everything* that a command can be given, and *.ndjson stays as it is.\n\nSecond paragraph, which is "
               "long enough to be broken over more than one line of a usual terminal.",
    .examples = try_examples,
    .run = try_run,
};

struct show_values {
    int64_t interval_ns;
    bool json;
};
static const struct option_spec show_options[] = {
    {.name = "interval",
        .type = OPTION_DURATION,
        .offset = offsetof(struct show_values, interval_ns),
        .takes = "SECS",
        .says = "time between two screens"},
    {.name = "json", .type = OPTION_FLAG, .offset = offsetof(struct show_values, json), .says = "print an object"},
};
static const struct command show_command = {
    .name = "show",
    .summary = "show a file",
    .takes = "FILE",
    .min_args = 1,
    .max_args = 1,
    .options = show_options,
    .n_options = COUNT_OF(show_options),
    .values_size = sizeof(struct show_values),
    .details = "",
    .run = try_run,
};

static const struct command *const try_list[] = {&try_command, &show_command, NULL};

/* A word of a command line, that may be changed. */
#define W(s) ((char[]){s})

#endif
