/* fuzz/fuzz_recording_line.c: what a line is taken for, against a reading that only parses it; headers, notes, timecodes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "frame/frame.h"
#include "recording/line.h"
#include "recording/overview.h"
#include "recording/timecode.h"

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_parser *parser;

struct reference {
    bool parses, twice; /* a key that decides stands there twice: which one counts is open */
    bool mixed;         /* keys of a frame and of another kind on one line */
    bool beyond;        /* the schema is above INT64_MAX: told where it is the first key */
    bool disordered;    /* the keys are in no alphabetical order, and the last one is a timestamp */
    struct line_head head;
};

static bool decides(struct text key, unsigned *bit) {
    static const char *const keys[] = {"schema", "header", "index", "mark", "seq", "t", "timestamp", "part"};
    for (unsigned i = 0; i < COUNT_OF(keys); i++) {
        *bit = 1U << i;
        if (text_is(key, keys[i]))
            return true;
    }
    return false;
}

static void look_at_keys(struct json_value root, struct reference *ret) {
    struct json_walk walk;
    struct text key;
    struct json_value v;
    unsigned seen = 0, bit = 0;
    bool frame = false, other = false, sorted = true;
    struct text last = {"", 0};
    REQUIRE(json_object_begin(root, &walk));
    while (json_object_next(&walk, &key, &v)) {
        frame = frame || text_is(key, "seq") || text_is(key, "gpus") || text_is(key, "hostname") ||
                text_is(key, "cpus") || text_is(key, "chassis") || text_is(key, "errors") ||
                (key.len > 0 && strchr("ceg", key.at[0]));
        other = other || text_is(key, "header") || text_is(key, "index") || text_is(key, "mark");
        size_t shorter = key.len < last.len ? key.len : last.len;
        int order = memcmp(last.at, key.at, shorter);
        sorted = sorted && (order < 0 || (order == 0 && last.len <= key.len));
        last = key;
        if (!decides(key, &bit))
            continue;
        ret->twice = ret->twice || (seen & bit);
        seen |= bit;
    }
    ret->mixed = frame && other;
    ret->disordered = !sorted && text_is(last, "timestamp");
}

static struct reference parse(struct text line) {
    struct reference ret = {.head = {RECORDING_REJECT, TIME_UNKNOWN, UINT64_MAX, FRAME_SCHEMA, 0, 0}};
    struct json_value root, v;
    struct text t = {NULL, 0};
    bool truth = false;
    if (json_parse(parser, line.at, line.len, false, &root, NULL) < 0)
        return ret;
    ret.parses = true;
    if (json_type(root) != JSON_OBJECT)
        return ret;
    look_at_keys(root, &ret);
    int64_t schema = 0;
    uint64_t beyond = 0;
    bool has_schema = json_get(root, "schema", &v);
    if (!has_schema || !json_i64(v, &schema)) {
        ret.beyond = has_schema && json_u64(v, &beyond);
        return ret;
    }
    ret.head.schema = schema;
    if (json_get(root, "seq", &v))
        (void)json_u64(v, &ret.head.seq);
    if (!(json_get(root, "t", &v) && json_text(v, &t)) && json_get(root, "timestamp", &v))
        (void)json_text(v, &t);
    bool timed = t.at && clock_parse(t, &ret.head.wall_ns);
    if (json_get(root, "header", &v) && json_bool(v, &truth) && truth)
        ret.head.kind = RECORDING_HEADER;
    else if (json_get(root, "index", &v) && json_bool(v, &truth) && truth)
        ret.head.kind = RECORDING_INDEX;
    else if (timed)
        ret.head.kind = json_get(root, "mark", &v) && json_type(v) == JSON_TEXT ? RECORDING_MARK : RECORDING_FRAME;
    /* Looked for where the writer puts it, or in a line whose first keys are in another order. */
    if (ret.head.kind == RECORDING_FRAME && ret.head.seq != UINT64_MAX && json_get(root, "part", &v))
        (void)frame_read_part(v, &ret.head.part, &ret.head.parts);
    return ret;
}

static void check_peek(struct text line, const char *padded) {
    struct line_head head;
    struct reference want = parse(line);
    line_peek(parser, padded, line.len, &head);
    if (text_trim(line).len == 0) {
        REQUIRE(head.kind == RECORDING_BLANK);
    } else if (!want.parses) {
        /* It may look like a frame by its first keys, and turns out broken later. */
        REQUIRE(head.kind == RECORDING_REJECT || head.kind == RECORDING_FRAME);
    } else if (!want.twice && !want.mixed && !want.disordered) {
        REQUIRE(head.kind == want.head.kind);
        REQUIRE(head.schema == want.head.schema || (want.beyond && head.schema == INT64_MAX));
        REQUIRE(head.wall_ns == want.head.wall_ns && head.seq == want.head.seq);
        REQUIRE(head.part <= head.parts && head.parts <= FRAME_PARTS_MAX);
        REQUIRE(head.parts == 0 || (head.part == want.head.part && head.parts == want.head.parts));
    }
}

static void check_header(const char *padded, size_t len) {
    struct recording_header h, again;
    struct arena arena = {0};
    struct buffer line = {0};
    static const char padding[JSON_PADDING];
    if (line_parse_header(parser, padded, len, &arena, &h, NULL) == 0) {
        REQUIRE(h.n_hosts <= RECORDING_HOSTS_MAX && h.interval_ns >= 0);
        line_put_header(&h, &line);
        size_t n = line.len;
        buffer_put(&line, padding, sizeof padding);
        REQUIRE(line_parse_header(parser, line.at, n, &arena, &again, NULL) == 0);
        REQUIRE(again.interval_ns == h.interval_ns && again.n_hosts == h.n_hosts && again.hosts_cut == 0);
        for (size_t i = 0; i < h.n_hosts; i++)
            REQUIRE(text_equal(h.hosts[i], again.hosts[i]));
    }
    buffer_done(&line);
    arena_done(&arena);
}

static void check_mark(struct text line) {
    struct arena arena = {0};
    struct buffer again = {0};
    int64_t when = 0, later = 0;
    struct text mark = line_parse_mark(parser, line.at, line.len, &arena, &when);
    if (mark.at) {
        line_put_mark(&again, when, mark);
        struct text same = line_parse_mark(parser, again.at, again.len, &arena, &later);
        REQUIRE(same.at && text_equal(mark, same));
    }
    buffer_done(&again);
    arena_done(&arena);
}

static void check_note(struct text note) {
    struct overview o, again;
    struct buffer text = {0};
    struct error err = {0};
    int r = overview_parse(parser, note, &o, &err);
    REQUIRE(r == 0 || (r == -(int)err.code && err.text[0]));
    if (r == 0) {
        overview_write(&o, &text);
        REQUIRE(overview_parse(parser, (struct text){text.at, text.len}, &again, NULL) == 0);
        REQUIRE(o.frames == again.frames && o.marks == again.marks && o.first_seq == again.first_seq);
        REQUIRE(o.first_ns / NS_PER_MS == again.first_ns / NS_PER_MS);
        overview_merge(&o, &again);
    }
    buffer_done(&text);
}

static void check_timecode(struct text t) {
    static const int64_t here[] = {INT64_MIN, -1, INT64_C(1776513600) * NS_PER_SECOND, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(here) && t.len < 200; i++) {
        struct error err = {0};
        int64_t ns = 0;
        int r = timecode_parse(t, here[i], here[COUNT_OF(here) - 1 - i], here[i], &ns, &err);
        REQUIRE(r == 0 || (r == -ERR_USAGE && err.code == ERR_USAGE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!parser) {
        (void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        if (json_parser_create(&parser, NULL) < 0)
            return 0;
    }
    struct text line = {(const char *)data, size};
    if (memchr(data, '\n', size))
        return 0;
    char *padded = malloc(size + JSON_PADDING);
    if (!padded)
        return 0;
    memcpy(padded, data, size);
    memset(padded + size, '}', JSON_PADDING); /* whatever stands there must not matter */
    check_peek(line, padded);
    check_header(padded, size);
    check_mark(line);
    check_note(line);
    check_timecode(line);
    free(padded);
    return 0;
}
