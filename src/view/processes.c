/* view/processes.c: the table of processes: chosen, sorted or as a tree, with as many columns as fit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame/derive.h"
#include "view/format.h"
#include "view/screen.h"

struct row {
    const struct process *process;
    uint64_t key;
    double sorted_by;   /* NAN last */
    int depth;          /* in the tree */
    double read, write; /* bytes per second */
};

struct table {
    struct row *rows;
    size_t n;
};

uint64_t process_key(const struct process *p) {
    uint64_t hash = p->pid * 0x9e3779b97f4a7c15U ^ p->start_ticks; /* a process on two cards has two rows */
    for (size_t i = 0; i < p->device_uuid.len; i++)
        hash = (hash ^ (unsigned char)p->device_uuid.at[i]) * 1099511628211U;
    for (size_t i = 0; known_text(p->host_id) && i < p->host_id.len; i++)
        hash = (hash ^ (unsigned char)p->host_id.at[i]) * 1099511628211U;
    return hash ? hash : 1;
}

static double sort_value(const struct row *r, enum process_sort by) {
    const struct process *p = r->process;
    switch (by) {
    case PROCESS_SORT_CPU: return p->cpu_percent;
    case PROCESS_SORT_MEMORY: return format_f64(p->memory_rss);
    case PROCESS_SORT_IO: return r->read + r->write;
    case PROCESS_SORT_VRAM: return p->uses_gpu == YES ? format_f64(p->used_memory) : (double)NAN;
    case PROCESS_SORT_PID: break;
    }
    return -(double)p->pid;
}

static int by_value(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    bool x_known = !isnan(x->sorted_by), y_known = !isnan(y->sorted_by);
    if (x_known != y_known)
        return x_known ? -1 : 1;
    if (x_known && x->sorted_by != y->sorted_by)
        return x->sorted_by > y->sorted_by ? -1 : 1;
    return x->process->pid < y->process->pid ? -1 : x->process->pid > y->process->pid;
}

static bool is_shown(const struct view_state *s, const struct scene *scene, const struct process *p) {
    if (s->host[0] && !text_is(known_text(p->host_id) ? p->host_id : scene->frame->hostname, s->host))
        return false;
    if (s->gpu_processes_only && p->uses_gpu != YES)
        return false;
    return filter_matches_process(scene->filter, scene->frame, p);
}

static int by_parent(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    if (x->process->ppid != y->process->ppid)
        return x->process->ppid < y->process->ppid ? -1 : 1;
    return x->process->pid < y->process->pid ? -1 : x->process->pid > y->process->pid;
}

static size_t first_child(const struct row *rows, size_t n, uint64_t pid) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].process->ppid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Children below their parents. `from` is sorted by parent; who has no parent in it stands at the root. */
static void put_children(struct row *from, size_t n, uint64_t pid, int depth, struct table *to) {
    enum { DEPTH_MAX = 64 };
    for (size_t i = first_child(from, n, pid); i < n && from[i].process->ppid == pid; i++) {
        if (from[i].depth == INT32_MAX)
            continue; /* it was put already: parents in a circle */
        struct row row = from[i];
        from[i].depth = INT32_MAX;
        row.depth = depth;
        to->rows[to->n++] = row;
        bool again = i + 1 < n && from[i + 1].process->pid == row.process->pid; /* its row on another card */
        if (depth < DEPTH_MAX && !again)
            put_children(from, n, row.process->pid, depth + 1, to);
    }
}

static int by_pid(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool make_tree(struct table *t) {
    struct table tree = {.rows = calloc(t->n + 1, sizeof *tree.rows)};
    uint64_t *pids = malloc((t->n + 1) * sizeof *pids);
    if (!tree.rows || !pids) {
        free(tree.rows);
        free(pids);
        return false;
    }
    for (size_t i = 0; i < t->n; i++)
        pids[i] = t->rows[i].process->pid;
    qsort(pids, t->n, sizeof *pids, by_pid);
    qsort(t->rows, t->n, sizeof *t->rows, by_parent);
    for (size_t i = 0; i < t->n; i++) {
        uint64_t parent = t->rows[i].process->ppid;
        bool root = !bsearch(&parent, pids, t->n, sizeof *pids, by_pid);
        if (root && (i == 0 || t->rows[i - 1].process->ppid != parent))
            put_children(t->rows, t->n, parent, 0, &tree);
    }
    for (size_t i = 0; i < t->n; i++) /* circles */
        if (t->rows[i].depth != INT32_MAX)
            tree.rows[tree.n++] = t->rows[i];
    free(pids);
    free(t->rows);
    *t = tree;
    return true;
}

static struct table make_table(const struct view_state *s, const struct scene *scene) {
    const struct frame *f = scene->frame;
    struct table t = {.n = 0};
    size_t hint = 0;
    if (!f || f->processes.n == 0 || !(t.rows = calloc(f->processes.n, sizeof *t.rows)))
        return t;
    int64_t ns = scene->before ? f->wall_ns - scene->before->wall_ns : 0;
    for (size_t i = 0; i < f->processes.n; i++) {
        const struct process *p = &f->processes.at[i];
        const struct process *before =
            scene->before ? derive_match(&process_table, &scene->before->processes.list, p, &hint) : NULL;
        if (!is_shown(s, scene, p))
            continue;
        struct row *r = &t.rows[t.n++];
        *r = (struct row){.process = p, .key = process_key(p), .read = NAN, .write = NAN};
        if (before) {
            r->read = derive_rate(before->io_read_bytes, p->io_read_bytes, ns);
            r->write = derive_rate(before->io_write_bytes, p->io_write_bytes, ns);
        }
        r->sorted_by = sort_value(r, s->process_sort) * (s->process_reverse ? -1 : 1);
    }
    if (s->tree)
        (void)make_tree(&t);
    else
        qsort(t.rows, t.n, sizeof *t.rows, by_value);
    return t;
}

size_t processes_keys(const struct view_state *s, const struct scene *scene, uint64_t *ret, size_t cap) {
    struct table t = make_table(s, scene);
    size_t n = t.n < cap ? t.n : cap;
    for (size_t i = 0; i < n; i++)
        ret[i] = t.rows[i].key;
    free(t.rows);
    return n;
}

size_t processes_shown(const struct view_state *s, const struct scene *scene, const struct process **ret, size_t cap) {
    struct table t = make_table(s, scene);
    size_t n = t.n < cap ? t.n : cap;
    for (size_t i = 0; i < n; i++)
        ret[i] = t.rows[i].process;
    free(t.rows);
    return n;
}

enum column {
    PID,
    HOST,
    USER,
    PRIORITY,
    NICE,
    VIRTUAL,
    RESIDENT,
    STATE,
    CPU,
    MEMORY,
    GPU,
    VRAM,
    READ,
    WRITE,
    TIME,
    COMMAND,
    COLUMN_COUNT
};

/* In the order in which they stand; `rank`: the higher ones go first where there is no room. */
static const struct {
    const char *head;
    int columns, rank;
    bool left;
    int sort; /* enum process_sort, or -1 */
} columns[COLUMN_COUNT] = {
    [PID] = {"PID", 8, 0, false, PROCESS_SORT_PID},
    [HOST] = {"HOST", 10, 9, true, -1},
    [USER] = {"USER", 9, 4, true, -1},
    [PRIORITY] = {"PRI", 4, 12, false, -1},
    [NICE] = {"NI", 4, 11, false, -1},
    [VIRTUAL] = {"VIRT", 6, 10, false, -1},
    [RESIDENT] = {"RES", 6, 1, false, PROCESS_SORT_MEMORY},
    [STATE] = {"S", 2, 3, false, -1},
    [CPU] = {"CPU%", 6, 0, false, PROCESS_SORT_CPU},
    [MEMORY] = {"MEM%", 5, 5, false, -1},
    [GPU] = {"GPU%", 5, 2, false, -1},
    [VRAM] = {"VRAM", 6, 2, false, PROCESS_SORT_VRAM},
    [READ] = {"READ", 6, 7, false, PROCESS_SORT_IO},
    [WRITE] = {"WRITE", 6, 7, false, PROCESS_SORT_IO},
    [TIME] = {"TIME+", 7, 6, false, -1},
    [COMMAND] = {" Command", 0, 0, true, -1},
};

/* Which columns there is room for: bits. */
static unsigned choose_columns(const struct view_state *s, const struct scene *scene, int room) {
    enum { COMMAND_MIN = 20 };
    unsigned chosen = 0;
    bool hosts = scene->n_hosts > 1 && !s->host[0], gpus = scene->frame->gpus.n > 0;
    room -= COMMAND_MIN;
    for (int rank = 0; rank <= 12; rank++)
        for (int c = 0; c < COLUMN_COUNT; c++) {
            bool useless = (c == HOST && !hosts) || ((c == GPU || c == VRAM) && !gpus);
            if (columns[c].rank != rank || useless || columns[c].columns > room)
                continue;
            room -= columns[c].columns;
            chosen |= 1U << c;
        }
    return chosen | 1U << COMMAND;
}

static void draw_head(struct area a, const struct view_state *s, unsigned chosen) {
    int x = 0;
    area_fill(a, STYLE_HEAD, ' ');
    for (int c = 0; c < COLUMN_COUNT; c++) {
        if (!(chosen & 1U << c))
            continue;
        bool sorted = !s->tree && columns[c].sort == (int)s->process_sort;
        enum style style = sorted ? STYLE_SORTED : STYLE_HEAD;
        if (columns[c].left)
            (void)area_print(a, x + (c != COMMAND), 0, style, "%s", columns[c].head);
        else
            area_print_right(a, x + columns[c].columns, 0, style, "%s", columns[c].head);
        x += columns[c].columns;
    }
}

static void draw_command(struct area a, const struct row *r) {
    const struct process *p = r->process;
    int x = 1 + 2 * r->depth;
    if (r->depth > 0)
        area_glyph(a, x - 2, 0, STYLE_DIM, a.cells->ascii ? '\\' : 0x2514);
    (void)area_text(a, x, 0, p->exited == YES ? STYLE_DIM : STYLE_TEXT, a.columns - x,
        p->command.len ? p->command : p->process_name);
}

static void draw_rate(struct area a, int x, int width, double rate) {
    char text[FORMAT_LEN];
    area_reading(a, x, 0, width, rate >= 1 ? STYLE_TEXT : STYLE_DIM, rate < 1 ? "0" : format_bytes(rate, text));
}

static void draw_cell(struct area a, int x, enum column c, const struct row *r) {
    const struct process *p = r->process;
    char text[FORMAT_LEN];
    int width = columns[c].columns;
    bool on_gpu = p->uses_gpu == YES;
    switch (c) {
    case PID:
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)p->pid);
        area_reading(a, x, 0, width, STYLE_TEXT, known_u64(p->pid) ? text : "-");
        break;
    case HOST: (void)area_text(a, x + 1, 0, STYLE_DIM, width - 1, p->host_id); break;
    case USER: (void)area_text(a, x + 1, 0, STYLE_DIM, width - 1, p->user); break;
    case PRIORITY:
        if (known_i64(p->priority))
            area_print_right(a, x + width, 0, STYLE_DIM, "%lld", (long long)p->priority);
        break;
    case NICE:
        if (known_i64(p->nice_value))
            area_print_right(a, x + width, 0, STYLE_DIM, "%lld", (long long)p->nice_value);
        break;
    case VIRTUAL: area_reading(a, x, 0, width, STYLE_DIM, format_bytes(format_f64(p->memory_vms), text)); break;
    case RESIDENT: area_reading(a, x, 0, width, STYLE_TEXT, format_bytes(format_f64(p->memory_rss), text)); break;
    case STATE:
        (void)area_text(a, x + 1, 0, text_is(p->state, "D") || text_is(p->state, "Z") ? STYLE_WARN : STYLE_DIM, 1,
            p->exited == YES ? TEXT("x") : p->state);
        break;
    case CPU:
        area_reading(a, x, 0, width, p->cpu_percent < 0.05 ? STYLE_DIM : style_of_load(fmin(p->cpu_percent, 100)),
            format_percent(p->cpu_percent, text));
        break;
    case MEMORY: area_reading(a, x, 0, width, STYLE_DIM, format_percent(p->memory_percent, text)); break;
    case GPU:
        area_reading(a, x, 0, width, on_gpu ? style_of_load(p->gpu_utilization) : STYLE_DIM,
            on_gpu ? format_percent(p->gpu_utilization, text) : "");
        break;
    case VRAM:
        area_reading(a, x, 0, width, STYLE_TEXT, on_gpu ? format_bytes(format_f64(p->used_memory), text) : "");
        break;
    case READ: draw_rate(a, x, width, r->read); break;
    case WRITE: draw_rate(a, x, width, r->write); break;
    case TIME: area_reading(a, x, 0, width, STYLE_DIM, format_cpu_time(p->cpu_time, text)); break;
    case COMMAND: draw_command(area_part(a, x, 0, a.columns - x, 1), r); break;
    case COLUMN_COUNT: break;
    }
}

void processes_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    const struct selection *sel = &s->rows[PANE_PROCESSES];
    if (a.rows < 2 || !scene->frame || !scene->frame->processes.asked)
        return;
    struct table t = make_table(s, scene);
    unsigned chosen = choose_columns(s, scene, a.columns);
    draw_head(area_cut_rows(&a, 1), s, chosen);
    for (int y = 0; y < a.rows && y + sel->top < (int)t.n; y++) {
        const struct row *r = &t.rows[y + sel->top];
        if (!r->process)
            break;
        struct area row = area_part(a, 0, y, a.columns, 1);
        int x = 0;
        for (enum column c = PID; c < COLUMN_COUNT; c++) {
            if (!(chosen & 1U << c))
                continue;
            draw_cell(row, x, c, r);
            x += columns[c].columns;
        }
        if (s->focus == PANE_PROCESSES && sel->key == r->key)
            area_restyle(row, STYLE_SELECTED);
    }
    free(t.rows);
}
