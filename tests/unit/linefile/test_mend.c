/* tests/unit/linefile/test_mend.c: a file that broke off anywhere reads up to its last flush, and can be continued. */
#include "helper.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* Appends lines to what is there, then checks the file with the codec's own library and with the reader. */
static void continue_and_check(const char *path, enum codec c, unsigned least) {
    struct line_writer *w = writer_open(path, c, LINE_WRITER_APPEND);
    struct line_writer_facts facts = line_writer_facts(w);
    struct seen before = read_all(path);
    struct buffer text = {0};
    assert_true(before.in_order && before.damaged == 0 && before.torn == 0 && !before.cut);
    assert_true(before.lines >= least);
    assert_int_equal(facts.text_bytes, before.text);
    assert_int_equal(facts.empty, before.lines == 0);
    put_lines(w, before.lines, before.lines + 5);
    OK(line_writer_close(w, &err));
    assert_true(decode_strictly(path, c, &text));
    assert_text_is_lines(&text, 0, before.lines + 5);
    struct seen after = read_all(path);
    assert_true(after.in_order && after.damaged == 0 && after.torn == 0 && !after.cut);
    assert_int_equal(after.lines, before.lines + 5);
    buffer_done(&text);
}

/* Cuts `bytes` at every length, reads, continues. `lines_at[len]` lines were flushed when the file had `len` bytes. */
static void cut_everywhere(enum codec c, const struct buffer *bytes, const unsigned *lines_at) {
    for (size_t len = 0; len <= bytes->len; len++) {
        const char *path = file_of(c);
        spill(path, bytes->at, len);
        struct seen s = read_all(path);
        assert_true(s.in_order && s.damaged == 0);
        if (s.lines < lines_at[len])
            fail_msg("%s of %zu bytes: %u lines, %u were flushed", path, len, s.lines, lines_at[len]);
        continue_and_check(path, c, s.lines);
    }
}

static void killed_at_every_byte(enum codec c) {
    enum { LINES = 24, PER_CHUNK = 10 };
    struct buffer bytes = {0};
    const char *path = file_of(c);
    unsigned *lines_at = calloc(64 * 1024, sizeof *lines_at);
    struct line_writer *w = writer_open(path, c, LINE_WRITER_CREATE);
    uint64_t end = 0;
    for (unsigned i = 0; i < LINES; i++) {
        put_lines(w, i, i + 1);
        if (i % PER_CHUNK == PER_CHUNK - 1)
            OK(line_writer_chunk(w, "n", 1, &err));
        for (uint64_t now = line_writer_facts(w).file_bytes; end <= now; end++)
            lines_at[end] = i + (end == now);
    }
    OK(line_writer_close(w, &err));
    slurp(path, &bytes);
    assert_true(bytes.len < 64 * 1024);
    for (; end <= bytes.len; end++)
        lines_at[end] = LINES;
    cut_everywhere(c, &bytes, lines_at);
    free(lines_at);
    buffer_done(&bytes);
}

static void plain_killed_at_every_byte(void **state) {
    (void)state;
    killed_at_every_byte(CODEC_PLAIN);
}
static void gzip_killed_at_every_byte(void **state) {
    (void)state;
    killed_at_every_byte(CODEC_GZIP);
}
static void zstd_killed_at_every_byte(void **state) {
    (void)state;
    killed_at_every_byte(CODEC_ZSTD);
}

/* A file of another program, cut at every length: lines end anywhere in its blocks, and it promises sizes. */
static void foreign_cut_everywhere(enum codec c, const struct buffer *bytes, unsigned step) {
    unsigned best = 0;
    for (size_t len = 0; len <= bytes->len; len += step) {
        const char *path = file_of(c);
        spill(path, bytes->at, len);
        struct seen s = read_all(path);
        assert_true(s.in_order && s.damaged == 0 && s.lines >= best);
        best = s.lines;
        continue_and_check(path, c, s.lines);
    }
    assert_true(best > 0);
}

static void foreign_zstd(
    int level, bool checksum, bool content_size, size_t flush_every, unsigned lines, unsigned step) {
    struct buffer text = {0}, bytes = {0};
    ZSTD_CCtx *context = ZSTD_createCCtx();
    text_of_lines(0, lines, &text);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (content_size)
        (void)ZSTD_CCtx_setPledgedSrcSize(context, text.len);
    size_t bound = ZSTD_compressBound(text.len) + 65536;
    ZSTD_outBuffer out = {buffer_room(&bytes, bound), bound, 0};
    for (size_t at = 0; at < text.len; at += flush_every) {
        size_t n = text.len - at < flush_every ? text.len - at : flush_every;
        ZSTD_inBuffer in = {text.at + at, n, 0};
        size_t r = ZSTD_compressStream2(context, &out, &in, at + n == text.len ? ZSTD_e_end : ZSTD_e_flush);
        assert_int_equal(r, 0);
    }
    bytes.len = out.pos;
    (void)ZSTD_freeCCtx(context);
    foreign_cut_everywhere(CODEC_ZSTD, &bytes, step);
    buffer_done(&text);
    buffer_done(&bytes);
}

static void foreign_zstd_without_promises(void **state) {
    (void)state;
    foreign_zstd(3, false, false, 1000, 30, 1);
}
static void foreign_zstd_with_checksum(void **state) {
    (void)state;
    foreign_zstd(3, true, false, 700, 30, 1);
}
static void foreign_zstd_with_content_size(void **state) {
    (void)state;
    foreign_zstd(3, true, true, 900, 30, 1);
}
static void foreign_zstd_of_many_full_blocks(void **state) {
    (void)state;
    foreign_zstd(1, true, false, 1 << 20, 3000, 1997);
    foreign_zstd(1, false, true, 1 << 20, 3000, 1997);
}

static void foreign_gzip_of_every_kind(void **state) {
    (void)state;
    for (int level = 0; level <= 9; level += 3) { /* 0: stored blocks */
        struct buffer text = {0}, bytes = {0};
        text_of_lines(0, 900, &text);
        gzip_member(text.at, text.len, level, &bytes);
        foreign_cut_everywhere(CODEC_GZIP, &bytes, level == 0 ? 3013 : 181);
        buffer_done(&text);
        buffer_done(&bytes);
    }
}

static void gzip_blocks_over_64_kib_are_saved(void **state) {
    (void)state;
    /* Text that hardly compresses, in one deflate block of more than a header's extra field can hide. */
    struct buffer text = {0}, bytes = {0}, seen = {0};
    uint32_t x = 1;
    enum { LINES = 6000, LINE = 100 };
    for (unsigned i = 0; i < LINES; i++) {
        for (unsigned k = 0; k < LINE; k++) {
            x = x * 1664525 + 1013904223;
            buffer_put_char(&text, (char)('!' + (x >> 24) % 90));
        }
        buffer_put_char(&text, '\n');
    }
    z_stream z = {.next_in = (Bytef *)text.at, .avail_in = (uInt)text.len};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 9, Z_HUFFMAN_ONLY), Z_OK);
    uLong bound = deflateBound(&z, text.len);
    z.next_out = (Bytef *)buffer_room(&bytes, bound);
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    bytes.len = bound - z.avail_out;
    (void)deflateEnd(&z);
    for (size_t len = bytes.len / 2; len < bytes.len; len += bytes.len / 7) {
        const char *path = file_of(CODEC_GZIP);
        spill(path, bytes.at, len);
        struct line_writer *w = writer_open(path, CODEC_GZIP, LINE_WRITER_APPEND);
        uint64_t whole = line_writer_facts(w).text_bytes;
        assert_true(whole > 200000 && whole % (LINE + 1) == 0);
        OK(line_writer_put(w, "end", 3, &err));
        OK(line_writer_close(w, &err));
        assert_true(decode_strictly(path, CODEC_GZIP, &seen));
        assert_int_equal(seen.len, whole + 4);
        assert_memory_equal(seen.at, text.at, whole);
    }
    buffer_done(&text);
    buffer_done(&bytes);
    buffer_done(&seen);
}

/* Two frames of lines, the first cut off at a block's end, as when two files were put together. */
static void a_frame_right_behind_a_cut_one_is_found(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct buffer bytes = {0}, second = {0};
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_CREATE);
    put_lines(w, 0, 10);
    line_writer_abandon(w);
    slurp(path, &bytes);
    w = writer_open(path, CODEC_ZSTD, LINE_WRITER_REPLACE);
    put_lines(w, 10, 20);
    line_writer_abandon(w);
    slurp(path, &second);
    buffer_put(&bytes, second.at, second.len);
    spill(path, bytes.at, bytes.len);
    struct seen s = read_all(path);
    assert_true(s.lines == 20 && s.in_order && s.damaged == 1);
    w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND);
    assert_int_equal(line_writer_facts(w).mended_bytes, 0);
    put_lines(w, 20, 25);
    OK(line_writer_close(w, &err));
    s = read_all(path);
    assert_true(s.lines == 25 && s.in_order && s.damaged == 1 && !s.cut);
    buffer_done(&bytes);
    buffer_done(&second);
}

/* The size of a block is damaged, and leads over the frames behind it to the end of the file. */
static void frames_behind_a_damaged_size_are_not_cut(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct buffer bytes = {0};
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_CREATE);
    for (unsigned i = 0; i < 6; i++) {
        put_lines(w, i * 5, i * 5 + 5);
        OK(line_writer_chunk(w, NULL, 0, &err));
    }
    OK(line_writer_flush(w, &err));
    line_writer_abandon(w);
    slurp(path, &bytes);
    bytes.at[7] |= 0x40; /* of the first block: 16 KiB more */
    spill(path, bytes.at, bytes.len);
    struct seen s = read_all(path);
    assert_true(s.lines == 25 && s.first == 5 && s.in_order && s.damaged == 1);
    w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND);
    assert_int_equal(line_writer_facts(w).mended_bytes, 0);
    put_lines(w, 30, 35);
    OK(line_writer_close(w, &err));
    s = read_all(path);
    assert_true(s.lines == 30 && s.last == 34 && s.in_order && s.damaged == 1);
    buffer_done(&bytes);
}

static void a_member_behind_a_wrong_trailer_is_read_and_kept(void **state) {
    (void)state;
    const char *path = file_of(CODEC_GZIP);
    struct buffer text = {0}, bytes = {0};
    text_of_lines(0, 10, &text);
    gzip_member(text.at, text.len, 6, &bytes);
    bytes.at[bytes.len - 1] ^= 1; /* the length */
    spill(path, bytes.at, bytes.len);
    struct line_writer *w = writer_open(path, CODEC_GZIP, LINE_WRITER_APPEND);
    assert_int_equal(line_writer_facts(w).mended_bytes, 0); /* whole, and stays for readers to tell */
    put_lines(w, 10, 20);
    OK(line_writer_close(w, &err));
    struct seen s = read_all(path);
    assert_true(s.lines == 20 && s.in_order && s.damaged == 1 && !s.cut);
    buffer_done(&text);
    buffer_done(&bytes);
}

/* A frame in the middle that this program does not decode: the file is refused, and stays as it is. */
static void what_cannot_be_continued_is_not_touched(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct line_writer *w = NULL;
    struct buffer text = {0}, bytes = {0}, after = {0};
    struct line_writer_options o = {.path = path, .codec = CODEC_ZSTD, .mode = LINE_WRITER_APPEND};
    buffer_put(&bytes, "\x28\xB5\x2F\xFD\x00\xA8\x11\x00\x00\n\n", 11); /* window 2^31 */
    text_of_lines(0, 10, &text);
    zstd_frame(text.at, text.len, &bytes);
    spill(path, bytes.at, bytes.len - 3);
    FAILS(ERR_LIMIT, line_writer_open(&o, &w, &err));
    slurp(path, &after);
    assert_int_equal(after.len, bytes.len - 3);
    assert_memory_equal(after.at, bytes.at, after.len);
    spill(path, "\x28\xB5\x2F\xFD\x01\x58\x07\x11\x00\x00\n\n", 12); /* dictionary 7 */
    FAILS(ERR_FORMAT, line_writer_open(&o, &w, &err));
    slurp(path, &after);
    assert_int_equal(after.len, 12);
    buffer_done(&text);
    buffer_done(&bytes);
    buffer_done(&after);
}

static void a_tail_of_zeros_is_cut(void **state) {
    (void)state;
    static const char zeros[5000];
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct buffer bytes = {0};
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        put_lines(w, 0, 20);
        line_writer_abandon(w);
        slurp(path, &bytes);
        size_t had = bytes.len;
        buffer_put(&bytes, zeros, sizeof zeros);
        spill(path, bytes.at, bytes.len);
        w = writer_open(path, (enum codec)c, LINE_WRITER_APPEND);
        assert_true(line_writer_facts(w).mended_bytes > sizeof zeros - 32);
        assert_true(line_writer_facts(w).file_bytes <= had + 16);
        put_lines(w, 20, 25);
        OK(line_writer_close(w, &err));
        assert_true(decode_strictly(path, (enum codec)c, &bytes));
        assert_text_is_lines(&bytes, 0, 25);
        buffer_done(&bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_killed_at_every_byte, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(gzip_killed_at_every_byte, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(zstd_killed_at_every_byte, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(foreign_zstd_without_promises, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(foreign_zstd_with_checksum, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(foreign_zstd_with_content_size, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(foreign_zstd_of_many_full_blocks, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(foreign_gzip_of_every_kind, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(gzip_blocks_over_64_kib_are_saved, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_frame_right_behind_a_cut_one_is_found, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(frames_behind_a_damaged_size_are_not_cut, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_member_behind_a_wrong_trailer_is_read_and_kept, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(what_cannot_be_continued_is_not_touched, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_tail_of_zeros_is_cut, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
