/* collect/process/ended.h: processes that ended between two frames: what the kernel told of their end, and what was known. */
#ifndef TACHO_COLLECT_PROCESS_ENDED_H
#define TACHO_COLLECT_PROCESS_ENDED_H

#include "collect/process/exit_stream.h"
#include "collect/process/table.h"

enum { ENDED_NOTABLE_MAX = 512, ENDED_ALL_MAX = 4096 }; /* rows of a frame; those that used most come first */

struct ended { /* zero-initialise; end with ended_done; one owner */
    struct process_entry **entries; /* those that ended, by the processor time that they used since the last frame, most first */
    size_t n, cap;
    struct process_entry **strangers; /* owned: the entries of those that were never seen alive */
    size_t n_strangers;
    uint64_t page_bytes;
};

/* Finds out who ended: after the table's update and the stream's reading. A process that is still there in the table, and no
 * zombie, ended after that update: it is told of at the next. Sets `ended`, `exit_code`, processor time, share and peak memory
 * of the entries, which are good until the table's next update or the next call. -ERR_NOMEM. */
int ended_match(struct ended *d, struct exit_stream *stream, struct process_table *table, struct error *err) NODISCARD;
void ended_done(struct ended *d);

#endif
