/* frame/field.h: describes the members of the model's structs, so that every reader and writer can walk them. */
#ifndef TACHO_FRAME_FIELD_H
#define TACHO_FRAME_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame/model.h"

enum field_type {
    FIELD_TEXT,
    FIELD_U64,
    FIELD_I64,
    FIELD_F64,
    FIELD_BOOL,    /* enum yes_no */
    FIELD_OBJECT,  /* a struct inside the struct; unknown when all its members are */
    FIELD_LIST,    /* LIST_OF(struct …) */
    FIELD_TEXTS,   /* LIST_OF(struct text): an array of strings */
    FIELD_DETAIL,  /* LIST_OF(struct detail): an object of strings */
};

enum field_presence {
    FIELD_OPTIONAL, /* absent when unknown */
    FIELD_NULLABLE, /* always written; null when unknown */
    FIELD_SENTINEL, /* always written; `sentinel` when unknown, and read back as unknown */
    FIELD_REQUIRED, /* always written; 0, 0.0, "" or [] when unknown, and a number is then named in the item's "unknown" list */
};

struct field_table;

struct field {
    struct text key;               /* JSON key, schema 1 */
    struct text json;              /* ,"key": as it is written */
    enum field_type type;
    enum field_presence presence;
    uint16_t offset;               /* offsetof in the struct */
    bool counter;                  /* cumulative; show its rate (frame/derive.h), never its value */
    bool identity;                 /* one of the members that name the same thing in two frames */
    double sentinel;               /* what unknown looks like in the file (FIELD_SENTINEL) */
    uint64_t max;                  /* largest integer that the file format takes; above it a value is not written */
    const char *const *words;      /* NULL, or the only texts the format takes, NULL at the end; the first stands for any other */
    bool other_words;              /* a text outside `words` is written as {"Other":text} instead */
    const char *unit;              /* "%", "bytes", "MHz" … or "" */
    const char *says;              /* what it means, for documents and help */
    const struct field_table *of;  /* element type of FIELD_LIST and FIELD_OBJECT */
};

struct field_table {
    const char *name;              /* "gpus", "per_socket_info" */
    size_t size;                   /* sizeof the struct */
    const struct field *fields;
    size_t n;
    void *blank;                   /* an item of which nothing is known */
    const struct field *plain;     /* NULL, or the field that takes a bare string standing for the whole item */
};

/* The sections of a frame, in the order of the file. */
enum section {
    SECTION_GPU,
    SECTION_CPU,
    SECTION_MEMORY,
    SECTION_CHASSIS,
    SECTION_PROCESS,
    SECTION_STORAGE,
    SECTION_NETWORK,
    SECTION_ERROR,
    SECTION_COUNT,
};

struct section_info {
    const char *key;               /* in the file: "gpus", "cpus", "memory" … */
    const char *name;              /* in --include and errors[].section: "gpu", "cpu", "memory" …; NULL for errors */
    size_t offset;                 /* of the list in struct frame */
    const struct field_table *table;
};
extern const struct section_info sections[SECTION_COUNT];

static inline struct list *frame_section(struct frame *f, enum section s) {
    return (struct list *)(void *)((char *)f + sections[s].offset);
}
static inline const struct list *frame_section_const(const struct frame *f, enum section s) {
    return (const struct list *)(const void *)((const char *)f + sections[s].offset);
}
/* The section whose file key or name is `t` ("gpus" or "gpu"); SECTION_COUNT when there is none. */
enum section section_find(struct text t);
/* The field of `table` with that key, or NULL. `hint` (may be NULL) is the index where the search starts, and is moved
 * behind what was found: keys that come in table order are found at once. */
const struct field *field_find(const struct field_table *table, struct text key, size_t *hint);

/* Sets every member of an item unknown, every list empty and not asked for. */
void field_clear(const struct field_table *table, void *item);
/* The same for one member. */
void field_forget(const struct field *field, void *item);
/* Is the member known? A list is known when it was asked for. */
bool field_known(const struct field *field, const void *item);
/* Do two items name the same thing (same host and GPU uuid, same pid and start …)? */
bool field_same(const struct field_table *table, const void *a, const void *b);

#endif
