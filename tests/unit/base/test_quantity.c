/* tests/unit/base/test_quantity.c: durations and sizes as people type and read them. */
#include "test.h"

#include "base/clock.h"
#include "base/quantity.h"

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {{"0", 0}, {"30", 30 * NS_PER_SECOND}, {"30s", 30 * NS_PER_SECOND}, {"0.5", NS_PER_SECOND / 2},
        {"0.1s", NS_PER_SECOND / 10}, {"200ms", 200 * NS_PER_MS}, {"1.5ms", 1500000}, {"5m", 300 * NS_PER_SECOND},
        {"1h", 3600 * NS_PER_SECOND}, {"1.5h", 5400 * NS_PER_SECOND}, {"1d", 86400 * NS_PER_SECOND},
        {"2w", 14 * 86400 * NS_PER_SECOND}, {"0s", 0}, {"36500d", INT64_C(36500) * 86400 * NS_PER_SECOND},
        {"0.000000001", 1}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t ns = -1;
        struct error err;
        assert_ok(quantity_parse_duration(text_of(good[i].text), &ns, &err), err);
        if (ns != good[i].ns)
            fail_msg("%s", good[i].text);
    }
}

static void durations_that_make_no_sense(void **state) {
    (void)state;
    static const struct text bad[] = {TEXT(""), TEXT("s"), TEXT("ms"), TEXT("-1"), TEXT("+1"), TEXT("1 s"), TEXT(" 1"),
        TEXT("1s "), TEXT("1x"), TEXT("1ss"), TEXT("1m30s"), TEXT("1S"), TEXT("1e3"), TEXT("0x10"), TEXT("nan"),
        TEXT("inf"), TEXT("1..5"), TEXT("."), TEXT("1.2.3s"), TEXT("1,5"), TEXT("30\0"), TEXT("101w\0s"),
        TEXT("36600d"), TEXT("99999999999999999999999999999999"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 42;
        struct error err;
        if (quantity_parse_duration(bad[i], &ns, &err) != -ERR_USAGE)
            fail_msg("'%.*s' was taken", TEXT_ARG(bad[i]));
        assert_int_equal(ns, 42);
    }
    struct error err;
    int64_t ns = 0;
    assert_int_equal(quantity_parse_duration(TEXT("\x1b[2Jsoon"), &ns, &err), -ERR_USAGE);
    assert_string_equal(err.text, "'\\x1b[2Jsoon' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
}

static void sizes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0}, {"4096", 4096}, {"4096B", 4096}, {"1K", 1024}, {"1k", 1024}, {"1KB", 1024}, {"1kB", 1024},
        {"1KiB", 1024}, {"10M", 10 << 20}, {"10m", 10 << 20}, {"10MB", 10 << 20}, {"10MiB", 10 << 20},
        {"2G", UINT64_C(2) << 30}, {"2GiB", UINT64_C(2) << 30}, {"1T", UINT64_C(1) << 40}, {"1.5K", 1536},
        {"0.5M", 512 << 10}, {"9007199254740992", UINT64_C(1) << 53}, {"8388607T", UINT64_C(8388607) << 40}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        uint64_t bytes = 1;
        struct error err;
        assert_ok(quantity_parse_size(text_of(good[i].text), &bytes, &err), err);
        if (bytes != good[i].bytes)
            fail_msg("%s", good[i].text);
    }
}

static void sizes_that_make_no_sense(void **state) {
    (void)state;
    static const struct text bad[] = {TEXT(""), TEXT("K"), TEXT("B"), TEXT("iB"), TEXT("1iB"), TEXT("1BB"), TEXT("1KK"),
        TEXT("1KBi"), TEXT("-1"), TEXT("+1K"), TEXT("1 K"), TEXT("1K "), TEXT("1e3"), TEXT("0x10"), TEXT("nan"),
        TEXT("1.2.3K"), TEXT("1P"), TEXT("8388608T"), TEXT("9223372036854775808"), TEXT("999999999999999999999999"),
        TEXT("1K\0"), {NULL, 0}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint64_t bytes = 42;
        struct error err;
        if (quantity_parse_size(bad[i], &bytes, &err) != -ERR_USAGE)
            fail_msg("'%.*s' was taken", TEXT_ARG(bad[i]));
        assert_int_equal(bytes, 42);
    }
    struct error err;
    uint64_t bytes = 0;
    assert_int_equal(quantity_parse_size(TEXT("big"), &bytes, &err), -ERR_USAGE);
    assert_string_equal(err.text, "'big' is not a size (like 4096, 1K, 10M, 2G)");
}

static void sizes_for_people(void **state) {
    (void)state;
    char out[QUANTITY_LEN];
    assert_string_equal(quantity_size(0, out), "0 B");
    assert_string_equal(quantity_size(1023, out), "1023 B");
    assert_string_equal(quantity_size(1024, out), "1.0 KiB");
    assert_string_equal(quantity_size(1258291, out), "1.2 MiB");
    assert_string_equal(quantity_size(84 * 1024, out), "84 KiB");
    assert_string_equal(quantity_size(10230, out), "10 KiB");          /* not 10.0 */
    assert_string_equal(quantity_size((1 << 20) - 1, out), "1.0 MiB"); /* not 1024 KiB */
    assert_string_equal(quantity_size(UINT64_C(3) << 40, out), "3.0 TiB");
    assert_string_equal(quantity_size(UINT64_MAX, out), "16 EiB");
}

static void durations_for_people(void **state) {
    (void)state;
    char out[QUANTITY_LEN];
    assert_string_equal(quantity_duration(0, out), "00:00:00");
    assert_string_equal(quantity_duration(83 * NS_PER_SECOND + 999, out), "00:01:23");
    assert_string_equal(quantity_duration(86399 * NS_PER_SECOND, out), "23:59:59");
    assert_string_equal(quantity_duration((3 * 86400 + 4 * 3600) * NS_PER_SECOND, out), "3d 04:00:00");
    assert_string_equal(quantity_duration(-83 * NS_PER_SECOND, out), "-00:01:23");
    assert_string_equal(quantity_duration(INT64_MAX, out), "106751d 23:47:16");
    assert_string_equal(quantity_duration(INT64_MIN, out), "-106751d 23:47:16");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(durations_that_make_no_sense),
        cmocka_unit_test(sizes),
        cmocka_unit_test(sizes_that_make_no_sense),
        cmocka_unit_test(sizes_for_people),
        cmocka_unit_test(durations_for_people),
    };
    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
