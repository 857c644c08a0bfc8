/* cli/config.c: INI files by libinih, checked line by line against the commands' options. */
#include "cli/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/nearest.h"

/* One pass over a file. inih cuts lines at 200 bytes (distributions build that in) and names no line when it calls back; so it
 * is fed by next_piece, which counts the lines, checks what inih would pass over in silence, and hands a long line over in
 * pieces that inih takes for the continuation lines of Python's configparser. */
struct pass {
    const struct command *const *list;
    const char *name;
    struct text rest; /* the lines to come */
    struct text line; /* what is left of the present one */
    unsigned line_number;
    bool continued;  /* the piece that inih has belongs to the value before it */
    bool unanswered; /* inih has the start of a line and did not call back about it */
    bool general;    /* gives what [general] says, else what the command's own section says */
    bool in_section;
    const struct command *section; /* NULL in [general] and before any section */
    char key[64];                  /* with `value` still growing; "" when there is none */
    struct buffer value;
    struct settings *s;
    uint64_t stronger;
    struct arena *texts;
    struct error *err;
    int result;
};

static int wrong(struct pass *p, const char *fmt, ...) PRINTF(2, 3);
static int wrong(struct pass *p, const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    p->result = error_set(p->err, ERR_USAGE, "%s:%u: %s", p->name, p->line_number, text);
    return p->result;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What stands before a comment, as inih has it: ; or # at the start of a line, or ; behind a blank. */
static struct text without_comment(struct text line) {
    line = text_trim(line);
    if (line.len > 0 && (line.at[0] == ';' || line.at[0] == '#'))
        line.len = 0;
    for (size_t i = 1; i < line.len; i++)
        if (line.at[i] == ';' && is_blank(line.at[i - 1]))
            line.len = i;
    return text_trim(line);
}

static const struct command *find_command(const struct command *const *list, struct text name) {
    while (*list && !text_is(name, (*list)->name))
        list++;
    return *list;
}

static int unknown_section(struct pass *p, struct text name) {
    struct buffer all CLEANUP(buffer_done) = {0};
    const char *near = NULL;
    unsigned best = NEAREST_NONE;
    char shown[64];
    (void)text_printable(name, shown, sizeof shown);
    buffer_put_text(&all, TEXT("general"));
    if (nearest_better(name, TEXT("general"), &best))
        near = "general";
    for (const struct command *const *c = p->list; *c; c++) {
        buffer_printf(&all, ", %s", (*c)->name);
        if (nearest_better(name, text_of((*c)->name), &best))
            near = (*c)->name;
    }
    if (near)
        return wrong(p, "unknown section [%s] (did you mean [%s]?)", shown, near);
    return wrong(p, "unknown section [%s] (there are: %.*s)", shown, (int)all.len, all.at ? all.at : "");
}

static int begin_section(struct pass *p) {
    const char *end = memchr(p->line.at, ']', p->line.len);
    if (!end || end != p->line.at + p->line.len - 1)
        return wrong(p, "a section stands alone on its line, like [record]");
    struct text name = text_trim((struct text){p->line.at + 1, p->line.len - 2});
    p->section = find_command(p->list, name);
    p->in_section = true;
    return p->section || text_is(name, "general") ? 0 : unknown_section(p, name);
}

static int unknown_key(struct pass *p, const char *section) {
    struct buffer all CLEANUP(buffer_done) = {0};
    const char *near = NULL;
    unsigned best = NEAREST_NONE;
    char shown[64];
    for (const struct command *const *c = p->list; *c; c++) {
        for (size_t i = 0; i < (*c)->n_options && (!p->section || p->section == *c); i++) {
            const struct option_spec *o = &(*c)->options[i];
            if (o->no_config)
                continue;
            buffer_printf(&all, "%s%s", all.len ? ", " : "", o->name);
            if (nearest_better(text_of(p->key), text_of(o->name), &best))
                near = o->name;
        }
    }
    (void)text_printable(text_of(p->key), shown, sizeof shown);
    if (near)
        return wrong(p, "[%s] %s: unknown key (did you mean %s?)", section, shown, near);
    /* [general] takes what any command takes: too much for a line. */
    if (!p->section || all.len == 0)
        return wrong(p, "[%s] %s: unknown key (tacho help COMMAND lists a command's options)", section, shown);
    return wrong(p, "[%s] %s: unknown key (there are: %.*s)", section, shown, (int)all.len, all.at ? all.at : "");
}

static int give(struct pass *p, const struct option_spec *o) {
    struct text kept = arena_text(p->texts, (struct text){p->value.at, p->value.len + 1});
    if (!kept.at) {
        p->result = error_set(p->err, ERR_NOMEM, "%s", p->name);
        return p->result;
    }
    return option_give(p->s, p->stronger, o, kept.at, p->err);
}

/* The value is whole: checks it for every command that it is for, and gives it if that is the one to run. */
static int take_value(struct pass *p) {
    const char *section = p->section ? p->section->name : "general";
    bool known = false;
    buffer_put_char(&p->value, '\0');
    if (buffer_status(&p->value, p->err) < 0) {
        p->result = -ERR_NOMEM;
        return p->result;
    }
    p->value.len--;
    for (const struct command *const *c = p->list; *c; c++) {
        if (p->section && p->section != *c)
            continue;
        const struct option_spec *o = option_find((*c)->options, (*c)->n_options, text_of(p->key));
        if (!o)
            continue;
        if (o->no_config && p->section)
            return wrong(p, "[%s] %s: this can only be given on the command line", section, o->name);
        if (o->no_config)
            continue;
        known = true;
        struct option_spec check = *o;
        uint64_t scratch = 0;
        struct error why = {0};
        check.offset = 0;
        if (option_store(&check, p->value.at, &scratch, &why) < 0)
            return wrong(p, "[%s] %s: %s", section, o->name, why.text);
        if (*c == p->s->command && p->general == !p->section) {
            int r = give(p, o);
            if (r < 0)
                return r;
        }
    }
    return known ? 0 : unknown_key(p, section);
}

/* Moves on to the next line that says something. False at the end and after a mistake. */
static bool next_line(struct pass *p) {
    while (p->line.len == 0) {
        if (p->unanswered)
            (void)wrong(p, "neither a [section] nor a key = value");
        else if (p->key[0])
            (void)take_value(p);
        p->key[0] = '\0';
        if (p->result < 0 || !text_cut(&p->rest, '\n', &p->line))
            return false;
        p->line_number++;
        if (p->line_number == 1 && text_starts(p->line, "\357\273\277"))
            p->line = (struct text){p->line.at + 3, p->line.len - 3};
        if (memchr(p->line.at, '\0', p->line.len))
            return wrong(p, "a zero byte") == 0;
        p->line = without_comment(p->line);
        if (p->line.len > 0 && p->line.at[0] == '[') {
            if (begin_section(p) < 0)
                return false;
            p->line.len = 0;
        }
    }
    p->continued = false;
    p->unanswered = true;
    return true;
}

/* An ini_reader. */
static char *next_piece(char *to, int room, void *stream) {
    struct pass *p = stream;
    size_t at = 0, cap = room > 8 ? (size_t)room - 4 : 0;
    p->continued = p->line.len > 0;
    if (!p->continued && !next_line(p))
        return NULL;
    if (p->continued)
        to[at++] = ' ';
    size_t n = p->line.len < cap ? p->line.len : cap;
    /* Both sides of a cut must be something that inih neither trims nor takes for a comment. */
    while (n > 0 && n < p->line.len &&
           (is_blank(p->line.at[n - 1]) || is_blank(p->line.at[n]) || p->line.at[n] == ';' || p->line.at[n] == '#'))
        n--;
    if (n == 0) {
        (void)wrong(p, "too many blanks or comment signs in a row");
        return NULL;
    }
    memcpy(to + at, p->line.at, n);
    at += n;
    to[at++] = '\n';
    to[at] = '\0';
    p->line = (struct text){p->line.at + n, p->line.len - n};
    return to;
}

/* An ini_handler; 1 means fine. */
static int take_pair(void *user, const char *section, const char *key, const char *value) {
    struct pass *p = user;
    (void)section;
    if (p->result < 0)
        return 0;
    if (!p->continued) {
        p->unanswered = false;
        p->value.len = 0;
        if (!p->in_section)
            return wrong(p, "'%s' stands before any section, like [general] or [record]", key) == 0;
        if (!*key || (size_t)snprintf(p->key, sizeof p->key, "%s", key) >= sizeof p->key)
            return wrong(p, "neither a [section] nor a key = value") == 0;
    }
    buffer_put_text(&p->value, text_of(value));
    return 1;
}

int config_parse(const struct command *const *list, const char *name, struct text content, struct settings *s,
    struct arena *texts, struct error *err) {
    /* The command's own section first, so that [general] only fills what is left. */
    for (int general = 0; general <= 1; general++) {
        struct pass p = {.list = list,
            .name = name,
            .rest = content,
            .general = general,
            .s = s,
            .stronger = s->given,
            .texts = texts,
            .err = err};
        int r = ini_parse_stream(next_piece, &p, take_pair, &p);
        buffer_done(&p.value);
        if (p.result < 0)
            return p.result;
        if (r < 0)
            return error_set(err, ERR_NOMEM, "%s", name);
    }
    return 0;
}

/* `must` be there, or `may_hide`: a directory that this user may not enter counts as not there. */
static int load(const struct command *const *list, const char *path, bool must, bool may_hide, struct settings *s,
    struct arena *texts, struct error *err) {
    struct buffer content CLEANUP(buffer_done) = {.limit = CONFIG_FILE_MAX + (128 << 10)};
    struct error why = {0};
    int r = file_read_all(AT_FDCWD, path, &content, &why);
    if (r < 0 && !must && (why.code == ERR_ABSENT || (may_hide && why.os_errno == EACCES)))
        return 0;
    if (why.code == ERR_LIMIT || content.len > CONFIG_FILE_MAX)
        return error_set(
            err, ERR_USAGE, "%s: larger than %d bytes: this is no configuration file", path, CONFIG_FILE_MAX);
    if (r < 0)
        return error_set(err, ERR_USAGE, "%s%s", must ? "--config " : "", why.text);
    return config_parse(list, path, (struct text){content.at, content.len}, s, texts, err);
}

int config_load(const struct command *const *list, const char *only, const char *system_path, struct settings *s,
    struct arena *texts, struct error *err) {
    if (only)
        return load(list, only, true, false, s, texts, err);
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[4096];
    int n = -1;
    /* The base directory specification: a relative one is to be ignored. */
    if (xdg && xdg[0] == '/')
        n = snprintf(path, sizeof path, "%s/tacho/config.ini", xdg);
    else if (home && home[0] == '/')
        n = snprintf(path, sizeof path, "%s/.config/tacho/config.ini", home);
    if (n > 0 && (size_t)n < sizeof path) {
        int r = load(list, path, false, true, s, texts, err);
        if (r < 0)
            return r;
    }
    return load(list, system_path, false, false, s, texts, err);
}
