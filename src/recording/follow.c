/* recording/follow.c: reads a recording that is still being written. */
#include "recording/follow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "linefile/chain.h"
#include "frame/frame.h"
#include "linefile/reader.h"

struct follow {
    char *path; /* the active file's name */
    struct json_parser *parser;
    struct line_file *file;
    struct line_reader *reader;
    struct line_head head; /* of the frame whose parts are being read */
    bool broken;           /* something that cannot be read stands behind it */
    struct buffer parts;   /* those that came so far, with newlines between, and padding */
    struct buffer held;    /* the line behind them, while they are given out */
    size_t held_len;
    bool has_held;
    struct line_file_facts facts; /* of the file being read, which may have been renamed since */
    uint64_t finished_size;       /* its size when it was read to its end and that was a seek table; 0: it was none */
    uint64_t chunks_end;          /* a recorder that continues it goes on here, over the table */
};

static void close_file(struct follow *f) {
    line_reader_destroy(f->reader);
    line_file_close(f->file);
    f->reader = NULL;
    f->file = NULL;
}

/* On failure the file before stays. */
static int open_file(struct follow *f, const char *path, struct error *err) {
    struct follow next = {0};
    int r = line_file_open(path, &next.file, err);
    if (r == 0)
        r = line_file_facts(next.file, &next.facts, err);
    if (r == 0)
        r = line_reader_create(next.file, &next.reader, err);
    if (r < 0) {
        close_file(&next);
        return r;
    }
    close_file(f);
    f->file = next.file;
    f->reader = next.reader;
    f->facts = next.facts;
    f->finished_size = 0;
    return 0;
}

static bool is_file(const char *path, const struct line_file_facts *facts) {
    struct stat info;
    return stat(path, &info) == 0 && info.st_dev == facts->device && info.st_ino == facts->inode;
}

int follow_open(const char *path, struct follow **ret, struct error *err) {
    struct chain chain = {0};
    struct follow *f = calloc(1, sizeof *f);
    if (f)
        f->parts.limit = FRAME_PARTS_MAX * FRAME_LINE_MAX + JSON_PADDING;
    if (!f || !(f->path = strdup(path))) {
        free(f);
        return error_set(err, ERR_NOMEM, "follow");
    }
    int r = json_parser_create(&f->parser, err);
    if (r == 0)
        r = chain_list(path, &chain, err);
    if (r == 0)
        r = open_file(f, chain.at[0].path, err);
    chain_done(&chain);
    if (r < 0) {
        follow_close(f);
        return r;
    }
    *ret = f;
    return 0;
}

void follow_close(struct follow *f) {
    if (!f)
        return;
    close_file(f);
    buffer_done(&f->parts);
    buffer_done(&f->held);
    json_parser_destroy(f->parser);
    free(f->path);
    free(f);
}

/* The file is read to its end: goes on with the segment behind it. 1: there is one, 0: this one is still being written. */
static int next_file(struct follow *f, struct error *err) {
    struct chain chain = {0};
    if (is_file(f->path, &f->facts))
        return 0;
    int r = chain_list(f->path, &chain, NULL);
    size_t next = 0; /* the oldest there is, when ours was removed meanwhile */
    for (size_t i = 0; r == 0 && i < chain.n; i++)
        if (is_file(chain.at[i].path, &f->facts))
            next = i + 1;
    int code = 0;
    if (r == 0 && next < chain.n)
        code = open_file(f, chain.at[next].path, err);
    else
        next = SIZE_MAX;
    chain_done(&chain);
    if (code == -ERR_ABSENT) /* renamed or removed since it was listed: the next call lists again */
        return 0;
    return code < 0 ? code : next != SIZE_MAX;
}

/* At the end of what is there: is that a seek table, which goes when the recording is continued? */
static int note_end(struct follow *f, struct error *err) {
    struct line_file_facts facts;
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    int r = line_file_facts(f->file, &facts, err);
    if (r < 0 || !facts.seek_table || facts.size == f->finished_size)
        return r;
    r = line_file_chunks(f->file, &chunks, &n, err);
    if (r == 0 && n > 0) {
        f->chunks_end = chunks[n - 1].offset + chunks[n - 1].size;
        f->finished_size = facts.size;
    }
    return r;
}

static int go_on(struct follow *f, struct error *err) {
    struct line_file_facts facts;
    if (f->finished_size == 0)
        return 0;
    int r = line_file_facts(f->file, &facts, err);
    if (r < 0 || facts.size == f->finished_size)
        return r;
    f->finished_size = 0;
    return line_reader_enter(f->reader, f->chunks_end, 0, false, err);
}

static int put_padded(struct buffer *b, struct text line, struct error *err) {
    buffer_put_text(b, line);
    char *padding = buffer_room(b, JSON_PADDING);
    if (padding)
        memset(padding, 0, JSON_PADDING);
    return buffer_status(b, err);
}

/* The parts that came, even if some are missing. */
static int give_parts(struct follow *f, struct followed *ret) {
    ret->head = f->head;
    ret->text = (struct text){f->parts.at, f->parts.len};
    buffer_clear(&f->parts); /* stays as it is until the next call */
    return 1;
}

/* A line of a frame that was split: 1 when it is whole now, 0 when more is to come. */
static int take_part(struct follow *f, const struct followed *line, struct followed *ret, struct error *err) {
    if (f->parts.len > 0)
        buffer_put_char(&f->parts, '\n');
    f->head = line->head;
    int r = put_padded(&f->parts, line->text, err);
    if (r < 0)
        return r;
    return line_is_open(&f->head) ? 0 : give_parts(f, ret);
}

/* The next line that may be given out, or go on with what is being read: 1; 0 at the end of the segment. */
static int next_line(struct follow *f, struct followed *ret, struct error *err) {
    struct line line = {0};
    if (f->has_held) {
        f->has_held = false;
        ret->text = (struct text){f->held.at, f->held_len};
        line_peek(f->parser, ret->text.at, ret->text.len, &ret->head);
        return 1;
    }
    for (;;) {
        int r = go_on(f, err);
        if (r == 0)
            r = line_reader_next(f->reader, &line, err);
        if (line_reader_passed(r)) {
            f->broken = true;
            continue;
        }
        if (r <= 0)
            return r;
        line_peek(f->parser, line.at, line.len, &ret->head);
        ret->text = (struct text){line.at, line.len};
        if (ret->head.schema != FRAME_SCHEMA)
            return line_refuse_schema(line.at, line.len, ret->head.schema, err);
        if (!line_is_passed(&ret->head))
            return 1;
    }
}

/* What comes behind parts of a frame and is none of them: they go out first. */
static int hold(struct follow *f, const struct followed *line, struct followed *ret, struct error *err) {
    buffer_clear(&f->held);
    int r = put_padded(&f->held, line->text, err);
    f->held_len = line->text.len;
    f->has_held = r == 0;
    return r < 0 ? r : give_parts(f, ret);
}

int follow_next(struct follow *f, struct followed *ret, struct error *err) {
    struct followed line;
    bool moved = false; /* a rotated file is read once more after its renaming was seen: it may have grown till then */
    for (;;) {
        int r = next_line(f, &line, err);
        if (r < 0)
            return r;
        if (r == 0) {
            if (is_file(f->path, &f->facts))
                return note_end(f, err);
            if (!moved) {
                moved = true;
                continue;
            }
            if (f->parts.len > 0) /* nobody writes the rest any more */
                return give_parts(f, ret);
            moved = false;
            r = next_file(f, err);
            if (r <= 0)
                return r;
            continue;
        }
        bool waiting = f->parts.len > 0, continues = !f->broken && line_continues(&f->head, &line.head);
        f->broken = false;
        if (waiting && !continues)
            return hold(f, &line, ret, err);
        if (line.head.kind == RECORDING_FRAME && (waiting || line_is_open(&line.head))) {
            r = take_part(f, &line, ret, err);
            if (r != 0)
                return r;
            continue;
        }
        *ret = line;
        if (line.head.kind == RECORDING_FRAME || line.head.kind == RECORDING_MARK)
            return 1;
    }
}
