/* tests/unit/collect/gpu_card.h: one driver's cards, asked as the collector asks them, out of fixture trees. */
#ifndef TACHO_TESTS_COLLECT_GPU_CARD_H
#define TACHO_TESTS_COLLECT_GPU_CARD_H

#include "fixture.h"

#include "base/clock.h"
#include "collect/gpu/drivers.h"

struct gpu_cards {
    const struct gpu_driver *driver;
    void *self;
    char keys[GPU_CARDS_MAX][GPU_KEY_MAX];
    void *cards[GPU_CARDS_MAX];
    int n;
    struct frame frame;
    struct error err;
};

/* Opens the driver and takes up all its cards; `n` is what open or list returned when there is none. */
static inline void gpu_cards_open(struct gpu_cards *g, const struct gpu_driver *driver, const struct collect_options *options) {
    *g = (struct gpu_cards){.driver = driver};
    frame_init(&g->frame);
    g->n = driver->open(options, &g->self, &g->err);
    if (g->n == 0)
        g->n = driver->list(g->self, g->keys, GPU_CARDS_MAX, &g->err);
    for (int i = 0; i < g->n && i < GPU_CARDS_MAX; i++)
        assert_ok(driver->attach(g->self, g->keys[i], &g->cards[i], &g->err), g->err);
}

static inline int gpu_cards_sample(struct gpu_cards *g) {
    struct cycle cycle = {.host_id = TEXT("node-07"), .mono_ns = clock_mono_ns()};
    int status = 0;
    frame_reset(&g->frame);
    for (int i = 0; i < g->n && status == 0; i++)
        status = g->driver->sample(g->cards[i], &cycle, &g->frame, &g->err);
    return status;
}

static inline void gpu_cards_close(struct gpu_cards *g) {
    for (int i = 0; i < g->n; i++)
        g->driver->detach(g->cards[i]);
    g->driver->detach(NULL);
    g->driver->close(g->self);
    frame_done(&g->frame);
}

static inline struct text gpu_detail_of(const struct gpu *gpu, const char *key) {
    for (size_t i = 0; i < gpu->detail.n; i++)
        if (text_is(gpu->detail.at[i].key, key))
            return gpu->detail.at[i].value;
    return (struct text){NULL, 0};
}

static inline void gpu_put_link(const struct fixture *f, const char *target, const char *name) {
    struct error err;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_ok(file_make_parents(path, &err), err);
    assert_int_equal(symlink(target, path), 0);
}

/* A tree of files read off a real machine, where such trees lie beside the checkout; false without. */
static inline bool gpu_real_tree(const char *card, char *ret, size_t cap) {
    const char *root = getenv("TACHO_SYSFS_TREES");
    (void)snprintf(ret, cap, "%s/%s", root ? root : "../shared/fixtures/sysfs", card);
    return access(ret, R_OK) == 0;
}

#endif
