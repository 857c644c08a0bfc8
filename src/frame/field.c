/* frame/field.c: walks the tables that describe the model. */
#include "frame/field.h"

#include <string.h>

enum section section_find(struct text t) {
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        if (text_is(t, sections[i].key) || (sections[i].name && text_is(t, sections[i].name)))
            return (enum section)i;
    return SECTION_COUNT;
}

const struct field *field_find(const struct field_table *table, struct text key, size_t *hint) {
    size_t at = hint && *hint < table->n ? *hint : 0;
    for (size_t tried = 0; tried < table->n; tried++) {
        const struct field *field = &table->fields[at];
        at = at + 1 < table->n ? at + 1 : 0;
        if (text_equal(field->key, key)) {
            if (hint)
                *hint = at;
            return field;
        }
    }
    return NULL;
}

void field_forget(const struct field *field, void *item) {
    void *at = (char *)item + field->offset;
    switch (field->type) {
    case FIELD_TEXT: *(struct text *)at = (struct text){NULL, 0}; break;
    case FIELD_U64: *(uint64_t *)at = U64_UNKNOWN; break;
    case FIELD_I64: *(int64_t *)at = I64_UNKNOWN; break;
    case FIELD_F64: *(double *)at = NAN; break;
    case FIELD_BOOL: *(enum yes_no *)at = UNKNOWN; break;
    case FIELD_OBJECT: field_clear(field->of, at); break;
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: *(struct list *)at = (struct list){0}; break;
    }
}

static void make_blank(const struct field_table *table) {
    for (size_t i = 0; i < table->n; i++) {
        const struct field *field = &table->fields[i];
        if (field->type == FIELD_OBJECT || field->type == FIELD_LIST)
            make_blank(field->of);
        field_forget(field, table->blank);
    }
}

/* Before main: reading a recording clears more items than anything else does. */
__attribute__((constructor)) static void make_blanks(void) {
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        make_blank(sections[i].table);
}

void field_clear(const struct field_table *table, void *item) {
    memcpy(item, table->blank, table->size);
}

bool field_known(const struct field *field, const void *item) {
    const void *at = (const char *)item + field->offset;
    switch (field->type) {
    case FIELD_TEXT: return ((const struct text *)at)->at != NULL;
    case FIELD_U64: return *(const uint64_t *)at != U64_UNKNOWN;
    case FIELD_I64: return *(const int64_t *)at != I64_UNKNOWN;
    case FIELD_F64: return !isnan(*(const double *)at);
    case FIELD_BOOL: return *(const enum yes_no *)at != UNKNOWN;
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: return ((const struct list *)at)->asked;
    case FIELD_OBJECT:
        for (size_t i = 0; i < field->of->n; i++)
            if (field_known(&field->of->fields[i], at))
                return true;
        return false;
    }
    return false;
}

static bool same_value(const struct field *field, const void *a, const void *b) {
    const char *at_a = (const char *)a + field->offset, *at_b = (const char *)b + field->offset;
    if (field->type == FIELD_TEXT)
        return text_equal(*(const struct text *)(const void *)at_a, *(const struct text *)(const void *)at_b);
    return memcmp(at_a, at_b, sizeof(uint64_t)) == 0; /* identities are texts and unsigned integers */
}

bool field_same(const struct field_table *table, const void *a, const void *b) {
    for (size_t i = 0; i < table->n; i++)
        if (table->fields[i].identity && !same_value(&table->fields[i], a, b))
            return false;
    return true;
}
