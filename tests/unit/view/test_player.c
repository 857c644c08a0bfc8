/* tests/unit/view/test_player.c: playing, stepping and seeking, with a clock of the test's own. */
#include "../recording/helper.h"

#include <string.h>
#include <time.h>

#include "view/player.h"

#define SECOND NS_PER_SECOND

static struct player *open_player(struct player_options o, const char *path) {
    struct player *p = NULL;
    o.paths = &path;
    o.n_paths = 1;
    o.chain = true;
    o.speed = o.speed > 0 ? o.speed : 1;
    OK(player_create(&o, 0, &p, &err));
    return p;
}

/* `n` frames, 3 s apart but for those behind a gap. */
static const char *frames(enum codec c, size_t n, size_t gap_before, int64_t gap_ns) {
    struct recording_writer_options o = options_of(file_of(c), c);
    o.header.interval_ns = 3 * SECOND;
    struct recording_writer *w = record_open(&o);
    for (size_t i = 0; i < n; i++)
        record_take(w, i, T0 + (int64_t)i * 3 * SECOND + (gap_before && i >= gap_before ? gap_ns : 0), 100);
    OK(recording_writer_close(w, &err));
    return file_of(c);
}

static uint64_t at(const struct player *p) {
    const struct frame *f = player_frame(p), *before = player_before(p);
    if (f->seq == 0)
        assert_null(before);
    else
        assert_int_equal(before->seq, f->seq - 1);
    return f->seq;
}

static uint64_t after(struct player *p, int64_t mono_ns) {
    struct error err = {0};
    int code = player_tick(p, mono_ns, &err);
    if (code < 0)
        fail_msg("%s", err.text);
    return at(p);
}

static void act(struct player *p, enum player_action action, int64_t mono_ns) {
    struct error err = {0};
    if (player_do(p, action, mono_ns, &err) < 0)
        fail_msg("%s", err.text);
}

static void plays_in_recorded_time(void **state) {
    (void)state;
    struct player *p = open_player((struct player_options){.speed = 1}, frames(CODEC_ZSTD, 20, 0, 0));
    assert_int_equal(at(p), 0);
    assert_int_equal(after(p, 3 * SECOND - 1), 0);
    assert_int_equal(after(p, 3 * SECOND), 1);
    assert_int_equal(after(p, 6 * SECOND + SECOND / 2), 2); /* late… */
    assert_int_equal(after(p, 9 * SECOND), 3);              /* …which does not add up */
    act(p, PLAYER_FASTER, 9 * SECOND);
    act(p, PLAYER_FASTER, 9 * SECOND); /* 4x */
    assert_int_equal(after(p, 9 * SECOND + SECOND * 3 / 4 - 1), 3);
    assert_int_equal(after(p, 9 * SECOND + SECOND * 3 / 4), 4);
    assert_int_equal(after(p, 9 * SECOND + SECOND * 3), 7); /* those that fell due meanwhile are passed over */
    act(p, PLAYER_TOGGLE, 12 * SECOND);
    assert_int_equal(after(p, 1000 * SECOND), 7);
    act(p, PLAYER_TOGGLE, 1000 * SECOND);
    assert_int_equal(after(p, 1000 * SECOND + SECOND * 3 / 4), 8);
    player_destroy(p);
}

static void due_tells_when_to_look(void **state) {
    (void)state;
    struct player *p = open_player((struct player_options){.speed = 2}, frames(CODEC_ZSTD, 3, 0, 0));
    (void)after(p, 1);
    for (int i = 0; i < 2000 && player_due(p, 0) == PLAYER_TICK_NS; i++) { /* until everything was read */
        struct timespec a_little = {0, 5000000};
        (void)nanosleep(&a_little, NULL);
        (void)after(p, 1);
    }
    assert_int_equal(player_due(p, 0), 3 * SECOND / 2);
    act(p, PLAYER_TOGGLE, 0);
    assert_true(player_due(p, 0) == INT64_MAX || player_due(p, 0) == PLAYER_TICK_NS);
    player_destroy(p);
}

static void stops_at_the_end_or_loops(void **state) {
    (void)state;
    struct playback playback;
    struct player *p = open_player((struct player_options){.speed = 1}, frames(CODEC_ZSTD, 3, 0, 0));
    assert_int_equal(after(p, 100 * SECOND), 2);
    (void)after(p, 101 * SECOND);
    player_playback(p, &playback);
    assert_true(playback.at_end && !playback.playing);
    act(p, PLAYER_TOGGLE, 200 * SECOND); /* from the start */
    assert_int_equal(at(p), 0);
    act(p, PLAYER_LOOP, 200 * SECOND);
    assert_int_equal(after(p, 206 * SECOND), 2);
    assert_int_equal(after(p, 207 * SECOND), 2);
    assert_int_equal(after(p, 209 * SECOND), 0);
    assert_int_equal(after(p, 212 * SECOND), 1);
    player_destroy(p);
}

static void steps_are_exact(void **state) {
    (void)state;
    struct playback playback;
    for (enum codec c = CODEC_PLAIN; c <= CODEC_ZSTD; c++) {
        struct player *p = open_player((struct player_options){.paused = true}, frames(c, 40, 0, 0));
        for (uint64_t i = 1; i < 40; i++) {
            act(p, PLAYER_STEP_FORWARD, 0);
            assert_int_equal(at(p), i);
        }
        act(p, PLAYER_STEP_FORWARD, 0);
        assert_int_equal(at(p), 39);
        for (uint64_t i = 39; i-- > 0;) {
            act(p, PLAYER_STEP_BACK, 0);
            assert_int_equal(at(p), i);
        }
        act(p, PLAYER_STEP_BACK, 0);
        assert_int_equal(at(p), 0);
        OK(player_seek(p, T0 + 60 * SECOND, 0, &err));
        assert_int_equal(at(p), 20);
        act(p, PLAYER_STEP_BACK, 0);
        assert_int_equal(at(p), 19);
        player_playback(p, &playback);
        assert_int_equal(playback.frame, 20);
        player_destroy(p);
    }
}

static void jumps(void **state) {
    (void)state;
    char notice[NOTICE_MAX];
    struct player *p = open_player((struct player_options){.paused = true}, frames(CODEC_ZSTD, 40, 0, 0));
    OK(player_jump(p, 10 * SECOND, 0, &err));
    assert_int_equal(at(p), 4); /* the first frame at or after */
    OK(player_jump(p, -SECOND, 0, &err));
    assert_int_equal(at(p), 4);
    OK(player_jump(p, -60 * SECOND, 0, &err));
    assert_int_equal(at(p), 0);
    OK(player_jump(p, INT64_MAX, 0, &err));
    assert_int_equal(at(p), 39);
    OK(player_goto(p, TEXT("00:00:15"), 0, &err));
    assert_int_equal(at(p), 5);
    OK(player_goto(p, TEXT("@12:01"), 0, &err));
    assert_int_equal(at(p), 20);
    OK(player_goto(p, TEXT("-30s"), 0, &err));
    assert_int_equal(at(p), 10);
    assert_false(player_notice(p, notice));
    OK(player_goto(p, TEXT("99:00:00"), 0, &err));
    assert_int_equal(at(p), 39);
    assert_true(player_notice(p, notice));
    assert_string_equal(notice, "outside of the recording: this is its last frame");
    FAILS(ERR_USAGE, player_goto(p, TEXT("25:99:99x"), 0, &err));
    assert_int_equal(at(p), 39);
    act(p, PLAYER_FIRST, 0);
    assert_int_equal(at(p), 0);
    act(p, PLAYER_LAST, 0);
    assert_int_equal(at(p), 39);
    player_destroy(p);
}

static void gaps_are_shown_or_jumped(void **state) {
    (void)state;
    const char *path = frames(CODEC_ZSTD, 10, 4, 3600 * SECOND);
    struct player *p = open_player((struct player_options){.speed = 1}, path);
    assert_int_equal(after(p, 9 * SECOND), 3);
    assert_int_equal(after(p, 3000 * SECOND), 3);
    assert_int_equal(after(p, 3612 * SECOND), 4);
    player_destroy(p);
    p = open_player((struct player_options){.speed = 1, .skip_gaps = true}, path);
    assert_int_equal(after(p, 9 * SECOND), 3);
    assert_int_equal(after(p, 12 * SECOND), 4);
    player_destroy(p);
}

static void starts_where_asked(void **state) {
    (void)state;
    struct error err = {0};
    const char *path = frames(CODEC_ZSTD, 10, 0, 0);
    struct player *p = open_player((struct player_options){.start = TEXT("00:00:09"), .paused = true}, path);
    assert_int_equal(at(p), 3);
    player_destroy(p);
    p = NULL;
    struct player_options o = {.paths = &path, .n_paths = 1, .speed = 1, .start = TEXT("soon")};
    assert_int_equal(player_create(&o, 0, &p, &err), -ERR_USAGE);
    o = (struct player_options){.paths = (const char *const[]){in_folder("none")}, .n_paths = 1, .speed = 1};
    assert_int_equal(player_create(&o, 0, &p, &err), -ERR_ABSENT);
    spill_text(in_folder("head.ndjson"), "{\"schema\":1,\"header\":true,\"interval_ms\":3000,\"hosts\":[\"a\"]}\n");
    o.paths = (const char *const[]){in_folder("head.ndjson")};
    assert_int_equal(player_create(&o, 0, &p, &err), -ERR_FORMAT);
}

static void clocks_that_go_back(void **state) {
    (void)state;
    const int64_t times[] = {
        T0, T0 + 3 * SECOND, T0 - 100 * SECOND, T0 - 97 * SECOND, T0 - 97 * SECOND, T0 - 94 * SECOND};
    record(file_of(CODEC_ZSTD), CODEC_ZSTD, times, 6, 10);
    struct player *p = open_player((struct player_options){.speed = 1}, file_of(CODEC_ZSTD));
    assert_int_equal(after(p, 3 * SECOND), 2); /* a clock that was set back costs no time */
    assert_int_equal(after(p, 6 * SECOND), 4);
    assert_int_equal(after(p, 9 * SECOND), 5);
    player_destroy(p);
}

/* From event to event: forward to each, back to each, and no standing still where a mark lies between two frames. */
static void goes_from_event_to_event(void **state) {
    (void)state;
    char notice[NOTICE_MAX];
    struct recording_writer_options o = options_of(file_of(CODEC_ZSTD), CODEC_ZSTD);
    o.header.interval_ns = 3 * SECOND;
    struct recording_writer *w = record_open(&o);
    for (size_t i = 0; i < 20; i++) {
        if (i == 5 || i == 12)
            OK(recording_writer_mark(w, T0 + (int64_t)i * 3 * SECOND - SECOND, TEXT("here"), &err));
        if (i == 12)
            OK(recording_writer_mark(w, T0 + (int64_t)i * 3 * SECOND - SECOND / 2, TEXT("and here"), &err));
        record_take(w, i, T0 + (int64_t)i * 3 * SECOND + (i >= 8 ? 60 * SECOND : 0), 10);
    }
    OK(recording_writer_close(w, &err));
    struct player *p = open_player((struct player_options){.paused = true}, file_of(CODEC_ZSTD));
    for (int i = 0; i < 2000 && player_due(p, 0) == PLAYER_TICK_NS; i++) { /* until everything was read */
        (void)nanosleep(&(struct timespec){0, 5000000}, NULL);
        (void)after(p, 1);
    }
    act(p, PLAYER_NEXT_EVENT, 0);
    assert_int_equal(at(p), 5);
    assert_true(player_notice(p, notice));
    assert_string_equal(notice, "mark");
    act(p, PLAYER_NEXT_EVENT, 0);
    assert_int_equal(at(p), 8);
    assert_true(player_notice(p, notice));
    assert_string_equal(notice, "mark"); /* the first of what stands before that frame */
    act(p, PLAYER_LAST, 0);
    act(p, PLAYER_PREVIOUS_EVENT, 0);
    assert_int_equal(at(p), 8);
    assert_true(player_notice(p, notice));
    assert_string_equal(notice, "end of a gap");
    act(p, PLAYER_PREVIOUS_EVENT, 0); /* not the marks in the gap: their frame is this one */
    assert_int_equal(at(p), 5);
    act(p, PLAYER_PREVIOUS_EVENT, 0);
    assert_int_equal(at(p), 5);
    assert_true(player_notice(p, notice));
    assert_string_equal(notice, "no error, gap or mark before here");
    player_destroy(p);
}

struct heard {
    uint64_t n, first, last;
};
static void hear(void *context, const struct frame *f) {
    struct heard *h = context;
    h->n++;
    h->first = f->seq < h->first ? f->seq : h->first;
    h->last = f->seq > h->last ? f->seq : h->last;
}

static void hands_over_what_is_around(void **state) {
    (void)state;
    struct player *p = open_player((struct player_options){.paused = true}, frames(CODEC_ZSTD, 40, 0, 0));
    OK(player_seek(p, T0 + 60 * SECOND, 0, &err));
    struct heard h = {.first = UINT64_MAX};
    struct player_around a = {T0 + 30 * SECOND, T0 + 75 * SECOND, 4, hear, &h};
    unsigned calls = 1;
    while (!player_around(p, &a))
        calls++;
    assert_true(calls > 1);
    assert_int_equal(h.first, 10);
    assert_int_equal(h.last, 25);
    assert_in_range(h.n, 15, 16);
    assert_int_equal(at(p), 20);
    h = (struct heard){.first = UINT64_MAX};
    assert_true(player_around(p, &a)); /* it has all */
    assert_int_equal(h.n, 0);
    a.anew = true;
    (void)player_around(p, &a);
    assert_true(h.n > 0);
    player_destroy(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(plays_in_recorded_time),
        TEST(due_tells_when_to_look),
        TEST(stops_at_the_end_or_loops),
        TEST(steps_are_exact),
        TEST(jumps),
        TEST(gaps_are_shown_or_jumped),
        TEST(starts_where_asked),
        TEST(clocks_that_go_back),
        TEST(goes_from_event_to_event),
        TEST(hands_over_what_is_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
