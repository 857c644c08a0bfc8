/* tests/unit/recording/helper.c: makes recordings of every shape, and reads them without the code under test. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "frame_gen.h"
#include "linefile/seektable.h"

const char *file_of(enum codec c) {
    char name[64];
    (void)snprintf(name, sizeof name, "run.ndjson%s", codec_extension(c));
    return in_folder(name);
}

void spill_text(const char *path, const char *text) {
    spill(path, text, strlen(text));
}

uint64_t count_of(const char *text, size_t len, const char *what) {
    uint64_t n = 0;
    const char *end = text + len;
    while ((text = memmem(text, (size_t)(end - text), what, strlen(what)))) {
        n++;
        text += strlen(what);
    }
    return n;
}

void make_frame(struct frame *f, uint64_t seq, int64_t wall_ns, size_t padding) {
    frame_reset(f);
    f->wall_ns = wall_ns;
    f->source = TEXT("local");
    f->hostname = TEXT("node-07");
    struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
    assert_non_null(g);
    g->utilization = (double)(seq % 101);
    g->power_consumption = 100 + (double)(seq % 7) / 4;
    g->temperature = 40 + seq % 30;
    if (padding == 0)
        return;
    uint64_t random = seq * 2 + 1;
    char *text = arena_alloc(&f->arena, padding);
    assert_non_null(text);
    for (size_t i = 0; i < padding; i++)
        text[i] = (char)('0' + frame_gen_random(&random) % 64);
    for (size_t i = 0; i < padding; i++)
        text[i] = text[i] == '\\' ? '!' : text[i];
    g->name = (struct text){text, padding};
}

void make_times(int64_t *times, size_t n, uint64_t *random) {
    int64_t at = T0;
    for (size_t i = 0; i < n; i++) {
        times[i] = at;
        uint64_t kind = frame_gen_random(random) % 8;
        uint64_t more = frame_gen_random(random);
        at += (kind < 2 ? 0 : kind == 7 ? (int64_t)(more % 60000) : 1 + (int64_t)(more % 999)) * NS_PER_MS;
    }
}

static struct text one_host[] = {{"node-07", 7}};

struct recording_writer_options options_of(const char *path, enum codec c) {
    return (struct recording_writer_options){
        .file = {.path = path, .codec = c, .mode = LINE_WRITER_REPLACE},
        .header = {.interval_ns = NS_PER_SECOND,
            .hosts = one_host,
            .n_hosts = 1,
            .version = TEXT("0.1.0"),
            .source = TEXT("local"),
            .started_ns = T0,
            .boot_id = TEXT("5f3c0c1e")},
    };
}

struct recording_writer *record_open(const struct recording_writer_options *o) {
    struct recording_writer *w = NULL;
    OK(recording_writer_open(o, &w, &err));
    return w;
}

void record_take(struct recording_writer *w, uint64_t seq, int64_t wall_ns, size_t padding) {
    struct frame f;
    frame_init(&f);
    make_frame(&f, seq, wall_ns, padding);
    OK(recording_writer_take(w, &f, &err));
    frame_done(&f);
}

static struct recording_writer *record_some(
    const char *path, enum codec c, const int64_t *times, size_t n, size_t padding) {
    struct recording_writer_options o = options_of(path, c);
    struct recording_writer *w = record_open(&o);
    for (size_t i = 0; i < n; i++)
        record_take(w, i, times[i], padding);
    return w;
}

void record(const char *path, enum codec c, const int64_t *times, size_t n, size_t padding) {
    OK(recording_writer_close(record_some(path, c, times, n, padding), &err));
}

void record_killed(const char *path, enum codec c, const int64_t *times, size_t n, size_t padding) {
    struct buffer bytes = {0};
    struct recording_writer *w = record_some(path, c, times, n, padding);
    slurp(path, &bytes); /* what a kill would leave: every frame was flushed */
    OK(recording_writer_close(w, &err));
    spill(path, bytes.at, bytes.len);
    buffer_done(&bytes);
}

static void decode_zstd(const struct buffer *bytes, struct buffer *text) {
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer in = {bytes->at, bytes->len, 0};
    for (;;) {
        ZSTD_outBuffer out = {buffer_room(text, 1 << 20), 1 << 20, 0};
        assert_non_null(out.dst);
        size_t r = ZSTD_decompressStream(d, &out, &in);
        if (ZSTD_isError(r))
            fail_msg("zstd: %s", ZSTD_getErrorName(r));
        text->len += out.pos;
        if (in.pos == in.size && out.pos < out.size)
            break;
    }
    (void)ZSTD_freeDCtx(d);
}

static void decode_gzip(const char *path, struct buffer *text) {
    gzFile in = gzopen(path, "rb");
    assert_non_null(in);
    for (;;) {
        char *to = buffer_room(text, 1 << 20);
        assert_non_null(to);
        int n = gzread(in, to, 1 << 20);
        if (n <= 0)
            break;
        text->len += (size_t)n;
    }
    (void)gzclose(in);
}

void decode_file(const char *path, struct buffer *text) {
    struct buffer bytes = {0};
    slurp(path, &bytes);
    buffer_clear(text);
    enum codec c = codec_sniff(bytes.at, bytes.len);
    if (c == CODEC_ZSTD)
        decode_zstd(&bytes, text);
    else if (c == CODEC_GZIP)
        decode_gzip(path, text);
    else
        buffer_put(text, bytes.at, bytes.len);
    buffer_done(&bytes);
}

void encode_zstd(const void *text, size_t n, struct buffer *out) {
    size_t room = ZSTD_compressBound(n);
    char *to = buffer_room(out, room);
    assert_non_null(to);
    size_t r = ZSTD_compress(to, room, text, n, 1);
    assert_false(ZSTD_isError(r));
    out->len += r;
}

void encode_gzip(const void *text, size_t n, struct buffer *out) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, n) + 64;
    char *to = buffer_room(out, room);
    assert_non_null(to);
    struct text in = {text, n};
    memcpy(&z.next_in, &in.at, sizeof in.at);
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += room - z.avail_out;
    (void)deflateEnd(&z);
}

void encode_foreign(const char *path, enum codec c, const void *text, size_t n) {
    struct buffer out = {0};
    if (c == CODEC_ZSTD)
        encode_zstd(text, n, &out);
    else if (c == CODEC_GZIP)
        encode_gzip(text, n, &out);
    else
        buffer_put(&out, text, n);
    spill(path, out.at, out.len);
    buffer_done(&out);
}

void tell_lies(const char *path, void (*lie)(struct chunk_list *l, struct arena *notes), bool small) {
    struct buffer bytes = {0}, out = {0}, one = {0};
    struct chunk_list l = {0};
    struct arena notes = {0};
    struct seektable_facts facts = {0};
    slurp(path, &bytes);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    YIELDS(1, seektable_load(fd, path, bytes.len, &l, &notes, &facts, &err));
    (void)close(fd);
    assert_true(facts.index && l.n > 0);
    buffer_put(&out, bytes.at, facts.derived_from);
    lie(&l, &notes);
    for (size_t i = 0; small && i < l.n; i++) {
        uint64_t behind = l.at[i].offset + l.at[i].size;
        buffer_clear(&one);
        index_write(&l.at[i], 1, &one);
        assert_true(behind + one.len <= out.len);
        memcpy(out.at + behind, one.at, one.len); /* the lie has the same length */
    }
    seektable_write(&l, facts.derived_from, &out);
    spill(path, out.at, out.len);
    chunk_list_done(&l);
    arena_done(&notes);
    buffer_done(&bytes);
    buffer_done(&out);
    buffer_done(&one);
}
