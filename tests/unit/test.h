/* tests/unit/test.h: what every cmocka test needs, in the order that cmocka wants. */
#ifndef TACHO_TESTS_TEST_H
#define TACHO_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above first. */
#include <cmocka.h>

#include "base/text.h"

/* Fails with the error's text when a call that should work does not. */
#define assert_ok(call, err)                                                                                           \
    do {                                                                                                               \
        int result_ = (call);                                                                                          \
        if (result_ < 0)                                                                                               \
            fail_msg("%s: %d: %s", #call, result_, (err).text);                                                        \
    } while (0)

/* The same with an error of its own, which the call names as &err; a call that gives this very number; one that fails so. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        struct error err = {0};                                                                                        \
        int ok_code = (call);                                                                                          \
        if (ok_code < 0)                                                                                               \
            fail_msg("%s: %d: %s", #call, ok_code, err.text);                                                          \
    } while (0)
#define YIELDS(wanted, call)                                                                                           \
    do {                                                                                                               \
        struct error err = {0};                                                                                        \
        int yields_code = (call);                                                                                      \
        if (yields_code != (wanted))                                                                                   \
            fail_msg("%s: %d, not %d: %s", #call, yields_code, (wanted), err.text);                                    \
    } while (0)
#define FAILS(code_wanted, call)                                                                                       \
    do {                                                                                                               \
        struct error err = {0};                                                                                        \
        assert_int_equal((call), -(code_wanted));                                                                      \
        assert_int_equal(err.code, (code_wanted));                                                                     \
        assert_true(err.text[0]);                                                                                      \
    } while (0)

#define assert_text(t, expected)                                                                                       \
    do {                                                                                                               \
        struct text t_ = (t);                                                                                          \
        if (!text_is(t_, (expected)))                                                                                  \
            fail_msg("%s is '%.*s', not '%s'", #t, TEXT_ARG(t_), (expected));                                          \
    } while (0)

#endif
