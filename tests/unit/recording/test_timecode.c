/* tests/unit/recording/test_timecode.c: moments as people type them, in a time zone with summer time. */
#include "helper.h"

#include <stdlib.h>
#include <time.h>

#include "recording/timecode.h"

static int use_zone(void **state) {
    (void)state;
    /* Central Europe, spelled out: no zone files are needed. */
    (void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return 0;
}

static int64_t moment(const char *rfc3339) {
    int64_t ns = 0;
    assert_true(clock_parse(text_of(rfc3339), &ns));
    return ns;
}

/* A recording from 14:00 to 16:30 local time (12:00 to 14:30 UTC), with `here` at 15:00. */
static void reads(const char *typed, const char *want) {
    int64_t got = 0;
    OK(timecode_parse(text_of(typed), T0, T0 + 9000 * NS_PER_SECOND, T0 + 3600 * NS_PER_SECOND, &got, &err));
    if (got != moment(want))
        fail_msg("'%s' is %lld, not %s", typed, (long long)got, want);
}

static void refuses(const char *typed) {
    int64_t got = 77;
    struct error err = {0};
    int r = timecode_parse(text_of(typed), T0, T0 + 9000 * NS_PER_SECOND, T0, &got, &err);
    if (r != -ERR_USAGE)
        fail_msg("'%s' is taken", typed);
    assert_int_equal(got, 77);
    assert_non_null(strstr(err.text, TIMECODE_TAKES));
}

static void from_the_start(void **state) {
    (void)state;
    reads("0", "2026-04-18T12:00:00Z");
    reads("90", "2026-04-18T12:01:30Z");
    reads("90.5", "2026-04-18T12:01:30.5Z");
    reads("02:03", "2026-04-18T12:02:03Z");
    reads("2:03", "2026-04-18T12:02:03Z");
    reads("120:00", "2026-04-18T14:00:00Z");
    reads("01:02:03", "2026-04-18T13:02:03Z");
    reads("01:02:03.25", "2026-04-18T13:02:03.25Z");
    reads(" 90 ", "2026-04-18T12:01:30Z");
    reads("30:00:00", "2026-04-19T18:00:00Z"); /* outside */
}

static void from_here(void **state) {
    (void)state;
    reads("+5m", "2026-04-18T13:05:00Z");
    reads("-30s", "2026-04-18T12:59:30Z");
    reads("+90", "2026-04-18T13:01:30Z");
    reads("-1h", "2026-04-18T12:00:00Z");
    reads("-2d", "2026-04-16T13:00:00Z");
    reads("+200ms", "2026-04-18T13:00:00.2Z");
}

static void on_the_wall_clock(void **state) {
    (void)state;
    reads("@14:32", "2026-04-18T12:32:00Z");
    reads("@14:32:07", "2026-04-18T12:32:07Z");
    reads("@14:32:07.5", "2026-04-18T12:32:07.5Z");
    reads("@ 14:32", "2026-04-18T12:32:00Z");
    reads("@14:00", "2026-04-18T12:00:00Z");
    /* Before the start, and the recording does not reach the next day: the same day. */
    reads("@13:59", "2026-04-18T11:59:00Z");
    reads("@00:00", "2026-04-17T22:00:00Z");
    reads("@23:59:59", "2026-04-18T21:59:59Z");
    reads("@2026-04-18 14:32:07", "2026-04-18T12:32:07Z");
    reads("@2026-04-18T14:32", "2026-04-18T12:32:00Z");
    reads("@2026-04-18", "2026-04-17T22:00:00Z");
    reads("@2026-04-18T12:00:00Z", "2026-04-18T12:00:00Z");
    reads("@2026-04-18T12:00:00-05:00", "2026-04-18T17:00:00Z");
    reads("2026-04-18T12:00:00Z", "2026-04-18T12:00:00Z");
    /* Winter. */
    reads("@2026-01-18 14:32:07", "2026-01-18T13:32:07Z");
}

static int64_t read_within(const char *typed, const char *first, const char *last) {
    int64_t got = 0;
    OK(timecode_parse(text_of(typed), moment(first), moment(last), moment(first), &got, &err));
    return got;
}

static void over_midnight(void **state) {
    (void)state;
    static const char first[] = "2026-04-18T20:00:00Z", last[] = "2026-04-19T06:00:00Z"; /* 22:00 to 08:00 */
    assert_int_equal(read_within("@23:00", first, last), moment("2026-04-18T21:00:00Z"));
    assert_int_equal(read_within("@01:00", first, last), moment("2026-04-18T23:00:00Z"));
    assert_int_equal(read_within("@08:00", first, last), moment("2026-04-19T06:00:00Z"));
    assert_int_equal(read_within("@09:00", first, last), moment("2026-04-18T07:00:00Z"));
}

static void over_a_change_of_the_clock(void **state) {
    (void)state;
    /* On 2026-03-29 02:00 became 03:00, on 2026-10-25 03:00 became 02:00. */
    static const char spring[] = "2026-03-28T20:00:00Z", spring_end[] = "2026-03-29T20:00:00Z";
    assert_int_equal(read_within("@01:30", spring, spring_end), moment("2026-03-29T00:30:00Z"));
    assert_int_equal(read_within("@03:30", spring, spring_end), moment("2026-03-29T01:30:00Z"));
    assert_int_equal(read_within("@12:00", spring, spring_end), moment("2026-03-29T10:00:00Z"));
    static const char autumn[] = "2026-10-24T20:00:00Z", autumn_end[] = "2026-10-25T20:00:00Z";
    assert_int_equal(read_within("@12:00", autumn, autumn_end), moment("2026-10-25T11:00:00Z"));
    int64_t twice = read_within("@02:30", autumn, autumn_end);
    assert_true(twice == moment("2026-10-25T00:30:00Z") || twice == moment("2026-10-25T01:30:00Z"));
    int64_t never = read_within("@02:30", spring, spring_end);
    assert_true(never >= moment("2026-03-29T00:30:00Z") && never <= moment("2026-03-29T01:30:00Z"));
}

static void rubbish(void **state) {
    (void)state;
    static const char *const typed[] = {"", " ", "@", "+", "-", "x", "1:2:3:4", "1:60", "1:2", ":30", "30:", "01::02",
        "1h2", "+x", "-", "--5", "+-5", "+5m3", "@25:00", "@24:00", "@14", "@14:60", "@14:5", "@99", "@x", "@+5m",
        "@-5", "@2026-13-01 00:00", "@2026-00-01 00:00", "@2026-02-30 10:00", "@2026-04-31", "@2026-04-18T",
        "@2026-04-18 ", "@2026-04-18x14:00", "@2026-04-18 25:00", "@2026-04-18 14", "@2026-4-18 14:00",
        "@26-04-18 14:00", "@1969-01-01 00:00", "nan", "inf", "0x10", "1e400", "-0x1", "90 s", "\x1b[31m", "@\xff\xfe",
        "12:00 Z", "1,5"};
    for (size_t i = 0; i < COUNT_OF(typed); i++)
        if (strcmp(typed[i], "@2026-04-18 ") != 0) /* blanks at the end are no matter */
            refuses(typed[i]);
}

/* Far moments are refused or end at the ends of time; none goes round. */
static void far_away(void **state) {
    (void)state;
    static const char *const typed[] = {"999999999:00:00", "1000000000", "@9999-12-31 23:59:59", "@2500-01-01",
        "+36500d", "-36500d", "+100000d", "999999999:59:59.999", "@23:59:59", "@00:00"};
    static const int64_t firsts[] = {INT64_MIN, INT64_MIN + 1, 0, T0, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(typed); i++)
        for (size_t f = 0; f < COUNT_OF(firsts); f++)
            for (size_t h = 0; h < COUNT_OF(firsts); h++) {
                struct error err = {0};
                int64_t got = 0;
                int r = timecode_parse(text_of(typed[i]), firsts[f], firsts[f], firsts[h], &got, &err);
                assert_true(r == 0 || r == -ERR_USAGE);
                if (r == 0 && typed[i][0] == '+')
                    assert_true(got >= firsts[h]);
                if (r == 0 && typed[i][0] == '-')
                    assert_true(got <= firsts[h]);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_start),
        cmocka_unit_test(from_here),
        cmocka_unit_test(on_the_wall_clock),
        cmocka_unit_test(over_midnight),
        cmocka_unit_test(over_a_change_of_the_clock),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(far_away),
    };
    return cmocka_run_group_tests_name("timecode", tests, use_zone, NULL);
}
