/* tests/unit/base/test_error.c: failures keep their code, their errno and readable text. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void set_fills_and_returns_the_code(void **state) {
    (void)state;
    struct error err = {.os_errno = 77};
    assert_int_equal(error_set(&err, ERR_FORMAT, "line %d: %s", 12, "no number"), -ERR_FORMAT);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(err.os_errno, 0);
    assert_string_equal(err.text, "line 12: no number");
}

static void nobody_has_to_listen(void **state) {
    (void)state;
    assert_int_equal(error_set(NULL, ERR_NOMEM, "x"), -ERR_NOMEM);
    assert_int_equal(error_os(NULL, EIO, "x"), -ERR_OS);
    assert_int_equal(error_wrap(NULL, -ERR_ABSENT, "x"), -ERR_ABSENT);
}

static void os_says_why(void **state) {
    (void)state;
    struct error err;
    assert_int_equal(error_os(&err, ENOENT, "open %s", "/x"), -ERR_OS);
    assert_int_equal(err.os_errno, ENOENT);
    assert_string_equal(err.text, "open /x: No such file or directory");
    assert_int_equal(error_os(&err, ENOSPC, "write"), -ERR_FULL);
    assert_int_equal(err.code, ERR_FULL);
    assert_int_equal(error_os(&err, EDQUOT, "write"), -ERR_FULL);
    assert_int_equal(err.os_errno, EDQUOT);
}

static void wrapping_puts_the_newest_first(void **state) {
    (void)state;
    struct error err;
    int r = error_set(&err, ERR_LIMIT, "too long");
    r = error_wrap(&err, r, "line %d", 3);
    assert_int_equal(error_wrap(&err, r, "%s", "a.ndjson"), -ERR_LIMIT);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "a.ndjson: line 3: too long");
}

static void long_texts_are_cut_at_the_end(void **state) {
    (void)state;
    struct error err;
    char longer[2000];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)error_set(&err, ERR_FORMAT, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    (void)error_os(&err, EIO, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    for (int i = 0; i < 10; i++) {
        (void)error_wrap(&err, -ERR_OS, "%d%s", i, longer);
        assert_true(strlen(err.text) < sizeof err.text);
        assert_int_equal(err.text[0], '0' + i);
    }
    (void)error_set(&err, ERR_FORMAT, "%s", longer);
    (void)error_wrap(&err, -ERR_FORMAT, "short");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "short: yyy", 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_and_returns_the_code),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(os_says_why),
        cmocka_unit_test(wrapping_puts_the_newest_first),
        cmocka_unit_test(long_texts_are_cut_at_the_end),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
