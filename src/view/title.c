/* view/title.c: the first line: whose machine, which moment, how often, and whether it is now. */
#include <time.h>

#include "base/clock.h"
#include "view/screen.h"

/* "Fri 2026-11-20 14:32:07", with "UTC" or the zone's name behind it. */
static void write_moment(int64_t wall_ns, bool utc, char *out, size_t cap) {
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND - (wall_ns % NS_PER_SECOND < 0));
    struct tm tm;
    out[0] = '\0';
    if (utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm))
        (void)strftime(out, cap, utc ? "%a %Y-%m-%d %H:%M:%S UTC" : "%a %Y-%m-%d %H:%M:%S %Z", &tm);
}

static void draw_state(struct area *a, const struct scene *scene) {
    const struct playback *p = &scene->playback;
    if (p->on) {
        struct area chip = area_cut_columns(a, -8);
        (void)area_print(chip, 0, 0, STYLE_CHIP, " REPLAY ");
        return;
    }
    struct area live = area_cut_columns(a, -7);
    area_glyph(live, 0, 0, STYLE_LIVE, a->cells->ascii ? '*' : 0x25cf);
    (void)area_print(live, 2, 0, STYLE_TEXT, "live");
}

void title_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    char moment[64];
    draw_state(&a, scene);
    (void)area_cut_columns(&a, -1);
    if (scene->interval_ns > 0) {
        struct area every = area_cut_columns(&a, -8);
        area_print_right(every, 7, 0, STYLE_DIM, "%.1f s", (double)scene->interval_ns / 1e9);
    }
    int x = 1 + area_print(a, 1, 0, STYLE_DIM, "tacho ");
    struct text host = scene->frame ? scene->frame->hostname : (struct text){NULL, 0};
    if (scene->n_hosts > 1)
        (void)area_print(a, x, 0, STYLE_TITLE, "%zu hosts", scene->n_hosts);
    else
        (void)area_text(a, x, 0, STYLE_TITLE, a.columns - x - 26 > 8 ? a.columns - x - 26 : 8, host);
    if (!scene->frame)
        return;
    write_moment(scene->frame->wall_ns, s->utc, moment, sizeof moment);
    area_print_right(a, a.columns, 0, STYLE_TEXT, "%s", moment);
}
