/* collect/thread.h: starting the collectors' threads and waiting with a deadline. */
#ifndef TACHO_COLLECT_THREAD_H
#define TACHO_COLLECT_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

/* Starts a thread that takes no signals (they are the owner's) and is named after `name` for ps and debuggers. -ERR_OS. */
int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg, struct error *err) NODISCARD;
/* A condition whose deadlines are on the monotonic clock. */
void thread_condition_init(pthread_cond_t *ret);
/* Waits once; false when the deadline has passed. */
bool thread_wait_until(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t deadline_mono_ns) NODISCARD;

#endif
