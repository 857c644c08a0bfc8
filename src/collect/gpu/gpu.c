/* collect/gpu/gpu.c: the graphics cards of this machine: every driver's cards, asked at once, in one order. */
#include "collect/gpu/gpu.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/collectors.h"
#include "collect/explain.h"
#include "collect/gpu/crowd.h"

#define SLICE_NS (5 * NS_PER_MS)

struct branch { /* a driver and what we see of it */
    const struct gpu_driver *driver;
    struct gpu_runner *runner; /* owned */
    struct gpu_view view;
};

struct gpu_reader {
    struct branch *branches;
    size_t n;
    struct gpu_crowd *crowd; /* owned */
    int64_t opened_ns;
    bool waited; /* for the drivers to settle: done once */
};

static void gpu_close(void *self) {
    struct gpu_reader *g = self;
    if (!g)
        return;
    for (size_t i = 0; i < g->n; i++)
        gpu_runner_destroy(g->branches[i].runner);
    gpu_crowd_destroy(g->crowd);
    free(g->branches);
    free(g);
}

int gpu_open_drivers(const struct gpu_driver *const *drivers, const struct collect_options *options,
    const struct gpu_times *times, void **ret, struct error *err) {
    size_t n = 0;
    while (drivers[n])
        n++;
    struct gpu_reader *g = calloc(1, sizeof *g);
    struct branch *branches = calloc(n + 1, sizeof *branches);
    if (!g || !branches) {
        free(g);
        free(branches);
        return error_set(err, ERR_NOMEM, "gpu reader");
    }
    *g = (struct gpu_reader){.branches = branches, .opened_ns = clock_mono_ns()};
    int status = gpu_crowd_create(options, &g->crowd, err);
    for (size_t i = 0; i < n && status == 0; i++) {
        branches[i].driver = drivers[i];
        status = gpu_runner_create(drivers[i], options, times, &branches[i].runner, err);
        g->n += status == 0;
    }
    if (status == 0)
        *ret = g;
    else
        gpu_close(g);
    return status;
}

static int gpu_open(const struct collect_options *options, void **ret, struct error *err) {
    static const struct gpu_times times = {GPU_LIST_EVERY_NS, GPU_HURRY_NS, GPU_GONE_NS};
    return gpu_open_drivers(gpu_drivers, options, &times, ret, err);
}

static void look_and_ask(struct branch *b, const struct cycle *cycle) {
    gpu_runner_look(b->runner, &b->view);
    for (size_t i = 0; i < b->view.n; i++)
        gpu_card_ask(b->view.cards[i], cycle);
}

static void gpu_begin(void *self, const struct cycle *cycle) {
    struct gpu_reader *g = self;
    bool cards = false;
    for (size_t i = 0; i < g->n; i++) {
        look_and_ask(&g->branches[i], cycle);
        cards = cards || g->branches[i].view.n > 0;
    }
    if (cards) /* without any there is nothing to join to */
        gpu_crowd_ask(g->crowd, cycle);
}

/* Drivers are opened while the first frame is made. It waits for them, later ones do not: a part of its time, so that those
 * cards still get some that are found at the end. A driver that is slow holds up no card of another. */
static void wait_for_drivers(struct gpu_reader *g, const struct cycle *cycle) {
    int64_t until_ns = cycle->mono_ns + (cycle->wait_until_ns - cycle->mono_ns) / 4 * 3;
    bool waiting = !g->waited;
    while (waiting) {
        int64_t slice_ns = clock_mono_ns() + SLICE_NS;
        bool last = slice_ns >= until_ns;
        waiting = false;
        for (size_t i = 0; i < g->n; i++) {
            struct branch *b = &g->branches[i];
            if (b->view.settled)
                continue;
            gpu_runner_wait(b->runner, last ? until_ns : slice_ns);
            look_and_ask(b, cycle);
            waiting = waiting || (!b->view.settled && !last);
        }
    }
    g->waited = true;
}

static void add_trouble(const struct gpu_reader *g, const struct branch *b, struct frame *into) {
    char message[sizeof b->view.trouble.text + 64];
    bool failed = b->view.trouble.code != 0;
    if (failed)
        (void)snprintf(message, sizeof message, "%s driver: %s", b->driver->name, b->view.trouble.text);
    else
        (void)snprintf(message, sizeof message, "%s driver: still looking for cards after %lld ms", b->driver->name,
            (long long)((clock_mono_ns() - g->opened_ns) / NS_PER_MS));
    if (failed || !b->view.settled)
        frame_add_error(into, sections[SECTION_GPU].name, failed ? "error" : "timeout", message, NULL);
}

static int gpu_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct gpu_reader *g = self;
    uint64_t index = 0;
    into->gpus.asked = true;
    wait_for_drivers(g, cycle);
    for (size_t i = 0; i < g->n; i++) {
        struct branch *b = &g->branches[i];
        bool lost = false;
        for (size_t k = 0; k < b->view.n; k++) {
            int answered = gpu_card_take(b->view.cards[k], cycle, index++, into, err);
            if (answered < 0)
                return answered;
            lost = lost || !answered;
        }
        if (lost)
            gpu_runner_hurry(b->runner);
        add_trouble(g, b, into);
    }
    return gpu_crowd_take(g->crowd, cycle, into, err);
}

static void gpu_explain(const struct collect_options *options, struct report *report) {
    for (size_t i = 0; gpu_drivers[i]; i++)
        if (gpu_drivers[i]->explain)
            explain_within(gpu_drivers[i]->explain, gpu_drivers[i]->name, SECTION_GPU, 0, options, report);
}

const struct collector gpu_collector = {
    .name = "gpu",
    .section = SECTION_GPU,
    .open = gpu_open,
    .begin = gpu_begin,
    .sample = gpu_sample,
    .close = gpu_close,
    .explain = gpu_explain,
};
