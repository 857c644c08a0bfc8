/* collect/process/rows.c: writes processes as rows of a frame. */
#include "collect/process/rows.h"

#include "base/clock.h"
#include "base/number.h"

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
static size_t write_start_time(const struct process_rows *r, struct process_entry *e, char out[NUMBER_TEXT_MAX]) {
    uint64_t start_s = 0;
    if (e->start_s == 0 && known_u64(r->boot_time_s) && known_u64(e->stat.start_ticks) &&
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

static bool put_texts(struct process_rows *r, struct process_entry *e, struct process *row) {
    struct text comm = {e->stat.comm, e->stat.comm_len};
    char start[NUMBER_TEXT_MAX];
    size_t start_len = write_start_time(r, e, start);
    struct text user = e->facts ? users_name(r->users, e->facts->uid) : (struct text){NULL, 0};
    const struct process_facts *f = e->facts;
    bool has_command = f && known_text(f->command);
    size_t size = comm.len * 2 + 2 + start_len + user.len + (f ? f->n_bytes : 0);
    struct run run = {arena_alloc(&r->into->arena, size)};
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

static void put_figures(const struct process_rows *r, const struct process_entry *e, struct process *row) {
    const struct process_stat *s = &e->stat;
    row->device_id = 0;
    row->device_uuid = TEXT("");
    row->pid = e->pid;
    row->ppid = s->ppid;
    row->cpu_percent = e->cpu_percent;
    if (__builtin_mul_overflow(s->rss_pages, r->page_bytes, &row->memory_rss))
        row->memory_rss = U64_UNKNOWN;
    else if (known_u64(r->memory_bytes) && r->memory_bytes > 0)
        row->memory_percent = number_round(100 * (double)row->memory_rss / (double)r->memory_bytes, 2);
    row->memory_vms = s->vsize_bytes;
    row->state = state_name(s->state);
    row->cpu_time = e->cpu_ns / (uint64_t)NS_PER_SECOND;
    row->threads = s->threads;
    row->uses_gpu = NO;
    row->priority = s->priority;
    row->nice_value = s->nice;
    row->io_read_bytes = e->io_read_bytes;
    row->io_write_bytes = e->io_write_bytes;
    row->start_ticks = s->start_ticks;
    if (e->ended) {
        row->exited = YES;
        row->exit_code = e->exit_code;
    }
}

/* What a card's driver says of a process. */
static void put_card(const struct process *user, struct process *row) {
    row->device_id = user->device_id;
    row->device_uuid = user->device_uuid.at ? user->device_uuid : TEXT("");
    row->used_memory = user->used_memory;
    row->gpu_utilization = user->gpu_utilization;
    row->gpu_memory_kind = user->gpu_memory_kind;
    row->uses_gpu = YES;
}

static struct process *next_row(struct process_rows *r) {
    struct process *rows = r->into->processes.at;
    struct process *row = &rows[r->into->processes.n++];
    *row = *r->empty;
    row->host_id = r->host_id;
    return row;
}

int process_rows_begin(struct process_rows *r, size_t n, struct error *err) {
    struct process *rows = n ? arena_alloc(&r->into->arena, n * sizeof *rows) : NULL;
    if (n && !rows)
        return error_set(err, ERR_NOMEM, "%zu processes of a frame", n);
    r->into->processes.list = (struct list){.at = rows, .cap = n, .asked = true};
    return 0;
}

size_t process_rows_of(const struct process_entry *e) {
    return e->n_gpu ? e->n_gpu : 1;
}

int process_rows_add(struct process_rows *r, struct process_entry *e, struct error *err) {
    struct process *first = next_row(r);
    put_figures(r, e, first);
    if (!put_texts(r, e, first)) {
        r->into->processes.n--;
        return error_set(err, ERR_NOMEM, "%zu processes of a frame", r->into->processes.cap);
    }
    for (size_t i = 0; i < e->n_gpu; i++) {
        struct process *row = i ? next_row(r) : first;
        *row = *first;
        put_card(e->gpu[i], row);
    }
    return 0;
}

void process_rows_add_stranger(struct process_rows *r, const struct process *user) {
    struct process *row = next_row(r);
    row->pid = user->pid;
    put_card(user, row);
}
