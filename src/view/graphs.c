/* view/graphs.c: readings over time, with scales and a time axis. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "recording/overview.h"
#include "view/format.h"
#include "view/screen.h"

enum { GRAPH_COLUMNS = 38, GRAPHS_MAX = TRACE_COUNT, SCALE_COLUMNS = 5 };

/* The traces that have anything to show, the most telling first. */
static int choose(const struct series *s, enum trace ret[GRAPHS_MAX]) {
    static const enum trace order[] = {
        TRACE_GPU, TRACE_CPU, TRACE_GPU_MEMORY, TRACE_MEMORY, TRACE_POWER, TRACE_PRESSURE, TRACE_TEMPERATURE};
    int n = 0;
    for (int k = 0; k < TRACE_COUNT; k++)
        for (size_t i = 0; i < s->n; i++)
            if (!isnan(s->at[i].value[order[k]])) {
                ret[n++] = order[k];
                break;
            }
    return n;
}

static int rows_of_graphs(int rows_there_are) {
    return rows_there_are >= 50 ? 2 : 1;
}

static int graphs_across(int columns, int n) {
    int most = columns / GRAPH_COLUMNS;
    most = most < 1 ? 1 : most;
    return most < n ? most : n > 0 ? n : 1;
}

int graphs_rows(const struct scene *scene, int columns, int rows_there_are) {
    enum trace chosen[GRAPHS_MAX];
    int n = scene->series ? choose(scene->series, chosen) : 0;
    if (rows_there_are < 20)
        return 0;
    int each = rows_there_are < 30 ? 4 : 6;
    int rows = n > graphs_across(columns, n) ? rows_of_graphs(rows_there_are) : 1;
    return each * rows;
}

/* What each dot's width of time amounts to: the mean of its samples; where samples are farther apart than that, one holds until
 * the next, but not over a gap. */
static void fill_dots(const struct scene *scene, enum trace trace, float *dots, int n) {
    const struct series *s = scene->series;
    double from = (double)scene->series_from_ns, span = (double)scene->series_to_ns - from;
    for (int i = 0; i < n; i++)
        dots[i] = NAN;
    size_t at = series_find(s, scene->series_from_ns);
    at -= at > 0;
    for (int i = 0; i < n; i++) {
        int64_t begin = (int64_t)(from + span * i / n), end = (int64_t)(from + span * (i + 1) / n);
        double sum = 0;
        int count = 0;
        while (at + 1 < s->n && s->at[at + 1].wall_ns < begin)
            at++;
        for (size_t k = at; k < s->n && s->at[k].wall_ns < end; k++)
            if (s->at[k].wall_ns >= begin && !isnan(s->at[k].value[trace])) {
                sum += (double)s->at[k].value[trace];
                count++;
            }
        bool holds = at < s->n && s->at[at].wall_ns < begin &&
                     (double)(begin - s->at[at].wall_ns) < GAP_FACTOR * (double)scene->interval_ns;
        if (count)
            dots[i] = (float)(sum / count);
        else if (holds)
            dots[i] = s->at[at].value[trace];
    }
}

/* A round number at or above `v`: 1, 2 or 5 times a power of ten. */
static double round_up(double v) {
    double power = pow(10, floor(log10(v)));
    double digits = v / power;
    return (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10) * power;
}

static double top_of(const struct series *s, enum trace trace) {
    double top = traces[trace].top;
    if (top > 0)
        return top;
    for (size_t i = 0; i < s->n; i++)
        top = fmax(top, (double)s->at[i].value[trace]);
    return top > 0 ? round_up(top) : 1;
}

/* Two dots by four in each cell, filled from the bottom. */
static void draw_dots(struct area a, const float *dots, double top) {
    static const unsigned char left[] = {0, 0x40, 0x44, 0x46, 0x47}, right[] = {0, 0x80, 0xa0, 0xb0, 0xb8};
    for (int x = 0; x < a.columns; x++) {
        double l = (double)dots[2 * x] / top, r = (double)dots[2 * x + 1] / top;
        enum style style = style_of_load(100 * fmax(l, r));
        for (int y = 0; y < a.rows; y++) {
            double floor_share = a.rows - 1 - y;
            int dots_left = isnan(l) ? 0 : (int)lround(fmin(fmax(l, 0), 1) * a.rows * 4 - floor_share * 4);
            int dots_right = isnan(r) ? 0 : (int)lround(fmin(fmax(r, 0), 1) * a.rows * 4 - floor_share * 4);
            if (y == a.rows - 1) { /* known, if ever so little */
                dots_left = isnan(l) ? 0 : dots_left < 1 ? 1 : dots_left;
                dots_right = isnan(r) ? 0 : dots_right < 1 ? 1 : dots_right;
            }
            dots_left = dots_left < 0 ? 0 : dots_left > 4 ? 4 : dots_left;
            dots_right = dots_right < 0 ? 0 : dots_right > 4 ? 4 : dots_right;
            int most = dots_left > dots_right ? dots_left : dots_right;
            if (most == 0)
                continue;
            area_glyph(a, x, y, style,
                a.cells->ascii ? (uint32_t) " .:|#"[most] : 0x2800U | left[dots_left] | right[dots_right]);
        }
    }
}

static void draw_axis(struct area a, const struct view_state *s, const struct scene *scene) {
    char text[FORMAT_LEN];
    int64_t span = scene->series_to_ns - scene->series_from_ns;
    int labels = a.columns >= 48 ? 3 : a.columns >= 24 ? 2 : 1;
    area_fill(a, STYLE_AXIS, a.cells->ascii ? '-' : 0x2500);
    for (int i = 0; i < labels; i++) {
        int x = labels == 1 ? 0 : (a.columns - 8) * i / (labels - 1);
        int64_t at = scene->series_from_ns + (int64_t)((double)span * (labels == 1 ? 0 : (double)i / (labels - 1)));
        (void)area_print(a, x, 0, STYLE_AXIS, "%s", format_clock(at, s->utc, text));
    }
    if (scene->playback.on && span > 0) {
        double share = ((double)scene->frame->wall_ns - (double)scene->series_from_ns) / (double)span;
        area_restyle(area_part(a, (int)(share * a.columns), 0, 1, 1), STYLE_HEAD_NOW);
    }
}

static double newest_value(const struct scene *scene, enum trace trace) {
    size_t i = series_find(scene->series, scene->frame->wall_ns);
    return i < scene->series->n && scene->series->at[i].wall_ns == scene->frame->wall_ns
               ? (double)scene->series->at[i].value[trace]
               : (double)NAN;
}

static void draw_graph(struct area a, const struct view_state *s, const struct scene *scene, enum trace trace) {
    char text[FORMAT_LEN];
    float dots[2 * CELLS_COLUMNS_MAX] = {0};
    double top = top_of(scene->series, trace), value = newest_value(scene, trace);
    struct area axis = area_cut_rows(&a, -1), scale = area_cut_columns(&a, SCALE_COLUMNS);
    axis = area_part(axis, SCALE_COLUMNS, 0, axis.columns - SCALE_COLUMNS - 1, 1);
    (void)area_cut_columns(&a, -1);
    area_reading(scale, 0, 0, SCALE_COLUMNS - 1, STYLE_AXIS, format_number(top, text));
    area_reading(scale, 0, scale.rows - 1, SCALE_COLUMNS - 1, STYLE_AXIS, "0");
    fill_dots(scene, trace, dots, 2 * a.columns);
    draw_dots(a, dots, top);
    draw_axis(axis, s, scene);
    int x = area_print(a, 0, 0, STYLE_LABEL, "%s ", traces[trace].label);
    if (!isnan(value))
        (void)area_print(a, x, 0, STYLE_TITLE, "%s%s ", format_number(value, text), traces[trace].unit);
}

void graphs_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    enum trace chosen[GRAPHS_MAX];
    int n = scene->series ? choose(scene->series, chosen) : 0;
    int across = graphs_across(a.columns, n);
    int rows = n > across ? rows_of_graphs(a.cells->rows) : 1;
    if (a.rows < 2 || n == 0 || !scene->frame || scene->series_to_ns <= scene->series_from_ns)
        return;
    for (int row = 0, i = 0; row < rows; row++) {
        struct area line = area_cut_rows(&a, a.rows / (rows - row));
        for (int k = 0; k < across && i < n; k++, i++)
            draw_graph(area_cut_columns(&line, line.columns / (across - k)), s, scene, chosen[i]);
    }
}
