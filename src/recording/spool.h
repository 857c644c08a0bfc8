/* recording/spool.h: hands marks to a recorder that is running, through a small file beside its recording. */
#ifndef TACHO_RECORDING_SPOOL_H
#define TACHO_RECORDING_SPOOL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Is some process writing the recording at `path` (it holds the lock on the file)? -ERR_ABSENT, -ERR_OS. */
int spool_wanted(const char *path, bool *ret, struct error *err) NODISCARD;
/* Leaves the line (a mark, without newline) for the recorder of `path`, in "<path>.marks". -ERR_LIMIT when it does not take them. */
int spool_leave(const char *path, struct text line, struct error *err) NODISCARD;
/* Takes what was left for us, lines with their newlines, appended to `into`. One call to the kernel when there is nothing. */
int spool_take(const char *path, struct buffer *into, struct error *err) NODISCARD;

#endif
