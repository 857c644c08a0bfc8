/* view/devices.c: the pane of devices: which lines it has and which are in sight. */
#include "view/devices.h"

#include <math.h>
#include <stdlib.h>

uint64_t device_key(struct text host, struct text name, enum section section) {
    uint64_t hash = 14695981039346656037U ^ section; /* FNV-1a */
    for (size_t i = 0; i < host.len; i++)
        hash = (hash ^ (unsigned char)host.at[i]) * 1099511628211U;
    hash *= 1099511628211U;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.at[i]) * 1099511628211U;
    return hash ? hash : 1;
}

struct lines {
    const struct view_state *state;
    struct device_line *at;
    size_t n, cap;
};

static void add(struct lines *l, enum section section, size_t index, struct text host, struct text name) {
    if (l->state->host[0] && !text_is(host, l->state->host))
        return;
    if (l->n < l->cap)
        l->at[l->n++] = (struct device_line){section, index, device_key(host, name, section), 0};
}

static double used_share(const struct gpu *g) {
    return known_u64(g->used_memory) && known_u64(g->total_memory) && g->total_memory
               ? (double)g->used_memory / (double)g->total_memory
               : -1;
}

static int by_rank(const void *a, const void *b) {
    const struct device_line *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void sort_cards(struct device_line *lines, size_t n, const struct frame *f, bool by_memory) {
    for (size_t i = 0; i < n; i++) {
        const struct gpu *g = &f->gpus.at[lines[i].index];
        lines[i].rank = by_memory ? used_share(g) : isnan(g->utilization) ? -1 : g->utilization;
    }
    qsort(lines, n, sizeof *lines, by_rank);
}

/* Interfaces that carry nothing and disks of the system's own would only take room. */
static void add_networks(struct lines *l, const struct frame *f) {
    for (size_t i = 0; i < f->networks.n; i++) {
        const struct network *n = &f->networks.at[i];
        bool quiet = n->rx_bytes == 0 && n->tx_bytes == 0;
        if (!text_is(n->kind, "loopback") && n->up != NO && !quiet)
            add(l, SECTION_NETWORK, i, n->host_id, n->name);
    }
}

struct device_line *device_lines(const struct view_state *s, const struct scene *scene, size_t *ret_n) {
    const struct frame *f = scene->frame;
    *ret_n = 0;
    size_t cap =
        f ? f->gpus.n + f->cpus.n + f->memory.n + f->chassis.n + f->networks.n + f->storage.n + f->errors.n : 0;
    cap = cap > DEVICE_LINES_MAX ? DEVICE_LINES_MAX : cap;
    struct lines l = {.state = s, .cap = cap};
    if (cap == 0 || !(l.at = calloc(cap, sizeof *l.at)))
        return NULL;
    for (size_t i = 0; i < f->errors.n; i++)
        add(&l, SECTION_ERROR, i, known_text(f->errors.at[i].host) ? f->errors.at[i].host : f->hostname,
            f->errors.at[i].message);
    size_t errors = l.n;
    for (size_t i = 0; i < f->gpus.n; i++)
        add(&l, SECTION_GPU, i, f->gpus.at[i].host_id, f->gpus.at[i].uuid);
    if (s->gpu_sort != GPU_SORT_NONE)
        sort_cards(l.at + errors, l.n - errors, f, s->gpu_sort == GPU_SORT_MEMORY);
    for (size_t i = 0; i < f->cpus.n; i++)
        add(&l, SECTION_CPU, i, f->cpus.at[i].host_id, TEXT(""));
    for (size_t i = 0; i < f->memory.n; i++)
        add(&l, SECTION_MEMORY, i, f->memory.at[i].host_id, TEXT(""));
    for (size_t i = 0; i < f->chassis.n; i++)
        if (known_f64(f->chassis.at[i].total_power_watts) || f->chassis.at[i].fan_speeds.n ||
            f->chassis.at[i].temperatures.n)
            add(&l, SECTION_CHASSIS, i, f->chassis.at[i].host_id, TEXT(""));
    add_networks(&l, f);
    for (size_t i = 0; i < f->storage.n; i++)
        add(&l, SECTION_STORAGE, i, f->storage.at[i].host_id, f->storage.at[i].mount_point);
    *ret_n = l.n;
    return l.at;
}

int devices_rows(const struct view_state *s, const struct scene *scene, int columns) {
    size_t n = 0;
    free(device_lines(s, scene, &n));
    (void)columns;
    return (int)n;
}

size_t devices_keys(const struct view_state *s, const struct scene *scene, uint64_t *ret, size_t cap) {
    size_t n = 0;
    struct device_line *lines = device_lines(s, scene, &n);
    for (size_t i = 0; i < n && i < cap; i++)
        ret[i] = lines[i].key;
    free(lines);
    return n < cap ? n : cap;
}

void devices_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    size_t n = 0;
    const struct selection *sel = &s->rows[PANE_DEVICES];
    struct device_line *lines = device_lines(s, scene, &n);
    for (int y = 0; y < a.rows && y + sel->top < (int)n; y++) {
        const struct device_line *line = &lines[y + sel->top];
        struct area row = area_part(a, 0, y, a.columns, 1);
        if (line->section == SECTION_GPU)
            gpu_line_draw(row, s, scene, &scene->frame->gpus.at[line->index]);
        else
            machine_line_draw(row, scene, line);
        if (s->focus == PANE_DEVICES && sel->key == line->key)
            area_restyle(area_part(row, 0, 0, 3, 1), STYLE_SELECTED);
    }
    free(lines);
    if (!scene->frame)
        (void)area_print(a, 1, 0, STYLE_DIM, "reading this machine for the first time");
}
