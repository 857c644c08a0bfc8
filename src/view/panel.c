/* view/panel.c: what lies over the screen when asked for: help, alerts, everything about one row. */
#include <stdio.h>
#include <stdlib.h>

#include "frame/derive.h"
#include "view/devices.h"
#include "view/format.h"
#include "view/keys.h"

/* A box in the middle; returns its inside, blank. */
static struct area draw_box(struct area a, const char *title, int columns, int rows) {
    bool ascii = a.cells->ascii;
    columns = columns > a.columns ? a.columns : columns;
    rows = rows > a.rows ? a.rows : rows;
    struct area box = area_part(a, (a.columns - columns) / 2, (a.rows - rows) / 2, columns, rows);
    area_fill(box, STYLE_DIM, ' ');
    for (int x = 0; x < columns; x++) {
        area_glyph(box, x, 0, STYLE_DIM, ascii ? '-' : 0x2500);
        area_glyph(box, x, rows - 1, STYLE_DIM, ascii ? '-' : 0x2500);
    }
    for (int y = 0; y < rows; y++) {
        area_glyph(box, 0, y, STYLE_DIM, ascii ? '|' : y == 0 ? 0x256d : y == rows - 1 ? 0x2570 : 0x2502);
        area_glyph(box, columns - 1, y, STYLE_DIM, ascii ? '|' : y == 0 ? 0x256e : y == rows - 1 ? 0x256f : 0x2502);
    }
    (void)area_print(box, 2, 0, STYLE_TITLE, " %s ", title);
    return area_part(box, 2, 1, columns - 4, rows - 2);
}

static void draw_help(struct area a, const struct view_state *s, bool replay) {
    enum { KEYS_COLUMNS = 16 };
    int n = 0;
    for (const struct key_help *h = key_helps; h->keys; h++)
        n += !h->replay || replay;
    struct area in = draw_box(a, "Help", 92, n + 3);
    int y = -s->panel_top;
    for (const struct key_help *h = key_helps; h->keys; h++) {
        if (h->replay && !replay)
            continue;
        if (y >= 0) {
            (void)area_text(in, 0, y, STYLE_KEY, KEYS_COLUMNS, text_of(h->keys));
            (void)area_text(in, KEYS_COLUMNS, y, STYLE_TEXT, in.columns - KEYS_COLUMNS, text_of(h->says));
        }
        y++;
    }
}

static void draw_alerts(struct area a, const struct view_state *s, const struct scene *scene) {
    static const char *const words[] = {"ok", "warn", "CRITICAL"};
    static const enum style styles[] = {STYLE_LIVE, STYLE_WARN, STYLE_BAD};
    char at[FORMAT_LEN];
    struct area in = draw_box(a, "Alerts, the newest first", a.columns - 4, a.rows - 2);
    if (!alerts_event(scene->alerts, 0))
        (void)area_print(in, 0, 0, STYLE_DIM, "nothing has changed so far");
    for (int y = 0; y < in.rows; y++) {
        const struct alert_event *e = alerts_event(scene->alerts, (size_t)y + (size_t)s->panel_top);
        if (!e)
            break;
        (void)area_print(in, 0, y, STYLE_DIM, "%s", format_clock(e->wall_ns, s->utc, at));
        (void)area_text(in, 10, y, STYLE_TEXT, 20, e->host);
        (void)area_text(in, 31, y, STYLE_TEXT, 8, e->subject);
        (void)area_text(in, 40, y, STYLE_LABEL, 12, e->rule);
        int x = 53 + area_print(in, 53, y, styles[e->to], "%s", words[e->to]);
        if (known_f64(e->value) && known_f64(e->threshold))
            (void)area_print(
                in, x + 1, y, STYLE_DIM, "%.4g (limit %.4g), was %s", e->value, e->threshold, words[e->from]);
    }
}

struct fact_list {
    struct area in;
    int y;
};

static void put_fact(struct fact_list *l, const char *name, struct text value, const char *unit) {
    enum { NAME_COLUMNS = 30 };
    if (l->y >= 0 && l->y < l->in.rows) {
        (void)area_text(l->in, 0, l->y, STYLE_LABEL, NAME_COLUMNS, text_of(name));
        int x = NAME_COLUMNS + 1;
        x += area_text(l->in, x, l->y, STYLE_TEXT, l->in.columns - x, value);
        (void)area_print(l->in, x + 1, l->y, STYLE_DIM, "%s", unit);
    }
    l->y++;
}

/* Every known member of an item, as its table names it; counters as rates. */
static void put_facts(
    struct fact_list *l, const struct field_table *table, const void *item, const void *before, int64_t ns) {
    char text[64];
    for (size_t i = 0; i < table->n; i++) {
        const struct field *f = &table->fields[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", TEXT_ARG(f->key));
        if (!field_known(f, item))
            continue;
        if (f->type == FIELD_TEXT) {
            put_fact(l, name, *(const struct text *)(const void *)((const char *)item + f->offset), "");
        } else if (f->type == FIELD_DETAIL) {
            const struct list *list = (const struct list *)(const void *)((const char *)item + f->offset);
            for (size_t k = 0; k < list->n; k++) {
                const struct detail *d = &((const struct detail *)list->at)[k];
                (void)snprintf(name, sizeof name, "%.*s", (int)(d->key.len < 60 ? d->key.len : 60), d->key.at);
                put_fact(l, name, d->value, "");
            }
        } else if (f->type != FIELD_LIST && f->type != FIELD_OBJECT && f->type != FIELD_TEXTS) {
            double value = derive_value(f, before, item, ns);
            bool bytes = strncmp(f->unit, "bytes", 5) == 0;
            char shown[FORMAT_LEN];
            if (!known_f64(value))
                continue;
            if (bytes)
                (void)snprintf(text, sizeof text, "%s", format_bytes(value, shown));
            else
                (void)snprintf(text, sizeof text, "%.10g", value);
            put_fact(l, name, text_of(text), bytes ? (f->counter ? "/s" : "") : f->counter ? "/s" : f->unit);
        }
    }
}

static const struct process *find_process(const struct view_state *s, const struct scene *scene) {
    for (size_t i = 0; i < scene->frame->processes.n; i++)
        if (process_key(&scene->frame->processes.at[i]) == s->rows[PANE_PROCESSES].key)
            return &scene->frame->processes.at[i];
    return NULL;
}

/* The chosen row, or the first one of the pane. */
static void draw_detail(struct area a, const struct view_state *s, const struct scene *scene) {
    const void *item = NULL;
    const struct field_table *table = NULL;
    enum section section = SECTION_PROCESS;
    if (s->focus == PANE_PROCESSES) {
        item = find_process(s, scene);
        table = &process_table;
    } else {
        size_t n = 0;
        struct device_line *lines = device_lines(s, scene, &n);
        for (size_t i = 0; i < n; i++)
            if (lines[i].key == s->rows[PANE_DEVICES].key || (!item && i == 0)) {
                section = lines[i].section;
                table = sections[section].table;
                item = (const char *)frame_section_const(scene->frame, section)->at + lines[i].index * table->size;
            }
        free(lines);
    }
    struct fact_list l = {.in = draw_box(a, "Detail", a.columns - 4, a.rows - 2), .y = -s->panel_top};
    if (!item) {
        (void)area_print(l.in, 0, 0, STYLE_DIM, "choose a row with the arrow keys first; w changes the pane");
        return;
    }
    const void *before =
        scene->before ? derive_match(table, frame_section_const(scene->before, section), item, NULL) : NULL;
    put_facts(&l, table, item, before, scene->before ? scene->frame->wall_ns - scene->before->wall_ns : 0);
}

void panel_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    if (s->panel == PANEL_HELP)
        draw_help(a, s, scene->playback.on);
    else if (s->panel == PANEL_ALERTS && scene->alerts)
        draw_alerts(a, s, scene);
    else if (s->panel == PANEL_DETAIL && scene->frame)
        draw_detail(a, s, scene);
}
