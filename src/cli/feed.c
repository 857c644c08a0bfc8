/* cli/feed.c: this machine, read on a thread of its own. */
#include "cli/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

struct feed {
    struct collect *collect; /* the thread's */
    struct frame next;       /* the thread's */
    int64_t interval_ns;
    pthread_t thread;
    bool started;
    int fd;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    struct frame newest;
    bool has_newest, quit;
    int status;
    struct error err;
};

static void hand_over(struct feed *f, int status, const struct error *err) {
    uint64_t one = 1;
    (void)pthread_mutex_lock(&f->lock);
    struct frame old = f->newest;
    f->newest = f->next;
    f->next = old;
    f->has_newest = true;
    f->status = status;
    f->err = *err;
    (void)pthread_mutex_unlock(&f->lock);
    ssize_t written = write(f->fd, &one, sizeof one);
    (void)written;
}

/* Until the moment, or until somebody wants the end: true. */
static bool wait_until(struct feed *f, int64_t mono_ns) {
    struct timespec until = {(time_t)(mono_ns / NS_PER_SECOND), (long)(mono_ns % NS_PER_SECOND)};
    (void)pthread_mutex_lock(&f->lock);
    while (!f->quit && pthread_cond_timedwait(&f->changed, &f->lock, &until) != ETIMEDOUT) {
    }
    bool quit = f->quit;
    (void)pthread_mutex_unlock(&f->lock);
    return quit;
}

static void *run(void *arg) {
    struct feed *f = arg;
    int64_t start = clock_mono_ns();
    int status = 0;
    for (int64_t n = 0; status == 0 && !wait_until(f, start + n * f->interval_ns);) {
        struct error err = {0};
        status = collect_sample(f->collect, &f->next, &err);
        hand_over(f, status, &err);
        int64_t late = (clock_mono_ns() - start) / f->interval_ns;
        n = late > n ? late + 1 : n + 1;
    }
    return NULL;
}

int feed_start(const struct collect_options *options, int64_t interval_ns, struct feed **ret, struct error *err) {
    struct feed *f = calloc(1, sizeof *f);
    pthread_condattr_t monotonic;
    if (!f)
        return error_set(err, ERR_NOMEM, "live frames");
    f->interval_ns = interval_ns;
    frame_init(&f->next);
    frame_init(&f->newest);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&f->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int code = f->fd < 0 ? error_os(err, errno, "eventfd") : collect_open(collectors, options, &f->collect, err);
    if (code == 0 && (errno = pthread_create(&f->thread, NULL, run, f)) != 0)
        code = error_os(err, errno, "thread that reads this machine");
    if (code < 0) {
        feed_stop(f);
        return code;
    }
    f->started = true;
    *ret = f;
    return 0;
}

void feed_stop(struct feed *f) {
    if (!f)
        return;
    (void)pthread_mutex_lock(&f->lock);
    f->quit = true;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    if (f->started)
        (void)pthread_join(f->thread, NULL);
    (void)collect_close(f->collect);
    frame_done(&f->next);
    frame_done(&f->newest);
    file_close(&f->fd);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

int feed_fd(const struct feed *f) {
    return f->fd;
}

int feed_take(void *feed, struct frame *ret, struct error *err) {
    struct feed *f = feed;
    uint64_t count = 0;
    ssize_t n = read(f->fd, &count, sizeof count);
    (void)n;
    (void)pthread_mutex_lock(&f->lock);
    int code = f->has_newest;
    if (f->has_newest && f->status < 0) {
        code = f->status;
        *err = f->err;
    } else if (f->has_newest) {
        struct frame old = *ret;
        *ret = f->newest;
        f->newest = old;
    }
    f->has_newest = false;
    (void)pthread_mutex_unlock(&f->lock);
    return code;
}
