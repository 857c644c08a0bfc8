/* recording/resume.c: where a recording that is to be continued left off. */
#include "recording/resume.h"

#include <string.h>

#include "base/file.h"
#include "recording/cursor.h"

/* What every line of a recording begins with, the torn first one of a killed recorder too. */
#define LINE_START "{\"schema\":1,"

/* True when the file holds a line of a recording, or nothing but what may become one. */
static int is_recording(struct json_parser *parser, struct line_reader *reader, bool *ret, struct error *err) {
    struct line line;
    struct line_head head;
    bool other = false;
    int r;
    while ((r = line_reader_next(reader, &line, err)) == 1 || line_reader_passed(r)) {
        if (r == 1)
            line_peek(parser, line.at, line.len, &head);
        bool foreign_schema = r == 1 && head.schema != FRAME_SCHEMA; /* whoever opens it says so */
        if (r == 1 && (foreign_schema || (head.kind != RECORDING_BLANK && head.kind != RECORDING_REJECT))) {
            *ret = true;
            return 0;
        }
        other = other || r < 0 || head.kind == RECORDING_REJECT;
    }
    struct text rest = line_reader_tail(reader).partial;
    size_t n = rest.len < strlen(LINE_START) ? rest.len : strlen(LINE_START);
    *ret = !other && (n == 0 || memcmp(rest.at, LINE_START, n) == 0);
    return r;
}

/* Appending mends a file's tail first, which would cost somebody else's file its last line. */
static int refuse_foreign(const char *path, struct error *err) {
    struct line_file *file = NULL;
    struct line_reader *reader = NULL;
    struct json_parser *parser = NULL;
    bool ours = true;
    int r = file_refuse_symlink(path, err);
    if (r == 0)
        r = line_file_open(path, &file, err);
    if (r == -ERR_ABSENT)
        return 0;
    if (r == 0)
        r = line_reader_create(file, &reader, err);
    if (r == 0)
        r = json_parser_create(&parser, err);
    if (r == 0)
        r = is_recording(parser, reader, &ours, err);
    if (r == 0 && !ours)
        r = error_set(err, ERR_FORMAT, "%s holds no recording and is left as it is", path);
    json_parser_destroy(parser);
    line_reader_destroy(reader);
    line_file_close(file);
    return r;
}

int recording_resume(const char *path, uint64_t *ret_next_seq, int64_t *ret_last_ns, struct error *err) {
    struct recording *r = NULL;
    struct cursor *c = NULL;
    *ret_next_seq = 0;
    *ret_last_ns = TIME_UNKNOWN;
    int code = refuse_foreign(path, err);
    if (code == 0)
        code = recording_open(&path, 1, true, &r, err);
    if (code == -ERR_ABSENT)
        return 0;
    if (code == 0)
        code = cursor_create(r, &c, err);
    if (code == 0)
        code = cursor_last(c, err);
    if (code == 1) {
        *ret_last_ns = cursor_time(c);
        if (known_u64(cursor_frame(c)->seq))
            *ret_next_seq = cursor_frame(c)->seq + 1;
    }
    cursor_destroy(c);
    recording_close(r);
    return code < 0 ? code : 0;
}
