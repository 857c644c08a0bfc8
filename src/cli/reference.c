/* cli/reference.c: man pages in roff, with the macros that man(7) of groff and mandoc share. */
#include "cli/reference.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/fields.h"
#include "cli/help.h"
#include "cli/option.h"
#include "cli/program.h"
#include "cli/version.h"

/* One character of running text; returns how many bytes it took. */
static size_t put_character(struct buffer *b, struct text t) {
    static const struct {
        char plain;
        const char *roff;
    } special[] = {
        {'\\', "\\e"}, {'-', "\\-"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'\'', "\\(aq"}, {'"', "\\(dq"}};
    unsigned char first = (unsigned char)t.at[0];
    size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (size_t i = 0; i < COUNT_OF(special); i++) {
        if (t.at[0] == special[i].plain) {
            buffer_put_text(b, text_of(special[i].roff));
            return 1;
        }
    }
    if (n == 1 || n > t.len) {
        buffer_put_char(b, t.at[0]);
        return 1;
    }
    unsigned code = first & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)t.at[i] & 0x3FU);
    buffer_printf(b, "\\[u%04X]", code);
    return n;
}

static void put_plain(struct buffer *b, struct text t) {
    while (t.len > 0) {
        size_t n = put_character(b, t);
        t = (struct text){t.at + n, t.len - n};
    }
}

static void put_string(struct buffer *b, const char *s) {
    put_plain(b, text_of(s));
}

/* Running text with *bold* words, in short lines; a point that begins one must not be taken for a request. */
static void put_running(struct buffer *b, struct text t) {
    enum { SOURCE_COLUMNS = 60 };
    struct text run;
    bool bold = false;
    size_t line = b->len;
    while (wrap_next_run(&t, &run, &bold)) {
        buffer_put_text(b, text_of(bold ? "\\fB" : ""));
        for (size_t i = 0; i < run.len;) {
            if (run.at[i] == ' ' || run.at[i] == '\n') {
                bool is_long = b->len - line > SOURCE_COLUMNS;
                if (b->at && b->at[b->len - 1] != '\n' && b->at[b->len - 1] != ' ')
                    buffer_put_char(b, is_long ? '\n' : ' ');
                if (is_long)
                    line = b->len;
                i++;
                continue;
            }
            if (b->len == line && run.at[i] == '.')
                buffer_put_text(b, TEXT("\\&"));
            i += put_character(b, (struct text){run.at + i, run.len - i});
        }
        buffer_put_text(b, text_of(bold ? "\\fR" : ""));
    }
    buffer_put_char(b, '\n');
}

static void put_paragraphs(struct buffer *b, const char *details) {
    struct text rest = text_of(details);
    for (bool first = true; rest.len > 0; first = false) {
        const char *end = memmem(rest.at, rest.len, "\n\n", 2);
        size_t n = end ? (size_t)(end - rest.at) : rest.len;
        struct text paragraph = text_trim((struct text){rest.at, n});
        rest = end ? (struct text){end + 2, rest.len - n - 2} : (struct text){NULL, 0};
        if (paragraph.len == 0)
            continue;
        buffer_put_text(b, text_of(first ? "" : ".PP\n"));
        put_running(b, paragraph);
    }
}

static void put_head(struct buffer *b, const char *page, int section, const char *summary) {
    buffer_put_text(b, TEXT(".\\\" Written by tacho --reference man.\n.TH "));
    for (const char *at = page; *at; at++)
        buffer_put_char(b, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
    buffer_printf(b, " %d \"%s\" \"tacho %s\" \"tacho\"\n.SH NAME\n", section, TACHO_DATE, TACHO_VERSION);
    put_string(b, page);
    buffer_put_text(b, TEXT(" \\- "));
    put_string(b, summary);
    buffer_put_char(b, '\n');
}

static void put_options(struct buffer *b, const struct option_spec *options, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct option_spec *o = &options[i];
        struct buffer says CLEANUP(buffer_done) = {0};
        char takes[OPTION_TAKES_LEN];
        buffer_put_text(b, TEXT(".TP\n"));
        if (o->letter)
            buffer_printf(b, "\\fB\\-%c\\fR, ", o->letter);
        buffer_put_text(b, TEXT("\\fB\\-\\-"));
        put_string(b, option_has_opposite(o) ? "[no-]" : "");
        put_string(b, o->name);
        buffer_put_text(b, TEXT("\\fR"));
        if (*option_takes(o, takes)) {
            buffer_put_text(b, TEXT(" \\fI"));
            put_string(b, takes);
            buffer_put_text(b, TEXT("\\fR"));
        }
        buffer_printf(&says, "%s%s%s%s", o->says, help_initial(o) ? " (default: " : "",
            help_initial(o) ? help_initial(o) : "", help_initial(o) ? ")" : "");
        buffer_put_char(b, '\n');
        put_running(b, (struct text){says.at, says.len});
    }
}

static void put_layers(struct buffer *b) {
    buffer_put_text(b, TEXT(".SH ENVIRONMENT AND CONFIGURATION\n"));
    put_running(b, text_of(help_layers));
}

static void put_exits(struct buffer *b) {
    buffer_put_text(b, TEXT(".SH EXIT STATUS\n"));
    for (size_t i = 0; i < COUNT_OF(help_exits); i++)
        buffer_printf(b, ".TP\n\\fB%s\\fR\n%s\n", help_exits[i].code, help_exits[i].says);
}

static void put_examples(struct buffer *b, const struct example *examples) {
    if (!examples || !examples->line)
        return;
    buffer_put_text(b, TEXT(".SH EXAMPLES\n"));
    for (const struct example *e = examples; e->line; e++) {
        buffer_put_text(b, TEXT(".TP\n\\fB"));
        put_string(b, e->line);
        buffer_put_text(b, TEXT("\\fR\n"));
        put_running(b, text_of(e->says));
    }
}

void reference_man_command(const struct command *c, struct buffer *b) {
    char page[64];
    (void)snprintf(page, sizeof page, "tacho-%s", c->name);
    put_head(b, page, 1, c->summary);
    buffer_put_text(b, TEXT(".SH SYNOPSIS\n\\fBtacho "));
    put_string(b, c->name);
    buffer_put_text(b, TEXT("\\fR [\\fIOPTION\\fR\\[u2026]]"));
    if (*c->takes) {
        buffer_put_text(b, TEXT(" \\fI"));
        put_string(b, c->takes);
        buffer_put_text(b, TEXT("\\fR"));
    }
    buffer_put_text(b, TEXT("\n.SH DESCRIPTION\n"));
    put_paragraphs(b, c->details && *c->details ? c->details : c->summary);
    buffer_put_text(b, TEXT(".SH OPTIONS\n"));
    put_options(b, c->options, c->n_options);
    put_options(b, global_options, N_GLOBAL_OPTIONS);
    put_layers(b);
    put_exits(b);
    put_examples(b, c->examples);
    buffer_put_text(b, TEXT(".SH SEE ALSO\n.BR tacho (1),\n.BR tacho\\-fields (5)\n"));
}

void reference_man_program(const struct command *const *list, struct buffer *b) {
    put_head(b, "tacho", 1, help_tagline);
    buffer_put_text(b,
        TEXT(
            ".SH SYNOPSIS\n\\fBtacho\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIOPTION\\fR\\[u2026]] "
            "[\\fIARGUMENT\\fR\\[u2026]]\n.SH COMMANDS\n"));
    for (const struct command *const *c = list; *c; c++) {
        buffer_put_text(b, TEXT(".TP\n.BR tacho\\-"));
        put_string(b, (*c)->name);
        buffer_put_text(b, TEXT(" (1)\n"));
        put_running(b, text_of((*c)->summary));
    }
    buffer_put_text(b, TEXT(".TP\n\\fBtacho help\\fR [\\fICOMMAND\\fR|\\fBfields\\fR]\n"));
    put_running(b, TEXT("show the help of a command, or what a recording holds"));
    buffer_put_text(b, TEXT(".SH OPTIONS\n"));
    put_options(b, global_options, N_GLOBAL_OPTIONS);
    put_layers(b);
    put_exits(b);
    buffer_put_text(b, TEXT(".SH SEE ALSO\n"));
    for (const struct command *const *c = list; *c; c++) {
        buffer_put_text(b, TEXT(".BR tacho\\-"));
        put_string(b, (*c)->name);
        buffer_put_text(b, TEXT(" (1),\n"));
    }
    buffer_put_text(b, TEXT(".BR tacho\\-fields (5)\n"));
}

static void put_field(void *user, const char *path, const struct field *f) {
    struct buffer *b = user, says CLEANUP(buffer_done) = {0};
    buffer_put_text(b, TEXT(".TP\n\\fB"));
    put_string(b, path);
    buffer_put_text(b, TEXT("\\fR\n"));
    fields_describe(f, &says);
    put_running(b, (struct text){says.at, says.len});
}

void reference_man_fields(struct buffer *b) {
    put_head(b, "tacho-fields", 5, "what the frames of a recording hold");
    buffer_put_text(b, TEXT(".SH DESCRIPTION\n"));
    put_running(b, text_of(help_about_fields));
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        buffer_put_text(b, TEXT(".SS "));
        put_string(b, sections[i].key);
        if (sections[i].name) {
            buffer_put_text(b, TEXT(" (\\-\\-include "));
            put_string(b, sections[i].name);
            buffer_put_char(b, ')');
        }
        buffer_put_char(b, '\n');
        fields_walk(sections[i].table, put_field, b);
    }
    buffer_put_text(b, TEXT(".SH SEE ALSO\n.BR tacho (1)\n"));
}

int reference_run(const struct command *const *list, int argc, char **argv) {
    const char *what = argc > 0 ? argv[0] : "", *page = argc > 1 ? argv[1] : "";
    struct buffer out CLEANUP(buffer_done) = {0};
    if (strcmp(what, "bash") == 0)
        reference_bash(list, &out);
    else if (strcmp(what, "zsh") == 0)
        reference_zsh(list, &out);
    else if (strcmp(what, "fish") == 0)
        reference_fish(list, &out);
    else if (strcmp(what, "man") == 0 && !*page)
        reference_man_program(list, &out);
    else if (strcmp(what, "man") == 0 && strcmp(page, "fields") == 0)
        reference_man_fields(&out);
    else if (strcmp(what, "man") == 0)
        for (; *list; list++)
            if (strcmp((*list)->name, page) == 0)
                reference_man_command(*list, &out);
    if (out.len == 0 && !out.failed)
        return complain(NULL, 2, "--reference takes man [COMMAND|fields], bash, zsh or fish");
    return program_print(&out, STDOUT_FILENO);
}
