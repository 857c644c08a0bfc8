/* tests/unit/recording/test_survey.c: what the survey tells of a recording is what a linear reading of it amounts to. */
#include "helper.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "frame_gen.h"
#include "linefile/chain.h"
#include "recording/survey.h"

enum { FRAMES = 2000, PADDING = 200, COLUMNS = 1000 };

static int64_t times[FRAMES];

/* A frame with something of everything: errors in some, and gaps as the times have them. */
static void take_frame(struct recording_writer *w, size_t i) {
    struct frame f;
    frame_init(&f);
    make_frame(&f, i, times[i], PADDING);
    for (size_t n = i % 97 == 13 ? 1 + i % 2 : 0; n > 0; n--)
        frame_add_error(&f, "gpu", "timeout", "late", NULL);
    OK(recording_writer_take(w, &f, &err));
    frame_done(&f);
}

static struct recording_writer *record_all(struct recording_writer_options o, size_t from, size_t to) {
    struct recording_writer *w = record_open(&o);
    for (size_t i = from; i < to; i++) {
        if (i % 211 == 100)
            OK(recording_writer_mark(w, times[i] - 1 * NS_PER_MS, TEXT("here"), &err));
        take_frame(w, i);
    }
    return w;
}

static void make_file(enum codec c, bool killed) {
    struct buffer bytes = {0};
    struct recording_writer *w = record_all(options_of(file_of(c), c), 0, FRAMES);
    if (killed)
        slurp(file_of(c), &bytes);
    OK(recording_writer_close(w, &err));
    if (killed)
        spill(file_of(c), bytes.at, bytes.len);
    buffer_done(&bytes);
}

static int make(void **state) {
    uint64_t random = 5;
    make_times(times, FRAMES, &random);
    return folder_make(state);
}

/* A linear reading. */
struct linear {
    struct overview all;
    struct event *events;
    size_t n_events, cap;
    int64_t *at; /* of the frames */
    size_t n, at_cap;
};

static void add_event(struct linear *l, int64_t wall_ns, enum event_kind kind) {
    if (l->n_events == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->events = realloc(l->events, l->cap * sizeof *l->events);
        assert_non_null(l->events);
    }
    size_t i = l->n_events++;
    for (; i > 0 && l->events[i - 1].wall_ns > wall_ns; i--)
        l->events[i] = l->events[i - 1];
    l->events[i] = (struct event){wall_ns, kind};
}

static void add_line(struct linear *l, struct json_value root, struct frame *f) {
    struct json_value v;
    struct text t;
    int64_t wall_ns = 0;
    if (json_get(root, "mark", &v)) {
        assert_true(json_get(root, "t", &v) && json_text(v, &t) && clock_parse(t, &wall_ns));
        l->all.marks++;
        add_event(l, wall_ns, EVENT_MARK);
    }
    if (json_get(root, "mark", &v) || json_get(root, "header", &v) || json_get(root, "index", &v) ||
        frame_parse_json(root, f, NULL) < 0)
        return;
    uint64_t errors = l->all.errors, gaps = l->all.gaps;
    overview_add_time(&l->all, f->wall_ns, f->seq, l->n ? l->at[l->n - 1] : TIME_UNKNOWN, NS_PER_SECOND);
    overview_add_frame(&l->all, f);
    if (l->all.errors > errors)
        add_event(l, f->wall_ns, EVENT_ERROR);
    if (l->all.gaps > gaps)
        add_event(l, f->wall_ns, EVENT_GAP);
    if (l->n == l->at_cap) {
        l->at_cap = l->at_cap ? 2 * l->at_cap : 4096;
        l->at = realloc(l->at, l->at_cap * sizeof *l->at);
        assert_non_null(l->at);
    }
    l->at[l->n++] = f->wall_ns;
}

static void read_linear(struct linear *l, const char *path) {
    struct buffer text = {0};
    struct json_parser *parser = NULL;
    struct frame f;
    frame_init(&f);
    OK(json_parser_create(&parser, &err));
    if (l->n == 0)
        overview_init(&l->all);
    decode_file(path, &text);
    for (struct text rest = {text.at, text.len}, line; text_cut(&rest, '\n', &line) && rest.at;) {
        struct json_value root;
        if (json_parse(parser, line.at, line.len, false, &root, NULL) == 0)
            add_line(l, root, &f);
    }
    json_parser_destroy(parser);
    frame_done(&f);
    buffer_done(&text);
}

static void linear_done(struct linear *l) {
    free(l->events);
    free(l->at);
    *l = (struct linear){.n = 0};
}

static struct survey *begin(const char *path, bool chain) {
    struct survey *s = NULL;
    OK(survey_start(&path, 1, chain, &s, &err));
    return s;
}

/* Until it is through, or for a minute. */
static struct survey_facts wait_for(struct survey *s) {
    struct survey_facts facts;
    for (unsigned i = 0; i < 60000; i++) {
        survey_facts(s, &facts);
        if (facts.done)
            break;
        (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    assert_true(facts.done);
    return facts;
}

static void check_near(double a, double b) {
    if (!(fabs(a - b) <= 0.02 + fabs(b) * 1e-4))
        fail_msg("%g is not %g", a, b);
}

static void check_totals(const struct survey_facts *facts, const struct linear *l) {
    if (facts->failed)
        fail_msg("%s", facts->why.text);
    assert_true(facts->counted);
    assert_int_equal(facts->all.frames, l->all.frames);
    assert_int_equal(facts->all.errors, l->all.errors);
    assert_int_equal(facts->all.gaps, l->all.gaps);
    assert_int_equal(facts->all.marks, l->all.marks);
    assert_int_equal(facts->first_ns, l->all.first_ns);
    assert_int_equal(facts->last_ns, l->all.last_ns);
    assert_int_equal(facts->first_seq, l->all.first_seq);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        const struct figure *got = &facts->all.figures[i], *want = &l->all.figures[i];
        assert_int_equal(got->count, want->count);
        if (want->count == 0)
            continue;
        check_near(got->min, want->min);
        check_near(got->max, want->max);
        check_near(got->sum / (double)got->count, want->sum / (double)want->count);
    }
}

/* Forward from event to event, and back: every time at which something happened is met, and nothing else. */
static void check_events(struct survey *s, const struct linear *l) {
    struct event e;
    int64_t at = INT64_MIN;
    for (size_t i = 0; i < l->n_events; i++) {
        if (l->events[i].wall_ns == at)
            continue;
        assert_true(survey_event(s, at, true, &e));
        assert_int_equal(e.wall_ns, l->events[i].wall_ns);
        bool such = false;
        for (size_t k = i; k < l->n_events && l->events[k].wall_ns == e.wall_ns; k++)
            such = such || l->events[k].kind == e.kind;
        assert_true(such);
        at = e.wall_ns;
    }
    assert_false(survey_event(s, at, true, &e));
    at = INT64_MAX;
    for (size_t i = l->n_events; i-- > 0;) {
        if (l->events[i].wall_ns == at)
            continue;
        assert_true(survey_event(s, at, false, &e));
        assert_int_equal(e.wall_ns, l->events[i].wall_ns);
        at = e.wall_ns;
    }
    assert_false(survey_event(s, at, false, &e));
}

static size_t column_at(const struct linear *l, int64_t wall_ns, size_t n) {
    double share = (double)(wall_ns - l->all.first_ns) / (double)(l->all.last_ns - l->all.first_ns);
    size_t c = (size_t)(share * (double)n);
    return c < n ? c : n - 1;
}

/* Where a frame stands there is a column, an event has its flag in its column alone, and a long gap is empty. */
static void check_columns(struct survey *s, const struct linear *l) {
    static struct survey_column c[COLUMNS];
    static bool flags[COLUMNS][3];
    survey_columns(s, c, 0);
    for (size_t n = 1; n <= COLUMNS; n = n * 9 + 1) {
        memset(flags, 0, sizeof flags);
        survey_columns(s, c, n);
        for (size_t i = 0; i < l->n; i++)
            assert_true(c[column_at(l, l->at[i], n)].frames);
        for (size_t i = 0; i < l->n_events; i++)
            flags[column_at(l, l->events[i].wall_ns, n)][l->events[i].kind] = true;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(c[i].mark, flags[i][EVENT_MARK]);
            assert_int_equal(c[i].error, flags[i][EVENT_ERROR]);
            assert_int_equal(c[i].gap, flags[i][EVENT_GAP]);
            assert_int_equal(isnan(c[i].figure[FIGURE_GPU_UTILIZATION]), !c[i].frames);
            assert_true(isnan(c[i].figure[FIGURE_CPU]));
        }
        for (size_t i = 1; i < l->n; i++)
            for (size_t k = column_at(l, l->at[i - 1] + 2 * NS_PER_SECOND, n) + 1; k < column_at(l, l->at[i], n); k++)
                assert_false(c[k].frames);
    }
    survey_columns(s, c, 1);
    const struct figure *load = &l->all.figures[FIGURE_GPU_UTILIZATION];
    check_near((double)c[0].figure[FIGURE_GPU_UTILIZATION], load->sum / (double)load->count);
}

static void check_file(const char *path, bool columns) {
    struct linear l = {.n = 0};
    read_linear(&l, path);
    assert_true(l.n > 0);
    struct survey *s = begin(path, true);
    struct survey_facts facts = wait_for(s);
    check_totals(&facts, &l);
    check_events(s, &l);
    if (columns)
        check_columns(s, &l);
    survey_stop(s);
    linear_done(&l);
}

static void finished_recordings(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        make_file(c, false);
        check_file(file_of(c), true);
    }
}

static void killed_recorders(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        make_file(c, true);
        check_file(file_of(c), true);
    }
}

static void files_of_other_programs(void **state) {
    (void)state;
    struct buffer text = {0};
    make_file(CODEC_PLAIN, false);
    slurp(file_of(CODEC_PLAIN), &text);
    for (enum codec c = CODEC_GZIP; c < CODEC_COUNT; c++) {
        encode_foreign(file_of(c), c, text.at, text.len);
        check_file(file_of(c), true);
    }
    buffer_done(&text);
}

static void a_chain_of_segments(void **state) {
    (void)state;
    for (enum codec c = CODEC_PLAIN; c < CODEC_COUNT; c++) {
        struct recording_writer_options o = options_of(in_folder("chain.ndjson"), c);
        struct linear l = {.n = 0};
        struct chain chain = {0};
        o.max_bytes = 40000;
        OK(recording_writer_close(record_all(o, 0, FRAMES), &err));
        OK(chain_list(o.file.path, &chain, &err));
        assert_true(chain.n > 3);
        for (size_t i = 0; i < chain.n; i++)
            read_linear(&l, chain.at[i].path);
        assert_int_equal(l.n, FRAMES);
        struct survey *s = begin(o.file.path, true);
        struct survey_facts facts = wait_for(s);
        check_totals(&facts, &l);
        check_events(s, &l);
        check_columns(s, &l);
        survey_stop(s);
        linear_done(&l);
        chain_done(&chain);
        assert_int_equal(folder_remove(NULL) + folder_make(NULL), 0);
    }
}

/* Another digit in each note. */
static const char *lie_key;
static void lie_in_notes(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    for (size_t i = 0; i < l->n; i++) {
        char *note = NULL;
        memcpy(&note, &l->at[i].note.at, sizeof note);
        char *digits = memmem(note, l->at[i].note.len, lie_key, strlen(lie_key));
        assert_non_null(digits);
        digits += strlen(lie_key) + strspn(digits + strlen(lie_key), "0123456789") - 1;
        *digits = *digits == '9' ? '0' : (char)(*digits + 1);
    }
}

static void lie_by_moving_notes(struct chunk_list *l, struct arena *notes) {
    (void)notes;
    for (size_t i = 0; i + 1 < l->n; i += 2) {
        struct text note = l->at[i].note;
        l->at[i].note = l->at[i + 1].note;
        l->at[i + 1].note = note;
    }
}

static void lie_with_rubbish(struct chunk_list *l, struct arena *notes) {
    for (size_t i = 0; i < l->n; i++)
        l->at[i].note = arena_text(notes, i % 2 ? TEXT("{\"frames\":\"many\"") : TEXT("[]"));
}

/* What an untrue note said is gone in the end. */
static void untrue_notes(void **state) {
    (void)state;
    static const char *const keys[] = {"\"frames\":", "\"first_ms\":", "\"last_ms\":", "\"errors\":", "\"gaps\":",
        "\"marks\":", "\"gpu_utilization\":["};
    const char *path = file_of(CODEC_ZSTD);
    for (size_t i = 0; i < COUNT_OF(keys) + 2; i++) {
        make_file(CODEC_ZSTD, false);
        lie_key = i < COUNT_OF(keys) ? keys[i] : NULL;
        tell_lies(path,
            i < COUNT_OF(keys)    ? lie_in_notes
            : i == COUNT_OF(keys) ? lie_by_moving_notes
                                  : lie_with_rubbish,
            false);
        check_file(path, true);
    }
}

/* Facts and columns are asked for while it works, and it may be stopped at any moment. */
static void looked_at_and_stopped_under_way(void **state) {
    (void)state;
    static struct survey_column c[80];
    make_file(CODEC_ZSTD, true);
    for (unsigned i = 0; i < 60; i++) {
        struct survey *s = begin(file_of(CODEC_ZSTD), true);
        struct survey_facts facts;
        struct event e;
        uint64_t version = 0;
        for (unsigned k = 0; k < i; k++) {
            survey_facts(s, &facts);
            assert_true(facts.version >= version);
            assert_true(facts.all.frames <= FRAMES);
            version = facts.version;
            survey_columns(s, c, COUNT_OF(c));
            if (survey_event(s, T0, true, &e))
                assert_true(e.wall_ns > T0);
            (void)nanosleep(&(struct timespec){0, 200000}, NULL);
        }
        survey_stop(s);
    }
    survey_stop(NULL);
}

static void what_cannot_be_read(void **state) {
    (void)state;
    struct survey *s = begin(in_folder("none"), true);
    struct survey_facts facts = wait_for(s);
    struct event e;
    assert_true(facts.failed);
    assert_false(facts.counted);
    assert_int_equal(facts.why.code, ERR_ABSENT);
    assert_false(survey_event(s, INT64_MIN, true, &e));
    survey_stop(s);
    spill_text(in_folder("head.ndjson"), "{\"schema\":1,\"header\":true,\"interval_ms\":3000,\"hosts\":[\"a\"]}\n");
    s = begin(in_folder("head.ndjson"), true);
    facts = wait_for(s);
    assert_false(facts.failed);
    assert_int_equal(facts.all.frames, 0);
    assert_int_equal(facts.first_ns, TIME_UNKNOWN);
    survey_stop(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finished_recordings, make, folder_remove),
        cmocka_unit_test_setup_teardown(killed_recorders, make, folder_remove),
        cmocka_unit_test_setup_teardown(files_of_other_programs, make, folder_remove),
        cmocka_unit_test_setup_teardown(a_chain_of_segments, make, folder_remove),
        cmocka_unit_test_setup_teardown(untrue_notes, make, folder_remove),
        cmocka_unit_test_setup_teardown(looked_at_and_stopped_under_way, make, folder_remove),
        cmocka_unit_test_setup_teardown(what_cannot_be_read, make, folder_remove),
    };
    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
