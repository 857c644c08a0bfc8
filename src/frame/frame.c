/* frame/frame.c: a frame's life and its one JSON serialiser. */
#include "frame/frame.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

enum { LIST_START = 8 };

void frame_init(struct frame *f) {
    *f = (struct frame){.wall_ns = 0, .seq = U64_UNKNOWN};
}

void frame_reset(struct frame *f) {
    struct arena arena = f->arena;
    arena_reset(&arena);
    frame_init(f);
    f->arena = arena;
}

void frame_done(struct frame *f) {
    arena_done(&f->arena);
    frame_init(f);
}

/* A place for one more element, or NULL. Old places stay in the arena until it is freed; doubling bounds the waste. */
static void *list_push(struct arena *arena, struct list *list, size_t size) {
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : LIST_START;
        size_t bytes = 0;
        if (__builtin_mul_overflow(cap, size, &bytes))
            return NULL;
        void *at = arena_alloc(arena, bytes);
        if (!at)
            return NULL;
        if (list->n)
            memcpy(at, list->at, list->n * size);
        list->at = at;
        list->cap = cap;
    }
    list->asked = true;
    return (char *)list->at + size * list->n++;
}

void *frame_add(struct arena *arena, struct list *list, const struct field_table *table) {
    void *item = list_push(arena, list, table->size);
    if (item)
        field_clear(table, item);
    return item;
}

void frame_add_text(struct arena *arena, struct list *list, struct text t) {
    struct text *at = list_push(arena, list, sizeof *at);
    if (at)
        *at = t;
}

void frame_add_detail(struct arena *arena, struct list *list, struct text key, struct text value) {
    struct detail *at = list_push(arena, list, sizeof *at);
    if (at)
        *at = (struct detail){key, value};
}

void frame_add_error(struct frame *f, const char *section, const char *kind, const char *message, const char *host) {
    struct frame_error *e = frame_add(&f->arena, &f->errors.list, &error_table);
    if (!e)
        return;
    e->section = arena_text(&f->arena, text_of(section));
    e->kind = arena_text(&f->arena, text_of(kind));
    e->message = arena_text(&f->arena, text_of(message));
    e->host = arena_text(&f->arena, text_of(host));
}

/* The text member of that name; not known when the table has none. */
static struct text member_text(const struct field_table *table, const void *item, struct text key) {
    const struct field *field = item ? field_find(table, key, NULL) : NULL;
    return field && field->type == FIELD_TEXT ? *(const struct text *)(const void *)((const char *)item + field->offset)
                                              : (struct text){NULL, 0};
}

struct text frame_item_host(const struct field_table *table, const void *item) {
    struct text host = member_text(table, item, TEXT("host_id"));
    return known_text(host) ? host : member_text(table, item, TEXT("host"));
}

static void put_word(const struct field *field, struct text t, struct buffer *out) {
    bool allowed = !field->words;
    for (size_t i = 0; field->words && field->words[i] && !allowed; i++)
        allowed = text_is(t, field->words[i]);
    if (allowed) {
        json_put_text(out, t);
    } else if (field->other_words) {
        buffer_put(out, "{\"Other\":", 9);
        json_put_text(out, t);
        buffer_put_char(out, '}');
    } else {
        json_put_text(out, text_of(field->words[0]));
    }
}

static void put_list(const struct field *field, const struct list *list, struct buffer *out) {
    bool object = field->type == FIELD_DETAIL;
    buffer_put_char(out, object ? '{' : '[');
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            buffer_put_char(out, ',');
        if (object) {
            const struct detail *d = (const struct detail *)list->at + i;
            json_put_text(out, d->key);
            buffer_put_char(out, ':');
            json_put_text(out, d->value);
        } else if (field->type == FIELD_TEXTS) {
            json_put_text(out, ((const struct text *)list->at)[i]);
        } else {
            frame_put_item(field->of, (const char *)list->at + i * field->of->size, out);
        }
    }
    buffer_put_char(out, object ? '}' : ']');
}

/* Can the format hold the member's value as it is? */
static bool writable(const struct field *field, const void *item) {
    const void *at = (const char *)item + field->offset;
    if (!field_known(field, item))
        return false;
    if (field->type == FIELD_U64)
        return *(const uint64_t *)at <= field->max;
    if (field->type == FIELD_I64)
        return *(const int64_t *)at <= (int64_t)field->max && *(const int64_t *)at >= -(int64_t)field->max - 1;
    if (field->type == FIELD_F64)
        return isfinite(*(const double *)at);
    return true;
}

static void put_value(const struct field *field, const void *item, struct buffer *out) {
    const void *at = (const char *)item + field->offset;
    switch (field->type) {
    case FIELD_TEXT: put_word(field, *(const struct text *)at, out); break;
    case FIELD_U64: json_put_u64(out, *(const uint64_t *)at); break;
    case FIELD_I64: json_put_i64(out, *(const int64_t *)at); break;
    case FIELD_F64: json_put_f64(out, *(const double *)at); break;
    case FIELD_BOOL: buffer_put_text(out, *(const enum yes_no *)at == YES ? TEXT("true") : TEXT("false")); break;
    case FIELD_OBJECT: frame_put_item(field->of, at, out); break;
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: put_list(field, at, out); break;
    }
}

/* What stands for a value that is not known in a member that must be there. */
static void put_unknown(const struct field *field, struct buffer *out) {
    static const struct list none = {0};
    switch (field->type) {
    case FIELD_TEXT: json_put_text(out, field->words ? text_of(field->words[0]) : TEXT("")); break;
    case FIELD_U64:
    case FIELD_I64: json_put_i64(out, (int64_t)field->sentinel); break;
    case FIELD_F64: json_put_f64(out, field->sentinel); break;
    case FIELD_BOOL: buffer_put_text(out, TEXT("false")); break;
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: put_list(field, &none, out); break;
    case FIELD_OBJECT: buffer_put_text(out, TEXT("null")); break;
    }
}

static bool is_scalar(enum field_type type) {
    return type == FIELD_U64 || type == FIELD_I64 || type == FIELD_F64 || type == FIELD_BOOL;
}

static bool is_missed(const struct field *field) {
    return field->presence == FIELD_REQUIRED && is_scalar(field->type);
}

static void put_missing(const struct field_table *table, const void *item, struct buffer *out) {
    bool first = true;
    for (size_t i = 0; i < table->n; i++) {
        if (!is_missed(&table->fields[i]) || writable(&table->fields[i], item))
            continue;
        buffer_put_text(out, first ? TEXT(",\"unknown\":[") : TEXT(","));
        json_put_text(out, table->fields[i].key);
        first = false;
    }
    buffer_put_char(out, ']');
}

void frame_put_item(const struct field_table *table, const void *item, struct buffer *out) {
    size_t start = out->len;
    bool missing = false; /* something required that is not known, and has no value of its own for that */
    for (size_t i = 0; i < table->n; i++) {
        const struct field *field = &table->fields[i];
        bool known = writable(field, item);
        if (!known && field->presence == FIELD_OPTIONAL)
            continue;
        buffer_put_text(out, field->json);
        if (known)
            put_value(field, item, out);
        else if (field->presence == FIELD_NULLABLE)
            buffer_put_text(out, TEXT("null"));
        else
            put_unknown(field, out);
        missing = missing || (!known && is_missed(field));
    }
    if (missing)
        put_missing(table, item, out);
    if (out->len == start)
        buffer_put_char(out, '{');
    else if (!out->failed)
        out->at[start] = '{'; /* in place of the first comma */
    buffer_put_char(out, '}');
}

void frame_put_value(const struct field *field, const void *item, struct buffer *out) {
    put_value(field, item, out);
}

void frame_put_head(const struct frame *f, struct buffer *out) {
    char t[CLOCK_UTC_LEN];
    struct text time = {t, sizeof t};
    clock_format_utc(f->wall_ns, t);
    buffer_put_text(out, TEXT("{\"schema\":1,\"t\":\""));
    buffer_put_text(out, time);
    buffer_put_char(out, '"');
    if (known_u64(f->seq)) {
        buffer_put_text(out, TEXT(",\"seq\":"));
        json_put_u64(out, f->seq);
    }
    if (f->parts > 0)
        buffer_printf(out, ",\"part\":[%" PRIu32 ",%" PRIu32 "]", f->part, f->parts);
    if (known_text(f->source)) {
        buffer_put_text(out, TEXT(",\"source\":"));
        json_put_text(out, f->source);
    }
    buffer_put_text(out, TEXT(",\"timestamp\":\""));
    buffer_put_text(out, time);
    buffer_put_text(out, TEXT("\",\"hostname\":"));
    json_put_text(out, f->hostname);
}

int frame_write_json(const struct frame *f, struct buffer *out, struct error *err) {
    frame_put_head(f, out);
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const struct list *list = frame_section_const(f, (enum section)i);
        struct field as_field = {.type = FIELD_LIST, .of = sections[i].table};
        if (!list->asked || (i == SECTION_ERROR && list->n == 0))
            continue;
        buffer_put_text(out, TEXT(",\""));
        buffer_put_text(out, text_of(sections[i].key));
        buffer_put_text(out, TEXT("\":"));
        put_list(&as_field, list, out);
    }
    buffer_put_char(out, '}');
    int r = buffer_status(out, err);
    return r < 0 ? error_wrap(err, r, "frame") : 0;
}
