/* frame/merge.c: makes one item of several that tell of the same thing. */
#include "frame/merge.h"

#include <string.h>

#include "frame/frame.h"

static void *find_same(const struct field_table *table, const struct list *list, const void *item) {
    for (size_t i = 0; i < list->n; i++) {
        void *candidate = (char *)list->at + i * table->size;
        if (field_same(table, candidate, item))
            return candidate;
    }
    return NULL;
}

static void merge_items(
    struct arena *arena, const struct field_table *table, struct list *into, const struct list *from) {
    for (size_t i = 0; i < from->n; i++) {
        const void *item = (const char *)from->at + i * table->size;
        void *to = find_same(table, into, item);
        if (!to)
            to = frame_add(arena, into, table);
        if (!to)
            return;
        frame_merge(arena, table, to, item);
    }
}

static bool has_key(const struct list *list, struct text key) {
    const struct detail *details = list->at;
    for (size_t i = 0; i < list->n; i++)
        if (text_equal(details[i].key, key))
            return true;
    return false;
}

static void merge_details(struct arena *arena, struct list *into, const struct list *from) {
    const struct detail *details = from->at;
    for (size_t i = 0; i < from->n; i++)
        if (!has_key(into, details[i].key))
            frame_add_detail(arena, into, details[i].key, details[i].value);
}

static size_t size_of(enum field_type type) {
    switch (type) {
    case FIELD_TEXT: return sizeof(struct text);
    case FIELD_U64: return sizeof(uint64_t);
    case FIELD_I64: return sizeof(int64_t);
    case FIELD_F64: return sizeof(double);
    case FIELD_BOOL: return sizeof(enum yes_no);
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: return sizeof(struct list);
    case FIELD_OBJECT: break;
    }
    return 0; /* as large as its table says */
}

void frame_merge(struct arena *arena, const struct field_table *table, void *into, const void *from) {
    for (size_t i = 0; i < table->n; i++) {
        const struct field *field = &table->fields[i];
        void *to = (char *)into + field->offset;
        const void *at = (const char *)from + field->offset;
        if (!field_known(field, from))
            continue;
        if (field->type == FIELD_OBJECT)
            frame_merge(arena, field->of, to, at);
        else if (!field_known(field, into))
            memcpy(to, at, size_of(field->type));
        else if (field->type == FIELD_LIST)
            merge_items(arena, field->of, to, at);
        else if (field->type == FIELD_DETAIL)
            merge_details(arena, to, at);
    }
}

void frame_merge_all(struct arena *arena, const struct field_table *table, struct list *list) {
    for (size_t i = 1; i < list->n; i++)
        frame_merge(arena, table, list->at, (const char *)list->at + i * table->size);
    if (list->n > 1)
        list->n = 1;
}
