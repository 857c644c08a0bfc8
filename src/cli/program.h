/* cli/program.h: the program around the commands: finds the one that is asked for, hands it its options, runs it. */
#ifndef TACHO_CLI_PROGRAM_H
#define TACHO_CLI_PROGRAM_H

#include "base/buffer.h"
#include "cli/command.h"

struct program {
    const struct command *const *list; /* NULL at the end */
    const char *system_config;         /* "/etc/tacho/config.ini" */
};

/* The exit code: 0, 1 or 2. `argv` is rearranged. */
int program_run(const struct program *p, int argc, char **argv);

/* Writes all of a text; a failure is complained about (but for a reader that has gone). The exit code. */
int program_print(const struct buffer *b, int fd);

#endif
