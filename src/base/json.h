/* base/json.h: reading JSON (simdjson behind a C face) and writing its strings and numbers. */
#ifndef TACHO_BASE_JSON_H
#define TACHO_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

struct json_parser; /* opaque; one document at a time; one owner, any thread */

enum { JSON_PADDING = 64 }; /* readable bytes wanted behind a padded input */

enum json_type { JSON_NULL, JSON_BOOL, JSON_INTEGER, JSON_FLOAT, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* One value of the parser's present document: valid until its next parse. Copy freely. */
struct json_value {
    const void *document;
    size_t at;
};
/* Where a walk over an object or array stands. */
struct json_walk {
    const void *document;
    size_t at, end;
};

int json_parser_create(struct json_parser **ret, struct error *err) NODISCARD;
void json_parser_destroy(struct json_parser *p); /* NULL is fine */

/* Parses one whole document: strict RFC 8259, UTF-8 checked, at most 4 GiB, at most 1024 deep. With `padded`, JSON_PADDING
 * bytes behind the text must be readable (whatever they hold); without, the text is copied. The text may go away afterwards.
 * A number that fits neither 64 bits nor a double fails the whole text. -ERR_FORMAT with the reason, -ERR_NOMEM. */
int json_parse(struct json_parser *p, const char *text, size_t len, bool padded, struct json_value *ret,
    struct error *err) NODISCARD;

enum json_type json_type(struct json_value v);
/* Each is true, and sets `*ret`, only when the value has that very type; f64 takes integers too. Texts live as long as the
 * document. An integer is one without point or exponent that fits. */
bool json_bool(struct json_value v, bool *ret);
bool json_u64(struct json_value v, uint64_t *ret);
bool json_i64(struct json_value v, int64_t *ret);
bool json_f64(struct json_value v, double *ret);
bool json_text(struct json_value v, struct text *ret);

/* Walks: `begin` is false when the value is no object (array); `next` is false at the end. */
bool json_object_begin(struct json_value v, struct json_walk *ret);
bool json_object_next(struct json_walk *w, struct text *ret_key, struct json_value *ret);
bool json_array_begin(struct json_value v, struct json_walk *ret);
bool json_array_next(struct json_walk *w, struct json_value *ret);
/* The first member of that name of an object. */
bool json_get(struct json_value object, const char *key, struct json_value *ret);

/* Writing: `text` in quotes, escaped after RFC 8259, and what acts on a terminal too: DEL, C1 controls, bidirectional ones (bytes
 * that are not UTF-8 become U+FFFD), and numbers; NaN and infinity
 * are written as null. */
void json_put_text(struct buffer *b, struct text t);
void json_put_f64(struct buffer *b, double v);
void json_put_u64(struct buffer *b, uint64_t v);
void json_put_i64(struct buffer *b, int64_t v);

#ifdef __cplusplus
}
#endif
#endif
