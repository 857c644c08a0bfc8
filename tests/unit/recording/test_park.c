/* tests/unit/recording/test_park.c: of a long chain few segments are open, and one that is taken away costs its frames only. */
#include "helper.h"

#include <malloc.h>
#include <unistd.h>

#include "frame_gen.h"
#include "recording/segment.h"

enum { SEGMENTS = 300 };

/* A chain with a frame per segment, as rotation leaves it. */
static void make_chain(enum codec c, struct known *k) {
    struct recording_writer_options o = options_of(file_of(c), c);
    struct buffer text = {0}, one = {0};
    o.max_bytes = 500; /* above a header, below a frame */
    struct recording_writer *w = record_open(&o);
    for (unsigned i = 0; i < SEGMENTS; i++)
        record_take(w, i, T0 + (int64_t)i * NS_PER_SECOND, 2000);
    assert_int_equal(recording_writer_facts(w).segments, SEGMENTS);
    OK(recording_writer_close(w, &err));
    struct reading in = reading_open(file_of(c));
    assert_int_equal(recording_segments(in.r), SEGMENTS);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        decode_file(recording_segment_path(in.r, i), &one);
        buffer_put(&text, one.at, one.len);
        buffer_clear(&one);
    }
    reading_close(&in);
    known_add_text(k, text.at, text.len);
    assert_int_equal(k->n, SEGMENTS);
    buffer_done(&text);
    buffer_done(&one);
}

/* All that is open beside the segments: descriptors and allocations. */
struct baseline {
    size_t descriptors, bytes;
};

static struct baseline now(void) {
    return (struct baseline){open_descriptors(), mallinfo2().uordblks};
}

static void assert_few_open(const struct recording *r, struct baseline before) {
    enum { PER_SEGMENT_BYTES = 3 << 20, LISTS_BYTES = 4 << 20 };
    size_t open = 0;
    for (size_t i = 0; i < r->n_segments; i++)
        open += r->segments[i].file != NULL;
    assert_true(open <= SEGMENTS_OPEN_MAX + 1);
    assert_true(open_descriptors() <= before.descriptors + SEGMENTS_OPEN_MAX + 1);
    /* With the pages of the cache, each of a line and its room. */
    assert_true(mallinfo2().uordblks <= before.bytes + (SEGMENTS_OPEN_MAX + 1) * PER_SEGMENT_BYTES + LISTS_BYTES);
}

static void a_long_chain_keeps_few_open(void **state) {
    (void)state;
    uint64_t random = 12;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct known k = {0};
        make_chain(c, &k);
        struct baseline before = now();
        struct reading in = reading_open(file_of(c));
        YIELDS(1, cursor_first(in.c, &err));
        for (unsigned i = 0; i < SEGMENTS; i++) {
            assert_stands(&in, &k, i);
            if (i % 20 == 0)
                assert_few_open(in.r, before);
            YIELDS(i + 1 < SEGMENTS, cursor_step(in.c, 1, &err));
        }
        for (unsigned i = SEGMENTS; i-- > 0;) {
            assert_stands(&in, &k, i);
            if (i % 20 == 0)
                assert_few_open(in.r, before);
            YIELDS(i > 0, cursor_step(in.c, -1, &err));
        }
        struct seeking how = {.times = true, .seqs = true, .rounds = 100, .far = 300};
        check_seeking(&in, &k, &how, &random);
        assert_few_open(in.r, before);
        assert_true(in.r->segments[SEGMENTS - 1].file && in.r->segments[SEGMENTS - 1].stays_open);
        struct recording_damage d = recording_damage(in.r);
        assert_int_equal(d.rejected + d.oversized + d.undecoded + d.missing + d.distrusted, 0);
        reading_close(&in);
        assert_int_equal(now().descriptors, before.descriptors);
        known_done(&k);
    }
}

/* Steps over all there is; how many frames. */
static unsigned walk(const struct reading *in, bool back) {
    unsigned n = 0;
    uint64_t last = 0;
    YIELDS(1, back ? cursor_last(in->c, &err) : cursor_first(in->c, &err));
    do {
        uint64_t seq = cursor_frame(in->c)->seq;
        assert_true(n == 0 || (back ? seq < last : seq > last));
        last = seq;
        n++;
    } while (cursor_step(in->c, back ? -1 : 1, NULL) == 1);
    return n;
}

/* Removed, replaced by another file, cut short: parked segments that are not what they were any more. */
static void a_segment_that_was_taken_away_is_told(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        for (unsigned before = 0; before < 2; before++) { /* were they read before? */
            struct known k = {0};
            make_chain(c, &k);
            struct reading in = reading_open(file_of(c));
            if (before)
                assert_int_equal(walk(&in, false), SEGMENTS);
            assert_int_equal(unlink(recording_segment_path(in.r, 100)), 0);
            if (before) {
                const char *path = recording_segment_path(in.r, 200);
                int64_t time = T0;
                record(in_folder("other"), c, &time, 1, 2000);
                assert_int_equal(rename(in_folder("other"), path), 0);
                assert_int_equal(truncate(recording_segment_path(in.r, 150), 10), 0);
            }
            unsigned left = SEGMENTS - (before ? 3 : 1);
            assert_int_equal(walk(&in, true), left);
            assert_int_equal(walk(&in, false), left);
            assert_int_equal(recording_damage(in.r).missing, SEGMENTS - left);
            YIELDS(1, cursor_seek_time(in.c, T0 + 100 * NS_PER_SECOND, &err));
            assert_stands(&in, &k, 101);
            YIELDS(1, cursor_seek_seq(in.c, 100, &err));
            assert_stands(&in, &k, 101);
            for (size_t i = 0; i < recording_segments(in.r); i++)
                (void)unlink(recording_segment_path(in.r, i));
            reading_close(&in);
            known_done(&k);
        }
    }
}

/* A cursor that stands in a segment which another one finds missing goes on to the neighbours. */
static void a_cursor_steps_out_of_a_missing_segment(void **state) {
    (void)state;
    struct known k = {0};
    make_chain(CODEC_PLAIN, &k);
    for (int by = -1; by < 2; by += 2) {
        struct reading in = reading_open(file_of(CODEC_PLAIN)), other = in;
        unsigned at = by < 0 ? 50 : 40; /* the file of its number, also the second time */
        OK(cursor_create(in.r, &other.c, &err));
        YIELDS(1, cursor_seek_seq(in.c, at, &err));
        segment_park_all(in.r);
        segment_drop_pages(in.r, SIZE_MAX);
        assert_int_equal(unlink(recording_segment_path(in.r, at)), 0);
        (void)walk(&other, false);
        assert_int_equal(recording_damage(in.r).missing, 1);
        assert_stands(&in, &k, at);
        YIELDS(1, cursor_step(in.c, by, &err));
        assert_stands(&in, &k, by < 0 ? at - 1 : at + 1);
        cursor_destroy(other.c);
        reading_close(&in);
    }
    known_done(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_long_chain_keeps_few_open),
        TEST(a_segment_that_was_taken_away_is_told),
        TEST(a_cursor_steps_out_of_a_missing_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
