/* tests/unit/base/test_text.c: texts with a length: cutting, whole numbers, UTF-8, and what a terminal may see. */
#include "test.h"

#include <stdlib.h>

static const struct text nothing = {NULL, 0};

static void comparing(void **state) {
    (void)state;
    assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_equal(TEXT("ab"), TEXT("abc")));
    assert_true(text_equal(nothing, TEXT("")));
    assert_true(text_is(nothing, ""));
    assert_true(text_is(text_of(NULL), NULL));
    assert_true(text_starts(TEXT("gpu.temp"), "gpu."));
    assert_true(text_starts(TEXT("gpu"), ""));
    assert_false(text_starts(TEXT("gp"), "gpu"));
    assert_true(text_ends(TEXT("a.zst"), ".zst"));
    assert_true(text_ends(TEXT(".zst"), ".zst"));
    assert_false(text_ends(TEXT("zst"), ".zst"));
}

/* Every length around the eight bytes that are compared at a time, with one bit elsewhere anywhere or nowhere. */
static void one_bit_makes_another_text(void **state) {
    (void)state;
    for (size_t len = 1; len <= 40; len++) {
        char *a = malloc(len), *b = malloc(len); /* of that very size, so that a sanitizer sees a byte too many */
        assert_true(a && b);
        for (size_t i = 0; i < len; i++)
            a[i] = b[i] = (char)('a' + i % 7);
        assert_true(text_equal((struct text){a, len}, (struct text){b, len}));
        assert_false(text_equal((struct text){a, len}, (struct text){b, len - 1}));
        for (size_t i = 0; i < len; i++) {
            b[i] ^= (char)(1 << i % 7);
            if (text_equal((struct text){a, len}, (struct text){b, len}))
                fail_msg("byte %zu of %zu", i, len);
            b[i] = a[i];
        }
        free(a);
        free(b);
    }
}

static void nothing_starts_and_ends_with_nothing(void **state) {
    (void)state;
    assert_true(text_starts(nothing, ""));
    assert_true(text_ends(nothing, ""));
    assert_false(text_starts(nothing, "a"));
    assert_false(text_ends(nothing, "a"));
}

static void trimming(void **state) {
    (void)state;
    assert_text(text_trim(TEXT(" \t\r\n\v\fa b\n\n")), "a b");
    assert_text(text_trim(TEXT(" \n ")), "");
    assert_text(text_trim(TEXT("")), "");
    assert_null(text_trim(nothing).at);
    assert_int_equal(text_trim(TEXT("\0 ")).len, 1); /* NUL is no white space */
}

static void cutting(void **state) {
    (void)state;
    struct text rest = TEXT("a,,bc,"), piece;
    assert_true(text_cut(&rest, ',', &piece));
    assert_text(piece, "a");
    assert_true(text_cut(&rest, ',', &piece));
    assert_text(piece, "");
    assert_true(text_cut(&rest, ',', &piece));
    assert_text(piece, "bc");
    assert_true(text_cut(&rest, ',', &piece)); /* what stands behind the last separator: nothing, but it is there */
    assert_text(piece, "");
    assert_null(rest.at);
    assert_false(text_cut(&rest, ',', &piece));

    rest = TEXT("whole");
    assert_true(text_cut(&rest, ',', &piece));
    assert_text(piece, "whole");
    assert_false(text_cut(&rest, ',', &piece));

    rest = TEXT("");
    assert_true(text_cut(&rest, ',', &piece));
    assert_int_equal(piece.len, 0);
    assert_false(text_cut(&rest, ',', &piece));
}

static void words(void **state) {
    (void)state;
    struct text rest = TEXT("  cpu0\t12  3 "), word;
    assert_true(text_word(&rest, &word));
    assert_text(word, "cpu0");
    assert_true(text_word(&rest, &word));
    assert_text(word, "12");
    assert_true(text_word(&rest, &word));
    assert_text(word, "3");
    assert_false(text_word(&rest, &word));
    rest = nothing;
    assert_false(text_word(&rest, &word));
}

static void unsigned_numbers(void **state) {
    (void)state;
    static const struct {
        struct text text;
        uint64_t value;
    } good[] = {{TEXT("0"), 0}, {TEXT("007"), 7}, {TEXT("18446744073709551615"), UINT64_MAX},
        {TEXT("0000000000000000000000018446744073709551615"), UINT64_MAX}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        uint64_t value = 1;
        assert_true(text_u64(good[i].text, &value));
        assert_int_equal(value, good[i].value);
    }
    static const struct text bad[] = {TEXT(""), TEXT("-1"), TEXT("+1"), TEXT(" 1"), TEXT("1 "), TEXT("1\0"),
        TEXT("0x10"), TEXT("1.0"), TEXT("18446744073709551616"), TEXT("99999999999999999999"),
        TEXT("184467440737095516150"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint64_t value = 42;
        assert_false(text_u64(bad[i], &value));
        assert_int_equal(value, 42);
    }
}

static void signed_numbers(void **state) {
    (void)state;
    static const struct {
        struct text text;
        int64_t value;
    } good[] = {{TEXT("0"), 0}, {TEXT("-0"), 0}, {TEXT("-1"), -1}, {TEXT("9223372036854775807"), INT64_MAX},
        {TEXT("-9223372036854775808"), INT64_MIN}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t value = 1;
        assert_true(text_i64(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    static const struct text bad[] = {TEXT(""), TEXT("-"), TEXT("--1"), TEXT("+1"), TEXT("- 1"),
        TEXT("9223372036854775808"), TEXT("-9223372036854775809"), TEXT("18446744073709551615"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t value = 42;
        assert_false(text_i64(bad[i], &value));
        assert_int_equal(value, 42);
    }
}

static void utf8_by_the_table(void **state) {
    (void)state;
    static const struct text good[] = {TEXT(""), TEXT("plain ascii, and then some"), TEXT("\0"), TEXT("\x7F"),
        TEXT("\xC2\x80"), TEXT("\xDF\xBF"), TEXT("\xE0\xA0\x80"), TEXT("\xED\x9F\xBF"), TEXT("\xEE\x80\x80"),
        TEXT("\xEF\xBF\xBF"), TEXT("\xF0\x90\x80\x80"), TEXT("\xF4\x8F\xBF\xBF"), TEXT("12345678\xC3\xA4"),
        TEXT("1234567\xC3\xA4"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!text_is_utf8(good[i]))
            fail_msg("good text %zu refused", i);
    static const struct text bad[] = {TEXT("\x80"), TEXT("\xBF"), TEXT("\xC0\x80"), TEXT("\xC1\xBF"), TEXT("\xC2"),
        TEXT("\xC2\x41"), TEXT("\xC2\xC2"), TEXT("\xE0\x9F\xBF"), TEXT("\xE0\x80\x80"), TEXT("\xE2\x82"),
        TEXT("\xED\xA0\x80"), TEXT("\xED\xBF\xBF"), TEXT("\xF0\x8F\xBF\xBF"), TEXT("\xF4\x90\x80\x80"),
        TEXT("\xF5\x80\x80\x80"), TEXT("\xF8\x88\x80\x80\x80"), TEXT("\xFF"), TEXT("\xFE"), TEXT("12345678\x80"),
        TEXT("1234567\xE2\x82"), TEXT("\xF0\x9F\x94")};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (text_is_utf8(bad[i]))
            fail_msg("bad text %zu taken", i);
}

/* Every code point, encoded by hand, against the answer that Unicode gives. */
static void utf8_of_every_code_point(void **state) {
    (void)state;
    for (uint32_t code = 0; code <= 0x1FFFFF; code++) {
        char bytes[4];
        size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
        for (size_t i = 0; i < n; i++) {
            unsigned shift = (unsigned)(6 * (n - 1 - i));
            unsigned bits = code >> shift & (n == 1 ? 0x7F : 0x3F);
            bytes[i] = (char)(i > 0 ? 0x80 | bits : n == 1 ? bits : (lead[n] | code >> shift));
        }
        bool expected = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
        if (text_is_utf8((struct text){bytes, n}) != expected)
            fail_msg("U+%04X", code);
        if (n > 1 && text_is_utf8((struct text){bytes, n - 1}))
            fail_msg("U+%04X, cut", code);
    }
}

static const char *shown(struct text t) {
    static char out[128];
    return text_printable(t, out, sizeof out);
}

static void printable_escapes_what_a_terminal_obeys(void **state) {
    (void)state;
    assert_string_equal(shown(TEXT("plain na\xC3\xAFve \xF0\x9F\x94\xA5")), "plain na\xC3\xAFve \xF0\x9F\x94\xA5");
    assert_string_equal(shown(TEXT("\x1b[31m\n\r\t\0\x7F")), "\\x1b[31m\\x0a\\x0d\\x09\\x00\\x7f");
    assert_string_equal(shown(TEXT("\xC2\x9B"
                                   "31m")),
        "\\u{9b}31m");                                                   /* C1: CSI in one code point */
    assert_string_equal(shown(TEXT("\x9B\xFF\xC3")), "\\x9b\\xff\\xc3"); /* not UTF-8 */
    assert_string_equal(shown(TEXT("a\xE2\x80\xAE"
                                   "b")),
        "a\\u{202e}b"); /* right-to-left override */
    assert_string_equal(shown(TEXT("\xE2\x81\xA6\xE2\x81\xA9")), "\\u{2066}\\u{2069}");
    assert_string_equal(shown(TEXT("\xE2\x80\xA8\xE2\x80\x8B\xEF\xBB\xBF")), "\\u{2028}\\u{200b}\\u{feff}");
    assert_string_equal(shown(nothing), "");
}

static void printable_cuts_between_pieces(void **state) {
    (void)state;
    char out[8];
    assert_string_equal(text_printable(TEXT("1234567"), out, sizeof out), "1234567");
    assert_string_equal(text_printable(TEXT("12345678"), out, sizeof out), "1234567");
    assert_string_equal(text_printable(TEXT("1234\n567"), out, sizeof out), "1234");
    assert_string_equal(text_printable(TEXT("123456\xC3\xA4"), out, sizeof out), "123456");
    assert_string_equal(text_printable(TEXT("12345\xC3\xA4"), out, sizeof out), "12345\xC3\xA4");
    assert_string_equal(text_printable(TEXT("x"), out, 1), "");
    out[0] = '!';
    (void)text_printable(TEXT("x"), out, 0);
    assert_int_equal(out[0], '!');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(one_bit_makes_another_text),
        cmocka_unit_test(nothing_starts_and_ends_with_nothing),
        cmocka_unit_test(trimming),
        cmocka_unit_test(cutting),
        cmocka_unit_test(words),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(utf8_by_the_table),
        cmocka_unit_test(utf8_of_every_code_point),
        cmocka_unit_test(printable_escapes_what_a_terminal_obeys),
        cmocka_unit_test(printable_cuts_between_pieces),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
