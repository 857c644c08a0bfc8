/* collect/gpu/crowd.h: the clients of all graphics devices, read on a worker of their own. */
#ifndef TACHO_COLLECT_GPU_CROWD_H
#define TACHO_COLLECT_GPU_CROWD_H

#include "collect/collector.h"

struct gpu_crowd; /* opaque; one owner thread */

/* -ERR_NOMEM, -ERR_OS. */
int gpu_crowd_create(const struct collect_options *options, struct gpu_crowd **ret, struct error *err) NODISCARD;
void gpu_crowd_destroy(struct gpu_crowd *c); /* NULL is fine */

/* Starts a round. To be called only on machines with cards: others have nothing to join. */
void gpu_crowd_ask(struct gpu_crowd *c, const struct cycle *cycle);
/* Joins what it tells to the cards of `into`; waits until cycle->wait_until_ns at the latest. */
int gpu_crowd_take(struct gpu_crowd *c, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;

#endif
