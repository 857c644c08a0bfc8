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

/* The last segment whose first frame does not reach the goal; 0 when there is none. Empty segments are passed over. */
static int bisect_segments(struct recording *r, const struct goal *g, size_t *ret, struct error *err) {
    size_t low = 0, high = r->n_segments;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        int code = 2;
        for (size_t i = middle; i < high && code == 2; i++) {
            code = segment_list_first(&r->segments[i], err);
            if (code == 0)
                code = first_reaches(r, i, 0, g, err);
            if (code == 2 && !r->segments[i].listed) { /* no frame in its first stretch: look at the others */
                code = segment_list(&r->segments[i], err);
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

/* Goes forward from `p` to the first line that reaches the goal; 0 at the end, 2 when that lies in stretch `limit` of the
 * segment or behind it. */
static int scan_to_goal(struct recording *r, struct place *p, const struct goal *g, size_t limit, struct error *err) {
    size_t segment = p->segment;
    for (;;) {
        struct page *page = NULL;
        int code = place_forward(r, p, KIND(RECORDING_FRAME), err);
        if (code <= 0)
            return code;
        if (p->segment == segment && p->stretch >= limit)
            return 2;
        code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
        if (code < 0)
            return code;
        if (reaches(g, page->lines[p->line].wall_ns, page->lines[p->line].seq))
            return 1;
        p->line++;
    }
}

/* Is the frame before `p` still short of the goal, as it must be? 1 or 0. */
static int confirm(struct recording *r, struct place p, const struct goal *g, struct error *err) {
    struct page *page = NULL;
    int code = place_backward(r, &p, KIND(RECORDING_FRAME), err);
    if (code <= 0)
        return code < 0 ? code : 1;
    code = segment_page(r, p.segment, p.stretch, p.page, &page, err);
    if (code < 0)
        return code;
    return !reaches(g, page->lines[p.line].wall_ns, page->lines[p.line].seq);
}

/* The stretch behind which the goal cannot lie when the index tells the truth: behind the next one that has a frame. */
static size_t limit_of(const struct segment *s, size_t low) {
    size_t i = low + 1;
    if (!s->noted)
        return SIZE_MAX;
    while (i < s->n_stretches && s->stretches[i].probed && !s->stretches[i].has_frame)
        i++;
    return i + 1;
}

/* The place of the first line that reaches the goal: 1; 0: there is none; 2: an index does not agree with the frames. */
static int locate(struct recording *r, const struct goal *g, struct place *ret, struct error *err) {
    struct place p = {0};
    int code = bisect_segments(r, g, &p.segment, err);
    if (code == 0)
        code = segment_list(&r->segments[p.segment], err);
    if (code < 0)
        return code;
    struct segment *s = &r->segments[p.segment];
    p.stretch = SIZE_MAX; /* an empty segment: the search begins behind it */
    code = s->n_stretches > 0 ? bisect_stretches(r, p.segment, g, &p.stretch, err) : 0;
    if (code == 0 && s->n_stretches == 0)
        code = place_next_stretch(r, &p, err);
    if (code < 0 || (s->n_stretches == 0 && code == 0))
        return code;
    *ret = p;
    code = scan_to_goal(r, ret, g, limit_of(s, p.stretch), err);
    if (code != 1)
        return code;
    code = confirm(r, *ret, g, err);
    return code < 0 ? code : code == 1 ? 1 : 2;
}

static int distrust_all(struct recording *r, struct error *err) {
    int code = 0;
    for (size_t i = 0; i < r->n_segments && code == 0; i++)
        if (r->segments[i].listed && r->segments[i].noted)
            code = segment_distrust(r, i, err);
    return code;
}

int place_seek(struct recording *r, const struct goal *g, struct place *ret, struct error *err) {
    int code = locate(r, g, ret, err);
    bool noted = false;
    for (size_t i = 0; i < r->n_segments; i++)
        noted = noted || (r->segments[i].listed && r->segments[i].noted);
    if (code == 2 && noted) {
        code = distrust_all(r, err);
        if (code == 0)
            code = locate(r, g, ret, err);
    }
    return code == 2 ? 1 : code; /* without an index: the clock stepped back here */
}
