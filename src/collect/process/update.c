/* collect/process/update.c: brings one process up to date, by reading procfs, by its clock, or from the kernel's iterator. */
#include "collect/process/update.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/number.h"
#include "frame/model.h"

enum {
    CLOCK_INTERVAL_MIN_MS = 10, /* the clocks count nanoseconds */
    TICKS_INTERVAL_MIN_MS = 40, /* stat counts ticks of 10 ms */
    HANDLES_IDLE_CYCLES = 60,   /* after so many without running, the files are closed */
};

/* Processor time of a whole process, by one system call that needs no permission; false when it has gone. */
static bool probe_clock(uint32_t pid, uint64_t *ret_ns) {
    enum { CPUCLOCK_SCHED = 2 }; /* as clock_getcpuclockid(3) makes it, without its checks */
    struct timespec used;
    if (clock_gettime((clockid_t)((~pid << 3) | CPUCLOCK_SCHED), &used) != 0)
        return false;
    *ret_ns = (uint64_t)used.tv_sec * (uint64_t)NS_PER_SECOND + (uint64_t)used.tv_nsec;
    return true;
}

struct process_entry *process_entry_create(uint32_t pid) {
    struct process_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->pid = pid;
    e->stat_fd = e->io_fd = -1;
    e->io_read_bytes = e->io_write_bytes = e->io_moved_bytes = e->base_io_bytes = U64_UNKNOWN;
    e->cpu_percent = NAN;
    e->exit_code = I64_UNKNOWN;
    return e;
}

/* Another process has this number now: `e` becomes that one's entry, and what it held goes. */
static void start_over(struct process_update *u, struct process_entry *e) {
    struct process_entry *fresh = process_entry_create(e->pid);
    process_files_drop(&u->files, e);
    if (!fresh) { /* what the two have in common is wrong for a cycle at most */
        free(e->facts);
        e->facts = NULL;
        return;
    }
    struct process_entry old = *e;
    *e = *fresh;
    *fresh = old;
    free(u->replaced ? u->replaced->facts : NULL);
    free(u->replaced);
    u->replaced = fresh;
}

static uint64_t io_total(const struct process_entry *e) {
    uint64_t total = 0;
    if (!known_u64(e->io_read_bytes) || __builtin_add_overflow(e->io_read_bytes, e->io_write_bytes, &total))
        return U64_UNKNOWN;
    return total;
}

/* What it used and moved since the base, then the base becomes now. A base too near is left for a later cycle. */
static void take_rates(const struct process_update *u, struct process_entry *e, int64_t now_mono_ns) {
    int64_t interval_ns = now_mono_ns - e->base_mono_ns;
    int64_t min_ns = (u->method == PROCESS_PLAIN ? TICKS_INTERVAL_MIN_MS : CLOCK_INTERVAL_MIN_MS) * NS_PER_MS;
    uint64_t io = io_total(e);
    if (e->base_mono_ns != 0 && interval_ns < min_ns)
        return;
    if (e->base_mono_ns != 0) {
        uint64_t used_ns = e->cpu_ns > e->base_cpu_ns ? e->cpu_ns - e->base_cpu_ns : 0;
        e->cpu_percent = number_round(100 * (double)used_ns / (double)interval_ns, 2);
        e->io_moved_bytes = !known_u64(io) || !known_u64(e->base_io_bytes) ? U64_UNKNOWN
                            : io > e->base_io_bytes                        ? io - e->base_io_bytes
                                                                           : 0;
    }
    e->base_cpu_ns = e->cpu_ns;
    e->base_io_bytes = io;
    e->base_mono_ns = now_mono_ns;
}

/* A process that started after the last update has used all its time since: that update is its base. */
static void base_of_newcomer(const struct process_update *u, struct process_entry *e) {
    int64_t start_ns = 0;
    if (u->before_mono_ns == 0 || e->stat.start_ticks > INT64_MAX / (uint64_t)u->tick_ns - 1)
        return;
    start_ns = (int64_t)(e->stat.start_ticks + 1) * u->tick_ns;
    if (start_ns < u->before_boot_ns)
        return;
    e->base_mono_ns = u->before_mono_ns;
    e->base_cpu_ns = e->base_io_bytes = 0;
}

static bool is_its_turn(const struct process_update *u, const struct process_entry *e) {
    return (u->cycle + e->pid) % u->refresh_every == 0;
}

static bool out_of_time(struct process_update *u) {
    if (u->left == 0 && clock_mono_ns() < u->read_until_ns)
        return false;
    u->left++; /* once there was no time, there is none for the rest */
    return true;
}

static uint64_t ticks_ns(const struct process_update *u, const struct process_stat *stat) {
    uint64_t ticks = 0;
    uint64_t ns = 0;
    if (__builtin_add_overflow(stat->user_ticks, stat->system_ticks, &ticks) ||
        __builtin_mul_overflow(ticks, (uint64_t)u->tick_ns, &ns))
        return 0;
    return ns;
}

/* Reads stat, and io when the process ran. False when it has gone. */
static bool read_entry(struct process_update *u, struct process_entry *e, uint64_t clock_ns, bool ran) {
    struct process_stat stat;
    bool probe = u->method != PROCESS_PLAIN;
    bool often = !probe || e->ran_cycle + 1 == u->cycle;
    if (!process_files_stat(&u->files, e, ran && often, &stat))
        return false;
    bool newcomer = !e->read;
    if (e->read && stat.start_ticks != e->stat.start_ticks) {
        start_over(u, e);
        newcomer = true;
    }
    ran = probe ? ran || newcomer : newcomer || ticks_ns(u, &stat) != e->cpu_ns;
    e->read = true;
    e->stat = stat;
    e->stat_cycle = u->cycle;
    e->cpu_ns = probe ? clock_ns : ticks_ns(u, &stat);
    e->ran = ran;
    if (newcomer && e->base_mono_ns == 0)
        base_of_newcomer(u, e);
    if (ran)
        e->ran_cycle = u->cycle;
    if (ran || is_its_turn(u, e))
        process_files_io(&u->files, e);
    return true;
}

/* PLAIN and PROBE. False when the process has gone. */
static bool update_by_reading(struct process_update *u, struct process_entry *e) {
    bool its_turn = is_its_turn(u, e);
    int64_t now_mono_ns = u->mono_ns;
    if (u->method != PROCESS_PLAIN) {
        uint64_t clock_ns = 0;
        if (!probe_clock(e->pid, &clock_ns))
            return false;
        bool ran = clock_ns != e->cpu_ns;
        e->ran = ran;
        if (ran)
            now_mono_ns = clock_mono_ns();
        if ((ran || its_turn || !e->read) && !read_entry(u, e, clock_ns, ran))
            return false;
    } else if (!read_entry(u, e, 0, true)) {
        return false;
    }
    if (its_turn && e->stat_fd >= 0 && e->ran_cycle + HANDLES_IDLE_CYCLES < u->cycle)
        process_files_drop(&u->files, e);
    take_rates(u, e, now_mono_ns);
    return true;
}

/* The kernel's record of a process; asked for in ascending order within an update. NULL: not shown. */
static const struct task_record *find_task(struct process_update *u, uint32_t pid) {
    size_t n = 0;
    const struct task_record *tasks = u->tasks ? bpf_tasks_processes(u->tasks, &n) : NULL;
    while (u->task_at < n && tasks[u->task_at].pid < pid)
        u->task_at++;
    return u->task_at < n && tasks[u->task_at].pid == pid ? &tasks[u->task_at] : NULL;
}

static void take_io(struct process_update *u, struct process_entry *e, const struct task_record *task, bool whole) {
    if (e->stat.kernel_thread)
        return; /* as when it is read from procfs */
    if (!bpf_tasks_has_io(u->tasks)) {
        if (e->ran || is_its_turn(u, e))
            process_files_io(&u->files, e);
        return;
    }
    if (!whole && known_u64(e->io_read_bytes))
        return; /* a thread is missing in the sums: what was known is nearer */
    e->io_read_bytes = task->read_bytes;
    e->io_write_bytes = task->write_bytes;
}

static void take_stat(const struct process_update *u, struct process_entry *e, const struct task_record *task) {
    enum { NICE_0 = 120, REALTIME = 100 }; /* the scheduler's numbers */
    int64_t rss = task->rss_pages + e->rss_correction;
    if (!e->stat.kernel_thread) { /* procfs has longer names for those */
        e->stat.comm_len = (uint8_t)strnlen(task->comm, sizeof task->comm);
        memcpy(e->stat.comm, task->comm, e->stat.comm_len);
        e->stat.vsize_bytes = task->vm_pages * (uint64_t)u->page_bytes;
        e->stat.rss_pages = rss > 0 && task->vm_pages ? (uint64_t)rss : 0;
    }
    e->stat.state = bpf_tasks_state(task);
    e->stat.ppid = task->ppid;
    e->stat.threads = task->threads;
    e->stat.priority = task->prio - REALTIME;
    e->stat.nice = task->static_prio - NICE_0;
}

/* Procfs is read once for every process, and now and then for those that ran since. */
static bool must_read(const struct process_update *u, const struct process_entry *e, bool ran) {
    return !e->read || (ran && !e->rss_corrected) || (is_its_turn(u, e) && e->ran_cycle >= e->stat_cycle);
}

/* BPF. False when the process has gone. */
static bool update_by_task(struct process_update *u, struct process_entry *e, const struct task_record *task) {
    uint64_t start_ticks = task->start_ns / (uint64_t)u->tick_ns;
    uint64_t used_ns = task->runtime_ns;
    int64_t now_mono_ns = u->mono_ns;
    bool whole = task->threads == task->threads_read;
    if ((task->on_cpu || !whole) && probe_clock(e->pid, &used_ns))
        now_mono_ns = clock_mono_ns();
    if (e->read && start_ticks != e->stat.start_ticks)
        start_over(u, e);
    bool newcomer = !e->read;
    bool ran = newcomer || used_ns != e->cpu_ns;
    if (must_read(u, e, ran)) {
        struct process_stat stat;
        if (!process_files_stat(&u->files, e, false, &stat) || stat.start_ticks != start_ticks)
            return false;
        e->read = true;
        e->stat = stat;
        e->stat_cycle = u->cycle;
        e->rss_corrected = false;
    }
    if (!e->rss_corrected) {
        e->rss_correction = (int64_t)e->stat.rss_pages - task->rss_pages;
        e->rss_corrected = true;
    }
    take_stat(u, e, task);
    e->cpu_ns = used_ns;
    e->ran = ran;
    if (ran)
        e->ran_cycle = u->cycle;
    if (newcomer && e->base_mono_ns == 0)
        base_of_newcomer(u, e);
    take_io(u, e, task, whole);
    take_rates(u, e, now_mono_ns);
    return true;
}

bool process_update_entry(struct process_update *u, struct process_entry *e) {
    if (!e->read && out_of_time(u))
        return true;
    const struct task_record *task = u->method == PROCESS_BPF ? find_task(u, e->pid) : NULL;
    return task ? update_by_task(u, e, task) : update_by_reading(u, e);
}

bool process_update_base(struct process_update *u, struct process_entry *e) {
    e->base_mono_ns = u->mono_ns;
    if (!probe_clock(e->pid, &e->cpu_ns))
        return false;
    e->base_cpu_ns = e->cpu_ns;
    return true;
}
