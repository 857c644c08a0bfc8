/* tests/unit/linefile/test_access.c: foreign gzip is entered in the middle, near to where one wants to be. */
#include "helper.h"

#include <stdlib.h>
#include <zlib.h>

#include "linefile/access.h"

static void keep(struct access_list *l, uint64_t stream, uint64_t text) {
    struct access_point p = {.stream = stream, .text = text, .offset = text / 10, .window = malloc(1), .window_len = 1};
    assert_non_null(p.window);
    access_keep(l, p);
}

/* However long the text: the list is bounded, in order, and no place is further from a point than the spacing. */
static void points_are_bounded(void **state) {
    (void)state;
    static struct access_list l;
    enum { STEP = ACCESS_SPACING / 3 };
    for (uint64_t text = STEP; text < UINT64_C(3000) * ACCESS_SPACING; text += STEP) {
        if (access_is_due(&l, 7, text))
            keep(&l, 7, text);
        assert_true(l.n < ACCESS_POINTS_MAX + 1U);
    }
    assert_true(l.spacing == 16 * ACCESS_SPACING && l.n > ACCESS_POINTS_MAX / 2);
    for (size_t i = 1; i < l.n; i++)
        assert_true(l.at[i].text >= l.at[i - 1].text + l.spacing);
    for (uint64_t text = l.spacing * 2; text < UINT64_C(3000) * ACCESS_SPACING; text += 12345677) {
        const struct access_point *p = access_find(&l, 7, text);
        assert_non_null(p);
        assert_true(p->text <= text && text - p->text < 2 * l.spacing);
    }
    assert_null(access_find(&l, 7, 5));
    assert_null(access_find(&l, 6, UINT64_MAX));
    assert_null(access_find(&l, 8, UINT64_MAX));
    access_list_done(&l);
}

/* Streams that each have few points: all may have to go for a new one, and none is taken for another's. */
static void streams_are_kept_apart(void **state) {
    (void)state;
    static struct access_list l;
    for (uint64_t stream = 2000; stream > 0; stream--)
        for (uint64_t text = 1; text < 4; text++)
            keep(&l, stream * 1000, text * ACCESS_SPACING);
    assert_true(l.n <= ACCESS_POINTS_MAX);
    for (uint64_t stream = 1; stream <= 2000; stream++) {
        const struct access_point *p = access_find(&l, stream * 1000, UINT64_MAX);
        assert_true(!p || p->stream == stream * 1000);
    }
    keep(&l, 5, 1); /* not due */
    assert_null(access_find(&l, 5, UINT64_MAX));
    access_list_done(&l);
}

/* Lines without compression, with fixed codes, and as gzip does, in `members` members cut anywhere. */
static void foreign(const struct buffer *text, int level, int strategy, unsigned members, struct buffer *out) {
    for (unsigned i = 0; i < members; i++) {
        size_t from = text->len / members * i, to = i + 1 < members ? text->len / members * (i + 1) : text->len;
        z_stream z = {.next_in = (Bytef *)text->at + from, .avail_in = (uInt)(to - from)};
        enum { MEMORY = 5 }; /* blocks of 2048 symbols at most, so of half a MiB */
        assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, MEMORY, strategy), Z_OK);
        uLong room = deflateBound(&z, to - from);
        z.next_out = (Bytef *)buffer_room(out, room);
        z.avail_out = (uInt)room;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        out->len += room - z.avail_out;
        assert_int_equal(deflateEnd(&z), Z_OK);
    }
}

static struct line_reader *reader_of(struct line_file **file, const struct buffer *bytes) {
    struct line_reader *reader = NULL;
    spill(file_of(CODEC_GZIP), bytes->at, bytes->len);
    OK(line_file_open(file_of(CODEC_GZIP), file, &err));
    OK(line_reader_create(*file, &reader, &err));
    line_reader_remember(reader, 0);
    return reader;
}

/* Reads from near `target` on: every line at or behind it has to be that of the text, from the first one. */
static void check_near(struct line_reader *reader, const struct buffer *text, uint64_t target, bool close) {
    uint64_t want = target;
    struct line line;
    while (want > 0 && want < text->len && text->at[want - 1] != '\n')
        want++;
    int r = line_reader_enter_near(reader, 0, target, NULL);
    assert_in_range(r, 0, 1);
    for (unsigned i = 0, passed = 0; i < 50; passed++) {
        r = line_reader_next(reader, &line, NULL);
        if (want == text->len)
            break;
        assert_int_equal(r, 1);
        if (close && passed == 0) /* one spacing, and the block in which it ends */
            assert_true(line.offset + 2 * ACCESS_SPACING > want);
        if (line.offset < want)
            continue;
        assert_int_equal(line.offset, want);
        assert_true(line.size <= text->len - want);
        assert_memory_equal(line.at, text->at + want, line.len);
        want += line.size;
        i++;
    }
}

static uint64_t next_random(void) {
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const struct {
    int level, strategy;
    unsigned members;
} kinds[] = {
    {6, Z_DEFAULT_STRATEGY, 1},
    {1, Z_DEFAULT_STRATEGY, 1},
    {0, Z_DEFAULT_STRATEGY, 1},
    {6, Z_FIXED, 1},
    {6, Z_HUFFMAN_ONLY, 2},
    {9, Z_DEFAULT_STRATEGY, 5},
};
enum { LINES = 40000 };

static void foreign_gzip_is_entered_near(void **state) {
    (void)state;
    struct buffer text = {0}, bytes = {0};
    text_of_lines(0, LINES, &text);
    assert_true(text.len > 6 * ACCESS_SPACING);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        struct line_file *file = NULL;
        buffer_clear(&bytes);
        foreign(&text, kinds[k].level, kinds[k].strategy, kinds[k].members, &bytes);
        struct line_reader *reader = reader_of(&file, &bytes);
        check_near(reader, &text, text.len / 2, false); /* nothing is kept yet */
        struct seen s = read_on(reader);
        assert_true(s.damaged == 0 && !s.cut && s.last == LINES - 1);
        for (unsigned i = 0; i < 60; i++)
            check_near(reader, &text, next_random() % text.len, true);
        for (uint64_t at = text.len - 2000; at <= text.len; at += 100)
            check_near(reader, &text, at, true);
        check_near(reader, &text, 0, true);
        s = read_on(reader); /* to the end: trailers and members behind are passed as ever */
        assert_true(s.damaged == 0 && !s.cut && s.last == LINES - 1);
        line_reader_destroy(reader);
        line_file_close(file);
    }
    buffer_done(&text);
    buffer_done(&bytes);
}

/* What a pass from the start gives behind damage, or before a cut, an entry in the middle gives too. */
static void damage_reads_the_same_from_inside(void **state) {
    (void)state;
    struct buffer text = {0}, bytes = {0};
    text_of_lines(0, LINES, &text);
    foreign(&text, 6, Z_DEFAULT_STRATEGY, 3, &bytes);
    for (unsigned cut = 0; cut < 2; cut++) {
        struct line_file *file = NULL;
        struct line line;
        enum { ROOM = LINES + 1 };
        static uint64_t offsets[ROOM], sums[ROOM];
        size_t n = 0, whole = bytes.len;
        if (cut)
            bytes.len = bytes.len / 4 * 3 + 1;
        else
            memset(bytes.at + bytes.len / 2, 0xAA, 3000); /* in the second member */
        struct line_reader *reader = reader_of(&file, &bytes);
        bytes.len = whole;
        for (int r; (r = line_reader_next(reader, &line, NULL)) != 0;) {
            assert_true(r == 1 || r == -ERR_FORMAT);
            if (r != 1)
                continue;
            assert_true(n < ROOM);
            offsets[n] = line.offset;
            sums[n++] = crc32_z(0, (const Bytef *)line.at, line.len);
        }
        assert_true(n > LINES / 2);
        for (unsigned i = 0; i < 100; i++) {
            size_t at = next_random() % n;
            assert_in_range(line_reader_enter_near(reader, 0, offsets[at], NULL), 0, 1);
            int r;
            do
                r = line_reader_next(reader, &line, NULL);
            while (r == -ERR_FORMAT || (r == 1 && line.offset < offsets[at]));
            assert_int_equal(r, 1);
            assert_int_equal(line.offset, offsets[at]);
            assert_int_equal(crc32_z(0, (const Bytef *)line.at, line.len), sums[at]);
        }
        line_reader_destroy(reader);
        line_file_close(file);
    }
    buffer_done(&text);
    buffer_done(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(points_are_bounded),
        TEST(streams_are_kept_apart),
        TEST(foreign_gzip_is_entered_near),
        TEST(damage_reads_the_same_from_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
