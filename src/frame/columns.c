/* frame/columns.c: chosen readings of a frame, as rows of a table or as small JSON objects. */
#include "frame/columns.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/number.h"
#include "frame/derive.h"

static bool one_per_host(enum section s) {
    return s == SECTION_CPU || s == SECTION_MEMORY || s == SECTION_CHASSIS;
}

static int refuse(struct text name, struct error *err, const char *why) {
    char shown[80];
    return error_set(err, ERR_USAGE, "field '%s': %s", text_printable(name, shown, sizeof shown), why);
}

static int parse_column(struct text name, struct column *ret, struct error *err) {
    struct text rest = name, part;
    *ret = (struct column){.name = name};
    if (text_ends(rest, "/s")) {
        ret->rate = true;
        rest.len -= 2;
    }
    (void)text_cut(&rest, '.', &part);
    ret->section = section_find(part);
    if (ret->section == SECTION_COUNT)
        return refuse(name, err,
            "no such section (gpus, cpus, memory, chassis, processes, storage, networks, errors; see 'tacho help "
            "fields')");
    const struct field_table *table = sections[ret->section].table;
    while (text_cut(&rest, '.', &part)) {
        const struct field *field = table ? field_find(table, part, NULL) : NULL;
        if (!field || ret->depth == COLUMN_DEPTH_MAX)
            return refuse(name, err, "the section has no such field (see 'tacho help fields')");
        ret->path[ret->depth++] = field;
        table = field->type == FIELD_OBJECT ? field->of : NULL;
    }
    if (ret->depth == 0)
        return refuse(name, err, "a section alone is no field: name one of it, as gpus.utilization");
    if (ret->rate && !ret->path[ret->depth - 1]->counter)
        return refuse(name, err, "only a counter has a rate per second");
    return 0;
}

int columns_parse(struct text list, struct columns *ret, struct error *err) {
    struct text part;
    *ret = (struct columns){.rows = SECTION_COUNT, .names = malloc(list.len + 1)};
    if (!ret->names)
        return error_set(err, ERR_NOMEM, "fields");
    memcpy(ret->names, list.at ? list.at : "", list.len);
    struct text rest = {ret->names, list.len};
    int r = 0;
    while (r == 0 && text_cut(&rest, ',', &part)) {
        part = text_trim(part);
        if (part.len == 0)
            continue;
        if (ret->n == COLUMNS_MAX) {
            r = error_set(err, ERR_LIMIT, "more than %d fields", COLUMNS_MAX);
            break;
        }
        struct column *c = &ret->at[ret->n];
        r = parse_column(part, c, err);
        if (r == 0 && !one_per_host(c->section) && ret->rows != SECTION_COUNT && ret->rows != c->section)
            r = error_set(err, ERR_USAGE,
                "fields of both %s and %s: choose one of them (cpus, memory and chassis go with any)",
                sections[ret->rows].key, sections[c->section].key);
        if (r == 0 && !one_per_host(c->section))
            ret->rows = c->section;
        ret->n += r == 0;
    }
    if (r == 0 && ret->n == 0)
        r = error_set(err, ERR_USAGE, "no field named (as gpus.utilization,cpus.utilization)");
    if (r < 0)
        columns_done(ret);
    return r;
}

void columns_done(struct columns *c) {
    free(c->names);
    *c = (struct columns){0};
}

/* Nothing in it that a terminal would take for a command. */
static bool is_harmless(struct text t) {
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] < 0x20 || (unsigned char)t.at[i] >= 0x7F)
            return false;
    return true;
}

static void put_quoted(struct buffer *out, struct text t) {
    bool quote = t.len > 0 && (memchr(t.at, ',', t.len) || memchr(t.at, '"', t.len) || memchr(t.at, '\n', t.len) ||
                                  memchr(t.at, '\r', t.len));
    if (!quote) {
        buffer_put_text(out, t);
        return;
    }
    buffer_put_char(out, '"');
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '"')
            buffer_put_char(out, '"');
        buffer_put_char(out, t.at[i]);
    }
    buffer_put_char(out, '"');
}

/* Command lines and names come from anybody, and tables are looked at on terminals. */
static void put_cell(struct buffer *out, struct text t) {
    struct buffer escaped CLEANUP(buffer_done) = {0};
    if (!is_harmless(t)) {
        size_t cap = 4 * t.len + 16;
        char *to = buffer_room(&escaped, cap);
        t = to ? text_of(text_printable(t, to, cap)) : TEXT("");
    }
    put_quoted(out, t);
}

void columns_head(const struct columns *c, struct buffer *out) {
    buffer_put_text(out, TEXT("t,host"));
    for (size_t i = 0; i < c->n; i++) {
        buffer_put_char(out, ',');
        put_cell(out, c->at[i].name);
    }
    buffer_put_char(out, '\n');
}

static const void *item_at(const struct list *list, const struct field_table *table, size_t i) {
    return i < list->n ? (const char *)list->at + i * table->size : NULL;
}

/* The item of a section that belongs in a row: the row's own, or that of the row's host. */
static const void *item_for(
    const struct frame *f, enum section s, const struct columns *c, const void *row, struct text host) {
    const struct list *list = frame_section_const(f, s);
    const struct field_table *table = sections[s].table;
    if (s == c->rows)
        return row;
    for (size_t i = 0; i < list->n; i++)
        if (list->n == 1 || text_equal(frame_item_host(table, item_at(list, table, i)), host))
            return item_at(list, table, i);
    return NULL;
}

static void put_value(
    const struct column *c, const void *before, const void *item, int64_t elapsed_ns, struct buffer *out) {
    for (unsigned i = 0; i + 1 < c->depth; i++) {
        before = before ? (const char *)before + c->path[i]->offset : NULL;
        item = (const char *)item + c->path[i]->offset;
    }
    const struct field *field = c->path[c->depth - 1];
    if (c->rate) {
        double rate = derive_value(field, before, item, elapsed_ns);
        if (known_f64(rate))
            json_put_f64(out, number_round(rate, 3));
        return;
    }
    if (!field_known(field, item))
        return;
    if (field->type == FIELD_TEXT) {
        put_cell(out, *(const struct text *)(const void *)((const char *)item + field->offset));
        return;
    }
    struct buffer value = {0};
    frame_put_value(field, item, &value);
    if (value.len > 0)
        put_cell(out, (struct text){value.at, value.len});
    buffer_done(&value);
}

static void put_row(const struct columns *c, const struct frame *before, const struct frame *f, const void *row,
    struct text host, struct buffer *out) {
    char t[CLOCK_UTC_LEN];
    clock_format_utc(f->wall_ns, t);
    buffer_put(out, t, sizeof t);
    buffer_put_char(out, ',');
    put_cell(out, host);
    for (size_t i = 0; i < c->n; i++) {
        const struct column *column = &c->at[i];
        const struct field_table *table = sections[column->section].table;
        const void *item = item_for(f, column->section, c, row, host), *then = NULL;
        buffer_put_char(out, ',');
        if (item && before && column->rate)
            then = derive_match(table, frame_section_const(before, column->section), item, NULL);
        if (item)
            put_value(column, then, item, before ? f->wall_ns - before->wall_ns : 0, out);
    }
    buffer_put_char(out, '\n');
}

void columns_rows(const struct columns *c, const struct frame *before, const struct frame *f, struct buffer *out) {
    enum section rows = c->rows != SECTION_COUNT ? c->rows : c->at[0].section;
    const struct list *list = frame_section_const(f, rows);
    const struct field_table *table = sections[rows].table;
    for (size_t i = 0; i < list->n; i++) {
        const void *row = item_at(list, table, i);
        struct text host = frame_item_host(table, row);
        put_row(c, before, f, row, known_text(host) ? host : f->hostname, out);
    }
    if (list->n == 0) /* the moment was there, the section was not */
        put_row(c, before, f, NULL, f->hostname, out);
}

void columns_json(const struct columns *c, const struct frame *f, struct buffer *out) {
    frame_put_head(f, out);
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        const struct list *list = frame_section_const(f, (enum section)s);
        const struct field_table *table = sections[s].table;
        bool wanted = false;
        for (size_t i = 0; i < c->n; i++)
            wanted = wanted || c->at[i].section == s;
        if (!wanted || !list->asked)
            continue;
        buffer_printf(out, ",\"%s\":[", sections[s].key);
        for (size_t n = 0; n < list->n; n++) {
            const struct field *last = NULL; /* a member that several columns go into is written once */
            bool first = true;
            buffer_put_text(out, n > 0 ? TEXT(",{") : TEXT("{"));
            for (size_t i = 0; i < c->n; i++) {
                const struct field *field = c->at[i].path[0];
                const void *item = item_at(list, table, n);
                if (c->at[i].section != s || field == last || !field_known(field, item))
                    continue;
                buffer_put(out, field->json.at + first, field->json.len - first);
                frame_put_value(field, item, out);
                first = false;
                last = field;
            }
            buffer_put_char(out, '}');
        }
        buffer_put_char(out, ']');
    }
    buffer_put_char(out, '}');
}

bool frame_keep_host(struct frame *f, struct text host) {
    bool own = text_equal(f->hostname, host), any = own;
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        struct list *list = frame_section(f, (enum section)s);
        const struct field_table *table = sections[s].table;
        size_t kept = 0;
        for (size_t i = 0; i < list->n; i++) {
            void *item = (char *)list->at + i * table->size;
            struct text of = frame_item_host(table, item);
            if (known_text(of) ? !text_equal(of, host) : !own)
                continue;
            if (kept != i)
                memcpy((char *)list->at + kept * table->size, item, table->size);
            kept++;
        }
        list->n = kept;
        any = any || kept > 0;
    }
    return any;
}
