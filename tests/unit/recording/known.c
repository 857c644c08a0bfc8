/* tests/unit/recording/known.c: the linear reading of a recording, and cursors held against it. */
#include "helper.h"

#include <stdlib.h>

#include "frame_gen.h"

static void read_part(struct json_value v, struct known_line *ret) {
    struct json_walk walk;
    struct json_value first, second, third;
    uint64_t part = 0, parts = 0;
    if (json_array_begin(v, &walk) && json_array_next(&walk, &first) && json_u64(first, &part) &&
        json_array_next(&walk, &second) && json_u64(second, &parts) && !json_array_next(&walk, &third) && part >= 1 &&
        part <= parts && parts >= 2 && parts <= 16) {
        ret->part = (unsigned)part;
        ret->parts = (unsigned)parts;
    }
}

static bool sound_frame(struct json_parser *parser, struct text line, struct known_line *ret) {
    struct json_value root, v;
    struct text t = {NULL, 0};
    int64_t schema = 0;
    *ret = (struct known_line){.line = line, .seq = UINT64_MAX};
    if (json_parse(parser, line.at, line.len, false, &root, NULL) < 0 || !json_get(root, "schema", &v) ||
        !json_i64(v, &schema) || json_get(root, "header", &v) || json_get(root, "index", &v) ||
        json_get(root, "mark", &v))
        return false;
    if (json_get(root, "seq", &v) && json_u64(v, &ret->seq) && json_get(root, "part", &v))
        read_part(v, ret);
    return (json_get(root, "t", &v) || json_get(root, "timestamp", &v)) && json_text(v, &t) &&
           clock_parse(t, &ret->wall_ns);
}

void known_add_text(struct known *k, const char *text, size_t n) {
    struct json_parser *parser = NULL;
    assert_true(k->n_files < COUNT_OF(k->text));
    struct buffer *kept = &k->text[k->n_files++];
    buffer_put(kept, text, n);
    bool goes_on = false; /* the line before was a frame's */
    OK(json_parser_create(&parser, &err));
    for (size_t at = 0; at < kept->len;) {
        const char *newline = memchr(kept->at + at, '\n', kept->len - at);
        if (!newline)
            break;
        struct text line = {kept->at + at, (size_t)(newline - kept->at) - at};
        at += line.len + 1;
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        struct known_line one;
        bool sound = sound_frame(parser, line, &one);
        struct known_line *before = k->n > 0 ? &k->at[k->n - 1] : NULL;
        if (sound && goes_on && one.part > 1 && one.part == before->part + 1 && one.parts == before->parts &&
            one.wall_ns == before->wall_ns && one.seq == before->seq) {
            before->part++;
            before->line.len += 1 + line.len;
            continue;
        }
        goes_on = sound;
        if (!sound)
            continue;
        if (k->n == k->cap) {
            k->cap = k->cap ? k->cap * 2 : 1024;
            k->at = realloc(k->at, k->cap * sizeof *k->at);
            assert_non_null(k->at);
        }
        k->at[k->n++] = one;
    }
    json_parser_destroy(parser);
}

void known_add_file(struct known *k, const char *path) {
    struct buffer text = {0};
    decode_file(path, &text);
    known_add_text(k, text.at, text.len);
    buffer_done(&text);
}

void known_done(struct known *k) {
    for (size_t i = 0; i < k->n_files; i++)
        buffer_done(&k->text[i]);
    free(k->at);
    *k = (struct known){0};
}

size_t known_at_time(const struct known *k, int64_t wall_ns) {
    for (size_t i = 0; i < k->n; i++)
        if (k->at[i].wall_ns >= wall_ns)
            return i;
    return k->n - 1;
}

size_t known_at_seq(const struct known *k, uint64_t seq) {
    if (k->at[0].seq == UINT64_MAX)
        return seq < k->n ? (size_t)seq : k->n - 1;
    for (size_t i = 0; i < k->n; i++)
        if (k->at[i].seq >= seq)
            return i;
    return k->n - 1;
}

struct reading reading_open_all(const char *const *paths, size_t n, bool chain) {
    struct reading in = {0};
    OK(recording_open(paths, n, chain, &in.r, &err));
    OK(cursor_create(in.r, &in.c, &err));
    return in;
}

struct reading reading_open(const char *path) {
    return reading_open_all(&path, 1, true);
}

void reading_close(struct reading *in) {
    cursor_destroy(in->c);
    recording_close(in->r);
    *in = (struct reading){0};
}

void assert_stands(const struct reading *in, const struct known *k, size_t i) {
    struct text line = cursor_line(in->c);
    struct text want = k->at[i].line;
    if (!text_equal(line, want))
        fail_msg("not frame %zu:\n%.*s\nbut\n%.*s", i, (int)(want.len < 120 ? want.len : 120), want.at,
            (int)(line.len < 120 ? line.len : 120), line.at);
    assert_int_equal(cursor_time(in->c), k->at[i].wall_ns);
    assert_int_equal(cursor_frame(in->c)->wall_ns, k->at[i].wall_ns);
    assert_true(cursor_frame(in->c)->seq == k->at[i].seq);
    assert_int_equal(cursor_kind(in->c), RECORDING_FRAME);
}

static size_t stepped(const struct known *k, size_t at, int64_t by) {
    int64_t to = (int64_t)at + by;
    return to < 0 ? 0 : to >= (int64_t)k->n ? k->n - 1 : (size_t)to;
}

static int64_t random_time(const struct known *k, uint64_t *random) {
    uint64_t kind = frame_gen_random(random) % 16;
    int64_t near = k->at[frame_gen_random(random) % k->n].wall_ns;
    switch (kind) {
    case 0: return k->at[0].wall_ns - NS_PER_SECOND;
    case 1: return INT64_MIN + 1;
    case 2: return k->at[k->n - 1].wall_ns + NS_PER_MS;
    case 3: return INT64_MAX;
    case 4: return k->at[k->n - 1].wall_ns;
    case 5: return k->at[0].wall_ns;
    case 6:
    case 7: return near - 1;
    case 8:
    case 9: return near + 1;
    default: return near;
    }
}

static uint64_t random_seq(const struct known *k, uint64_t *random) {
    uint64_t kind = frame_gen_random(random) % 16;
    uint64_t i = frame_gen_random(random) % k->n;
    if (kind == 0)
        return UINT64_MAX - 1;
    if (kind == 1)
        return k->at[0].seq == UINT64_MAX ? k->n : k->at[k->n - 1].seq + 1;
    return k->at[0].seq == UINT64_MAX ? i : k->at[i].seq;
}

static void step_and_check(const struct reading *in, const struct known *k, size_t *at, int64_t by) {
    size_t to = stepped(k, *at, by);
    YIELDS(to != *at, cursor_step(in->c, by, &err));
    assert_stands(in, k, to);
    *at = to;
}

void check_seeking(const struct reading *in, const struct known *k, const struct seeking *how, uint64_t *random) {
    for (unsigned i = 0; i < how->rounds; i++) {
        size_t at = 0;
        if (how->seqs && (!how->times || frame_gen_random(random) % 2)) {
            uint64_t seq = random_seq(k, random);
            at = known_at_seq(k, seq);
            YIELDS(1, cursor_seek_seq(in->c, seq, &err));
        } else {
            int64_t when = random_time(k, random);
            at = known_at_time(k, when);
            YIELDS(1, cursor_seek_time(in->c, when, &err));
        }
        assert_stands(in, k, at);
        size_t from = at;
        for (unsigned n = (unsigned)(frame_gen_random(random) % 4); n > 0; n--)
            step_and_check(in, k, &at, frame_gen_random(random) % 2 ? 1 : -1);
        int64_t by = (int64_t)(frame_gen_random(random) % (uint64_t)(2 * how->far + 1)) - how->far;
        step_and_check(in, k, &at, by);
        /* There and back, unless an end stopped it. */
        if (at == stepped(k, from, (int64_t)at - (int64_t)from) && at != from)
            step_and_check(in, k, &at, (int64_t)from - (int64_t)at);
    }
}

void check_walking(const struct reading *in, const struct known *k) {
    YIELDS(1, cursor_first(in->c, &err));
    for (size_t i = 0; i < k->n; i++) {
        assert_stands(in, k, i);
        YIELDS(i + 1 < k->n, cursor_step(in->c, 1, &err));
    }
    assert_stands(in, k, k->n - 1);
    YIELDS(1, cursor_last(in->c, &err));
    for (size_t i = k->n; i-- > 0;) {
        assert_stands(in, k, i);
        YIELDS(i > 0, cursor_step(in->c, -1, &err));
    }
    assert_stands(in, k, 0);
}
