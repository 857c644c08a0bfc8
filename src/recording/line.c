/* recording/line.c: the kinds of lines in a recording, told apart without parsing them. */
#include "recording/line.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "frame/frame.h"

/* Moves behind `literal` when the text starts with it. */
static bool skip(struct text *t, const char *literal, size_t n) {
    if (t->len < n || memcmp(t->at, literal, n) != 0)
        return false;
    t->at += n;
    t->len -= n;
    return true;
}
#define SKIP(t, literal) skip((t), (literal), sizeof(literal) - 1)

static bool skip_u64(struct text *t, uint64_t *ret) {
    size_t n = 0;
    while (n < t->len && n < 20 && t->at[n] >= '0' && t->at[n] <= '9')
        n++;
    if (!text_u64((struct text){t->at, n}, ret))
        return false;
    t->at += n;
    t->len -= n;
    return true;
}

/* "2026-04-18T12:00:00.000Z" with its quotes, as we write it. Most lines of a file share their first 17 characters. */
static bool skip_time(struct text *t, int64_t *ret) {
    enum { QUOTED = CLOCK_UTC_LEN + 2 };
    if (t->len < QUOTED || t->at[0] != '"' || t->at[QUOTED - 1] != '"' ||
        !clock_parse((struct text){t->at + 1, CLOCK_UTC_LEN}, ret))
        return false;
    t->at += QUOTED;
    t->len -= QUOTED;
    return true;
}

/* "part":[1,3], as we write it. */
static bool skip_part(struct text *t, struct line_head *head) {
    uint64_t part = 0, parts = 0;
    if (!SKIP(t, "\"part\":[") || !skip_u64(t, &part) || !SKIP(t, ",") || !skip_u64(t, &parts) || !SKIP(t, "]"))
        return false;
    if (part >= 1 && part <= parts && parts >= 2 && parts <= FRAME_PARTS_MAX) {
        head->part = (uint32_t)part;
        head->parts = (uint32_t)parts;
    }
    return t->len > 0 && (t->at[0] == ',' || t->at[0] == '}');
}

/* Lines as tacho writes them: true when the first keys decide. */
static bool peek_fast(struct text t, struct line_head *ret) {
    int64_t wall_ns = TIME_UNKNOWN;
    uint64_t seq = UINT64_MAX;
    if (t.len < 2 || t.at[t.len - 1] != '}' || !SKIP(&t, "{\"schema\":1,"))
        return false;
    if (SKIP(&t, "\"t\":")) {
        if (!skip_time(&t, &wall_ns) || !SKIP(&t, ",\"seq\":") || !skip_u64(&t, &seq) || !SKIP(&t, ","))
            return false;
        struct line_head head = {RECORDING_FRAME, wall_ns, seq, FRAME_SCHEMA, 0, 0};
        if (text_starts(t, "\"part\"") && !skip_part(&t, &head))
            return false;
        *ret = head;
        return true;
    }
    return false;
}

/* The lines of all-smi have their keys in alphabetical order, so that a frame's timestamp comes last, behind its schema and
 * perhaps its storage. What has other keys there, or begins otherwise, is parsed. */
static bool peek_sorted(struct text t, struct line_head *ret) {
    static const char key[] = ",\"schema\":1,";
    static const char storage[] = "\"storage\":[";
    static const char stamp[] = ",\"timestamp\":\"";
    enum { TAIL = 1200, KEY = sizeof key - 1, STORAGE = sizeof storage - 1, STAMP = sizeof stamp - 1 };
    struct text tail = t.len > TAIL ? (struct text){t.at + t.len - TAIL, TAIL} : t;
    if (t.len < 40 || t.at[0] != '{' ||
        !(t.at[2] == 'c' || t.at[2] == 'e' || t.at[2] == 'g' || text_starts(t, "{\"hostname\"")) ||
        !text_ends(t, "\"}"))
        return false;
    size_t at = tail.len - 2;
    while (at > 0 && tail.at[at - 1] != '"')
        at--;
    if (at < STAMP + KEY || memcmp(tail.at + at - STAMP, stamp, STAMP) != 0)
        return false;
    struct text when = {tail.at + at, tail.len - 2 - at};
    const char *end = tail.at + at - STAMP; /* of what stands before the timestamp */
    const char *schema = memmem(tail.at, (size_t)(end - tail.at) + 1, key, KEY);
    if (!schema)
        return false;
    const char *behind = schema + KEY;
    bool storage_follows = (size_t)(end - schema) >= KEY + STORAGE && memcmp(behind, storage, STORAGE) == 0 &&
                           end[-1] == ']' && !memmem(behind, (size_t)(end - behind), "],\"", 3);
    int64_t wall_ns = 0;
    if ((behind != end + 1 && !storage_follows) || !clock_parse(when, &wall_ns))
        return false;
    *ret = (struct line_head){RECORDING_FRAME, wall_ns, UINT64_MAX, FRAME_SCHEMA, 0, 0};
    return true;
}

enum { I64_DIGITS = 19, DIGITS_SHOWN = 40 };
#define SCHEMA_BEYOND INT64_MAX /* one above 64 bits: its digits stand in the line */

struct keys { /* the top-level members that decide what a line is */
    int64_t schema;
    bool has_schema, header, index, mark;
    struct text t;
    uint64_t seq;
    uint32_t part, parts;
};

static bool read_keys(struct json_value root, struct keys *ret) {
    struct json_walk walk;
    struct text key;
    struct json_value v;
    *ret = (struct keys){.seq = UINT64_MAX};
    if (!json_object_begin(root, &walk))
        return false;
    while (json_object_next(&walk, &key, &v)) {
        if (text_equal(key, TEXT("schema")))
            ret->has_schema = json_i64(v, &ret->schema);
        else if (text_equal(key, TEXT("header")))
            (void)json_bool(v, &ret->header);
        else if (text_equal(key, TEXT("index")))
            (void)json_bool(v, &ret->index);
        else if (text_equal(key, TEXT("mark")))
            ret->mark = json_type(v) == JSON_TEXT;
        else if (text_equal(key, TEXT("seq")))
            (void)json_u64(v, &ret->seq);
        else if (text_equal(key, TEXT("part")))
            (void)frame_read_part(v, &ret->part, &ret->parts);
        else if (text_equal(key, TEXT("t")) || (text_equal(key, TEXT("timestamp")) && !ret->t.at))
            (void)json_text(v, &ret->t);
    }
    return true;
}

/* The digits of a line's schema, where that is its first key and a whole number; empty otherwise. */
static struct text schema_digits(struct text t) {
    static const char *const before[] = {"{", "\"schema\"", ":"};
    size_t n = 0;
    t = text_trim(t);
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        if (!text_starts(t, before[i]) || t.at[t.len - 1] != '}')
            return (struct text){NULL, 0};
        size_t len = strlen(before[i]);
        t = text_trim((struct text){t.at + len, t.len - len});
    }
    bool negative = text_starts(t, "-");
    for (n = negative; n < t.len && t.at[n] >= '0' && t.at[n] <= '9';)
        n++;
    struct text behind = text_trim((struct text){t.at + n, t.len - n});
    bool whole = n > negative && t.at[negative] != '0' && (text_starts(behind, ",") || text_starts(behind, "}"));
    return (struct text){t.at, whole ? n : 0};
}

static void peek_slow(struct json_parser *parser, struct text t, struct line_head *ret) {
    struct json_value root;
    struct keys keys;
    *ret = (struct line_head){RECORDING_REJECT, TIME_UNKNOWN, UINT64_MAX, FRAME_SCHEMA, 0, 0};
    if (json_parse(parser, t.at, t.len, true, &root, NULL) < 0 || !read_keys(root, &keys) || !keys.has_schema) {
        if (schema_digits(t).len >= I64_DIGITS) /* a number that the parser does not take, with the whole line */
            ret->schema = SCHEMA_BEYOND;
        return;
    }
    bool timed = keys.t.at && clock_parse(keys.t, &ret->wall_ns);
    ret->schema = keys.schema;
    ret->seq = keys.seq;
    ret->kind = keys.header  ? RECORDING_HEADER
                : keys.index ? RECORDING_INDEX
                : !timed     ? RECORDING_REJECT
                : keys.mark  ? RECORDING_MARK
                             : RECORDING_FRAME;
    if (ret->kind == RECORDING_FRAME && ret->seq != UINT64_MAX) {
        ret->part = keys.part;
        ret->parts = keys.parts;
    }
}

void line_peek(struct json_parser *parser, const char *line, size_t len, struct line_head *ret) {
    struct text t = {line, len};
    if (len > 0 && line[0] == '{' && (peek_fast(t, ret) || peek_sorted(t, ret)))
        return;
    if (text_trim(t).len == 0)
        *ret = (struct line_head){RECORDING_BLANK, TIME_UNKNOWN, UINT64_MAX, FRAME_SCHEMA, 0, 0};
    else
        peek_slow(parser, t, ret);
}

int line_refuse_schema(const char *line, size_t len, int64_t schema, struct error *err) {
    char number[DIGITS_SHOWN + 1];
    struct text digits = schema == SCHEMA_BEYOND ? schema_digits((struct text){line, len}) : TEXT("");
    (void)snprintf(number, sizeof number, "%lld", (long long)schema);
    if (digits.len > 0)
        (void)snprintf(number, sizeof number, "%.*s", TEXT_ARG(digits));
    return error_set(err, ERR_SCHEMA, "replay: unsupported schema version %s%s, this tacho supports schema %d", number,
        digits.len > DIGITS_SHOWN ? "\342\200\246" : "", FRAME_SCHEMA);
}

static void put_time(struct buffer *out, int64_t wall_ns) {
    char t[CLOCK_UTC_LEN];
    clock_format_utc(wall_ns, t);
    buffer_put_char(out, '"');
    buffer_put(out, t, sizeof t);
    buffer_put_char(out, '"');
}

void line_put_header(const struct recording_header *h, struct buffer *out) {
    buffer_put_text(out, TEXT("{\"schema\":1,\"header\":true,\"interval_ms\":"));
    json_put_i64(out, h->interval_ns / NS_PER_MS);
    buffer_put_text(out, TEXT(",\"hosts\":["));
    for (size_t i = 0; i < h->n_hosts && i < RECORDING_HOSTS_MAX; i++) {
        if (i > 0)
            buffer_put_char(out, ',');
        json_put_text(out, h->hosts[i]);
    }
    buffer_put_text(out, TEXT("],\"tacho_version\":"));
    json_put_text(out, h->version);
    /* Names the generation of the schema for readers that look for it. */
    buffer_put_text(out, TEXT(",\"all_smi_version\":\"0.21.0\",\"source\":"));
    json_put_text(out, h->source);
    if (h->started_ns != TIME_UNKNOWN) {
        buffer_put_text(out, TEXT(",\"started\":"));
        put_time(out, h->started_ns);
    }
    if (h->boot_id.at) {
        buffer_put_text(out, TEXT(",\"boot_id\":"));
        json_put_text(out, h->boot_id);
    }
    buffer_put_char(out, '}');
}

static int parse_hosts(struct json_value v, struct arena *arena, struct recording_header *ret, struct error *err) {
    struct json_walk walk;
    struct json_value element;
    struct text host;
    if (!json_array_begin(v, &walk))
        return 0;
    ret->n_hosts = ret->hosts_cut = 0; /* the key may stand there twice */
    ret->hosts = arena_alloc(arena, RECORDING_HOSTS_MAX * sizeof *ret->hosts);
    if (!ret->hosts)
        return error_set(err, ERR_NOMEM, "header");
    while (json_array_next(&walk, &element)) {
        if (!json_text(element, &host))
            continue;
        if (ret->n_hosts < RECORDING_HOSTS_MAX)
            ret->hosts[ret->n_hosts++] = arena_text(arena, host);
        else
            ret->hosts_cut++;
    }
    return 0;
}

int line_parse_header(struct json_parser *parser, const char *line, size_t len, struct arena *arena,
    struct recording_header *ret, struct error *err) {
    struct json_value root, v;
    struct json_walk walk;
    struct text key, t;
    int64_t schema = FRAME_SCHEMA, ms = 0;
    int r = json_parse(parser, line, len, true, &root, err);
    *ret = (struct recording_header){.started_ns = TIME_UNKNOWN};
    if (r < 0)
        return r;
    if (!json_object_begin(root, &walk))
        return error_set(err, ERR_FORMAT, "not a header");
    while (r == 0 && json_object_next(&walk, &key, &v)) {
        if (text_equal(key, TEXT("schema")))
            (void)json_i64(v, &schema);
        else if (text_equal(key, TEXT("interval_ms")) && json_i64(v, &ms) && ms > 0 && ms < INT64_MAX / NS_PER_MS)
            ret->interval_ns = ms * NS_PER_MS;
        else if (text_equal(key, TEXT("hosts")))
            r = parse_hosts(v, arena, ret, err);
        else if (text_equal(key, TEXT("tacho_version")) && json_text(v, &t))
            ret->version = arena_text(arena, t);
        else if (text_equal(key, TEXT("source")) && json_text(v, &t))
            ret->source = arena_text(arena, t);
        else if (text_equal(key, TEXT("boot_id")) && json_text(v, &t))
            ret->boot_id = arena_text(arena, t);
        else if (text_equal(key, TEXT("started")) && json_text(v, &t))
            (void)clock_parse(t, &ret->started_ns);
    }
    return r == 0 && schema != FRAME_SCHEMA ? line_refuse_schema(line, len, schema, err) : r;
}

void line_put_index(
    struct buffer *out, uint64_t seq, int64_t wall_ns, uint64_t byte_offset, uint64_t compressed_offset) {
    buffer_put_text(out, TEXT("{\"schema\":1,\"index\":true,\"seq\":"));
    json_put_u64(out, seq);
    buffer_put_text(out, TEXT(",\"byte_offset\":"));
    json_put_u64(out, byte_offset);
    buffer_put_text(out, TEXT(",\"t\":"));
    put_time(out, wall_ns);
    if (compressed_offset != UINT64_MAX) {
        buffer_put_text(out, TEXT(",\"compressed_offset\":"));
        json_put_u64(out, compressed_offset);
    }
    buffer_put_char(out, '}');
}

void line_put_mark(struct buffer *out, int64_t wall_ns, struct text mark) {
    buffer_put_text(out, TEXT("{\"schema\":1,\"t\":"));
    put_time(out, wall_ns);
    buffer_put_text(out, TEXT(",\"mark\":"));
    json_put_text(out, mark);
    buffer_put_char(out, '}');
}

struct text line_parse_mark(
    struct json_parser *parser, const char *line, size_t len, struct arena *arena, int64_t *ret_ns) {
    struct json_value root, v;
    struct text t = {NULL, 0}, when;
    if (json_parse(parser, line, len, false, &root, NULL) < 0 || !json_get(root, "mark", &v) || !json_text(v, &t) ||
        !json_get(root, "t", &v) || !json_text(v, &when) || !clock_parse(when, ret_ns))
        return (struct text){NULL, 0};
    return arena_text(arena, t);
}
