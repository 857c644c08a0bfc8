/* recording/park.c: opens segments when they are needed, and keeps few of a long chain open. */
#include <stdlib.h>

#include "recording/segment.h"

void segment_forget_stretches(struct segment *s) {
    for (size_t i = 0; i < s->n_stretches; i++)
        free(s->stretches[i].starts);
    free(s->stretches);
    free(s->notes);
    s->stretches = NULL;
    s->notes = NULL;
    s->n_stretches = 0;
    s->listed = s->noted = false;
    s->next_stretch = SIZE_MAX;
}

static void park(struct segment *s) {
    line_reader_destroy(s->sequential.lines);
    line_reader_destroy(s->probe.lines);
    line_file_close(s->file);
    s->sequential = s->probe = (struct stretch_reader){0};
    s->file = NULL;
    s->next_stretch = SIZE_MAX;
    s->has_held = false;
    buffer_done(&s->held);
}

void segment_close(struct segment *s) {
    park(s);
    segment_forget_stretches(s);
    free(s->path);
    *s = (struct segment){0};
}

void segment_park_all(struct recording *r) {
    while (r->n_open > 0)
        park(&r->segments[r->open[--r->n_open]]);
}

/* Puts the segment before all others that are open; the longest unused one goes when there are too many. */
static void touch(struct recording *r, size_t segment) {
    size_t i = 0;
    if (r->segments[segment].stays_open)
        return;
    while (i < r->n_open && r->open[i] != segment)
        i++;
    if (i == SEGMENTS_OPEN_MAX)
        park(&r->segments[r->open[--i]]);
    else if (i == r->n_open)
        r->n_open++;
    memmove(&r->open[1], &r->open[0], i * sizeof r->open[0]);
    r->open[0] = segment;
}

/* Is the file still the one that `known` was found out of? */
static int check_same(const struct segment *s, const struct line_file_facts *now, struct error *err) {
    if (now->device == s->facts.device && now->inode == s->facts.inode && now->size >= s->facts.size)
        return 0;
    return error_set(err, ERR_ABSENT, "%s was replaced or cut short while it was read", s->path);
}

static int open_file(struct segment *s, struct error *err) {
    struct line_file_facts facts = {0};
    int r = line_file_open(s->path, &s->file, err);
    if (r < 0)
        return r;
    if (s->distrusted)
        line_file_distrust(s->file);
    r = line_file_facts(s->file, &facts, err);
    if (r == 0 && !facts.seekable)
        r = error_set(err, ERR_FORMAT, "%s cannot be entered anew: copy it to a file first", s->path);
    if (r == 0 && s->known)
        r = check_same(s, &facts, err);
    else if (r == 0)
        s->facts = facts;
    s->known = s->known || r == 0;
    if (r == 0)
        r = line_reader_create(s->file, &s->sequential.lines, err);
    if (r == 0)
        r = line_reader_create(s->file, &s->probe.lines, err);
    if (r == 0)
        line_reader_remember(s->sequential.lines, 0); /* pages are read backward too */
    if (r < 0)
        park(s);
    return r;
}

/* Retention took the file, or somebody else did: what is left of the recording goes on without it. */
static int lose(struct recording *r, size_t segment, struct error *err) {
    struct segment *s = &r->segments[segment];
    segment_drop_pages(r, segment);
    segment_forget_stretches(s);
    s->listed = s->gone = true;
    r->damage.missing++;
    r->generation++;
    if (err)
        err->code = ERR_STALE;
    return -ERR_STALE;
}

int segment_open(struct recording *r, size_t segment, struct error *err) {
    struct segment *s = &r->segments[segment];
    if (s->gone)
        return error_set(err, ERR_ABSENT, "%s was removed or replaced while it was read", s->path);
    if (!s->file) {
        int code = open_file(s, err);
        if (code == -ERR_ABSENT && r->opened)
            return lose(r, segment, err);
        if (code < 0)
            return code;
    }
    touch(r, segment);
    return 0;
}
