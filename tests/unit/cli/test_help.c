/* tests/unit/cli/test_help.c: help as it is laid out, running text, and near words. */
#include "test.h"

#include <stdio.h>

#include "cli/fields.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "frame/columns.h"
#include "frame/frame.h"
#include "table.h"

static struct buffer out;

static const char *text(void) {
    buffer_put_char(&out, '\0');
    assert_false(out.failed);
    return out.at;
}

static void a_commands_help_is_laid_out(void **state) {
    (void)state;
    const struct wrap_style style = {.width = 60};
    buffer_clear(&out);
    help_command(&try_command, &style, &out);
    assert_string_equal(text(), "Usage: tacho try [OPTION\342\200\246] [FILE\342\200\246]\n"
                                "Try an option of every type.\n"
                                "\n"
                                "Options:\n"
                                "  -o, --output PATH    where to write\n"
                                "  -i, --interval SECS  time between two cycles (default: 3)\n"
                                "      --max-size SIZE  size of a segment (default: 100M)\n"
                                "      --max-files N    segments that are kept (default: 10)\n"
                                "      --level N        how hard to compress\n"
                                "      --speed F        how fast to play (default: 1)\n"
                                "      --compress zstd|gzip|none\n"
                                "                       how to compress (default: gzip)\n"
                                "  -q, --[no-]quiet     no status line\n"
                                "  -f, --force          replace what is there\n"
                                "\n"
                                "Of every command:\n"
                                "      --config FILE    read this configuration file and no\n"
                                "                       other\n"
                                "  -h, --help           show this help\n"
                                "      --version        show the version of tacho and of its\n"
                                "                       libraries\n"
                                "\n"
                                "It tries everything that a command can be given, and\n"
                                "*.ndjson stays as it is.\n"
                                "\n"
                                "Second paragraph, which is long enough to be broken over\n"
                                "more than one line of a usual terminal.\n"
                                "\n"
                                "Examples:\n"
                                "  tacho try -o a.ndjson\n"
                                "      writes to a.ndjson\n"
                                "\n"
                                "Exit codes:\n"
                                "  0  fine\n"
                                "  1  failed\n"
                                "  2  wrong usage\n");
}

static void no_line_is_wider_than_asked(void **state) {
    (void)state;
    for (size_t width = 40; width <= 100; width += 4) {
        const struct wrap_style style = {.width = width};
        buffer_clear(&out);
        help_program(try_list, &style, &out);
        help_fields(&style, &out);
        struct text rest = {out.at, out.len}, line;
        while (text_cut(&rest, '\n', &line))
            /* Two things cannot be broken: the usage and a field's path. */
            if (wrap_columns(line) > width && !text_starts(line, "Usage:") && !text_starts(line, "  "))
                fail_msg("%zu columns in %zu: %.*s", wrap_columns(line), width, TEXT_ARG(line));
    }
}

static void wrapped(const char *t, size_t width, bool bold, const char *expected) {
    const struct wrap_style style = {.width = width, .bold = bold};
    buffer_clear(&out);
    wrap_put(&out, text_of(t), 0, 2, &style);
    assert_string_equal(text(), expected);
}

static void running_text_is_wrapped(void **state) {
    (void)state;
    wrapped("", 10, false, "\n");
    wrapped("one", 10, false, "one\n");
    wrapped("one two\nthree  four", 9, false, "one two\n  three\n  four\n");
    wrapped("incomprehensibilities and", 9, false, "incomprehensibilities\n  and\n");
    wrapped("h\303\251h\303\251 h\303\251h\303\251", 9, false, "h\303\251h\303\251 h\303\251h\303\251\n");
    wrapped("a *b c*, d", 80, false, "a b c, d\n");
    wrapped("a *b*, d", 3, true, "a\n  \033[1mb\033[22m,\n  d\n");
    wrapped("2 * 3 * 4 and *.c but *all", 80, false, "2 * 3 * 4 and *.c but *all\n");
    wrapped("(*a*) x*y*z **", 80, false, "(a) x*y*z **\n");
    wrapped("*", 80, true, "*\n");
}

static void near_words_are_suggested(void **state) {
    (void)state;
    assert_int_equal(nearest_distance(TEXT("kitten"), TEXT("sitting")), 3);
    assert_int_equal(nearest_distance(TEXT("recrod"), TEXT("record")), 1);
    assert_int_equal(nearest_distance(TEXT(""), TEXT("abc")), 3);
    assert_int_equal(nearest_distance(TEXT("abc"), TEXT("abc")), 0);
    assert_int_equal(nearest_distance(TEXT("inter"), TEXT("interval")), 1);
    unsigned best = NEAREST_NONE;
    assert_false(nearest_better(TEXT("x"), TEXT("y"), &best));
    assert_false(nearest_better(TEXT("foo"), TEXT("bar"), &best));
    assert_true(nearest_better(TEXT("levle"), TEXT("level"), &best));
    assert_false(nearest_better(TEXT("levle"), TEXT("lever"), &best));
    char huge[100];
    memset(huge, 'a', sizeof huge);
    assert_false(nearest_better((struct text){huge, sizeof huge}, (struct text){huge, sizeof huge}, &best));
}

struct count {
    unsigned fields, counters, nested;
};

static void count(void *user, const char *path, const struct field *f) {
    struct count *c = user;
    c->fields++;
    c->counters += f->counter;
    c->nested += strchr(path, '.') != NULL;
}

static void fields_are_walked_with_their_members(void **state) {
    (void)state;
    struct count c = {0};
    fields_walk(&gpu_table, count, &c);
    assert_true(c.fields > gpu_table.n);
    assert_true(c.nested == c.fields - gpu_table.n);
    const struct field *f = field_find(&gpu_table, TEXT("energy_joules"), NULL);
    buffer_clear(&out);
    fields_describe(f, &out);
    assert_string_equal(text(), "number, J, counter: energy used");
}

static const char *section_key;

static void accept_column(void *user, const char *path, const struct field *f) {
    char name[200];
    struct columns columns;
    struct error err = {0};
    (void)user;
    if (strchr(path, '[') || f->type == FIELD_LIST || f->type == FIELD_OBJECT)
        return;
    (void)snprintf(name, sizeof name, "%s.%s%s", section_key, path, f->counter ? "/s" : "");
    assert_ok(columns_parse(text_of(name), &columns, &err), err);
    columns_done(&columns);
}

static void every_field_that_is_shown_can_be_a_column(void **state) {
    (void)state;
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        section_key = sections[i].key;
        fields_walk(sections[i].table, accept_column, NULL);
    }
}

static int tear_down(void **state) {
    (void)state;
    buffer_done(&out);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commands_help_is_laid_out),
        cmocka_unit_test(no_line_is_wider_than_asked),
        cmocka_unit_test(running_text_is_wrapped),
        cmocka_unit_test(near_words_are_suggested),
        cmocka_unit_test(fields_are_walked_with_their_members),
        cmocka_unit_test(every_field_that_is_shown_can_be_a_column),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
