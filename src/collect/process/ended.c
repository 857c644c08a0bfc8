/* collect/process/ended.c: joins the kernel's messages about ending processes with what was known of these. */
#include "collect/process/ended.h"

#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "collect/process/update.h"

static void forget(struct ended *d) {
    for (size_t i = 0; i < d->n_strangers; i++) {
        free(d->strangers[i]->facts);
        free(d->strangers[i]);
    }
    d->n = d->n_strangers = 0;
}

static bool make_room(struct ended *d, size_t n) {
    if (n <= d->cap)
        return true;
    struct process_entry **entries = realloc(d->entries, n * sizeof(struct process_entry *));
    if (entries)
        d->entries = entries;
    struct process_entry **strangers = realloc(d->strangers, n * sizeof(struct process_entry *));
    if (strangers)
        d->strangers = strangers;
    if (!entries || !strangers)
        return false;
    d->cap = n;
    return true;
}

/* Is the process that ended the one that we know by this number? Both times are rounded down, and the one depends on a clock
 * that may be set: all but seconds apart is the same. */
static bool is_same(const struct process_entry *e, const struct exit_event *x) {
    enum { APART_MAX_S = 2 };
    uint64_t apart = e->start_s > x->start_s ? e->start_s - x->start_s : x->start_s - e->start_s;
    return e->start_s == 0 || !known_u64(x->start_s) || apart <= APART_MAX_S;
}

static struct process_entry *find_gone(struct process_table *table, const struct exit_event *x) {
    size_t n = 0;
    struct process_entry **gone = process_table_gone(table, &n);
    for (size_t i = 0; i < n; i++)
        if (gone[i]->pid == x->tgid && !gone[i]->ended && is_same(gone[i], x))
            return gone[i];
    return NULL;
}

static struct process_entry *make_stranger(struct ended *d, const struct exit_event *x) {
    struct process_entry *e = known_u64(x->cpu_ns) ? process_entry_create(x->tgid) : NULL;
    if (!e)
        return NULL; /* all that is told of it is its number and how it ended */
    e->stat.comm_len = x->comm_len;
    memcpy(e->stat.comm, x->comm, x->comm_len);
    e->stat.ppid = x->ppid;
    e->stat.threads = e->stat.vsize_bytes = e->stat.start_ticks = U64_UNKNOWN;
    e->stat.priority = e->stat.nice = I64_UNKNOWN;
    e->start_s = x->start_s;
    e->gone = true;
    e->facts = process_facts_of_owner(x->uid, U64_UNKNOWN);
    d->strangers[d->n_strangers++] = e;
    return e;
}

static void take_end(const struct ended *d, struct process_entry *e, const struct exit_event *x, int64_t interval_ns) {
    e->ended = true;
    e->exit_code = x->has_status ? exit_code_of(x->wait_status) : I64_UNKNOWN;
    if (e->stat.state != 'Z')
        e->stat.state = 'X';
    if (!known_u64(x->cpu_ns))
        return;
    e->cpu_ns = x->cpu_ns > e->cpu_ns ? x->cpu_ns : e->cpu_ns;
    uint64_t used_ns = e->cpu_ns > e->base_cpu_ns ? e->cpu_ns - e->base_cpu_ns : 0;
    e->cpu_percent = interval_ns > 0 ? number_round(100 * (double)used_ns / (double)interval_ns, 2) : NAN;
    if (known_u64(x->peak_rss_bytes))
        e->stat.rss_pages = x->peak_rss_bytes / d->page_bytes;
    if (known_u64(x->read_bytes) && (!known_u64(e->io_read_bytes) || x->read_bytes > e->io_read_bytes))
        e->io_read_bytes = x->read_bytes;
    if (known_u64(x->write_bytes) && (!known_u64(e->io_write_bytes) || x->write_bytes > e->io_write_bytes))
        e->io_write_bytes = x->write_bytes;
}

static int by_use(const void *a, const void *b) {
    const struct process_entry *p = *(const struct process_entry *const *)a;
    const struct process_entry *q = *(const struct process_entry *const *)b;
    if (p->cpu_percent > q->cpu_percent || (known_f64(p->cpu_percent) && !known_f64(q->cpu_percent)))
        return -1;
    if (q->cpu_percent > p->cpu_percent || (known_f64(q->cpu_percent) && !known_f64(p->cpu_percent)))
        return 1;
    return (p->pid > q->pid) - (p->pid < q->pid);
}

int ended_match(struct ended *d, struct exit_stream *stream, struct process_table *table, struct error *err) {
    size_t n = 0;
    size_t n_live = 0;
    struct exit_record *records = exit_stream_records(stream, &n);
    struct process_entry **live = process_table_entries(table, &n_live);
    for (size_t i = 0; i < n_live; i++)
        live[i]->ended = false; /* a zombie that was told of before */
    forget(d);
    if (!make_room(d, n))
        return error_set(err, ERR_NOMEM, "%zu processes that ended", n);
    for (size_t i = 0; i < n; i++) {
        const struct exit_event *x = &records[i].event;
        struct process_entry *e = find_gone(table, x);
        struct process_entry *known = e ? NULL : process_table_find(table, x->tgid);
        if (known && known->read && is_same(known, x)) {
            e = known;
            if (e->stat.state != 'Z' && e->stat.state != 'X')
                continue;
        }
        records[i].done = true;
        if (!e)
            e = make_stranger(d, x);
        if (!e || e->ended)
            continue;
        take_end(d, e, x, process_table_interval_ns(table));
        d->entries[d->n++] = e;
    }
    if (d->n)
        qsort(d->entries, d->n, sizeof(struct process_entry *), by_use);
    return 0;
}

void ended_done(struct ended *d) {
    forget(d);
    free(d->entries);
    free(d->strangers);
    *d = (struct ended){.n = 0};
}
