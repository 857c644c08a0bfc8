/* fuzz/fuzz_frame_parse.c: lines to frames; what a frame writes reads back and is written the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "frame/frame.h"

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_frame(struct json_parser *parser, struct text line, struct frame *ret) {
    struct json_value v;
    struct error err = {.text = ""};
    int r = json_parse(parser, line.at, line.len, false, &v, &err);
    if (r == 0)
        r = frame_parse_json(v, ret, &err);
    REQUIRE(r == 0 || (r == -(int)err.code && err.text[0] && strlen(err.text) < sizeof err.text));
    return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct json_parser *parser;
    struct frame frame;
    struct buffer first = {.limit = FRAME_LINE_MAX}, second = {.limit = FRAME_LINE_MAX};
    if (!parser && json_parser_create(&parser, NULL) < 0)
        return 0;
    frame_init(&frame);
    /* A small input can stand for more than a line may hold, since what must be there is written out. */
    if (read_frame(parser, (struct text){(const char *)data, size}, &frame) &&
        frame_write_json(&frame, &first, NULL) == 0) {
        REQUIRE(!memchr(first.at, '\n', first.len));
        REQUIRE(read_frame(parser, (struct text){first.at, first.len}, &frame));
        REQUIRE(frame_write_json(&frame, &second, NULL) == 0);
        REQUIRE(first.len == second.len && memcmp(first.at, second.at, first.len) == 0);
    }
    frame_done(&frame);
    buffer_done(&first);
    buffer_done(&second);
    return 0;
}
