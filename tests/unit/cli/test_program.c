/* tests/unit/cli/test_program.c: the whole way from the words of a command line to a command, its values and its exit code. */
#include "test.h"

#include <stdlib.h>

#include "capture.h"
#include "table.h"

static const struct program program = {try_list, "/nonexistent/config.ini"};

static void refused(int code, const char *says) {
    assert_int_equal(code, 2);
    assert_string_equal(complained, says);
    assert_string_equal(printed, "");
}

static void layers_go_from_the_line_to_the_built_in(void **state) {
    (void)state;
    char path[] = "/tmp/tacho-program-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char content[] =
        "[try]\ninterval = 1m\nlevel = 3\nmax_size = 1K\noutput = from the file\n[general]\nspeed = 4\n";
    assert_int_equal(write(fd, content, sizeof content - 1), sizeof content - 1);
    (void)close(fd);
    (void)setenv("TACHO_LEVEL", "4", 1);
    (void)setenv("TACHO_TRY_MAX_SIZE", "2K", 1);
    ran = 0;
    assert_int_equal(run_tacho(W("--config"), path, W("try"), W("--max-size"), W("3K"), W("x")), 0);
    assert_int_equal(ran, 1);
    assert_int_equal(ran_with.max_size, 3072);                    /* line, environment, file */
    assert_int_equal(ran_with.level, 4);                          /* environment, file */
    assert_int_equal(ran_with.interval_ns, INT64_C(60000000000)); /* file, built in */
    assert_true(ran_with.speed > 3.9);                            /* [general] */
    assert_string_equal(ran_output, "from the file");
    assert_int_equal(ran_with.max_files, 10); /* built in */
    assert_int_equal(ran_as.n_args, 1);
    assert_int_equal(ran_as.on_command_line, 1 << 2);
    assert_int_equal(ran_as.given, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5);

    /* The environment may name it. */
    assert_int_equal(setenv("TACHO_CONFIG", path, 1), 0);
    assert_int_equal(run_tacho(W("try"), W("x")), run_tacho(W("--config"), path, W("try"), W("x")));
    assert_int_equal(setenv("TACHO_CONFIG", "/nonexistent/here.ini", 1), 0);
    assert_int_equal(run_tacho(W("--config"), path, W("try"), W("--max-size"), W("3K"), W("x")), 0);
    assert_int_not_equal(run_tacho(W("try"), W("--max-size"), W("3K"), W("x")), 0);
    assert_int_equal(unsetenv("TACHO_CONFIG"), 0);
    /* --config is as good behind the command. */
    assert_int_equal(run_tacho(W("try"), W("--config"), path), 0);
    assert_int_equal(ran_with.max_size, 2048);
    (void)setenv("TACHO_LEVEL", "40", 1);
    refused(run_tacho(W("try")), "tacho try: TACHO_LEVEL: '40' is not a count from 1 to 19\n");
    assert_int_equal(run_tacho(W("try"), W("--level=5")), 0);
    (void)unsetenv("TACHO_LEVEL");
    (void)unsetenv("TACHO_TRY_MAX_SIZE");
    (void)unlink(path);
    assert_int_equal(run_tacho(W("try"), W("--config"), path), 2);
    assert_non_null(strstr(complained, "no such file\n"));
}

static void the_line_turns_off_what_another_layer_turned_on(void **state) {
    (void)state;
    (void)setenv("TACHO_QUIET", "yes", 1);
    assert_int_equal(run_tacho(W("try")), 0);
    assert_true(ran_with.quiet);
    assert_int_equal(run_tacho(W("try"), W("--no-quiet")), 0);
    assert_false(ran_with.quiet);
    (void)unsetenv("TACHO_QUIET");
}

static void the_exit_code_is_the_commands(void **state) {
    (void)state;
    for (run_result = 0; run_result < 3; run_result++)
        assert_int_equal(run_tacho(W("try")), run_result);
    run_result = 0;
}

static void wrong_use_is_one_line(void **state) {
    (void)state;
    ran = 0;
    refused(run_tacho(W("try"), W("--interval"), W("3x")),
        "tacho try: --interval 3x: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)\n");
    refused(run_tacho(W("try"), W("--inter\nval\033[31m")),
        "tacho try: unknown flag --inter\\x0aval\\x1b[31m (tacho try --help lists them)\n");
    refused(
        run_tacho(W("--bogus")), "tacho: unknown flag --bogus before the command (tacho --help lists what there is)\n");
    refused(run_tacho(W("tyr")), "tacho: unknown command 'tyr': did you mean try? (others: show, help)\n");
    refused(run_tacho(W("hepl")), "tacho: unknown command 'hepl': did you mean help? (others: try, show)\n");
    refused(run_tacho(W("record")), "tacho: unknown command 'record' (there are: try, show, help)\n");
    refused(run_tacho(W("")), "tacho: unknown command '' (there are: try, show, help)\n");
    refused(run_tacho(W("help"), W("shwo")), "tacho: unknown command 'shwo': did you mean show? (others: try, help)\n");
    refused(run_tacho(W("help"), W("try"), W("show")), "tacho: help takes one word: a command, or fields\n");
    assert_int_equal(ran, 0);
}

static void help_goes_to_stdout(void **state) {
    (void)state;
    static char first[sizeof printed];
    assert_int_equal(run_tacho(W("--help")), 0);
    assert_string_equal(complained, "");
    (void)snprintf(first, sizeof first, "%s", printed);
    assert_int_equal(run_tacho(W("help")), 0);
    assert_string_equal(printed, first);
    assert_int_equal(run_tacho(W("-h")), 0);
    assert_string_equal(printed, first);
    assert_int_equal(run_tacho(W("try"), W("--help")), 0);
    assert_non_null(strstr(printed, "Usage: tacho try [OPTION"));
    (void)snprintf(first, sizeof first, "%s", printed);
    assert_int_equal(run_tacho(W("help"), W("try")), 0);
    assert_string_equal(printed, first);
    assert_int_equal(run_tacho(W("try"), W("x"), W("-qh")), 0);
    assert_string_equal(printed, first);
    assert_int_equal(run_tacho(W("help"), W("fields")), 0);
    assert_non_null(strstr(printed, "utilization"));
    assert_int_equal(run_tacho(W("try"), W("--version")), 0);
    assert_int_equal(strncmp(printed, "tacho ", 6), 0);
    assert_non_null(strstr(printed, "\nschema 1\n"));
    assert_non_null(strstr(printed, "libzstd "));
}

static void without_a_command_help_goes_to_stderr(void **state) {
    (void)state;
    assert_int_equal(run_words(&program, (char *[]){W("tacho"), NULL}), 2);
    assert_string_equal(printed, "");
    assert_non_null(strstr(complained, "Usage: tacho"));
    assert_int_equal(run_words(&program, (char *[]){NULL}), 2);
}

static int complaining(void *values, const struct invocation *in) {
    (void)values;
    (void)in;
    struct error schema = {
        .code = ERR_SCHEMA, .text = "replay: unsupported schema version 2, this tacho supports schema 1"};
    struct error usage = {.code = ERR_USAGE, .text = "no\nsuch\033 time"},
                 other = {.code = ERR_OS, .text = "disk: broken"};
    struct error gone = {.code = ERR_OS, .os_errno = 32, .text = "write: Broken pipe"};
    assert_int_equal(complain(&show_command, 1, "%s %d", "one", 2), 1);
    assert_int_equal(complain_error(&show_command, &schema), 1);
    assert_int_equal(complain_error(&show_command, &usage), 2);
    assert_int_equal(complain_error(NULL, &other), 1);
    assert_int_equal(complain_error(NULL, &gone), 1);
    return 0;
}

static void complaints_are_escaped_lines(void **state) {
    (void)state;
    static const struct command c = {.name = "c", .summary = "", .takes = "", .run = complaining};
    static const struct command *const list[] = {&c, NULL};
    static const struct program other = {list, "/nonexistent"};
    assert_int_equal(run_words(&other, (char *[]){W("tacho"), W("c"), NULL}), 0);
    assert_string_equal(complained, "tacho show: one 2\n"
                                    "replay: unsupported schema version 2, this tacho supports schema 1\n"
                                    "tacho show: no\\x0asuch\\x1b time\n"
                                    "tacho: disk: broken\n");
}

static int set_up(void **state) {
    (void)state;
    (void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_go_from_the_line_to_the_built_in),
        cmocka_unit_test(the_line_turns_off_what_another_layer_turned_on),
        cmocka_unit_test(the_exit_code_is_the_commands),
        cmocka_unit_test(wrong_use_is_one_line),
        cmocka_unit_test(help_goes_to_stdout),
        cmocka_unit_test(without_a_command_help_goes_to_stderr),
        cmocka_unit_test(complaints_are_escaped_lines),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
