/* collect/gpu/card.c: one card: asking it, and what a frame says of it when it does not answer. */
#include "collect/gpu/card.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

void gpu_card_ask(struct gpu_card *c, const struct cycle *cycle) {
    if (c->cycle_ns == cycle->mono_ns)
        return;
    c->cycle_ns = cycle->mono_ns;
    c->hangs = !worker_ask(c->worker, cycle);
    if (!c->hangs)
        c->waiting_ns = cycle->mono_ns;
}

void gpu_card_done(struct gpu_card *c) {
    if (!c)
        return;
    (void)worker_destroy(c->worker);
    arena_done(&c->memory);
    free(c);
}

static bool same_details(const struct gpu *a, const struct gpu *b) {
    if (a->detail.n != b->detail.n)
        return false;
    for (size_t i = 0; i < a->detail.n; i++)
        if (!text_equal(a->detail.at[i].key, b->detail.at[i].key) ||
            !text_equal(a->detail.at[i].value, b->detail.at[i].value))
            return false;
    return true;
}

static bool same_card(const struct gpu *a, const struct gpu *b) {
    return text_equal(a->uuid, b->uuid) && text_equal(a->name, b->name) && text_equal(a->vendor, b->vendor) &&
           text_equal(a->pci_bus_id, b->pci_bus_id) && text_equal(a->device_type, b->device_type) &&
           a->total_memory == b->total_memory && a->numa_node_id == b->numa_node_id && same_details(a, b);
}

/* Copies what names the card; what `to` has already stays. Returns whether it could. */
static void copy_identity(struct gpu *to, const struct gpu *from, struct arena *arena) {
    const struct {
        struct text *to;
        struct text from;
    } texts[] = {{&to->uuid, from->uuid}, {&to->name, from->name}, {&to->vendor, from->vendor},
        {&to->pci_bus_id, from->pci_bus_id}, {&to->device_type, from->device_type}};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!known_text(*texts[i].to))
            *texts[i].to = arena_text(arena, texts[i].from);
    if (!known_u64(to->total_memory))
        to->total_memory = from->total_memory;
    if (!known_i64(to->numa_node_id))
        to->numa_node_id = from->numa_node_id;
    if (to->detail.asked)
        return;
    for (size_t i = 0; i < from->detail.n; i++)
        frame_add_detail(arena, &to->detail.list, arena_text(arena, from->detail.at[i].key),
            arena_text(arena, from->detail.at[i].value));
}

static void remember(struct gpu_card *c, const struct gpu *now) {
    if (c->was_known && same_card(&c->known, now))
        return;
    arena_reset(&c->memory);
    field_clear(&gpu_table, &c->known);
    copy_identity(&c->known, now, &c->memory);
    c->was_known = true;
}

static void put_place(struct gpu *gpu, const struct cycle *cycle, uint64_t index) {
    gpu->host_id = gpu->hostname = gpu->instance = cycle->host_id;
    gpu->time = cycle->time;
    gpu->index = index;
    if (!known_text(gpu->device_type))
        gpu->device_type = TEXT("GPU");
}

static void add_error(const struct gpu_card *c, uint64_t index, const char *kind, const char *why, struct frame *into) {
    char message[sizeof(struct error) + GPU_KEY_MAX + 64];
    struct text where = known_text(c->known.pci_bus_id) ? c->known.pci_bus_id : text_of(c->key);
    (void)snprintf(message, sizeof message, "%s GPU %llu (%.*s): %s", c->driver->name, (unsigned long long)index,
        TEXT_ARG(where), why);
    frame_add_error(into, sections[SECTION_GPU].name, kind, message, NULL);
}

static void add_timeout(const struct gpu_card *c, const struct cycle *cycle, uint64_t index, struct frame *into) {
    char why[64];
    if (c->hangs)
        (void)snprintf(why, sizeof why, "has not answered for %lld s",
            (long long)((clock_mono_ns() - c->waiting_ns) / NS_PER_SECOND));
    else
        (void)snprintf(why, sizeof why, "did not answer in %lld ms",
            (long long)((cycle->wait_until_ns - cycle->mono_ns) / NS_PER_MS));
    add_error(c, index, "timeout", why, into);
}

int gpu_card_take(
    struct gpu_card *c, const struct cycle *cycle, uint64_t index, struct frame *into, struct error *err) {
    size_t n_gpus = into->gpus.n;
    size_t n_rows = into->processes.n;
    struct error why = {.text = "gave no readings"};
    int status = worker_take(c->worker, c->hangs ? 0 : cycle->wait_until_ns, into, &why);
    bool answered = status == 0 && into->gpus.n > n_gpus;
    if (status == -ERR_TIMEOUT)
        add_timeout(c, cycle, index, into);
    else if (!answered)
        add_error(c, index, "error", why.text, into);
    if (into->gpus.n == n_gpus) {
        struct gpu *silent = c->was_known ? frame_add(&into->arena, &into->gpus.list, &gpu_table) : NULL;
        if (!silent)
            return c->was_known ? error_set(err, ERR_NOMEM, "graphics cards of a frame") : false;
    }
    into->gpus.n = n_gpus + 1; /* a card has one item */
    struct gpu *gpu = &into->gpus.at[n_gpus];
    if (answered)
        remember(c, gpu);
    else if (c->was_known)
        copy_identity(gpu, &c->known, &into->arena);
    put_place(gpu, cycle, index);
    for (size_t i = n_rows; i < into->processes.n; i++) {
        struct process *row = &into->processes.at[i];
        row->device_id = index;
        if (!known_text(row->device_uuid))
            row->device_uuid = gpu->uuid;
    }
    return answered;
}
