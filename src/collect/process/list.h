/* collect/process/list.h: the process ids that procfs lists. */
#ifndef TACHO_COLLECT_PROCESS_LIST_H
#define TACHO_COLLECT_PROCESS_LIST_H

#include "base/attr.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise (fd to -1); end with process_list_done. */
struct process_list {
    int fd;
    uint32_t *pids; /* ascending */
    size_t n, cap;
    char *room;
    int64_t offset; /* what the directory's positions are above the process ids, or PROCESS_LIST_NO_OFFSET */
};

#define PROCESS_LIST_NO_OFFSET INT64_MIN

/* Lists anew the processes from number `first` on: 0 for all, else only where `offset` is known, which listing all finds out.
 * -ERR_LIMIT when there are more than `max` (the first `max` are listed), -ERR_NOMEM, -ERR_OS. */
int process_list_read(struct process_list *l, int proc_fd, uint32_t first, size_t max, struct error *err) NODISCARD;
/* Adds one; process_list_sort puts it in its place and takes out what is there twice. -ERR_LIMIT, -ERR_NOMEM. */
int process_list_add(struct process_list *l, uint32_t pid, size_t max, struct error *err) NODISCARD;
void process_list_sort(struct process_list *l);
void process_list_done(struct process_list *l);

#endif
