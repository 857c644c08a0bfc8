/* cli/paths.h: where recordings are kept by default. */
#ifndef TACHO_CLI_PATHS_H
#define TACHO_CLI_PATHS_H

#include "base/error.h"
#include "linefile/codec.h"

enum { PATH_LEN = 4096 };

/* $XDG_STATE_HOME/tacho/recordings (~/.local/state where unset), without a slash at its end. */
int paths_recordings(char out[PATH_LEN], struct error *err) NODISCARD;
/* A new name there: <host>-<YYYYmmdd-HHMMSS>.ndjson.zst, by the local clock. */
int paths_new_recording(enum codec codec, char out[PATH_LEN], struct error *err) NODISCARD;
/* The active file there that was written last. -ERR_ABSENT. */
int paths_newest_recording(char out[PATH_LEN], struct error *err) NODISCARD;
const char *paths_host(char out[256]); /* this machine's name; returns `out` */

#endif
