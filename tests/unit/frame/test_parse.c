/* tests/unit/frame/test_parse.c: reading frames that others wrote, and frames that nobody should have written. */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "frame/frame.h"

static struct frame frame;
static struct json_parser *parser;
static struct error err;

static int set_up(void **state) {
    (void)state;
    frame_init(&frame);
    return json_parser_create(&parser, &err);
}

static int tear_down(void **state) {
    (void)state;
    frame_done(&frame);
    json_parser_destroy(parser);
    return 0;
}

static int read_line(const char *line) {
    struct json_value root;
    assert_ok(json_parse(parser, line, strlen(line), false, &root, &err), err);
    return frame_parse_json(root, &frame, &err);
}

/* Written by hand after the schema of all-smi 0.21: keys sorted, whole seconds, sentinels, no t, no seq. */
static void a_frame_of_all_smi_is_read(void **state) {
    (void)state;
    assert_ok(
        read_line(
            "{\"errors\":[{\"kind\":\"error\",\"message\":\"nvidia: NotSupported\",\"section\":\"gpu\"}],"
            "\"gpus\":[{\"ane_utilization\":0.0,\"detail\":{\"Driver Version\":\"570.1\"},\"device_type\":\"GPU\","
            "\"dla_utilization\":null,\"frequency\":1980,\"gpu_core_count\":null,\"host_id\":\"node-07\","
            "\"hostname\":\"node-07\",\"instance\":\"node-07\",\"name\":\"NVIDIA H200\",\"power_consumption\":-1.0,"
            "\"temperature\":0,\"tensorcore_utilization\":null,\"time\":\"2026-08-06 14:03:21\",\"total_memory\":8,"
            "\"used_memory\":4,\"utilization\":97,\"uuid\":\"GPU-1\",\"xyzzy\":{\"a\":[1]}}],"
            "\"hostname\":\"node-07\",\"schema\":1,\"timestamp\":\"2026-08-06T05:03:21Z\"}"),
        err);
    assert_int_equal(frame.wall_ns, INT64_C(1785992601) * NS_PER_SECOND);
    assert_false(known_u64(frame.seq));
    assert_int_equal(frame.gpus.n, 1);
    const struct gpu *g = frame.gpus.at;
    assert_text(g->name, "NVIDIA H200");
    assert_true(g->utilization == 97.0);
    assert_false(known_f64(g->power_consumption));
    assert_false(known_u64(g->temperature));
    assert_int_equal(g->used_memory, 4);
    assert_int_equal(g->detail.n, 1);
    assert_text(g->detail.at[0].value, "570.1");
    assert_int_equal(frame.errors.n, 1);
    assert_text(frame.errors.at[0].message, "nvidia: NotSupported");
    assert_false(frame.cpus.asked);
}

static void a_section_may_be_one_object_or_null(void **state) {
    (void)state;
    assert_ok(read_line("{\"schema\":1,\"t\":\"2026-08-06T05:03:21.5Z\",\"memory\":{\"total_bytes\":9},\"gpus\":null,"
                        "\"errors\":[\"plain words\"]}"),
        err);
    assert_int_equal(frame.memory.n, 1);
    assert_int_equal(frame.memory.at[0].total_bytes, 9);
    assert_false(frame.gpus.asked);
    assert_text(frame.errors.at[0].message, "plain words");
}

static void members_of_the_wrong_type_are_unknown(void **state) {
    (void)state;
    assert_ok(
        read_line("{\"schema\":1,\"t\":\"2026-08-06T05:03:21Z\",\"gpus\":[7,\"x\",{\"uuid\":12,\"temperature\":45.0,"
                  "\"total_memory\":-4,\"frequency\":99999999999,\"detail\":[],\"utilization\":\"97\"}],"
                  "\"cpus\":\"none\",\"seq\":-1,\"hostname\":null}"),
        err);
    assert_int_equal(frame.gpus.n, 1);
    const struct gpu *g = frame.gpus.at;
    assert_false(known_text(g->uuid));
    assert_false(known_u64(g->temperature));
    assert_false(known_u64(g->total_memory));
    assert_false(known_u64(g->frequency));
    assert_false(known_f64(g->utilization));
    assert_false(known_u64(frame.seq));
}

static void t_wins_over_timestamp_in_any_order(void **state) {
    (void)state;
    assert_ok(
        read_line("{\"schema\":1,\"timestamp\":\"2026-01-01T00:00:00Z\",\"t\":\"2026-01-01T00:00:00.250Z\"}"), err);
    assert_int_equal(frame.wall_ns % NS_PER_SECOND, 250 * NS_PER_MS);
    assert_ok(
        read_line("{\"schema\":1,\"t\":\"2026-01-01T00:00:00.250Z\",\"timestamp\":\"2026-01-01T00:00:00Z\"}"), err);
    assert_int_equal(frame.wall_ns % NS_PER_SECOND, 250 * NS_PER_MS);
}

static void another_schema_is_named(void **state) {
    (void)state;
    assert_int_equal(read_line("{\"schema\":2,\"t\":\"2026-01-01T00:00:00Z\"}"), -ERR_SCHEMA);
    assert_string_equal(err.text, "replay: unsupported schema version 2, this tacho supports schema 1");
}

static void what_is_no_frame_is_refused(void **state) {
    (void)state;
    assert_int_equal(read_line("[1,2]"), -ERR_FORMAT);
    assert_int_equal(read_line("{}"), -ERR_FORMAT);
    assert_int_equal(read_line("{\"schema\":1,\"t\":\"yesterday\"}"), -ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_of_all_smi_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_section_may_be_one_object_or_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_of_the_wrong_type_are_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(t_wins_over_timestamp_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_schema_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_frame_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
