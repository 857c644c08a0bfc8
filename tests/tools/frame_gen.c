/* tests/tools/frame_gen.c: frames with random, legal content, made by walking the field tables. */
#include "frame_gen.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

uint64_t frame_gen_random(uint64_t *state) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

static struct text random_text(struct frame *f, uint64_t *state, bool hostile) {
    static const char *const plain[] = {
        "node-07", "python train.py --lr 3e-4", "NVIDIA H200", "S", "/var/lib", "", "x"};
    static const char *const nasty[] = {"quo\"te", "back\\slash", "tab\there", "new\nline", "\x1b[31mred\x1b[0m",
        "\xF0\x9F\x94\xA5 hot", "na\xC3\xAFve", "\x01\x02\x03", "{\"schema\":2}"};
    if (hostile && frame_gen_random(state) % 8 == 0) {
        size_t n = frame_gen_random(state) % 2000;
        char *at = arena_alloc(&f->arena, n + 1);
        if (at)
            memset(at, 'a' + (int)(n % 26), n + 1);
        return (struct text){at, at ? n : 0};
    }
    if (hostile && frame_gen_random(state) % 2 == 0)
        return text_of(nasty[frame_gen_random(state) % COUNT_OF(nasty)]);
    return text_of(plain[frame_gen_random(state) % COUNT_OF(plain)]);
}

static double random_f64(uint64_t *state) {
    uint64_t kind = frame_gen_random(state) % 4;
    uint64_t raw = frame_gen_random(state);
    double unit = (double)(raw >> 11) * 0x1p-53;
    return kind == 0 ? (double)(raw % 101) : kind == 1 ? number_round(unit * 100, 2) : kind == 2 ? unit : unit * 1e18;
}

static void fill_item(struct frame *f, const struct field_table *table, void *item, uint64_t *state, bool hostile);

static void fill_list(struct frame *f, const struct field *field, struct list *list, uint64_t *state, bool hostile) {
    uint64_t n = frame_gen_random(state) % 4;
    list->asked = true;
    for (uint64_t i = 0; i < n; i++) {
        if (field->type == FIELD_TEXTS) {
            frame_add_text(&f->arena, list, random_text(f, state, hostile));
        } else if (field->type == FIELD_DETAIL) {
            char key[16];
            (void)snprintf(key, sizeof key, "key %u", (unsigned)i);
            frame_add_detail(&f->arena, list, arena_text(&f->arena, text_of(key)), random_text(f, state, hostile));
        } else {
            void *item = frame_add(&f->arena, list, field->of);
            if (item)
                fill_item(f, field->of, item, state, hostile);
        }
    }
}

static void fill_member(struct frame *f, const struct field *field, void *item, uint64_t *state, bool hostile) {
    void *at = (char *)item + field->offset;
    uint64_t raw = frame_gen_random(state);
    size_t words = 0;
    switch (field->type) {
    case FIELD_TEXT:
        while (field->words && field->words[words])
            words++;
        *(struct text *)at = words > 0 && !(field->other_words && raw % 3 == 0) ? text_of(field->words[raw % words])
                                                                                : random_text(f, state, hostile);
        break;
    case FIELD_U64:
        *(uint64_t *)at = raw % 3 == 0 ? field->max : raw % (field->max < 1000 ? field->max : 1000) + 1;
        break;
    case FIELD_I64: *(int64_t *)at = (int64_t)(raw % (field->max * 2)) - (int64_t)field->max; break;
    case FIELD_F64: {
        double value = random_f64(state);
        bool taken = field->presence == FIELD_SENTINEL && value == field->sentinel; /* that means unknown */
        *(double *)at = taken ? value + 1 : value;
        break;
    }
    case FIELD_BOOL: *(enum yes_no *)at = raw % 2 ? YES : NO; break;
    case FIELD_OBJECT: fill_item(f, field->of, at, state, hostile); break;
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL: fill_list(f, field, at, state, hostile); break;
    }
}

static void fill_item(struct frame *f, const struct field_table *table, void *item, uint64_t *state, bool hostile) {
    for (size_t i = 0; i < table->n; i++) {
        const struct field *field = &table->fields[i];
        /* A required text or list has no way to be unknown in the file: "" and [] are what it says. */
        bool must = field->presence == FIELD_REQUIRED && field->type != FIELD_U64 && field->type != FIELD_I64 &&
                    field->type != FIELD_F64 && field->type != FIELD_BOOL;
        if (must || frame_gen_random(state) % 4 != 0)
            fill_member(f, field, item, state, hostile);
    }
}

void frame_gen(struct frame *f, uint64_t *state, size_t max_items, bool hostile) {
    frame_reset(f);
    f->source = frame_gen_random(state) % 2 ? TEXT("local") : TEXT("remote");
    f->hostname = random_text(f, state, hostile);
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        struct list *list = frame_section(f, (enum section)s);
        if (frame_gen_random(state) % 4 == 0)
            continue;
        uint64_t n = frame_gen_random(state) % (max_items + 1);
        list->asked = n > 0 || s != SECTION_ERROR; /* an empty errors list is not written */
        for (uint64_t i = 0; i < n; i++) {
            void *item = frame_add(&f->arena, list, sections[s].table);
            if (item)
                fill_item(f, sections[s].table, item, state, hostile);
        }
    }
}

static bool same_item(const struct field_table *table, const void *a, const void *b);

static bool same_list(const struct field *field, const struct list *a, const struct list *b) {
    if (a->asked != b->asked || a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct detail *da = (const struct detail *)a->at + i, *db = (const struct detail *)b->at + i;
        if (field->type == FIELD_DETAIL && !(text_equal(da->key, db->key) && text_equal(da->value, db->value)))
            return false;
        if (field->type == FIELD_TEXTS && !text_equal(((const struct text *)a->at)[i], ((const struct text *)b->at)[i]))
            return false;
        if (field->type == FIELD_LIST &&
            !same_item(field->of, (const char *)a->at + i * field->of->size, (const char *)b->at + i * field->of->size))
            return false;
    }
    return true;
}

static bool same_member(const struct field *field, const void *a, const void *b) {
    const char *at_a = (const char *)a + field->offset, *at_b = (const char *)b + field->offset;
    switch (field->type) {
    case FIELD_TEXT: {
        struct text ta = *(const struct text *)(const void *)at_a, tb = *(const struct text *)(const void *)at_b;
        return known_text(ta) == known_text(tb) && text_equal(ta, tb);
    }
    case FIELD_U64:
    case FIELD_I64: return memcmp(at_a, at_b, sizeof(uint64_t)) == 0;
    case FIELD_F64: {
        double da = *(const double *)(const void *)at_a, db = *(const double *)(const void *)at_b;
        return (isnan(da) && isnan(db)) || da == db;
    }
    case FIELD_BOOL: return *(const enum yes_no *)(const void *)at_a == *(const enum yes_no *)(const void *)at_b;
    case FIELD_OBJECT: return same_item(field->of, at_a, at_b);
    case FIELD_LIST:
    case FIELD_TEXTS:
    case FIELD_DETAIL:
        return same_list(field, (const struct list *)(const void *)at_a, (const struct list *)(const void *)at_b);
    }
    return false;
}

static bool same_item(const struct field_table *table, const void *a, const void *b) {
    for (size_t i = 0; i < table->n; i++) {
        if (!same_member(&table->fields[i], a, b)) {
            (void)fprintf(stderr, "%s.%s differs\n", table->name, table->fields[i].key.at);
            return false;
        }
    }
    return true;
}

bool frame_gen_same(const struct frame *a, const struct frame *b) {
    if (a->wall_ns != b->wall_ns || a->seq != b->seq || !text_equal(a->source, b->source) ||
        !text_equal(a->hostname, b->hostname)) {
        (void)fprintf(stderr, "the head differs\n");
        return false;
    }
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        struct field whole = {.type = FIELD_LIST, .of = sections[s].table};
        if (!same_list(&whole, frame_section_const(a, (enum section)s), frame_section_const(b, (enum section)s))) {
            (void)fprintf(stderr, "section %s differs\n", sections[s].key);
            return false;
        }
    }
    return true;
}
