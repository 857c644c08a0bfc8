/* collect/process/rows.h: processes as rows of a frame, one for each graphics card that a process uses. */
#ifndef TACHO_COLLECT_PROCESS_ROWS_H
#define TACHO_COLLECT_PROCESS_ROWS_H

#include "collect/process/table.h"
#include "collect/process/users.h"
#include "frame/frame.h"

struct process_rows { /* all borrowed */
    struct frame *into; /* its arena takes the rows and their texts */
    struct users *users;
    const struct process *empty; /* a row with everything unknown: copied instead of cleared anew for every process */
    struct text host_id;
    uint64_t boot_time_s, memory_bytes; /* or U64_UNKNOWN */
    uint64_t page_bytes, ticks_per_second;
};

/* Makes room for `n` rows; process_rows_add takes process_rows_of() each, process_rows_add_stranger one. -ERR_NOMEM. */
int process_rows_begin(struct process_rows *r, size_t n, struct error *err) NODISCARD;
size_t process_rows_of(const struct process_entry *e);
/* -ERR_NOMEM; the rows before it stay. */
int process_rows_add(struct process_rows *r, struct process_entry *e, struct error *err) NODISCARD;
/* A process of which only a card's driver tells. */
void process_rows_add_stranger(struct process_rows *r, const struct process *user);

#endif
