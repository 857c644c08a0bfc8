/* tests/unit/recording/test_overview.c: figures and counts of frames, and the notes that carry them. */
#include "helper.h"

#include <math.h>

#include "recording/overview.h"

static struct json_parser *parser;

static int make_parser(void **state) {
    (void)state;
    struct error err;
    return json_parser_create(&parser, &err);
}

static int drop_parser(void **state) {
    (void)state;
    json_parser_destroy(parser);
    return 0;
}

static void assert_near(double a, double b) {
    if (!(fabs(a - b) < 0.011))
        fail_msg("%g is not %g", a, b);
}

static void figures_of_a_frame(void **state) {
    (void)state;
    struct frame f;
    double v[FIGURE_COUNT];
    frame_init(&f);
    overview_figures(&f, v);
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        assert_true(isnan(v[i]));
    for (unsigned i = 0; i < 3; i++) {
        struct gpu *g = frame_add(&f.arena, &f.gpus.list, &gpu_table);
        assert_non_null(g);
        if (i == 2)
            continue; /* nothing is known of it */
        g->utilization = 20 + 40 * i;
        g->power_consumption = 100 + 50 * i;
        g->temperature = 40 + 10 * i;
        g->used_memory = 10 + 20 * i;
        g->total_memory = i == 0 ? 100 : U64_UNKNOWN; /* a share needs both */
    }
    for (unsigned i = 0; i < 2; i++) {
        struct cpu *c = frame_add(&f.arena, &f.cpus.list, &cpu_table);
        struct memory *m = frame_add(&f.arena, &f.memory.list, &memory_table);
        assert_true(c && m);
        c->utilization = 10 + 20 * i;
        m->used_bytes = 100 + 100 * i;
        m->total_bytes = 400;
    }
    overview_figures(&f, v);
    assert_near(v[FIGURE_GPU_UTILIZATION], 40);
    assert_near(v[FIGURE_GPU_POWER], 250);
    assert_near(v[FIGURE_GPU_TEMPERATURE], 45);
    assert_near(v[FIGURE_GPU_MEMORY], 10);
    assert_near(v[FIGURE_CPU], 20);
    assert_near(v[FIGURE_MEMORY], 37.5);
    frame_done(&f);
}

static void gaps(void **state) {
    (void)state;
    assert_false(overview_is_gap(T0, T0 + NS_PER_SECOND, NS_PER_SECOND));
    assert_false(overview_is_gap(T0, T0 + NS_PER_SECOND * 19 / 10, NS_PER_SECOND));
    assert_true(overview_is_gap(T0, T0 + NS_PER_SECOND * 2, NS_PER_SECOND));
    assert_false(overview_is_gap(T0, T0 - 100 * NS_PER_SECOND, NS_PER_SECOND));
    assert_false(overview_is_gap(TIME_UNKNOWN, T0, NS_PER_SECOND));
    assert_false(overview_is_gap(T0, T0 + 1000 * NS_PER_SECOND, 0));
    assert_true(overview_is_gap(T0, INT64_MAX, INT64_MAX / 3));
    assert_true(overview_is_gap(INT64_MIN + 1, INT64_MAX, NS_PER_SECOND));
}

static struct overview some(uint64_t first, uint64_t n) {
    struct overview o;
    struct frame f;
    frame_init(&f);
    overview_init(&o);
    for (uint64_t i = first; i < first + n; i++) {
        make_frame(&f, i, T0 + (int64_t)i * NS_PER_SECOND, 0);
        if (i % 10 == 3)
            frame_add_error(&f, "gpu", "timeout", "late", NULL);
        overview_add_time(&o, f.wall_ns, i, i > first ? f.wall_ns - (i % 7 == 0 ? 3 : 1) * NS_PER_SECOND : TIME_UNKNOWN,
            NS_PER_SECOND);
        overview_add_frame(&o, &f);
    }
    frame_done(&f);
    return o;
}

static void same(const struct overview *a, const struct overview *b) {
    assert_int_equal(a->frames, b->frames);
    assert_int_equal(a->errors, b->errors);
    assert_int_equal(a->gaps, b->gaps);
    assert_int_equal(a->marks, b->marks);
    assert_true(a->first_seq == b->first_seq);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->last_ns, b->last_ns);
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        assert_int_equal(a->figures[i].count, b->figures[i].count);
        if (a->figures[i].count == 0)
            continue;
        assert_near(a->figures[i].min, b->figures[i].min);
        assert_near(a->figures[i].max, b->figures[i].max);
        assert_near(a->figures[i].sum / (double)a->figures[i].count, b->figures[i].sum / (double)b->figures[i].count);
    }
}

static void counts_of_frames(void **state) {
    (void)state;
    struct overview o = some(0, 100);
    assert_int_equal(o.frames, 100);
    assert_int_equal(o.errors, 10);
    assert_int_equal(o.gaps, 14);
    assert_int_equal(o.first_seq, 0);
    assert_int_equal(o.first_ns, T0);
    assert_int_equal(o.last_ns, T0 + 99 * NS_PER_SECOND);
    assert_int_equal(o.figures[FIGURE_GPU_UTILIZATION].count, 100);
    assert_near(o.figures[FIGURE_GPU_UTILIZATION].min, 0);
    assert_near(o.figures[FIGURE_GPU_UTILIZATION].max, 99);
    assert_near(o.figures[FIGURE_GPU_UTILIZATION].sum, 4950);
    assert_int_equal(o.figures[FIGURE_CPU].count, 0);
}

static void parts_amount_to_the_whole(void **state) {
    (void)state;
    for (uint64_t cut = 0; cut <= 50; cut += 7) { /* multiples of seven: the gap at the cut is in no part */
        struct overview whole = some(0, 50), a = some(0, cut), b = some(cut, 50 - cut);
        whole.gaps = a.gaps + b.gaps;
        overview_merge(&a, &b);
        same(&whole, &a);
    }
}

static void a_note_goes_there_and_back(void **state) {
    (void)state;
    const struct overview all[] = {some(0, 0), some(0, 1), some(7, 1000), some(UINT64_C(1) << 32, 3)};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct buffer note = {0};
        struct overview again;
        overview_write(&all[i], &note);
        assert_true(note.len < 1000);
        OK(overview_parse(parser, (struct text){note.at, note.len}, &again, &err));
        same(&all[i], &again);
        buffer_done(&note);
    }
}

static int parse(const char *note, struct overview *ret, struct error *err) {
    return overview_parse(parser, text_of(note), ret, err);
}

static void notes_of_other_hands(void **state) {
    (void)state;
    struct overview o;
    FAILS(ERR_FORMAT, parse("", &o, &err));
    FAILS(ERR_FORMAT, parse("{", &o, &err));
    FAILS(ERR_FORMAT, parse("[]", &o, &err));
    FAILS(ERR_FORMAT, parse("{\"frames\":3}", &o, &err));
    FAILS(ERR_FORMAT, parse("{\"frames\":3,\"first_ms\":1}", &o, &err));
    FAILS(ERR_FORMAT, parse("{\"frames\":3,\"first_ms\":1,\"last_ms\":9223372036854775807}", &o, &err));
    OK(parse("{}", &o, &err));
    assert_int_equal(o.frames, 0);
    assert_int_equal(o.first_ns, TIME_UNKNOWN);
    OK(parse("{\"frames\":-1,\"errors\":\"many\",\"gaps\":null,\"marks\":1.5,\"seq\":{},\"cpu\":[1,2,3]}", &o, &err));
    assert_int_equal(o.frames + o.errors + o.gaps + o.marks, 0);
    assert_true(o.first_seq == UINT64_MAX);
    assert_int_equal(o.figures[FIGURE_CPU].count, 0);
    OK(parse("{\"cpu\":[1,2,\"3\",4],\"memory\":[1,2,3,0],\"gpu_power\":[1,2,3,1e300],\"gpu_memory\":[1,2,3,4,5]}", &o,
        &err));
    assert_int_equal(
        o.figures[FIGURE_CPU].count + o.figures[FIGURE_MEMORY].count + o.figures[FIGURE_GPU_POWER].count, 0);
    assert_int_equal(o.figures[FIGURE_GPU_MEMORY].count, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_a_frame),
        cmocka_unit_test(gaps),
        cmocka_unit_test(counts_of_frames),
        cmocka_unit_test(parts_amount_to_the_whole),
        cmocka_unit_test(a_note_goes_there_and_back),
        cmocka_unit_test(notes_of_other_hands),
    };
    return cmocka_run_group_tests_name("overview", tests, make_parser, drop_parser);
}
