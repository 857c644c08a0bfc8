/* recording/join.c: a frame out of its lines. */
#include "recording/join.h"

static int join_line(struct json_parser *parser, struct text line, bool first, struct frame *f, struct error *err) {
    struct json_value root;
    int r = json_parse(parser, line.at, line.len, true, &root, err);
    if (r < 0)
        return r;
    return first ? frame_parse_json(root, f, err) : frame_parse_part(root, f, err);
}

int join_lines(struct json_parser *parser, struct text lines, struct frame *ret, struct join_damage *ret_damage,
    struct error *err) {
    struct text line;
    bool any = false;
    int r = -ERR_FORMAT;
    *ret_damage = (struct join_damage){0};
    while (text_cut(&lines, '\n', &line)) {
        r = join_line(parser, line, !any, ret, err);
        ret_damage->rejected += r == -ERR_FORMAT;
        ret_damage->oversized += r == -ERR_LIMIT;
        any = any || r == 0;
        if (r < 0 && r != -ERR_FORMAT && r != -ERR_LIMIT)
            return r;
    }
    ret->part = ret->parts = 0;
    return any ? 0 : r;
}
