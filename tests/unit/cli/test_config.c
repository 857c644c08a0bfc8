/* tests/unit/cli/test_config.c: configuration files: what they give, and what they say about every mistake. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/config.h"
#include "table.h"

static struct try_values values;
static struct settings settings;
static struct arena texts;
static struct error err;
static char dir[64];

static int parse_len(const char *content, size_t len) {
    return config_parse(try_list, "c.ini", (struct text){content, len}, &settings, &texts, &err);
}

static int parse(const char *content) {
    values = (struct try_values){0};
    settings = (struct settings){.command = &try_command, .values = &values};
    err.text[0] = '\0';
    return parse_len(content, strlen(content));
}

static void refused(const char *content, const char *says) {
    assert_int_equal(parse(content), -ERR_USAGE);
    assert_string_equal(err.text, says);
}

static void keys_are_option_names(void **state) {
    (void)state;
    assert_ok(parse("# a comment\n; another\n\n[try]\n  interval = 5m ; and one behind\nmax_size=1K\r\nmax-files: 3\n"
                    "\tquiet = yes\noutput = a b;c\n[show]\ninterval = 9"),
        err);
    assert_int_equal(values.interval_ns, INT64_C(300000000000));
    assert_int_equal(values.max_size, 1024);
    assert_int_equal(values.max_files, 3);
    assert_true(values.quiet);
    assert_string_equal(values.output, "a b;c");
    assert_int_equal(settings.on_command_line, 0);
    assert_int_equal(settings.given, 0x8F);
}

static void the_own_section_beats_general_wherever_it_stands(void **state) {
    (void)state;
    assert_ok(parse("[try]\ninterval = 1\n[general]\ninterval = 2\nlevel = 5\n"), err);
    assert_int_equal(values.interval_ns, INT64_C(1000000000));
    assert_int_equal(values.level, 5);
    assert_ok(parse("[general]\ninterval = 2\njson = yes\n[try]\ninterval = 1\n"), err);
    assert_int_equal(values.interval_ns, INT64_C(1000000000));
    assert_ok(parse("[general]\ninterval = 2\ninterval = 4\n"), err);
    assert_int_equal(values.interval_ns, INT64_C(4000000000));
}

static void a_stronger_layer_stays(void **state) {
    (void)state;
    values = (struct try_values){.level = 3};
    settings = (struct settings){.command = &try_command, .values = &values, .given = 1 << 4};
    const char *content = "[try]\nlevel = 9\nquiet = no\n";
    assert_ok(parse_len(content, strlen(content)), err);
    assert_int_equal(values.level, 3);
    assert_int_equal(settings.given, 1 << 4 | 1 << 7);
}

static void mistakes_name_file_line_and_key(void **state) {
    (void)state;
    refused("[try]\n\ninterval = 3x\n", "c.ini:3: [try] interval: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused(
        "[general]\ninterval = 3x", "c.ini:2: [general] interval: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("[show]\njson = perhaps\n", "c.ini:2: [show] json: 'perhaps' is not yes or no");
    refused("[try]\nintervall = 3\n", "c.ini:2: [try] intervall: unknown key (did you mean interval?)");
    refused("[show]\nlevel = 3\n", "c.ini:2: [show] level: unknown key (there are: interval, json)");
    refused("[general]\nbogus = 3\n",
        "c.ini:2: [general] bogus: unknown key (tacho help COMMAND lists a command's options)");
    refused("[try]\nforce = yes\n", "c.ini:2: [try] force: this can only be given on the command line");
    refused("[tyr]\n", "c.ini:1: unknown section [tyr] (did you mean [try]?)");
    refused("[nonsense]\n", "c.ini:1: unknown section [nonsense] (there are: general, try, show)");
    refused("[]\n", "c.ini:1: unknown section [] (there are: general, try, show)");
    refused("[try\nlevel = 3\n", "c.ini:1: a section stands alone on its line, like [record]");
    refused("[try] level = 3\n", "c.ini:1: a section stands alone on its line, like [record]");
    refused("[try]\nlevel = 3\nrubbish\n", "c.ini:3: neither a [section] nor a key = value");
    refused("[try]\nlevel = 3\nrubbish", "c.ini:3: neither a [section] nor a key = value");
    refused("[try]\n= 3\n", "c.ini:2: neither a [section] nor a key = value");
    refused("[try]\nrubbish\nlevel = 3\n", "c.ini:2: neither a [section] nor a key = value");
    refused("level = 3\n", "c.ini:1: 'level' stands before any section, like [general] or [record]");
    refused("[try]\nlevel =\n", "c.ini:2: [try] level: '' is not a count from 1 to 19");
    assert_int_equal(parse_len("[try]\nle\0vel = 3\n", 17), -ERR_USAGE);
    assert_string_equal(err.text, "c.ini:2: a zero byte");
}

static void a_key_for_the_command_line_only_is_unknown_in_general(void **state) {
    (void)state;
    assert_int_equal(parse("[general]\nforce = yes\n"), -ERR_USAGE);
    assert_non_null(strstr(err.text, "c.ini:2: [general] force: "));
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state) {
    (void)state;
    assert_ok(parse("\357\273\277[try]\nlevel = 3\n"), err);
    assert_int_equal(values.level, 3);
}

/* inih itself stops at 200 bytes. */
static void lines_may_be_long(void **state) {
    (void)state;
    static char value[5000], content[6000];
    for (size_t step = 2; step < 60; step += 7) {
        size_t n = 0;
        while (n < sizeof value - 1) {
            value[n] = n % step == step - 1 ? (n % 3 ? ' ' : n % 2 ? '#' : ',') : (char)('a' + n % 26);
            n++;
        }
        value[0] = value[n - 1] = '.';
        for (size_t len = 150; len < n; len += len < 450 ? 1 : 997) {
            char kept = value[len];
            value[len] = '\0';
            value[len - 1] = '.';
            (void)snprintf(content, sizeof content, "[try]\noutput = %s ; comment %s\nlevel = 4\n", value, "x");
            assert_ok(parse(content), err);
            assert_string_equal(values.output, value);
            assert_int_equal(values.level, 4);
            value[len] = kept;
        }
    }
    (void)snprintf(content, sizeof content, "[try]\nlevel = 4\n%0500d\n", 7);
    refused(content, "c.ini:3: neither a [section] nor a key = value");
    (void)snprintf(content, sizeof content, "[try]\noutput = a%500sb\n", "");
    refused(content, "c.ini:2: too many blanks or comment signs in a row");
}

static const char *path_of(const char *name) {
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void write_file(const char *path, const char *content) {
    assert_ok(file_make_parents(path, &err), err);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int load(const char *only) {
    values = (struct try_values){0};
    settings = (struct settings){.command = &try_command, .values = &values};
    err.text[0] = '\0';
    return config_load(try_list, only, path_of("etc/config.ini"), &settings, &texts, &err);
}

static void the_users_file_beats_the_systems(void **state) {
    (void)state;
    assert_ok(load(NULL), err); /* neither is there */
    assert_int_equal(settings.given, 0);
    write_file(path_of("etc/config.ini"), "[try]\ninterval = 1\nlevel = 2\n");
    assert_ok(load(NULL), err);
    assert_int_equal(values.interval_ns, INT64_C(1000000000));
    write_file(path_of("xdg/tacho/config.ini"), "[general]\ninterval = 2\n");
    assert_ok(load(NULL), err);
    assert_int_equal(values.interval_ns, INT64_C(2000000000));
    assert_int_equal(values.level, 2);

    (void)setenv("XDG_CONFIG_HOME", "relative", 1);
    write_file(path_of("home/.config/tacho/config.ini"), "[try]\ninterval = 3\n");
    assert_ok(load(NULL), err);
    assert_int_equal(values.interval_ns, INT64_C(3000000000));
    (void)setenv("XDG_CONFIG_HOME", path_of("xdg"), 1);

    write_file(path_of("etc/config.ini"), "[try]\ninterval = x\n");
    char says[256];
    assert_int_equal(load(NULL), -ERR_USAGE);
    (void)snprintf(says, sizeof says, "%s:2: [try] interval: 'x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)",
        path_of("etc/config.ini"));
    assert_string_equal(err.text, says);
}

static void a_named_file_is_the_only_one(void **state) {
    (void)state;
    write_file(path_of("etc/config.ini"), "[try]\nlevel = 5\n");
    write_file(path_of("own.ini"), "[try]\ninterval = 8\n");
    assert_ok(load(path_of("own.ini")), err);
    assert_int_equal(values.interval_ns, INT64_C(8000000000));
    assert_int_equal(values.level, 0);
    assert_int_equal(symlink(path_of("own.ini"), path_of("link.ini")), 0);
    assert_ok(load(path_of("link.ini")), err);
    assert_int_equal(values.interval_ns, INT64_C(8000000000));
    assert_ok(load("/dev/null"), err);
    assert_int_equal(settings.given, 0);
    assert_int_equal(load(path_of("absent.ini")), -ERR_USAGE);
    char says[256];
    (void)snprintf(says, sizeof says, "--config %s: no such file", path_of("absent.ini"));
    assert_string_equal(err.text, says);
    assert_int_equal(load(dir), -ERR_USAGE);
    assert_non_null(strstr(err.text, "Is a directory"));
}

static void a_huge_file_is_refused(void **state) {
    (void)state;
    FILE *f = fopen(path_of("huge.ini"), "we");
    assert_non_null(f);
    for (size_t i = 0; i < CONFIG_FILE_MAX / 64; i++)
        assert_int_equal(fprintf(f, "#%062d\n", 0), 64);
    assert_int_equal(fclose(f), 0);
    assert_ok(load(path_of("huge.ini")), err);
    f = fopen(path_of("huge.ini"), "ae");
    assert_non_null(f);
    assert_int_equal(fputc('\n', f), '\n');
    assert_int_equal(fclose(f), 0);
    assert_int_equal(load(path_of("huge.ini")), -ERR_USAGE);
    assert_non_null(strstr(err.text, "larger than 1048576 bytes"));
    assert_int_equal(load("/dev/zero"), -ERR_USAGE);
    assert_non_null(strstr(err.text, "larger than 1048576 bytes"));
}

static int set_up(void **state) {
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/tacho-config-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)setenv("XDG_CONFIG_HOME", path_of("xdg"), 1);
    (void)setenv("HOME", path_of("home"), 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"etc/config.ini", "etc", "xdg/tacho/config.ini", "xdg/tacho", "xdg",
        "home/.config/tacho/config.ini", "home/.config/tacho", "home/.config", "home", "own.ini", "link.ini",
        "huge.ini", ""};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)remove(path_of(names[i]));
    arena_done(&texts);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_option_names),
        cmocka_unit_test(the_own_section_beats_general_wherever_it_stands),
        cmocka_unit_test(a_stronger_layer_stays),
        cmocka_unit_test(mistakes_name_file_line_and_key),
        cmocka_unit_test(a_key_for_the_command_line_only_is_unknown_in_general),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_text),
        cmocka_unit_test(lines_may_be_long),
        cmocka_unit_test(the_users_file_beats_the_systems),
        cmocka_unit_test(a_named_file_is_the_only_one),
        cmocka_unit_test(a_huge_file_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
