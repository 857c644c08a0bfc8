/* collect/gpu/card.h: one card: a worker that samples it, and who it was when it last answered. */
#ifndef TACHO_COLLECT_GPU_CARD_H
#define TACHO_COLLECT_GPU_CARD_H

#include "collect/gpu/driver.h"
#include "collect/worker.h"

/* Made and freed by the runner's thread; asked by the owner of the runner. */
struct gpu_card {
    const struct gpu_driver *driver;
    char key[GPU_KEY_MAX];
    struct worker *worker; /* owned */
    int64_t gone_ns;       /* the runner's: monotonic, since when it is not listed; 0: it is */
    uint64_t let_go;       /* the runner's: version of the first view without it */
    /* the owner's */
    struct gpu known;   /* who and what it was at its last good answer; texts in `memory` */
    struct arena memory;
    bool was_known;
    int64_t cycle_ns;   /* mono_ns of the cycle that last asked it */
    int64_t waiting_ns; /* monotonic, since when its answer is awaited */
    bool hangs;         /* it had not answered the cycle before when it was asked again */
};

/* Starts its round; what was asked by this very cycle already is left alone. */
void gpu_card_ask(struct gpu_card *c, const struct cycle *cycle);
/* Waits for its answer until cycle->wait_until_ns, or not at all when it hangs since an earlier cycle, and adds it to `into`:
 * its item with number `index`, and the rows of its processes. One that does not answer or fails is added as it was known,
 * with an entry in errors; one never known costs that entry only. Returns whether it answered; -ERR_NOMEM. */
int gpu_card_take(struct gpu_card *c, const struct cycle *cycle, uint64_t index, struct frame *into, struct error *err);
void gpu_card_done(struct gpu_card *c); /* ends the worker; frees the card */

#endif
