/* collect/process/list.c: lists process ids with as few system calls as there can be. */
#include "collect/process/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"

enum { ROOM = 32 << 10 };

static bool parse_pid(const char *name, uint32_t *ret) {
    uint32_t pid = 0;
    if (*name < '1' || *name > '9')
        return false;
    for (; *name >= '0' && *name <= '9'; name++)
        if (__builtin_mul_overflow(pid, 10U, &pid) || __builtin_add_overflow(pid, (uint32_t)(*name - '0'), &pid))
            return false;
    *ret = pid;
    return *name == '\0' && pid <= INT32_MAX;
}

int process_list_add(struct process_list *l, uint32_t pid, size_t max, struct error *err) {
    if (l->n == max)
        return error_set(err, ERR_LIMIT, "more than %zu processes", max);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 512;
        uint32_t *grown = realloc(l->pids, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERR_NOMEM, "%zu processes", cap);
        l->pids = grown;
        l->cap = cap;
    }
    l->pids[l->n++] = pid;
    return 0;
}

static int by_value(const void *a, const void *b) {
    uint32_t p = *(const uint32_t *)a;
    uint32_t q = *(const uint32_t *)b;
    return (p > q) - (p < q);
}

/* procfs lists in ascending order, so this only looks; a fixture's directory does not. */
void process_list_sort(struct process_list *l) {
    bool ascending = true;
    for (size_t i = 1; i < l->n && ascending; i++)
        ascending = l->pids[i - 1] < l->pids[i];
    if (ascending)
        return;
    qsort(l->pids, l->n, sizeof *l->pids, by_value);
    size_t kept = 1;
    for (size_t i = 1; i < l->n; i++)
        if (l->pids[i] != l->pids[kept - 1])
            l->pids[kept++] = l->pids[i];
    l->n = kept;
}

/* procfs gives every process a position that is a fixed step above its number, which nobody promises: so it is looked at.
 * `offset` is what the entry before said of where this one is. */
static void learn_offset(struct process_list *l, int64_t position, uint32_t pid) {
    int64_t offset = position - (int64_t)pid;
    if (l->n == 2)
        l->offset = offset;
    else if (l->n > 2 && l->offset != offset)
        l->offset = PROCESS_LIST_NO_OFFSET;
}

static int take_entries(struct process_list *l, ssize_t size, int64_t *position, size_t max, struct error *err) {
    for (ssize_t at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(l->room + at);
        uint32_t pid = 0;
        if (parse_pid(entry->d_name, &pid)) {
            int status = process_list_add(l, pid, max, err);
            if (status < 0)
                return status;
            learn_offset(l, *position, pid);
        }
        *position = entry->d_off;
        at += entry->d_reclen;
    }
    return 0;
}

int process_list_read(struct process_list *l, int proc_fd, uint32_t first, size_t max, struct error *err) {
    if (!l->room && !(l->room = malloc(ROOM)))
        return error_set(err, ERR_NOMEM, "list of processes");
    if (l->fd < 0) {
        int status = kernel_dir_open_at(proc_fd, ".", &l->fd, err);
        if (status < 0)
            return status;
    }
    if (lseek(l->fd, first ? l->offset + (int64_t)first : 0, SEEK_SET) < 0)
        return error_os(err, errno, "list of processes");
    int64_t learnt = l->offset;
    int64_t position = 0;
    int status = 0;
    l->n = 0;
    while (status == 0) {
        ssize_t got = getdents64(l->fd, l->room, ROOM);
        if (got < 0)
            return error_os(err, errno, "list of processes");
        if (got == 0)
            break;
        status = take_entries(l, got, &position, max, err);
    }
    if (first)
        l->offset = learnt;
    process_list_sort(l);
    return status;
}

void process_list_done(struct process_list *l) {
    file_close(&l->fd);
    free(l->pids);
    free(l->room);
    *l = (struct process_list){.fd = -1, .offset = PROCESS_LIST_NO_OFFSET};
}
