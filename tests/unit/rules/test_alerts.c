/* tests/unit/rules/test_alerts.c: each rule, from quiet to loud and back; what has to last; what the user adds. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "rules/alerts.h"

#define SECOND NS_PER_SECOND
static const struct text host = {"dgx-01", 6}, uuid = {"GPU-a", 5};

static struct alerts *alerts;
static struct frame frame;
static struct gpu *gpu;

static int make(void **state) {
    (void)state;
    struct error err;
    frame_init(&frame);
    frame.wall_ns = 1000 * SECOND;
    gpu = frame_add(&frame.arena, &frame.gpus.list, &gpu_table);
    if (!gpu)
        return -1;
    gpu->host_id = host;
    gpu->uuid = uuid;
    gpu->index = 2;
    return alerts_create(&alerts, &err);
}

static int drop(void **state) {
    (void)state;
    alerts_destroy(alerts);
    frame_done(&frame);
    return 0;
}

/* The frame as it stands, so many seconds behind the one before. */
static void take(int64_t seconds) {
    struct error err = {0};
    frame.wall_ns += seconds * SECOND;
    assert_ok(alerts_take(alerts, &frame, &err), err);
}

static void expect(enum severity severity, const char *rule) {
    const char *got = "";
    enum severity now = alerts_of_gpu(alerts, host, uuid, &got);
    if (now != severity || strcmp(got, rule) != 0)
        fail_msg("severity %d by '%s', not %d by '%s'", now, got, severity, rule);
    assert_int_equal(alerts_count(alerts, SEVERITY_WARN), severity == SEVERITY_WARN);
    assert_int_equal(alerts_count(alerts, SEVERITY_CRITICAL), severity == SEVERITY_CRITICAL);
}

static void newest(const char *rule, enum severity from, enum severity to, double value, double threshold) {
    const struct alert_event *e = alerts_event(alerts, 0);
    assert_non_null(e);
    assert_text(e->rule, rule);
    assert_text(e->host, "dgx-01");
    assert_text(e->subject, "GPU 2");
    assert_int_equal(e->from, from);
    assert_int_equal(e->to, to);
    assert_int_equal(e->wall_ns, frame.wall_ns);
    assert_true(fabs(e->value - value) < 1e-6);
    assert_true(fabs(e->threshold - threshold) < 1e-6);
}

static void nothing_known(void **state) {
    (void)state;
    take(0);
    take(3600);
    expect(SEVERITY_OK, "");
    assert_null(alerts_event(alerts, 0));
    assert_int_equal(alerts_of_gpu(alerts, host, TEXT("GPU-x"), NULL), SEVERITY_OK);
    assert_false(alerts_host_down(alerts, host));
    alerts_destroy(NULL);
}

static void temperature(void **state) {
    (void)state;
    static const struct {
        uint64_t heat;
        enum severity now;
    } steps[] = {{79, SEVERITY_OK}, {80, SEVERITY_OK}, {81, SEVERITY_WARN}, {80, SEVERITY_WARN}, {79, SEVERITY_WARN},
        {78, SEVERITY_OK}, {80, SEVERITY_OK}, {91, SEVERITY_CRITICAL}, {90, SEVERITY_CRITICAL}, {89, SEVERITY_CRITICAL},
        {88, SEVERITY_WARN}, {90, SEVERITY_WARN}, {U64_UNKNOWN, SEVERITY_WARN}, {92, SEVERITY_CRITICAL},
        {U64_UNKNOWN, SEVERITY_CRITICAL}, {50, SEVERITY_OK}};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        gpu->temperature = steps[i].heat;
        take(3);
        expect(steps[i].now, steps[i].now ? "temperature" : "");
    }
    newest("temperature", SEVERITY_CRITICAL, SEVERITY_OK, 50, 80);
    assert_int_equal(alerts_event(alerts, 1)->to, SEVERITY_CRITICAL);
    assert_int_equal(alerts_event(alerts, 1)->threshold, 90);
    assert_int_equal(alerts_event(alerts, 4)->to, SEVERITY_OK);
    assert_int_equal(alerts_event(alerts, 5)->to, SEVERITY_WARN);
    assert_null(alerts_event(alerts, 6));
}

static void idle_has_to_last(void **state) {
    (void)state;
    gpu->utilization = 5; /* at most 5 % */
    take(0);
    take(899);
    expect(SEVERITY_OK, "");
    gpu->utilization = 6;
    take(1);
    gpu->utilization = 0;
    take(1);
    take(899);
    expect(SEVERITY_OK, "");
    take(1);
    expect(SEVERITY_WARN, "idle");
    newest("idle", SEVERITY_OK, SEVERITY_WARN, 100, 95);
    gpu->utilization = NAN;
    take(1);
    expect(SEVERITY_WARN, "idle");
    gpu->utilization = 5.1;
    take(1);
    expect(SEVERITY_OK, "");
}

static void power_and_memory(void **state) {
    (void)state;
    gpu->power_consumption = 800;
    take(1);
    expect(SEVERITY_OK, ""); /* no limit known */
    gpu->power_limit_watts = 0;
    take(1);
    expect(SEVERITY_OK, "");
    gpu->power_limit_watts = 700;
    take(1);
    expect(SEVERITY_WARN, "power");
    gpu->power_consumption = 850;
    take(1);
    expect(SEVERITY_CRITICAL, "power");
    gpu->power_consumption = 700;
    take(1);
    expect(SEVERITY_OK, "");
    gpu->total_memory = UINT64_C(100) << 30;
    gpu->used_memory = UINT64_C(95) << 30;
    take(1);
    expect(SEVERITY_OK, "");
    gpu->used_memory++;
    take(1);
    expect(SEVERITY_WARN, "memory");
    gpu->used_memory = UINT64_C(94) << 30;
    take(1);
    expect(SEVERITY_OK, "");
    gpu->total_memory = 0;
    take(1);
    expect(SEVERITY_OK, "");
}

static void throttling(void **state) {
    (void)state;
    static const char *const grave[] = {"thermal", "hw_slowdown", "hw_thermal", "sw_thermal", "power_brake"};
    for (size_t i = 0; i < COUNT_OF(grave); i++) {
        gpu->throttle_reasons.n = 0;
        frame_add_text(&frame.arena, &gpu->throttle_reasons.list, TEXT("power_cap"));
        take(1);
        expect(SEVERITY_OK, "");
        frame_add_text(&frame.arena, &gpu->throttle_reasons.list, text_of(grave[i]));
        take(1);
        expect(SEVERITY_WARN, "throttle");
    }
}

static void what_happened_once(void **state) {
    (void)state;
    gpu->ecc_uncorrected = 7; /* since the machine started: old news */
    gpu->last_xid = 31;
    take(1);
    expect(SEVERITY_OK, "");
    gpu->ecc_uncorrected = 8;
    take(1);
    expect(SEVERITY_CRITICAL, "ecc");
    take(ALERTS_MOMENT_NS / SECOND - 1);
    expect(SEVERITY_CRITICAL, "ecc");
    take(1);
    expect(SEVERITY_OK, "");
    gpu->ecc_uncorrected = 0; /* the driver was loaded anew */
    take(1);
    expect(SEVERITY_OK, "");
    gpu->last_xid = 79;
    take(1);
    expect(SEVERITY_CRITICAL, "xid");
    gpu->last_xid = 0;
    take(ALERTS_MOMENT_NS / SECOND);
    expect(SEVERITY_OK, "");
}

static void unreachable(void **state) {
    (void)state;
    frame_add_error(&frame, "host", "timeout", "no answer", "dgx-02");
    frame_add_error(&frame, "gpu", "error", "one card", "dgx-01");
    take(1);
    assert_true(alerts_host_down(alerts, TEXT("dgx-02")));
    assert_false(alerts_host_down(alerts, host)); /* it has readings */
    assert_int_equal(alerts_count(alerts, SEVERITY_CRITICAL), 1);
    assert_text(alerts_event(alerts, 0)->subject, "");
    frame.errors.n = 0; /* it is not spoken of: as it was */
    take(1);
    assert_true(alerts_host_down(alerts, TEXT("dgx-02")));
    struct memory *m = frame_add(&frame.arena, &frame.memory.list, &memory_table);
    assert_non_null(m);
    m->host_id = TEXT("dgx-02");
    take(1);
    assert_false(alerts_host_down(alerts, TEXT("dgx-02")));
    assert_int_equal(alerts_event(alerts, 0)->to, SEVERITY_OK);
    assert_int_equal(alerts_count(alerts, SEVERITY_CRITICAL), 0);
}

static void forgetting(void **state) {
    (void)state;
    gpu->temperature = 95;
    gpu->ecc_uncorrected = 1;
    gpu->utilization = 0;
    take(1);
    expect(SEVERITY_CRITICAL, "temperature");
    alerts_forget(alerts); /* a jump far ahead */
    gpu->temperature = 79;
    gpu->ecc_uncorrected = 500;
    take(100000);
    expect(SEVERITY_OK, ""); /* not idle for that long, no hysteresis, no growth */
    assert_non_null(alerts_event(alerts, 0));
    assert_int_equal(alerts_event(alerts, 0)->to, SEVERITY_CRITICAL);
}

static void own_rules(void **state) {
    (void)state;
    struct error err = {0};
    assert_ok(alerts_add_rule(alerts, TEXT("cold : temp < 30 & util = 0 for 30s"), &err), err);
    gpu->temperature = 20;
    gpu->utilization = 0;
    take(0);
    take(29);
    expect(SEVERITY_OK, "");
    take(1);
    expect(SEVERITY_WARN, "cold");
    newest("cold", SEVERITY_OK, SEVERITY_WARN, 1, 0.5);
    gpu->temperature = 31;
    take(1);
    expect(SEVERITY_OK, "");
    assert_ok(alerts_add_rule(alerts, TEXT("name:uuid ~ \"x for 3s\" | uuid = GPU-a"), &err), err);
    take(1);
    expect(SEVERITY_WARN, "name"); /* without "for": at once */
}

static void own_rules_that_make_no_sense(void **state) {
    (void)state;
    static const char *const rules[] = {"", "temp > 3", ": temp > 3", "  : temp > 3", "x:", "x: temp",
        "x: temp > 3 for", "x: temp > 3 for ever", "x: temp > 3 for -1s", "x: temp > 3 for 30s for 30s",
        "a name that is much longer than anybody would want to read: temp > 3"};
    struct error err = {0};
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        err.text[0] = '\0';
        if (alerts_add_rule(alerts, text_of(rules[i]), &err) != -ERR_USAGE || !err.text[0])
            fail_msg("'%s' is taken", rules[i]);
    }
    for (int i = 0; i < ALERTS_RULES_MAX; i++)
        assert_ok(alerts_add_rule(alerts, TEXT("x: temp > 3 for 1m"), &err), err);
    assert_int_equal(alerts_add_rule(alerts, TEXT("x: temp > 3"), &err), -ERR_LIMIT);
    gpu->temperature = 4;
    take(0);
    take(60);
    assert_int_equal(alerts_count(alerts, SEVERITY_WARN), ALERTS_RULES_MAX);
}

static void the_history_is_bounded(void **state) {
    (void)state;
    for (int i = 0; i < ALERTS_HISTORY_MAX + 7; i++) {
        gpu->temperature = i % 2 ? 20 : 95;
        take(1);
    }
    for (size_t i = 0; i < ALERTS_HISTORY_MAX; i++)
        assert_int_equal(alerts_event(alerts, i)->wall_ns, frame.wall_ns - (int64_t)i * SECOND);
    assert_null(alerts_event(alerts, ALERTS_HISTORY_MAX));
}

/* Hostile names are cut, not believed; a card without an id is not watched. */
static void names(void **state) {
    (void)state;
    static char name[10000];
    memset(name, '\033', sizeof name);
    gpu->host_id = (struct text){name, sizeof name};
    gpu->uuid = (struct text){name, sizeof name};
    gpu->index = U64_UNKNOWN;
    gpu->temperature = 95;
    take(1);
    assert_true(alerts_event(alerts, 0)->host.len < 300);
    assert_true(alerts_event(alerts, 0)->subject.len < 40);
    assert_int_equal(alerts_of_gpu(alerts, gpu->host_id, gpu->uuid, NULL), SEVERITY_CRITICAL);
    gpu->uuid = TEXT("");
    take(1);
    assert_int_equal(alerts_of_gpu(alerts, gpu->host_id, gpu->uuid, NULL), SEVERITY_OK);
}

#define WITH_FRAME(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FRAME(nothing_known),
        WITH_FRAME(temperature),
        WITH_FRAME(idle_has_to_last),
        WITH_FRAME(power_and_memory),
        WITH_FRAME(throttling),
        WITH_FRAME(what_happened_once),
        WITH_FRAME(unreachable),
        WITH_FRAME(forgetting),
        WITH_FRAME(own_rules),
        WITH_FRAME(own_rules_that_make_no_sense),
        WITH_FRAME(the_history_is_bounded),
        WITH_FRAME(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
