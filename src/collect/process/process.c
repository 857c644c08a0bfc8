/* collect/process/process.c: the processes of this machine as rows of a frame. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/cpu_stat.h"
#include "collect/kernel_file.h"
#include "collect/memory_parse.h"
#include "collect/process/facts.h"
#include "collect/process/select.h"
#include "collect/process/table.h"
#include "collect/process/users.h"

enum {
    STAT_MAX = 4 << 20,
    MEMINFO_MAX = 64 << 10,
    FIRST_FACTS_MS = 30, /* how long the first frame waits for command lines and user names */
    FACTS_MS = 5,        /* and every later one for those of new processes */
    FACTS_WAIT_MAX = 64, /* cycles: how far apart a busy process is looked at anew */
};

struct process_reader {
    int proc_fd;
    struct process_table *table;
    struct process_select *select;
    struct lookup *facts;
    struct users *users;
    struct kernel_file meminfo;
    int64_t wait_ns;      /* as the options have it */
    uint64_t boot_time_s; /* or U64_UNKNOWN */
    uint64_t page_bytes, ticks_per_second;
    struct process empty; /* a row with everything unknown: copied instead of cleared anew for every process */
};

static void process_close(void *self) {
    struct process_reader *r = self;
    if (!r)
        return;
    process_table_destroy(r->table);
    process_select_destroy(r->select);
    lookup_destroy(r->facts);
    users_destroy(r->users);
    kernel_file_done(&r->meminfo);
    file_close(&r->proc_fd);
    free(r);
}

static uint64_t read_boot_time(int proc_fd) {
    struct kernel_file file = KERNEL_FILE("stat", STAT_MAX);
    struct cpu_stat stat = {.n = 0};
    struct text text;
    uint64_t boot_time_s = U64_UNKNOWN;
    if (kernel_file_read(&file, proc_fd, &text, NULL) == 0 && cpu_stat_parse(text, &stat, NULL) == 0)
        boot_time_s = stat.boot_time_s;
    cpu_stat_done(&stat);
    kernel_file_done(&file);
    return boot_time_s;
}

static int open_parts(struct process_reader *r, const struct collect_options *options, struct error *err) {
    int status = kernel_dir_open(options->roots.procfs, &r->proc_fd, err);
    if (status == 0)
        status = process_table_create(r->proc_fd, process_table_can_probe(r->proc_fd), &r->table, err);
    if (status == 0)
        status = process_select_create(options, &r->select, err);
    if (status == 0)
        status = process_facts_create(r->proc_fd, &r->facts, err);
    if (status == 0)
        status = users_create(options->roots.rootfs, &r->users, err);
    return status;
}

static int process_open(const struct collect_options *options, void **ret, struct error *err) {
    long page_bytes = sysconf(_SC_PAGESIZE);
    long ticks_per_second = sysconf(_SC_CLK_TCK);
    struct process_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "process reader");
    *r = (struct process_reader){
        .proc_fd = -1,
        .meminfo = KERNEL_FILE("meminfo", MEMINFO_MAX),
        .wait_ns = options->wait_ns,
        .page_bytes = page_bytes > 0 ? (uint64_t)page_bytes : 4096,
        .ticks_per_second = ticks_per_second > 0 ? (uint64_t)ticks_per_second : 100,
    };
    int status = open_parts(r, options, err);
    if (status < 0) {
        process_close(r);
        return status;
    }
    r->boot_time_s = read_boot_time(r->proc_fd);
    field_clear(&process_table, &r->empty);
    *ret = r;
    return 0;
}

static void take_facts(struct process_reader *r) {
    uint64_t pid = 0;
    void *answer = NULL;
    while (lookup_take(r->facts, &pid, &answer)) {
        struct process_facts *facts = answer;
        struct process_entry *e = process_table_find(r->table, pid);
        if (e)
            e->facts_asked = false;
        if (!e || !facts || !e->read || facts->start_ticks != e->stat.start_ticks) {
            free(facts); /* about another process: asked for again with the next cycle */
            continue;
        }
        free(e->facts);
        e->facts = facts;
        (void)users_name(r->users, facts->uid); /* asks for the name in time for the row */
    }
}

/* New processes are asked about at once. One that ran may have become another program or changed its title or its owner: it is
 * asked about again, after 1, 2, 4 … cycles, so that a busy machine does not read all command lines all the time. */
static bool ask_facts(struct process_reader *r, struct process_entry *e) {
    uint64_t cycle = process_table_cycle(r->table);
    bool again =
        e->facts && !e->stat.kernel_thread && e->ran_cycle >= e->facts_cycle && cycle - e->facts_cycle >= e->facts_wait;
    if (e->facts_asked || (e->facts && !again) || (!e->facts && e->facts_cycle == cycle))
        return false;
    if (!lookup_ask(r->facts, e->pid))
        return false;
    e->facts_asked = true;
    e->facts_wait = !e->facts ? 1 : e->facts_wait < FACTS_WAIT_MAX ? e->facts_wait * 2 : FACTS_WAIT_MAX;
    e->facts_cycle = cycle;
    return true;
}

static void refresh_facts(struct process_reader *r, struct process_entry *const *entries, size_t n) {
    bool first = process_table_cycle(r->table) == 1;
    int64_t wait_ns = r->wait_ns ? r->wait_ns / 2 : (first ? FIRST_FACTS_MS : FACTS_MS) * NS_PER_MS;
    int64_t deadline_ns = clock_mono_ns() + wait_ns;
    bool asked = false;
    take_facts(r);
    for (size_t i = 0; i < n; i++)
        if (entries[i]->selected && (!entries[i]->facts || entries[i]->ran))
            asked = ask_facts(r, entries[i]) || asked;
    if (asked) {
        lookup_wait(r->facts, deadline_ns);
        take_facts(r);
    }
    users_wait(r->users, deadline_ns);
}

static struct text state_name(char letter) {
    static const struct {
        char letter;
        struct text name;
    } states[] = {
        {'S', {"S", 1}}, {'R', {"R", 1}}, {'I', {"I", 1}}, {'D', {"D", 1}}, {'Z', {"Z", 1}}, {'T', {"T", 1}},
        {'t', {"T", 1}},                                   /* stopped by a debugger */
        {'X', {"X", 1}}, {'x', {"X", 1}}, {'P', {"I", 1}}, /* parked: a kernel thread with nothing to do */
        {'W', {"R", 1}},                                   /* waking */
        {'K', {"D", 1}},                                   /* waiting, but can be killed */
    };
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (states[i].letter == letter)
            return states[i].name;
    return (struct text){NULL, 0};
}

/* Computed once: the boot time that the kernel tells moves as the clock is set, and a process's start must not. */
static size_t write_start_time(const struct process_reader *r, struct process_entry *e, char out[NUMBER_TEXT_MAX]) {
    uint64_t start_s = 0;
    if (e->start_s == 0 && known_u64(r->boot_time_s) &&
        !__builtin_add_overflow(r->boot_time_s, e->stat.start_ticks / r->ticks_per_second, &start_s))
        e->start_s = start_s;
    return e->start_s ? number_write_u64(out, e->start_s) : 0;
}

/* The texts of a row go into the frame's arena as one run of bytes. */
struct run {
    char *at;
};
static struct text run_put(struct run *run, struct text t) {
    if (!t.at)
        return t;
    memcpy(run->at, t.at, t.len);
    run->at += t.len;
    return (struct text){run->at - t.len, t.len};
}

static bool put_texts(struct process_reader *r, struct process_entry *e, struct process *row, struct arena *arena) {
    struct text comm = {e->stat.comm, e->stat.comm_len};
    char start[NUMBER_TEXT_MAX];
    size_t start_len = write_start_time(r, e, start);
    struct text user = e->facts ? users_name(r->users, e->facts->uid) : (struct text){NULL, 0};
    const struct process_facts *f = e->facts;
    bool has_command = f && known_text(f->command);
    size_t size = comm.len * 2 + 2 + start_len + user.len + (f ? f->n_bytes : 0);
    struct run run = {arena_alloc(arena, size)};
    if (!run.at)
        return false;
    row->process_name = run_put(&run, comm);
    if (start_len)
        row->start_time = run_put(&run, (struct text){start, start_len});
    row->user = run_put(&run, user);
    if (has_command) {
        row->command = run_put(&run, f->command);
    } else { /* the kernel's threads, what has emptied its arguments, and what was not read yet */
        row->command = (struct text){run.at, comm.len + 2};
        (void)run_put(&run, TEXT("["));
        (void)run_put(&run, comm);
        (void)run_put(&run, TEXT("]"));
    }
    if (f) {
        row->cgroup = run_put(&run, f->cgroup);
        row->unit = run_put(&run, f->unit);
        row->container = run_put(&run, f->container);
        row->job = run_put(&run, f->job);
    }
    return true;
}

static void put_row(
    const struct process_reader *r, const struct process_entry *e, uint64_t memory_bytes, struct process *row) {
    const struct process_stat *s = &e->stat;
    uint64_t ticks = 0;
    row->device_id = 0;
    row->device_uuid = TEXT("");
    row->pid = e->pid;
    row->ppid = s->ppid;
    row->cpu_percent = e->cpu_percent;
    if (__builtin_mul_overflow(s->rss_pages, r->page_bytes, &row->memory_rss))
        row->memory_rss = U64_UNKNOWN;
    else if (known_u64(memory_bytes) && memory_bytes > 0)
        row->memory_percent = number_round(100 * (double)row->memory_rss / (double)memory_bytes, 2);
    row->memory_vms = s->vsize_bytes;
    row->state = state_name(s->state);
    if (!__builtin_add_overflow(s->user_ticks, s->system_ticks, &ticks))
        row->cpu_time = ticks / r->ticks_per_second;
    row->threads = s->threads;
    row->uses_gpu = NO;
    row->priority = s->priority;
    row->nice_value = s->nice;
    row->io_read_bytes = e->io_read_bytes;
    row->io_write_bytes = e->io_write_bytes;
    row->start_ticks = s->start_ticks;
}

static uint64_t read_memory_bytes(struct process_reader *r) {
    struct memory memory = {.total_bytes = U64_UNKNOWN, .available_bytes = U64_UNKNOWN};
    struct text text;
    if (kernel_file_read(&r->meminfo, r->proc_fd, &text, NULL) < 0)
        return U64_UNKNOWN;
    memory_parse_meminfo(text, &memory);
    return memory.total_bytes;
}

static int process_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct process_reader *r = self;
    size_t n = 0;
    int status = process_table_update(r->table, err);
    if (status < 0 && status != -ERR_LIMIT)
        return status;
    struct process_entry **entries = process_table_entries(r->table, &n);
    size_t selected = process_select_run(r->select, entries, n);
    refresh_facts(r, entries, n);

    uint64_t memory_bytes = read_memory_bytes(r);
    struct process *rows = selected ? arena_alloc(&into->arena, selected * sizeof *rows) : NULL;
    if (selected && !rows)
        return error_set(err, ERR_NOMEM, "%zu processes of a frame", selected);
    into->processes.asked = true;
    into->processes.at = rows;
    into->processes.cap = selected;
    for (size_t i = 0; i < n; i++) {
        if (!entries[i]->selected)
            continue;
        struct process *row = &rows[into->processes.n];
        *row = r->empty;
        row->host_id = cycle->host_id;
        put_row(r, entries[i], memory_bytes, row);
        if (!put_texts(r, entries[i], row, &into->arena))
            return error_set(err, ERR_NOMEM, "%zu processes of a frame", selected);
        into->processes.n++;
    }
    return status;
}

const struct collector process_collector = {
    .name = "process",
    .section = SECTION_PROCESS,
    .may_block = true, /* a process in the middle of an exec on a hanging server holds up who reads its files */
    .open = process_open,
    .sample = process_sample,
    .close = process_close,
};
