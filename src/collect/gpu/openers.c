/* collect/gpu/openers.c: looks for devices of DRM among the descriptors of every process. */
#include "collect/gpu/openers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "collect/kernel_file.h"
#include "collect/process/list.h"
#include "collect/process/table.h"

enum {
    ROOM = 16 << 10, /* of a directory's entries */
    LINK_ROOM = 256, /* what is longer is no device */
};

struct seen { /* a process that was looked through */
    uint32_t pid;
    bool denied;
    uint64_t cpu_ns; /* how long it had run then; 0: look again */
};

struct openers {
    int proc_fd; /* borrowed */
    bool probe;  /* processor clocks of our process ids can be asked for */
    struct process_list list;
    struct seen *seen, *seen_before; /* ascending by pid */
    size_t n_seen, n_seen_before, cap_seen, cap_seen_before;
    struct opener *found, *found_before; /* OPENERS_MAX each */
    size_t n, n_before;
    bool saw_all;
    char *room;
};

int openers_create(int proc_fd, struct openers **ret, struct error *err) {
    struct openers *o = calloc(1, sizeof *o);
    struct opener *found = calloc(2 * (size_t)OPENERS_MAX, sizeof *found);
    char *room = malloc(ROOM);
    if (!o || !found || !room) {
        free(o);
        free(found);
        free(room);
        return error_set(err, ERR_NOMEM, "users of graphics devices");
    }
    *o = (struct openers){.proc_fd = proc_fd,
        .probe = process_table_can_probe(proc_fd),
        .list = {.fd = -1, .offset = PROCESS_LIST_NO_OFFSET},
        .found = found,
        .found_before = found + OPENERS_MAX,
        .room = room};
    *ret = o;
    return 0;
}

void openers_destroy(struct openers *o) {
    if (!o)
        return;
    process_list_done(&o->list);
    free(o->seen);
    free(o->seen_before);
    free(o->found < o->found_before ? o->found : o->found_before);
    free(o->room);
    free(o);
}

/* Processor time of a whole process: while it stands still, no descriptor was opened. 0 when it cannot be told. */
static uint64_t cpu_clock(const struct openers *o, uint32_t pid) {
    enum { CPUCLOCK_SCHED = 2 }; /* as clock_getcpuclockid(3) makes it, without its checks */
    struct timespec used;
    if (!o->probe || clock_gettime((clockid_t)((~pid << 3) | CPUCLOCK_SCHED), &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * (uint64_t)NS_PER_SECOND + (uint64_t)used.tv_nsec;
}

/* Asking what a path leads to may hang on a remote file system, so only what can be a device is asked about: what lies in /dev,
 * or has the name of a node somewhere else, as in a container. */
static bool may_be_device(struct text target) {
    const char *slash = target.len ? memrchr(target.at, '/', target.len) : NULL;
    if (!slash || target.at[0] != '/')
        return false;
    struct text last = {slash + 1, target.len - (size_t)(slash + 1 - target.at)};
    return text_starts(target, "/dev/") || text_starts(last, "renderD") || text_starts(last, "card");
}

static uint64_t minor_of_path(struct text target, const struct drm_node *nodes, size_t n_nodes) {
    static const char folder[] = "/dev/dri/";
    if (!text_starts(target, folder))
        return U64_UNKNOWN;
    struct text name = {target.at + sizeof folder - 1, target.len - (sizeof folder - 1)};
    for (size_t i = 0; i < n_nodes; i++)
        if (text_is(name, nodes[i].name))
            return nodes[i].minor;
    return U64_UNKNOWN;
}

static uint64_t minor_of(int dir_fd, const char *name, const struct drm_node *nodes, size_t n_nodes) {
    char room[LINK_ROOM];
    struct stat info;
    ssize_t n = readlinkat(dir_fd, name, room, sizeof room);
    struct text target = {room, n > 0 ? (size_t)n : 0};
    if (!may_be_device(target))
        return U64_UNKNOWN;
    if (fstatat(dir_fd, name, &info, 0) != 0 || !S_ISCHR(info.st_mode))
        return minor_of_path(target, nodes, n_nodes);
    return major(info.st_rdev) == DRM_MAJOR ? minor(info.st_rdev) : U64_UNKNOWN;
}

static int by_number(const void *a, const void *b) {
    const struct opener *p = a;
    const struct opener *q = b;
    return (p->number > q->number) - (p->number < q->number);
}

/* Looks through the descriptors of one process. False without permission. */
static bool look_through(struct openers *o, uint32_t pid, const struct drm_node *nodes, size_t n_nodes) {
    char path[24];
    size_t looked_at = 0;
    size_t first = o->n;
    (void)snprintf(path, sizeof path, "%u/fd", pid);
    int fd CLEANUP(file_close) = openat(o->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno != EACCES && errno != EPERM;
    for (;;) {
        ssize_t got = getdents64(fd, o->room, ROOM);
        if (got < 0)
            return errno != EACCES && errno != EPERM;
        if (got == 0 || looked_at >= OPENERS_FDS_MAX)
            break;
        for (ssize_t at = 0; at < got && looked_at < OPENERS_FDS_MAX;) {
            const struct dirent64 *entry = (const void *)(o->room + at);
            uint64_t number = 0;
            at += entry->d_reclen;
            if (!text_u64(text_of(entry->d_name), &number) || number > INT32_MAX)
                continue;
            looked_at++;
            uint64_t minor = minor_of(fd, entry->d_name, nodes, n_nodes);
            if (known_u64(minor) && o->n < OPENERS_MAX)
                o->found[o->n++] = (struct opener){.pid = pid, .number = (uint32_t)number, .minor = minor};
        }
    }
    qsort(o->found + first, o->n - first, sizeof *o->found, by_number);
    return true;
}

static int make_room(struct openers *o, size_t n, struct error *err) {
    if (n <= o->cap_seen)
        return 0;
    struct seen *grown = realloc(o->seen, n * sizeof *grown);
    if (!grown)
        return error_set(err, ERR_NOMEM, "%zu processes", n);
    o->seen = grown;
    o->cap_seen = n;
    return 0;
}

/* The ids of processes are those of the machine when its first one says so, which only a mighty user may ask. */
static bool is_whole_machine(const struct openers *o) {
    char target[64];
    ssize_t n = readlinkat(o->proc_fd, "1/ns/pid", target, sizeof target);
    return n > 0 && text_is((struct text){target, (size_t)n}, "pid:[4026531836]"); /* PROC_PID_INIT_INO */
}

static void swap(struct openers *o) {
    struct seen *seen = o->seen;
    struct opener *found = o->found;
    size_t cap = o->cap_seen;
    o->seen = o->seen_before;
    o->cap_seen = o->cap_seen_before;
    o->seen_before = seen;
    o->cap_seen_before = cap;
    o->n_seen_before = o->n_seen;
    o->found = o->found_before;
    o->found_before = found;
    o->n_before = o->n;
    o->n = 0;
    o->n_seen = 0;
}

/* What an earlier scan found in a process that has not run since. */
static void keep(struct openers *o, uint32_t pid, size_t *at) {
    while (*at < o->n_before && o->found_before[*at].pid < pid)
        (*at)++;
    for (; *at < o->n_before && o->found_before[*at].pid == pid; (*at)++)
        if (o->n < OPENERS_MAX)
            o->found[o->n++] = o->found_before[*at];
}

int openers_scan(struct openers *o, const struct drm_node *nodes, size_t n_nodes, struct error *err) {
    int status = process_list_read(&o->list, o->proc_fd, 0, PROCESSES_MAX, err);
    if (status < 0 && status != -ERR_LIMIT)
        return status;
    bool all = status == 0 && is_whole_machine(o);
    size_t before = 0;
    size_t found_before = 0;
    swap(o);
    status = make_room(o, o->list.n, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < o->list.n; i++) {
        struct seen now = {.pid = o->list.pids[i], .cpu_ns = cpu_clock(o, o->list.pids[i])};
        while (before < o->n_seen_before && o->seen_before[before].pid < now.pid)
            before++;
        const struct seen *was =
            before < o->n_seen_before && o->seen_before[before].pid == now.pid ? &o->seen_before[before] : NULL;
        if (was && now.cpu_ns && was->cpu_ns == now.cpu_ns) {
            now.denied = was->denied;
            keep(o, now.pid, &found_before);
        } else {
            now.denied = !look_through(o, now.pid, nodes, n_nodes);
        }
        all = all && !now.denied;
        o->seen[o->n_seen++] = now;
    }
    o->saw_all = all && o->n < OPENERS_MAX;
    return 0;
}

const struct opener *openers_found(const struct openers *o, size_t *ret_n) {
    *ret_n = o->n;
    return o->found;
}

bool openers_saw_all(const struct openers *o) {
    return o->saw_all;
}
