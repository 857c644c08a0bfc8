/* frame/columns.h: chosen readings of a frame, as rows of a table (CSV) or as small JSON objects. */
#ifndef TACHO_FRAME_COLUMNS_H
#define TACHO_FRAME_COLUMNS_H

#include "frame/frame.h"

enum { COLUMNS_MAX = 256, COLUMN_DEPTH_MAX = 4 };

struct column {
    enum section section;
    const struct field *path[COLUMN_DEPTH_MAX]; /* from the section's item inwards; lists only at the end */
    unsigned depth;
    bool rate;              /* "…/s": growth per second instead of the counter itself */
    struct text name;       /* as asked for */
};

struct columns {
    struct column at[COLUMNS_MAX];
    size_t n;
    enum section rows;      /* the section whose items make the rows; SECTION_COUNT: one row per host */
    char *names;            /* owns the names */
};

/* "gpus.utilization,gpu.temperature,cpus.pressure.cpu.some_avg10,networks.rx_bytes/s". One row per item of a section of many
 * (gpus, processes, storage, networks, errors), of which one may be chosen; what a host has one of (cpus, memory, chassis) is
 * repeated in each of its rows. -ERR_USAGE names the first bad field and what is accepted; -ERR_LIMIT, -ERR_NOMEM. */
int columns_parse(struct text list, struct columns *ret, struct error *err) NODISCARD;
void columns_done(struct columns *c);

/* The header row: t, host, then the names as asked for. */
void columns_head(const struct columns *c, struct buffer *out);
/* The rows of a frame, RFC 4180 with \n; unknown is empty; lists and objects are JSON; control bytes and what is not UTF-8 come
 * out as text_printable has them. `before` (may be NULL) is the frame that
 * rates are taken against. */
void columns_rows(const struct columns *c, const struct frame *before, const struct frame *f, struct buffer *out);
/* The frame as JSON with the chosen members alone. */
void columns_json(const struct columns *c, const struct frame *f, struct buffer *out);

/* Drops what does not belong to the host from a frame. False when nothing of it is that host's. */
bool frame_keep_host(struct frame *f, struct text host);

#endif
