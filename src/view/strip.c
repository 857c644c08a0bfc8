/* view/strip.c: the whole recording across the width, with the play head in it, and the chip that says where it stands. */
#include <math.h>
#include <stdio.h>

#include "view/format.h"
#include "view/screen.h"

static enum figure_kind shown_figure(const struct view_state *s, const struct strip *strip) {
    static const enum figure_kind kinds[STRIP_KINDS] = {
        [STRIP_GPU] = FIGURE_GPU_UTILIZATION, [STRIP_POWER] = FIGURE_GPU_POWER, [STRIP_CPU] = FIGURE_CPU};
    enum figure_kind kind = kinds[s->strip];
    bool any = false;
    for (size_t i = 0; i < strip->n; i++)
        any = any || !isnan(strip->at[i].figure[kind]);
    return any ? kind : FIGURE_CPU; /* a machine without cards shows its processors */
}

static double top_of(const struct strip *strip, enum figure_kind kind) {
    double top = 0;
    if (kind != FIGURE_GPU_POWER)
        return 100;
    for (size_t i = 0; i < strip->n; i++)
        top = fmax(top, (double)strip->at[i].figure[kind]);
    return top > 0 ? top : 1;
}

static void draw_column(struct area a, int x, const struct survey_column *c, enum figure_kind kind, double top) {
    double percent = 100 * (double)c->figure[kind] / top;
    if (!c->frames) {
        area_glyph(a, x, 0, STYLE_TROUGH, ' ');
        return;
    }
    int eighths = isnan(percent) || percent <= 0 ? 1 : percent >= 100 ? 8 : (int)ceil(percent * 8 / 100);
    if (a.cells->ascii)
        area_glyph(a, x, 0, style_of_load(percent), (uint32_t) " .:-=+*#@"[eighths]);
    else
        area_glyph(a, x, 0, style_of_load(percent), (uint32_t)(0x2580 + eighths));
    if (c->mark)
        area_glyph(a, x, 0, STYLE_NOTICE, a.cells->ascii ? 'M' : 0x25c6);
    else if (c->error)
        area_glyph(a, x, 0, STYLE_EVENT, '!');
    else if (c->gap)
        area_glyph(a, x, 0, STYLE_WARN, a.cells->ascii ? '_' : 0x2027);
}

static int column_of(struct area a, const struct playback *p) {
    double share = p->last_ns > p->first_ns
                       ? ((double)p->now_ns - (double)p->first_ns) / ((double)p->last_ns - (double)p->first_ns)
                       : 0;
    int x = (int)(share * a.columns);
    return x < 0 ? 0 : x >= a.columns ? a.columns - 1 : x;
}

int64_t strip_time(struct area a, const struct scene *scene, int x) {
    const struct playback *p = &scene->playback;
    double share = a.columns > 1 ? (double)x / (a.columns - 1) : 0;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return p->first_ns + (int64_t)(share * ((double)p->last_ns - (double)p->first_ns));
}

/* Returns the columns that it takes. */
static int draw_chip(struct area a, const struct playback *p) {
    char at[FORMAT_LEN], of[FORMAT_LEN], chip[200];
    const char *counting = p->counting ? "+" : "";
    const char *state = p->playing ? (p->at_end && p->following ? "waiting" : "playing") : p->at_end ? "end" : "paused";
    int n = snprintf(chip, sizeof chip, " REPLAY | %s / %s%s | frame %llu / %llu%s | %.*fx | %s%s%s ",
        format_span(p->now_ns - p->first_ns, at), format_span(p->last_ns - p->first_ns, of), counting,
        (unsigned long long)p->frame, (unsigned long long)p->frames, counting,
        p->speed * 10 == floor(p->speed * 10) ? 1 : 2, p->speed, state, p->loop ? " | loop" : "",
        p->following ? " | follow" : "");
    return n > 0 ? area_print(a, 0, 0, STYLE_CHIP, "%s", chip) : 0;
}

int strip_rows(const struct scene *scene, int rows_there_are) {
    return !scene->playback.on ? 0 : rows_there_are < 16 ? 1 : 2;
}

void strip_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    const struct playback *p = &scene->playback;
    if (a.rows == 0)
        return;
    struct area last = area_part(a, 0, a.rows - 1, a.columns, 1);
    (void)area_cut_columns(&last, draw_chip(last, p));
    if (a.rows < 2 || !p->strip)
        return;
    enum figure_kind kind = shown_figure(s, p->strip);
    double top = top_of(p->strip, kind);
    for (int x = 0; x < a.columns && x < (int)p->strip->n; x++)
        draw_column(a, x, &p->strip->at[x], kind, top);
    int x = column_of(a, p);
    area_restyle(area_part(a, x, 0, 1, 1), STYLE_HEAD_NOW);
    static const char *const labels[FIGURE_COUNT] = {
        [FIGURE_GPU_UTILIZATION] = "GPU", [FIGURE_GPU_POWER] = "power", [FIGURE_CPU] = "CPU"};
    char label[32];
    int columns = snprintf(label, sizeof label, " time line: %s", labels[kind]);
    if (columns <= last.columns)
        area_print_right(last, last.columns, 0, STYLE_DIM, "%s", label);
}
