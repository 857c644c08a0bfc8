/* cli/fields.c: what a frame holds, for people: every section and field from the model's tables. */
#include "cli/fields.h"

#include <stdio.h>

#include "cli/help.h"

static void walk(const struct field_table *table, const char *prefix, fields_visit visit, void *user) {
    for (size_t i = 0; i < table->n; i++) {
        const struct field *f = &table->fields[i];
        char path[FIELDS_PATH_MAX];
        (void)snprintf(path, sizeof path, "%s%s%.*s", prefix, *prefix ? "." : "", TEXT_ARG(f->key));
        visit(user, path, f);
        if (!f->of)
            continue;
        if (f->type == FIELD_LIST)
            (void)snprintf(path + strlen(path), sizeof path - strlen(path), "[]");
        walk(f->of, path, visit, user);
    }
}

void fields_walk(const struct field_table *table, fields_visit visit, void *user) {
    walk(table, "", visit, user);
}

static const char *type_name(const struct field *f) {
    switch (f->type) {
    case FIELD_TEXT: return "text";
    case FIELD_U64:
    case FIELD_I64: return "integer";
    case FIELD_F64: return "number";
    case FIELD_BOOL: return "yes or no";
    case FIELD_OBJECT: return "object";
    case FIELD_LIST: return "list";
    case FIELD_TEXTS: return "texts";
    case FIELD_DETAIL: return "named texts";
    }
    return "";
}

void fields_describe(const struct field *f, struct buffer *out) {
    buffer_printf(
        out, "%s%s%s%s: %s", type_name(f), *f->unit ? ", " : "", f->unit, f->counter ? ", counter" : "", f->says);
}

enum { COLUMN_MOST = 32 };

struct printer {
    struct buffer *b;
    const struct wrap_style *style;
    size_t column; /* where the meaning begins */
};

static void measure(void *user, const char *path, const struct field *f) {
    size_t *widest = user, n = strlen(path);
    (void)f;
    if (n > *widest)
        *widest = n;
}

static void print(void *user, const char *path, const struct field *f) {
    struct printer *p = user;
    struct buffer says CLEANUP(buffer_done) = {0};
    fields_describe(f, &says);
    buffer_printf(p->b, "  %s", path);
    wrap_second(p->b, 2 + strlen(path), p->column, (struct text){says.at, says.len}, p->style);
}

const char help_about_fields[] = "What a frame holds. --fields and --query take SECTION.FIELD, like gpus.utilization, "
                                 "and for a counter's rate per second "
                                 "SECTION.FIELD/s, like gpus.energy_joules/s. What stands behind [] belongs to each "
                                 "item of a list: it is in the JSON, but "
                                 "no column can be made of it.";

void help_fields(const struct wrap_style *style, struct buffer *b) {
    wrap_put(b, text_of(help_about_fields), 0, 0, style);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct section_info *s = &sections[i];
        struct printer p = {b, style, 0};
        fields_walk(s->table, measure, &p.column);
        /* A few long paths do not push all the meanings to the right. */
        p.column = p.column > COLUMN_MOST ? COLUMN_MOST : p.column + 4;
        buffer_printf(b, style->bold ? "\n\033[1m%s\033[22m" : "\n%s", s->key);
        if (s->name)
            buffer_printf(b, " (--include %s)", s->name);
        buffer_put_char(b, '\n');
        fields_walk(s->table, print, &p);
    }
}
