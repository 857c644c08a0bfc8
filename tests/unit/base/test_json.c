/* tests/unit/base/test_json.c: JSON is read strictly and written so that it reads back. */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"

static struct json_parser *parser;
static struct error err;

static int set_up(void **state) {
    (void)state;
    return json_parser_create(&parser, &err);
}

static int tear_down(void **state) {
    (void)state;
    json_parser_destroy(parser);
    json_parser_destroy(NULL);
    return 0;
}

static struct json_value parsed(struct text t) {
    struct json_value v = {NULL, 0};
    assert_ok(json_parse(parser, t.at, t.len, false, &v, &err), err);
    return v;
}

static void types(void **state) {
    (void)state;
    static const struct {
        struct text text;
        enum json_type type;
    } cases[] = {{TEXT("null"), JSON_NULL}, {TEXT("true"), JSON_BOOL}, {TEXT(" false\n"), JSON_BOOL},
        {TEXT("0"), JSON_INTEGER}, {TEXT("-9223372036854775808"), JSON_INTEGER},
        {TEXT("18446744073709551615"), JSON_INTEGER}, {TEXT("1.0"), JSON_FLOAT}, {TEXT("1e3"), JSON_FLOAT},
        {TEXT("-0.0"), JSON_FLOAT}, {TEXT("\"\""), JSON_TEXT}, {TEXT("[]"), JSON_ARRAY}, {TEXT("{}"), JSON_OBJECT}};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (json_type(parsed(cases[i].text)) != cases[i].type)
            fail_msg("%.*s", TEXT_ARG(cases[i].text));
}

static void values_come_in_their_own_type_only(void **state) {
    (void)state;
    bool truth = false;
    uint64_t u = 1;
    int64_t i = 1;
    double d = 1;
    struct text t = TEXT("was");
    assert_true(json_bool(parsed(TEXT("true")), &truth) && truth);
    assert_false(json_bool(parsed(TEXT("1")), &truth));
    assert_true(json_u64(parsed(TEXT("18446744073709551615")), &u));
    assert_true(u == UINT64_MAX);
    assert_false(json_i64(parsed(TEXT("18446744073709551615")), &i));
    assert_false(json_u64(parsed(TEXT("-1")), &u));
    assert_true(u == UINT64_MAX);
    assert_true(json_i64(parsed(TEXT("-9223372036854775808")), &i));
    assert_true(i == INT64_MIN);
    assert_false(json_u64(parsed(TEXT("45.0")), &u));
    assert_false(json_i64(parsed(TEXT("1e2")), &i));
    assert_false(json_u64(parsed(TEXT("\"5\"")), &u));
    assert_true(json_f64(parsed(TEXT("45")), &d));
    assert_true(d == 45.0);
    assert_true(json_f64(parsed(TEXT("-0.0")), &d));
    assert_true(d == 0.0 && signbit(d));
    assert_true(json_f64(parsed(TEXT("0.1")), &d));
    assert_true(d == 0.1);
    assert_false(json_f64(parsed(TEXT("null")), &d));
    assert_false(json_text(parsed(TEXT("null")), &t));
    assert_text(t, "was");
    assert_true(json_text(parsed(TEXT("\"na\\u00efve \\ud83d\\udd25\\n\\u0000.\"")), &t));
    assert_true(text_equal(t, TEXT("na\xC3\xAFve \xF0\x9F\x94\xA5\n\0.")));
}

static void walks(void **state) {
    (void)state;
    struct json_walk walk;
    struct json_value v, inner;
    struct text key;
    uint64_t n = 0;
    v = parsed(TEXT("{\"a\":1,\"b\":[10,[11,12],{\"x\":13},14],\"\":{},\"a\":2,\"\\u0062\":3}"));
    static const char *const keys[] = {"a", "b", "", "a", "b"};
    assert_true(json_object_begin(v, &walk));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_true(json_object_next(&walk, &key, &inner));
        assert_text(key, keys[i]);
    }
    assert_false(json_object_next(&walk, &key, &inner));
    assert_false(json_object_next(&walk, &key, &inner));
    assert_true(json_get(v, "a", &inner)); /* the first of that name */
    assert_true(json_u64(inner, &n) && n == 1);
    assert_false(json_get(v, "c", &inner));
    assert_true(json_get(v, "b", &inner));
    assert_false(json_get(inner, "x", &v)); /* no object */
    assert_false(json_object_begin(inner, &walk));
    assert_true(json_array_begin(inner, &walk));
    static const enum json_type kinds[] = {JSON_INTEGER, JSON_ARRAY, JSON_OBJECT, JSON_INTEGER};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        assert_true(json_array_next(&walk, &v));
        assert_int_equal(json_type(v), kinds[i]);
    }
    assert_false(json_array_next(&walk, &v));
    assert_true(json_array_begin(parsed(TEXT("[]")), &walk));
    assert_false(json_array_next(&walk, &v));
    assert_true(json_object_begin(parsed(TEXT("{}")), &walk));
    assert_false(json_object_next(&walk, &key, &v));
    assert_false(json_array_begin(parsed(TEXT("{}")), &walk));
    assert_false(json_object_begin(parsed(TEXT("7")), &walk));
}

static void what_is_not_json_is_refused(void **state) {
    (void)state;
    static const struct text bad[] = {TEXT(""), TEXT(" "), TEXT("{"), TEXT("}"), TEXT("[1,]"), TEXT("{\"a\":1,}"),
        TEXT("{a:1}"), TEXT("{'a':1}"), TEXT("[1 2]"), TEXT("{}{}"), TEXT("{} x"), TEXT("nul"), TEXT("NaN"),
        TEXT("Infinity"), TEXT("01"), TEXT("+1"), TEXT("1."), TEXT(".5"), TEXT("-"), TEXT("1e"), TEXT("0x1"),
        TEXT("\"\n\""), TEXT("\"\x01\""), TEXT("\"\\x41\""), TEXT("\"\\ud800\""), TEXT("\"\\udc00x\""), TEXT("\"a"),
        TEXT("\"\xFF\""), TEXT("\"\xC0\x80\""), TEXT("\"\xED\xA0\x80\""), TEXT("[1]\0"), TEXT("// c\n1"), TEXT("1e400"),
        TEXT("18446744073709551616"), TEXT("-9223372036854775809"), TEXT("tru"), TEXT("{\"a\" 1}"), TEXT("[\"a\":1]")};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct json_value v = {NULL, 7};
        if (json_parse(parser, bad[i].at, bad[i].len, false, &v, &err) != -ERR_FORMAT)
            fail_msg("bad text %zu '%.*s' was taken", i, TEXT_ARG(bad[i]));
        assert_int_equal(v.at, 7);
        assert_memory_equal(err.text, "not JSON: ", 10);
    }
    (void)parsed(TEXT("[1]")); /* the parser goes on working */
}

static void depth_is_bounded(void **state) {
    (void)state;
    struct buffer b = {0};
    struct json_value v;
    for (int i = 0; i < 1000; i++)
        buffer_put_char(&b, '[');
    for (int i = 0; i < 1000; i++)
        buffer_put_char(&b, ']');
    assert_ok(json_parse(parser, b.at, b.len, false, &v, &err), err);
    buffer_clear(&b);
    for (int i = 0; i < 100000; i++)
        buffer_put_char(&b, '[');
    for (int i = 0; i < 100000; i++)
        buffer_put_char(&b, ']');
    assert_int_equal(json_parse(parser, b.at, b.len, false, &v, &err), -ERR_FORMAT);
    buffer_done(&b);
}

static void padded_text_is_not_copied_and_may_go(void **state) {
    (void)state;
    static const char line[] = "{\"k\":\"value\",\"n\":[1,2]}";
    struct json_value v, member;
    struct text t;
    struct buffer room = {0};
    buffer_put(&room, line, sizeof line - 1);
    for (int i = 0; i < JSON_PADDING; i++) /* whatever the padding holds */
        buffer_put_char(&room, '"');
    assert_ok(json_parse(parser, room.at, sizeof line - 1, true, &v, &err), err);
    buffer_done(&room);
    assert_true(json_get(v, "k", &member));
    assert_true(json_text(member, &t));
    assert_text(t, "value");

    /* Without padding not one byte behind the text is touched. */
    char *exact = malloc(sizeof line - 1);
    assert_non_null(exact);
    memcpy(exact, line, sizeof line - 1);
    assert_ok(json_parse(parser, exact, sizeof line - 1, false, &v, &err), err);
    free(exact);
    assert_true(json_get(v, "n", &member));
}

static void strings_are_escaped(void **state) {
    (void)state;
    static const struct {
        struct text text;
        const char *written;
    } cases[] = {{TEXT(""), "\"\""}, {{NULL, 0}, "\"\""}, {TEXT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {TEXT("\n\t\r\b\f\0\x1F\x7F"), "\"\\n\\t\\r\\b\\f\\u0000\\u001f\\u007f\""},
        {TEXT("na\xC3\xAFve \xF0\x9F\x94\xA5"), "\"na\xC3\xAFve \xF0\x9F\x94\xA5\""},
        {TEXT("\xFF\xC3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {TEXT("\xED\xA0\x80z"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\""},
        {TEXT("12345678\"12345678\\1234567\n"), "\"12345678\\\"12345678\\\\1234567\\n\""},
        {TEXT("12345678\xE2\x82"), "\"12345678\xEF\xBF\xBD\xEF\xBF\xBD\""}, {TEXT("1234567\x7F"), "\"1234567\\u007f\""},
        {TEXT("\x7F\xC2\x9B"
              "31m\xC2\xA0"),
            "\"\\u007f\\u009b31m\xC2\xA0\""},
        {TEXT("a\xE2\x80\xAE"
              "b\xE2\x81\xA6\xE2\x80\x8F\xD8\x9C\xE2\x80\xA6"),
            "\"a\\u202eb\\u2066\\u200f\\u061c\xE2\x80\xA6\""}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer b = {0};
        json_put_text(&b, cases[i].text);
        struct text written = {b.at, b.len};
        assert_text(written, cases[i].written);
        buffer_done(&b);
    }
}

/* Every byte at every place of a word-wise scan, and random text, come back as they were. */
static void strings_read_back(void **state) {
    (void)state;
    struct buffer b = {0};
    struct text back;
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            memset(text, 'x', sizeof text);
            text[at] = (char)byte;
            buffer_clear(&b);
            json_put_text(&b, (struct text){text, sizeof text});
            assert_true(json_text(parsed((struct text){b.at, b.len}), &back));
            assert_true(text_equal(back, (struct text){text, sizeof text}));
        }
    }
    uint64_t random = 88172645463325252U;
    for (int round = 0; round < 20000; round++) {
        char text[40];
        size_t n = 0;
        while (n < sizeof text) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            static const char often[] = "ab\"\\\n\xC3\xA4";
            text[n++] = random % 4 == 0 ? (char)(random >> 8) : often[random % 7];
        }
        buffer_clear(&b);
        json_put_text(&b, (struct text){text, n});
        assert_true(json_text(parsed((struct text){b.at, b.len}), &back));
        if (text_is_utf8((struct text){text, n}))
            assert_true(text_equal(back, (struct text){text, n}));
        else
            assert_true(text_is_utf8(back));
    }
    buffer_done(&b);
}

static void numbers_are_written_as_json(void **state) {
    (void)state;
    struct buffer b = {0};
    json_put_f64(&b, 97);
    buffer_put_char(&b, ' ');
    json_put_f64(&b, NAN);
    buffer_put_char(&b, ' ');
    json_put_f64(&b, -INFINITY);
    buffer_put_char(&b, ' ');
    json_put_u64(&b, UINT64_MAX);
    buffer_put_char(&b, ' ');
    json_put_i64(&b, INT64_MIN);
    struct text written = {b.at, b.len};
    assert_text(written, "97.0 null null 18446744073709551615 -9223372036854775808");
    buffer_done(&b);
}

static void writing_past_the_limit_fails(void **state) {
    (void)state;
    struct buffer b = {.limit = 40};
    json_put_u64(&b, 1);
    json_put_text(&b, TEXT("0123456789012345678901234567890123456789"));
    json_put_f64(&b, 1.5);
    assert_true(b.failed);
    assert_true(b.len <= 40);
    buffer_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(values_come_in_their_own_type_only),
        cmocka_unit_test(walks),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(padded_text_is_not_copied_and_may_go),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(strings_read_back),
        cmocka_unit_test(numbers_are_written_as_json),
        cmocka_unit_test(writing_past_the_limit_fails),
    };
    return cmocka_run_group_tests_name("json", tests, set_up, tear_down);
}
