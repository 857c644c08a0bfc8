/* cli/line.c: the walk over a command line: GNU style, options and other arguments in any order. */
#include "cli/option.h"

#include <stdio.h>

#include "cli/nearest.h"

const struct option_spec global_options[N_GLOBAL_OPTIONS] = {
    {.name = "config",
        .type = OPTION_TEXT,
        .offset = offsetof(struct globals, config),
        .takes = "FILE",
        .says = "read this configuration file and no other"},
    {.name = "help",
        .letter = 'h',
        .type = OPTION_FLAG,
        .offset = offsetof(struct globals, help),
        .says = "show this help",
        .no_config = true},
    {.name = "version",
        .type = OPTION_FLAG,
        .offset = offsetof(struct globals, version),
        .says = "show the version of tacho and of its libraries",
        .no_config = true},
};

struct walk {
    struct settings *s; /* NULL before the command */
    struct globals *g;
    int argc, at;
    char **argv;
    struct error *err;
};

static size_t n_options(const struct walk *w) {
    return w->s ? w->s->command->n_options : 0;
}

static int store(struct walk *w, const struct option_spec *o, const char *text) {
    if (!w->s || o < w->s->command->options || o >= w->s->command->options + n_options(w))
        return option_store(o, text, w->g, w->err);
    w->s->on_command_line |= UINT64_C(1) << (size_t)(o - w->s->command->options);
    return option_give(w->s, 0, o, text, w->err);
}

static int unknown_flag(const struct walk *w, struct text name) {
    const char *near = NULL, *no = "";
    unsigned best = NEAREST_NONE;
    for (size_t i = 0; i < n_options(w); i++) {
        const struct option_spec *o = &w->s->command->options[i];
        char off[64];
        (void)snprintf(off, sizeof off, "no-%s", o->name);
        if (nearest_better(name, text_of(o->name), &best)) {
            near = o->name;
            no = "";
        }
        if (option_has_opposite(o) && nearest_better(name, text_of(off), &best)) {
            near = o->name;
            no = "no-";
        }
    }
    for (size_t i = 0; i < N_GLOBAL_OPTIONS; i++)
        if (nearest_better(name, text_of(global_options[i].name), &best)) {
            near = global_options[i].name;
            no = "";
        }
    char shown[64];
    (void)text_printable(name, shown, sizeof shown);
    if (near)
        return error_set(w->err, ERR_USAGE, "unknown flag --%s (did you mean --%s%s?)", shown, no, near);
    if (!w->s)
        return error_set(
            w->err, ERR_USAGE, "unknown flag --%s before the command (tacho --help lists what there is)", shown);
    return error_set(w->err, ERR_USAGE, "unknown flag --%s (tacho %s --help lists them)", shown, w->s->command->name);
}

/* `flag` is as it was typed: "--interval", "-i". `value` is what was joined to it, or NULL. */
static int take_value(struct walk *w, const struct option_spec *o, const char *flag, const char *value) {
    char takes[OPTION_TAKES_LEN], shown[64];
    if (!value) {
        if (w->at + 1 >= w->argc)
            return error_set(w->err, ERR_USAGE, "%s takes a value: %s %s", flag, flag, option_takes(o, takes));
        value = w->argv[++w->at];
    }
    int r = store(w, o, value);
    return r == 0 ? 0 : error_wrap(w->err, r, "%s %s", flag, text_printable(text_of(value), shown, sizeof shown));
}

static const struct option_spec *own_option(const struct walk *w, struct text name) {
    bool fits = w->s && !memchr(name.at, '_', name.len);
    return fits ? option_find(w->s->command->options, n_options(w), name) : NULL;
}

/* The flag that --no-NAME turns off. */
static const struct option_spec *opposite_of(const struct walk *w, struct text name) {
    if (!text_starts(name, "no-"))
        return NULL;
    const struct option_spec *o = own_option(w, (struct text){name.at + 3, name.len - 3});
    return o && option_has_opposite(o) ? o : NULL;
}

static int long_option(struct walk *w, const char *arg) {
    const char *equals = strchr(arg, '=');
    struct text name = {arg + 2, equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2)};
    const struct option_spec *o = own_option(w, name), *off = o ? NULL : opposite_of(w, name);
    if (off)
        o = off;
    if (!o && name.len > 0)
        o = option_find(global_options, N_GLOBAL_OPTIONS, name);
    if (!o)
        return unknown_flag(w, name);
    char flag[64];
    (void)snprintf(flag, sizeof flag, "--%s%s", off ? "no-" : "", o->name);
    if (o->type != OPTION_FLAG)
        return take_value(w, o, flag, equals ? equals + 1 : NULL);
    if (equals)
        return error_set(w->err, ERR_USAGE, "%s takes no value", flag);
    return store(w, o, off ? "0" : "1");
}

static const struct option_spec *find_letter(const struct option_spec *options, size_t n, char letter) {
    for (size_t i = 0; i < n; i++)
        if (options[i].letter == letter)
            return &options[i];
    return NULL;
}

/* -q, -i3, -i 3, -qi3: flags may be bundled, and the first that takes a value takes the rest. */
static int letters(struct walk *w, const char *arg) {
    for (const char *at = arg + 1; *at; at++) {
        const struct option_spec *o = w->s ? find_letter(w->s->command->options, n_options(w), *at) : NULL;
        if (!o)
            o = find_letter(global_options, N_GLOBAL_OPTIONS, *at);
        char flag[3] = {'-', *at, '\0'};
        if (!o)
            return error_set(w->err, ERR_USAGE, "unknown flag -%.*s (tacho%s%s --help lists what there is)",
                (unsigned char)*at < 0x80 ? 1 : (int)strlen(at), at, w->s ? " " : "", w->s ? w->s->command->name : "");
        if (o->type != OPTION_FLAG)
            return take_value(w, o, flag, at[1] ? at + 1 : NULL);
        int r = store(w, o, "1");
        if (r < 0)
            return r;
    }
    return 0;
}

static int one_option(struct walk *w, const char *arg) {
    return arg[1] == '-' ? long_option(w, arg) : letters(w, arg);
}

int option_parse_globals(int argc, char **argv, struct globals *g, int *ret_used, struct error *err) {
    struct walk w = {.g = g, .argc = argc, .argv = argv, .err = err};
    for (; w.at < argc && argv[w.at][0] == '-' && argv[w.at][1] != '\0' && !g->help && !g->version; w.at++) {
        if (strcmp(argv[w.at], "--") == 0) {
            w.at++;
            break;
        }
        int r = one_option(&w, argv[w.at]);
        if (r < 0)
            return r;
    }
    *ret_used = w.at;
    return 0;
}

static int check_arguments(const struct command *c, const struct invocation *in, struct error *err) {
    char shown[64];
    if (in->n_args < c->min_args)
        return error_set(err, ERR_USAGE, "%s (usage: tacho %s [OPTION\342\200\246] %s)",
            in->n_args == 0 ? "an argument is missing" : "more arguments are needed", c->name, c->takes);
    if (c->max_args >= 0 && in->n_args > c->max_args)
        return error_set(err, ERR_USAGE, "'%s' is one argument too many (usage: tacho %s [OPTION\342\200\246]%s%s)",
            text_printable(text_of(in->args[c->max_args]), shown, sizeof shown), c->name, *c->takes ? " " : "",
            c->takes);
    return 0;
}

int option_parse(
    struct settings *s, int argc, char **argv, struct globals *g, struct invocation *in, struct error *err) {
    struct walk w = {.s = s, .g = g, .argc = argc, .argv = argv, .err = err};
    bool only_arguments = false;
    *in = (struct invocation){.args = argv};
    for (; w.at < argc; w.at++) {
        char *arg = argv[w.at];
        if (only_arguments || arg[0] != '-' || arg[1] == '\0') {
            argv[in->n_args++] = arg;
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            only_arguments = true;
            continue;
        }
        int r = one_option(&w, arg);
        if (r < 0)
            return r;
        if (g->help || g->version)
            return 0;
    }
    return check_arguments(s->command, in, err);
}
