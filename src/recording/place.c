/* recording/place.c: the way from one line of a recording to the next. */
#include "recording/place.h"

int place_next_stretch(struct recording *r, struct place *p, struct error *err) {
    size_t stretch = p->stretch + 1;
    for (size_t segment = p->segment; segment < r->n_segments; segment++, stretch = 0) {
        int code = stretch == 0 ? segment_list_first(r, segment, err) : segment_list(r, segment, err);
        if (code < 0)
            return code;
        if (stretch < r->segments[segment].n_stretches) {
            *p = (struct place){segment, stretch, 0, 0};
            return 1;
        }
    }
    return 0;
}

int place_previous_stretch(struct recording *r, struct place *p, struct error *err) {
    size_t segment = p->segment, stretch = p->stretch;
    while (stretch == 0) {
        if (segment == 0)
            return 0;
        int code = segment_list(r, --segment, err);
        if (code < 0)
            return code;
        stretch = r->segments[segment].n_stretches;
    }
    *p = (struct place){segment, stretch - 1, 0, 0};
    size_t counted = r->segments[segment].stretches[stretch - 1].pages_counted;
    p->page = counted > 0 ? counted - 1 : 0;
    for (;;) { /* how many pages a chunk has shows only when they are read */
        struct page *page = NULL;
        int code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
        if (code < 0)
            return code;
        if (page->last) {
            p->line = page->n;
            return 1;
        }
        p->page++;
    }
}

int place_forward(struct recording *r, struct place *p, unsigned kinds, struct error *err) {
    for (;;) {
        struct page *page = NULL;
        int code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
        if (code < 0)
            return code;
        for (; p->line < page->n; p->line++)
            if (KIND(page->lines[p->line].kind) & kinds)
                return 1;
        if (!page->last) {
            p->page++;
            p->line = 0;
            continue;
        }
        code = place_next_stretch(r, p, err);
        if (code <= 0)
            return code;
    }
}

int place_backward(struct recording *r, struct place *p, unsigned kinds, struct error *err) {
    for (;;) {
        struct page *page = NULL;
        int code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
        if (code < 0)
            return code;
        for (p->line = p->line < page->n ? p->line : page->n; p->line > 0;)
            if (KIND(page->lines[--p->line].kind) & kinds)
                return 1;
        if (p->page > 0) {
            p->page--;
            p->line = SIZE_MAX;
            continue;
        }
        code = place_previous_stretch(r, p, err);
        if (code <= 0)
            return code;
    }
}

int place_start(struct recording *r, struct place *ret, struct error *err) {
    struct place p = {0, SIZE_MAX, 0, 0}; /* next_stretch goes to 0 */
    int code = place_next_stretch(r, &p, err);
    if (code == 1)
        *ret = p;
    return code;
}
