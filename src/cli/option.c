/* cli/option.c: option values from text, checked by their type. */
#include "cli/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/quantity.h"

uint64_t option_bit(const struct command *c, size_t offset) {
    uint64_t bits = 0;
    for (size_t i = 0; i < c->n_options; i++)
        if (c->options[i].offset == offset)
            bits |= UINT64_C(1) << i;
    return bits;
}

const char *option_takes(const struct option_spec *o, char out[OPTION_TAKES_LEN]) {
    size_t used = 0;
    out[0] = '\0';
    if (o->takes)
        (void)snprintf(out, OPTION_TAKES_LEN, "%s", o->takes);
    for (size_t i = 0; !o->takes && o->words && o->words[i] && used < OPTION_TAKES_LEN; i++)
        used += (size_t)snprintf(out + used, OPTION_TAKES_LEN - used, "%s%s", i ? "|" : "", o->words[i]);
    return out;
}

bool option_has_opposite(const struct option_spec *o) {
    return o->type == OPTION_FLAG && !o->no_config && !text_starts(text_of(o->name), "no-");
}

static bool same_name(const char *name, struct text typed) {
    size_t i = 0;
    for (; i < typed.len && name[i]; i++)
        if (typed.at[i] != name[i] && !(typed.at[i] == '_' && name[i] == '-'))
            return false;
    return i == typed.len && !name[i];
}

const struct option_spec *option_find(const struct option_spec *options, size_t n, struct text name) {
    for (size_t i = 0; i < n; i++)
        if (same_name(options[i].name, name))
            return &options[i];
    return NULL;
}

enum { SHOWN_LEN = 64 }; /* of a wrong value in a message, so that what would be right is not cut off */

static int parse_flag(const char *text, bool *ret, struct error *err) {
    static const char *const yes[] = {"1", "true", "yes", "on"}, *const no[] = {"0", "false", "no", "off"};
    char shown[SHOWN_LEN];
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret = strcmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return error_set(err, ERR_USAGE, "'%s' is not yes or no", text_printable(text_of(text), shown, sizeof shown));
}

static int parse_count(const struct option_spec *o, const char *text, uint64_t *ret, struct error *err) {
    uint64_t value = 0;
    char shown[SHOWN_LEN], range[64] = "(like 0, 1, 250)";
    if (text_u64(text_of(text), &value) && value >= o->least && (o->most == 0 || value <= o->most)) {
        *ret = value;
        return 0;
    }
    if (o->most > 0)
        (void)snprintf(range, sizeof range, "from %" PRIu64 " to %" PRIu64, o->least, o->most);
    else if (o->least > 0)
        (void)snprintf(range, sizeof range, "of at least %" PRIu64, o->least);
    return error_set(
        err, ERR_USAGE, "'%s' is not a count %s", text_printable(text_of(text), shown, sizeof shown), range);
}

static int parse_number(const char *text, double *ret, struct error *err) {
    char shown[SHOWN_LEN];
    if (text_f64(text_of(text), ret))
        return 0;
    return error_set(
        err, ERR_USAGE, "'%s' is not a number (like 0.5, 2, 16)", text_printable(text_of(text), shown, sizeof shown));
}

static int parse_word(const struct option_spec *o, const char *text, int *ret, struct error *err) {
    struct buffer list CLEANUP(buffer_done) = {0};
    char shown[SHOWN_LEN];
    for (int i = 0; o->words[i]; i++) {
        if (strcmp(o->words[i], text) == 0) {
            *ret = i;
            return 0;
        }
        buffer_printf(&list, "%s%s", i ? ", " : "", o->words[i]);
    }
    return error_set(err, ERR_USAGE, "'%s' is not one of %.*s", text_printable(text_of(text), shown, sizeof shown),
        (int)list.len, list.at ? list.at : "");
}

int option_store(const struct option_spec *o, const char *text, void *values, struct error *err) {
    union {
        bool flag;
        const char *text;
        int64_t duration;
        uint64_t size, count;
        double number;
        int word;
    } v = {0};
    size_t size = 0;
    int r = 0;
    switch (o->type) {
    case OPTION_FLAG: r = parse_flag(text, &v.flag, err), size = sizeof v.flag; break;
    case OPTION_TEXT: v.text = text, size = sizeof v.text; break;
    case OPTION_DURATION: r = quantity_parse_duration(text_of(text), &v.duration, err), size = sizeof v.duration; break;
    case OPTION_SIZE: r = quantity_parse_size(text_of(text), &v.size, err), size = sizeof v.size; break;
    case OPTION_COUNT: r = parse_count(o, text, &v.count, err), size = sizeof v.count; break;
    case OPTION_NUMBER: r = parse_number(text, &v.number, err), size = sizeof v.number; break;
    case OPTION_WORD: r = parse_word(o, text, &v.word, err), size = sizeof v.word; break;
    }
    if (r == 0)
        memcpy((char *)values + o->offset, &v, size);
    return r;
}

int option_give(
    struct settings *s, uint64_t stronger, const struct option_spec *o, const char *text, struct error *err) {
    uint64_t bit = UINT64_C(1) << (size_t)(o - s->command->options);
    if (stronger & bit)
        return 0;
    int r = option_store(o, text, s->values, err);
    if (r == 0)
        s->given |= bit;
    return r;
}

/* "TACHO_RECORD_MAX_SIZE", or "TACHO_MAX_SIZE" without a command. */
static void variable_name(const char *command, const char *option, char *out, size_t cap) {
    (void)snprintf(out, cap, "TACHO_%s%s%s", command ? command : "", command ? "_" : "", option);
    for (; *out; out++)
        *out = *out == '-' ? '_' : *out >= 'a' && *out <= 'z' ? (char)(*out - 'a' + 'A') : *out;
}

int option_environment(struct settings *s, struct error *err) {
    const struct command *c = s->command;
    uint64_t stronger = s->given;
    for (size_t i = 0; i < c->n_options; i++) {
        const char *const owners[] = {c->name, NULL};
        for (size_t k = 0; k < COUNT_OF(owners) && !c->options[i].no_config; k++) {
            char name[128];
            variable_name(owners[k], c->options[i].name, name, sizeof name);
            const char *text = getenv(name);
            if (!text || !*text)
                continue;
            int r = option_give(s, stronger, &c->options[i], text, err);
            if (r < 0)
                return error_wrap(err, r, "%s", name);
            break;
        }
    }
    return 0;
}

int option_initial(struct settings *s, struct error *err) {
    const struct command *c = s->command;
    for (size_t i = 0; i < c->n_options; i++) {
        if (!c->options[i].initial || s->given & (UINT64_C(1) << i))
            continue;
        int r = option_store(&c->options[i], c->options[i].initial, s->values, err);
        if (r < 0)
            return error_wrap(err, r, "the built-in value of --%s", c->options[i].name);
    }
    return 0;
}
