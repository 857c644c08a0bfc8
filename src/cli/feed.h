/* cli/feed.h: this machine, read on a thread of its own, as a source of live frames. */
#ifndef TACHO_CLI_FEED_H
#define TACHO_CLI_FEED_H

#include "collect/collect.h"

struct feed; /* opaque; one owner thread */

/* Starts to read at once and then every `interval_ns`. -ERR_NOMEM, -ERR_OS. */
int feed_start(const struct collect_options *options, int64_t interval_ns, struct feed **ret, struct error *err) NODISCARD;
void feed_stop(struct feed *f); /* NULL is fine */

int feed_fd(const struct feed *f); /* readable when there is a new frame */
/* Moves the newest frame into `ret` (initialised; what it held is reused): 1; 0 when there is none since the last call. */
int feed_take(void *feed, struct frame *ret, struct error *err) NODISCARD;

#endif
