/* linefile/access.h: places inside a deflate stream where decoding can go on, kept while it was decoded before. */
#ifndef TACHO_LINEFILE_ACCESS_H
#define TACHO_LINEFILE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACCESS_WINDOW_BYTES = 32 * 1024, /* of text that deflate refers back to */
    ACCESS_POINTS_MAX = 256,         /* 8 MiB of windows */
    ACCESS_SPACING = 1 << 20,        /* bytes of text between two points at first */
};

struct access_point {
    uint64_t stream;      /* where in the file decoding was entered; `text` counts from there */
    uint64_t text;        /* uncompressed bytes before it */
    uint64_t offset;      /* in the file, of the first byte that is wholly unread */
    unsigned unused_bits; /* high bits of the byte before that one, unread too */
    uint8_t *window;      /* owned; the text before it, never empty */
    size_t window_len;
};

/* Zero-initialise and end with access_list_done. Sorted by stream, then by text. */
struct access_list {
    struct access_point at[ACCESS_POINTS_MAX];
    size_t n;
    uint64_t spacing; /* now; 0: ACCESS_SPACING. Each time the list is full it doubles, and the points between go */
};

/* Is a point wanted here? Not when one is closer than the spacing. */
bool access_is_due(const struct access_list *l, uint64_t stream, uint64_t text);
void access_keep(
    struct access_list *l, struct access_point p); /* owns its window from now on; unless due it is dropped */
/* The last point of the stream at or before `text`; NULL when there is none. Good until the next access_keep. */
const struct access_point *access_find(const struct access_list *l, uint64_t stream, uint64_t text);
void access_list_done(struct access_list *l);

#endif
