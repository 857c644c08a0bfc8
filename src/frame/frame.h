/* frame/frame.h: a frame's life, its one JSON serialiser and its parser. */
#ifndef TACHO_FRAME_FRAME_H
#define TACHO_FRAME_FRAME_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "frame/field.h"
#include "frame/model.h"

enum {
    FRAME_SCHEMA = 1,
    FRAME_BYTES_MAX = 256 << 20, /* of memory for what one line holds: a short one may stand for much */
    FRAME_LINE_MAX = 16 << 20,   /* bytes of a line, newline included; longer ones are neither written nor read */
    FRAME_PARTS_MAX = 16,        /* lines that a frame which does not fit into one may take */
};

/* Everything unknown, nothing asked for. The caller's memory; end with frame_done. One owner, any thread. */
void frame_init(struct frame *f);
void frame_reset(struct frame *f); /* as after frame_init, but keeps memory for the next round */
void frame_done(struct frame *f);

/* Appends an item to a list and returns it with everything unknown; NULL when memory runs out. The pointer is good until the
 * next frame_add to the same list. Marks the list as asked for. `frame_add(&f->arena, &f->gpus.list, &gpu_table)`. */
void *frame_add(struct arena *arena, struct list *list, const struct field_table *table);
/* Appends to a list of texts / of details; both texts must outlive the frame's arena or come from it. */
void frame_add_text(struct arena *arena, struct list *list, struct text t);
void frame_add_detail(struct arena *arena, struct list *list, struct text key, struct text value);
/* Adds an entry to errors[]: `kind` is timeout, error or panic; `host` may be NULL. Copies everything. */
void frame_add_error(struct frame *f, const char *section, const char *kind, const char *message, const char *host);

/* Writes the frame as one JSON object without newline, appended to `out`. The same frame gives the same bytes everywhere.
 * Numbers that JSON or the schema cannot hold are written as unknown. -ERR_LIMIT past `out`'s limit, -ERR_NOMEM. Pure. */
int frame_write_json(const struct frame *f, struct buffer *out, struct error *err) NODISCARD;

/* The parts of it, for writers of less than a whole frame: the object's start up to and with the host name, and the value of
 * one known member of an item. */
void frame_put_head(const struct frame *f, struct buffer *out);
void frame_put_value(const struct field *field, const void *item, struct buffer *out);

/* Reads a frame from a parsed line. Texts are copied into `ret`'s arena. Tolerant as the format asks: unknown keys are
 * ignored, a section may be one object or null, a member of the wrong type is unknown. `ret` must be initialised and is reset
 * first. -ERR_FORMAT when the object is no frame (no readable t or timestamp), -ERR_SCHEMA, -ERR_LIMIT when it would
 * take more than FRAME_BYTES_MAX, -ERR_NOMEM. Pure. */
int frame_parse_json(struct json_value object, struct frame *ret, struct error *err) NODISCARD;

/* Adds another part of the same frame: its items come behind those that are there, the rest replaces what is there. On failure
 * what was added of it stays. Errors as above. */
int frame_parse_part(struct json_value object, struct frame *f, struct error *err) NODISCARD;
/* The value of a line's "part", [1,3] for the first of three. False, and 0 of 0, when it is none: a line of its own. */
bool frame_read_part(struct json_value v, uint32_t *ret_part, uint32_t *ret_parts);

/* Whom an item belongs to: its host_id, or an error's host; NULL `at` when it does not say. */
struct text frame_item_host(const struct field_table *table, const void *item);
/* Writes one item of a section. */
void frame_put_item(const struct field_table *table, const void *item, struct buffer *out);

extern const struct field_table gpu_table, nvlink_table, mig_table, cpu_table, socket_table, core_table, memory_table,
    numa_table, chassis_table, fan_table, psu_table, temperature_table, process_table, storage_table, network_table,
    error_table;

#endif
