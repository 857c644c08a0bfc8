/* tests/unit/cli/test_line.c: the walk over a command line. */
#include "test.h"

#include <stdio.h>

#include "table.h"

static struct try_values values;
static struct error err;
static struct globals globals;
static struct settings settings;
static struct invocation in;
static char *words[16];

/* The arguments are separated by blanks; "" stands for an empty one. */
static int parse_for(const struct command *c, const char *line) {
    static char copy[256];
    int n = 0;
    struct text rest = text_of(line), word;
    size_t used = 0;
    while (text_word(&rest, &word)) {
        words[n++] = copy + used;
        if (text_is(word, "\"\""))
            word.len = 0;
        memcpy(copy + used, word.at, word.len);
        used += word.len;
        copy[used++] = '\0';
    }
    words[n] = NULL;
    values = (struct try_values){0};
    globals = (struct globals){0};
    settings = (struct settings){.command = c, .values = &values};
    err.text[0] = '\0';
    return option_parse(&settings, n, words, &globals, &in, &err);
}

static void fine(const char *line) {
    assert_ok(parse_for(&try_command, line), err);
}

static void refused(const char *line, const char *says) {
    assert_int_equal(parse_for(&try_command, line), -ERR_USAGE);
    assert_string_equal(err.text, says);
}

static void values_stand_behind_or_are_joined(void **state) {
    (void)state;
    static const char *const lines[] = {
        "--output a --interval 2", "--output=a --interval=2", "-o a -i 2", "-oa -i2", "-qoa -i2", "-qo a -i2 -q"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        fine(lines[i]);
        assert_string_equal(values.output, "a");
        assert_int_equal(values.interval_ns, INT64_C(2000000000));
        assert_int_equal(values.quiet, i >= 4);
        assert_int_equal(settings.on_command_line, i >= 4 ? 0x83 : 0x03);
        assert_int_equal(settings.given, settings.on_command_line);
    }
    fine("--output= -i2");
    assert_string_equal(values.output, "");
    fine("--output=a=b");
    assert_string_equal(values.output, "a=b");
    fine("-o -5");
    assert_string_equal(values.output, "-5");
    fine("-o=a");
    assert_string_equal(values.output, "=a");
}

static void flags_are_bundled(void **state) {
    (void)state;
    fine("-qf");
    assert_true(values.quiet && values.force);
    assert_int_equal(in.n_args, 0);
}

static void flags_are_turned_off(void **state) {
    (void)state;
    fine("--no-quiet");
    assert_false(values.quiet);
    assert_int_equal(settings.given, 0x80); /* no weaker layer turns it on */
    assert_int_equal(settings.on_command_line, 0x80);
    fine("-q --no-quiet");
    assert_false(values.quiet);
    fine("--no-quiet -q");
    assert_true(values.quiet);
    refused("--no-quiet=1", "--no-quiet takes no value");
    refused("--no-quite", "unknown flag --no-quite (did you mean --no-quiet?)");
    refused("--no-interval", "unknown flag --no-interval (did you mean --interval?)");
    refused("--no-no-quiet", "unknown flag --no-no-quiet (did you mean --no-quiet?)");
    refused("--no-", "unknown flag --no- (did you mean --no-quiet?)");
    static const char *const only_one_way[] = {"--no-force", "--no-help", "--no-output"};
    for (size_t i = 0; i < COUNT_OF(only_one_way); i++)
        assert_int_equal(parse_for(&try_command, only_one_way[i]), -ERR_USAGE);
    static const struct option_spec chain[] = {
        {.name = "no-chain", .type = OPTION_FLAG, .offset = offsetof(struct try_values, force)}};
    const struct command alone = {.name = "alone", .options = chain, .n_options = 1, .values_size = sizeof values};
    assert_ok(parse_for(&alone, "--no-chain"), err);
    assert_true(values.force);
    assert_int_equal(parse_for(&alone, "--no-no-chain"), -ERR_USAGE);
}

static void options_may_follow_arguments(void **state) {
    (void)state;
    fine("one -q two -i 5");
    assert_int_equal(in.n_args, 2);
    assert_string_equal(in.args[0], "one");
    assert_string_equal(in.args[1], "two");
    assert_true(values.quiet);
    fine("-q -- -i --quiet");
    assert_int_equal(in.n_args, 2);
    assert_string_equal(in.args[0], "-i");
    assert_string_equal(in.args[1], "--quiet");
    fine("- \"\"");
    assert_int_equal(in.n_args, 2);
    assert_string_equal(in.args[0], "-");
    assert_string_equal(in.args[1], "");
    fine("-- --");
    assert_int_equal(in.n_args, 1);
    assert_string_equal(in.args[0], "--");
}

static void the_last_one_wins(void **state) {
    (void)state;
    fine("-i 1 --interval 2 --compress zstd --compress none");
    assert_int_equal(values.interval_ns, INT64_C(2000000000));
    assert_int_equal(values.compress, TRY_NONE);
}

static void global_options_stand_anywhere(void **state) {
    (void)state;
    fine("one --config x.ini two");
    assert_string_equal(globals.config, "x.ini");
    assert_int_equal(in.n_args, 2);
    assert_int_equal(settings.given, 0);
    fine("one two three four --help --nonsense");
    assert_true(globals.help);
    fine("-qh");
    assert_true(globals.help);
    fine("--version");
    assert_true(globals.version);
}

static void wrong_uses_name_the_flag_and_what_it_takes(void **state) {
    (void)state;
    refused("--interval 3x", "--interval 3x: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("--interval=3x", "--interval 3x: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("-i3x", "-i 3x: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)");
    refused("--level 99", "--level 99: '99' is not a count from 1 to 19");
    refused("--compress zip", "--compress zip: 'zip' is not one of zstd, gzip, none");
    refused("--speed nan", "--speed nan: 'nan' is not a number (like 0.5, 2, 16)");
    refused("--interval", "--interval takes a value: --interval SECS");
    refused("-q -o", "-o takes a value: -o PATH");
    refused("--compress", "--compress takes a value: --compress zstd|gzip|none");
    refused("--quiet=yes", "--quiet takes no value");
    refused("--help=yes", "--help takes no value");
    refused("--intervall 3", "unknown flag --intervall (did you mean --interval?)");
    refused("--inter 3", "unknown flag --inter (did you mean --interval?)");
    refused("--maxsize=3", "unknown flag --maxsize (did you mean --max-size?)");
    refused("--max_size 3", "unknown flag --max_size (did you mean --max-size?)");
    refused("--hlep", "unknown flag --hlep (did you mean --help?)");
    refused("--bogus", "unknown flag --bogus (tacho try --help lists them)");
    refused("--=3", "unknown flag -- (tacho try --help lists them)");
    refused("-x", "unknown flag -x (tacho try --help lists what there is)");
    refused("-qx", "unknown flag -x (tacho try --help lists what there is)");
    refused("-\303\251", "unknown flag -\303\251 (tacho try --help lists what there is)");
    refused("-5", "unknown flag -5 (tacho try --help lists what there is)");
    refused(
        "one two three", "'three' is one argument too many (usage: tacho try [OPTION\342\200\246] [FILE\342\200\246])");
}

static void too_few_arguments(void **state) {
    (void)state;
    assert_int_equal(parse_for(&show_command, "--json"), -ERR_USAGE);
    assert_string_equal(err.text, "an argument is missing (usage: tacho show [OPTION\342\200\246] FILE)");
    assert_ok(parse_for(&show_command, "--json file"), err);
}

static void before_the_command_only_global_options(void **state) {
    (void)state;
    char *line[] = {W("--config"), W("a"), W("--config=b"), W("try"), W("--help"), NULL};
    struct globals g = {0};
    int used = 0;
    assert_ok(option_parse_globals(5, line, &g, &used, &err), err);
    assert_int_equal(used, 3);
    assert_string_equal(g.config, "b");
    assert_false(g.help);
    char *wrong[] = {W("--interval"), W("3"), NULL}, *near[] = {W("--confg"), W("3"), NULL},
         *letter[] = {W("-o"), NULL};
    assert_int_equal(option_parse_globals(2, wrong, &g, &used, &err), -ERR_USAGE);
    assert_string_equal(err.text, "unknown flag --interval before the command (tacho --help lists what there is)");
    assert_int_equal(option_parse_globals(2, near, &g, &used, &err), -ERR_USAGE);
    assert_string_equal(err.text, "unknown flag --confg (did you mean --config?)");
    assert_int_equal(option_parse_globals(1, letter, &g, &used, &err), -ERR_USAGE);
    assert_string_equal(err.text, "unknown flag -o (tacho --help lists what there is)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_or_are_joined),
        cmocka_unit_test(flags_are_bundled),
        cmocka_unit_test(flags_are_turned_off),
        cmocka_unit_test(options_may_follow_arguments),
        cmocka_unit_test(the_last_one_wins),
        cmocka_unit_test(global_options_stand_anywhere),
        cmocka_unit_test(wrong_uses_name_the_flag_and_what_it_takes),
        cmocka_unit_test(too_few_arguments),
        cmocka_unit_test(before_the_command_only_global_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
