/* tests/unit/cli/test_option.c: values from text: what each type takes, and what it says about anything else. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "table.h"

static struct try_values values;
static struct error err;

static int store(const char *name, const char *text) {
    const struct option_spec *o = option_find(try_options, COUNT_OF(try_options), text_of(name));
    assert_non_null(o);
    values = (struct try_values){0};
    err.text[0] = '\0';
    return option_store(o, text, &values, &err);
}

static void refused(const char *name, const char *text, const char *says) {
    assert_int_equal(store(name, text), -ERR_USAGE);
    assert_string_equal(err.text, says);
}

static void every_type_takes_its_values(void **state) {
    (void)state;
    assert_ok(store("output", "a b"), err);
    assert_string_equal(values.output, "a b");
    assert_ok(store("interval", "0.5"), err);
    assert_int_equal(values.interval_ns, 500000000);
    assert_ok(store("interval", "5m"), err);
    assert_int_equal(values.interval_ns, INT64_C(300000000000));
    assert_ok(store("max-size", "10M"), err);
    assert_int_equal(values.max_size, 10 << 20);
    assert_ok(store("level", "19"), err);
    assert_int_equal(values.level, 19);
    assert_ok(store("max-files", "18446744073709551615"), err);
    assert_true(values.max_files == UINT64_MAX);
    assert_ok(store("speed", "-0.25"), err);
    assert_true(values.speed > -0.26 && values.speed < -0.24);
    assert_ok(store("compress", "none"), err);
    assert_int_equal(values.compress, TRY_NONE);
    assert_ok(store("quiet", "yes"), err);
    assert_true(values.quiet);
    assert_ok(store("quiet", "off"), err);
    assert_false(values.quiet);
}

static void rubbish_is_named_with_what_is_taken(void **state) {
    (void)state;
    refused("interval", "3x", "'3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("interval", "-1", "'-1' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("interval", "", "'' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("max-size", "10X", "'10X' is not a size (like 4096, 1K, 10M, 2G)");
    refused("level", "0", "'0' is not a count from 1 to 19");
    refused("level", "20", "'20' is not a count from 1 to 19");
    refused("level", "3 ", "'3 ' is not a count from 1 to 19");
    refused("max-files", "0", "'0' is not a count of at least 1");
    refused("max-files", "18446744073709551616", "'18446744073709551616' is not a count of at least 1");
    refused("speed", "nan", "'nan' is not a number (like 0.5, 2, 16)");
    refused("speed", "inf", "'inf' is not a number (like 0.5, 2, 16)");
    refused("speed", "-inf", "'-inf' is not a number (like 0.5, 2, 16)");
    refused("speed", "1e999", "'1e999' is not a number (like 0.5, 2, 16)");
    refused("speed", "1,5", "'1,5' is not a number (like 0.5, 2, 16)");
    refused("compress", "zip", "'zip' is not one of zstd, gzip, none");
    refused("compress", "", "'' is not one of zstd, gzip, none");
    refused("quiet", "maybe", "'maybe' is not yes or no");
}

static void a_long_wrong_value_does_not_push_out_what_is_right(void **state) {
    (void)state;
    char rubbish[2000];
    memset(rubbish, 'x', sizeof rubbish);
    rubbish[sizeof rubbish - 1] = '\0';
    assert_int_equal(store("compress", rubbish), -ERR_USAGE);
    assert_non_null(strstr(err.text, "is not one of zstd, gzip, none"));
    assert_int_equal(store("speed", "\033[31m"), -ERR_USAGE);
    assert_string_equal(err.text, "'\\x1b[31m' is not a number (like 0.5, 2, 16)");
}

static void a_refused_value_leaves_the_member_alone(void **state) {
    (void)state;
    const struct option_spec *o = option_find(try_options, COUNT_OF(try_options), TEXT("level"));
    values = (struct try_values){.level = 7};
    assert_int_equal(option_store(o, "77", &values, &err), -ERR_USAGE);
    assert_int_equal(values.level, 7);
}

static void names_are_found_whole(void **state) {
    (void)state;
    assert_non_null(option_find(try_options, COUNT_OF(try_options), TEXT("max-size")));
    assert_non_null(option_find(try_options, COUNT_OF(try_options), TEXT("max_size")));
    assert_null(option_find(try_options, COUNT_OF(try_options), TEXT("max-siz")));
    assert_null(option_find(try_options, COUNT_OF(try_options), TEXT("max-size-")));
    assert_null(option_find(try_options, COUNT_OF(try_options), TEXT("")));
}

static void bits_are_found_by_member(void **state) {
    (void)state;
    assert_int_equal(option_bit(&try_command, offsetof(struct try_values, output)), 1);
    assert_int_equal(option_bit(&try_command, offsetof(struct try_values, force)), 1 << 8);
    assert_int_equal(option_bit(&try_command, sizeof(struct try_values)), 0);
}

static void what_is_taken_is_shown(void **state) {
    (void)state;
    char takes[OPTION_TAKES_LEN];
    assert_string_equal(option_takes(&try_options[0], takes), "PATH");
    assert_string_equal(option_takes(&try_options[6], takes), "zstd|gzip|none");
    assert_string_equal(option_takes(&try_options[7], takes), "");
}

static void the_environment_gives_values(void **state) {
    (void)state;
    values = (struct try_values){0};
    struct settings s = {.command = &try_command, .values = &values};
    (void)setenv("TACHO_INTERVAL", "7", 1);
    (void)setenv("TACHO_MAX_SIZE", "1K", 1);
    (void)setenv("TACHO_TRY_MAX_SIZE", "2K", 1);
    (void)setenv("TACHO_QUIET", "1", 1);
    (void)setenv("TACHO_FORCE", "1", 1);
    (void)setenv("TACHO_LEVEL", "", 1);
    assert_ok(option_environment(&s, &err), err);
    assert_int_equal(values.interval_ns, INT64_C(7000000000));
    assert_int_equal(values.max_size, 2048);
    assert_true(values.quiet);
    assert_false(values.force); /* only on the command line */
    assert_int_equal(s.given, 1 << 1 | 1 << 2 | 1 << 7);
    assert_int_equal(s.on_command_line, 0);

    (void)setenv("TACHO_TRY_MAX_SIZE", "lots", 1);
    s.given = 0;
    assert_int_equal(option_environment(&s, &err), -ERR_USAGE);
    assert_string_equal(err.text, "TACHO_TRY_MAX_SIZE: 'lots' is not a size (like 4096, 1K, 10M, 2G)");
    /* What a stronger layer gave is not even looked at. */
    s.given = option_bit(&try_command, offsetof(struct try_values, max_size));
    assert_ok(option_environment(&s, &err), err);
    assert_int_equal(values.max_size, 2048);
    static const char *const names[] = {
        "TACHO_INTERVAL", "TACHO_MAX_SIZE", "TACHO_TRY_MAX_SIZE", "TACHO_QUIET", "TACHO_FORCE", "TACHO_LEVEL"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unsetenv(names[i]);
}

static void built_in_values_fill_the_rest(void **state) {
    (void)state;
    values = (struct try_values){.max_size = 5};
    struct settings s = {.command = &try_command, .values = &values, .given = 1 << 2};
    assert_ok(option_initial(&s, &err), err);
    assert_int_equal(values.max_size, 5);
    assert_int_equal(values.interval_ns, INT64_C(3000000000));
    assert_int_equal(values.max_files, 10);
    assert_int_equal(values.compress, TRY_GZIP);
    assert_int_equal(values.level, 0);
    assert_int_equal(s.given, 1 << 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_takes_its_values),
        cmocka_unit_test(rubbish_is_named_with_what_is_taken),
        cmocka_unit_test(a_long_wrong_value_does_not_push_out_what_is_right),
        cmocka_unit_test(a_refused_value_leaves_the_member_alone),
        cmocka_unit_test(names_are_found_whole),
        cmocka_unit_test(bits_are_found_by_member),
        cmocka_unit_test(what_is_taken_is_shown),
        cmocka_unit_test(the_environment_gives_values),
        cmocka_unit_test(built_in_values_fill_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
