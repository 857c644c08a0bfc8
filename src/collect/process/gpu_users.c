/* collect/process/gpu_users.c: joins the rows of graphics cards with the table of processes. */
#include "collect/process/gpu_users.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 4096, PATH_PREFIX_MAX = 64 };

static int by_process_and_card(const void *a, const void *b) {
    const struct process *p = *(const struct process *const *)a;
    const struct process *q = *(const struct process *const *)b;
    if (p->pid != q->pid)
        return p->pid < q->pid ? -1 : 1;
    return (p->device_id > q->device_id) - (p->device_id < q->device_id);
}

static bool is_device(struct text path) {
    static const char *const prefixes[] = {"/dev/nvidia", "/dev/kfd", "/dev/dri/", "/dev/accel"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (text_starts(path, prefixes[i]))
            return true;
    return false;
}

static bool holds_device(int proc_fd, uint32_t pid) {
    char name[32];
    char path[PATH_PREFIX_MAX];
    bool found = false;
    (void)snprintf(name, sizeof name, "%u/fd", pid);
    int fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    const struct dirent *entry = NULL;
    for (int i = 0; i < DESCRIPTORS_MAX && !found && (entry = readdir(dir)); i++) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, path, sizeof path);
        found = n > 0 && is_device((struct text){path, (size_t)n});
    }
    (void)closedir(dir);
    return found;
}

static bool is_meant(struct process_entry *e, int proc_fd, bool first) {
    if (first)
        return true;
    e->holds_device = e->holds_device || holds_device(proc_fd, e->pid);
    return e->holds_device;
}

static struct process_entry *find_gone(struct process_table *table, uint64_t pid) {
    size_t n = 0;
    struct process_entry **gone = process_table_gone(table, &n);
    for (size_t i = 0; i < n; i++)
        if (gone[i]->pid == pid)
            return gone[i];
    return NULL;
}

int gpu_users_join(const struct cycle *cycle, struct process_table *table, int proc_fd, bool first, struct arena *arena,
    struct gpu_users *ret, struct error *err) {
    size_t n = cycle->n_gpu_users;
    size_t n_entries = 0;
    struct process_entry **entries = process_table_entries(table, &n_entries);
    for (size_t i = 0; i < n_entries; i++)
        entries[i]->n_gpu = 0;
    *ret = (struct gpu_users){.n = 0};
    if (n == 0)
        return 0;
    ret->rows = arena_alloc(arena, 2 * n * sizeof(const struct process *));
    if (!ret->rows)
        return error_set(err, ERR_NOMEM, "%zu users of graphics cards", n);
    ret->strangers = ret->rows + n;
    for (size_t i = 0; i < n; i++)
        if (known_u64(cycle->gpu_users[i].pid))
            ret->rows[ret->n++] = &cycle->gpu_users[i];
    if (ret->n)
        qsort(ret->rows, ret->n, sizeof(const struct process *), by_process_and_card);
    for (size_t i = 0, next = 0; i < ret->n; i = next) {
        uint64_t pid = ret->rows[i]->pid;
        for (next = i; next < ret->n && ret->rows[next]->pid == pid; next++) {
        }
        struct process_entry *e = process_table_find(table, pid);
        if (!e || !e->read)
            e = find_gone(table, pid);
        if (e && is_meant(e, proc_fd, first)) {
            e->gpu = &ret->rows[i];
            e->n_gpu = next - i;
        }
        for (size_t k = i; k < next && !e && first; k++)
            ret->strangers[ret->n_strangers++] = ret->rows[k];
    }
    return 0;
}
