/* cli/option.h: option values from text, and the walk over a command line. */
#ifndef TACHO_CLI_OPTION_H
#define TACHO_CLI_OPTION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"

/* The options that stand before or behind any command. */
struct globals {
    const char *config; /* borrowed from argv */
    bool help, version;
};
enum { N_GLOBAL_OPTIONS = 3 };
extern const struct option_spec global_options[N_GLOBAL_OPTIONS];

/* A command's values while they are put together, strongest layer first: what is given once stays. */
struct settings {
    const struct command *command;
    void *values; /* borrowed: command->values_size zeroed bytes */
    uint64_t given, on_command_line;
};

enum { OPTION_TAKES_LEN = 200 };
/* What stands behind the flag in a usage line: "SECS", "zstd|gzip|none"; "" for flags. Returns `out`. */
const char *option_takes(const struct option_spec *o, char out[OPTION_TAKES_LEN]);

/* Can --no-NAME turn it off? A flag that the environment or a configuration file may set. */
bool option_has_opposite(const struct option_spec *o);

/* The option of that name ('_' is as good as '-'), or NULL. */
const struct option_spec *option_find(const struct option_spec *options, size_t n, struct text name);

/* Checks `text` and stores it in `values`; texts are borrowed. -ERR_USAGE: "'3x' is not a duration (like 30, …)". */
int option_store(const struct option_spec *o, const char *text, void *values, struct error *err) NODISCARD;
/* The same unless a stronger layer gave the option: `stronger` is settings.given before this layer began. */
int option_give(
    struct settings *s, uint64_t stronger, const struct option_spec *o, const char *text, struct error *err) NODISCARD;

/* Gives what the environment says (TACHO_RECORD_INTERVAL before TACHO_INTERVAL; empty is as good as unset), and what is
 * built in. -ERR_USAGE. */
int option_environment(struct settings *s, struct error *err) NODISCARD;
int option_initial(struct settings *s, struct error *err) NODISCARD;

/* Reads arguments up to the first one that is no option; `*ret_used` says how many. Stops behind --help and --version. */
int option_parse_globals(int argc, char **argv, struct globals *g, int *ret_used, struct error *err) NODISCARD;
/* Reads all arguments behind the command's word: options into `s` and `g`, the others in order into `in`, whose args then
 * point into `argv`, which is rearranged. Stops at --help and --version. -ERR_USAGE with the line to print. */
int option_parse(
    struct settings *s, int argc, char **argv, struct globals *g, struct invocation *in, struct error *err) NODISCARD;

#endif
