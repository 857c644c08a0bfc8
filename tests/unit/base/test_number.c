/* tests/unit/base/test_number.c: numbers as text are the shortest that read back, and are read exactly. */
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

static const char *written(double value) {
    static char out[NUMBER_TEXT_MAX + 1];
    size_t n = number_write_f64(out, value);
    assert_true(n > 0 && n <= NUMBER_TEXT_MAX);
    out[n] = '\0';
    return out;
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Digits that count: without sign, point, exponent and zeros at either end. */
static int significant_digits(const char *text) {
    int digits = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && digits == 0))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        digits++;
    }
    return digits - zeros;
}

static void floats_always_look_like_floats(void **state) {
    (void)state;
    assert_string_equal(written(0), "0.0");
    assert_string_equal(written(-0.0), "-0.0");
    assert_string_equal(written(1), "1.0");
    assert_string_equal(written(-1), "-1.0");
    assert_string_equal(written(97.5), "97.5");
    assert_string_equal(written(0.01), "0.01");
    assert_string_equal(written(-0.07), "-0.07");
    assert_string_equal(written(99.99), "99.99");
    assert_string_equal(written(123456789.25), "123456789.25");
    assert_string_equal(written(0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(written(0.001), "0.001");
    assert_string_equal(written(1.0 / 3), "0.3333333333333333");
    assert_string_equal(written(1e300), "1e+300");
    assert_string_equal(written(-DBL_MAX), "-1.7976931348623157e+308");
    assert_string_equal(written(DBL_MIN), "2.2250738585072014e-308");
    assert_string_equal(written(5e-324), "5e-324");
    assert_string_equal(written(-5e-324), "-5e-324");
}

static void around_the_edge_of_the_fast_path(void **state) {
    (void)state;
    static const double edges[] = {9999999999.99, 1e10, 10000000000.01, 9999999999.999, 0.005, 0.015, 0.994999999,
        1.005, 1e-3, 0.0049999, 4503599627370496.5, 9007199254740993.0, 18014398509481984.0, 1e21, 1e22,
        123456789012345680000.0};
    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int step = -2; step <= 2; step++) {
                double value = sign * edges[i];
                for (int n = step; n != 0; n += n < 0 ? 1 : -1)
                    value = nextafter(value, n < 0 ? -INFINITY : INFINITY);
                if (!same_bits(strtod(written(value), NULL), value))
                    fail_msg("%a is written as %s", value, written(value));
            }
        }
    }
}

static void every_hundredth_is_short(void **state) {
    (void)state;
    for (int i = -200000; i <= 200000; i++) {
        char expected[32];
        double value = (double)i / 100.0;
        (void)snprintf(expected, sizeof expected, i % 10 == 0 ? "%.1f" : "%.2f", value);
        if (i == 0)
            continue;
        assert_string_equal(written(value), expected);
    }
}

static void random_doubles_read_back_and_are_shortest(void **state) {
    (void)state;
    uint64_t random = 88172645463325252U;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 3 == 0) /* of everyday size */
            value = (double)(int64_t)bits * 0x1p-40;
        if (!isfinite(value))
            continue;
        const char *text = written(value);
        double back = 0;
        if (!same_bits(strtod(text, NULL), value))
            fail_msg("%a is written as %s", value, text);
        assert_true(text_f64(text_of(text), &back));
        assert_true(same_bits(back, value));
        assert_true(strpbrk(text, ".e") != NULL);
        /* From 2^53 on a whole number may come with all its digits where that is shorter than an exponent. */
        if (fabs(value) >= 0x1p53 && !strchr(text, 'e'))
            continue;
        char shorter[40];
        int digits = significant_digits(text);
        (void)snprintf(shorter, sizeof shorter, "%.*e", digits > 1 ? digits - 2 : 0, value);
        if (digits > 1 && same_bits(strtod(shorter, NULL), value))
            fail_msg("%s would do for %s", shorter, text);
    }
}

static void whole_numbers(void **state) {
    (void)state;
    char out[NUMBER_TEXT_MAX];
    struct text t = {out, 0};
    t.len = number_write_u64(out, UINT64_MAX);
    assert_text(t, "18446744073709551615");
    t.len = number_write_u64(out, 0);
    assert_text(t, "0");
    t.len = number_write_i64(out, INT64_MIN);
    assert_text(t, "-9223372036854775808");
    t.len = number_write_i64(out, INT64_MAX);
    assert_text(t, "9223372036854775807");
    t.len = number_write_i64(out, -1);
    assert_text(t, "-1");
}

static void reading(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0}, {"12", 12}, {"-0.5", -0.5}, {"1e3", 1000}, {"1E3", 1000}, {"1e-3", 0.001}, {"1e+3", 1000},
        {"0.1", 0.1}, {"0.30000000000000004", 0.1 + 0.2}, {"007", 7}, {"1.7976931348623157e308", DBL_MAX},
        {"5e-324", 5e-324}, {"123456789012345678901234567890", 123456789012345678901234567890.0}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        double value = -7;
        if (!text_f64(text_of(good[i].text), &value) || !same_bits(value, good[i].value))
            fail_msg("%s", good[i].text);
    }
    static const struct text bad[] = {TEXT(""), TEXT("-"), TEXT("."), TEXT("e3"), TEXT("1e"), TEXT("+1"), TEXT(" 1"),
        TEXT("1 "), TEXT("1\0"), TEXT("1,5"), TEXT("0x10"), TEXT("0x1p3"), TEXT("inf"), TEXT("-inf"), TEXT("nan"),
        TEXT("-nan"), TEXT("infinity"), TEXT("1e400"), TEXT("-1e400"), TEXT("1.2.3"), TEXT("--1"), TEXT("1f"),
        {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        double value = 42;
        if (text_f64(bad[i], &value))
            fail_msg("'%.*s' was taken", TEXT_ARG(bad[i]));
        assert_true(value == 42);
    }
}

static void the_locale_has_no_say(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (setlocale(LC_ALL, names[i]))
            break;
    double value = 0;
    assert_string_equal(written(1.5), "1.5");
    assert_string_equal(written(0.1 + 0.2), "0.30000000000000004");
    assert_true(text_f64(TEXT("1.5"), &value) && value == 1.5);
    assert_false(text_f64(TEXT("1,5"), &value));
    assert_non_null(setlocale(LC_ALL, "C"));
}

static void rounding(void **state) {
    (void)state;
    assert_true(number_round(1.005, 2) == 1.0 || number_round(1.005, 2) == 1.01);
    assert_string_equal(written(number_round(33.333333, 2)), "33.33");
    assert_string_equal(written(number_round(-66.666, 1)), "-66.7");
    assert_true(number_round(2.5, 0) == 3.0);
    assert_true(number_round(-2.5, 0) == -3.0);
    assert_true(number_round(0.1234567, 6) == 0.123457);
    assert_true(number_round(0.1234567, 99) == 0.123457);
    assert_true(number_round(1e300, 2) == 1e300);
    assert_true(isnan(number_round(NAN, 2)));
    assert_true(isinf(number_round(INFINITY, 2)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_always_look_like_floats),
        cmocka_unit_test(around_the_edge_of_the_fast_path),
        cmocka_unit_test(every_hundredth_is_short),
        cmocka_unit_test(random_doubles_read_back_and_are_shortest),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(reading),
        cmocka_unit_test(the_locale_has_no_say),
        cmocka_unit_test(rounding),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
