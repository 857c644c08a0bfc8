/* tests/unit/linefile/helper.c: makes files of known lines, and decodes files without the code under test. */
#include "helper.h"

#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

const char *file_of(enum codec c) {
    char name[64];
    (void)snprintf(name, sizeof name, "run.ndjson%s", codec_extension(c));
    return in_folder(name);
}

size_t line_make(unsigned i, char line[LINE_ROOM]) {
    int n = snprintf(line, LINE_ROOM, "{\"seq\":%u,\"x\":\"", i);
    unsigned more = i * 37 % 301;
    for (unsigned k = 0; k < more; k++)
        line[n++] = (char)('a' + (k * k + i / 3 * k) % 23);
    return (size_t)n + (size_t)snprintf(line + n, (size_t)(LINE_ROOM - n), "\"}");
}

unsigned line_number(const char *at, size_t len) {
    char want[LINE_ROOM];
    unsigned i = 0;
    assert_true(len > 7);
    for (size_t k = 7; k < len && at[k] >= '0' && at[k] <= '9'; k++)
        i = i * 10 + (unsigned)(at[k] - '0');
    size_t n = line_make(i, want);
    assert_int_equal(n, len);
    assert_memory_equal(at, want, n);
    return i;
}

void text_of_lines(unsigned from, unsigned to, struct buffer *out) {
    char line[LINE_ROOM];
    for (unsigned i = from; i < to; i++) {
        buffer_put(out, line, line_make(i, line));
        buffer_put_char(out, '\n');
    }
}

struct line_writer *writer_open(const char *path, enum codec c, enum line_writer_mode mode) {
    struct line_writer *w = NULL;
    struct line_writer_options o = {.path = path, .codec = c, .mode = mode};
    OK(line_writer_open(&o, &w, &err));
    return w;
}

void put_lines(struct line_writer *w, unsigned from, unsigned to) {
    char line[LINE_ROOM];
    for (unsigned i = from; i < to; i++) {
        size_t n = line_make(i, line);
        OK(line_writer_put(w, line, n, &err));
        OK(line_writer_flush(w, &err));
    }
}

void write_file(const char *path, enum codec c, unsigned n, unsigned per_chunk) {
    struct line_writer *w = writer_open(path, c, LINE_WRITER_REPLACE);
    for (unsigned i = 0; i < n; i += per_chunk) {
        char note[32];
        int len = snprintf(note, sizeof note, "note %u", i);
        put_lines(w, i, i + per_chunk < n ? i + per_chunk : n);
        OK(line_writer_chunk(w, note, (size_t)len, &err));
    }
    OK(line_writer_close(w, &err));
}

struct seen read_on(struct line_reader *r) {
    struct seen s = {.in_order = true};
    for (;;) {
        struct line line;
        int code = line_reader_next(r, &line, &s.why);
        if (code == 0)
            break;
        if (line_reader_passed(code)) {
            s.damaged += code == -ERR_FORMAT;
            s.too_long += code == -ERR_LIMIT;
            s.refused += code == -ERR_REFUSED;
            assert_true(s.damaged + s.too_long < 100000);
            continue;
        }
        if (code < 0)
            fail_msg("%s", s.why.text);
        unsigned i = line_number(line.at, line.len);
        s.in_order &= s.lines == 0 || i == s.last + 1;
        s.first = s.lines == 0 ? i : s.first;
        s.last = i;
        s.lines++;
        s.text = line.offset + line.size;
    }
    struct line_tail tail = line_reader_tail(r);
    s.torn = tail.partial.len;
    s.cut = tail.cut_stream;
    return s;
}

struct seen read_all(const char *path) {
    struct line_file *f = NULL;
    struct line_reader *r = NULL;
    OK(line_file_open(path, &f, &err));
    OK(line_reader_create(f, &r, &err));
    struct seen s = read_on(r);
    line_reader_destroy(r);
    line_file_close(f);
    return s;
}

static bool unzstd(const struct buffer *bytes, struct buffer *text) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {bytes->at, bytes->len, 0};
    size_t r = 0;
    while (in.pos < in.size || r != 0) {
        size_t had = text->len, at = in.pos;
        ZSTD_outBuffer out = {buffer_room(text, 65536), 65536, 0};
        r = ZSTD_decompressStream(context, &out, &in);
        text->len += ZSTD_isError(r) ? 0 : out.pos;
        if (ZSTD_isError(r) || (text->len == had && in.pos == at)) {
            r = 1;
            break;
        }
    }
    (void)ZSTD_freeDCtx(context);
    return r == 0;
}

static bool ungzip(const struct buffer *bytes, struct buffer *text) {
    z_stream z = {.next_in = (Bytef *)bytes->at, .avail_in = (uInt)bytes->len};
    int r = inflateInit2(&z, 15 + 16);
    assert_int_equal(r, Z_OK);
    do {
        z.next_out = (Bytef *)buffer_room(text, 65536);
        z.avail_out = 65536;
        r = inflate(&z, Z_NO_FLUSH);
        text->len += 65536 - z.avail_out;
        if (r == Z_STREAM_END && z.avail_in > 0)
            r = inflateReset(&z);
    } while (r == Z_OK);
    (void)inflateEnd(&z);
    return r == Z_STREAM_END;
}

bool decode_strictly(const char *path, enum codec c, struct buffer *text) {
    struct buffer bytes = {0};
    bool good = true;
    slurp(path, &bytes);
    buffer_clear(text);
    if (c == CODEC_PLAIN)
        buffer_put(text, bytes.at, bytes.len);
    else if (bytes.len > 0)
        good = c == CODEC_ZSTD ? unzstd(&bytes, text) : ungzip(&bytes, text);
    buffer_done(&bytes);
    return good;
}

void assert_text_is_lines(const struct buffer *text, unsigned from, unsigned to) {
    struct buffer want = {0};
    text_of_lines(from, to, &want);
    assert_int_equal(text->len, want.len);
    if (want.len > 0)
        assert_memory_equal(text->at, want.at, want.len);
    buffer_done(&want);
}

void zstd_frame(const void *text, size_t n, struct buffer *out) {
    size_t bound = ZSTD_compressBound(n);
    char *to = buffer_room(out, bound);
    assert_non_null(to);
    size_t r = ZSTD_compress(to, bound, text, n, 3);
    assert_false(ZSTD_isError(r));
    out->len += r;
}

void gzip_member(const void *text, size_t n, int level, struct buffer *out) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)n};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&z, n);
    z.next_out = (Bytef *)buffer_room(out, bound);
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += bound - z.avail_out;
    (void)deflateEnd(&z);
}
