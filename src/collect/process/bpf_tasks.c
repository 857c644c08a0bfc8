/* collect/process/bpf_tasks.c: loads the program over all tasks, runs it, and takes in what it writes. */
#include "collect/process/bpf_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"

enum {
    WINDOW = 32 << 10, /* the kernel writes in such pieces */
    THREAD_RUNS_MAX = 1 << 20,
    PROCESSES_FIRST_LOOK = 1 << 16,
};

struct task_threads { /* threads of one process other than its first, as they were listed one after the other */
    uint32_t tgid, n;
    bool on_cpu;
    uint64_t runtime_ns, read_bytes, write_bytes;
};

struct bpf_tasks {
    int link_fd;
    bool has_io;
    struct task_record *processes;
    size_t n, cap, max;
    struct task_threads *threads;
    size_t n_threads, threads_cap;
    char window[WINDOW];
};

static int bpf(int command, union bpf_attr *attr) {
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static ssize_t read_types(void *context, void *buf, size_t n, uint64_t offset) {
    return file_pread_full(*(const int *)context, "types of the kernel", buf, n, offset, NULL);
}

static int find_members(const char *sysfs, struct btf_wanted wanted[KERNEL_MEMBERS], struct error *err) {
    int sys_fd CLEANUP(file_close) = -1;
    int status = kernel_dir_open(sysfs, &sys_fd, err);
    if (status < 0)
        return status;
    int fd CLEANUP(file_close) = openat(sys_fd, "kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERR_ABSENT, "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)");
    bpf_program_wanted(wanted);
    return btf_find(read_types, &fd, wanted, KERNEL_MEMBERS, err);
}

static int refused(struct error *err, const char *what) {
    if (errno == EPERM || errno == EACCES)
        return error_set(err, ERR_ABSENT, "%s: not permitted (takes CAP_BPF and CAP_PERFMON)", what);
    return error_set(err, ERR_ABSENT, "%s: %s", what, strerror(errno));
}

static uint64_t address_of(const void *p) {
    return (uint64_t)(uintptr_t)p;
}

static int attach(const struct bpf_program *program, int *ret_fd, struct error *err) {
    union bpf_attr load;
    union bpf_attr link;
    memset(&load, 0, sizeof load);
    memset(&link, 0, sizeof link);
    load.prog_type = BPF_PROG_TYPE_TRACING;
    load.expected_attach_type = BPF_TRACE_ITER;
    load.attach_btf_id = program->attach_id;
    load.insns = address_of(program->code);
    load.insn_cnt = (uint32_t)program->n;
    load.license = address_of("Dual MIT/GPL"); /* the kernel lets no other program read its memory */
    memcpy(load.prog_name, "tacho_tasks", sizeof "tacho_tasks");
    int fd CLEANUP(file_close) = bpf(BPF_PROG_LOAD, &load);
    if (fd < 0)
        return refused(err, "loading the BPF program over tasks");
    link.link_create.prog_fd = (uint32_t)fd;
    link.link_create.attach_type = BPF_TRACE_ITER;
    *ret_fd = bpf(BPF_LINK_CREATE, &link);
    return *ret_fd < 0 ? refused(err, "attaching the BPF program over tasks") : 0;
}

static int load(struct bpf_tasks *t, const struct btf_wanted *members, unsigned level, struct error *err) {
    struct bpf_program program;
    int status = bpf_program_make(members, level, &program, err);
    if (status < 0)
        return status;
    file_close(&t->link_fd);
    t->has_io = program.has_io;
    return attach(&program, &t->link_fd, err);
}

/* The iterator goes over our process namespace and those inside of it; so the outermost that it meets is ours. */
static unsigned own_level(const struct bpf_tasks *t) {
    uint32_t level = t->n ? t->processes[0].level : 0;
    for (size_t i = 1; i < t->n; i++)
        level = t->processes[i].level < level ? t->processes[i].level : level;
    return level;
}

int bpf_tasks_open(const char *sysfs, struct bpf_tasks **ret, struct error *err) {
    struct btf_wanted members[KERNEL_MEMBERS];
    int status = find_members(sysfs, members, err);
    if (status < 0)
        return status;
    struct bpf_tasks *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERR_NOMEM, "BPF task iterator");
    t->link_fd = -1;
    status = load(t, members, 0, err);
    if (status == 0)
        status = bpf_tasks_read(t, PROCESSES_FIRST_LOOK, err);
    if (status == 0 && own_level(t) > 0)
        status = load(t, members, own_level(t), err);
    if (status < 0) {
        bpf_tasks_close(t);
        return status;
    }
    *ret = t;
    return 0;
}

void bpf_tasks_close(struct bpf_tasks *t) {
    if (!t)
        return;
    file_close(&t->link_fd);
    free(t->processes);
    free(t->threads);
    free(t);
}

static int add_process(struct bpf_tasks *t, const char *at, struct error *err) {
    if (t->n == t->max)
        return error_set(err, ERR_LIMIT, "more than %zu processes", t->max);
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap + t->cap / 2 : 256;
        struct task_record *grown = realloc(t->processes, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERR_NOMEM, "%zu processes", cap);
        t->processes = grown;
        t->cap = cap;
    }
    memcpy(&t->processes[t->n++], at, sizeof *t->processes);
    return 0;
}

static int add_thread(struct bpf_tasks *t, const struct task_record *thread, struct error *err) {
    struct task_threads *run = t->n_threads ? &t->threads[t->n_threads - 1] : NULL;
    if (!run || run->tgid != thread->tgid) {
        if (!t->threads || t->n_threads == t->threads_cap) {
            size_t cap = t->threads_cap ? t->threads_cap * 2 : 64;
            struct task_threads *grown = cap <= THREAD_RUNS_MAX ? realloc(t->threads, cap * sizeof *grown) : NULL;
            if (!grown)
                return error_set(err, ERR_NOMEM, "threads of %zu processes", cap);
            t->threads = grown;
            t->threads_cap = cap;
        }
        run = &t->threads[t->n_threads++];
        *run = (struct task_threads){.tgid = thread->tgid};
    }
    run->n++;
    run->on_cpu = run->on_cpu || thread->on_cpu;
    run->runtime_ns += thread->runtime_ns;
    run->read_bytes += thread->read_bytes;
    run->write_bytes += thread->write_bytes;
    return 0;
}

/* Takes the whole records out of the window; `*used`: their bytes. */
static int take_records(struct bpf_tasks *t, size_t len, size_t *used, struct error *err) {
    int status = 0;
    while (status == 0 && len - *used >= TASK_THREAD_BYTES) {
        struct task_record task;
        memcpy(&task, t->window + *used, TASK_THREAD_BYTES);
        bool first = task.pid == task.tgid;
        if (first && len - *used < sizeof task)
            break;
        if (first && task.pid != 0) /* 0: it is being taken down */
            status = add_process(t, t->window + *used, err);
        else if (!first)
            status = add_thread(t, &task, err);
        *used += first ? sizeof task : TASK_THREAD_BYTES;
    }
    return status;
}

static int by_process(const void *a, const void *b) {
    uint32_t p = ((const struct task_threads *)a)->tgid;
    uint32_t q = ((const struct task_threads *)b)->tgid;
    return (p > q) - (p < q);
}

/* Threads are listed by number, which says nothing about whose they are. */
static void add_up_threads(struct bpf_tasks *t) {
    size_t p = 0;
    if (t->n_threads)
        qsort(t->threads, t->n_threads, sizeof *t->threads, by_process);
    for (size_t i = 0; i < t->n; i++)
        t->processes[i].threads_read = 1;
    for (size_t i = 0; i < t->n_threads; i++) {
        const struct task_threads *run = &t->threads[i];
        while (p < t->n && t->processes[p].pid < run->tgid)
            p++;
        if (p == t->n || t->processes[p].pid != run->tgid)
            continue;
        struct task_record *process = &t->processes[p];
        process->threads_read += run->n;
        process->on_cpu = process->on_cpu || run->on_cpu;
        process->runtime_ns += run->runtime_ns;
        process->read_bytes += run->read_bytes;
        process->write_bytes += run->write_bytes;
    }
}

static int read_all(struct bpf_tasks *t, int fd, struct error *err) {
    size_t len = 0;
    for (;;) {
        size_t used = 0;
        ssize_t got = read(fd, t->window + len, WINDOW - len);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue; /* it has looked at very many tasks without finding any to tell of */
        if (got < 0)
            return error_os(err, errno, "BPF task iterator");
        if (got == 0)
            return 0;
        len += (size_t)got;
        int status = take_records(t, len, &used, err);
        if (status < 0)
            return status;
        memmove(t->window, t->window + used, len - used);
        len -= used;
    }
}

int bpf_tasks_read(struct bpf_tasks *t, size_t max, struct error *err) {
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.iter_create.link_fd = (uint32_t)t->link_fd;
    int fd CLEANUP(file_close) = bpf(BPF_ITER_CREATE, &attr);
    if (fd < 0)
        return error_os(err, errno, "BPF task iterator");
    t->n = t->n_threads = 0;
    t->max = max;
    int status = read_all(t, fd, err);
    add_up_threads(t);
    return status;
}

const struct task_record *bpf_tasks_processes(const struct bpf_tasks *t, size_t *ret_n) {
    *ret_n = t->n;
    return t->processes;
}

bool bpf_tasks_has_io(const struct bpf_tasks *t) {
    return t->has_io;
}

char bpf_tasks_state(const struct task_record *task) {
    enum { UNINTERRUPTIBLE = 0x2, REPORTED = 0x7f, NO_LOAD = 0x400, RTLOCK_WAIT = 0x1000, FROZEN = 0x8000 };
    static const char letters[] = "RSDTtXZP";
    uint32_t state = task->state;
    uint32_t told = (state | task->exit_state) & REPORTED;
    if ((state & (UNINTERRUPTIBLE | NO_LOAD)) == (UNINTERRUPTIBLE | NO_LOAD) && !task->exit_state)
        return 'I';
    if (state & (RTLOCK_WAIT | FROZEN))
        told = UNINTERRUPTIBLE;
    return letters[told ? 32 - __builtin_clz(told) : 0];
}
