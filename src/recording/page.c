/* recording/page.c: pages of a segment's lines: read, held against the index, and kept while there is room. */
#include <stdlib.h>

#include "recording/segment.h"

enum {
    CACHE_BYTES = 40 << 20, /* decoded text kept in all pages; the page asked for may be larger alone */
    PAGE_LINES_START = 256,
    STARTS_START = 16,
    PAGE_TEXT_MAX = FRAME_PARTS_MAX * LINE_MAX_BYTES + 2 * PAGE_BYTES, /* its last frame may be of so many lines */
    BEYOND_LINES_MAX = 64, /* blank lines and index lines that are passed to find the next part of a frame */
};

/* What the reader met along the way; each page's is counted once. */
static void count_damage(struct recording *r, struct page *p, int code) {
    p->damaged = true;
    p->undecoded = p->undecoded || code == -ERR_FORMAT;
    if (p->counted)
        return;
    r->damage.oversized += code == -ERR_LIMIT;
    r->damage.refused += code == -ERR_REFUSED;
    r->damage.undecoded += code == -ERR_FORMAT;
}

static int append_text(struct page *p, const struct line *line, struct error *err) {
    if (!p->text.limit)
        p->text.limit = PAGE_TEXT_MAX;
    buffer_put(&p->text, line->at, line->len);
    return buffer_status(&p->text, err);
}

/* Another part of the last frame of the page; that frame may also stand in an earlier page, which has it then. */
static int page_add_part(struct page *p, const struct line *line, const struct line_head *head, struct error *err) {
    if (!p->open)
        return 0;
    struct page_line *frame = &p->lines[p->n - 1];
    p->open = line_is_open(head);
    frame->partial = frame->partial && (p->open || !p->from_first);
    buffer_put_char(&p->text, '\n');
    frame->len += 1 + (uint32_t)line->len;
    return append_text(p, line, err);
}

static int page_add(
    struct page *p, struct recording *r, const struct line *line, const struct line_head *head, struct error *err) {
    if (head->schema != FRAME_SCHEMA)
        return line_refuse_schema(line->at, line->len, head->schema, err);
    if (r->segments[p->segment].sequential.continues)
        return page_add_part(p, line, head, err);
    p->open = p->open && line_is_passed(head);
    p->damaged = p->damaged || head->kind == RECORDING_REJECT;
    if (!p->counted)
        r->damage.rejected += head->kind == RECORDING_REJECT;
    p->damaged_first = p->damaged_first || (head->kind == RECORDING_FRAME && !p->has_frame && p->damaged);
    p->has_frame = p->has_frame || head->kind == RECORDING_FRAME;
    if (head->kind != RECORDING_FRAME && head->kind != RECORDING_MARK)
        return 0;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : PAGE_LINES_START;
        struct page_line *lines = realloc(p->lines, cap * sizeof *lines);
        if (!lines)
            return error_set(err, ERR_NOMEM, "page");
        p->lines = lines;
        p->cap = cap;
    }
    p->from_first = head->part == 1;
    p->open = line_is_open(head);
    p->lines[p->n++] = (struct page_line){
        (uint32_t)p->text.len, (uint32_t)line->len, head->wall_ns, head->seq, head->parts > 0, false, head->kind};
    return append_text(p, line, err);
}

/* The line begins a later page: it is kept for that one. */
static int hold(struct segment *s, const struct line *line, struct error *err) {
    static const char padding[JSON_PADDING];
    if (line->at != s->held.at) {
        buffer_clear(&s->held);
        buffer_put(&s->held, line->at, line->len);
        buffer_put(&s->held, padding, sizeof padding);
    }
    s->held_line = *line;
    s->held_line.at = s->held.at;
    s->has_held = true;
    return buffer_status(&s->held, err);
}

/* What is missing of the page's last frame where its stretch ends may stand at the start of the next one. */
static int fill_beyond(struct recording *r, struct segment *s, struct page *p, struct error *err) {
    struct line line;
    struct line_head head;
    int code = 1;
    for (unsigned passed = 0; p->open && passed < BEYOND_LINES_MAX; passed++) {
        code = segment_next_beyond(&s->sequential, &line, err);
        if (code != 1)
            break;
        (void)segment_peek(r, p->segment, &s->sequential, &line, &head);
        if (s->sequential.continues)
            code = page_add(p, r, &line, &head, err);
        else if (!line_is_passed(&head))
            break;
        if (code < 0)
            return code;
    }
    return line_reader_passed(code) || code > 0 ? 0 : code; /* that is the next stretch's affair */
}

/* The stretch is read to its end: does the file end there too, in the middle of a line or of a compressed stream? */
static int look_at_end(struct recording *r, struct segment *s, const struct page *p, struct error *err) {
    struct line line;
    if (s->torn || p->undecoded || (p->stretch + 1 < s->n_stretches && !s->sequential.beyond))
        return 0;
    int code = segment_next_beyond(&s->sequential, &line, err);
    if (code == 0) {
        struct line_tail tail = line_reader_tail(s->sequential.lines);
        s->torn = tail.partial.len > 0 || tail.cut_stream;
        r->damage.torn += s->torn;
    }
    return line_reader_passed(code) || code > 0 ? 0 : code; /* more stands behind it */
}

/* Reads the lines of a page out of the sequential reader, which stands at an earlier page or at this one. */
static int fill(struct recording *r, struct segment *s, struct page *p, size_t from_page, struct error *err) {
    struct line line = {0};
    struct line_head head;
    uint64_t begin = (uint64_t)p->number * PAGE_BYTES, end = begin + PAGE_BYTES;
    bool held = from_page > 0 && s->has_held;
    bool passing = from_page < p->number; /* through pages that were counted before */
    if (held)
        line = s->held_line;
    s->has_held = false;
    for (;;) {
        int code = held ? 1 : segment_next_line(&s->sequential, &line, err);
        held = false;
        if (line_reader_passed(code)) {
            segment_break(&s->sequential);
            p->open = false;
            if (!passing)
                count_damage(r, p, code);
            continue;
        }
        /* More stands behind it, so this is no torn tail. */
        if (code == 0 && s->sequential.cut && !p->undecoded && p->stretch + 1 < s->n_stretches)
            count_damage(r, p, -ERR_FORMAT);
        if (code <= 0) {
            p->last = code == 0;
            return code == 0 ? fill_beyond(r, s, p, err) : code;
        }
        (void)segment_peek(r, p->segment, &s->sequential, &line, &head);
        if (s->sequential.unsure && line.offset >= begin) {
            code = segment_enter(s, &s->sequential, p->stretch, 0, err);
            if (code < 0)
                return code;
            passing = true;
            continue;
        }
        if (line.offset >= end && !s->sequential.continues && !(p->open && line_is_passed(&head)))
            return hold(s, &line, err);
        passing = line.offset < begin;
        if (passing)
            continue;
        code = page_add(p, r, &line, &head, err);
        if (code < 0)
            return code;
    }
}

/* Does the first page of a stretch hold what the stretch's note says? A first frame that damage took away is no lie. */
static bool as_noted(struct recording *r, const struct page *p) {
    const struct stretch *at = &r->segments[p->segment].stretches[p->stretch];
    struct overview noted;
    if (p->number > 0 || !at->note.at)
        return true;
    if (overview_parse(r->parser, at->note, &noted, NULL) < 0)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (p->lines[i].kind == RECORDING_FRAME)
            return p->damaged_first || (p->lines[i].wall_ns == noted.first_ns && p->lines[i].seq == noted.first_seq);
    return p->damaged || noted.frames == 0 || !p->last;
}

/* The page is read: is it what the index led to expect? Damage, and a stretch that ends too soon, may be real, or come from
 * places in the file that are none. */
static int check(struct recording *r, struct page *p, struct error *err) {
    struct segment *s = &r->segments[p->segment];
    bool cut = p->last && s->sequential.cut;
    if ((p->undecoded || cut) && s->stretches[p->stretch].size > 0) {
        int code = segment_check(r, p->segment, err);
        if (code < 0)
            return code;
    }
    if (as_noted(r, p))
        return 0;
    int code = segment_distrust(r, p->segment, err);
    return code < 0 ? code : error_set(err, ERR_STALE, "the time index is untrue");
}

/* Keeps what a later search wants to know of the page. Pages are read in order for the first time. */
static int keep_start(struct stretch *at, const struct page *p, struct error *err) {
    if (p->number == 0 && p->last)
        return 0;
    if (p->number >= at->starts_cap) {
        size_t cap = at->starts_cap ? at->starts_cap : STARTS_START;
        while (cap <= p->number)
            cap *= 2;
        struct page_start *starts = realloc(at->starts, cap * sizeof *starts);
        if (!starts)
            return error_set(err, ERR_NOMEM, "pages");
        memset(starts + at->starts_cap, 0, (cap - at->starts_cap) * sizeof *starts);
        at->starts = starts;
        at->starts_cap = cap;
    }
    for (size_t i = 0; i < p->n && !at->starts[p->number].has_frame; i++)
        if (p->lines[i].kind == RECORDING_FRAME)
            at->starts[p->number] = (struct page_start){true, p->lines[i].wall_ns, p->lines[i].seq};
    return 0;
}

static int page_load(struct recording *r, struct page *p, struct error *err) {
    struct segment *s = &r->segments[p->segment];
    size_t from_page = 0;
    int code = segment_open(r, p->segment, err);
    if (code < 0)
        return code;
    p->counted = p->number < s->stretches[p->stretch].pages_counted;
    uint64_t begin = (uint64_t)p->number * PAGE_BYTES;
    bool on_the_way = s->next_stretch == p->stretch && s->next_page <= p->number && s->next_page > 0;
    if (on_the_way && (uint64_t)s->next_page * PAGE_BYTES >=
                          line_reader_nearest(s->sequential.lines, s->stretches[p->stretch].offset, begin))
        from_page = s->next_page;
    else
        code = segment_enter(s, &s->sequential, p->stretch, begin, err);
    s->next_stretch = SIZE_MAX;
    if (code == 0)
        code = fill(r, s, p, from_page, err);
    if (code == 0)
        code = check(r, p, err);
    if (code < 0)
        return code;
    if (!p->counted) {
        code = keep_start(&s->stretches[p->stretch], p, err);
        if (code < 0)
            return code;
        for (size_t i = 0; i < p->n; i++)
            r->damage.incomplete += p->lines[i].partial;
        if (p->last)
            code = look_at_end(r, s, p, err);
        if (code < 0)
            return code;
        s->stretches[p->stretch].pages_counted = p->number + 1;
    }
    char *padding = buffer_room(&p->text, JSON_PADDING);
    if (!padding)
        return buffer_status(&p->text, err);
    memset(padding, 0, JSON_PADDING);
    if (!p->last) {
        s->next_stretch = p->stretch;
        s->next_page = p->number + 1;
    }
    return 0;
}

static void page_free(struct page *p) {
    if (!p)
        return;
    buffer_done(&p->text);
    free(p->lines);
    free(p);
}

void segment_drop_pages(struct recording *r, size_t segment) {
    for (size_t i = 0; i < COUNT_OF(r->pages); i++) {
        if (r->pages[i] && (segment == SIZE_MAX || r->pages[i]->segment == segment)) {
            page_free(r->pages[i]);
            r->pages[i] = NULL;
        }
    }
}

/* A free place in the cache: the longest unused pages go until the rest is small enough. */
static size_t make_place(struct recording *r) {
    for (;;) {
        size_t bytes = 0, oldest = SIZE_MAX, empty = SIZE_MAX;
        for (size_t i = 0; i < COUNT_OF(r->pages); i++) {
            if (!r->pages[i]) {
                empty = i;
                continue;
            }
            bytes += r->pages[i]->text.cap;
            if (oldest == SIZE_MAX || r->pages[i]->used < r->pages[oldest]->used)
                oldest = i;
        }
        if (empty != SIZE_MAX && bytes <= CACHE_BYTES - PAGE_BYTES)
            return empty;
        if (oldest == SIZE_MAX)
            return 0;
        page_free(r->pages[oldest]);
        r->pages[oldest] = NULL;
    }
}

int segment_page(
    struct recording *r, size_t segment, size_t stretch, size_t number, struct page **ret, struct error *err) {
    for (size_t i = 0; i < COUNT_OF(r->pages); i++) {
        struct page *p = r->pages[i];
        if (p && p->segment == segment && p->stretch == stretch && p->number == number) {
            p->used = ++r->clock;
            *ret = p;
            return 0;
        }
    }
    if (stretch >= r->segments[segment].n_stretches) {
        r->none = (struct page){.segment = segment, .stretch = stretch, .number = number, .last = true};
        *ret = &r->none;
        return 0;
    }
    size_t place = make_place(r);
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(err, ERR_NOMEM, "page");
    *p = (struct page){.segment = segment, .stretch = stretch, .number = number, .used = ++r->clock};
    int code = page_load(r, p, err);
    if (code < 0) {
        page_free(p);
        return code == -ERR_SCHEMA ? code : error_wrap(err, code, "%s", r->segments[segment].path);
    }
    r->pages[place] = p;
    *ret = p;
    return 0;
}
