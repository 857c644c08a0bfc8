/* tests/unit/view/test_series.c: readings over time: out of frames, in order, bounded. */
#include "stage.h"

#include <math.h>
#include <stdio.h>

#include "view/hosts.h"
#include "view/live.h"

static struct stage stage;

static int make(void **state) {
    (void)state;
    stage_init(&stage);
    return 0;
}

static int drop(void **state) {
    (void)state;
    stage_done(&stage);
    return 0;
}

static void is(const struct sample *s, enum trace trace, double wanted) {
    double got = (double)s->value[trace];
    if (isnan(wanted) ? !isnan(got) : !(fabs(got - wanted) < 0.01))
        fail_msg("%s is %g, not %g", traces[trace].label, got, wanted);
}

static void readings_of_a_frame(void **state) {
    (void)state;
    struct sample s;
    series_read(&stage.frame, (struct subject){.host = {NULL, 0}}, &s);
    assert_int_equal(s.wall_ns, stage.frame.wall_ns);
    for (int t = 0; t < TRACE_COUNT; t++)
        is(&s, (enum trace)t, NAN); /* nothing is known, and nothing is 0 */
    stage_machine(&stage, "a", 2, 20);
    stage_machine(&stage, "b", 2, 40);
    (void)stage_gpu(&stage, "b", 0, 50);
    struct gpu *g = stage_gpu(&stage, "b", 1, 0);
    g->utilization = g->power_consumption = NAN;
    g->temperature = g->used_memory = U64_UNKNOWN;
    stage.frame.cpus.at[1].pressure.io.some_avg10 = 7;
    series_read(&stage.frame, (struct subject){.host = {NULL, 0}}, &s);
    is(&s, TRACE_CPU, 30);
    is(&s, TRACE_MEMORY, 30);
    is(&s, TRACE_GPU, 50);
    is(&s, TRACE_GPU_MEMORY, 50);
    is(&s, TRACE_POWER, 370); /* the cards', not the machines' */
    is(&s, TRACE_TEMPERATURE, 55);
    is(&s, TRACE_PRESSURE, 7);
    series_read(&stage.frame, (struct subject){.host = TEXT("a")}, &s);
    is(&s, TRACE_CPU, 20);
    is(&s, TRACE_GPU, NAN);
    is(&s, TRACE_POWER, 1000); /* the machine's: it has no cards */
    is(&s, TRACE_PRESSURE, NAN);
    series_read(&stage.frame, (struct subject){.host = TEXT("b"), .gpu_uuid = g->uuid}, &s);
    is(&s, TRACE_GPU, NAN);
    is(&s, TRACE_POWER, NAN);
    series_read(&stage.frame, (struct subject){.host = TEXT("nobody")}, &s);
    is(&s, TRACE_CPU, NAN);
}

static struct sample at(int64_t wall_ns, float load) {
    struct sample s = {.wall_ns = wall_ns};
    s.value[TRACE_CPU] = load;
    return s;
}

static void in_order_whatever_comes(void **state) {
    (void)state;
    struct series *s = &stage.series;
    for (int i = 0; i < 1000; i++) {
        struct sample one = at((i * 389) % 1000, (float)i);
        assert_int_equal(series_add(s, &one, NULL), 0);
    }
    assert_int_equal(s->n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(s->at[i].wall_ns, i);
    struct sample again = at(500, -1);
    assert_int_equal(series_add(s, &again, NULL), 0);
    assert_int_equal(s->n, 1000);
    assert_true(s->at[500].value[TRACE_CPU] == -1);
    assert_int_equal(series_find(s, 500), 500);
    assert_int_equal(series_find(s, INT64_MIN), 0);
    assert_int_equal(series_find(s, INT64_MAX), 1000);
    series_clear(s);
    assert_int_equal(series_find(s, 0), 0);
}

/* When it is full, the sample farthest from the new one goes, also over the whole range of times. */
static void bounded(void **state) {
    (void)state;
    struct series *s = &stage.series;
    for (int i = 0; i < SERIES_MAX + 10; i++) {
        struct sample one = at(i, 0);
        assert_int_equal(series_add(s, &one, NULL), 0);
    }
    assert_int_equal(s->n, SERIES_MAX);
    assert_int_equal(s->at[0].wall_ns, 10);
    struct sample early = at(0, 0), first = at(INT64_MIN, 0), last = at(INT64_MAX, 0);
    assert_int_equal(series_add(s, &early, NULL), 0);
    assert_int_equal(s->at[0].wall_ns, 0);
    assert_int_equal(s->at[SERIES_MAX - 1].wall_ns, SERIES_MAX + 8);
    assert_int_equal(series_add(s, &first, NULL), 0);
    assert_int_equal(series_add(s, &last, NULL), 0);
    assert_int_equal(s->n, SERIES_MAX);
    assert_int_equal(s->at[SERIES_MAX - 1].wall_ns, INT64_MAX);
}

static void hosts_are_met_once(void **state) {
    (void)state;
    static struct hosts h;
    char name[32];
    stage_machine(&stage, "b", 1, 1);
    stage_machine(&stage, "a", 1, 1);
    (void)stage_gpu(&stage, "c", 0, 1);
    frame_add_error(&stage.frame, "host", "timeout", "late", "d");
    frame_add_error(&stage.frame, "gpu", "timeout", "late", NULL);
    hosts_add_frame(&h, &stage.frame);
    hosts_add_frame(&h, &stage.frame);
    hosts_add(&h, TEXT(""));
    assert_int_equal(h.n, 4);
    assert_text(h.at[0], "b");
    assert_text(h.at[1], "a");
    assert_text(h.at[2], "c");
    assert_text(h.at[3], "d");
    for (int i = 0; i < SCENE_HOSTS_MAX + 5; i++) {
        (void)snprintf(name, sizeof name, "host-%d", i);
        hosts_add(&h, text_of(name));
    }
    assert_int_equal(h.n, SCENE_HOSTS_MAX);
    hosts_done(&h);
    frame_reset(&stage.frame);
    stage.frame.hostname = TEXT("alone");
    hosts_add_frame(&h, &stage.frame);
    assert_text(h.at[0], "alone");
    hosts_done(&h);
}

/* The newest frames of a live screen, and the readings of each host. */
static void live_frames(void **state) {
    (void)state;
    struct live *l = NULL;
    struct error err = {0};
    assert_ok(live_create(&l, &err), err);
    assert_null(live_frame(l));
    assert_null(live_before(l));
    for (int i = 0; i < LIVE_SAMPLES + 20; i++) {
        struct frame *f = live_next(l);
        frame_reset(f);
        f->wall_ns = STAGE_T0 + i * NS_PER_SECOND;
        for (int k = 0; k < 2; k++) {
            struct cpu *c = frame_add(&f->arena, &f->cpus.list, &cpu_table);
            assert_non_null(c);
            c->host_id = k ? TEXT("b") : TEXT("a");
            c->utilization = 10 + 10 * k;
        }
        assert_ok(live_taken(l, &err), err);
        assert_int_equal(live_frame(l)->wall_ns, STAGE_T0 + i * NS_PER_SECOND);
        assert_true(i == 0 ? !live_before(l) : live_before(l)->wall_ns == live_frame(l)->wall_ns - NS_PER_SECOND);
    }
    const struct series *all = live_series(l, (struct text){NULL, 0}), *b = live_series(l, TEXT("b"));
    assert_in_range(all->n, LIVE_SAMPLES_MIN, LIVE_SAMPLES);
    assert_int_equal(b->n, all->n);
    is(&all->at[0], TRACE_CPU, 15);
    is(&b->at[0], TRACE_CPU, 20);
    assert_int_equal(b->at[b->n - 1].wall_ns, live_frame(l)->wall_ns);
    assert_true(live_series(l, TEXT("nobody")) == all);
    live_destroy(l);
    live_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readings_of_a_frame, make, drop),
        cmocka_unit_test_setup_teardown(in_order_whatever_comes, make, drop),
        cmocka_unit_test_setup_teardown(bounded, make, drop),
        cmocka_unit_test_setup_teardown(hosts_are_met_once, make, drop),
        cmocka_unit_test_setup_teardown(live_frames, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
