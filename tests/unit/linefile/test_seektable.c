/* tests/unit/linefile/test_seektable.c: index and seek table are written to the byte as documented, and never believed blindly. */
#include "helper.h"

#include <stdio.h>
#include <zlib.h>

#include "linefile/bytes.h"
#include "linefile/seektable.h"

enum { LINES = 100, PER_CHUNK = 20, CHUNKS = 5 };

struct listed {
    struct line_file *file;
    const struct line_chunk *chunks;
    size_t n;
    struct line_file_facts facts;
};

static struct listed list(const char *path) {
    struct listed l = {0};
    OK(line_file_open(path, &l.file, &err));
    OK(line_file_facts(l.file, &l.facts, &err));
    OK(line_file_chunks(l.file, &l.chunks, &l.n, &err));
    return l;
}

static const uint8_t *bytes_at(const struct buffer *b, size_t at) {
    return (const uint8_t *)b->at + at;
}

static void a_finished_segment_tells_everything(void **state) {
    (void)state;
    struct buffer text = {0};
    const char *path = file_of(CODEC_ZSTD);
    write_file(path, CODEC_ZSTD, LINES, PER_CHUNK);
    struct listed l = list(path);
    assert_true(l.facts.seek_table && l.facts.index && l.facts.codec == CODEC_ZSTD && l.facts.seekable);
    assert_int_equal(l.n, CHUNKS);
    text_of_lines(0, LINES, &text);
    assert_int_equal(l.facts.text_size, text.len);
    for (unsigned i = 0; i < CHUNKS; i++) {
        char note[32];
        (void)snprintf(note, sizeof note, "note %u", i * PER_CHUNK);
        assert_text(l.chunks[i].note, note);
        buffer_clear(&text);
        text_of_lines(0, i * PER_CHUNK, &text);
        assert_int_equal(l.chunks[i].text_offset, text.len);
        text_of_lines(i * PER_CHUNK, (i + 1) * PER_CHUNK, &text);
        assert_int_equal(l.chunks[i].text_offset + l.chunks[i].text_size, text.len);
    }
    line_file_close(l.file);
    buffer_done(&text);
}

/* The layout in seektable.h, read by hand. */
static void the_layout_is_the_documented_one(void **state) {
    (void)state;
    struct buffer b = {0};
    const char *path = file_of(CODEC_ZSTD);
    write_file(path, CODEC_ZSTD, LINES, PER_CHUNK);
    struct listed l = list(path);
    slurp(path, &b);
    size_t entries = get_le32(bytes_at(&b, b.len - 9));
    assert_int_equal(entries, 2 * CHUNKS + 1);
    assert_int_equal(b.at[b.len - 5], 0);
    assert_int_equal(get_le32(bytes_at(&b, b.len - 4)), 0x8F92EAB1);
    size_t table = b.len - 9 - entries * 8 - 8;
    assert_int_equal(get_le32(bytes_at(&b, table)), 0x184D2A5E);
    assert_int_equal(get_le32(bytes_at(&b, table + 4)), entries * 8 + 9);
    size_t at = 0, text = 0;
    for (size_t i = 0; i < entries; i++) {
        size_t size = get_le32(bytes_at(&b, table + 8 + i * 8));
        size_t its_text = get_le32(bytes_at(&b, table + 12 + i * 8));
        assert_int_equal(its_text > 0, i < 2 * CHUNKS && i % 2 == 0);
        assert_int_equal(get_le32(bytes_at(&b, at)), its_text ? 0xFD2FB528 : 0x184D2A5D);
        at += size;
        text += its_text;
    }
    assert_int_equal(at, table);
    assert_int_equal(text, l.facts.text_size);

    assert_memory_equal(b.at + table - 8, "TACHOIDX", 8);
    size_t size = get_le64(bytes_at(&b, table - 20));
    const uint8_t *index = bytes_at(&b, table - size);
    assert_int_equal(get_le32(index - 8), 0x184D2A5D);
    assert_int_equal(get_le32(index - 4), size);
    assert_int_equal(get_le32(bytes_at(&b, table - 12)), crc32(0, index, (uInt)(size - 12)));
    assert_int_equal(get_le32(index), 1);
    assert_int_equal(get_le32(index + 4), CHUNKS);
    const uint8_t *p = index + 8;
    for (size_t i = 0; i < CHUNKS; i++) {
        assert_int_equal(get_le64(p), l.chunks[i].offset);
        assert_int_equal(get_le64(p + 8), l.chunks[i].size);
        assert_int_equal(get_le64(p + 16), l.chunks[i].text_offset);
        assert_int_equal(get_le64(p + 24), l.chunks[i].text_size);
        assert_int_equal(get_le32(p + 32), l.chunks[i].note.len);
        assert_memory_equal(p + 36, l.chunks[i].note.at, l.chunks[i].note.len);
        p += 36 + l.chunks[i].note.len;
    }
    assert_ptr_equal(p, index + size - 20);
    line_file_close(l.file);
    buffer_done(&b);
}

static void an_unfinished_segment_gives_notes_to_a_walk(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_CREATE);
    put_lines(w, 0, 10);
    OK(line_writer_chunk(w, "first", 5, &err));
    put_lines(w, 10, 20);
    OK(line_writer_chunk(w, NULL, 0, &err));
    put_lines(w, 20, 25);
    line_writer_abandon(w);
    struct buffer text = {0};
    text_of_lines(0, 20, &text);
    struct listed l = list(path);
    assert_false(l.facts.seek_table || l.facts.index);
    assert_int_equal(l.facts.text_size, LINE_OFFSET_UNKNOWN);
    assert_int_equal(l.n, 3);
    assert_text(l.chunks[0].note, "first");
    assert_null(l.chunks[1].note.at);
    assert_int_equal(l.chunks[2].text_offset, text.len);
    assert_int_equal(l.chunks[2].text_size, LINE_OFFSET_UNKNOWN);
    struct line_chunk first = {0};
    struct line_file *f = NULL;
    OK(line_file_open(path, &f, &err));
    assert_int_equal(line_file_first_chunk(f, &first, NULL), 1);
    assert_text(first.note, "first");
    line_file_close(f);
    line_file_distrust(l.file);
    OK(line_file_chunks(l.file, &l.chunks, &l.n, &err));
    assert_int_equal(l.n, 3);
    assert_null(l.chunks[0].note.at);
    assert_int_equal(l.chunks[1].text_offset, LINE_OFFSET_UNKNOWN);
    line_file_close(l.file);
    buffer_done(&text);
}

/* Continued and finished, it is as if it had never been killed. */
static void an_unfinished_segment_is_finished_later(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    struct buffer text = {0};
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_CREATE);
    put_lines(w, 0, 10);
    OK(line_writer_chunk(w, "first", 5, &err));
    put_lines(w, 10, 25);
    line_writer_abandon(w);
    w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND);
    put_lines(w, 25, 30);
    OK(line_writer_chunk(w, "last", 4, &err));
    OK(line_writer_close(w, &err));
    struct listed l = list(path);
    assert_true(l.facts.seek_table && l.facts.index);
    assert_int_equal(l.n, 3);
    assert_text(l.chunks[0].note, "first");
    assert_text(l.chunks[2].note, "last");
    text_of_lines(0, 30, &text);
    assert_int_equal(l.facts.text_size, text.len);
    line_file_close(l.file);
    buffer_done(&text);
}

static void a_finished_segment_keeps_its_notes_when_continued(void **state) {
    (void)state;
    const char *path = file_of(CODEC_ZSTD);
    write_file(path, CODEC_ZSTD, LINES, PER_CHUNK);
    struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND);
    assert_int_equal(line_writer_facts(w).mended_bytes, 0);
    put_lines(w, LINES, LINES + 1);
    OK(line_writer_chunk(w, "more", 4, &err));
    OK(line_writer_close(w, &err));
    struct listed l = list(path);
    assert_true(l.facts.index && l.n == CHUNKS + 1);
    assert_text(l.chunks[0].note, "note 0");
    assert_text(l.chunks[CHUNKS].note, "more");
    line_file_close(l.file);
    assert_int_equal(read_all(path).lines, LINES + 1);
}

/* Whatever single byte of what is derived is wrong: all lines are read, from each chunk that is listed, and the file can be
 * continued. */
static void a_lying_end_is_seen_through(void **state) {
    (void)state;
    struct buffer b = {0};
    const char *path = file_of(CODEC_ZSTD);
    write_file(path, CODEC_ZSTD, LINES, PER_CHUNK);
    slurp(path, &b);
    struct listed good = list(path);
    size_t from = (size_t)(good.chunks[CHUNKS - 1].offset + good.chunks[CHUNKS - 1].size);
    for (size_t at = from; at < b.len; at++) {
        static const uint8_t flips[] = {0x01, 0x80, 0xFF};
        for (size_t k = 0; k < COUNT_OF(flips); k++) {
            b.at[at] ^= (char)flips[k];
            spill(path, b.at, b.len);
            b.at[at] ^= (char)flips[k];
            struct listed l = list(path);
            struct line_reader *r = NULL;
            OK(line_reader_create(l.file, &r, &err));
            assert_int_equal(l.n, CHUNKS);
            for (size_t i = 0; i < l.n; i++) {
                assert_int_equal(l.chunks[i].offset, good.chunks[i].offset);
                assert_int_equal(l.chunks[i].size, good.chunks[i].size);
                assert_int_equal(l.chunks[i].text_offset, good.chunks[i].text_offset);
                if (l.chunks[i].note.at)
                    assert_true(text_equal(l.chunks[i].note, good.chunks[i].note));
                OK(line_reader_enter(r, l.chunks[i].offset, l.chunks[i].text_offset, false, &err));
                struct seen s = read_on(r);
                assert_true(s.first == i * PER_CHUNK && s.last == LINES - 1 && s.in_order);
            }
            line_reader_destroy(r);
            line_file_close(l.file);
        }
        struct line_writer *w = writer_open(path, CODEC_ZSTD, LINE_WRITER_APPEND);
        put_lines(w, LINES, LINES + 1);
        OK(line_writer_close(w, &err));
        struct seen s = read_all(path);
        assert_true(s.lines == LINES + 1 && s.in_order);
    }
    line_file_close(good.file);
    buffer_done(&b);
}

struct table_lie {
    uint32_t sizes[4]; /* of the two frames, what the table says: compressed, text, compressed, text; 0 for the truth */
    bool believed;
};

static void foreign_tables(void **state) {
    (void)state;
    static const struct table_lie lies[] = {
        {{0, 0, 0, 0}, true}, {{1, 0, 0, 0}, false}, /* the sum is wrong */
        {{UINT32_MAX, 0, 0, 0}, false},              /* past the end */
    };
    for (unsigned checksums = 0; checksums < 2; checksums++) {
        for (size_t i = 0; i < COUNT_OF(lies); i++) {
            struct buffer text = {0}, b = {0};
            text_of_lines(0, 30, &text);
            zstd_frame(text.at, text.len, &b);
            size_t first = b.len, first_text = text.len;
            buffer_clear(&text);
            text_of_lines(30, 60, &text);
            zstd_frame(text.at, text.len, &b);
            const size_t truth[4] = {first, first_text, b.len - first, text.len};
            put_le(&b, 0x184D2A5E, 4);
            put_le(&b, 2 * (checksums ? 12 : 8) + 9, 4);
            for (unsigned k = 0; k < 4; k++) {
                put_le(&b, lies[i].sizes[k] ? lies[i].sizes[k] : truth[k], 4);
                if (checksums && k % 2 == 1)
                    put_le(&b, 0x12345678, 4);
            }
            put_le(&b, 2, 4);
            put_le(&b, checksums ? 0x80 : 0, 1);
            put_le(&b, 0x8F92EAB1, 4);
            spill(file_of(CODEC_ZSTD), b.at, b.len);
            struct listed l = list(file_of(CODEC_ZSTD));
            assert_int_equal(l.facts.seek_table, lies[i].believed);
            assert_false(l.facts.index);
            assert_int_equal(l.n, 2);
            assert_int_equal(l.chunks[1].offset, first);
            line_file_close(l.file);
            /* Continued, it becomes one of ours. */
            struct line_writer *w = writer_open(file_of(CODEC_ZSTD), CODEC_ZSTD, LINE_WRITER_APPEND);
            put_lines(w, 60, 90);
            OK(line_writer_close(w, &err));
            l = list(file_of(CODEC_ZSTD));
            assert_true(l.facts.seek_table && l.facts.index && l.n == 3);
            line_file_close(l.file);
            assert_int_equal(read_all(file_of(CODEC_ZSTD)).lines, 90);
            buffer_done(&text);
            buffer_done(&b);
        }
    }
}

static void a_table_that_leads_to_no_frame_is_not_believed(void **state) {
    (void)state;
    struct buffer text = {0}, b = {0};
    text_of_lines(0, 60, &text);
    zstd_frame(text.at, text.len, &b);
    size_t size = b.len;
    put_le(&b, 0x184D2A5E, 4);
    put_le(&b, 2 * 8 + 9, 4);
    put_le(&b, 10, 4); /* two entries that add up, but the second begins inside the one frame */
    put_le(&b, 100, 4);
    put_le(&b, size - 10, 4);
    put_le(&b, text.len - 100, 4);
    put_le(&b, 2, 4);
    put_le(&b, 0, 1);
    put_le(&b, 0x8F92EAB1, 4);
    spill(file_of(CODEC_ZSTD), b.at, b.len);
    struct listed l = list(file_of(CODEC_ZSTD));
    assert_false(l.facts.seek_table);
    assert_int_equal(l.n, 1);
    line_file_close(l.file);
    buffer_done(&text);
    buffer_done(&b);
}

static void two_finished_files_in_a_row_are_walked(void **state) {
    (void)state;
    struct buffer b = {0}, c = {0};
    write_file(file_of(CODEC_ZSTD), CODEC_ZSTD, LINES, PER_CHUNK);
    slurp(file_of(CODEC_ZSTD), &b);
    struct line_writer *w = writer_open(in_folder("second.zst"), CODEC_ZSTD, LINE_WRITER_CREATE);
    put_lines(w, LINES, 2 * LINES);
    OK(line_writer_close(w, &err));
    slurp(in_folder("second.zst"), &c);
    buffer_put(&b, c.at, c.len);
    spill(in_folder("both.zst"), b.at, b.len);
    struct listed l = list(in_folder("both.zst"));
    assert_false(l.facts.seek_table); /* the second one's table does not cover the file */
    assert_int_equal(l.n, CHUNKS + 1);
    line_file_close(l.file);
    struct seen s = read_all(in_folder("both.zst"));
    assert_true(s.lines == 2 * LINES && s.in_order && s.damaged == 0);
    w = writer_open(in_folder("both.zst"), CODEC_ZSTD, LINE_WRITER_APPEND);
    put_lines(w, 2 * LINES, 2 * LINES + 1);
    OK(line_writer_close(w, &err));
    l = list(in_folder("both.zst"));
    assert_true(l.facts.seek_table && l.facts.index && l.n == CHUNKS + 2);
    line_file_close(l.file);
    assert_int_equal(read_all(in_folder("both.zst")).lines, 2 * LINES + 1);
    buffer_done(&b);
    buffer_done(&c);
}

static void more_chunks_than_the_list_holds_are_joined(void **state) {
    (void)state;
    struct chunk_list l = {0};
    for (uint64_t i = 0; i < CHUNKS_MAX; i++)
        OK(chunk_list_push(
            &l, (struct line_chunk){.offset = i * 10, .size = 9, .text_size = i == 5 ? LINE_OFFSET_UNKNOWN : 3}, &err));
    FAILS(ERR_LIMIT, chunk_list_push(&l, (struct line_chunk){0}, &err));
    chunk_list_coarsen(&l);
    assert_true(l.coarse);
    assert_int_equal(l.n, CHUNKS_MAX / 2);
    assert_int_equal(l.at[1].offset, 20);
    assert_int_equal(l.at[1].size, 19);
    assert_int_equal(l.at[1].text_size, 6);
    assert_int_equal(l.at[2].text_size, LINE_OFFSET_UNKNOWN);
    chunk_list_count_text(&l);
    assert_int_equal(l.at[2].text_offset, 12);
    assert_int_equal(l.at[3].text_offset, LINE_OFFSET_UNKNOWN);
    chunk_list_done(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_finished_segment_tells_everything),
        TEST(the_layout_is_the_documented_one),
        TEST(an_unfinished_segment_gives_notes_to_a_walk),
        TEST(an_unfinished_segment_is_finished_later),
        TEST(a_finished_segment_keeps_its_notes_when_continued),
        TEST(a_lying_end_is_seen_through),
        TEST(foreign_tables),
        TEST(a_table_that_leads_to_no_frame_is_not_believed),
        TEST(two_finished_files_in_a_row_are_walked),
        TEST(more_chunks_than_the_list_holds_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
