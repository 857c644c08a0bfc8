/* collect/gpu/runner.c: a driver at work: a thread that opens it, looks for its cards, takes them up and lets them go. */
#include "collect/gpu/runner.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/options.h"
#include "collect/thread.h"

/* The owner, the thread and every card that was taken up hold on to the runner: a card may hang long after the others have gone.
 * The driver is closed when all of its cards are detached and the thread has ended; the last to go frees the memory. */
struct gpu_runner {
    const struct gpu_driver *driver;
    struct collector card_reader; /* what the cards' workers run */
    struct gpu_times times;
    struct collect_options options; /* texts in `arena` */
    struct arena arena;
    char (*keys)[GPU_KEY_MAX]; /* of the newest list; the thread's */
    pthread_t thread;
    pthread_mutex_t calls; /* the driver's open, list, attach, detach and close: one at a time; taken before `lock` */
    void *self;            /* the open driver or NULL; under `calls` */
    int64_t here_ns;       /* monotonic, when it last listed its cards; 0: never; the thread's */

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    bool quit, ended; /* the owner wants the thread to end; it has */
    unsigned holders; /* owner, thread, cards */
    unsigned users;   /* of the driver: thread, cards */
    bool settled;
    int64_t next_ns; /* monotonic, when the thread looks for cards */
    struct gpu_card *cards[GPU_CARDS_MAX], *leaving[GPU_CARDS_MAX];
    size_t n, n_leaving;
    uint64_t version, seen_version; /* of `cards`; of what the owner has */
    struct error trouble;
};

struct held_card { /* what a card's worker is handed */
    struct gpu_runner *runner;
    void *card; /* the driver's */
};

static void free_runner(struct gpu_runner *r) {
    (void)pthread_cond_destroy(&r->changed);
    (void)pthread_mutex_destroy(&r->lock);
    (void)pthread_mutex_destroy(&r->calls);
    arena_done(&r->arena);
    free(r->keys);
    free(r);
}

static void close_driver(struct gpu_runner *r) {
    if (r->self)
        r->driver->close(r->self);
    r->self = NULL;
}

static void leave(struct gpu_runner *r) {
    (void)pthread_mutex_lock(&r->lock);
    bool last = --r->holders == 0;
    (void)pthread_mutex_unlock(&r->lock);
    if (last)
        free_runner(r);
}

static void stop_using(struct gpu_runner *r) {
    (void)pthread_mutex_lock(&r->lock);
    bool last = --r->users == 0;
    (void)pthread_mutex_unlock(&r->lock);
    if (last) {
        (void)pthread_mutex_lock(&r->calls);
        close_driver(r);
        (void)pthread_mutex_unlock(&r->calls);
    }
}

static int sample_card(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    const struct held_card *held = self;
    return held->runner->driver->sample(held->card, cycle, into, err);
}

static void close_card(void *self) {
    struct held_card *held = self;
    struct gpu_runner *r = held->runner;
    (void)pthread_mutex_lock(&r->calls);
    r->driver->detach(held->card);
    (void)pthread_mutex_unlock(&r->calls);
    free(held);
    stop_using(r);
    leave(r);
}

/* A card with a worker, not listed yet by the runner. */
static int take_up(struct gpu_runner *r, const char *key, struct gpu_card **ret, struct error *err) {
    struct gpu_card *c = calloc(1, sizeof *c);
    struct held_card *held = calloc(1, sizeof *held);
    if (!c || !held) {
        free(c);
        free(held);
        return error_set(err, ERR_NOMEM, "a graphics card");
    }
    held->runner = r;
    (void)pthread_mutex_lock(&r->calls);
    int status = r->driver->attach(r->self, key, &held->card, err);
    if (status == 0) {
        (void)pthread_mutex_lock(&r->lock);
        r->holders++;
        r->users++;
        (void)pthread_mutex_unlock(&r->lock);
    }
    (void)pthread_mutex_unlock(&r->calls);
    if (status < 0) {
        free(held);
        free(c);
        return status;
    }
    status = worker_create(&r->card_reader, held, &c->worker, err);
    if (status < 0) {
        close_card(held);
        free(c);
        return status;
    }
    c->driver = r->driver;
    memcpy(c->key, key, sizeof c->key);
    field_clear(&gpu_table, &c->known);
    *ret = c;
    return 0;
}

static int open_driver(struct gpu_runner *r, struct error *err) {
    (void)pthread_mutex_lock(&r->calls);
    int status = r->self ? 0 : r->driver->open(&r->options, &r->self, err);
    if (status < 0)
        r->self = NULL;
    (void)pthread_mutex_unlock(&r->calls);
    return status;
}

static size_t find_card(struct gpu_card *const *cards, size_t n, const char *key) {
    size_t i = 0;
    while (i < n && strcmp(cards[i]->key, key) != 0)
        i++;
    return i;
}

/* Takes up one card and shows it at once: the next one may hang. */
static int add_card(struct gpu_runner *r, const char *key, struct error *err) {
    struct gpu_card *c = NULL;
    (void)pthread_mutex_lock(&r->lock);
    bool room = r->n + r->n_leaving < GPU_CARDS_MAX;
    (void)pthread_mutex_unlock(&r->lock);
    int status = room ? take_up(r, key, &c, err) : error_set(err, ERR_LIMIT, "more than %d cards", GPU_CARDS_MAX);
    if (status < 0)
        return error_wrap(err, status, "GPU %s", key);
    (void)pthread_mutex_lock(&r->lock);
    r->cards[r->n++] = c;
    r->version++;
    (void)pthread_mutex_unlock(&r->lock);
    return 0;
}

/* Adds the cards that the driver does not list any more, each behind the card that it followed; those gone for long leave. */
static size_t place_unlisted(struct gpu_runner *r, struct gpu_card **order, size_t n) {
    int64_t now_ns = clock_mono_ns();
    size_t behind = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct gpu_card *c = r->cards[i];
        size_t at = find_card(order, n, c->key);
        if (at < n) {
            behind = at + 1;
            continue;
        }
        c->gone_ns = c->gone_ns ? c->gone_ns : now_ns;
        if (now_ns - c->gone_ns >= r->times.gone_ns) {
            c->let_go = r->version + 1;
            r->leaving[r->n_leaving++] = c;
            continue;
        }
        memmove(order + behind + 1, order + behind, (n - behind) * sizeof(struct gpu_card *));
        order[behind++] = c;
        n++;
    }
    return n;
}

/* Brings the cards in line with the driver's list of keys; an error is about the first card that could not be taken up. Only
 * this thread changes `cards`, so it reads them without the lock. */
static int bring_in_line(struct gpu_runner *r, size_t n_keys, struct error *err) {
    struct gpu_card *order[GPU_CARDS_MAX];
    size_t n = 0;
    int failed = 0;
    for (size_t i = 0; i < n_keys; i++) {
        char *key = r->keys[i];
        struct error why = {.code = 0};
        key[GPU_KEY_MAX - 1] = '\0';
        size_t at = find_card(r->cards, r->n, key);
        int status = at == r->n ? add_card(r, key, &why) : 0;
        if (status == 0 && find_card(order, n, key) == n) {
            order[n] = r->cards[at];
            order[n++]->gone_ns = 0;
        } else if (failed == 0 && status < 0) {
            failed = status;
            *err = why;
        }
    }
    (void)pthread_mutex_lock(&r->lock);
    n = place_unlisted(r, order, n);
    if (n != r->n || memcmp(order, r->cards, n * sizeof(struct gpu_card *)) != 0) {
        memcpy(r->cards, order, n * sizeof(struct gpu_card *));
        r->n = n;
        r->version++;
    }
    (void)pthread_mutex_unlock(&r->lock);
    return failed;
}

/* The driver itself is gone: it is opened anew when it is back. Not while anybody holds a card of it. */
static void close_gone_driver(struct gpu_runner *r) {
    (void)pthread_mutex_lock(&r->lock);
    bool alone = r->users == 1;
    (void)pthread_mutex_unlock(&r->lock);
    if (!alone)
        return;
    (void)pthread_mutex_lock(&r->calls);
    close_driver(r);
    (void)pthread_mutex_unlock(&r->calls);
}

static int look_for_cards(struct gpu_runner *r, struct error *err) {
    int status = open_driver(r, err);
    if (status < 0)
        return status;
    (void)pthread_mutex_lock(&r->calls);
    int n = r->driver->list(r->self, r->keys, GPU_CARDS_MAX, err);
    (void)pthread_mutex_unlock(&r->calls);
    if (n < 0 && n != -ERR_ABSENT)
        return n; /* a list that fails says nothing about the cards */
    if (n < 0) {
        (void)bring_in_line(r, 0, NULL);
        close_gone_driver(r);
        return n;
    }
    r->here_ns = clock_mono_ns();
    status = bring_in_line(r, n < GPU_CARDS_MAX ? (size_t)n : GPU_CARDS_MAX, err);
    if (status == 0 && n > GPU_CARDS_MAX)
        return error_set(err, ERR_LIMIT, "has %d cards: only the first %d are read", n, GPU_CARDS_MAX);
    return status;
}

/* Ends cards that the owner does not ask any more, without the lock: ending one that hangs takes a while. */
static void end_cards(struct gpu_runner *r, bool all) {
    (void)pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->n_leaving;) {
        struct gpu_card *c = r->leaving[i];
        if (!all && r->seen_version < c->let_go) {
            i++;
            continue;
        }
        r->leaving[i] = r->leaving[--r->n_leaving];
        (void)pthread_mutex_unlock(&r->lock);
        gpu_card_done(c);
        (void)pthread_mutex_lock(&r->lock);
    }
    while (all && r->n > 0) {
        struct gpu_card *c = r->cards[--r->n];
        (void)pthread_mutex_unlock(&r->lock);
        gpu_card_done(c);
        (void)pthread_mutex_lock(&r->lock);
    }
    (void)pthread_mutex_unlock(&r->lock);
}

static void one_round(struct gpu_runner *r) {
    struct error why = {.code = 0};
    int status = look_for_cards(r, &why);
    /* A driver that is not here is nothing to speak of, but it is when it has just gone away. */
    bool just_here = r->here_ns != 0 && clock_mono_ns() - r->here_ns < r->times.gone_ns;
    bool lost = status < 0 && (status != -ERR_ABSENT || just_here);
    if (lost && why.code == 0)
        (void)error_set(&why, (enum errc) - status, "does not say why it fails");
    (void)pthread_mutex_lock(&r->lock);
    r->trouble = lost ? why : (struct error){.code = 0};
    r->settled = true;
    r->next_ns = clock_mono_ns() + (lost ? r->times.hurry_ns : r->times.list_ns);
    (void)pthread_cond_broadcast(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
}

static bool cards_to_end(const struct gpu_runner *r) {
    for (size_t i = 0; i < r->n_leaving; i++)
        if (r->seen_version >= r->leaving[i]->let_go)
            return true;
    return false;
}

static void *run(void *arg) {
    struct gpu_runner *r = arg;
    (void)pthread_mutex_lock(&r->lock);
    while (!r->quit) {
        bool due = clock_mono_ns() >= r->next_ns;
        if (!due && !cards_to_end(r)) {
            if (thread_wait_until(&r->changed, &r->lock, r->next_ns))
                continue;
            due = true;
        }
        (void)pthread_mutex_unlock(&r->lock);
        end_cards(r, false);
        if (due)
            one_round(r);
        (void)pthread_mutex_lock(&r->lock);
    }
    (void)pthread_mutex_unlock(&r->lock);
    end_cards(r, true);
    stop_using(r);
    (void)pthread_mutex_lock(&r->lock);
    r->ended = true;
    (void)pthread_cond_broadcast(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
    leave(r);
    return NULL;
}

int gpu_runner_create(const struct gpu_driver *driver, const struct collect_options *options,
    const struct gpu_times *times, struct gpu_runner **ret, struct error *err) {
    struct gpu_runner *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "%s driver", driver->name);
    *r = (struct gpu_runner){
        .driver = driver,
        .card_reader = {.name = driver->name, .section = SECTION_GPU, .sample = sample_card, .close = close_card},
        .times = *times,
        .keys = calloc(GPU_CARDS_MAX, GPU_KEY_MAX),
        .holders = 2,
        .users = 1,
        .next_ns = INT64_MIN,
    };
    (void)pthread_mutex_init(&r->calls, NULL);
    (void)pthread_mutex_init(&r->lock, NULL);
    thread_condition_init(&r->changed);
    int status = r->keys && collect_options_copy(options, &r->arena, &r->options)
                     ? 0
                     : error_set(err, ERR_NOMEM, "%s driver", driver->name);
    if (status == 0)
        status = thread_start(&r->thread, driver->name, run, r, err);
    if (status < 0)
        free_runner(r);
    else
        *ret = r;
    return status;
}

void gpu_runner_look(struct gpu_runner *r, struct gpu_view *view) {
    (void)pthread_mutex_lock(&r->lock);
    view->settled = r->settled;
    view->trouble.code = r->trouble.code;
    if (r->trouble.code)
        view->trouble = r->trouble;
    if (view->version != r->version) {
        memcpy(view->cards, r->cards, r->n * sizeof *r->cards);
        view->n = r->n;
        view->version = r->seen_version = r->version;
        if (r->n_leaving > 0)
            (void)pthread_cond_broadcast(&r->changed);
    }
    (void)pthread_mutex_unlock(&r->lock);
}

void gpu_runner_wait(struct gpu_runner *r, int64_t deadline_mono_ns) {
    (void)pthread_mutex_lock(&r->lock);
    while (!r->settled)
        if (!thread_wait_until(&r->changed, &r->lock, deadline_mono_ns))
            break;
    (void)pthread_mutex_unlock(&r->lock);
}

void gpu_runner_hurry(struct gpu_runner *r) {
    (void)pthread_mutex_lock(&r->lock);
    int64_t soon_ns = clock_mono_ns() + r->times.hurry_ns;
    if (r->next_ns > soon_ns) {
        r->next_ns = soon_ns;
        (void)pthread_cond_broadcast(&r->changed);
    }
    (void)pthread_mutex_unlock(&r->lock);
}

void gpu_runner_destroy(struct gpu_runner *r) {
    if (!r)
        return;
    int64_t deadline = clock_mono_ns() + WORKER_CLOSE_NS;
    (void)pthread_mutex_lock(&r->lock);
    r->quit = true;
    (void)pthread_cond_broadcast(&r->changed);
    while (!r->ended)
        if (!thread_wait_until(&r->changed, &r->lock, deadline))
            break;
    bool ended = r->ended;
    pthread_t thread = r->thread;
    (void)pthread_mutex_unlock(&r->lock);
    if (ended)
        (void)pthread_join(thread, NULL);
    else
        (void)pthread_detach(thread);
    leave(r);
}
