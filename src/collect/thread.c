/* collect/thread.c: starting the collectors' threads and waiting with a deadline. */
#include "collect/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

enum { STACK_BYTES = 1 << 20 }; /* the name service's modules want some; what is not touched costs nothing */

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg, struct error *err) {
    sigset_t all;
    sigset_t before;
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0)
        return error_os(err, failed, "start the thread of the %s reader", name);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(ret, &attributes, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (failed != 0)
        return error_os(err, failed, "start the thread of the %s reader", name);
    char short_name[16];
    (void)snprintf(short_name, sizeof short_name, "%s", name);
    (void)pthread_setname_np(*ret, short_name);
    return 0;
}

void thread_condition_init(pthread_cond_t *ret) {
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(ret, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

bool thread_wait_until(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t deadline_mono_ns) {
    struct timespec deadline = {deadline_mono_ns / NS_PER_SECOND, deadline_mono_ns % NS_PER_SECOND};
    return pthread_cond_timedwait(changed, lock, &deadline) != ETIMEDOUT;
}
