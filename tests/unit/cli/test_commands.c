/* tests/unit/cli/test_commands.c: the tables of the real commands are sound. */
#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/option.h"

/* A lower-case line without a full stop; a name (NVIDIA, JSON) may begin it. */
static void is_a_line(const char *owner, const char *says) {
    if (!says || !*says || strchr(says, '\n') || text_ends(text_of(says), ".") || isblank((unsigned char)*says))
        fail_msg("%s: '%s' is no line for a table", owner, says ? says : "NULL");
}

static size_t size_of(enum option_type type) {
    switch (type) {
    case OPTION_FLAG: return sizeof(bool);
    case OPTION_TEXT: return sizeof(const char *);
    case OPTION_DURATION: return sizeof(int64_t);
    case OPTION_SIZE:
    case OPTION_COUNT: return sizeof(uint64_t);
    case OPTION_NUMBER: return sizeof(double);
    case OPTION_WORD: return sizeof(int);
    }
    return 0;
}

static void check_option(const struct command *c, size_t at) {
    const struct option_spec *o = &c->options[at];
    struct error err = {0};
    char owner[100];
    (void)snprintf(owner, sizeof owner, "tacho %s --%s", c->name, o->name);
    is_a_line(owner, o->says);
    for (const char *p = o->name; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
            fail_msg("%s: not a name", owner);
    if (o->offset + size_of(o->type) > c->values_size || o->offset % size_of(o->type) != 0)
        fail_msg("%s: the member lies outside the values", owner);
    if ((o->type == OPTION_WORD) != (o->words != NULL) || (o->most && o->least > o->most))
        fail_msg("%s: words or limits do not fit the type", owner);
    if (o->type != OPTION_FLAG && o->type != OPTION_WORD && !o->takes)
        fail_msg("%s: what does it take?", owner);
    if (option_find(global_options, N_GLOBAL_OPTIONS, text_of(o->name)) || o->letter == 'h')
        fail_msg("%s: every command has this", owner);
    for (size_t i = 0; i < at; i++)
        if (strcmp(c->options[i].name, o->name) == 0 || (o->letter && c->options[i].letter == o->letter))
            fail_msg("%s: there are two", owner);
    if (o->initial) {
        uint64_t scratch = 0;
        struct option_spec check = *o;
        check.offset = 0;
        if (option_store(&check, o->initial, &scratch, &err) < 0)
            fail_msg("%s: %s", owner, err.text);
    }
}

static void every_table_is_sound(void **state) {
    (void)state;
    size_t n = 0;
    for (const struct command *const *c = commands; *c; c++, n++) {
        is_a_line((*c)->name, (*c)->summary);
        assert_non_null((*c)->run);
        assert_non_null((*c)->takes);
        assert_true((*c)->n_options <= 64);
        assert_true((*c)->max_args < 0 || (*c)->max_args >= (*c)->min_args);
        if (((*c)->max_args == 0) != !*(*c)->takes)
            fail_msg("%s: 'takes' and 'max_args' do not agree", (*c)->name);
        for (size_t i = 0; i < (*c)->n_options; i++)
            check_option(*c, i);
        for (const struct command *const *other = commands; other < c; other++)
            assert_string_not_equal((*c)->name, (*other)->name);
        for (const struct example *e = (*c)->examples; e && e->line; e++)
            is_a_line((*c)->name, e->says);
    }
    assert_true(n > 0);
}

/* An example that is refused teaches the wrong thing: each is parsed as a shell without quotes would cut it. */
static void every_example_is_accepted(void **state) {
    (void)state;
    for (const struct command *const *c = commands; *c; c++) {
        for (const struct example *e = (*c)->examples; e && e->line; e++) {
            char copy[256], *words[32];
            int n = 0;
            size_t used = 0;
            struct text rest = {e->line, strcspn(e->line, "|>#")}, word;
            if (strpbrk(e->line, "'\"$&;("))
                continue;
            while (n < 32 && text_word(&rest, &word) && used + word.len < sizeof copy) {
                words[n++] = copy + used;
                used += (size_t)snprintf(copy + used, sizeof copy - used, "%.*s", TEXT_ARG(word)) + 1;
            }
            if (n < 2 || strcmp(words[1], (*c)->name) != 0)
                continue;
            void *values = calloc(1, (*c)->values_size ? (*c)->values_size : 1);
            assert_non_null(values);
            struct settings s = {.command = *c, .values = values};
            struct globals g = {0};
            struct invocation in = {0};
            struct error err = {0};
            if (option_parse(&s, n - 2, words + 2, &g, &in, &err) < 0)
                fail_msg("%s: %s", e->line, err.text);
            free(values);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_sound),
        cmocka_unit_test(every_example_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
