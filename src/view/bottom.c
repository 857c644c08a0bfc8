/* view/bottom.c: the last line: what is being typed, what there is to say, or which keys there are. */
#include "view/screen.h"

struct hint {
    const char *key, *says;
};

static void draw_hints(struct area a, bool replay) {
    static const struct hint live[] = {{"h", "help"}, {"q", "quit"}, {"/", "filter"}, {"c m i v", "sort"},
        {"t", "tree"}, {"f", "GPU only"}, {"A", "alerts"}, {"Enter", "detail"}, {NULL, NULL}};
    static const struct hint past[] = {{"SPACE", "play"}, {"[ ]", "step"}, {"+ -", "speed"}, {"j k", "10 s"},
        {"g", "go to"}, {"< >", "events"}, {"L", "loop"}, {"h", "help"}, {"q", "quit"}, {NULL, NULL}};
    int x = 1;
    for (const struct hint *h = replay ? past : live; h->key; h++) {
        int columns = text_columns(text_of(h->key), false) + text_columns(text_of(h->says), false) + 3;
        if (x + columns > a.columns)
            break;
        x += area_print(a, x, 0, STYLE_KEY, "%s", h->key) + 1;
        x += area_print(a, x, 0, STYLE_DIM, "%s", h->says) + 2;
    }
}

static size_t count_matches(const struct view_state *s, const struct scene *scene, size_t *ret_of) {
    size_t matched = 0;
    *ret_of = 0;
    for (size_t i = 0; scene->frame && i < scene->frame->gpus.n; i++) {
        const struct gpu *g = &scene->frame->gpus.at[i];
        if (s->host[0] && !text_is(g->host_id, s->host))
            continue;
        (*ret_of)++;
        matched += filter_matches_gpu(scene->filter, scene->frame, g);
    }
    if (*ret_of > 0 || !scene->frame)
        return matched;
    *ret_of = scene->frame->processes.n; /* a machine without cards */
    for (size_t i = 0; i < scene->frame->processes.n; i++)
        matched += filter_matches_process(scene->filter, scene->frame, &scene->frame->processes.at[i]);
    return matched;
}

/* The line with the place where the next letter goes in sight. */
static void draw_edit(struct area a, const struct view_state *s, const struct scene *scene) {
    int x = 1 + area_print(a, 1, 0, STYLE_KEY, s->edit == EDIT_FILTER ? "filter: " : "go to: ");
    struct area line = area_part(a, x, 0, a.columns - x, 1);
    if (s->edit_error[0]) {
        struct area why = area_cut_columns(&line, -(line.columns / 2));
        (void)area_text(why, 1, 0, STYLE_BAD, why.columns - 1, text_of(s->edit_error));
    } else if (s->edit == EDIT_TIMECODE) {
        struct area takes = area_cut_columns(&line, -(line.columns * 2 / 3));
        (void)area_text(
            takes, 0, 0, STYLE_DIM, takes.columns, TEXT("00:12:34 from the start, @14:32 clock, +5m, -30s"));
    }
    int before = text_columns((struct text){s->line.text, s->line.at}, a.cells->ascii);
    size_t skip = 0;
    while (before > line.columns - 2 && skip < s->line.at) {
        do
            skip++;
        while (skip < s->line.at && ((unsigned char)s->line.text[skip] & 0xc0) == 0x80);
        before = text_columns((struct text){s->line.text + skip, s->line.at - skip}, a.cells->ascii);
    }
    (void)area_text(line, 0, 0, STYLE_TEXT, -1, (struct text){s->line.text + skip, s->line.len - skip});
    area_restyle(area_part(line, before, 0, 1, 1), STYLE_SELECTED);
    (void)scene;
}

void bottom_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    if (s->edit != EDIT_NONE) {
        draw_edit(a, s, scene);
        return;
    }
    if (s->notice[0]) {
        (void)area_text(a, 1, 0, STYLE_NOTICE, a.columns - 2, text_of(s->notice));
        return;
    }
    size_t critical = scene->alerts ? alerts_count(scene->alerts, SEVERITY_CRITICAL) : 0;
    size_t warnings = scene->alerts ? alerts_count(scene->alerts, SEVERITY_WARN) : 0;
    if (scene->filter) {
        size_t of = 0, matched = count_matches(s, scene, &of);
        struct area right = area_cut_columns(&a, -24);
        area_print_right(right, right.columns - 1, 0, STYLE_MATCH, "[matched %zu of %zu]", matched, of);
    } else if (critical + warnings > 0) {
        struct area right = area_cut_columns(&a, -24);
        area_print_right(right, right.columns - 1, 0, critical ? STYLE_BAD : STYLE_WARN, "%zu alert%s",
            critical + warnings, critical + warnings == 1 ? "" : "s");
    }
    draw_hints(a, scene->playback.on);
}
