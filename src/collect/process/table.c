/* collect/process/table.c: keeps every process from cycle to cycle, and reads only those that ran. */
#include "collect/process/table.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/kernel_file.h"
#include "collect/process/list.h"
#include "collect/process/update.h"

enum {
    LIST_ALL_MS = 10000, /* between two listings of all processes; in between, those with new numbers are listed */
    LOADAVG_MAX = 4096,
};

struct process_table {
    struct process_update u;
    struct process_list list;
    struct kernel_file loadavg;            /* tells the newest process id */
    uint64_t newest_pid, older_newest_pid; /* one update ago, two updates ago; U64_UNKNOWN when not told */
    int64_t listed_all_mono_ns;
    int64_t interval_ns;                     /* between the last two updates */
    struct process_entry **entries, **spare; /* ascending; spare: where the next update builds its list */
    size_t n, cap;
    struct process_entry **gone;
    size_t n_gone, gone_cap;
};

bool process_table_can_probe(int proc_fd) {
    char self[32];
    uint64_t pid = 0;
    ssize_t n = readlinkat(proc_fd, "self", self, sizeof self);
    return n > 0 && text_u64((struct text){self, (size_t)n}, &pid) && pid == (uint64_t)getpid();
}

/* In the first namespace, process 2 is the parent of the kernel's threads. Where others' processes are hidden, our own
 * namespace has the number that the kernel gives to the first. */
bool process_table_is_first(int proc_fd) {
    static const ino_t first = 0xEFFFFFFC;
    char name[KERNEL_VALUE_MAX];
    struct stat info;
    if (text_is(kernel_text(proc_fd, name, "2/comm"), "kthreadd"))
        return true;
    return process_table_can_probe(proc_fd) && fstatat(proc_fd, "self/ns/pid", &info, 0) == 0 && info.st_ino == first;
}

static int64_t boot_ns(void) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static void free_entry(struct process_table *t, struct process_entry *e) {
    process_files_drop(&t->u.files, e);
    free(e->facts);
    free(e);
}

/* Keeps what was known of a process that went until the next update. */
static void let_go(struct process_table *t, struct process_entry *e) {
    process_files_drop(&t->u.files, e);
    e->gone = true;
    e->selected = false;
    e->n_gpu = 0;
    if (e->read && t->n_gone == t->gone_cap) {
        size_t cap = t->gone_cap ? t->gone_cap * 2 : 64;
        struct process_entry **grown = realloc(t->gone, cap * sizeof(struct process_entry *));
        if (grown) {
            t->gone = grown;
            t->gone_cap = cap;
        }
    }
    if (e->read && t->n_gone < t->gone_cap)
        t->gone[t->n_gone++] = e;
    else
        free_entry(t, e);
}

static void free_gone(struct process_table *t) {
    for (size_t i = 0; i < t->n_gone; i++)
        free_entry(t, t->gone[i]);
    t->n_gone = 0;
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
    if (t->u.method == PROCESS_PLAIN || kernel_file_read(&t->loadavg, t->u.files.proc_fd, &text, NULL) < 0)
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
               t->list.offset == PROCESS_LIST_NO_OFFSET ||
               t->u.mono_ns - t->listed_all_mono_ns > LIST_ALL_MS * NS_PER_MS;
    t->older_newest_pid = t->newest_pid;
    t->newest_pid = newest;
    *ret_first = all ? 0 : (uint32_t)older + 1;
    if (all)
        t->listed_all_mono_ns = t->u.mono_ns;
    t->list.n = 0;
    return !all && newest == older ? 0
                                   : process_list_read(&t->list, t->u.files.proc_fd, *ret_first, PROCESSES_MAX, err);
}

/* Lists the processes that the kernel's iterator shows. Now and then procfs is listed too: what it has more (a kernel may keep
 * a process from iterators) is read as without them. */
static int list_tasks(struct process_table *t, struct error *err) {
    size_t n = 0;
    int status = bpf_tasks_read(t->u.tasks, PROCESSES_MAX, err);
    const struct task_record *tasks = bpf_tasks_processes(t->u.tasks, &n);
    t->u.task_at = 0;
    t->list.n = 0;
    if (status == 0 && t->u.mono_ns - t->listed_all_mono_ns > LIST_ALL_MS * NS_PER_MS) {
        t->listed_all_mono_ns = t->u.mono_ns;
        status = process_list_read(&t->list, t->u.files.proc_fd, 0, PROCESSES_MAX, err);
    }
    for (size_t i = 0; i < n && (status == 0 || status == -ERR_LIMIT); i++) {
        int added = process_list_add(&t->list, tasks[i].pid, PROCESSES_MAX * 2, err);
        status = added < 0 ? added : status;
    }
    process_list_sort(&t->list);
    return status;
}

static void keep_or_let_go(struct process_table *t, struct process_entry *e, bool there, size_t *n) {
    if (t->u.replaced)
        let_go(t, t->u.replaced);
    t->u.replaced = NULL;
    if (there)
        t->spare[(*n)++] = e;
    else
        let_go(t, e);
}

/* Walks the new list and the old entries side by side, both ascending; `update` says whether a process is still there. Old ones
 * that are not listed are gone, but for those below `first`, which the list does not tell of. */
static int merge(struct process_table *t, uint32_t first,
    bool (*update)(struct process_update *, struct process_entry *), struct error *err) {
    size_t old = 0;
    size_t n = 0;
    int status = 0;
    if (!make_room(t, t->list.n + (first ? t->n : 0)))
        return error_set(err, ERR_NOMEM, "%zu processes", t->list.n);
    for (size_t i = 0; i < t->list.n || old < t->n;) {
        uint32_t listed = i < t->list.n ? t->list.pids[i] : UINT32_MAX;
        struct process_entry *e = old < t->n ? t->entries[old] : NULL;
        if (e && e->pid < listed) {
            old++;
            keep_or_let_go(t, e, e->pid < first && update(&t->u, e), &n);
            continue;
        }
        i++;
        bool known = e && e->pid == listed;
        old += known;
        if (!known && !(e = process_entry_create(listed))) {
            status = error_set(err, ERR_NOMEM, "%zu processes", t->list.n);
            continue;
        }
        keep_or_let_go(t, e, update(&t->u, e), &n);
    }
    struct process_entry **entries = t->entries;
    t->entries = t->spare;
    t->spare = entries;
    t->n = n;
    return status;
}

/* An iterator that fails is not asked again. */
static void stop_bpf(struct process_table *t) {
    bpf_tasks_close(t->u.tasks);
    t->u.tasks = NULL;
    t->u.method = PROCESS_PROBE;
    t->newest_pid = t->older_newest_pid = U64_UNKNOWN;
}

int process_table_update(struct process_table *t, int64_t read_until_mono_ns, size_t *ret_left, struct error *err) {
    bool bpf = t->u.method == PROCESS_BPF;
    uint32_t first = bpf ? UINT32_MAX : 0;
    free_gone(t);
    t->u.files.cycle = ++t->u.cycle;
    t->u.mono_ns = clock_mono_ns();
    t->u.read_until_ns = read_until_mono_ns;
    t->u.left = 0;
    t->interval_ns = t->u.before_mono_ns ? t->u.mono_ns - t->u.before_mono_ns : 0;
    int64_t started_boot_ns = boot_ns();
    t->u.refresh_every =
        t->n > PROCESS_REFRESH_EVERY * PROCESS_REFRESH_MAX ? t->n / PROCESS_REFRESH_MAX : PROCESS_REFRESH_EVERY;
    int status = bpf ? list_tasks(t, err) : list_processes(t, &first, err);
    if (bpf && status < 0 && status != -ERR_LIMIT) {
        stop_bpf(t);
        status = list_processes(t, &first, err);
    }
    if (status == 0 || status == -ERR_LIMIT) {
        int merged = merge(t, first, process_update_entry, err);
        status = merged < 0 ? merged : status;
    }
    t->u.before_mono_ns = t->u.mono_ns;
    t->u.before_boot_ns = started_boot_ns;
    *ret_left = t->u.left;
    return status;
}

int process_table_create(int proc_fd, enum process_method method, struct process_table **ret, struct error *err) {
    struct process_table *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERR_NOMEM, "table of processes");
    long ticks_per_second = sysconf(_SC_CLK_TCK);
    long page_bytes = sysconf(_SC_PAGESIZE);
    process_files_init(&t->u.files, proc_fd);
    t->u.method = method;
    t->list = (struct process_list){.fd = -1, .offset = PROCESS_LIST_NO_OFFSET};
    t->loadavg = (struct kernel_file)KERNEL_FILE("loadavg", LOADAVG_MAX);
    t->older_newest_pid = U64_UNKNOWN;
    t->u.tick_ns = NS_PER_SECOND / (ticks_per_second > 0 ? ticks_per_second : 100);
    t->u.page_bytes = page_bytes > 0 ? page_bytes : 4096;
    t->u.mono_ns = clock_mono_ns();
    t->newest_pid = read_newest_pid(t);
    int status = process_list_read(&t->list, proc_fd, 0, PROCESSES_MAX, err);
    if (status == -ERR_LIMIT)
        status = 0;
    if (status == 0 && method == PROCESS_PROBE)
        status = merge(t, 0, process_update_base, err);
    if (status < 0) {
        process_table_destroy(t);
        return status;
    }
    *ret = t;
    return 0;
}

/* A procfs of another time or process namespace would have other numbers. */
int process_table_use_bpf(struct process_table *t, struct bpf_tasks *tasks, struct error *err) {
    struct process_entry own = {.pid = (uint32_t)getpid(), .stat_fd = -1, .io_fd = -1};
    struct process_stat stat;
    size_t n = 0;
    int status = bpf_tasks_read(tasks, PROCESSES_MAX, err);
    if (status < 0 && status != -ERR_LIMIT)
        return status;
    const struct task_record *task = bpf_tasks_processes(tasks, &n);
    while (n > 0 && task->pid != own.pid) {
        task++;
        n--;
    }
    if (t->u.method != PROCESS_PROBE || n == 0 || !process_files_stat(&t->u.files, &own, false, &stat) ||
        task->start_ns / (uint64_t)t->u.tick_ns != stat.start_ticks)
        return error_set(err, ERR_ABSENT, "the BPF task iterator does not show this process as procfs does");
    t->u.tasks = tasks;
    t->u.method = PROCESS_BPF;
    t->listed_all_mono_ns = 0;
    return 0;
}

enum process_method process_table_method(const struct process_table *t) {
    return t->u.method;
}

void process_table_destroy(struct process_table *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        free_entry(t, t->entries[i]);
    free_gone(t);
    bpf_tasks_close(t->u.tasks);
    process_list_done(&t->list);
    kernel_file_done(&t->loadavg);
    free(t->entries);
    free(t->spare);
    free(t->gone);
    free(t);
}

struct process_entry **process_table_entries(struct process_table *t, size_t *ret_n) {
    *ret_n = t->n;
    return t->entries;
}

struct process_entry **process_table_gone(struct process_table *t, size_t *ret_n) {
    *ret_n = t->n_gone;
    return t->gone;
}

int64_t process_table_interval_ns(const struct process_table *t) {
    return t->interval_ns;
}

uint64_t process_table_cycle(const struct process_table *t) {
    return t->u.cycle;
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
