/* tests/unit/base/test_buffer.c: a buffer grows to its limit, and a failure sticks. */
#include "test.h"

#include "base/buffer.h"

static void puts_append(void **state) {
    (void)state;
    struct buffer b = {0};
    struct error err;
    buffer_put_text(&b, TEXT("ab"));
    buffer_put_char(&b, 'c');
    buffer_put(&b, "\0d", 2);
    buffer_put(&b, NULL, 0);
    buffer_put_text(&b, (struct text){NULL, 0});
    buffer_printf(&b, "-%d-%s", 7, "");
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.at, "abc\0d-7-", 8);
    assert_int_equal(buffer_status(&b, &err), 0);
    buffer_clear(&b);
    assert_int_equal(b.len, 0);
    assert_true(b.cap > 0);
    buffer_done(&b);
    assert_null(b.at);
    buffer_put_char(&b, 'x'); /* usable again */
    assert_int_equal(b.len, 1);
    buffer_done(&b);
    buffer_done(&b);
}

static void many_small_puts_keep_their_bytes(void **state) {
    (void)state;
    struct buffer b = {0};
    for (unsigned i = 0; i < 100000; i++)
        buffer_put_char(&b, (char)(i * 7));
    assert_int_equal(b.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        if (b.at[i] != (char)(i * 7))
            fail_msg("byte %u", i);
    buffer_done(&b);
}

static void the_limit_is_reached_and_not_passed(void **state) {
    (void)state;
    struct buffer b = {.limit = 1000};
    struct error err;
    for (int i = 0; i < 1000; i++)
        buffer_put_char(&b, 'x');
    assert_int_equal(b.len, 1000);
    assert_true(b.cap <= 1000);
    assert_int_equal(buffer_status(&b, &err), 0);
    buffer_put_char(&b, 'y');
    assert_int_equal(b.len, 1000);
    assert_true(b.failed);
    assert_int_equal(buffer_status(&b, &err), -ERR_LIMIT);
    assert_non_null(strstr(err.text, "1000"));
    buffer_done(&b);
    assert_int_equal(b.limit, 1000);
}

static void failure_sticks_until_cleared(void **state) {
    (void)state;
    struct buffer b = {.limit = 10};
    struct error err;
    buffer_put(&b, "12345678901", 11);
    assert_int_equal(buffer_status(&b, NULL), -ERR_LIMIT);
    assert_null(buffer_grow(&b, 1));
    buffer_clear(&b);
    buffer_put(&b, "1234567890", 10);
    assert_int_equal(buffer_status(&b, &err), 0);
    assert_memory_equal(b.at, "1234567890", 10);
    buffer_done(&b);
}

static void impossible_sizes_fail(void **state) {
    (void)state;
    struct buffer b = {.limit = SIZE_MAX};
    buffer_put_char(&b, 'x');
    assert_null(buffer_room(&b, SIZE_MAX));
    assert_true(b.failed);
    assert_int_equal(b.len, 1);
    buffer_done(&b);
}

static void room_is_where_the_next_bytes_go(void **state) {
    (void)state;
    struct buffer b = {0};
    assert_non_null(buffer_room(&b, 0));
    buffer_put(&b, "abc", 3);
    char *to = buffer_room(&b, 5000);
    assert_ptr_equal(to, b.at + 3);
    memset(to, 'z', 5000);
    b.len += 5000;
    assert_true(b.cap >= b.len);
    buffer_done(&b);
}

static void printf_needs_room_for_its_nul_and_fails_whole(void **state) {
    (void)state;
    struct buffer b = {.limit = 8};
    struct error err;
    buffer_printf(&b, "%s", "1234567");
    assert_int_equal(buffer_status(&b, &err), 0);
    assert_int_equal(b.len, 7);
    buffer_printf(&b, "%s", "8901");
    assert_int_equal(b.len, 7);
    assert_int_equal(buffer_status(&b, &err), -ERR_LIMIT);
    buffer_done(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_append),
        cmocka_unit_test(many_small_puts_keep_their_bytes),
        cmocka_unit_test(the_limit_is_reached_and_not_passed),
        cmocka_unit_test(failure_sticks_until_cleared),
        cmocka_unit_test(impossible_sizes_fail),
        cmocka_unit_test(room_is_where_the_next_bytes_go),
        cmocka_unit_test(printf_needs_room_for_its_nul_and_fails_whole),
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
