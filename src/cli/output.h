/* cli/output.h: where snapshot and export write: standard output, or a file that appears whole or not at all. */
#ifndef TACHO_CLI_OUTPUT_H
#define TACHO_CLI_OUTPUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

struct output {
    const char *path;    /* NULL: standard output; borrowed */
    char *temporary;     /* what is being written, renamed to `path` at the end; NULL: `fd` is the place itself */
    int fd;
    struct buffer held;  /* not written yet */
};

/* `path` NULL or "-" is standard output. A file is written beside its place, 0600, and renamed there by output_close; a device
 * or a pipe is written to, a symbolic link refused. -ERR_EXISTS, -ERR_OS. */
int output_open(const char *path, struct output *ret, struct error *err) NODISCARD;
/* Writes what is held once that is worth a call, or at once with `now`. */
int output_flush(struct output *o, bool now, struct error *err) NODISCARD;
/* With `keep` the file takes its place, else it goes. Frees. */
int output_close(struct output *o, bool keep, struct error *err) NODISCARD;

#endif
