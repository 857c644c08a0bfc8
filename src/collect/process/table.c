/* collect/process/table.c: keeps every process from cycle to cycle, and reads only those that ran. */
#include "collect/process/table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"
#include "collect/process/list.h"

enum {
    PROBE_INTERVAL_MIN_MS = 10, /* the clocks count nanoseconds */
    TICKS_INTERVAL_MIN_MS = 40, /* stat counts ticks of 10 ms */
    HANDLES_IDLE_CYCLES = 60,   /* after so many without running, the files are closed */
    IO_TEXT_MAX = 512,
    LIST_ALL_MS = 10000, /* between two listings of all processes; in between, those with new numbers are listed */
    LOADAVG_MAX = 4096,
};

struct process_table {
    int proc_fd; /* borrowed */
    bool probe;
    struct process_list list;
    struct kernel_file loadavg;            /* tells the newest process id */
    uint64_t newest_pid, older_newest_pid; /* one update ago, two updates ago; U64_UNKNOWN when not told */
    int64_t listed_all_mono_ns;
    struct process_entry **entries, **spare; /* ascending; spare: where the next update builds its list */
    size_t n, cap;
    struct process_entry *newest, *oldest; /* with kept handles */
    size_t n_handles, max_handles;
    uint64_t cycle;
    uint64_t refresh_every; /* cycles */
    int64_t tick_ns;
    int64_t mono_ns, before_mono_ns; /* when this update and the one before began */
    int64_t before_boot_ns;          /* the one before on the clock that start times are counted in */
};

bool process_table_can_probe(int proc_fd) {
    char self[32];
    uint64_t pid = 0;
    ssize_t n = readlinkat(proc_fd, "self", self, sizeof self);
    return n > 0 && text_u64((struct text){self, (size_t)n}, &pid) && pid == (uint64_t)getpid();
}

static int64_t boot_ns(void) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Processor time of a whole process, by one system call that needs no permission; false when it has gone. */
static bool probe_clock(uint32_t pid, uint64_t *ret_ns) {
    enum { CPUCLOCK_SCHED = 2 }; /* as clock_getcpuclockid(3) makes it, without its checks */
    struct timespec used;
    if (clock_gettime((clockid_t)((~pid << 3) | CPUCLOCK_SCHED), &used) != 0)
        return false;
    *ret_ns = (uint64_t)used.tv_sec * (uint64_t)NS_PER_SECOND + (uint64_t)used.tv_nsec;
    return true;
}

static void unlink_handles(struct process_table *t, struct process_entry *e) {
    if (e->newer)
        e->newer->older = e->older;
    else
        t->newest = e->older;
    if (e->older)
        e->older->newer = e->newer;
    else
        t->oldest = e->newer;
    e->newer = e->older = NULL;
}

static void link_handles(struct process_table *t, struct process_entry *e) {
    e->older = t->newest;
    if (t->newest)
        t->newest->newer = e;
    else
        t->oldest = e;
    t->newest = e;
}

static void drop_handles(struct process_table *t, struct process_entry *e) {
    if (e->stat_fd < 0)
        return;
    unlink_handles(t, e);
    t->n_handles--;
    file_close(&e->stat_fd);
    file_close(&e->io_fd);
}

/* Keeps `fd`, a process's stat, for the next cycles. Room is made by one that has not run in this cycle. */
static void keep_handle(struct process_table *t, struct process_entry *e, int *fd) {
    if (t->n_handles >= t->max_handles && t->oldest && t->oldest->ran_cycle < t->cycle)
        drop_handles(t, t->oldest);
    if (t->n_handles >= t->max_handles)
        return;
    e->stat_fd = file_steal(fd);
    t->n_handles++;
    link_handles(t, e);
}

static void free_entry(struct process_table *t, struct process_entry *e) {
    drop_handles(t, e);
    free(e->facts);
    free(e);
}

static struct process_entry *new_entry(uint32_t pid) {
    struct process_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->pid = pid;
    e->stat_fd = e->io_fd = -1;
    e->io_read_bytes = e->io_write_bytes = e->io_moved_bytes = e->base_io_bytes = U64_UNKNOWN;
    e->cpu_percent = NAN;
    return e;
}

/* Another process has this number now. */
static void start_over(struct process_table *t, struct process_entry *e) {
    uint32_t pid = e->pid;
    drop_handles(t, e);
    free(e->facts);
    struct process_entry *fresh = new_entry(pid);
    if (fresh) {
        *e = *fresh;
        free(fresh);
    }
}

static int open_file(const struct process_table *t, uint32_t pid, const char *file) {
    char name[32];
    (void)snprintf(name, sizeof name, "%u/%s", pid, file);
    return openat(t->proc_fd, name, O_RDONLY | O_CLOEXEC);
}

static struct text read_once(int fd, char *buf, size_t cap) {
    ssize_t n = pread(fd, buf, cap, 0);
    return n > 0 ? (struct text){buf, (size_t)n} : (struct text){NULL, 0};
}

/* False when the process has gone. `keep`: it runs often enough for its files to stay open. */
static bool read_stat(struct process_table *t, struct process_entry *e, bool keep, struct process_stat *ret) {
    char buf[PROCESS_STAT_MAX];
    if (e->stat_fd >= 0) {
        struct text text = read_once(e->stat_fd, buf, sizeof buf);
        if (known_text(text)) {
            unlink_handles(t, e);
            link_handles(t, e);
            return process_parse_stat(text, ret);
        }
        drop_handles(t, e); /* that process is gone, but another may have its number */
    }
    int fd CLEANUP(file_close) = open_file(t, e->pid, "stat");
    struct text text = fd >= 0 ? read_once(fd, buf, sizeof buf) : (struct text){NULL, 0};
    if (!known_text(text) || !process_parse_stat(text, ret))
        return false;
    if (keep)
        keep_handle(t, e, &fd);
    return true;
}

/* The kernel's own threads move no data that is not accounted to who asked for it. */
static void read_io(struct process_table *t, struct process_entry *e) {
    char buf[IO_TEXT_MAX];
    if (e->io_denied || e->stat.kernel_thread)
        return;
    int fd CLEANUP(file_close) = -1;
    if (e->io_fd < 0) {
        fd = open_file(t, e->pid, "io");
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

static uint64_t io_total(const struct process_entry *e) {
    uint64_t total = 0;
    if (!known_u64(e->io_read_bytes) || __builtin_add_overflow(e->io_read_bytes, e->io_write_bytes, &total))
        return U64_UNKNOWN;
    return total;
}

/* What it used and moved since the base, then the base becomes now. A base too near is left for a later cycle. */
static void take_rates(const struct process_table *t, struct process_entry *e, int64_t now_mono_ns) {
    int64_t interval_ns = now_mono_ns - e->base_mono_ns;
    int64_t min_ns = (t->probe ? PROBE_INTERVAL_MIN_MS : TICKS_INTERVAL_MIN_MS) * NS_PER_MS;
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
static void base_of_newcomer(const struct process_table *t, struct process_entry *e) {
    int64_t start_ns = 0;
    if (t->before_mono_ns == 0 || e->stat.start_ticks > INT64_MAX / (uint64_t)t->tick_ns - 1)
        return;
    start_ns = (int64_t)(e->stat.start_ticks + 1) * t->tick_ns;
    if (start_ns < t->before_boot_ns)
        return;
    e->base_mono_ns = t->before_mono_ns;
    e->base_cpu_ns = e->base_io_bytes = 0;
}

static bool is_its_turn(const struct process_table *t, const struct process_entry *e) {
    return (t->cycle + e->pid) % t->refresh_every == 0;
}

/* Reads stat, and io when the process ran. False when it has gone. */
static bool read_entry(struct process_table *t, struct process_entry *e, uint64_t clock_ns, bool ran) {
    struct process_stat stat;
    bool often = !t->probe || e->ran_cycle + 1 == t->cycle;
    if (!read_stat(t, e, ran && often, &stat))
        return false;
    bool newcomer = !e->read;
    if (e->read && stat.start_ticks != e->stat.start_ticks) {
        start_over(t, e);
        newcomer = true;
    }
    uint64_t ticks = 0;
    uint64_t ticks_ns = 0;
    if (__builtin_add_overflow(stat.user_ticks, stat.system_ticks, &ticks) ||
        __builtin_mul_overflow(ticks, (uint64_t)t->tick_ns, &ticks_ns))
        ticks_ns = 0;
    ran = ran || newcomer;
    if (!t->probe)
        ran = newcomer || ticks_ns != e->cpu_ns;
    e->read = true;
    e->stat = stat;
    e->cpu_ns = t->probe ? clock_ns : ticks_ns;
    e->ran = ran;
    if (newcomer && e->base_mono_ns == 0)
        base_of_newcomer(t, e);
    if (ran)
        e->ran_cycle = t->cycle;
    if (ran || is_its_turn(t, e))
        read_io(t, e);
    return true;
}

/* False when the process has gone. */
static bool update_entry(struct process_table *t, struct process_entry *e) {
    bool its_turn = is_its_turn(t, e);
    int64_t now_mono_ns = t->mono_ns;
    if (t->probe) {
        uint64_t clock_ns = 0;
        if (!probe_clock(e->pid, &clock_ns))
            return false;
        bool ran = clock_ns != e->cpu_ns;
        e->ran = ran;
        if (ran)
            now_mono_ns = clock_mono_ns();
        if ((ran || its_turn || !e->read) && !read_entry(t, e, clock_ns, ran))
            return false;
    } else if (!read_entry(t, e, 0, true)) {
        return false;
    }
    if (its_turn && e->stat_fd >= 0 && e->ran_cycle + HANDLES_IDLE_CYCLES < t->cycle)
        drop_handles(t, e);
    take_rates(t, e, now_mono_ns);
    return true;
}

static bool make_room(struct process_table *t, size_t n) {
    if (n <= t->cap)
        return true;
    size_t cap = n + n / 2;
    struct process_entry **entries = realloc(t->entries, cap * sizeof *entries);
    if (entries)
        t->entries = entries;
    struct process_entry **spare = realloc(t->spare, cap * sizeof *spare);
    if (spare)
        t->spare = spare;
    if (!entries || !spare)
        return false;
    t->cap = cap;
    return true;
}

static uint64_t read_newest_pid(struct process_table *t) {
    struct text text;
    struct text word;
    uint64_t pid = U64_UNKNOWN;
    if (!t->probe || kernel_file_read(&t->loadavg, t->proc_fd, &text, NULL) < 0)
        return U64_UNKNOWN;
    text = text_trim(text); /* "0.31 0.21 0.11 1/200 4242" */
    while (text_word(&text, &word)) {
    }
    return text_u64(word, &pid) && pid < INT32_MAX ? pid : U64_UNKNOWN;
}

/* Lists the processes from `*ret_first` on: those that may have come since the last update. The kernel gives out numbers in
 * ascending order and starts over at the end, so they are all behind the newest number of then; of the time before that, in
 * fact, since a process gets its number a moment before it is listed. Those before are known: the probe tells when they end.
 * All are listed when the numbers started over, and now and then because numbers can also be asked for (CRIU does). */
static int list_processes(struct process_table *t, uint32_t *ret_first, struct error *err) {
    uint64_t newest = read_newest_pid(t);
    uint64_t older = t->older_newest_pid;
    bool all = !known_u64(newest) || !known_u64(older) || older > t->newest_pid || t->newest_pid > newest ||
               t->list.offset == PROCESS_LIST_NO_OFFSET || t->mono_ns - t->listed_all_mono_ns > LIST_ALL_MS * NS_PER_MS;
    t->older_newest_pid = t->newest_pid;
    t->newest_pid = newest;
    *ret_first = all ? 0 : (uint32_t)older + 1;
    if (all)
        t->listed_all_mono_ns = t->mono_ns;
    t->list.n = 0;
    return !all && newest == older ? 0 : process_list_read(&t->list, t->proc_fd, *ret_first, PROCESSES_MAX, err);
}

/* Walks the new list, of processes from `first` on, and the old entries side by side, both ascending; `update` says whether
 * a process is still there. */
static int merge(struct process_table *t, uint32_t first,
    bool (*update)(struct process_table *, struct process_entry *), struct error *err) {
    size_t old = 0;
    size_t n = 0;
    int status = 0;
    if (!make_room(t, t->list.n + (first ? t->n : 0)))
        return error_set(err, ERR_NOMEM, "%zu processes", t->list.n);
    for (; old < t->n && t->entries[old]->pid < first; old++) {
        if (update(t, t->entries[old]))
            t->spare[n++] = t->entries[old];
        else
            free_entry(t, t->entries[old]);
    }
    for (size_t i = 0; i < t->list.n; i++) {
        uint32_t pid = t->list.pids[i];
        while (old < t->n && t->entries[old]->pid < pid)
            free_entry(t, t->entries[old++]);
        struct process_entry *e = old < t->n && t->entries[old]->pid == pid ? t->entries[old++] : new_entry(pid);
        if (!e) {
            status = error_set(err, ERR_NOMEM, "%zu processes", t->list.n);
            continue;
        }
        if (update(t, e))
            t->spare[n++] = e;
        else
            free_entry(t, e);
    }
    while (old < t->n)
        free_entry(t, t->entries[old++]);
    struct process_entry **entries = t->entries;
    t->entries = t->spare;
    t->spare = entries;
    t->n = n;
    return status;
}

static bool look_at_clock(struct process_table *t, struct process_entry *e) {
    e->base_mono_ns = t->mono_ns;
    if (!probe_clock(e->pid, &e->cpu_ns))
        return false;
    e->base_cpu_ns = e->cpu_ns;
    return true;
}

int process_table_update(struct process_table *t, struct error *err) {
    t->cycle++;
    t->mono_ns = clock_mono_ns();
    int64_t started_boot_ns = boot_ns();
    t->refresh_every =
        t->n > PROCESS_REFRESH_EVERY * PROCESS_REFRESH_MAX ? t->n / PROCESS_REFRESH_MAX : PROCESS_REFRESH_EVERY;
    uint32_t first = 0;
    int status = list_processes(t, &first, err);
    if (status == 0 || status == -ERR_LIMIT) {
        int merged = merge(t, first, update_entry, err);
        status = merged < 0 ? merged : status;
    }
    t->before_mono_ns = t->mono_ns;
    t->before_boot_ns = started_boot_ns;
    return status;
}

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

int process_table_create(int proc_fd, bool probe, struct process_table **ret, struct error *err) {
    struct process_table *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERR_NOMEM, "table of processes");
    long ticks_per_second = sysconf(_SC_CLK_TCK);
    t->proc_fd = proc_fd;
    t->probe = probe;
    t->list = (struct process_list){.fd = -1, .offset = PROCESS_LIST_NO_OFFSET};
    t->loadavg = (struct kernel_file)KERNEL_FILE("loadavg", LOADAVG_MAX);
    t->older_newest_pid = U64_UNKNOWN;
    t->max_handles = handles_allowed();
    t->tick_ns = NS_PER_SECOND / (ticks_per_second > 0 ? ticks_per_second : 100);
    t->mono_ns = clock_mono_ns();
    t->newest_pid = read_newest_pid(t);
    int status = process_list_read(&t->list, proc_fd, 0, PROCESSES_MAX, err);
    if (status == -ERR_LIMIT)
        status = 0;
    if (status == 0 && probe)
        status = merge(t, 0, look_at_clock, err);
    if (status < 0) {
        process_table_destroy(t);
        return status;
    }
    *ret = t;
    return 0;
}

void process_table_destroy(struct process_table *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        free_entry(t, t->entries[i]);
    process_list_done(&t->list);
    kernel_file_done(&t->loadavg);
    free(t->entries);
    free(t->spare);
    free(t);
}

struct process_entry **process_table_entries(struct process_table *t, size_t *ret_n) {
    *ret_n = t->n;
    return t->entries;
}

uint64_t process_table_cycle(const struct process_table *t) {
    return t->cycle;
}

struct process_entry *process_table_find(struct process_table *t, uint64_t pid) {
    size_t low = 0;
    size_t high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->entries[middle]->pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n && t->entries[low]->pid == pid ? t->entries[low] : NULL;
}
