/* recording/scan.c: reads a segment from its first byte to its last and reports what is in it. */
#include "recording/scan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recording/join.h"
#include "recording/segment.h"

const char *const scan_fault_names[SCAN_FAULTS] = {"rejected line", "oversized line", "incomplete frame",
    "undecodable data", "refused window", "torn tail", "untrue index", "missing header"};

enum { MARKS_MAX = 100000, TELL_EVERY_LINES = 512 };

struct scan {
    struct recording *recording;
    struct segment *segment;
    struct scan_report *report;
    struct arena *arena;
    struct frame frame;
    struct line_head before; /* of the last line, but for those that may stand between the parts of a frame */
    uint64_t missing;        /* parts missing before it, when it is one */
    bool has_frame;          /* `frame` is being read and is not reported yet */
    size_t marks_cap;
    uint64_t last_index_seq;
    uint64_t last_seq; /* the highest label of a frame so far; UINT64_MAX when none has one */
    bool begun;        /* a line that is not blank was met */
    /* The chunks as the time index has them, against what was found. */
    const struct line_chunk *chunks;
    size_t n_chunks, chunk;
    struct overview found; /* of the present chunk */
};

static void fault(struct scan *s, enum scan_fault kind, uint64_t line, uint64_t offset, const char *fmt, ...)
    PRINTF(5, 6);
static void fault(struct scan *s, enum scan_fault kind, uint64_t line, uint64_t offset, const char *fmt, ...) {
    bool first = true;
    for (unsigned i = 0; i < SCAN_FAULTS; i++)
        first = first && s->report->faults[i] == 0;
    s->report->faults[kind]++;
    if (!first)
        return;
    va_list args;
    va_start(args, fmt);
    s->report->first = (struct scan_found){.fault = kind, .line = line, .offset = offset};
    (void)vsnprintf(s->report->first.message, sizeof s->report->first.message, fmt, args);
    va_end(args);
}

static void add_mark(
    struct scan_report *report, size_t *cap, struct arena *arena, struct json_parser *parser, struct text line) {
    int64_t wall_ns = 0;
    struct text text = line_parse_mark(parser, line.at, line.len, arena, &wall_ns);
    if (!text.at || report->n_marks == MARKS_MAX)
        return;
    if (report->n_marks == *cap) {
        size_t wanted = *cap ? *cap * 2 : 16;
        struct scan_mark *marks = arena_alloc(arena, wanted * sizeof *marks);
        if (!marks)
            return;
        if (report->n_marks)
            memcpy(marks, report->marks, report->n_marks * sizeof *marks);
        report->marks = marks;
        *cap = wanted;
    }
    report->marks[report->n_marks++] = (struct scan_mark){wall_ns, text};
}

/* Compares what the index says of the chunk that has just ended with what was found in it. */
static void end_chunk(struct scan *s) {
    struct overview noted;
    const struct line_chunk *chunk = &s->chunks[s->chunk];
    if (!chunk->note.at)
        return;
    if (overview_parse(s->recording->parser, chunk->note, &noted, NULL) < 0)
        fault(s, SCAN_INDEX, 0, chunk->offset, "chunk %zu: unreadable note in the time index", s->chunk);
    else if (noted.frames != s->found.frames || noted.first_ns != s->found.first_ns ||
             noted.last_ns != s->found.last_ns || noted.first_seq != s->found.first_seq)
        fault(s, SCAN_INDEX, 0, chunk->offset,
            "chunk %zu: the time index says %" PRIu64 " frames from seq %" PRIu64 ", there are %" PRIu64
            " from seq %" PRIu64,
            s->chunk, noted.frames, noted.first_seq, s->found.frames, s->found.first_seq);
}

/* Moves on to the chunk that the text at `offset` belongs to. */
static void follow_chunks(struct scan *s, uint64_t offset) {
    while (s->chunk < s->n_chunks && s->chunks[s->chunk].text_offset != LINE_OFFSET_UNKNOWN &&
           offset >= s->chunks[s->chunk].text_offset + s->chunks[s->chunk].text_size) {
        end_chunk(s);
        overview_init(&s->found);
        s->chunk++;
    }
}

static void check_index(struct scan *s, const struct line_head *head, const struct line *line, uint64_t number) {
    struct json_value root, v;
    uint64_t at = 0;
    /* Frames without labels may go on from an earlier segment. UINT64_MAX is above all that pass. */
    if (head->seq == 0 || head->seq > INT64_MAX || head->seq <= s->last_index_seq || head->seq > s->last_seq) {
        fault(s, SCAN_INDEX, number, line->offset,
            "index line: seq %" PRIu64 " is not that of a frame seen since the last one", head->seq);
        return;
    }
    s->last_index_seq = head->seq;
    if (json_parse(s->recording->parser, line->at, line->len, true, &root, NULL) == 0 &&
        json_get(root, "byte_offset", &v) && json_u64(v, &at) && at != line->offset)
        fault(s, SCAN_INDEX, number, line->offset, "index line: byte_offset %" PRIu64 " is not its own, %" PRIu64, at,
            line->offset);
}

/* The last frame has come to its end: no part of it follows. */
static void finish_frame(struct scan *s, uint64_t number, uint64_t offset) {
    struct scan_report *report = s->report;
    if (s->before.kind == RECORDING_FRAME && (s->missing > 0 || line_is_open(&s->before)))
        fault(s, SCAN_INCOMPLETE, number, offset, "before it: %" PRIu64 " of %" PRIu32 " parts of a frame are missing",
            s->missing + s->before.parts - s->before.part, s->before.parts);
    s->missing = 0;
    if (!s->has_frame)
        return;
    s->has_frame = false;
    overview_add_frame(&report->all, &s->frame);
    report->gpu_count = s->frame.gpus.n > report->gpu_count ? s->frame.gpus.n : report->gpu_count;
}

/* A frame, or one of its parts. It counts where its first sound line stands. */
static int take_frame(
    struct scan *s, const struct line *line, const struct line_head *head, uint64_t number, struct error *err) {
    struct scan_report *report = s->report;
    struct json_value root;
    struct error why = {0};
    int code = json_parse(s->recording->parser, line->at, line->len, true, &root, &why);
    if (code == 0)
        code = s->has_frame ? frame_parse_part(root, &s->frame, &why) : frame_parse_json(root, &s->frame, &why);
    if (code == -ERR_FORMAT || code == -ERR_LIMIT) {
        fault(s, code == -ERR_FORMAT ? SCAN_REJECTED : SCAN_OVERSIZED, number, line->offset, "%s", why.text);
        return 0;
    }
    if (code < 0) {
        *err = why;
        return code;
    }
    if (s->has_frame)
        return 0;
    s->has_frame = true;
    int64_t interval = s->recording->header.interval_ns;
    overview_add_time(&s->found, head->wall_ns, head->seq, report->previous_ns, interval);
    overview_add_time(&report->all, head->wall_ns, head->seq, report->previous_ns, interval);
    report->previous_ns = head->wall_ns;
    if (known_u64(head->seq) && (s->last_seq == UINT64_MAX || head->seq > s->last_seq))
        s->last_seq = head->seq;
    return 0;
}

static int take_line(struct scan *s, const struct line *line, struct error *err) {
    struct line_head head;
    uint64_t number = ++s->report->lines;
    follow_chunks(s, line->offset);
    line_peek(s->recording->parser, line->at, line->len, &head);
    if (head.schema != FRAME_SCHEMA)
        return line_refuse_schema(line->at, line->len, head.schema, err);
    if (!s->begun && head.kind != RECORDING_HEADER && head.kind != RECORDING_BLANK)
        fault(s, SCAN_HEADER, number, line->offset, "the segment does not begin with a header");
    s->begun = s->begun || head.kind != RECORDING_BLANK;
    if (!line_is_passed(&head)) {
        if (!line_continues(&s->before, &head)) {
            finish_frame(s, number, line->offset);
            s->missing = head.part > 1 ? head.part - 1 : 0;
        }
        s->before = head;
    }
    switch (head.kind) {
    case RECORDING_FRAME: return take_frame(s, line, &head, number, err);
    case RECORDING_MARK:
        s->report->all.marks++;
        add_mark(s->report, &s->marks_cap, s->arena, s->recording->parser, (struct text){line->at, line->len});
        break;
    case RECORDING_INDEX: check_index(s, &head, line, number); break;
    case RECORDING_REJECT: fault(s, SCAN_REJECTED, number, line->offset, "not a line of a recording"); break;
    case RECORDING_HEADER:
    case RECORDING_BLANK: break;
    }
    return 0;
}

static void end_of_file(struct scan *s, struct line_reader *reader) {
    struct line_tail tail = line_reader_tail(reader);
    finish_frame(s, s->report->lines + 1, tail.offset);
    if (tail.partial.len > 0)
        fault(s, SCAN_TORN, s->report->lines + 1, tail.offset, "the file ends in the middle of a line (%zu bytes)",
            tail.partial.len);
    else if (tail.cut_stream)
        fault(s, SCAN_TORN, 0, s->report->file_bytes, "the compressed stream ends without its end");
    follow_chunks(s, UINT64_MAX);
}

static int scan_lines(struct scan *s, struct line_reader *reader, void (*tell)(double share), struct error *err) {
    struct line line;
    struct error why = {0};
    for (uint64_t n = 0;; n++) {
        uint64_t from = line_reader_file_offset(reader); /* all before it has been decoded */
        int code = line_reader_next(reader, &line, &why);
        if (line_reader_passed(code)) {
            if (code == -ERR_LIMIT)
                fault(s, SCAN_OVERSIZED, ++s->report->lines, s->report->text_bytes, "%s", why.text);
            else
                fault(s, code == -ERR_FORMAT ? SCAN_UNDECODED : SCAN_REFUSED, 0, from, "%s", why.text);
            finish_frame(s, s->report->lines + 1, s->report->text_bytes);
            s->before = (struct line_head){.kind = RECORDING_REJECT};
            continue;
        }
        if (code < 0)
            *err = why;
        if (code <= 0)
            return code;
        s->report->text_bytes = line.offset + line.size;
        code = take_line(s, &line, err);
        if (code < 0)
            return code;
        if (tell && n % TELL_EVERY_LINES == 0 && s->report->file_bytes > 0)
            tell((double)line_reader_file_offset(reader) / (double)s->report->file_bytes);
    }
}

/* 1: the segment is open; 0: it has gone. */
static int begin(struct recording *r, size_t segment, struct scan_report *report, struct error *err) {
    struct segment *s = &r->segments[segment];
    int64_t previous_ns = report->previous_ns;
    int code = s->gone ? 0 : segment_open(r, segment, err);
    if (code < 0 && !s->gone)
        return code;
    *report = (struct scan_report){.gone = s->gone, .previous_ns = previous_ns};
    overview_init(&report->all);
    if (s->gone)
        return 0;
    report->codec = s->facts.codec;
    report->file_bytes = s->facts.size;
    report->seek_table = s->facts.seek_table;
    return 1;
}

int recording_scan(struct recording *r, size_t segment, struct arena *arena, struct scan_report *report,
    void (*tell)(double share), struct error *err) {
    struct scan s = {.recording = r,
        .segment = &r->segments[segment],
        .report = report,
        .arena = arena,
        .last_seq = UINT64_MAX,
        .before = {.kind = RECORDING_REJECT}};
    struct line_reader *reader = NULL;
    int code = begin(r, segment, report, err);
    overview_init(&s.found);
    frame_init(&s.frame);
    if (code == 1)
        code = s.segment->facts.index ? line_file_chunks(s.segment->file, &s.chunks, &s.n_chunks, err) : 0;
    if (code == 0 && !report->gone)
        code = line_reader_create(s.segment->file, &reader, err);
    if (code == 0 && reader)
        code = scan_lines(&s, reader, tell, err);
    if (code == 0 && reader)
        end_of_file(&s, reader);
    line_reader_destroy(reader);
    frame_done(&s.frame);
    return code == -ERR_SCHEMA || code == 0 ? code : error_wrap(err, code, "%s", r->segments[segment].path);
}

/* One stretch, page by page: its marks, and with `into` what its frames amount to. */
static int read_stretch(
    struct recording *r, size_t segment, size_t stretch, struct scan *s, struct overview *into, struct error *err) {
    for (size_t number = 0;; number++) {
        struct page *page = NULL;
        int code = segment_page(r, segment, stretch, number, &page, err);
        if (code < 0)
            return code;
        for (size_t i = 0; i < page->n; i++) {
            const struct page_line *line = &page->lines[i];
            const char *at = page->text.at + line->offset;
            struct join_damage broken;
            if (line->kind == RECORDING_MARK)
                add_mark(s->report, &s->marks_cap, s->arena, r->parser, (struct text){at, line->len});
            if (into && line->kind == RECORDING_MARK)
                into->marks++;
            if (!into || line->kind != RECORDING_FRAME)
                continue;
            code = join_lines(r->parser, (struct text){at, line->len}, &s->frame, &broken, err);
            s->report->faults[SCAN_REJECTED] += broken.rejected;
            s->report->faults[SCAN_OVERSIZED] += broken.oversized;
            s->report->faults[SCAN_INCOMPLETE] += line->partial;
            if (code == -ERR_FORMAT || code == -ERR_LIMIT)
                continue;
            if (code < 0)
                return code;
            overview_add_time(into, line->wall_ns, line->seq, s->report->previous_ns, r->header.interval_ns);
            overview_add_frame(into, &s->frame);
            s->report->previous_ns = line->wall_ns;
        }
        if (page->last)
            return 0;
    }
}

static int summarise(struct recording *r, size_t segment, struct scan *s, struct error *err) {
    struct segment *at = &r->segments[segment];
    for (size_t i = 0; i < at->n_stretches; i++) {
        struct overview found;
        int code = 0;
        overview_init(&found);
        bool noted = at->stretches[i].note.at != NULL;
        if (noted && overview_parse(r->parser, at->stretches[i].note, &found, NULL) < 0)
            return 0;
        if (noted && found.frames > 0)
            s->report->previous_ns = found.last_ns;
        if (!noted || found.marks > 0)
            code = read_stretch(r, segment, i, s, noted ? NULL : &found, err);
        if (code < 0)
            return code == -ERR_STALE ? 0 : code;
        overview_merge(&s->report->all, &found);
    }
    struct line_tail tail = line_reader_tail(at->sequential.lines);
    if (!at->facts.index && (tail.partial.len > 0 || tail.cut_stream))
        s->report->faults[SCAN_TORN]++;
    return 1;
}

int recording_summary(
    struct recording *r, size_t segment, struct arena *arena, struct scan_report *report, struct error *err) {
    struct segment *at = &r->segments[segment];
    struct scan s = {.recording = r, .segment = at, .report = report, .arena = arena};
    bool any = false;
    int code = begin(r, segment, report, err);
    if (code == 1)
        code = at->facts.codec == CODEC_ZSTD ? segment_list(r, segment, err) : 0;
    if (code < 0)
        return code;
    for (size_t i = 0; i < at->n_stretches && at->facts.codec == CODEC_ZSTD; i++)
        any = any || at->stretches[i].note.at;
    if (!any)
        return 0;
    frame_init(&s.frame);
    code = summarise(r, segment, &s, err);
    frame_done(&s.frame);
    report->text_bytes = at->facts.text_size;
    return code;
}
