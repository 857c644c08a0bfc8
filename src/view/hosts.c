/* view/hosts.c: the hosts that were met. */
#include "view/hosts.h"

/* Hosts mostly come in the same order in every section: the one found last, or the one behind it. */
static bool is_known(const struct hosts *h, struct text host, size_t *hint) {
    for (size_t i = 0; i < h->n; i++) {
        size_t at = (*hint + i) % h->n;
        if (text_equal(h->at[at], host)) {
            *hint = at;
            return true;
        }
    }
    return false;
}

static void add(struct hosts *h, struct text host, size_t *hint) {
    if (host.len == 0 || is_known(h, host, hint) || h->n == SCENE_HOSTS_MAX)
        return;
    struct text name = arena_text(&h->names, host);
    if (known_text(name))
        h->at[h->n++] = name;
}

void hosts_add(struct hosts *h, struct text host) {
    size_t hint = 0;
    add(h, host, &hint);
}

void hosts_add_frame(struct hosts *h, const struct frame *f) {
    size_t hint = 0;
    for (size_t i = 0; i < f->cpus.n; i++)
        add(h, f->cpus.at[i].host_id, &hint);
    for (size_t i = 0; i < f->memory.n; i++)
        add(h, f->memory.at[i].host_id, &hint);
    for (size_t i = 0; i < f->gpus.n; i++)
        add(h, f->gpus.at[i].host_id, &hint);
    for (size_t i = 0; i < f->chassis.n; i++)
        add(h, f->chassis.at[i].host_id, &hint);
    for (size_t i = 0; i < f->storage.n; i++)
        add(h, f->storage.at[i].host_id, &hint);
    for (size_t i = 0; i < f->networks.n; i++)
        add(h, f->networks.at[i].host_id, &hint);
    for (size_t i = 0; i < f->processes.n; i++)
        if (known_text(f->processes.at[i].host_id))
            add(h, f->processes.at[i].host_id, &hint);
    for (size_t i = 0; i < f->errors.n; i++)
        if (known_text(f->errors.at[i].host))
            add(h, f->errors.at[i].host, &hint);
    if (h->n == 0)
        hosts_add(h, f->hostname);
}

void hosts_done(struct hosts *h) {
    arena_done(&h->names);
    h->n = 0;
}
