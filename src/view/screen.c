/* view/screen.c: who gets which rows of the screen, and what keys asked for that depends on it. */
#include "view/screen.h"

#include <stdio.h>
#include <stdlib.h>

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Devices first, as far as they are many; processes keep a few rows at least, and take what is left. */
static void split_rows(const struct view_state *s, const struct scene *scene, struct area rest, struct layout *l) {
    enum { PROCESS_ROWS_MIN = 6 };
    bool processes = scene->frame && scene->frame->processes.asked;
    int wanted = devices_rows(s, scene, rest.columns);
    int spare = processes ? least(PROCESS_ROWS_MIN, rest.rows / 2) : 0;
    l->devices = area_cut_rows(&rest, processes ? least(wanted, rest.rows - spare) : rest.rows);
    l->processes = rest;
}

static bool is_too_small(const struct cells *out) {
    return out->columns < SCREEN_COLUMNS_MIN || out->rows < SCREEN_ROWS_MIN;
}

void screen_layout(const struct view_state *s, const struct scene *scene, struct cells *out, struct layout *ret) {
    struct area rest = cells_all(out);
    *ret = (struct layout){.panel = rest};
    if (is_too_small(out))
        return;
    ret->title = area_cut_rows(&rest, 1);
    ret->bottom = area_cut_rows(&rest, -1);
    ret->strip = area_cut_rows(&rest, -strip_rows(scene, out->rows));
    ret->panel = rest;
    ret->overview = area_cut_rows(&rest, overview_rows(scene, out->columns, out->rows));
    ret->graphs = area_cut_rows(&rest, graphs_rows(scene, out->columns, out->rows));
    ret->tabs = area_cut_rows(&rest, scene->n_hosts > 1);
    split_rows(s, scene, rest, ret);
}

static void draw_too_small(struct cells *out) {
    struct area all = cells_all(out);
    (void)area_print(all, 0, 0, STYLE_TEXT, "%dx%d: too small", out->columns, out->rows);
    (void)area_print(all, 0, 1, STYLE_DIM, "needs %dx%d; q leaves", SCREEN_COLUMNS_MIN, SCREEN_ROWS_MIN);
}

void screen_render(const struct view_state *s, const struct scene *scene, struct cells *out) {
    struct layout l;
    cells_clear(out);
    if (is_too_small(out)) {
        draw_too_small(out);
        return;
    }
    screen_layout(s, scene, out, &l);
    title_draw(l.title, s, scene);
    overview_draw(l.overview, s, scene);
    graphs_draw(l.graphs, s, scene);
    tabs_draw(l.tabs, s, scene);
    devices_draw(l.devices, s, scene);
    processes_draw(l.processes, s, scene);
    strip_draw(l.strip, s, scene);
    bottom_draw(l.bottom, s, scene);
    if (s->panel != PANEL_NONE)
        panel_draw(l.panel, s, scene);
}

static void settle_tab(struct view_state *s, const struct scene *scene) {
    size_t tabs = scene->n_hosts + 1, tab = 0;
    for (size_t i = 0; i < scene->n_hosts; i++)
        if (s->host[0] && text_is(scene->hosts[i], s->host))
            tab = i + 1;
    if (s->tab_move == 0)
        return;
    long long to = ((long long)tab + s->tab_move) % (long long)tabs;
    tab = (size_t)(to < 0 ? to + (long long)tabs : to);
    s->tab_move = 0;
    s->host[0] = '\0';
    if (tab > 0 && scene->hosts[tab - 1].len < sizeof s->host)
        (void)snprintf(s->host, sizeof s->host, "%.*s", TEXT_ARG(scene->hosts[tab - 1]));
    s->rows[PANE_DEVICES] = s->rows[PANE_PROCESSES] = (struct selection){.key = 0};
}

/* Moves the selection over `keys` and scrolls so that it is in sight. */
static void settle_rows(struct selection *sel, const uint64_t *keys, size_t n, int rows) {
    size_t at = 0;
    bool chosen = sel->key != 0;
    while (chosen && at < n && keys[at] != sel->key)
        at++;
    if (at == n)
        at = 0; /* it has gone */
    if (sel->move != 0 && n > 0) {
        long long to = (chosen ? (long long)at : -1) + sel->move;
        at = to < 0 ? 0 : to >= (long long)n ? n - 1 : (size_t)to;
        sel->key = keys[at];
    }
    sel->move = 0;
    if (sel->key == 0 || n == 0)
        at = 0;
    if (rows < 1)
        return;
    if ((int)at < sel->top)
        sel->top = (int)at;
    if ((int)at >= sel->top + rows)
        sel->top = (int)at - rows + 1;
    if (sel->top > 0 && sel->top + rows > (int)n)
        sel->top = (int)n > rows ? (int)n - rows : 0;
}

void screen_settle(struct view_state *s, const struct scene *scene, struct cells *out) {
    enum { ROWS_MAX = 1 << 17 };
    struct layout l;
    settle_tab(s, scene);
    if (!scene->frame)
        return;
    screen_layout(s, scene, out, &l);
    size_t cap = 1;
    for (unsigned k = 0; k < SECTION_COUNT; k++)
        cap += frame_section_const(scene->frame, (enum section)k)->n;
    cap = cap > ROWS_MAX ? ROWS_MAX : cap;
    uint64_t *keys = malloc(cap * sizeof *keys);
    if (!keys)
        return;
    size_t n = devices_keys(s, scene, keys, cap);
    settle_rows(&s->rows[PANE_DEVICES], keys, n, l.devices.rows);
    n = processes_keys(s, scene, keys, cap);
    settle_rows(&s->rows[PANE_PROCESSES], keys, n, l.processes.rows - 1); /* below its head */
    free(keys);
}
