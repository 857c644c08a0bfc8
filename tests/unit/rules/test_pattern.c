/* tests/unit/rules/test_pattern.c: the size of regular expressions, and that small ones stay cheap to compile. */
#include "test.h"

#include <regex.h>
#include <string.h>

#include "base/attr.h"
#include "rules/pattern.h"

static void sizes(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        size_t size;
    } cases[] = {{"", 0}, {"a", 1}, {"abc", 3}, {"a*b?", 4}, {"a+", 4}, {"a++", 10}, {"ab+", 5}, {"a{3}", 6},
        {"a{2,7}", 14}, {"a{2,}", 6}, {"(ab){2}", 8}, {"((a{4}){4})", 41}, {"a|b", 3}, {"[abc]{9}", 18}, {"[]{9}]", 1},
        {"[^]{9}]", 1}, {"[[:alpha:]]{9}", 18}, {"[[.].]]+", 4}, {"[a", 1}, {"[[:a", 1}, {"\\+\\{9\\}", 4}, {"\\", 1},
        {"{9}", 9}, {"{x}", 3}, {"a{9", 3}, {")a+", 5}, {"(a", 1}, {"\303\274+", 5}, {"(a{1,255}){1,3}", 4000}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t got = pattern_size(text_of(cases[i].pattern));
        size_t want = cases[i].size > PATTERN_SIZE_MAX ? SIZE_MAX : cases[i].size;
        if (got != want)
            fail_msg("%s: %zu, not %zu", cases[i].pattern, got, want);
    }
}

static void bombs(void **state) {
    (void)state;
    static const char *const patterns[] = {"(a{1,255}){1,255}", "a{255}{255}", "a{99999999999999999999}",
        "((((((((((a+)+)+)+)+)+)+)+)+)+)+", "a+++++++++++", "(a*)\\1", "([a-z]{50}[0-9]{50}){50}", "s**{2,60}",
        "a????????+?b???????c????????", "(((((a)?)?)?)?((((b)?)?)?)?((((c)?)?)?)?)+"};
    char deep[300];
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (pattern_size(text_of(patterns[i])) != SIZE_MAX)
            fail_msg("%s is let through", patterns[i]);
    memset(deep, '(', sizeof deep);
    assert_true(pattern_size((struct text){deep, sizeof deep}) == SIZE_MAX);
    assert_int_equal(pattern_size((struct text){NULL, 0}), 0);
}

/* Near the limit they still compile, and at once: this test would not end otherwise. */
static void the_largest_compile(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "a{1,250}", "(((((((a+)+)+)+)+)+)+)", "([a-z]{9}|x{5}){9}", "(a*b*c?)+", "a*{2,60}"};
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        regex_t r;
        assert_true(pattern_size(text_of(patterns[i])) <= PATTERN_SIZE_MAX);
        assert_int_equal(regcomp(&r, patterns[i], REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
        regfree(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(bombs),
        cmocka_unit_test(the_largest_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
