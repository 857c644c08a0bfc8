/* view/tabs.c: one tab for everything and one for each host; the chosen one is always in sight. */
#include "view/screen.h"

enum { TAB_TEXT_MAX = 24 };

static struct text tab_name(const struct scene *scene, size_t tab) {
    return tab == 0 ? TEXT("All") : scene->hosts[tab - 1];
}

static int tab_columns(const struct scene *scene, size_t tab, bool ascii) {
    int columns = text_columns(tab_name(scene, tab), ascii);
    return (columns > TAB_TEXT_MAX ? TAB_TEXT_MAX : columns) + 3;
}

static size_t chosen_tab(const struct view_state *s, const struct scene *scene) {
    for (size_t i = 0; i < scene->n_hosts; i++)
        if (s->host[0] && text_is(scene->hosts[i], s->host))
            return i + 1;
    return 0;
}

/* Is something of the host in the frame? A host that only errors speak of is down. */
static bool is_up(const struct frame *f, struct text host) {
    for (size_t i = 0; f && i < f->cpus.n; i++)
        if (text_equal(f->cpus.at[i].host_id, host))
            return true;
    for (size_t i = 0; f && i < f->gpus.n; i++)
        if (text_equal(f->gpus.at[i].host_id, host))
            return true;
    for (size_t i = 0; f && i < f->memory.n; i++)
        if (text_equal(f->memory.at[i].host_id, host))
            return true;
    return false;
}

void tabs_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    size_t chosen = chosen_tab(s, scene), first = chosen;
    if (a.rows == 0)
        return;
    int used = tab_columns(scene, chosen, a.cells->ascii);
    while (first > 0 && used + tab_columns(scene, first - 1, a.cells->ascii) < a.columns - 4)
        used += tab_columns(scene, --first, a.cells->ascii);
    int x = 1;
    if (first > 0)
        area_glyph(a, 0, 0, STYLE_DIM, '<');
    for (size_t tab = first; tab <= scene->n_hosts; tab++) {
        int columns = tab_columns(scene, tab, a.cells->ascii);
        if (x + columns >= a.columns && tab > first) {
            area_glyph(a, a.columns - 1, 0, STYLE_DIM, '>');
            break;
        }
        bool up = tab == 0 || is_up(scene->frame, tab_name(scene, tab));
        enum style style = tab == chosen ? STYLE_SELECTED : up ? STYLE_TEXT : STYLE_BAD;
        struct area at = area_part(a, x, 0, columns - 1, 1);
        area_fill(at, style, ' ');
        (void)area_text(at, 1, 0, style, TAB_TEXT_MAX, tab_name(scene, tab));
        x += columns;
    }
}
