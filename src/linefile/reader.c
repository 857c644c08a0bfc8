/* linefile/reader.c: lines out of text, in place in one bounded buffer; over-long lines and damage are passed over. */
#include "linefile/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "linefile/decoder.h"
#include "linefile/file.h"

enum {
    TEXT_BYTES_MIN = 256 * 1024,
    FILL_MIN = 64 * 1024, /* room that decoding is given at least */
    TEXT_BYTES_MAX = LINE_MAX_BYTES + TEXT_BYTES_MIN,
};

struct line_reader {
    struct line_file *file;        /* borrowed */
    const struct decoder_ops *ops; /* NULL until the file tells its codec */
    void *decoder;
    struct source source;
    char *text; /* text[at .. end) is decoded and not given out; JSON_PADDING bytes follow the buffer */
    size_t cap, at, end;
    size_t searched;      /* text[at .. searched) has no newline */
    uint64_t text_offset; /* uncompressed, of text[at] */
    bool sniffed;         /* the decoder was chosen by the file's bytes */
    bool draining;        /* in the rest of a line that is not given out */
    bool lost;            /* damage, and nothing behind it decodes so far */
    bool ended;           /* the last call found the end */
    bool remembers;       /* places to enter… */
    uint64_t spacing;     /* …this far apart */
};

int line_reader_create(struct line_file *f, struct line_reader **ret, struct error *err) {
    struct line_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "%s: reader", f->path);
    r->file = f;
    r->cap = TEXT_BYTES_MIN;
    r->text = calloc(1, r->cap + JSON_PADDING);
    int code = r->text ? 0 : error_set(err, ERR_NOMEM, "%s: text buffer", f->path);
    if (code == 0)
        code = source_init(&r->source, f->fd, f->path, f->stream, DECODER_SOURCE_BYTES, err);
    if (code < 0) {
        line_reader_destroy(r);
        return code;
    }
    if (f->stream && f->head_len > 0) {
        memcpy(r->source.buf, f->head, f->head_len);
        r->source.len = f->head_len;
        f->head_len = 0;
    }
    *ret = r;
    return 0;
}

void line_reader_destroy(struct line_reader *r) {
    if (!r)
        return;
    if (r->ops)
        r->ops->destroy(r->decoder);
    source_done(&r->source);
    free(r->text);
    free(r);
}

static int want_decoder(struct line_reader *r, struct error *err) {
    if (r->ops && r->sniffed)
        return 1;
    int code = line_file_sniff(r->file, err);
    if (code < 0 || (!r->file->sniffed && r->file->codec != CODEC_PLAIN))
        return code; /* too little is there to tell */
    const struct decoder_ops *ops = decoder_for(r->file->codec);
    r->sniffed = r->file->sniffed;
    if (ops == r->ops)
        return 1;
    if (r->ops) { /* the first bytes were taken for text */
        source_seek(&r->source, 0);
        r->at = r->end = r->searched = 0;
        r->text_offset = 0;
    }
    code = ops->create(&r->decoder, err);
    if (code < 0)
        return code;
    ops->enter(r->decoder);
    if (r->remembers && ops->remember)
        ops->remember(r->decoder, r->spacing);
    r->ops = ops;
    return 1;
}

int line_reader_enter(
    struct line_reader *r, uint64_t file_offset, uint64_t text_offset, bool skip_partial, struct error *err) {
    if (r->file->stream)
        return error_set(err, ERR_USAGE, "%s cannot be read from another place", r->file->path);
    r->at = r->end = r->searched = 0;
    r->draining = r->lost = r->ended = false;
    r->text_offset = text_offset;
    /* A line that begins right here is seen by the newline before it. */
    bool back = skip_partial && r->file->codec == CODEC_PLAIN && file_offset > 0;
    if (back) {
        r->draining = true;
        r->text_offset--;
    }
    r->source.end = UINT64_MAX;
    source_seek(&r->source, back ? file_offset - 1 : file_offset);
    if (r->ops)
        r->ops->enter(r->decoder);
    return 0;
}

void line_reader_remember(struct line_reader *r, uint64_t spacing) {
    r->remembers = true;
    r->spacing = spacing;
    if (r->ops && r->ops->remember)
        r->ops->remember(r->decoder, spacing);
}

static const struct access_point *nearest(const struct line_reader *r, uint64_t file_offset, uint64_t text_offset) {
    return r->ops && r->ops->nearest ? r->ops->nearest(r->decoder, file_offset, text_offset) : NULL;
}

uint64_t line_reader_nearest(const struct line_reader *r, uint64_t file_offset, uint64_t text_offset) {
    const struct access_point *p = nearest(r, file_offset, text_offset);
    return p ? p->text : 0;
}

int line_reader_enter_near(struct line_reader *r, uint64_t file_offset, uint64_t text_offset, struct error *err) {
    const struct access_point *p = nearest(r, file_offset, text_offset);
    int code = line_reader_enter(r, file_offset, 0, false, err);
    if (code < 0 || !p)
        return code;
    code = r->ops->enter_at(r->decoder, &r->source, p, err);
    if (code == 0)
        return line_reader_enter(r, file_offset, 0, false, err);
    if (code == 1) {
        r->text_offset = p->text;
        r->draining = p->window[p->window_len - 1] != '\n';
    }
    return code;
}

void line_reader_limit(struct line_reader *r, uint64_t file_end) {
    source_limit(&r->source, file_end);
}

/* Room for FILL_MIN bytes behind the text; what is left of the last line goes to the front. */
static int make_room(struct line_reader *r, struct error *err) {
    if (r->at > 0) {
        memmove(r->text, r->text + r->at, r->end - r->at);
        r->end -= r->at;
        r->searched -= r->at;
        r->at = 0;
    }
    if (r->cap - r->end >= FILL_MIN || r->cap >= TEXT_BYTES_MAX)
        return 0;
    size_t cap = r->cap * 2 < TEXT_BYTES_MAX ? r->cap * 2 : TEXT_BYTES_MAX;
    char *text = realloc(r->text, cap + JSON_PADDING);
    if (!text)
        return error_set(err, ERR_NOMEM, "%s: line of over %zu bytes", r->file->path, r->cap);
    r->text = text;
    r->cap = cap;
    return 0;
}

static void pass_text(struct line_reader *r, size_t n) {
    r->at += n;
    r->text_offset += n;
    if (r->at == r->end)
        r->at = r->end = 0;
    r->searched = r->at;
}

/* Decoding failed: on to the next place where it does not. Returns the failure once it is behind us, or something final. */
static int pass_damage(struct line_reader *r, int failure, struct error *err) {
    uint64_t from = r->source.offset;
    pass_text(r, r->end - r->at); /* the line that broke off */
    for (;;) {
        struct error later = {0};
        r->lost = true;
        int code = r->ops->resync(r->decoder, &r->source, &later);
        if (code == 0)
            return error_wrap(err, failure, "nothing behind it can be read");
        if (code > 0) {
            uint64_t entry = r->source.offset;
            uint64_t text_offset = line_file_text_at(r->file, entry);
            r->lost = false;
            r->draining = false;
            if (text_offset != LINE_OFFSET_UNKNOWN)
                r->text_offset = text_offset;
            ssize_t n = r->ops->decode(r->decoder, &r->source, r->text + r->end, r->cap - r->end, &later);
            if (n == -ERR_FORMAT || n == -ERR_REFUSED)
                continue;
            if (n >= 0) {
                r->end += (size_t)n;
                return error_wrap(
                    err, failure, "%llu bytes of the file passed over", (unsigned long long)(entry - from));
            }
            code = (int)n;
        }
        if (err)
            *err = later;
        return code;
    }
}

/* More text. 1: there is some. 0: the end for now. */
static int fill(struct line_reader *r, struct error *err) {
    int code = want_decoder(r, err);
    if (code <= 0)
        return code;
    if (r->lost) {
        code = r->ops->resync(r->decoder, &r->source, err);
        if (code <= 0)
            return code;
        r->lost = false;
    }
    code = make_room(r, err);
    if (code < 0)
        return code;
    ssize_t n = r->ops->decode(r->decoder, &r->source, r->text + r->end, r->cap - r->end, err);
    if (n == -ERR_FORMAT || n == -ERR_REFUSED)
        return pass_damage(r, (int)n, err);
    if (n < 0)
        return (int)n;
    r->end += (size_t)n;
    return n > 0;
}

static int too_long(struct line_reader *r, struct error *err) {
    uint64_t offset = r->text_offset;
    r->draining = true;
    return error_set(err, ERR_LIMIT, "%s: the line at byte %llu of the text is longer than %d MiB", r->file->path,
        (unsigned long long)offset, LINE_MAX_BYTES >> 20);
}

int line_reader_next(struct line_reader *r, struct line *ret, struct error *err) {
    r->ended = false;
    for (;;) {
        const char *from = r->text + r->searched;
        const char *newline = memchr(from, '\n', r->end - r->searched);
        size_t size = newline ? (size_t)(newline - r->text) - r->at + 1 : r->end - r->at;
        if (r->draining) {
            pass_text(r, size);
            r->draining = !newline;
            if (newline)
                continue;
        } else if (size > LINE_MAX_BYTES || (!newline && size == LINE_MAX_BYTES)) {
            return too_long(r, err);
        } else if (newline) {
            const char *start = r->text + r->at;
            size_t len = size - 1;
            *ret = (struct line){.at = start,
                .len = len > 0 && start[len - 1] == '\r' ? len - 1 : len,
                .offset = r->text_offset,
                .size = size,
                .terminated = true};
            r->at += size;
            r->searched = r->at;
            r->text_offset += size;
            return 1;
        }
        r->searched = r->end;
        int code = fill(r, err);
        if (code <= 0) {
            r->ended = code == 0;
            return code;
        }
    }
}

struct line_tail line_reader_tail(const struct line_reader *r) {
    struct line_tail tail = {.offset = r->text_offset};
    if (!r->ended)
        return tail;
    if (!r->draining)
        tail.partial = (struct text){r->text + r->at, r->end - r->at};
    /* A gzip chunk that is read alone always ends inside its member. */
    bool inside = r->source.end != UINT64_MAX && r->ops == &decoder_gzip;
    bool whole = r->ops ? inside || r->ops->whole(r->decoder) : !r->file->begun;
    tail.cut_stream = r->lost || !whole;
    return tail;
}

uint64_t line_reader_file_offset(const struct line_reader *r) {
    return r->source.offset;
}
