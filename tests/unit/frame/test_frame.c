/* tests/unit/frame/test_frame.c: the serialiser, against the rules of the schema and against the parser. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "frame/frame.h"
#include "frame_gen.h"

struct fixture {
    struct frame frame, again;
    struct buffer out, out_again;
    struct json_parser *parser;
    struct error err;
};

static int set_up(void **state) {
    static struct fixture fx;
    fx = (struct fixture){0};
    frame_init(&fx.frame);
    frame_init(&fx.again);
    *state = &fx;
    return json_parser_create(&fx.parser, &fx.err);
}

static int tear_down(void **state) {
    struct fixture *fx = *state;
    frame_done(&fx->frame);
    frame_done(&fx->again);
    buffer_done(&fx->out);
    buffer_done(&fx->out_again);
    json_parser_destroy(fx->parser);
    return 0;
}

static const char *written(struct fixture *fx) {
    buffer_clear(&fx->out);
    assert_ok(frame_write_json(&fx->frame, &fx->out, &fx->err), fx->err);
    buffer_put_char(&fx->out, '\0');
    return fx->out.at;
}

static void an_empty_frame_has_its_head(void **state) {
    struct fixture *fx = *state;
    fx->frame.wall_ns = 1776513600000 * NS_PER_MS;
    fx->frame.seq = 42;
    fx->frame.source = TEXT("local");
    fx->frame.hostname = TEXT("node-07");
    assert_string_equal(written(fx), "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":42,\"source\":\"local\","
                                     "\"timestamp\":\"2026-04-18T12:00:00.000Z\",\"hostname\":\"node-07\"}");
}

static void every_unknown_member_is_named(void **state) {
    struct fixture *fx = *state;
    struct field fields[40] = {0};
    char keys[40][8];
    uint64_t item[40];
    const struct field_table table = {.size = sizeof item, .fields = fields, .n = COUNT_OF(fields)};
    for (unsigned i = 0; i < COUNT_OF(fields); i++) {
        (void)snprintf(keys[i], sizeof keys[i], ",\"m%02u\":", i);
        fields[i] = (struct field){.key = {keys[i] + 2, 3},
            .json = {keys[i], 7},
            .type = FIELD_U64,
            .presence = FIELD_REQUIRED,
            .max = UINT64_MAX - 1,
            .offset = (uint16_t)(i * sizeof item[0])};
        item[i] = i == 3 ? 5 : U64_UNKNOWN;
    }
    buffer_clear(&fx->out);
    frame_put_item(&table, item, &fx->out);
    buffer_put_char(&fx->out, '\0');
    const char *names = strstr(fx->out.at, "\"unknown\":[\"m00\",\"m01\",\"m02\",\"m04\",");
    assert_non_null(names);
    assert_non_null(strstr(names, "\"m39\"]}"));
    assert_non_null(strstr(fx->out.at, "\"m03\":5,"));
}

static void a_part_says_which(void **state) {
    struct fixture *fx = *state;
    struct json_value root;
    fx->frame.wall_ns = 1776513600000 * NS_PER_MS;
    fx->frame.seq = 42;
    fx->frame.part = 2;
    fx->frame.parts = 3;
    fx->frame.hostname = TEXT("remote");
    assert_string_equal(written(fx), "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z\",\"seq\":42,\"part\":[2,3],"
                                     "\"timestamp\":\"2026-04-18T12:00:00.000Z\",\"hostname\":\"remote\"}");
    assert_ok(json_parse(fx->parser, fx->out.at, fx->out.len - 1, false, &root, &fx->err), fx->err);
    assert_ok(frame_parse_json(root, &fx->again, &fx->err), fx->err);
    assert_int_equal(fx->again.part, 2);
    assert_int_equal(fx->again.parts, 3);
}

static void asked_for_and_empty_is_a_list(void **state) {
    struct fixture *fx = *state;
    fx->frame.gpus.asked = true;
    assert_non_null(strstr(written(fx), ",\"gpus\":[]"));
    assert_null(strstr(written(fx), "cpus"));
}

static void a_required_number_that_is_unknown_is_named(void **state) {
    struct fixture *fx = *state;
    struct process *p = frame_add(&fx->frame.arena, &fx->frame.processes.list, &process_table);
    p->pid = 7;
    p->memory_rss = 0;
    const char *line = written(fx);
    assert_non_null(strstr(line, "\"memory_rss\":0,\"memory_vms\":0"));
    const char *unknown = strstr(line, "\"unknown\":[");
    assert_non_null(unknown);
    assert_non_null(strstr(unknown, "\"memory_vms\""));
    assert_null(strstr(unknown, "\"memory_rss\""));
    assert_non_null(strstr(line, "\"cpu_percent\":-1.0"));
}

static void sentinels_stand_for_unknown(void **state) {
    struct fixture *fx = *state;
    struct gpu *g = frame_add(&fx->frame.arena, &fx->frame.gpus.list, &gpu_table);
    assert_non_null(g);
    const char *line = written(fx);
    assert_non_null(strstr(line, "\"utilization\":-1.0,"));
    assert_non_null(strstr(line, "\"power_consumption\":-1.0,"));
    assert_non_null(strstr(line, "\"ane_utilization\":0.0,"));
    assert_null(strstr(line, "\"unknown\""));
    assert_non_null(strstr(line, "\"temperature\":0,"));
    assert_non_null(strstr(line, "\"device_type\":\"GPU\""));
    assert_non_null(strstr(line, "\"gpm_metrics\":null"));
    assert_non_null(strstr(line, "\"detail\":{}"));
    assert_null(strstr(line, "energy_joules"));
}

static void words_outside_the_list_never_reach_the_file(void **state) {
    struct fixture *fx = *state;
    struct cpu *c = frame_add(&fx->frame.arena, &fx->frame.cpus.list, &cpu_table);
    c->platform_type = TEXT("Loongson");
    struct cpu_core *core = frame_add(&fx->frame.arena, &c->per_core_utilization.list, &core_table);
    core->core_type = TEXT("Turbo");
    const char *line = written(fx);
    assert_non_null(strstr(line, "\"platform_type\":{\"Other\":\"Loongson\"}"));
    assert_non_null(strstr(line, "\"core_type\":\"Standard\""));
}

static void numbers_the_format_cannot_hold_are_unknown(void **state) {
    struct fixture *fx = *state;
    struct gpu *g = frame_add(&fx->frame.arena, &fx->frame.gpus.list, &gpu_table);
    g->temperature = (uint64_t)UINT32_MAX + 1;
    g->performance_state = UINT64_MAX - 1;
    g->power_consumption = INFINITY;
    g->numa_node_id = (int64_t)INT32_MIN - 1;
    const char *line = written(fx);
    assert_non_null(strstr(line, "\"temperature\":0,"));
    assert_non_null(strstr(line, "\"performance_state\":null"));
    assert_non_null(strstr(line, "\"power_consumption\":-1.0"));
    assert_non_null(strstr(line, "\"numa_node_id\":null"));
}

static void floats_look_like_floats_and_integers_like_integers(void **state) {
    struct fixture *fx = *state;
    struct memory *m = frame_add(&fx->frame.arena, &fx->frame.memory.list, &memory_table);
    m->utilization = 50;
    m->total_bytes = 45;
    const char *line = written(fx);
    assert_non_null(strstr(line, "\"utilization\":50.0"));
    assert_non_null(strstr(line, "\"total_bytes\":45,"));
}

/* Both directions against each other: what is written reads back the same, and is written the same again. */
static void generated_frames_survive_the_round_trip(void **state) {
    struct fixture *fx = *state;
    uint64_t random = 20261120;
    for (unsigned i = 0; i < 400; i++) {
        struct json_value root;
        frame_gen(&fx->frame, &random, i % 12, i % 2 == 1);
        fx->frame.seq = i;
        fx->frame.wall_ns = (int64_t)(frame_gen_random(&random) % UINT64_C(4000000000000)) * NS_PER_MS;
        buffer_clear(&fx->out);
        buffer_clear(&fx->out_again);
        assert_ok(frame_write_json(&fx->frame, &fx->out, &fx->err), fx->err);
        assert_null(memchr(fx->out.at, '\n', fx->out.len));
        assert_ok(json_parse(fx->parser, fx->out.at, fx->out.len, false, &root, &fx->err), fx->err);
        assert_ok(frame_parse_json(root, &fx->again, &fx->err), fx->err);
        assert_true(frame_gen_same(&fx->frame, &fx->again));
        assert_ok(frame_write_json(&fx->again, &fx->out_again, &fx->err), fx->err);
        assert_int_equal(fx->out.len, fx->out_again.len);
        assert_memory_equal(fx->out.at, fx->out_again.at, fx->out.len);
    }
}

static void a_frame_past_the_limit_is_refused(void **state) {
    struct fixture *fx = *state;
    struct buffer small = {.limit = 200};
    uint64_t random = 7;
    frame_gen(&fx->frame, &random, 10, false);
    assert_int_equal(frame_write_json(&fx->frame, &small, &fx->err), -ERR_LIMIT);
    buffer_done(&small);
}

/* No key twice in one object: a strict reader drops such a line. */
static void no_table_has_a_key_twice(void **state) {
    (void)state;
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (size_t i = 0; i < sections[s].table->n; i++)
            for (size_t j = i + 1; j < sections[s].table->n; j++)
                assert_false(text_equal(sections[s].table->fields[i].key, sections[s].table->fields[j].key));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_frame_has_its_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_says_which, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_unknown_member_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asked_for_and_empty_is_a_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_required_number_that_is_unknown_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sentinels_stand_for_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_outside_the_list_never_reach_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_the_format_cannot_hold_are_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floats_look_like_floats_and_integers_like_integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(generated_frames_survive_the_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_past_the_limit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_table_has_a_key_twice, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
