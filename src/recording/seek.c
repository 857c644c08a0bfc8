/* recording/seek.c: finds a time or a label: segments, then the stretches of one, are bisected by their first frames; the lines
 * of the stretch found decide. */
#include "recording/place.h"

static bool reaches(const struct goal *g, int64_t wall_ns, uint64_t seq) {
    return g->by_seq ? seq >= g->seq : wall_ns >= g->wall_ns;
}

/* Does the first frame at or behind stretch `i` of the segment reach the goal? 1, 0, or 2 when there is no frame there. */
static int first_reaches(struct recording *r, size_t segment, size_t i, const struct goal *g, struct error *err) {
    struct segment *s = &r->segments[segment];
    for (; i < s->n_stretches; i++) {
        int code = segment_probe(r, segment, i, err);
        if (code < 0)
            return code;
        if (s->stretches[i].has_frame)
            return reaches(g, s->stretches[i].first_ns, s->stretches[i].first_seq);
    }
    return 2;
}

/* The last stretch of the segment whose first frame does not reach the goal; 0 when there is none. */
static int bisect_stretches(struct recording *r, size_t segment, const struct goal *g, size_t *ret, struct error *err) {
    size_t low = 0, high = r->segments[segment].n_stretches;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        int code = first_reaches(r, segment, middle, g, err);
        if (code < 0)
            return code;
        if (code == 0)
            low = middle;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

/* Of the pages that were read before, the last one whose first frame does not reach the goal: a stretch may be a whole file. */
static size_t bisect_pages(const struct stretch *at, const struct goal *g) {
    size_t low = 0, high = at->starts ? at->pages_counted : 0;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2, i = middle;
        while (i < high && !at->starts[i].has_frame)
            i++;
        if (i < high && !reaches(g, at->starts[i].first_ns, at->starts[i].first_seq))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The last segment whose first frame does not reach the goal; 0 when there is none. Empty segments are passed over. */
static int bisect_segments(struct recording *r, const struct goal *g, size_t *ret, struct error *err) {
    size_t low = 0, high = r->n_segments;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        int code = 2;
        for (size_t i = middle; i < high && code == 2; i++) {
            code = segment_list_first(r, i, err);
            if (code == 0)
                code = first_reaches(r, i, 0, g, err);
            if (code == 2 && !r->segments[i].listed) { /* no frame in its first stretch: look at the others */
                code = segment_list(r, i, err);
                code = code == 0 ? first_reaches(r, i, 0, g, err) : code;
            }
        }
        if (code < 0)
            return code;
        if (code == 0)
            low = middle;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

/* Goes forward from `p` to the first line that reaches the goal; 0 at the end of segment `last`. */
static int scan_to_goal(struct recording *r, struct place *p, const struct goal *g, size_t last, struct error *err) {
    for (;;) {
        struct page *page = NULL;
        int code = place_forward(r, p, KIND(RECORDING_FRAME), err);
        if (code <= 0 || p->segment > last)
            return code < 0 ? code : 0;
        code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
        if (code < 0)
            return code;
        if (reaches(g, page->lines[p->line].wall_ns, page->lines[p->line].seq))
            return 1;
        p->line++;
    }
}

/* The first line that reaches the goal, from segment `from` to segment `last`. */
static int seek_from(
    struct recording *r, size_t from, size_t last, const struct goal *g, struct place *ret, struct error *err) {
    struct place p = {.segment = from};
    int code = segment_list(r, from, err);
    if (code < 0)
        return code;
    if (r->segments[from].n_stretches > 0) {
        code = bisect_stretches(r, from, g, &p.stretch, err);
        p.page = bisect_pages(&r->segments[from].stretches[p.stretch], g);
    } else {
        p.stretch = SIZE_MAX; /* an empty segment: the search begins behind it */
        code = place_next_stretch(r, &p, err);
        if (code == 0)
            return 0;
    }
    *ret = p;
    return code < 0 ? code : scan_to_goal(r, ret, g, last, err);
}

/* Several recordings each count from 0: the label itself wherever it comes first, or else the lowest one above it. */
static int seek_label(struct recording *r, const struct goal *g, struct place *ret, struct error *err) {
    uint64_t best = UINT64_MAX;
    for (size_t i = 0; i < r->n_segments && best != g->seq; i++) {
        struct page *page = NULL;
        struct place p;
        int code = seek_from(r, i, i, g, &p, err);
        if (code == 1)
            code = segment_page(r, p.segment, p.stretch, p.page, &page, err);
        if (code < 0)
            return code;
        if (!page || page->lines[p.line].seq >= best)
            continue;
        best = page->lines[p.line].seq;
        *ret = p;
    }
    return best != UINT64_MAX;
}

/* Notes may lie. But the search reads the stretch that it begins in and all up to the goal, and a page whose first frame is not
 * what its note says ends it with -ERR_STALE. So both the last stretch that does not reach the goal and the next one told the
 * truth, and what notes in between or elsewhere said did not matter. */
int place_seek(struct recording *r, const struct goal *g, struct place *ret, struct error *err) {
    size_t segment = 0;
    if (g->by_seq && r->several)
        return seek_label(r, g, ret, err);
    int code = bisect_segments(r, g, &segment, err);
    return code < 0 ? code : seek_from(r, segment, SIZE_MAX, g, ret, err);
}
