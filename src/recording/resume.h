/* recording/resume.h: where a recording that is to be continued left off. */
#ifndef TACHO_RECORDING_RESUME_H
#define TACHO_RECORDING_RESUME_H

#include <stdint.h>

#include "base/error.h"

/* The seq for the next frame and the time of the last one, from the end of the recording at `path` (its segments included).
 * No file, or one without frames, gives 0 and TIME_UNKNOWN. -ERR_FORMAT when the file at `path` holds something else than a
 * recording, -ERR_EXISTS when it is a symbolic link, -ERR_SCHEMA when it is of another schema, -ERR_OS, -ERR_NOMEM. */
int recording_resume(const char *path, uint64_t *ret_next_seq, int64_t *ret_last_ns, struct error *err) NODISCARD;

#endif
