/* tests/unit/cli/test_reference.c: man pages and completions hold every option, and nothing breaks their syntax. */
#include "test.h"

#include "capture.h"
#include "table.h"

static const struct option_spec odd_options[] = {
    {.name = "odd", .letter = 'd', .type = OPTION_TEXT, .takes = "A:B", .says = "it's a [bracket]: \\ and \"quotes\""},
};
static const struct command odd_command = {
    .name = "odd",
    .summary = "what's odd: [this]",
    .takes = "FILE",
    .min_args = 1,
    .max_args = 1,
    .options = odd_options,
    .n_options = COUNT_OF(odd_options),
    .values_size = sizeof(const char *),
    .details = ".TH is no request here, \\fI nor this, 'tis *bold* and ~ ^ ` \303\251 \342\200\246 \360\237\230\200.",
    .run = try_run,
};
static const struct command *const list[] = {&try_command, &show_command, &odd_command, NULL};
static const struct program program = {list, "/nonexistent/config.ini"};

static void has(const char *what) {
    if (!strstr(printed, what))
        fail_msg("'%s' is not in:\n%s", what, printed);
}

static void man_pages_hold_every_option(void **state) {
    (void)state;
    assert_int_equal(run_tacho(W("--reference"), W("man"), W("try")), 0);
    has(".TH TACHO-TRY 1 ");
    has("tacho\\-try \\- try an option of every type\n");
    has("\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIPATH\\fR\nwhere to write\n");
    has("\\fB\\-\\-compress\\fR \\fIzstd|gzip|none\\fR\nhow to compress (default: gzip)\n");
    has("\\fB\\-\\-config\\fR \\fIFILE\\fR\n");
    has("\\fB\\-q\\fR, \\fB\\-\\-[no\\-]quiet\\fR\nno status line\n");
    has("\\fB\\-f\\fR, \\fB\\-\\-force\\fR\n");
    has("It tries \\fBeverything\\fR that");
    has("[\\fIOPTION\\fR\\[u2026]] \\fI[FILE\\[u2026]]\\fR\n");
    assert_int_equal(run_tacho(W("--reference"), W("man")), 0);
    has(".BR tacho\\-show (1)\nshow a file\n");
    assert_int_equal(run_tacho(W("--reference"), W("man"), W("fields")), 0);
    has(".TH TACHO-FIELDS 5 ");
    has(".SS gpus (\\-\\-include gpu)\n");
    has("\\fBenergy_joules\\fR\nnumber, J, counter: energy used\n");
}

static void text_is_no_roff(void **state) {
    (void)state;
    assert_int_equal(run_tacho(W("--reference"), W("man"), W("odd")), 0);
    has("\n\\&.TH is no request here, \\efI nor this, \\(aqtis \\fBbold\\fR and\n\\(ti \\(ha \\(ga \\[u00E9] \\[u2026] "
        "\\[u1F600].\n");
    has("it\\(aqs a [bracket]: \\e and \\(dqquotes\\(dq");
}

static void completions_hold_every_option(void **state) {
    (void)state;
    assert_int_equal(run_tacho(W("--reference"), W("bash")), 0);
    has("'try --compress') words='zstd gzip none' ;;\n");
    has("'try --output' | 'try -o') files=-f ;;\n");
    has("'try -'*) words='--output -o --interval -i --max-size ");
    has("words='try show odd help'");
    has(" --quiet -q --no-quiet --force -f --config --help -h --version' ;;\n");
    assert_int_equal(run_tacho(W("--reference"), W("zsh")), 0);
    has("'(-o --output)'{-o+,--output=}'[where to write]:PATH:_files'");
    has("'--compress=[how to compress]:word:(zstd gzip none)'");
    has("'(-q --quiet)'{-q,--quiet}'[no status line]' \\\n                '--no-quiet[turn --quiet off]'");
    has("'odd:what'\\''s odd\\: [this]'");
    has("[it'\\''s a \\[bracket\\]: \\\\ and \"quotes\"]:A\\:B:'");
    assert_int_equal(run_tacho(W("--reference"), W("fish")), 0);
    has("complete -c tacho -n '__fish_seen_subcommand_from try' -s o -l output -r -F -d 'where to write'\n");
    has("complete -c tacho -n '__fish_seen_subcommand_from try' -l compress -x -a 'zstd gzip none' -d 'how to "
        "compress'\n");
    has("complete -c tacho -n '__fish_seen_subcommand_from try' -l no-quiet -d 'turn --quiet off'\n");
    has("-d 'it\\'s a [bracket]: \\\\ and \"quotes\"'\n");
}

static void anything_else_is_wrong_usage(void **state) {
    (void)state;
    assert_int_equal(run_tacho(W("--reference"), W("man"), W("bogus")), 2);
    assert_int_equal(run_tacho(W("--reference"), W("tcsh")), 2);
    assert_int_equal(run_tacho(W("--reference")), 2);
    assert_string_equal(complained, "tacho: --reference takes man [COMMAND|fields], bash, zsh or fish\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(man_pages_hold_every_option),
        cmocka_unit_test(text_is_no_roff),
        cmocka_unit_test(completions_hold_every_option),
        cmocka_unit_test(anything_else_is_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
