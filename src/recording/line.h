/* recording/line.h: the kinds of lines in a recording, told apart without parsing them, and the small ones read and written. */
#ifndef TACHO_RECORDING_LINE_H
#define TACHO_RECORDING_LINE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

enum recording_line {
    RECORDING_BLANK,
    RECORDING_HEADER,
    RECORDING_FRAME,
    RECORDING_INDEX,
    RECORDING_MARK,
    RECORDING_REJECT, /* no line of a recording: not JSON, not an object, no schema, no time */
};

#define TIME_UNKNOWN INT64_MIN

struct line_head {
    enum recording_line kind;
    int64_t wall_ns;  /* of a frame, mark or index line; TIME_UNKNOWN when it has none */
    uint64_t seq;     /* of a frame or index line; UINT64_MAX when it has none */
    int64_t schema;   /* FRAME_SCHEMA where the line does not tell; INT64_MAX above 64 bits */
    uint32_t part, parts; /* of a frame that was split by host; 0 of 0: whole */
};

/* Tells what a line is from its first keys, where they stand as the format asks; lines in another order are parsed with
 * `parser`. JSON_PADDING bytes behind the line must be readable. A frame told by its first keys may still turn out broken. */
void line_peek(struct json_parser *parser, const char *line, size_t len, struct line_head *ret);

/* Is `next` the part of a frame that comes behind `before`? */
static inline bool line_continues(const struct line_head *before, const struct line_head *next) {
    return before->kind == RECORDING_FRAME && next->kind == RECORDING_FRAME && next->part > 1 &&
           next->part == before->part + 1 && next->parts == before->parts && next->wall_ns == before->wall_ns &&
           next->seq == before->seq;
}
/* Are there parts missing behind it? */
static inline bool line_is_open(const struct line_head *head) {
    return head->kind == RECORDING_FRAME && head->part < head->parts;
}
/* May it stand between the parts of a frame? */
static inline bool line_is_passed(const struct line_head *head) {
    return head->kind == RECORDING_BLANK || head->kind == RECORDING_INDEX;
}

enum { RECORDING_HOSTS_MAX = 1024 };

struct recording_header {
    int64_t interval_ns;      /* 0 when not known */
    struct text *hosts;       /* at most RECORDING_HOSTS_MAX */
    size_t n_hosts;
    size_t hosts_cut;         /* hosts beyond the limit, left out */
    struct text version;      /* of tacho, or of what wrote it */
    struct text source;       /* local or remote */
    int64_t started_ns;       /* TIME_UNKNOWN when not known */
    struct text boot_id;
};

void line_put_header(const struct recording_header *h, struct buffer *out);
/* Texts and the host list come from `arena`. -ERR_FORMAT when it is no header, -ERR_SCHEMA, -ERR_NOMEM. */
int line_parse_header(struct json_parser *parser, const char *line, size_t len, struct arena *arena,
    struct recording_header *ret, struct error *err) NODISCARD;

/* `compressed_offset` UINT64_MAX leaves it out (plain files). */
void line_put_index(struct buffer *out, uint64_t seq, int64_t wall_ns, uint64_t byte_offset, uint64_t compressed_offset);
void line_put_mark(struct buffer *out, int64_t wall_ns, struct text mark);
/* The text of a mark line, copied into `arena`, and its time; NULL `at` when it is none. */
struct text line_parse_mark(struct json_parser *parser, const char *line, size_t len, struct arena *arena, int64_t *ret_ns);

/* The one message for a line whose head says a schema that is not ours; returns -ERR_SCHEMA. */
int line_refuse_schema(const char *line, size_t len, int64_t schema, struct error *err);

#endif
