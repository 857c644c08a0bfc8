/* collect/process/select.c: picks the processes that matter. */
#include "collect/process/select.h"

#include <math.h>
#include <stdlib.h>

#include "collect/process/ended.h"

struct ranked {
    double value;
    struct process_entry *entry;
};

struct process_select {
    enum process_choice choice;
    size_t top;          /* per ranking */
    struct ranked *heap; /* `top` of them; the least of those kept is at the front */
    size_t n, cap;
};

int process_select_create(const struct collect_options *options, struct process_select **ret, struct error *err) {
    struct process_select *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_NOMEM, "choice of processes");
    s->choice = options->processes;
    s->top = s->choice == PROCESSES_TOP ? options->process_top : PROCESS_NOTABLE_TOP;
    s->top = s->top > PROCESS_TOP_MAX ? PROCESS_TOP_MAX : s->top;
    *ret = s;
    return 0;
}

void process_select_destroy(struct process_select *s) {
    if (s)
        free(s->heap);
    free(s);
}

static bool ranks_below(struct ranked a, struct ranked b) {
    return a.value < b.value || (!(a.value > b.value) && a.entry->pid > b.entry->pid);
}

static void sift_down(struct ranked *heap, size_t n, size_t at) {
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (ranks_below(heap[child], heap[least]))
                least = child;
        if (least == at)
            return;
        struct ranked moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

static void sift_up(struct ranked *heap, size_t at) {
    while (at > 0 && ranks_below(heap[at], heap[(at - 1) / 2])) {
        struct ranked moved = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = moved;
        at = (at - 1) / 2;
    }
}

static void offer(struct process_select *s, struct ranked r) {
    if (s->n < s->top) {
        s->heap[s->n] = r;
        sift_up(s->heap, s->n++);
    } else if (s->n > 0 && ranks_below(s->heap[0], r)) {
        s->heap[0] = r;
        sift_down(s->heap, s->n, 0);
    }
}

static double by_cpu(const struct process_entry *e) {
    return e->cpu_percent;
}
static double by_memory(const struct process_entry *e) {
    return (double)e->stat.rss_pages;
}
static double by_io(const struct process_entry *e) {
    return e->io_moved_bytes == UINT64_MAX ? NAN : (double)e->io_moved_bytes;
}

static bool make_room(struct process_select *s, size_t n) {
    size_t want = n < s->top ? n : s->top;
    if (want <= s->cap)
        return true;
    struct ranked *grown = realloc(s->heap, want * sizeof *grown);
    if (!grown)
        return false;
    s->heap = grown;
    s->cap = want;
    return true;
}

static void select_by_rank(struct process_select *s, struct process_entry *const *entries, size_t n) {
    static double (*const rankings[])(const struct process_entry *) = {by_cpu, by_memory, by_io};
    for (size_t ranking = 0; ranking < COUNT_OF(rankings); ranking++) {
        s->n = 0;
        for (size_t i = 0; i < n; i++) {
            struct ranked r = {rankings[ranking](entries[i]), entries[i]};
            if (r.value > 0)
                offer(s, r);
        }
        for (size_t i = 0; i < s->n; i++)
            s->heap[i].entry->selected = true;
    }
}

void process_select_run(struct process_select *s, struct process_entry *const *entries, size_t n) {
    for (size_t i = 0; i < n; i++)
        entries[i]->selected = entries[i]->read && (s->choice == PROCESSES_ALL || entries[i]->n_gpu > 0);
    if ((s->choice == PROCESSES_NOTABLE || s->choice == PROCESSES_TOP) && s->top > 0 && make_room(s, n))
        select_by_rank(s, entries, n);
}

size_t process_select_ended(struct process_select *s, struct process_entry *const *entries, size_t n) {
    bool all = s->choice == PROCESSES_ALL;
    size_t limit = all                              ? ENDED_ALL_MAX
                   : s->choice == PROCESSES_NOTABLE ? ENDED_NOTABLE_MAX
                   : s->choice == PROCESSES_TOP     ? s->top
                                                    : 0;
    size_t selected = 0;
    size_t left_out = 0;
    for (size_t i = 0; i < n; i++) {
        bool wanted = s->choice != PROCESSES_GPU && (all || entries[i]->cpu_percent > 0);
        bool fits = selected < limit;
        if (entries[i]->n_gpu > 0 || (wanted && fits))
            entries[i]->selected = true;
        else
            left_out += wanted;
        selected += wanted && fits;
    }
    return s->choice == PROCESSES_TOP ? 0 : left_out;
}
