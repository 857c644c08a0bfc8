/* collect/lookup.h: answers questions that may block (a process's command line, a user's name) on threads of its own. */
#ifndef TACHO_COLLECT_LOOKUP_H
#define TACHO_COLLECT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

struct lookup; /* opaque; one owner thread, which asks and takes; any number of answering threads inside */

struct lookup_ops {
    const char *name;                             /* of the threads */
    void *(*answer)(void *context, uint64_t key); /* on some thread of the lookup; NULL: there is no answer */
    void (*drop)(void *answer);                   /* frees an answer that nobody took */
    void (*close)(void *context);
};

enum {
    LOOKUP_QUEUE_MAX = 1 << 16, /* questions that wait, and answers that do */
    LOOKUP_THREADS_MAX = 4,     /* a thread whose question hangs is given up for lost and another started */
};
#define LOOKUP_STUCK_NS (INT64_C(2) * 1000000000)

/* Starts the first thread. Takes over `context` on success only. -ERR_NOMEM, -ERR_OS. */
int lookup_create(const struct lookup_ops *ops, void *context, struct lookup **ret, struct error *err) NODISCARD;
/* Queues a question; false when too many wait. */
bool lookup_ask(struct lookup *l, uint64_t key) NODISCARD;
/* Hands over the next answer, which is the caller's then; false when there is none now. */
bool lookup_take(struct lookup *l, uint64_t *ret_key, void **ret_answer) NODISCARD;
/* Waits until every question is answered but those that hang, at the latest until the deadline. */
void lookup_wait(struct lookup *l, int64_t deadline_mono_ns);
/* Ends the threads. One that hangs is left behind and frees the rest when it comes back. NULL is fine. */
void lookup_destroy(struct lookup *l);

#endif
