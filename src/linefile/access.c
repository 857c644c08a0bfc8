/* linefile/access.c: a bounded list of access points, thinned out as the text grows. */
#include "linefile/access.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(const struct access_point *p, uint64_t stream, uint64_t text) {
    return p->stream != stream ? p->stream < stream : p->text <= text;
}

/* Points at or before that place. */
static size_t count_before(const struct access_list *l, uint64_t stream, uint64_t text) {
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&l->at[middle], stream, text))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t spacing_of(const struct access_list *l) {
    return l->spacing ? l->spacing : ACCESS_SPACING;
}

/* Text between point `i` and the one of its stream before it, or the stream's start. */
static uint64_t text_before(const struct access_list *l, size_t i, uint64_t stream, uint64_t text) {
    return i > 0 && l->at[i - 1].stream == stream ? text - l->at[i - 1].text : text;
}

bool access_is_due(const struct access_list *l, uint64_t stream, uint64_t text) {
    size_t i = count_before(l, stream, text);
    return text_before(l, i, stream, text) >= spacing_of(l) &&
           (i == l->n || l->at[i].stream != stream || l->at[i].text - text >= spacing_of(l));
}

static void thin_out(struct access_list *l) {
    size_t n = l->n;
    l->spacing = spacing_of(l) * 2;
    l->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (text_before(l, l->n, l->at[i].stream, l->at[i].text) >= l->spacing)
            l->at[l->n++] = l->at[i];
        else
            free(l->at[i].window);
    }
}

void access_keep(struct access_list *l, struct access_point p) {
    while (l->n == ACCESS_POINTS_MAX)
        thin_out(l);
    if (!access_is_due(l, p.stream, p.text)) {
        free(p.window);
        return;
    }
    size_t i = count_before(l, p.stream, p.text);
    memmove(&l->at[i + 1], &l->at[i], (l->n - i) * sizeof *l->at);
    l->at[i] = p;
    l->n++;
}

const struct access_point *access_find(const struct access_list *l, uint64_t stream, uint64_t text) {
    size_t i = count_before(l, stream, text);
    return i > 0 && l->at[i - 1].stream == stream ? &l->at[i - 1] : NULL;
}

void access_list_done(struct access_list *l) {
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i].window);
    l->n = 0;
    l->spacing = 0;
}
