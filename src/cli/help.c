/* cli/help.c: --help and --version, written from the tables. */
#include "cli/help.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/option.h"
#include "cli/version.h"
#include "frame/frame.h"

const char help_tagline[] =
    "a flight recorder for servers: records a machine into a file, and takes any past moment out again";
const char help_layers[] =
    "What an option is when it is not on the command line: the environment's TACHO_<COMMAND>_<OPTION> or "
    "TACHO_<OPTION> "
    "(TACHO_MAX_SIZE for --max-size), then the configuration file, then the default. The configuration files are "
    "$XDG_CONFIG_HOME/tacho/config.ini (~/.config/tacho/config.ini) and /etc/tacho/config.ini, or the one that "
    "--config or TACHO_CONFIG names; sections are "
    "[general] "
    "and the "
    "commands' names, keys are the options' names. On the command line --no-NAME turns off a flag that they turn on.";
const struct help_exit help_exits[3] = {{"0", "fine"}, {"1", "failed"}, {"2", "wrong usage"}};

enum { WIDTH_MOST = 100, WIDTH_LEAST = 40, WIDTH_DEFAULT = 80, LEFT_MOST = 30, INDENT = 2 };

struct wrap_style help_style(int fd) {
    struct wrap_style style = {.width = WIDTH_DEFAULT};
    struct winsize size = {0};
    if (!isatty(fd))
        return style;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    style.width = style.width > WIDTH_MOST ? WIDTH_MOST : style.width < WIDTH_LEAST ? WIDTH_LEAST : style.width;
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    style.bold = term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
    return style;
}

const char *help_initial(const struct option_spec *o) {
    return o->type == OPTION_FLAG || !o->initial || !*o->initial ? NULL : o->initial;
}

static void heading(struct buffer *b, const char *text, const struct wrap_style *style) {
    buffer_printf(b, style->bold ? "\n\033[1m%s:\033[22m\n" : "\n%s:\n", text);
}

/* "  -o, --output PATH": returns its columns. */
static size_t left_side(const struct option_spec *o, struct buffer *b) {
    char takes[OPTION_TAKES_LEN];
    size_t before = b->len;
    if (o->letter)
        buffer_printf(b, "  -%c, ", o->letter);
    else
        buffer_put_text(b, TEXT("      "));
    buffer_printf(b, "--%s%s", option_has_opposite(o) ? "[no-]" : "", o->name);
    if (*option_takes(o, takes))
        buffer_printf(b, " %s", takes);
    return b->at ? wrap_columns((struct text){b->at + before, b->len - before}) : 0;
}

static size_t left_width(const struct option_spec *options, size_t n) {
    struct buffer scratch CLEANUP(buffer_done) = {0};
    size_t widest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t columns = left_side(&options[i], &scratch) + 2;
        if (columns > widest && columns <= LEFT_MOST)
            widest = columns;
    }
    return widest;
}

static void put_options(
    const struct option_spec *options, size_t n, size_t indent, struct buffer *b, const struct wrap_style *style) {
    for (size_t i = 0; i < n; i++) {
        struct buffer says CLEANUP(buffer_done) = {0};
        buffer_put_text(&says, text_of(options[i].says));
        if (help_initial(&options[i]))
            buffer_printf(&says, " (default: %s)", help_initial(&options[i]));
        size_t column = left_side(&options[i], b);
        wrap_second(b, column, indent, (struct text){says.at, says.len}, style);
    }
}

static void put_exits(struct buffer *b, const struct wrap_style *style) {
    heading(b, "Exit codes", style);
    for (size_t i = 0; i < COUNT_OF(help_exits); i++)
        buffer_printf(b, "  %s  %s\n", help_exits[i].code, help_exits[i].says);
}

static void put_paragraphs(struct buffer *b, const char *details, const struct wrap_style *style) {
    struct text rest = text_of(details);
    while (rest.len > 0) {
        const char *end = memmem(rest.at, rest.len, "\n\n", 2);
        size_t n = end ? (size_t)(end - rest.at) : rest.len;
        struct text paragraph = text_trim((struct text){rest.at, n});
        rest = end ? (struct text){end + 2, rest.len - n - 2} : (struct text){NULL, 0};
        if (paragraph.len == 0)
            continue;
        buffer_put_char(b, '\n');
        wrap_put(b, paragraph, 0, 0, style);
    }
}

static void put_examples(struct buffer *b, const struct example *examples, const struct wrap_style *style) {
    if (!examples || !examples->line)
        return;
    heading(b, "Examples", style);
    for (const struct example *e = examples; e->line; e++) {
        buffer_printf(b, "  %s\n      ", e->line);
        wrap_put(b, text_of(e->says), 6, 6, style);
    }
}

static void put_sentence(struct buffer *b, const char *text, const struct wrap_style *style) {
    struct buffer sentence CLEANUP(buffer_done) = {0};
    buffer_put_text(&sentence, text_of(text));
    buffer_put_char(&sentence, '.');
    if (sentence.at && *sentence.at >= 'a' && *sentence.at <= 'z')
        *sentence.at = (char)(*sentence.at - 'a' + 'A');
    wrap_put(b, (struct text){sentence.at, sentence.len}, 0, 0, style);
}

void help_command(const struct command *c, const struct wrap_style *style, struct buffer *b) {
    size_t own = left_width(c->options, c->n_options), common = left_width(global_options, N_GLOBAL_OPTIONS);
    size_t indent = own > common ? own : common;
    buffer_printf(b, "Usage: tacho %s [OPTION\342\200\246]%s%s\n", c->name, *c->takes ? " " : "", c->takes);
    put_sentence(b, c->summary, style);
    if (c->n_options > 0) {
        heading(b, "Options", style);
        put_options(c->options, c->n_options, indent, b, style);
    }
    heading(b, "Of every command", style);
    put_options(global_options, N_GLOBAL_OPTIONS, indent, b, style);
    put_paragraphs(b, c->details ? c->details : "", style);
    put_examples(b, c->examples, style);
    put_exits(b, style);
}

void help_program(const struct command *const *list, const struct wrap_style *style, struct buffer *b) {
    size_t indent = left_width(global_options, N_GLOBAL_OPTIONS);
    buffer_put_text(b, TEXT("Usage: tacho [--config FILE] COMMAND [OPTION\342\200\246] [ARGUMENT\342\200\246]\n"));
    put_sentence(b, help_tagline, style);
    heading(b, "Commands", style);
    for (const struct command *const *c = list; *c; c++) {
        buffer_printf(b, "  %s", (*c)->name);
        wrap_second(b, INDENT + strlen((*c)->name), indent, text_of((*c)->summary), style);
    }
    buffer_put_text(b, TEXT("  help"));
    wrap_second(
        b, INDENT + 4, indent, TEXT("show the help of a command, or what a recording holds: help fields"), style);
    heading(b, "Options", style);
    put_options(global_options, N_GLOBAL_OPTIONS, indent, b, style);
    buffer_put_char(b, '\n');
    wrap_put(b, text_of(help_layers), 0, 0, style);
    put_exits(b, style);
    buffer_put_text(b, TEXT("\ntacho COMMAND --help says more.\n"));
}

void help_version(struct buffer *b) {
    buffer_printf(b, "tacho %s\n", TACHO_VERSION);
    buffer_printf(b, "schema %d\n", FRAME_SCHEMA);
    buffer_printf(b, "libzstd %s, zlib %s, simdjson %s, inih %s\n", ZSTD_versionString(), zlibVersion(),
        TACHO_SIMDJSON_VERSION, TACHO_INIH_VERSION);
}
