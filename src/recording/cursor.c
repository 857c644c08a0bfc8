/* recording/cursor.c: a position in a recording. */
#include "recording/cursor.h"

#include <stdlib.h>

#include "recording/join.h"
#include "recording/place.h"

struct cursor {
    struct recording *recording;
    struct json_parser *parser;
    struct place at;
    uint64_t offset;     /* in its file, of the stretch that it stands in */
    uint64_t generation; /* of the recording when `at` was right: places have other numbers since */
    bool stands;
    unsigned kinds;           /* of line that it stops at */
    enum recording_line kind; /* of the line that it stands on */
    struct frame frame;
    struct buffer line; /* of the frame; JSON_PADDING bytes are behind it */
};

int cursor_create(struct recording *r, struct cursor **ret, struct error *err) {
    struct cursor *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERR_NOMEM, "cursor");
    c->recording = r;
    c->kinds = KIND(RECORDING_FRAME);
    c->line.limit = FRAME_PARTS_MAX * FRAME_LINE_MAX + JSON_PADDING;
    frame_init(&c->frame);
    int code = json_parser_create(&c->parser, err);
    if (code < 0) {
        cursor_destroy(c);
        return code;
    }
    *ret = c;
    return 0;
}

void cursor_destroy(struct cursor *c) {
    if (!c)
        return;
    json_parser_destroy(c->parser);
    frame_done(&c->frame);
    buffer_done(&c->line);
    free(c);
}

static int stand(struct cursor *c, const struct place *p, const struct page *page, struct error *err) {
    const struct page_line *line = &page->lines[p->line];
    buffer_clear(&c->line);
    buffer_put(&c->line, page->text.at + line->offset, line->len);
    char *padding = buffer_room(&c->line, JSON_PADDING);
    if (padding)
        memset(padding, 0, JSON_PADDING);
    c->at = *p;
    c->offset = c->recording->segments[p->segment].stretches[p->stretch].offset;
    c->generation = c->recording->generation;
    c->stands = true;
    c->kind = line->kind;
    return buffer_status(&c->line, err) < 0 ? -ERR_NOMEM : 1;
}

/* Decodes the frame at `p` and stands there: 1; 0 when it turned out broken (it is no frame from now on). */
static int land(struct cursor *c, const struct place *p, struct error *err) {
    struct recording *r = c->recording;
    struct page *page = NULL;
    struct join_damage broken;
    int code = segment_page(r, p->segment, p->stretch, p->page, &page, err);
    if (code < 0)
        return code;
    struct page_line *line = &page->lines[p->line];
    if (line->kind == RECORDING_MARK) {
        frame_reset(&c->frame);
        c->frame.wall_ns = line->wall_ns;
        return stand(c, p, page, err);
    }
    struct text text = {page->text.at + line->offset, line->len};
    code = join_lines(c->parser, text, &c->frame, &broken, err);
    if (!line->counted) {
        r->damage.rejected += broken.rejected;
        r->damage.oversized += broken.oversized;
    }
    line->counted = true;
    if (code == -ERR_FORMAT || code == -ERR_LIMIT) {
        line->kind = RECORDING_REJECT;
        return 0;
    }
    return code < 0 ? code : stand(c, p, page, err);
}

/* Lands on the first sound frame from `p` on, or before it. */
static int land_forward(struct cursor *c, struct place p, struct error *err) {
    for (;;) {
        int code = place_forward(c->recording, &p, c->kinds, err);
        if (code == 1)
            code = land(c, &p, err);
        else
            return code;
        if (code != 0)
            return code;
        p.line++;
    }
}

static int land_backward(struct cursor *c, struct place p, struct error *err) {
    for (;;) {
        int code = place_backward(c->recording, &p, c->kinds, err);
        if (code == 1)
            code = land(c, &p, err);
        else
            return code;
        if (code != 0)
            return code;
    }
}

static int first(struct cursor *c, struct error *err) {
    struct place p;
    int code = place_start(c->recording, &p, err);
    return code == 1 ? land_forward(c, p, err) : code;
}

static int last(struct cursor *c, struct error *err) {
    struct place p = {c->recording->n_segments, 0, 0, 0};
    int code = place_previous_stretch(c->recording, &p, err);
    return code == 1 ? land_backward(c, p, err) : code;
}

static int step(struct cursor *c, int64_t by, struct error *err) {
    struct place p = c->at, reached = c->at, from = c->at;
    uint64_t n = by < 0 ? 0 - (uint64_t)by : (uint64_t)by;
    int code = 1;
    for (uint64_t i = 0; i < n && code == 1; i++) {
        if (by > 0)
            p.line++;
        code =
            by > 0 ? place_forward(c->recording, &p, c->kinds, err) : place_backward(c->recording, &p, c->kinds, err);
        if (code == 1)
            reached = p;
    }
    if (code < 0 || place_same(&reached, &from))
        return code < 0 ? code : 0;
    code = land(c, &reached, err);
    if (code != 0)
        return code;
    /* The frame to land on is broken: the next sound one that way, or else the last one on the way. */
    code = by > 0 ? land_forward(c, reached, err) : land_backward(c, reached, err);
    if (code == 0)
        code = by > 0 ? land_backward(c, reached, err) : land_forward(c, reached, err);
    return code == 1 && place_same(&c->at, &from) ? 0 : code;
}

static int seek(struct cursor *c, const struct goal *g, struct error *err) {
    struct place p;
    int code = place_seek(c->recording, g, &p, err);
    if (code == 1)
        code = land_forward(c, p, err);
    return code == 0 ? last(c, err) : code;
}

/* What stands in an index may turn out untrue at any page: then the same is done again, without that index. There are only
 * so many indexes. */
enum { AGAIN_MAX = RECORDING_SEGMENTS_MAX };

int cursor_first(struct cursor *c, struct error *err) {
    int code = -ERR_STALE;
    for (unsigned i = 0; i < AGAIN_MAX && code == -ERR_STALE; i++)
        code = first(c, err);
    return code;
}

int cursor_last(struct cursor *c, struct error *err) {
    int code = -ERR_STALE;
    for (unsigned i = 0; i < AGAIN_MAX && code == -ERR_STALE; i++)
        code = last(c, err);
    return code;
}

static int seek_again(struct cursor *c, const struct goal *g, struct error *err) {
    int code = -ERR_STALE;
    for (unsigned i = 0; i < AGAIN_MAX && code == -ERR_STALE; i++)
        code = seek(c, g, err);
    return code;
}

/* Does the line at `p` read as the one that the cursor stands on? 1 or 0. */
static int is_same_line(const struct cursor *c, const struct place *p, struct error *err) {
    struct page *page = NULL;
    int code = segment_page(c->recording, p->segment, p->stretch, p->page, &page, err);
    if (code < 0)
        return code;
    const struct page_line *line = &page->lines[p->line];
    return text_equal((struct text){page->text.at + line->offset, line->len}, cursor_line(c));
}

/* The place of the line that the cursor stands on, from `p` on: 1; 0 when it is not there. */
static int find_line(struct cursor *c, struct place p, struct error *err) {
    for (;; p.line++) {
        int code = place_forward(c->recording, &p, KIND(RECORDING_FRAME) | KIND(RECORDING_MARK), err);
        if (code == 1)
            code = is_same_line(c, &p, err);
        else
            return code;
        if (code < 0)
            return code;
        if (code == 1) {
            c->at = p;
            c->generation = c->recording->generation;
            return 1;
        }
    }
}

/* Stretches have other numbers now: finds the line again that the cursor stands on. */
static int find_again(struct cursor *c, struct error *err) {
    struct segment *s = &c->recording->segments[c->at.segment];
    struct place p = {.segment = c->at.segment};
    int code = segment_list(c->recording, c->at.segment, err);
    if (code < 0)
        return code;
    if (s->gone) { /* its neighbours are those of the segment */
        c->at = p;
        c->generation = c->recording->generation;
        return 1;
    }
    while (p.stretch + 1 < s->n_stretches && s->stretches[p.stretch + 1].offset <= c->offset)
        p.stretch++;
    code = s->n_stretches > 0 ? find_line(c, p, err) : 0;
    if (code == 0) /* its own stretch was said to be where it is not */
        code = place_start(c->recording, &p, err);
    else
        return code;
    return code == 1 ? find_line(c, p, err) : code;
}

int cursor_step(struct cursor *c, int64_t by, struct error *err) {
    if (!c->stands)
        return 0;
    int code = -ERR_STALE;
    for (unsigned i = 0; i < AGAIN_MAX && code == -ERR_STALE; i++) {
        code = c->generation == c->recording->generation ? 1 : find_again(c, err);
        if (code == 1)
            code = step(c, by, err);
    }
    return code;
}

static int peek(struct cursor *c, int64_t by, int64_t *ret_wall_ns, struct error *err) {
    struct place p = c->at;
    struct page *page = NULL;
    int code = 1;
    for (int64_t i = 0; i != by && code == 1; i += by > 0 ? 1 : -1) {
        p.line += by > 0;
        code =
            by > 0 ? place_forward(c->recording, &p, c->kinds, err) : place_backward(c->recording, &p, c->kinds, err);
    }
    if (code == 1)
        code = segment_page(c->recording, p.segment, p.stretch, p.page, &page, err);
    if (code < 0 || !page)
        return code;
    *ret_wall_ns = page->lines[p.line].wall_ns;
    return 1;
}

int cursor_peek(struct cursor *c, int64_t by, int64_t *ret_wall_ns, struct error *err) {
    if (!c->stands)
        return 0;
    int code = -ERR_STALE;
    for (unsigned i = 0; i < AGAIN_MAX && code == -ERR_STALE; i++) {
        code = c->generation == c->recording->generation ? 1 : find_again(c, err);
        if (code == 1)
            code = peek(c, by, ret_wall_ns, err);
    }
    return code;
}

int cursor_seek_time(struct cursor *c, int64_t wall_ns, struct error *err) {
    return seek_again(c, &(struct goal){.wall_ns = wall_ns}, err);
}

/* Frames without labels: the `n`th in file order. */
static int seek_count(struct cursor *c, uint64_t n, struct error *err) {
    int code = cursor_first(c, err);
    if (code != 1 || n == 0)
        return code;
    code = cursor_step(c, n > INT64_MAX ? INT64_MAX : (int64_t)n, err);
    return code < 0 ? code : 1;
}

int cursor_seek_seq(struct cursor *c, uint64_t seq, struct error *err) {
    int code = cursor_first(c, err);
    if (code != 1)
        return code;
    if (!known_u64(c->frame.seq))
        return seek_count(c, seq, err);
    return seek_again(c, &(struct goal){.by_seq = true, .seq = seq}, err);
}

void cursor_stop_at_marks(struct cursor *c, bool stop) {
    c->kinds = KIND(RECORDING_FRAME) | (stop ? KIND(RECORDING_MARK) : 0U);
}

enum recording_line cursor_kind(const struct cursor *c) {
    return c->kind;
}

const struct frame *cursor_frame(const struct cursor *c) {
    return &c->frame;
}

struct text cursor_line(const struct cursor *c) {
    return (struct text){c->line.at, c->line.len};
}

int64_t cursor_time(const struct cursor *c) {
    return c->frame.wall_ns;
}
