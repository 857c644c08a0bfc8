/* base/arena.h: memory that is freed all at once: what one frame, one page or one request owns. */
#ifndef TACHO_BASE_ARENA_H
#define TACHO_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct arena_block;

/* Zero-initialise and end with arena_done. One owner, any thread. */
struct arena {
    struct arena_block *newest;
    size_t used;  /* bytes handed out of the newest block */
    size_t total; /* bytes of all blocks */
    size_t limit; /* bytes; 0 means ARENA_LIMIT_DEFAULT */
    enum errc failed; /* since the last reset: ERR_LIMIT, ERR_NOMEM; 0: nothing did */
};

#define ARENA_LIMIT_DEFAULT ((size_t)1 << 30)

/* Memory aligned for any type, not zeroed; NULL past the limit or when memory runs out. */
void *arena_alloc(struct arena *a, size_t size) NODISCARD;
/* A copy of `t`; a text with NULL `at` stays so, and so does one that could not be copied. */
struct text arena_text(struct arena *a, struct text t);
/* Forgets what was handed out and keeps the largest block for the next round. */
void arena_reset(struct arena *a);
/* Moves all of `from`'s memory into `into`: what was handed out lives as long as `into`; `from` is empty. */
void arena_adopt(struct arena *into, struct arena *from);
void arena_done(struct arena *a);

#endif
