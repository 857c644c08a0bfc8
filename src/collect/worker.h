/* collect/worker.h: a thread that samples one collector which may block, so that a hang costs its section only. */
#ifndef TACHO_COLLECT_WORKER_H
#define TACHO_COLLECT_WORKER_H

#include "collect/collector.h"

struct worker; /* opaque; one owner thread */

/* Starts the thread. Takes over `self`, an open reader of `collector`, on success only. -ERR_NOMEM, -ERR_OS. */
int worker_create(const struct collector *collector, void *self, struct worker **ret, struct error *err) NODISCARD;

/* Starts a round and returns true; false when an earlier one is still under way. All of `cycle` is copied. */
bool worker_ask(struct worker *w, const struct cycle *cycle);

/* Waits until `deadline_mono_ns` at the latest for the newest result and appends its sections to `into`. What a late round
 * brings is handed over at the next call, when it is not older than WORKER_RESULT_AGE_NS.
 * Returns what the collector's sample returned, or -ERR_TIMEOUT. */
int worker_take(struct worker *w, int64_t deadline_mono_ns, struct frame *into, struct error *err) NODISCARD;

#define WORKER_RESULT_AGE_NS (INT64_C(10) * 1000000000)
#define WORKER_CLOSE_NS (INT64_C(200) * 1000000) /* how long the end of a round is waited for */

/* Ends the thread and closes the reader. Returns false when the thread hangs: it is then left behind, and ends itself when
 * what it hangs on comes back. NULL is fine. */
bool worker_destroy(struct worker *w);

#endif
