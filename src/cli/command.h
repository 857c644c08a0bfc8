/* cli/command.h: a subcommand and its options as const tables: parsing, help, man pages and completions walk the same ones. */
#ifndef TACHO_CLI_COMMAND_H
#define TACHO_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char *, borrowed from argv, environment or config */
    OPTION_DURATION, /* int64_t, nanoseconds */
    OPTION_SIZE,     /* uint64_t, bytes */
    OPTION_COUNT,    /* uint64_t, between `least` and `most` */
    OPTION_NUMBER,   /* double */
    OPTION_WORD,     /* int, index into `words` */
};

struct option_spec {
    const char *name;         /* "max-size": --max-size, TACHO_MAX_SIZE, max_size in the config file's section */
    char letter;              /* 'o' for -o, or 0 */
    enum option_type type;
    uint16_t offset;          /* of the member in the command's values */
    const char *takes;        /* "PATH", "SECS"; NULL for flags and words */
    const char *says;         /* one line, lower case, no full stop */
    const char *const *words; /* OPTION_WORD: NULL at the end */
    const char *initial;      /* the built-in value as text, or NULL: the member stays as `values` were zeroed */
    uint64_t least, most;     /* OPTION_COUNT; most 0 means no limit */
    bool no_config;           /* only on the command line (positions in a file, --force …) */
};

struct example {
    const char *line, *says;
};

/* What the command line held besides options. */
struct invocation {
    char **args;              /* positional arguments */
    int n_args;
    uint64_t given;           /* bit per option that came from the command line, environment or config file */
    uint64_t on_command_line; /* bit per option that came from the command line */
};

struct command {
    const char *name;         /* "record" */
    const char *summary;      /* one line, lower case, no full stop */
    const char *takes;        /* positional arguments as shown in the usage: "FILE…", or "" */
    int min_args, max_args;   /* max_args -1: any number */
    const struct option_spec *options;
    size_t n_options;         /* at most 64 */
    size_t values_size;       /* of the struct that run() is handed; zeroed, then filled from the options */
    /* Paragraphs for --help and the man page, separated by blank lines; no markup but *bold* words. */
    const char *details;
    const struct example *examples; /* line NULL at the end */
    int (*run)(void *values, const struct invocation *in); /* exit code 0, 1 or 2 */
};

extern const struct command view_command, record_command, snapshot_command, info_command, export_command, verify_command, mark_command,
    doctor_command;
extern const struct command *const commands[]; /* the only list; NULL at the end */

/* The bit of the option that stores at `offset`, in invocation.given. */
uint64_t option_bit(const struct command *c, size_t offset);

/* Prints "tacho record: <message>" to stderr, control bytes escaped, and returns `code` (1 failed, 2 wrong usage). */
int complain(const struct command *c, int code, const char *fmt, ...) PRINTF(3, 4);
/* The same with an error's text; wrong usage when the error says ERR_USAGE. */
int complain_error(const struct command *c, const struct error *err);

#endif
