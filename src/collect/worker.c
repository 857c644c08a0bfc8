/* collect/worker.c: a thread that samples one collector which may block. */
#include "collect/worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/thread.h"

enum round { IDLE, ASKED, BUSY };

struct worker {
    const struct collector *collector;
    void *self; /* owned; used by the thread only */
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    enum round round;
    bool ended;          /* the thread has left its loop */
    bool quit;           /* the owner wants it to */
    bool abandoned;      /* the owner is gone: the thread frees everything */
    struct cycle cycle;  /* of the round asked for; its texts and rows are in `asked` */
    struct frame asked;  /* the thread's while BUSY */
    struct frame result; /* the newest finished round that was not taken yet */
    bool has_result;
    int status; /* of the result */
    struct error err;
    int64_t finished_mono_ns;
};

static void free_worker(struct worker *w) {
    w->collector->close(w->self);
    frame_done(&w->asked);
    frame_done(&w->result);
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

static void finish_round(struct worker *w, int status, const struct error *err) {
    struct frame old = w->result;
    w->result = w->asked;
    w->asked = old;
    w->has_result = true;
    w->status = status;
    w->err = *err;
    w->finished_mono_ns = clock_mono_ns();
    w->round = IDLE;
    (void)pthread_cond_broadcast(&w->changed);
}

static void *run(void *arg) {
    struct worker *w = arg;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->quit) {
        if (w->round != ASKED) {
            (void)pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        w->round = BUSY;
        (void)pthread_mutex_unlock(&w->lock);
        struct error err = {.text = ""};
        int status = w->collector->sample(w->self, &w->cycle, &w->asked, &err);
        (void)pthread_mutex_lock(&w->lock);
        finish_round(w, status, &err);
    }
    w->ended = true;
    bool abandoned = w->abandoned;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    if (abandoned)
        free_worker(w);
    return NULL;
}

int worker_create(const struct collector *collector, void *self, struct worker **ret, struct error *err) {
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, ERR_NOMEM, "worker of the %s reader", collector->name);
    w->collector = collector;
    w->self = self;
    frame_init(&w->asked);
    frame_init(&w->result);
    (void)pthread_mutex_init(&w->lock, NULL);
    thread_condition_init(&w->changed);
    int status = thread_start(&w->thread, collector->name, run, w, err);
    if (status < 0) {
        frame_done(&w->asked);
        frame_done(&w->result);
        (void)pthread_cond_destroy(&w->changed);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
        return status;
    }
    *ret = w;
    return 0;
}

/* Its texts and rows live in `arena` then. */
static void copy_cycle(struct cycle *to, const struct cycle *from, struct arena *arena) {
    *to = *from;
    to->host_id = arena_text(arena, from->host_id);
    to->time = arena_text(arena, from->time);
    struct process *users = from->n_gpu_users ? arena_alloc(arena, from->n_gpu_users * sizeof *users) : NULL;
    to->n_gpu_users = users ? from->n_gpu_users : 0;
    to->gpu_users = users;
    for (size_t i = 0; i < to->n_gpu_users; i++) {
        users[i] = from->gpu_users[i];
        users[i].device_uuid = arena_text(arena, users[i].device_uuid);
        users[i].gpu_memory_kind = arena_text(arena, users[i].gpu_memory_kind);
    }
}

bool worker_ask(struct worker *w, const struct cycle *cycle) {
    (void)pthread_mutex_lock(&w->lock);
    bool idle = w->round == IDLE;
    if (idle) {
        frame_reset(&w->asked);
        copy_cycle(&w->cycle, cycle, &w->asked.arena);
        w->round = ASKED;
        (void)pthread_cond_broadcast(&w->changed);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return idle;
}

/* Moves the items of every section over. Both frames' items then live in the arena of `into`. */
static int move_sections(struct frame *into, struct frame *from, struct error *err) {
    arena_adopt(&into->arena, &from->arena);
    for (size_t s = 0; s < SECTION_COUNT; s++) {
        struct list *to = frame_section(into, (enum section)s);
        const struct list *items = frame_section(from, (enum section)s);
        if (!items->asked)
            continue;
        if (to->n == 0) {
            *to = *items;
            continue;
        }
        size_t size = sections[s].table->size;
        for (size_t i = 0; i < items->n; i++) {
            void *item = frame_add(&into->arena, to, sections[s].table);
            if (!item)
                return error_set(err, ERR_NOMEM, "%s of a frame", sections[s].key);
            memcpy(item, (const char *)items->at + i * size, size);
        }
    }
    return 0;
}

int worker_take(struct worker *w, int64_t deadline_mono_ns, struct frame *into, struct error *err) {
    (void)pthread_mutex_lock(&w->lock);
    while (w->round != IDLE)
        if (!thread_wait_until(&w->changed, &w->lock, deadline_mono_ns))
            break;
    bool fresh = w->has_result && clock_mono_ns() - w->finished_mono_ns <= WORKER_RESULT_AGE_NS;
    struct frame result;
    int status = w->status;
    if (fresh) {
        result = w->result;
        frame_init(&w->result);
        w->has_result = false;
        if (err && status < 0)
            *err = w->err;
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (!fresh)
        return error_set(err, ERR_TIMEOUT, "%s reader did not answer in time", w->collector->name);
    struct error move_err;
    int moved = move_sections(into, &result, &move_err);
    frame_done(&result);
    if (moved < 0 && err)
        *err = move_err;
    return moved < 0 ? moved : status;
}

bool worker_destroy(struct worker *w) {
    if (!w)
        return true;
    int64_t deadline = clock_mono_ns() + WORKER_CLOSE_NS;
    (void)pthread_mutex_lock(&w->lock);
    w->quit = true;
    (void)pthread_cond_broadcast(&w->changed);
    while (!w->ended)
        if (!thread_wait_until(&w->changed, &w->lock, deadline))
            break;
    bool ended = w->ended;
    w->abandoned = !ended;
    pthread_t thread = w->thread;
    (void)pthread_mutex_unlock(&w->lock);
    if (!ended) {
        (void)pthread_detach(thread);
        return false;
    }
    (void)pthread_join(thread, NULL);
    free_worker(w);
    return true;
}
