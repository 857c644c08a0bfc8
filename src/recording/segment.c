/* recording/segment.c: one file of a recording, cut into stretches and pages. */
#include "recording/segment.h"

#include <stdlib.h>

enum {
    CACHE_BYTES = 40 << 20,      /* decoded text kept in all pages; the page asked for may be larger alone */
    PAGE_LINES_START = 256,
};

int segment_open(struct segment *s, struct error *err) {
    if (s->file)
        return 0;
    s->next_stretch = SIZE_MAX;
    int r = line_file_open(s->path, &s->file, err);
    if (r == 0)
        r = line_file_facts(s->file, &s->facts, err);
    if (r == 0 && !s->facts.seekable)
        r = error_set(err, ERR_FORMAT, "%s cannot be entered anew: copy it to a file first", s->path);
    if (r == 0)
        r = line_reader_create(s->file, &s->sequential, err);
    if (r == 0)
        r = line_reader_create(s->file, &s->probe, err);
    return r;
}

void segment_close(struct segment *s) {
    line_reader_destroy(s->sequential);
    line_reader_destroy(s->probe);
    line_file_close(s->file);
    free(s->stretches);
    free(s->path);
    buffer_done(&s->held);
    arena_done(&s->notes);
    *s = (struct segment){0};
}

static int list_plain(struct segment *s, struct error *err) {
    size_t n = (size_t)((s->facts.size + PAGE_BYTES - 1) / PAGE_BYTES);
    s->stretches = calloc(n ? n : 1, sizeof *s->stretches);
    if (!s->stretches)
        return error_set(err, ERR_NOMEM, "%s: %zu stretches", s->path, n);
    for (size_t i = 0; i < n; i++) {
        s->stretches[i].offset = (uint64_t)i * PAGE_BYTES;
        s->stretches[i].size = PAGE_BYTES;
    }
    s->n_stretches = n;
    return 0;
}

static struct stretch stretch_of(struct segment *s, const struct line_chunk *chunk) {
    return (struct stretch){.offset = chunk->offset, .size = chunk->size, .note = arena_text(&s->notes, chunk->note)};
}

/* Takes the chunks over; a first stretch that is listed already stays as it is, with what is known of it. */
static int list_chunks(struct segment *s, struct error *err) {
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    int r = line_file_chunks(s->file, &chunks, &n, err);
    if (r < 0)
        return r;
    struct stretch *stretches = realloc(s->stretches, (n ? n : 1) * sizeof *stretches);
    if (!stretches)
        return error_set(err, ERR_NOMEM, "%s: %zu chunks", s->path, n);
    s->stretches = stretches;
    for (size_t i = s->n_stretches; i < n; i++)
        stretches[i] = stretch_of(s, &chunks[i]);
    s->n_stretches = n;
    s->noted = n > 0;
    for (size_t i = 0; i < n; i++)
        s->noted = s->noted && stretches[i].note.at;
    return 0;
}

int segment_list_first(struct segment *s, struct error *err) {
    struct line_chunk chunk;
    int r = segment_open(s, err);
    if (r < 0 || s->n_stretches > 0)
        return r;
    if (s->facts.codec == CODEC_PLAIN || s->facts.index)
        return segment_list(s, err);
    r = line_file_first_chunk(s->file, &chunk, err);
    if (r <= 0)
        return r;
    s->stretches = calloc(1, sizeof *s->stretches);
    if (!s->stretches)
        return error_set(err, ERR_NOMEM, "%s", s->path);
    s->stretches[0] = stretch_of(s, &chunk);
    s->n_stretches = 1;
    return 0;
}

int segment_list(struct segment *s, struct error *err) {
    int r = segment_open(s, err);
    if (r < 0 || s->listed)
        return r;
    r = s->facts.codec == CODEC_PLAIN ? list_plain(s, err) : list_chunks(s, err);
    s->listed = r == 0;
    return r;
}

int segment_distrust(struct recording *r, size_t segment, struct error *err) {
    struct segment *s = &r->segments[segment];
    segment_drop_pages(r, segment);
    line_file_distrust(s->file);
    free(s->stretches);
    arena_reset(&s->notes);
    s->stretches = NULL;
    s->n_stretches = 0;
    s->listed = s->noted = false;
    s->next_stretch = SIZE_MAX;
    r->damage.distrusted++;
    return segment_list(s, err);
}

static int enter(struct segment *s, struct line_reader *reader, size_t stretch, struct error *err) {
    const struct stretch *at = &s->stretches[stretch];
    bool plain = s->facts.codec == CODEC_PLAIN;
    /* From the byte before: a line that begins right at the border belongs to this stretch. */
    uint64_t from = plain && at->offset > 0 ? at->offset - 1 : at->offset;
    int r = line_reader_enter(reader, from, plain ? from - at->offset : 0, plain && at->offset > 0, err);
    if (r == 0 && !plain)
        line_reader_limit(reader, at->offset + at->size);
    return r;
}

/* Takes what the reader met along the way into account; true when reading can go on. */
static bool survivable(struct recording *r, int code) {
    if (code == -ERR_LIMIT)
        r->damage.oversized++;
    else if (code == -ERR_FORMAT)
        r->damage.undecoded++;
    return code == -ERR_LIMIT || code == -ERR_FORMAT;
}

int segment_probe(struct recording *r, size_t segment, size_t stretch, struct error *err) {
    struct segment *s = &r->segments[segment];
    struct stretch *at = &s->stretches[stretch];
    struct overview noted;
    struct line line;
    struct line_head head;
    if (at->probed)
        return 0;
    *at = (struct stretch){.offset = at->offset, .size = at->size, .note = at->note, .first_ns = TIME_UNKNOWN,
        .first_seq = UINT64_MAX};
    if (at->note.at && overview_parse(r->parser, at->note, &noted, NULL) == 0) {
        at->has_frame = noted.frames > 0;
        at->first_ns = noted.first_ns;
        at->first_seq = noted.first_seq;
        at->probed = true;
        return 0;
    }
    int code = enter(s, s->probe, stretch, err);
    while (code >= 0 && !at->has_frame) {
        code = line_reader_next(s->probe, &line, err);
        if (code < 0 && survivable(r, code)) {
            code = 0;
            continue;
        }
        if (code != 1 || line.offset >= PAGE_BYTES)
            break;
        line_peek(r->parser, line.at, line.len, &head);
        if (head.schema != 1)
            return line_refuse_schema(head.schema, err);
        at->has_frame = head.kind == RECORDING_FRAME;
        at->first_ns = head.wall_ns;
        at->first_seq = head.seq;
    }
    at->probed = code >= 0;
    return code < 0 ? code : 0;
}

static int page_add(struct page *p, struct recording *r, const struct line *line, struct error *err) {
    struct line_head head;
    line_peek(r->parser, line->at, line->len, &head);
    if (head.schema != 1)
        return line_refuse_schema(head.schema, err);
    r->damage.rejected += head.kind == RECORDING_REJECT;
    if (head.kind != RECORDING_FRAME && head.kind != RECORDING_MARK)
        return 0;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : PAGE_LINES_START;
        struct page_line *lines = realloc(p->lines, cap * sizeof *lines);
        if (!lines)
            return error_set(err, ERR_NOMEM, "page");
        p->lines = lines;
        p->cap = cap;
    }
    p->lines[p->n++] =
        (struct page_line){(uint32_t)p->text.len, (uint32_t)line->len, head.wall_ns, head.seq, head.kind};
    buffer_put(&p->text, line->at, line->len);
    return buffer_status(&p->text, err);
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

/* Reads the lines of page `number` out of the sequential reader, which stands at an earlier page or at this one. */
static int fill(struct recording *r, struct segment *s, struct page *p, size_t from_page, struct error *err) {
    struct line line = {0};
    bool plain = s->facts.codec == CODEC_PLAIN;
    uint64_t begin = (uint64_t)p->number * PAGE_BYTES, end = begin + PAGE_BYTES;
    bool held = from_page > 0 && s->has_held;
    if (held)
        line = s->held_line;
    s->has_held = false;
    for (;;) {
        int code = held ? 1 : line_reader_next(s->sequential, &line, err);
        held = false;
        if (code < 0 && survivable(r, code))
            continue;
        if (code < 0)
            return code;
        if (code == 0) {
            p->last = true;
            return 0;
        }
        if (line.offset >= end && plain) {
            p->last = true;
            return 0;
        }
        if (line.offset >= end)
            return hold(s, &line, err);
        if (line.offset < begin)
            continue;
        code = page_add(p, r, &line, err);
        if (code < 0)
            return code;
    }
}

/* Does the first page of a stretch hold what the stretch's note says? Frames that damage took away are no lie. */
static bool as_noted(struct recording *r, const struct page *p, bool damaged) {
    const struct stretch *at = &r->segments[p->segment].stretches[p->stretch];
    struct overview noted;
    if (p->number > 0 || !at->note.at)
        return true;
    if (overview_parse(r->parser, at->note, &noted, NULL) < 0)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (p->lines[i].kind == RECORDING_FRAME)
            return damaged || (p->lines[i].wall_ns == noted.first_ns && p->lines[i].seq == noted.first_seq);
    return noted.frames == 0 || !p->last;
}

static int page_load(struct recording *r, struct page *p, struct error *err) {
    struct segment *s = &r->segments[p->segment];
    struct recording_damage before = r->damage;
    size_t from_page = 0;
    int code = 0;
    if (s->next_stretch == p->stretch && s->next_page <= p->number && s->next_page > 0)
        from_page = s->next_page;
    else
        code = enter(s, s->sequential, p->stretch, err);
    s->next_stretch = SIZE_MAX;
    if (code == 0)
        code = fill(r, s, p, from_page, err);
    if (code < 0)
        return code;
    bool damaged = r->damage.rejected + r->damage.oversized + r->damage.undecoded !=
                   before.rejected + before.oversized + before.undecoded;
    if (!as_noted(r, p, damaged)) {
        code = segment_distrust(r, p->segment, err);
        return code < 0 ? code : error_set(err, ERR_STALE, "the time index is untrue");
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

int segment_page(struct recording *r, size_t segment, size_t stretch, size_t number, struct page **ret, struct error *err) {
    for (size_t i = 0; i < COUNT_OF(r->pages); i++) {
        struct page *p = r->pages[i];
        if (p && p->segment == segment && p->stretch == stretch && p->number == number) {
            p->used = ++r->clock;
            *ret = p;
            return 0;
        }
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
