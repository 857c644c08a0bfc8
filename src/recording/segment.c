/* recording/segment.c: one file of a recording, cut into stretches and pages. */
#include "recording/segment.h"

#include <stdlib.h>

#include "base/file.h"

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

/* What was written since the segment was opened is left out: it may be listed at two times. */
static struct stretch stretch_of(struct segment *s, const struct line_chunk *chunk) {
    uint64_t room = s->facts.size > chunk->offset ? s->facts.size - chunk->offset : 0;
    return (struct stretch){
        .offset = chunk->offset, .size = chunk->size < room ? chunk->size : room, .note = chunk->note};
}

/* Copies the notes of all stretches, as they are now, into memory of the segment. */
static int own_notes(struct segment *s, struct error *err) {
    size_t bytes = 0;
    for (size_t i = 0; i < s->n_stretches; i++)
        bytes += s->stretches[i].note.len;
    char *notes = malloc(bytes + 1), *to = notes;
    if (!notes) {
        segment_forget_stretches(s); /* theirs belong to the file */
        return error_set(err, ERR_NOMEM, "%s: notes of the chunks", s->path);
    }
    for (size_t i = 0; i < s->n_stretches; i++) {
        struct text *note = &s->stretches[i].note;
        if (!note->at)
            continue;
        memcpy(to, note->at, note->len);
        note->at = to;
        to += note->len;
    }
    free(s->notes);
    s->notes = notes;
    return 0;
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
    return own_notes(s, err);
}

int segment_list_first(struct recording *recording, size_t segment, struct error *err) {
    struct segment *s = &recording->segments[segment];
    struct line_chunk chunk;
    if (s->n_stretches > 0 || s->listed)
        return 0;
    int r = segment_open(recording, segment, err);
    if (r < 0)
        return r;
    if (s->facts.codec == CODEC_PLAIN || s->facts.index)
        return segment_list(recording, segment, err);
    r = line_file_first_chunk(s->file, &chunk, err);
    if (r <= 0)
        return r;
    s->stretches = calloc(1, sizeof *s->stretches);
    if (!s->stretches)
        return error_set(err, ERR_NOMEM, "%s", s->path);
    s->stretches[0] = stretch_of(s, &chunk);
    s->n_stretches = 1;
    return own_notes(s, err);
}

int segment_list(struct recording *recording, size_t segment, struct error *err) {
    struct segment *s = &recording->segments[segment];
    if (s->listed)
        return 0;
    int r = segment_open(recording, segment, err);
    if (r < 0)
        return r;
    r = s->facts.codec == CODEC_PLAIN ? list_plain(s, err) : list_chunks(s, err);
    s->listed = r == 0;
    return r;
}

int segment_distrust(struct recording *r, size_t segment, struct error *err) {
    struct segment *s = &r->segments[segment];
    segment_drop_pages(r, segment);
    line_file_distrust(s->file);
    segment_forget_stretches(s);
    s->checked = s->distrusted = true;
    r->damage.distrusted++;
    r->generation++;
    return segment_list(r, segment, err);
}

/* Does a zstd frame of any kind begin at `offset`? 1 or 0. */
static int is_frame(const struct segment *s, uint64_t offset, struct error *err) {
    uint8_t bytes[CODEC_SNIFF_LEN];
    int fd CLEANUP(file_close) = -1;
    int r = file_open(s->path, false, &fd, err);
    if (r < 0)
        return r;
    ssize_t n = file_pread_full(fd, s->path, bytes, sizeof bytes, offset, err);
    return n < 0 ? (int)n : codec_sniff(bytes, (size_t)n) == CODEC_ZSTD;
}

/* Is each stretch where a walk over the file's own headers finds one? 1 or 0. A walk cannot tell where a damaged chunk ends:
 * there, a frame behind the stretch has to do. */
static int same_as_walked(struct segment *s, struct line_file *walked, struct error *err) {
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    line_file_distrust(walked);
    int r = line_file_chunks(walked, &chunks, &n, err);
    if (r < 0 || n != s->n_stretches)
        return r;
    r = 1;
    for (size_t i = 0; i < n && r == 1; i++) {
        const struct stretch *at = &s->stretches[i];
        r = chunks[i].offset == at->offset;
        if (r == 1 && chunks[i].size != at->size)
            r = is_frame(s, at->offset + at->size, err);
    }
    return r;
}

static int is_listed_right(struct segment *s, struct error *err) {
    struct line_file_facts facts;
    struct line_file *again = NULL;
    int r = line_file_open(s->path, &again, err);
    if (r < 0)
        return r;
    r = line_file_facts(again, &facts, err);
    if (r == 0 && (facts.device != s->facts.device || facts.inode != s->facts.inode || facts.size != s->facts.size))
        r = 1; /* another file by now: nothing can be said */
    else if (r == 0)
        r = same_as_walked(s, again, err);
    line_file_close(again);
    return r;
}

int segment_check(struct recording *r, size_t segment, struct error *err) {
    struct segment *s = &r->segments[segment];
    if (s->checked || !s->facts.seek_table)
        return 0;
    s->checked = true;
    int code = is_listed_right(s, err);
    if (code == 0)
        code = segment_distrust(r, segment, err);
    else
        return code < 0 ? code : 0;
    return code < 0 ? code : error_set(err, ERR_STALE, "the seek table is untrue");
}

int segment_enter(
    struct segment *s, struct stretch_reader *reader, size_t stretch, uint64_t text_offset, struct error *err) {
    const struct stretch *at = &s->stretches[stretch];
    bool plain = s->facts.codec == CODEC_PLAIN;
    int r = plain ? line_reader_enter(reader->lines, at->offset, 0, at->offset > 0, err)
                  : line_reader_enter_near(reader->lines, at->offset, text_offset, err);
    if (r < 0)
        return r;
    line_reader_limit(reader->lines, at->offset + at->size);
    segment_break(reader);
    reader->stretch = stretch;
    reader->inside = r == 1;
    reader->leading = r == 0 && stretch > 0;
    reader->fresh = !plain && r == 0 && stretch > 0 && !at->note.at;
    reader->beyond = reader->cut = false;
    return 0;
}

int segment_next_line(struct stretch_reader *reader, struct line *ret, struct error *err) {
    if (reader->beyond)
        return 0;
    int r = line_reader_next(reader->lines, ret, err);
    if (r != 0)
        return r;
    struct line_tail tail = line_reader_tail(reader->lines);
    reader->cut = tail.cut_stream;
    if (tail.partial.len == 0 || tail.cut_stream)
        return 0;
    /* The line that begins here ends behind the stretch. */
    reader->beyond = true;
    line_reader_limit(reader->lines, UINT64_MAX);
    return line_reader_next(reader->lines, ret, err);
}

int segment_next_beyond(struct stretch_reader *reader, struct line *ret, struct error *err) {
    reader->beyond = true;
    line_reader_limit(reader->lines, UINT64_MAX);
    return line_reader_next(reader->lines, ret, err);
}

void segment_break(struct stretch_reader *reader) {
    reader->before = (struct line_head){.kind = RECORDING_REJECT};
    reader->continues = reader->leading = reader->inside = reader->unsure = false;
}

/* As line_peek. Other programs end a frame or member in the middle of a line: the rest of it belongs to the stretch before. */
static void peek_fresh(
    struct recording *r, struct stretch_reader *reader, const struct line *line, struct line_head *ret) {
    line_peek(r->parser, line->at, line->len, ret);
    if (reader->fresh && ret->kind == RECORDING_REJECT)
        ret->kind = RECORDING_BLANK;
    reader->fresh = false;
}

/* The last line of a stretch that is not passed between parts; a rejected one when there is none. */
static int last_head(struct recording *r, struct segment *s, struct stretch_reader *reader, size_t stretch,
    bool *ret_any, struct error *err) {
    struct line line;
    struct line_head head;
    int code = segment_enter(s, reader, stretch, 0, err);
    *ret_any = false;
    while (code >= 0 && (code = segment_next_line(reader, &line, err)) != 0) {
        if (line_reader_passed(code))
            head = (struct line_head){.kind = RECORDING_REJECT};
        else if (code < 0)
            return code;
        else
            peek_fresh(r, reader, &line, &head);
        code = 0;
        if (line_is_passed(&head))
            continue;
        reader->before = head;
        *ret_any = true;
    }
    return code;
}

/* Does the first frame of a stretch go on with the last one before it? Only other programs cut a recording like that; and a plain
 * file is cut anywhere. */
static enum leading find_leading(
    struct recording *r, size_t segment, size_t stretch, const struct line_head *first, struct error *err) {
    enum { LOOK_BACK = LINE_MAX_BYTES / PAGE_BYTES + 1 }; /* stretches that one line may cover */
    struct segment *s = &r->segments[segment];
    struct stretch_reader reader = {0};
    bool any = false;
    int code = line_reader_create(s->file, &reader.lines, err);
    for (size_t i = 1; code == 0 && !any && i <= LOOK_BACK && i <= stretch; i++)
        code = last_head(r, s, &reader, stretch - i, &any, err);
    line_reader_destroy(reader.lines);
    return code == 0 && any && line_continues(&reader.before, first) ? LEADING_CONTINUES : LEADING_OWN;
}

static bool continues_stretch_before(
    struct recording *r, size_t segment, const struct stretch_reader *reader, const struct line_head *first) {
    struct stretch *at = &r->segments[segment].stretches[reader->stretch];
    if (first->kind != RECORDING_FRAME || first->part <= 1)
        return false;
    if (at->leading == LEADING_UNKNOWN)
        at->leading = find_leading(r, segment, reader->stretch, first, NULL);
    return at->leading == LEADING_CONTINUES;
}

enum recording_line segment_peek(struct recording *r, size_t segment, struct stretch_reader *reader,
    const struct line *line, struct line_head *ret) {
    peek_fresh(r, reader, line, ret);
    reader->continues = reader->unsure = false;
    if (line_is_passed(ret))
        return ret->kind;
    reader->continues =
        reader->leading ? continues_stretch_before(r, segment, reader, ret) : line_continues(&reader->before, ret);
    reader->unsure = reader->inside && ret->part > 1;
    reader->leading = reader->inside = false;
    reader->before = *ret;
    return ret->kind;
}

int segment_probe(struct recording *r, size_t segment, size_t stretch, struct error *err) {
    struct segment *s = &r->segments[segment];
    struct stretch *at = &s->stretches[stretch];
    struct overview noted;
    struct line line;
    struct line_head head;
    if (at->probed)
        return 0;
    at->has_frame = false;
    at->first_ns = TIME_UNKNOWN;
    at->first_seq = UINT64_MAX;
    if (at->note.at && overview_parse(r->parser, at->note, &noted, NULL) == 0) {
        at->has_frame = noted.frames > 0;
        at->first_ns = noted.first_ns;
        at->first_seq = noted.first_seq;
        at->probed = true;
        return 0;
    }
    int code = segment_open(r, segment, err);
    if (code == 0)
        code = segment_enter(s, &s->probe, stretch, 0, err);
    while (code >= 0 && !at->has_frame) {
        code = segment_next_line(&s->probe, &line, err);
        if (line_reader_passed(code)) { /* counted when its page is read */
            segment_break(&s->probe);
            code = 0;
            continue;
        }
        if (code != 1 || line.offset >= PAGE_BYTES)
            break;
        at->has_frame = segment_peek(r, segment, &s->probe, &line, &head) == RECORDING_FRAME && !s->probe.continues;
        if (head.schema != FRAME_SCHEMA)
            return line_refuse_schema(line.at, line.len, head.schema, err);
        at->first_ns = head.wall_ns;
        at->first_seq = head.seq;
    }
    at->probed = code >= 0;
    return code < 0 ? code : 0;
}
