/* cli/program.c: finds the command that is asked for, hands it its options, runs it. */
#include "cli/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/option.h"
#include "cli/reference.h"

enum { FINE, FAILED, WRONG };

static void free_values(void **values) {
    free(*values);
}

int program_print(const struct buffer *b, int fd) {
    struct error err = {0};
    if (buffer_status(b, &err) < 0 ||
        file_write_all(fd, fd == STDOUT_FILENO ? "standard output" : "standard error", b->at, b->len, NULL, &err) < 0)
        return complain_error(NULL, &err);
    return FINE;
}

static const struct command *find_command(const struct program *p, const char *name) {
    for (const struct command *const *c = p->list; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

/* Names all commands, the nearest first. */
static int unknown_command(const struct program *p, const char *typed) {
    struct buffer all CLEANUP(buffer_done) = {0};
    const char *near = NULL;
    unsigned best = NEAREST_NONE;
    char shown[64];
    (void)text_printable(text_of(typed), shown, sizeof shown);
    for (const struct command *const *c = p->list; *c; c++)
        if (nearest_better(text_of(typed), text_of((*c)->name), &best))
            near = (*c)->name;
    if (nearest_better(text_of(typed), TEXT("help"), &best))
        near = "help";
    for (const struct command *const *c = p->list; *c; c++)
        if ((*c)->name != near)
            buffer_printf(&all, "%s%s", all.len ? ", " : "", (*c)->name);
    if (!near || strcmp(near, "help") != 0)
        buffer_printf(&all, "%shelp", all.len ? ", " : "");
    if (near)
        return complain(
            NULL, WRONG, "unknown command '%s': did you mean %s? (others: %.*s)", shown, near, (int)all.len, all.at);
    return complain(NULL, WRONG, "unknown command '%s' (there are: %.*s)", shown, (int)all.len, all.at ? all.at : "");
}

static int show_version(void) {
    struct buffer out CLEANUP(buffer_done) = {0};
    help_version(&out);
    return program_print(&out, STDOUT_FILENO);
}

static int show_help(const struct program *p, const struct command *c) {
    struct buffer out CLEANUP(buffer_done) = {0};
    struct wrap_style style = help_style(STDOUT_FILENO);
    if (c)
        help_command(c, &style, &out);
    else
        help_program(p->list, &style, &out);
    return program_print(&out, STDOUT_FILENO);
}

/* tacho help [COMMAND|fields] */
static int run_help(const struct program *p, int argc, char **argv) {
    struct buffer out CLEANUP(buffer_done) = {0};
    if (argc > 1)
        return complain(NULL, WRONG, "help takes one word: a command, or fields");
    if (argc == 0 || argv[0][0] == '-' || strcmp(argv[0], "help") == 0)
        return show_help(p, NULL);
    if (strcmp(argv[0], "fields") == 0) {
        struct wrap_style style = help_style(STDOUT_FILENO);
        help_fields(&style, &out);
        return program_print(&out, STDOUT_FILENO);
    }
    const struct command *c = find_command(p, argv[0]);
    return c ? show_help(p, c) : unknown_command(p, argv[0]);
}

static int run_command(const struct program *p, const struct command *c, struct globals *g, int argc, char **argv) {
    void *values CLEANUP(free_values) = calloc(1, c->values_size ? c->values_size : 1);
    struct arena texts CLEANUP(arena_done) = {0};
    struct error err = {0};
    struct settings s = {.command = c, .values = values};
    struct invocation in = {0};
    if (!values)
        return complain(c, FAILED, "out of memory");
    if (option_parse(&s, argc, argv, g, &in, &err) < 0)
        return complain_error(c, &err);
    if (g->help || g->version)
        return g->help ? show_help(p, c) : show_version();
    const char *config = g->config ? g->config : getenv("TACHO_CONFIG");
    if (option_environment(&s, &err) < 0 ||
        config_load(p->list, config && *config ? config : NULL, p->system_config, &s, &texts, &err) < 0 ||
        option_initial(&s, &err) < 0)
        return complain_error(c, &err);
    in.given = s.given;
    in.on_command_line = s.on_command_line;
    return c->run(values, &in);
}

static int dispatch(const struct program *p, int argc, char **argv) {
    struct globals g = {0};
    struct error err = {0};
    int used = 0;
    if (argc > 0 && strcmp(argv[0], "--reference") == 0)
        return reference_run(p->list, argc - 1, argv + 1);
    if (option_parse_globals(argc, argv, &g, &used, &err) < 0)
        return complain_error(NULL, &err);
    if (g.help || g.version)
        return g.help ? show_help(p, NULL) : show_version();
    const struct command *screen = find_command(p, "view");
    if (used == argc && screen && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return run_command(p, screen, &g, 0, argv + used);
    if (used == argc) {
        struct buffer out CLEANUP(buffer_done) = {0};
        struct wrap_style style = help_style(STDERR_FILENO);
        help_program(p->list, &style, &out);
        (void)program_print(&out, STDERR_FILENO);
        return WRONG;
    }
    const char *name = argv[used];
    if (strcmp(name, "help") == 0)
        return run_help(p, argc - used - 1, argv + used + 1);
    const struct command *c = find_command(p, name);
    return c ? run_command(p, c, &g, argc - used - 1, argv + used + 1) : unknown_command(p, name);
}

int program_run(const struct program *p, int argc, char **argv) {
    int code = dispatch(p, argc > 0 ? argc - 1 : 0, argv + (argc > 0));
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    int why = errno;
    if (why != EPIPE)
        (void)complain(NULL, FAILED, "write standard output: %s", why ? strerror(why) : "could not be written");
    return code ? code : FAILED;
}
