/* tests/unit/base/test_clock.c: moments as text, there and back. */
#include "test.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

static const char *utc(int64_t wall_ns) {
    static char out[CLOCK_UTC_LEN + 1];
    clock_format_utc(wall_ns, out);
    return out;
}

static int64_t parsed(const char *text) {
    int64_t ns = -1;
    if (!clock_parse(text_of(text), &ns))
        fail_msg("'%s' was refused", text);
    return ns;
}

static void clocks_run(void **state) {
    (void)state;
    int64_t wall = clock_wall_ns(), mono = clock_mono_ns();
    assert_true(wall > INT64_C(1700000000) * NS_PER_SECOND);
    assert_true(clock_mono_ns() >= mono);
}

static void days_of_the_calendar(void **state) {
    (void)state;
    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(1969, 12, 31), -1);
    assert_int_equal(clock_days(2000, 2, 29), 11016);
    assert_int_equal(clock_days(2000, 3, 1), 11017);
    assert_int_equal(clock_days(2100, 3, 1) - clock_days(2100, 2, 28), 1);
    assert_int_equal(clock_days(2026, 11, 20), 20777);
    assert_int_equal(clock_days(1, 1, 1), -719162);
}

static void utc_is_cut_to_milliseconds(void **state) {
    (void)state;
    assert_string_equal(utc(0), "1970-01-01T00:00:00.000Z");
    assert_string_equal(utc(999999), "1970-01-01T00:00:00.000Z");
    assert_string_equal(utc(1999999), "1970-01-01T00:00:00.001Z");
    assert_string_equal(utc(-1), "1969-12-31T23:59:59.999Z");
    assert_string_equal(utc(INT64_C(1776513600) * NS_PER_SECOND), "2026-04-18T12:00:00.000Z");
    assert_string_equal(utc(INT64_C(951827696) * NS_PER_SECOND), "2000-02-29T12:34:56.000Z");
    assert_string_equal(utc(INT64_MAX), "2262-04-11T23:47:16.854Z");
    assert_string_equal(utc(INT64_MIN), "1677-09-21T00:12:43.145Z");
}

static void utc_agrees_with_the_c_library(void **state) {
    (void)state;
    uint64_t random = 88172645463325252U;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        time_t seconds = (time_t)((int64_t)random / NS_PER_SECOND);
        struct tm tm;
        char expected[64];
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &tm), CLOCK_UTC_LEN);
        assert_string_equal(utc((int64_t)seconds * NS_PER_SECOND), expected);
        assert_true(parsed(expected) == (int64_t)seconds * NS_PER_SECOND);
    }
}

static void every_form_of_rfc_3339(void **state) {
    (void)state;
    int64_t noon = INT64_C(1776513600) * NS_PER_SECOND;
    assert_true(parsed("2026-04-18T12:00:00Z") == noon);
    assert_true(parsed("2026-04-18t12:00:00z") == noon);
    assert_true(parsed("2026-04-18 12:00:00Z") == noon);
    assert_true(parsed("2026-04-18T12:00:00.5Z") == noon + NS_PER_SECOND / 2);
    assert_true(parsed("2026-04-18T12:00:00.123456789Z") == noon + 123456789);
    assert_true(parsed("2026-04-18T12:00:00.1234567899999999999999999999Z") == noon + 123456789);
    assert_true(parsed("2026-04-18T14:00:00+02:00") == noon);
    assert_true(parsed("2026-04-18T14:00:00+0200") == noon);
    assert_true(parsed("2026-04-18T06:30:00.000-05:30") == noon);
    assert_true(parsed("2026-04-18T12:00:00-00:00") == noon);
    assert_true(parsed("2026-04-19T11:59:00+23:59") == noon);
    assert_true(parsed("2026-12-31T23:59:60Z") == parsed("2027-01-01T00:00:00Z")); /* a leap second */
    assert_true(parsed("1969-12-31T23:59:59.75Z") == -NS_PER_SECOND / 4);
}

static void leap_days(void **state) {
    (void)state;
    int64_t ns = 0;
    assert_true(clock_parse(TEXT("2024-02-29T00:00:00Z"), &ns));
    assert_true(clock_parse(TEXT("2000-02-29T00:00:00Z"), &ns));
    assert_false(clock_parse(TEXT("2023-02-29T00:00:00Z"), &ns));
    assert_false(clock_parse(TEXT("2100-02-29T00:00:00Z"), &ns));
    assert_false(clock_parse(TEXT("2024-02-30T00:00:00Z"), &ns));
}

static void what_is_no_moment_is_refused(void **state) {
    (void)state;
    static const struct text bad[] = {TEXT(""), TEXT("Z"), TEXT("2026"), TEXT("2026-04-18"), TEXT("2026-04-18T12:00Z"),
        TEXT("2026-04-18T12:00:00"), TEXT("2026-04-18T12:00:00 "), TEXT("2026-04-18T12:00:00Z "),
        TEXT(" 2026-04-18T12:00:00Z"), TEXT("2026-04-18T12:00:00Z\0"),
        TEXT("2026-04-18\0"
             "12:00:00Z"),
        TEXT("2026-04-18T12:00:00.Z"), TEXT("2026-04-18T12:00:00,5Z"), TEXT("2026-00-18T12:00:00Z"),
        TEXT("2026-13-18T12:00:00Z"), TEXT("2026-04-00T12:00:00Z"), TEXT("2026-04-31T12:00:00Z"),
        TEXT("2026-04-18T24:00:00Z"), TEXT("2026-04-18T12:60:00Z"), TEXT("2026-04-18T12:00:61Z"),
        TEXT("2026-04-18T12:00:00+24:00"), TEXT("2026-04-18T12:00:00+02:60"), TEXT("2026-04-18T12:00:00+2:00"),
        TEXT("2026-04-18T12:00:00+02"), TEXT("2026-04-18T12:00:00+02:00Z"), TEXT("2026-4-18T12:00:00Z"),
        TEXT("26-04-18T12:00:00Z"), TEXT("12026-04-18T12:00:00Z"), TEXT("-026-04-18T12:00:00Z"),
        TEXT("2026-04-18T-1:00:00Z"), TEXT("2026/04/18T12:00:00Z"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 42;
        if (clock_parse(bad[i], &ns))
            fail_msg("'%.*s' was taken", TEXT_ARG(bad[i]));
        assert_int_equal(ns, 42);
    }
}

static void moments_that_do_not_fit_are_refused(void **state) {
    (void)state;
    int64_t ns = 42;
    assert_true(parsed("2262-04-11T23:47:16.854775807Z") == INT64_MAX);
    assert_false(clock_parse(TEXT("2262-04-11T23:47:16.854775808Z"), &ns));
    assert_false(clock_parse(TEXT("2262-04-11T23:47:17Z"), &ns));
    assert_false(clock_parse(TEXT("9999-12-31T23:59:59.999Z"), &ns));
    assert_false(clock_parse(TEXT("0000-01-01T00:00:00Z"), &ns));
    assert_false(clock_parse(TEXT("1677-09-21T00:12:43.145224191Z"), &ns));
    assert_int_equal(ns, 42);
    assert_true(parsed("1677-09-21T00:12:43.145224192Z") == INT64_MIN);
    assert_true(parsed("1677-09-21T00:12:44Z") == INT64_C(-9223372036) * NS_PER_SECOND);
}

static void local_time_follows_the_zone(void **state) {
    (void)state;
    char out[CLOCK_LOCAL_LEN + 1] = {0};
    assert_int_equal(setenv("TZ", "XYZ-2", 1), 0);
    tzset();
    clock_format_local(INT64_C(1776513600) * NS_PER_SECOND + 999, out);
    assert_string_equal(out, "2026-04-18 14:00:00");
    clock_format_local(-1, out);
    assert_string_equal(out, "1970-01-01 01:59:59");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    clock_format_local(INT64_MAX, out);
    assert_string_equal(out, "2262-04-11 23:47:16");
    clock_format_local(INT64_MIN, out);
    assert_string_equal(out, "1677-09-21 00:12:43");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_run),
        cmocka_unit_test(days_of_the_calendar),
        cmocka_unit_test(utc_is_cut_to_milliseconds),
        cmocka_unit_test(utc_agrees_with_the_c_library),
        cmocka_unit_test(every_form_of_rfc_3339),
        cmocka_unit_test(leap_days),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(moments_that_do_not_fit_are_refused),
        cmocka_unit_test(local_time_follows_the_zone),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
