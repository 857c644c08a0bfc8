/* collect/process/gpu_users.h: joins what the drivers of graphics cards say of processes with the table of processes. */
#ifndef TACHO_COLLECT_PROCESS_GPU_USERS_H
#define TACHO_COLLECT_PROCESS_GPU_USERS_H

#include "collect/collector.h"
#include "collect/process/table.h"

struct gpu_users { /* of one cycle; all in the frame's arena */
    const struct process **rows; /* ascending by process, then by card */
    size_t n;
    const struct process **strangers; /* of processes that procfs does not show */
    size_t n_strangers;
};

/* Sets `gpu` and `n_gpu` of the entries, live or just gone, whose process uses a card.
 * Drivers speak of the machine's first process namespace (NVML, KFD) or of ours (fdinfo), and do not say which. `first`: procfs
 * shows the first one, so that a number means one process only, and those that procfs does not show are strangers. In another
 * namespace, the same number may be someone else's: a row counts only for a process that holds a device of a graphics card
 * open, and the other rows are dropped. -ERR_NOMEM. */
int gpu_users_join(const struct cycle *cycle, struct process_table *table, int proc_fd, bool first, struct arena *arena,
    struct gpu_users *ret, struct error *err) NODISCARD;

#endif
