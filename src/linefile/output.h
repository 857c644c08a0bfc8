/* linefile/output.h: encoded bytes on their way to a file; what a full device refused waits and is tried again. */
#ifndef TACHO_LINEFILE_OUTPUT_H
#define TACHO_LINEFILE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* One owner, any thread. */
struct output {
    int fd;                /* owned by whoever set it */
    const char *name;      /* borrowed; for messages */
    bool shared;           /* others may append lines (a plain file): ours go to wherever its end is then */
    uint64_t size;         /* of what is in the file and stays there; with `shared`, others' lines included */
    struct buffer pending; /* what follows it */
    bool stuck;            /* the last write did not go through */
};

/* Writes what is pending. On failure the file is cut back to `size`, everything stays pending, and the output is stuck.
 * -ERR_FULL (no room, quota, file size limit), -ERR_OS. */
int output_write(struct output *o, struct error *err) NODISCARD;
static inline uint64_t output_end(const struct output *o) {
    return o->size + o->pending.len;
}
void output_done(struct output *o); /* frees what is pending; closes nothing */

#endif
