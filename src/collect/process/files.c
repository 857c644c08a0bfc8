/* collect/process/files.c: reads stat and io of processes, and keeps the files of busy ones open. */
#include "collect/process/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "frame/model.h"

enum { IO_TEXT_MAX = 512 };

/* Room for the kept handles beside all that others in this program open. */
static size_t handles_allowed(void) {
    enum { WANTED = 4096, FOR_OTHERS = 256 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < WANTED && limit.rlim_max > limit.rlim_cur) {
        struct rlimit raised = {
            .rlim_cur = limit.rlim_max < WANTED ? limit.rlim_max : WANTED, .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur <= FOR_OTHERS)
        return 0;
    size_t pairs = (size_t)(limit.rlim_cur - FOR_OTHERS) / 2;
    return pairs < PROCESS_HANDLES_MAX ? pairs : PROCESS_HANDLES_MAX;
}

void process_files_init(struct process_files *files, int proc_fd) {
    *files = (struct process_files){.proc_fd = proc_fd, .max = handles_allowed()};
}

static void unlink_handles(struct process_files *files, struct process_entry *e) {
    if (e->newer)
        e->newer->older = e->older;
    else
        files->newest = e->older;
    if (e->older)
        e->older->newer = e->newer;
    else
        files->oldest = e->newer;
    e->newer = e->older = NULL;
}

static void link_handles(struct process_files *files, struct process_entry *e) {
    e->older = files->newest;
    if (files->newest)
        files->newest->newer = e;
    else
        files->oldest = e;
    files->newest = e;
}

void process_files_drop(struct process_files *files, struct process_entry *e) {
    if (e->stat_fd < 0)
        return;
    unlink_handles(files, e);
    files->n--;
    file_close(&e->stat_fd);
    file_close(&e->io_fd);
}

/* Keeps `fd`, a process's stat, for the next cycles. Room is made by one that has not run in this cycle. */
static void keep_handle(struct process_files *files, struct process_entry *e, int *fd) {
    if (files->n >= files->max && files->oldest && files->oldest->ran_cycle < files->cycle)
        process_files_drop(files, files->oldest);
    if (files->n >= files->max)
        return;
    e->stat_fd = file_steal(fd);
    files->n++;
    link_handles(files, e);
}

static int open_file(const struct process_files *files, uint32_t pid, const char *file) {
    char name[32];
    (void)snprintf(name, sizeof name, "%u/%s", pid, file);
    return openat(files->proc_fd, name, O_RDONLY | O_CLOEXEC);
}

static struct text read_once(int fd, char *buf, size_t cap) {
    ssize_t n = pread(fd, buf, cap, 0);
    return n > 0 ? (struct text){buf, (size_t)n} : (struct text){NULL, 0};
}

bool process_files_stat(struct process_files *files, struct process_entry *e, bool keep, struct process_stat *ret) {
    char buf[PROCESS_STAT_MAX];
    if (e->stat_fd >= 0) {
        struct text text = read_once(e->stat_fd, buf, sizeof buf);
        if (known_text(text)) {
            unlink_handles(files, e);
            link_handles(files, e);
            return process_parse_stat(text, ret);
        }
        process_files_drop(files, e); /* that process is gone, but another may have its number */
    }
    int fd CLEANUP(file_close) = open_file(files, e->pid, "stat");
    struct text text = fd >= 0 ? read_once(fd, buf, sizeof buf) : (struct text){NULL, 0};
    if (!known_text(text) || !process_parse_stat(text, ret))
        return false;
    if (keep)
        keep_handle(files, e, &fd);
    return true;
}

/* The kernel's own threads move no data that is not accounted to who asked for it. */
void process_files_io(struct process_files *files, struct process_entry *e) {
    char buf[IO_TEXT_MAX];
    if (e->io_denied || e->stat.kernel_thread)
        return;
    int fd CLEANUP(file_close) = -1;
    if (e->io_fd < 0) {
        fd = open_file(files, e->pid, "io");
        e->io_denied = fd < 0 && (errno == EACCES || errno == EPERM || errno == ENOENT);
    }
    struct text text = read_once(e->io_fd >= 0 ? e->io_fd : fd, buf, sizeof buf);
    uint64_t read = 0;
    uint64_t write = 0;
    bool good = known_text(text) && process_parse_io(text, &read, &write);
    e->io_read_bytes = good ? read : U64_UNKNOWN;
    e->io_write_bytes = good ? write : U64_UNKNOWN;
    if (good && e->stat_fd >= 0 && e->io_fd < 0)
        e->io_fd = file_steal(&fd);
    if (!good)
        file_close(&e->io_fd);
}
