/* collect/lookup.c: answers questions that may block on threads of its own. */
#include "collect/lookup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/thread.h"

struct pair {
    uint64_t key;
    void *answer; /* owned; NULL among the questions */
};

struct queue {
    struct pair *at;
    size_t first, n, cap; /* those from `first` on, `n` of them, are waiting */
};

struct lookup {
    const struct lookup_ops *ops;
    void *context;        /* owned; used by the answering threads */
    pthread_mutex_t lock; /* over all below; never held across an answer */
    pthread_cond_t changed;
    struct queue questions, answers;
    int64_t busy_since_ns[LOOKUP_THREADS_MAX]; /* 0 when that thread is idle */
    unsigned threads, holders;                 /* started; threads and owner that still use this */
    bool quit;
};

struct start {
    struct lookup *lookup;
    unsigned slot;
};

static bool queue_put(struct queue *q, struct pair item) {
    if (q->n == LOOKUP_QUEUE_MAX)
        return false;
    if (q->first + q->n == q->cap && q->first > 0) {
        memmove(q->at, q->at + q->first, q->n * sizeof *q->at);
        q->first = 0;
    }
    if (q->n == q->cap) {
        size_t cap = q->cap ? q->cap * 2 : 64;
        struct pair *grown = realloc(q->at, cap * sizeof *grown);
        if (!grown)
            return false;
        q->at = grown;
        q->cap = cap;
    }
    q->at[q->first + q->n++] = item;
    return true;
}

static bool queue_take(struct queue *q, struct pair *ret) {
    if (q->n == 0)
        return false;
    *ret = q->at[q->first++];
    if (--q->n == 0) { /* the burst of the first cycle need not stay in memory */
        free(q->at);
        *q = (struct queue){.n = 0};
    }
    return true;
}

static void let_go(struct lookup *l) {
    (void)pthread_mutex_lock(&l->lock);
    bool last = --l->holders == 0;
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
    if (!last)
        return;
    for (struct pair item; queue_take(&l->answers, &item);)
        if (item.answer)
            l->ops->drop(item.answer);
    free(l->questions.at);
    free(l->answers.at);
    l->ops->close(l->context);
    (void)pthread_cond_destroy(&l->changed);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

static void *run(void *arg) {
    struct start *start = arg;
    struct lookup *l = start->lookup;
    unsigned slot = start->slot;
    free(start);
    (void)pthread_mutex_lock(&l->lock);
    while (!l->quit) {
        struct pair item;
        if (!queue_take(&l->questions, &item)) {
            (void)pthread_cond_wait(&l->changed, &l->lock);
            continue;
        }
        l->busy_since_ns[slot] = clock_mono_ns();
        (void)pthread_mutex_unlock(&l->lock);
        item.answer = l->ops->answer(l->context, item.key);
        (void)pthread_mutex_lock(&l->lock);
        l->busy_since_ns[slot] = 0;
        if (!queue_put(&l->answers, item) && item.answer)
            l->ops->drop(item.answer);
        if (l->questions.n == 0)
            (void)pthread_cond_broadcast(&l->changed);
    }
    (void)pthread_mutex_unlock(&l->lock);
    let_go(l);
    return NULL;
}

static int start_thread(struct lookup *l, struct error *err) {
    pthread_t thread;
    struct start *start = malloc(sizeof *start);
    if (!start)
        return error_set(err, ERR_NOMEM, "%s", l->ops->name);
    *start = (struct start){.lookup = l, .slot = l->threads};
    l->threads++;
    l->holders++;
    int status = thread_start(&thread, l->ops->name, run, start, err);
    if (status < 0) {
        l->threads--;
        l->holders--;
        free(start);
        return status;
    }
    (void)pthread_detach(thread);
    return 0;
}

int lookup_create(const struct lookup_ops *ops, void *context, struct lookup **ret, struct error *err) {
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return error_set(err, ERR_NOMEM, "%s", ops->name);
    l->ops = ops;
    l->context = context;
    l->holders = 1;
    (void)pthread_mutex_init(&l->lock, NULL);
    thread_condition_init(&l->changed);
    (void)pthread_mutex_lock(&l->lock);
    int status = start_thread(l, err);
    (void)pthread_mutex_unlock(&l->lock);
    if (status < 0) {
        (void)pthread_cond_destroy(&l->changed);
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
        return status;
    }
    *ret = l;
    return 0;
}

static bool is_stuck(const struct lookup *l, unsigned thread, int64_t now_mono_ns) {
    return l->busy_since_ns[thread] != 0 && now_mono_ns - l->busy_since_ns[thread] >= LOOKUP_STUCK_NS;
}

/* Do all threads hang? Then one more, as long as there may be one more. */
static void replace_stuck(struct lookup *l) {
    int64_t now = clock_mono_ns();
    for (unsigned i = 0; i < l->threads; i++)
        if (!is_stuck(l, i, now))
            return;
    if (l->threads < LOOKUP_THREADS_MAX && start_thread(l, NULL) < 0)
        return; /* as before: what can be answered, will be, once a thread comes back */
}

bool lookup_ask(struct lookup *l, uint64_t key) {
    (void)pthread_mutex_lock(&l->lock);
    bool queued = queue_put(&l->questions, (struct pair){.key = key});
    if (queued && l->questions.n == 1)
        (void)pthread_cond_broadcast(&l->changed);
    replace_stuck(l);
    (void)pthread_mutex_unlock(&l->lock);
    return queued;
}

bool lookup_take(struct lookup *l, uint64_t *ret_key, void **ret_answer) {
    struct pair item;
    (void)pthread_mutex_lock(&l->lock);
    bool any = queue_take(&l->answers, &item);
    (void)pthread_mutex_unlock(&l->lock);
    if (any) {
        *ret_key = item.key;
        *ret_answer = item.answer;
    }
    return any;
}

static bool busy(const struct lookup *l) {
    int64_t now = clock_mono_ns();
    bool all_stuck = true;
    for (unsigned i = 0; i < l->threads; i++) {
        bool stuck = is_stuck(l, i, now);
        if (l->busy_since_ns[i] != 0 && !stuck)
            return true;
        all_stuck = all_stuck && stuck;
    }
    return l->questions.n > 0 && !all_stuck;
}

void lookup_wait(struct lookup *l, int64_t deadline_mono_ns) {
    (void)pthread_mutex_lock(&l->lock);
    while (busy(l))
        if (!thread_wait_until(&l->changed, &l->lock, deadline_mono_ns))
            break;
    (void)pthread_mutex_unlock(&l->lock);
}

void lookup_destroy(struct lookup *l) {
    enum {
        CLOSE_MS = 100
    }; /* an answer under way is waited for that long, so that a usual end leaves nothing behind */
    if (!l)
        return;
    int64_t deadline = clock_mono_ns() + CLOSE_MS * NS_PER_MS;
    (void)pthread_mutex_lock(&l->lock);
    l->quit = true;
    (void)pthread_cond_broadcast(&l->changed);
    while (l->holders > 1)
        if (!thread_wait_until(&l->changed, &l->lock, deadline))
            break;
    (void)pthread_mutex_unlock(&l->lock);
    let_go(l);
}
