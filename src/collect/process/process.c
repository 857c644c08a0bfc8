/* collect/process/process.c: the processes of this machine as rows of a frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "collect/collectors.h"
#include "collect/cpu_stat.h"
#include "collect/kernel_file.h"
#include "collect/memory_parse.h"
#include "collect/process/ended.h"
#include "collect/process/explain.h"
#include "collect/process/facts.h"
#include "collect/process/gpu_users.h"
#include "collect/process/rows.h"
#include "collect/process/select.h"
#include "collect/process/table.h"
#include "collect/process/users.h"

enum {
    STAT_MAX = 4 << 20,
    MEMINFO_MAX = 64 << 10,
    FIRST_FACTS_MS = 30, /* how long the first frame waits for command lines and user names */
    FACTS_MS = 5,        /* and every later one for those of new processes */
    FACTS_WAIT_MAX = 64, /* cycles: how far apart a busy process is looked at anew */
    FIRST_READ_MS = 40,  /* how long the first frame reads processes; those left are in the next */
    READ_MS = 25,
    BPF_CYCLE = 3, /* who takes a frame or two need not pay for loading the iterator */
};

struct process_reader {
    int proc_fd;
    bool is_first; /* procfs shows the first process namespace */
    struct process_table *table;
    struct process_select *select;
    struct lookup *facts;
    struct users *users;
    struct lookup *bpf;        /* loads the iterator; NULL before and after */
    char *sysfs;               /* owned */
    struct exit_stream *exits; /* NULL where it is not allowed */
    struct ended ended;
    struct kernel_file meminfo;
    int64_t wait_ns;      /* as the options have it */
    uint64_t boot_time_s; /* or U64_UNKNOWN */
    uint64_t page_bytes, ticks_per_second;
    struct process empty; /* a row with everything unknown */
};

static void process_close(void *self) {
    struct process_reader *r = self;
    if (!r)
        return;
    lookup_destroy(r->bpf);
    exit_stream_close(r->exits);
    ended_done(&r->ended);
    process_table_destroy(r->table);
    process_select_destroy(r->select);
    lookup_destroy(r->facts);
    users_destroy(r->users);
    kernel_file_done(&r->meminfo);
    file_close(&r->proc_fd);
    free(r->sysfs);
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
    if (status < 0)
        return status;
    bool probe = process_table_can_probe(r->proc_fd);
    r->is_first = process_table_is_first(r->proc_fd);
    status = process_table_create(r->proc_fd, probe ? PROCESS_PROBE : PROCESS_PLAIN, &r->table, err);
    if (status == 0)
        status = process_select_create(options, &r->select, err);
    if (status == 0)
        status = process_facts_create(r->proc_fd, &r->facts, err);
    if (status == 0)
        status = users_create(options->roots.rootfs, &r->users, err);
    if (status == 0 && !(r->sysfs = strdup(options->roots.sysfs)))
        status = error_set(err, ERR_NOMEM, "process reader");
    if (status == 0 && probe && r->is_first && exit_stream_open(r->sysfs, &r->exits, NULL) < 0)
        r->exits = NULL; /* doctor tells why */
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
    r->ended.page_bytes = r->page_bytes;
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

static void *load_bpf(void *context, uint64_t key) {
    struct bpf_tasks *tasks = NULL;
    (void)key;
    return bpf_tasks_open(context, &tasks, NULL) == 0 ? tasks : NULL;
}
static void drop_bpf(void *answer) {
    bpf_tasks_close(answer);
}

/* Loading takes the time of some frames: that is done beside them, while the clocks are asked. */
static void look_for_bpf(struct process_reader *r) {
    static const struct lookup_ops ops = {.name = "tacho-bpf", .answer = load_bpf, .drop = drop_bpf, .close = free};
    uint64_t key = 0;
    void *tasks = NULL;
    if (!r->bpf && process_table_method(r->table) == PROCESS_PROBE && process_table_cycle(r->table) + 1 == BPF_CYCLE) {
        char *sysfs = strdup(r->sysfs);
        if (!sysfs || lookup_create(&ops, sysfs, &r->bpf, NULL) < 0)
            free(sysfs);
        else if (lookup_ask(r->bpf, 0) && r->wait_ns)
            lookup_wait(r->bpf, clock_mono_ns() + r->wait_ns / 2); /* who waits long wants the best */
    }
    if (!r->bpf || !lookup_take(r->bpf, &key, &tasks))
        return;
    if (tasks && process_table_use_bpf(r->table, tasks, NULL) < 0)
        bpf_tasks_close(tasks);
    lookup_destroy(r->bpf);
    r->bpf = NULL;
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
    bool empty = e->stat.kernel_thread || e->stat.state == 'Z'; /* a zombie has no command line any more */
    bool again = e->facts && !empty && e->ran_cycle >= e->facts_cycle && cycle - e->facts_cycle >= e->facts_wait;
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
    for (size_t i = 0; i < r->ended.n; i++)
        if (r->ended.entries[i]->selected && r->ended.entries[i]->facts)
            (void)users_name(r->users, r->ended.entries[i]->facts->uid);
    if (asked) {
        lookup_wait(r->facts, deadline_ns);
        take_facts(r);
    }
    users_wait(r->users, deadline_ns);
}

static uint64_t read_memory_bytes(struct process_reader *r) {
    struct memory memory = {.total_bytes = U64_UNKNOWN, .available_bytes = U64_UNKNOWN};
    struct text text;
    if (kernel_file_read(&r->meminfo, r->proc_fd, &text, NULL) < 0)
        return U64_UNKNOWN;
    memory_parse_meminfo(text, &memory);
    return memory.total_bytes;
}

static void complain(struct frame *into, const char *kind, const char *message) {
    frame_add_error(into, sections[SECTION_PROCESS].name, kind, message, NULL);
}

static int64_t read_until_ns(const struct process_reader *r) {
    bool first = process_table_cycle(r->table) == 0;
    int64_t wait_ns = r->wait_ns ? r->wait_ns / 2 : (first ? FIRST_READ_MS : READ_MS) * NS_PER_MS;
    return clock_mono_ns() + wait_ns;
}

/* What goes wrong here costs the frame the ended processes, or some of them, and is said in its errors. */
static void find_ended(struct process_reader *r, struct frame *into) {
    struct error why = {.text = ""};
    if (r->exits && exit_stream_read(r->exits, &why) < 0)
        complain(into, "error", why.text);
    if (r->exits && ended_match(&r->ended, r->exits, r->table, &why) < 0)
        complain(into, "error", why.text);
}

static void select_rows(struct process_reader *r, struct process_entry *const *entries, size_t n, struct frame *into) {
    char message[128];
    process_select_run(r->select, entries, n);
    size_t left_out = process_select_ended(r->select, r->ended.entries, r->ended.n);
    if (left_out == 0)
        return;
    (void)snprintf(message, sizeof message, "%zu more processes ended: rows are for those that used most", left_out);
    complain(into, "error", message);
}

/* Rows are for: live processes, those that ended, those that are gone with a card's driver still telling of them, and those that
 * only a driver tells of. */
static int add_rows(
    struct process_reader *r, struct process_rows *rows, const struct gpu_users *users, struct error *err) {
    size_t n = 0;
    size_t n_gone = 0;
    size_t n_rows = users->n_strangers;
    struct process_entry **entries = process_table_entries(r->table, &n);
    struct process_entry **gone = process_table_gone(r->table, &n_gone);
    for (size_t i = 0; i < n; i++)
        n_rows += entries[i]->selected ? process_rows_of(entries[i]) : 0;
    for (size_t i = 0; i < r->ended.n; i++)
        n_rows += r->ended.entries[i]->gone && r->ended.entries[i]->selected ? process_rows_of(r->ended.entries[i]) : 0;
    for (size_t i = 0; i < n_gone; i++)
        n_rows += gone[i]->ended ? 0 : gone[i]->n_gpu;
    int status = process_rows_begin(rows, n_rows, err);
    for (size_t i = 0; i < n && status == 0; i++)
        if (entries[i]->selected)
            status = process_rows_add(rows, entries[i], err);
    for (size_t i = 0; i < r->ended.n && status == 0; i++)
        if (r->ended.entries[i]->gone && r->ended.entries[i]->selected)
            status = process_rows_add(rows, r->ended.entries[i], err);
    for (size_t i = 0; i < n_gone && status == 0; i++)
        if (gone[i]->n_gpu && !gone[i]->ended)
            status = process_rows_add(rows, gone[i], err);
    for (size_t i = 0; i < users->n_strangers && status == 0; i++)
        process_rows_add_stranger(rows, users->strangers[i]);
    return status;
}

static int process_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct process_reader *r = self;
    struct gpu_users users;
    size_t n = 0;
    size_t left = 0;
    char message[128];
    look_for_bpf(r);
    int listed = process_table_update(r->table, read_until_ns(r), &left, err);
    if (listed < 0 && listed != -ERR_LIMIT)
        return listed;
    struct process_entry **entries = process_table_entries(r->table, &n);
    find_ended(r, into);
    int status = gpu_users_join(cycle, r->table, r->proc_fd, r->is_first, &into->arena, &users, err);
    if (status < 0)
        return status;
    select_rows(r, entries, n, into);
    refresh_facts(r, entries, n);
    struct process_rows rows = {.into = into,
        .users = r->users,
        .empty = &r->empty,
        .host_id = cycle->host_id,
        .boot_time_s = r->boot_time_s,
        .memory_bytes = read_memory_bytes(r),
        .page_bytes = r->page_bytes,
        .ticks_per_second = r->ticks_per_second};
    status = add_rows(r, &rows, &users, err);
    if (left > 0) {
        (void)snprintf(message, sizeof message, "%zu processes were not read in time; they follow", left);
        complain(into, "timeout", message);
    }
    return status < 0 ? status : listed;
}

const struct collector process_collector = {
    .name = "process",
    .section = SECTION_PROCESS,
    .may_block = true, /* a process in the middle of an exec on a hanging server holds up who reads its files */
    .open = process_open,
    .sample = process_sample,
    .close = process_close,
    .explain = process_explain,
};
