/* recording/follow.h: reads a recording that is still being written, like tail -f, across rotation. */
#ifndef TACHO_RECORDING_FOLLOW_H
#define TACHO_RECORDING_FOLLOW_H

#include "recording/line.h"

struct follow; /* opaque; one owner, any thread */

#define FOLLOW_POLL_NS (INT64_C(200) * 1000000) /* how often it is worth asking again */

struct followed {
    struct line_head head;
    struct text text; /* good until the next call; JSON_PADDING readable bytes follow */
};

/* Begins at the oldest segment there is. -ERR_ABSENT, -ERR_OS, -ERR_NOMEM. */
int follow_open(const char *path, struct follow **ret, struct error *err) NODISCARD;
/* The next frame or mark: 1; 0 when there is none yet. Damage is passed over. -ERR_SCHEMA, -ERR_OS, -ERR_NOMEM. */
int follow_next(struct follow *f, struct followed *ret, struct error *err) NODISCARD;
void follow_close(struct follow *f); /* NULL is fine */

#endif
