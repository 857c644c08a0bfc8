/* collect/gpu/crowd.c: the clients of all graphics devices, read on a worker of their own. */
#include "collect/gpu/crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/gpu/clients.h"
#include "collect/gpu/join.h"
#include "collect/gpu/runner.h"
#include "collect/options.h"
#include "collect/worker.h"

struct crowd_reader { /* the worker's */
    struct collect_options options;
    struct arena arena;
    struct gpu_clients *clients; /* NULL until there are devices */
};

struct gpu_crowd {
    struct worker *worker; /* owned */
    bool asked, hangs;     /* in this cycle */
    int64_t again_ns;      /* monotonic: not to be asked before, since there was no device */
};

static int sample_clients(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct crowd_reader *r = self;
    int status = r->clients ? 0 : gpu_clients_create(&r->options, &r->clients, err);
    return status < 0 ? status : gpu_clients_sample(r->clients, cycle, into, err);
}

static void close_clients(void *self) {
    struct crowd_reader *r = self;
    gpu_clients_destroy(r->clients);
    arena_done(&r->arena);
    free(r);
}

static const struct collector clients_collector = {
    .name = "gpu clients", .section = SECTION_GPU, .sample = sample_clients, .close = close_clients};

int gpu_crowd_create(const struct collect_options *options, struct gpu_crowd **ret, struct error *err) {
    struct gpu_crowd *c = calloc(1, sizeof *c);
    struct crowd_reader *r = calloc(1, sizeof *r);
    if (!c || !r || !collect_options_copy(options, &r->arena, &r->options)) {
        if (r)
            close_clients(r);
        free(c);
        return error_set(err, ERR_NOMEM, "reader of graphics clients");
    }
    int status = worker_create(&clients_collector, r, &c->worker, err);
    if (status < 0) {
        close_clients(r);
        free(c);
        return status;
    }
    *ret = c;
    return 0;
}

void gpu_crowd_destroy(struct gpu_crowd *c) {
    if (!c)
        return;
    (void)worker_destroy(c->worker);
    free(c);
}

void gpu_crowd_ask(struct gpu_crowd *c, const struct cycle *cycle) {
    c->asked = cycle->mono_ns >= c->again_ns;
    c->hangs = c->asked && !worker_ask(c->worker, cycle);
}

int gpu_crowd_take(struct gpu_crowd *c, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct frame told;
    struct error why = {.text = ""};
    char message[sizeof why.text + 32];
    if (!c->asked)
        return 0;
    c->asked = false;
    frame_init(&told);
    int status = worker_take(c->worker, c->hangs ? 0 : cycle->wait_until_ns, &told, &why);
    int joined = gpu_join_clients(into, &told, err);
    arena_adopt(&into->arena, &told.arena);
    frame_done(&told);
    if (status == -ERR_ABSENT) {
        c->again_ns = cycle->mono_ns + GPU_LIST_EVERY_NS;
    } else if (status < 0) {
        (void)snprintf(message, sizeof message, "gpu clients: %s", why.text);
        frame_add_error(into, sections[SECTION_GPU].name, status == -ERR_TIMEOUT ? "timeout" : "error", message, NULL);
    }
    return joined;
}
