/* collect/process/update.h: brings one process up to date. */
#ifndef TACHO_COLLECT_PROCESS_UPDATE_H
#define TACHO_COLLECT_PROCESS_UPDATE_H

#include "collect/process/files.h"

struct process_update { /* what a round over all processes shares; part of the table */
    enum process_method method;
    struct process_files files;
    struct bpf_tasks *tasks; /* BPF; owned by the table */
    size_t task_at;          /* how far the round has come among them */
    uint64_t cycle;          /* counts rounds */
    uint64_t refresh_every;  /* cycles */
    int64_t tick_ns, page_bytes;
    int64_t mono_ns, before_mono_ns; /* when this round and the one before began */
    int64_t before_boot_ns;          /* the one before on the clock that start times are counted in */
    int64_t read_until_ns;           /* monotonic: after that, newcomers are left for later */
    size_t left;                     /* how many were */
    struct process_entry *replaced;  /* owned: what the entry held that was updated last, when its number has gone to another */
};

struct process_entry *process_entry_create(uint32_t pid) NODISCARD; /* NULL when memory runs out; free() once it was dropped */

/* False when the process has gone; called in ascending order of process ids within a round. */
bool process_update_entry(struct process_update *u, struct process_entry *e) NODISCARD;
/* Only takes a first look at the process's clock. False when the process has gone. */
bool process_update_base(struct process_update *u, struct process_entry *e) NODISCARD;

#endif
