/* recording/piped.h: a recording that comes through standard input, kept where it can be read at any place. */
#ifndef TACHO_RECORDING_PIPED_H
#define TACHO_RECORDING_PIPED_H

#include "base/error.h"

/* Reads standard input to its end into a file without a name, in TMPDIR or /tmp; a regular file needs no copy. `*ret_path` (the
 * caller frees it) leads to it as long as `*ret_fd` is open. Blocks until the input ends. -ERR_FULL, -ERR_OS, -ERR_NOMEM. */
int piped_keep(int *ret_fd, char **ret_path, struct error *err) NODISCARD;

#endif
