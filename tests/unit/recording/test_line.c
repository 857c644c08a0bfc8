/* tests/unit/recording/test_line.c: what each line of a recording is taken for, and the small lines read and written. */
#include "helper.h"

#include <stdio.h>

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

static struct line_head peek(const char *bytes, size_t len) {
    struct line_head head = {0};
    struct buffer padded = {0};
    static const char padding[JSON_PADDING] = "}}}\"seq\":9";
    buffer_put(&padded, bytes, len);
    buffer_put(&padded, padding, sizeof padding);
    line_peek(parser, padded.at, len, &head);
    buffer_done(&padded);
    return head;
}

static void is(const char *line, enum recording_line kind, int64_t wall_ns, uint64_t seq) {
    struct line_head head = peek(line, strlen(line));
    if (head.kind != kind)
        fail_msg("%s\nis %d, not %d", line, (int)head.kind, (int)kind);
    assert_int_equal(head.schema, 1);
    if (wall_ns != TIME_UNKNOWN || kind == RECORDING_FRAME)
        assert_int_equal(head.wall_ns, wall_ns);
    if (head.seq != seq)
        fail_msg("%s\nhas seq %llu, not %llu", line, (unsigned long long)head.seq, (unsigned long long)seq);
}

#define NO_SEQ UINT64_MAX
#define TIME "\"2026-04-18T12:00:00.000Z\""

static void our_own_lines(void **state) {
    (void)state;
    is("{\"schema\":1,\"header\":true,\"interval_ms\":3000,\"hosts\":[\"a\"]}", RECORDING_HEADER, TIME_UNKNOWN, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":42,\"source\":\"local\"}", RECORDING_FRAME, T0, 42);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":0,\"gpus\":[]}", RECORDING_FRAME, T0, 0);
    is("{\"schema\":1,\"index\":true,\"seq\":1000,\"byte_offset\":5,\"t\":" TIME "}", RECORDING_INDEX, T0, 1000);
    is("{\"schema\":1,\"t\":" TIME ",\"mark\":\"deploy v2\"}", RECORDING_MARK, T0, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"hostname\":\"x\"}", RECORDING_FRAME, T0, NO_SEQ);
}

static void lines_as_the_program_writes_them(void **state) {
    (void)state;
    struct buffer line = {0};
    struct frame f;
    frame_init(&f);
    make_frame(&f, 3, T0 + 1500 * NS_PER_MS, 40);
    f.seq = 7;
    OK(frame_write_json(&f, &line, &err));
    buffer_put_char(&line, '\0');
    is(line.at, RECORDING_FRAME, T0 + 1500 * NS_PER_MS, 7);
    buffer_clear(&line);
    line_put_index(&line, 2000, T0, 123, 45);
    buffer_put_char(&line, '\0');
    assert_string_equal(line.at,
        "{\"schema\":1,\"index\":true,\"seq\":2000,\"byte_offset\":123,\"t\":" TIME ",\"compressed_offset\":45}");
    is(line.at, RECORDING_INDEX, T0, 2000);
    buffer_clear(&line);
    line_put_index(&line, 2000, T0, 123, UINT64_MAX);
    buffer_put_char(&line, '\0');
    assert_null(strstr(line.at, "compressed_offset"));
    buffer_clear(&line);
    line_put_mark(&line, T0, TEXT("deploy \"v2\"\n"));
    buffer_put_char(&line, '\0');
    assert_string_equal(line.at, "{\"schema\":1,\"t\":" TIME ",\"mark\":\"deploy \\\"v2\\\"\\n\"}");
    is(line.at, RECORDING_MARK, T0, NO_SEQ);
    buffer_done(&line);
    frame_done(&f);
}

static void other_orders_of_keys(void **state) {
    (void)state;
    is("{\"seq\":42,\"t\":" TIME ",\"schema\":1}", RECORDING_FRAME, T0, 42);
    is("{\"schema\":1,\"seq\":42,\"t\":" TIME "}", RECORDING_FRAME, T0, 42);
    is("{\"schema\":1,\"t\":" TIME ",\"gpus\":[],\"seq\":42}", RECORDING_FRAME, T0, 42);
    is("{\"timestamp\":" TIME ",\"schema\":1}", RECORDING_FRAME, T0, NO_SEQ);
    is("{\"mark\":\"x\",\"t\":" TIME ",\"schema\":1}", RECORDING_MARK, T0, NO_SEQ);
    is("{\"interval_ms\":3,\"header\":true,\"schema\":1}", RECORDING_HEADER, TIME_UNKNOWN, NO_SEQ);
    is("{\"seq\":7,\"index\":true,\"schema\":1}", RECORDING_INDEX, TIME_UNKNOWN, 7);
    /* `t` is the time, whatever stands before it. */
    is("{\"schema\":1,\"timestamp\":\"2020-01-01T00:00:00Z\",\"t\":" TIME "}", RECORDING_FRAME, T0, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"timestamp\":\"2020-01-01T00:00:00Z\"}", RECORDING_FRAME, T0, NO_SEQ);
}

/* Keys in alphabetical order: as all-smi writes them, and what `jq -S` makes of our own lines. */
static void sorted_keys(void **state) {
    (void)state;
    is("{\"chassis\":[],\"cpus\":[],\"gpus\":[],\"hostname\":\"n\",\"memory\":[],\"schema\":1,"
       "\"timestamp\":\"2026-04-18T12:00:00Z\"}",
        RECORDING_FRAME, T0, NO_SEQ);
    is("{\"gpus\":[{\"name\":\"x\"}],\"hostname\":\"n\",\"schema\":1,\"storage\":[{\"index\":0,\"mount_point\":\"/\"}],"
       "\"timestamp\":\"2026-04-18T14:00:00+02:00\"}",
        RECORDING_FRAME, T0, NO_SEQ);
    is("{\"gpus\":[],\"hostname\":\"n\",\"schema\":1,\"seq\":42,\"source\":\"local\",\"storage\":[],\"t\":" TIME
       ",\"timestamp\":" TIME "}",
        RECORDING_FRAME, T0, 42);
    is("{\"gpus\":[],\"hostname\":\"n\",\"schema\":1,\"t\":" TIME ",\"timestamp\":\"2020-01-01T00:00:00.000Z\"}",
        RECORDING_FRAME, T0, NO_SEQ);
    is("{\"mark\":\"deploy of the day\",\"schema\":1,\"timestamp\":" TIME "}", RECORDING_MARK, T0, NO_SEQ);
    is("{\"header\":true,\"hosts\":[],\"interval_ms\":3,\"schema\":1,\"timestamp\":" TIME "}", RECORDING_HEADER,
        TIME_UNKNOWN, NO_SEQ);
    is("{\"byte_offset\":3,\"index\":true,\"schema\":1,\"timestamp\":" TIME "}", RECORDING_INDEX, T0, NO_SEQ);
    is("{\"gpus\":[{\"a\":0,\"schema\":1}],\"hostname\":\"no schema at the top\",\"timestamp\":" TIME "}",
        RECORDING_REJECT, TIME_UNKNOWN, NO_SEQ);
    is("{\"gpus\":[],\"hostname\":\"a broken time, in a long line\",\"schema\":1,\"timestamp\":\"yesterday\"}",
        RECORDING_REJECT, TIME_UNKNOWN, NO_SEQ);
}

static void marks_by_hand(void **state) {
    (void)state;
    is("{ \"schema\": 1, \"t\": " TIME ", \"mark\": \"deploy v2\" }", RECORDING_MARK, T0, NO_SEQ);
    is("  {\"schema\":1,\"t\":\"2026-04-18 12:00:00Z\",\"mark\":\"\"}  ", RECORDING_MARK, T0, NO_SEQ);
    is("{\"schema\":1,\"t\":\"2026-04-18T14:00:00+02:00\",\"mark\":\"x\"}", RECORDING_MARK, T0, NO_SEQ);
    is("{\"schema\":1,\"mark\":\"no time\"}", RECORDING_REJECT, TIME_UNKNOWN, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"mark\":7}", RECORDING_FRAME, T0, NO_SEQ); /* an extra key, like others */
}

static void blank_lines(void **state) {
    (void)state;
    is("", RECORDING_BLANK, TIME_UNKNOWN, NO_SEQ);
    is(" \t ", RECORDING_BLANK, TIME_UNKNOWN, NO_SEQ);
    is("\r", RECORDING_BLANK, TIME_UNKNOWN, NO_SEQ);
}

static void no_lines_of_a_recording(void **state) {
    (void)state;
    static const char *const lines[] = {
        "hello",
        "{",
        "{}",
        "[]",
        "null",
        "42",
        "\"x\"",
        "[{\"schema\":1,\"t\":" TIME "}]",
        "{\"schema\":\"1\",\"t\":" TIME "}",
        "{\"schema\":1.0,\"t\":" TIME "}",
        "{\"schema\":null,\"t\":" TIME "}",
        "{\"t\":" TIME ",\"seq\":1}",
        "{\"schema\":1}",
        "{\"schema\":1,\"t\":5,\"seq\":1}",
        "{\"schema\":1,\"t\":\"12:00\",\"seq\":1}",
        "{\"schema\":1,\"t\":\"2026-02-30T12:00:00.000Z\",\"seq\":1}",
        "{\"schema\":1,\"seq\":1,\"t\":" TIME "} and more",
        "{\"schema\":1,\"t\":" TIME ",\"gpus\":[",
        "{\"schema\":1,\"t\":" TIME ",\"seq\":1",
        "{\"schema\":1,\"t\":" TIME,
        "{\"schema\":1,\"t\":\"2026-04-18T12:00:00.000Z",
        "{\"schema\":1,\"t\":\"2026",
        "{\"schema\":1,",
        "{\"schema\":1,\"hostname\":\"\xff\xfe\",\"t\":" TIME "}",
        "{\"schema\":1,\"hostname\":\"\xed\xa0\x80\",\"t\":" TIME "}",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        is(lines[i], RECORDING_REJECT, TIME_UNKNOWN, peek(lines[i], strlen(lines[i])).seq);
    assert_int_equal(peek("{\"schema\":1\0}", 13).kind, RECORDING_REJECT);
    assert_int_equal(peek("\0", 1).kind, RECORDING_REJECT);
}

/* Each start of a good line is no good line, and none reads past its end. */
static void cut_lines(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{\"schema\":1,\"t\":" TIME ",\"seq\":42,\"source\":\"local\",\"hostname\":\"n\"}",
        "{\"gpus\":[],\"hostname\":\"n\",\"memory\":[],\"schema\":1,\"timestamp\":\"2026-04-18T12:00:00Z\"}",
        "{\"schema\":1,\"t\":" TIME ",\"mark\":\"x\"}",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        for (size_t n = 1; n < strlen(lines[i]); n++)
            assert_int_equal(peek(lines[i], n).kind, RECORDING_REJECT);
}

static void labels_at_their_limits(void **state) {
    (void)state;
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":18446744073709551614,\"x\":1}", RECORDING_FRAME, T0, UINT64_MAX - 1);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":9223372036854775808,\"x\":1}", RECORDING_FRAME, T0, UINT64_C(1) << 63);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":-1,\"x\":1}", RECORDING_FRAME, T0, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":1.5,\"x\":1}", RECORDING_FRAME, T0, NO_SEQ);
    is("{\"schema\":1,\"t\":" TIME ",\"seq\":\"1\",\"x\":1}", RECORDING_FRAME, T0, NO_SEQ);
}

static void another_schema(void **state) {
    (void)state;
    struct error err = {0};
    static const char *const lines[] = {
        "{\"schema\":2,\"t\":" TIME ",\"seq\":1,\"x\":1}",
        "{\"t\":" TIME ",\"schema\":2}",
        "{\"schema\":2,\"header\":true}",
        "{\"schema\":2}",
        "{\"gpus\":[],\"hostname\":\"as all-smi writes\",\"schema\":2,\"timestamp\":" TIME "}",
        "{\"gpus\":[],\"hostname\":\"as all-smi writes\",\"schema\":12,\"timestamp\":" TIME "}",
        "{\"gpus\":[],\"hostname\":\"as all-smi writes\",\"schema\":12,\"storage\":[],\"timestamp\":" TIME "}",
        "{\"schema\":0,\"t\":" TIME "}",
        "{\"schema\":-1,\"t\":" TIME "}",
        "{\"schema\":12,\"t\":" TIME ",\"seq\":1,\"x\":1}",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (peek(lines[i], strlen(lines[i])).schema == 1)
            fail_msg("%s is of schema 1", lines[i]);
    assert_int_equal(line_refuse_schema(lines[0], strlen(lines[0]), 2, &err), -ERR_SCHEMA);
    assert_string_equal(err.text, SCHEMA_2);
}

#define FORTY "1234567890123456789012345678901234567890"

static void a_schema_above_64_bits(void **state) {
    (void)state;
    static const struct {
        const char *line, *number;
    } refused[] = {
        {"{\"schema\":18446744073709551617,\"t\":" TIME ",\"seq\":1}", "18446744073709551617"},
        {"{\"schema\":9223372036854775808}", "9223372036854775808"},
        {" { \"schema\" : -99999999999999999999 , \"t\":" TIME " } ", "-99999999999999999999"},
        {"{\"schema\":" FORTY ",\"header\":true}", FORTY},
        {"{\"schema\":" FORTY "5,\"header\":true}", FORTY "\342\200\246"},
        {"{\"schema\":9223372036854775807,\"t\":" TIME "}", "9223372036854775807"},
        {"{\"schema\":-9223372036854775808,\"t\":" TIME "}", "-9223372036854775808"},
    };
    static const char *const rejected[] = {
        "{\"schema\":18446744073709551617.5,\"t\":" TIME "}",
        "{\"schema\":18446744073709551617e1,\"t\":" TIME "}",
        "{\"schema\":\"18446744073709551617\",\"t\":" TIME "}",
        "{\"schema\":00000000000000000000002,\"t\":" TIME "}",
        "{\"schema\":-,\"t\":" TIME "}",
        "{\"schema\":18446744073709551617",
        "{\"schema\":18446744073709551617,\"t\":",
        "{\"x\":18446744073709551617}",
        "{\"schema\":1.5,\"t\":" TIME "}",
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct error err = {0};
        char wanted[200];
        size_t len = strlen(refused[i].line);
        struct line_head head = peek(refused[i].line, len);
        assert_int_not_equal(head.schema, 1);
        assert_int_equal(line_refuse_schema(refused[i].line, len, head.schema, &err), -ERR_SCHEMA);
        (void)snprintf(wanted, sizeof wanted, "replay: unsupported schema version %s, this tacho supports schema 1",
            refused[i].number);
        assert_string_equal(err.text, wanted);
    }
    for (size_t i = 0; i < COUNT_OF(rejected); i++) {
        struct line_head head = peek(rejected[i], strlen(rejected[i]));
        if (head.kind != RECORDING_REJECT || head.schema != 1)
            fail_msg("%s: kind %d, schema %lld", rejected[i], (int)head.kind, (long long)head.schema);
    }
}

static void deep_nesting(void **state) {
    (void)state;
    struct buffer line = {0};
    static const char *const starts[] = {"{\"schema\":1,\"x\":", "{\"x\":"};
    for (size_t s = 0; s < COUNT_OF(starts); s++) {
        for (size_t deep = 1000; deep < 300000; deep *= 7) {
            buffer_clear(&line);
            buffer_put_text(&line, text_of(starts[s]));
            for (size_t i = 0; i < deep; i++)
                buffer_put_char(&line, '[');
            for (size_t i = 0; i < deep; i++)
                buffer_put_char(&line, ']');
            buffer_put_text(&line, TEXT(",\"schema\":1,\"t\":" TIME "}"));
            assert_int_equal(peek(line.at, line.len).kind, deep == 1000 ? RECORDING_FRAME : RECORDING_REJECT);
        }
    }
    buffer_done(&line);
}

static int parse_header(const char *line, struct arena *arena, struct recording_header *ret, struct error *err) {
    struct buffer padded = {0};
    char padding[JSON_PADDING] = {0};
    buffer_put_text(&padded, text_of(line));
    buffer_put(&padded, padding, sizeof padding);
    int r = line_parse_header(parser, padded.at, strlen(line), arena, ret, err);
    buffer_done(&padded);
    return r;
}

static void a_header_goes_there_and_back(void **state) {
    (void)state;
    struct text hosts[] = {TEXT("dgx-01"), TEXT("dgx \"02\"")};
    struct recording_header h = {.interval_ns = 3000 * NS_PER_MS,
        .hosts = hosts,
        .n_hosts = 2,
        .version = TEXT("0.1.0"),
        .source = TEXT("remote"),
        .started_ns = T0,
        .boot_id = TEXT("abc")};
    struct recording_header again;
    struct arena arena = {0};
    struct buffer line = {0};
    line_put_header(&h, &line);
    buffer_put_char(&line, '\0');
    assert_string_equal(line.at,
        "{\"schema\":1,\"header\":true,\"interval_ms\":3000,\"hosts\":[\"dgx-01\",\"dgx "
        "\\\"02\\\"\"],\"tacho_version\":"
        "\"0.1.0\",\"all_smi_version\":\"0.21.0\",\"source\":\"remote\",\"started\":" TIME ",\"boot_id\":\"abc\"}");
    OK(parse_header(line.at, &arena, &again, &err));
    assert_int_equal(again.interval_ns, h.interval_ns);
    assert_int_equal(again.n_hosts, 2);
    assert_text(again.hosts[0], "dgx-01");
    assert_text(again.hosts[1], "dgx \"02\"");
    assert_int_equal(again.hosts_cut, 0);
    assert_text(again.version, "0.1.0");
    assert_text(again.source, "remote");
    assert_text(again.boot_id, "abc");
    assert_int_equal(again.started_ns, T0);
    buffer_done(&line);
    arena_done(&arena);
}

static void headers_of_wrong_types(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{\"schema\":1,\"header\":true}",
        "{\"schema\":1,\"header\":true,\"interval_ms\":\"3\",\"hosts\":\"a\",\"started\":5}",
        "{\"schema\":1,\"header\":true,\"boot_id\":[],\"source\":{}}",
        "{\"schema\":1,\"header\":true,\"interval_ms\":-1,\"hosts\":{\"a\":1},\"started\":\"never\"}",
        "{\"schema\":1,\"header\":true,\"interval_ms\":1.5,\"hosts\":[1,null,[\"x\"]],\"tacho_version\":null}",
        "{\"schema\":1,\"header\":true,\"interval_ms\":9223372036854775807,\"hosts\":null}",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct recording_header h;
        struct arena arena = {0};
        OK(parse_header(lines[i], &arena, &h, &err));
        assert_int_equal(h.interval_ns, 0);
        assert_int_equal(h.n_hosts, 0);
        assert_null(h.version.at);
        assert_null(h.source.at);
        assert_null(h.boot_id.at);
        assert_int_equal(h.started_ns, TIME_UNKNOWN);
        arena_done(&arena);
    }
}

static void headers_that_are_none(void **state) {
    (void)state;
    struct recording_header h;
    struct arena arena = {0};
    FAILS(ERR_FORMAT, parse_header("{\"schema\":1", &arena, &h, &err));
    FAILS(ERR_FORMAT, parse_header("[1]", &arena, &h, &err));
    struct error err = {0};
    assert_int_equal(parse_header("{\"schema\":2,\"header\":true}", &arena, &h, &err), -ERR_SCHEMA);
    assert_string_equal(err.text, SCHEMA_2);
    arena_done(&arena);
}

static void hosts_said_twice(void **state) {
    (void)state;
    struct recording_header h;
    struct arena arena = {0};
    OK(parse_header("{\"schema\":1,\"header\":true,\"hosts\":[\"a\",\"b\"],\"hosts\":[\"c\"]}", &arena, &h, &err));
    for (size_t i = 0; i < h.n_hosts; i++)
        assert_true(h.hosts[i].at && h.hosts[i].len == 1 && h.hosts[i].at[0] >= 'a' && h.hosts[i].at[0] <= 'c');
    arena_done(&arena);
}

static void more_hosts_than_fit(void **state) {
    (void)state;
    struct buffer line = {0};
    struct arena arena = {0};
    struct recording_header h;
    buffer_put_text(&line, TEXT("{\"schema\":1,\"header\":true,\"hosts\":[\"n0\""));
    for (unsigned i = 1; i < 1500; i++)
        buffer_printf(&line, ",\"n%u\"", i);
    buffer_put_text(&line, TEXT("]}"));
    buffer_put_char(&line, '\0');
    OK(parse_header(line.at, &arena, &h, &err));
    assert_int_equal(h.n_hosts, RECORDING_HOSTS_MAX);
    assert_int_equal(h.hosts_cut, 1500 - RECORDING_HOSTS_MAX);
    assert_text(h.hosts[1023], "n1023");
    buffer_done(&line);
    arena_done(&arena);
}

static void marks_are_read(void **state) {
    (void)state;
    struct arena arena = {0};
    int64_t when = 0;
    static const char good[] = "{\"schema\":1, \"t\":" TIME ", \"mark\":\"tab\\there\"}";
    assert_text(line_parse_mark(parser, good, sizeof good - 1, &arena, &when), "tab\there");
    assert_int_equal(when, T0);
    static const char *const bad[] = {"{\"schema\":1,\"mark\":\"x\"}", "{\"t\":" TIME "}", "rubbish",
        "{\"t\":3,\"mark\":\"x\"}", "{\"t\":" TIME ",\"mark\":3}", "[]", ""};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_null(line_parse_mark(parser, bad[i], strlen(bad[i]), &arena, &when).at);
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_lines),
        cmocka_unit_test(lines_as_the_program_writes_them),
        cmocka_unit_test(other_orders_of_keys),
        cmocka_unit_test(sorted_keys),
        cmocka_unit_test(marks_by_hand),
        cmocka_unit_test(blank_lines),
        cmocka_unit_test(no_lines_of_a_recording),
        cmocka_unit_test(cut_lines),
        cmocka_unit_test(labels_at_their_limits),
        cmocka_unit_test(another_schema),
        cmocka_unit_test(a_schema_above_64_bits),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(a_header_goes_there_and_back),
        cmocka_unit_test(headers_of_wrong_types),
        cmocka_unit_test(headers_that_are_none),
        cmocka_unit_test(hosts_said_twice),
        cmocka_unit_test(more_hosts_than_fit),
        cmocka_unit_test(marks_are_read),
    };
    return cmocka_run_group_tests_name("line", tests, make_parser, drop_parser);
}
