/* collect/process/facts.c: reads command line, owner and control group of a process. */
#include "collect/process/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"
#include "collect/process/parse.h"
#include "collect/process/workload.h"

struct context {
    int proc_fd;
};

static struct text copy(struct process_facts *into, struct text t) {
    if (t.len == 0)
        return (struct text){NULL, 0};
    char *at = into->bytes + into->n_bytes;
    memcpy(at, t.at, t.len);
    into->n_bytes += t.len;
    return (struct text){at, t.len};
}

static struct process_facts *make_facts(uint64_t uid, uint64_t start_ticks, struct text command, struct text cgroup) {
    struct workload w = workload_of_cgroup(cgroup);
    struct text job = text_of(w.job);
    struct process_facts *facts =
        malloc(sizeof *facts + command.len + cgroup.len + w.unit.len + w.container.len + job.len);
    if (!facts)
        return NULL;
    facts->start_ticks = start_ticks;
    facts->uid = uid;
    facts->n_bytes = 0;
    facts->command = copy(facts, command);
    facts->cgroup = copy(facts, cgroup);
    facts->unit = copy(facts, w.unit);
    facts->container = copy(facts, w.container);
    facts->job = copy(facts, job);
    return facts;
}

struct process_facts *process_facts_of_owner(uint64_t uid, uint64_t start_ticks) {
    struct text none = {NULL, 0};
    return make_facts(uid, start_ticks, none, none);
}

static struct text read_text(int dir_fd, const char *name, char *buf, size_t cap) {
    int fd CLEANUP(file_close) = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, buf, cap) : -1;
    return n < 0 ? (struct text){NULL, 0} : (struct text){buf, (size_t)n};
}

static void *answer(void *context, uint64_t pid) {
    const struct context *c = context;
    char name[24];
    char stat_text[PROCESS_STAT_MAX];
    char command[COMMAND_MAX];
    char cgroup[CGROUP_MAX + 1024]; /* version 1 has a line per controller before the one that says most */
    struct process_stat stat;
    struct stat info;
    (void)snprintf(name, sizeof name, "%llu", (unsigned long long)pid);
    /* All through one handle: it stays with the process, whoever gets the number next. */
    int fd CLEANUP(file_close) = openat(c->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 ||
        !process_parse_stat(read_text(fd, "stat", stat_text, sizeof stat_text), &stat))
        return NULL;
    struct text line = stat.kernel_thread ? (struct text){NULL, 0} : read_text(fd, "cmdline", command, sizeof command);
    if (known_text(line))
        line = process_parse_cmdline(command, line.len);
    return make_facts(
        info.st_uid, stat.start_ticks, line, process_parse_cgroup(read_text(fd, "cgroup", cgroup, sizeof cgroup)));
}

static void close_context(void *context) {
    struct context *c = context;
    file_close(&c->proc_fd);
    free(c);
}

static const struct lookup_ops ops = {.name = "tacho-commands", .answer = answer, .drop = free, .close = close_context};

int process_facts_create(int proc_fd, struct lookup **ret, struct error *err) {
    struct context *c = calloc(1, sizeof *c);
    int fd = fcntl(proc_fd, F_DUPFD_CLOEXEC, 0);
    if (!c || fd < 0) {
        int why = c ? errno : ENOMEM;
        file_close(&fd);
        free(c);
        return error_os(err, why, "command line reader");
    }
    c->proc_fd = fd;
    int status = lookup_create(&ops, c, ret, err);
    if (status < 0)
        close_context(c);
    return status;
}
