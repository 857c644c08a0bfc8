/* frame/parse.c: frames from JSON, tolerant as the format asks. */
#include <string.h>

#include "base/clock.h"
#include "frame/frame.h"

static bool parse_item(const struct field_table *table, struct json_value v, struct arena *arena, void *item);

/* A text, or the {"Other":text} that stands for one outside the listed words. */
static void parse_text(const struct field *field, struct json_value v, struct arena *arena, struct text *ret) {
    struct text t = {NULL, 0};
    if (field->other_words)
        (void)json_get(v, "Other", &v);
    if (json_text(v, &t))
        *ret = arena_text(arena, t);
}

static void parse_number(const struct field *field, struct json_value v, void *at) {
    uint64_t u = 0;
    int64_t i = 0;
    double d = 0;
    bool sentinel = field->presence == FIELD_SENTINEL;
    if (field->type == FIELD_U64 && json_u64(v, &u) && u <= field->max && !(sentinel && u == (uint64_t)field->sentinel))
        *(uint64_t *)at = u;
    if (field->type == FIELD_I64 && json_i64(v, &i) && i <= (int64_t)field->max && i >= -(int64_t)field->max - 1)
        *(int64_t *)at = i;
    if (field->type == FIELD_F64 && json_f64(v, &d) && !(sentinel && d == field->sentinel))
        *(double *)at = d;
}

static void parse_details(struct json_value v, struct arena *arena, struct list *list) {
    struct json_walk walk;
    struct text key, value;
    struct json_value member;
    if (!json_object_begin(v, &walk))
        return;
    list->asked = true;
    while (json_object_next(&walk, &key, &member))
        if (json_text(member, &value))
            frame_add_detail(arena, list, arena_text(arena, key), arena_text(arena, value));
}

static void parse_texts(struct json_value v, struct arena *arena, struct list *list) {
    struct json_walk walk;
    struct text t;
    struct json_value element;
    if (!json_array_begin(v, &walk))
        return;
    list->asked = true;
    while (json_array_next(&walk, &element))
        if (json_text(element, &t))
            frame_add_text(arena, list, arena_text(arena, t));
}

/* One element of a list: an object, or a bare string where the table takes one. Anything else is passed over. */
static bool parse_element(
    const struct field_table *table, struct json_value v, struct arena *arena, struct list *list) {
    enum json_type type = json_type(v);
    struct text t = {NULL, 0};
    if (type != JSON_OBJECT && !(table->plain && type == JSON_TEXT))
        return true;
    void *item = frame_add(arena, list, table);
    if (!item)
        return false;
    if (type == JSON_OBJECT)
        return parse_item(table, v, arena, item);
    (void)json_text(v, &t);
    *(struct text *)(void *)((char *)item + table->plain->offset) = arena_text(arena, t);
    return true;
}

/* A list, or a single element standing for a list of one. */
static bool parse_list(const struct field_table *table, struct json_value v, struct arena *arena, struct list *list) {
    struct json_walk walk;
    struct json_value element;
    if (!json_array_begin(v, &walk))
        return parse_element(table, v, arena, list);
    list->asked = true;
    while (json_array_next(&walk, &element))
        if (!parse_element(table, element, arena, list))
            return false;
    return true;
}

static bool parse_member(const struct field *field, struct json_value v, struct arena *arena, void *item) {
    void *at = (char *)item + field->offset;
    bool truth = false;
    switch (field->type) {
    case FIELD_TEXT: parse_text(field, v, arena, at); break;
    case FIELD_U64:
    case FIELD_I64:
    case FIELD_F64: parse_number(field, v, at); break;
    case FIELD_BOOL:
        if (json_bool(v, &truth))
            *(enum yes_no *)at = truth ? YES : NO;
        break;
    case FIELD_OBJECT: return json_type(v) != JSON_OBJECT || parse_item(field->of, v, arena, at);
    case FIELD_LIST: return parse_list(field->of, v, arena, at);
    case FIELD_TEXTS: parse_texts(v, arena, at); break;
    case FIELD_DETAIL: parse_details(v, arena, at); break;
    }
    return true;
}

/* Required numbers that the writer did not know stand in the file as 0; their names are in "unknown". */
static void forget_unknown(const struct field_table *table, struct json_value names, void *item) {
    struct json_walk walk;
    struct json_value element;
    struct text name;
    if (!json_array_begin(names, &walk))
        return;
    while (json_array_next(&walk, &element)) {
        const struct field *field = json_text(element, &name) ? field_find(table, name, NULL) : NULL;
        if (field && (field->type == FIELD_U64 || field->type == FIELD_I64 || field->type == FIELD_F64 ||
                         field->type == FIELD_BOOL))
            field_forget(field, item);
    }
}

static bool parse_item(const struct field_table *table, struct json_value v, struct arena *arena, void *item) {
    struct json_walk walk;
    struct text key;
    struct json_value member, unknown = {NULL, 0};
    size_t hint = 0;
    if (!json_object_begin(v, &walk))
        return true;
    while (json_object_next(&walk, &key, &member)) {
        const struct field *field = field_find(table, key, &hint);
        if (field && !parse_member(field, member, arena, item))
            return false;
        if (!field && text_equal(key, TEXT("unknown")))
            unknown = member;
    }
    if (unknown.document)
        forget_unknown(table, unknown, item);
    return true;
}

static enum section section_by_key(struct text key) {
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        if (key.len > 0 && key.at[0] == sections[i].key[0] && text_is(key, sections[i].key))
            return (enum section)i;
    return SECTION_COUNT;
}

bool frame_read_part(struct json_value v, uint32_t *ret_part, uint32_t *ret_parts) {
    struct json_walk walk;
    struct json_value element;
    uint64_t of[3] = {0};
    unsigned n = 0;
    bool fits = json_array_begin(v, &walk);
    while (fits && n < COUNT_OF(of) && json_array_next(&walk, &element))
        fits = json_u64(element, &of[n++]);
    fits = fits && n == 2 && of[0] >= 1 && of[0] <= of[1] && of[1] >= 2 && of[1] <= FRAME_PARTS_MAX;
    *ret_part = fits ? (uint32_t)of[0] : 0;
    *ret_parts = fits ? (uint32_t)of[1] : 0;
    return fits;
}

int frame_parse_part(struct json_value object, struct frame *f, struct error *err) {
    struct json_walk walk;
    struct text key, t = {NULL, 0}, text = {NULL, 0};
    struct json_value member;
    int64_t schema = FRAME_SCHEMA;
    if (!json_object_begin(object, &walk))
        return error_set(err, ERR_FORMAT, "not a JSON object");
    f->arena.failed = 0;
    f->arena.limit =
        f->arena.total + FRAME_BYTES_MAX < ARENA_LIMIT_DEFAULT ? f->arena.total + FRAME_BYTES_MAX : ARENA_LIMIT_DEFAULT;
    while (json_object_next(&walk, &key, &member)) {
        enum section s = section_by_key(key);
        bool whole = true;
        if (s != SECTION_COUNT)
            whole = parse_list(sections[s].table, member, &f->arena, frame_section(f, s));
        else if (text_equal(key, TEXT("schema")))
            (void)json_i64(member, &schema);
        else if (text_equal(key, TEXT("t")) || (text_equal(key, TEXT("timestamp")) && !known_text(t)))
            (void)json_text(member, &t);
        else if (text_equal(key, TEXT("seq")))
            (void)json_u64(member, &f->seq);
        else if (text_equal(key, TEXT("part")))
            (void)frame_read_part(member, &f->part, &f->parts);
        else if (text_equal(key, TEXT("source")) && json_text(member, &text))
            f->source = arena_text(&f->arena, text);
        else if (text_equal(key, TEXT("hostname")) && json_text(member, &text))
            f->hostname = arena_text(&f->arena, text);
        if (f->arena.failed == ERR_LIMIT)
            return error_set(err, ERR_LIMIT, "what the line holds takes more than %d MiB", FRAME_BYTES_MAX >> 20);
        if (!whole || f->arena.failed)
            return error_set(err, ERR_NOMEM, "frame");
    }
    if (schema != FRAME_SCHEMA)
        return error_set(err, ERR_SCHEMA, "replay: unsupported schema version %lld, this tacho supports schema %d",
            (long long)schema, FRAME_SCHEMA);
    if (!known_text(t) || !clock_parse(t, &f->wall_ns))
        return error_set(err, ERR_FORMAT, "not a frame: no readable \"t\" or \"timestamp\"");
    return 0;
}

int frame_parse_json(struct json_value object, struct frame *ret, struct error *err) {
    frame_reset(ret);
    return frame_parse_part(object, ret, err);
}
