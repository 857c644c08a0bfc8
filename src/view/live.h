/* view/live.h: the newest frames of a live screen, and the readings of the last minutes for its graphs. */
#ifndef TACHO_VIEW_LIVE_H
#define TACHO_VIEW_LIVE_H

#include "view/series.h"

struct live; /* opaque; one owner thread */

enum {
    LIVE_SAMPLES = 1024,          /* kept for each host … */
    LIVE_SAMPLES_MIN = 64,
    LIVE_HISTORY_BYTES = 16 << 20 /* … fewer when they are many */
};

int live_create(struct live **ret, struct error *err) NODISCARD;
void live_destroy(struct live *l); /* NULL is fine */

/* Where the next frame goes. live_taken() then makes it the newest, and adds its readings. -ERR_NOMEM. */
struct frame *live_next(struct live *l);
int live_taken(struct live *l, struct error *err) NODISCARD;

const struct frame *live_frame(const struct live *l);  /* NULL before the first */
const struct frame *live_before(const struct live *l); /* or NULL */
/* Of everything (NULL text), or of one host. Never NULL. */
const struct series *live_series(const struct live *l, struct text host);

#endif
