/* view/live.c: the newest frames of a live screen, and the readings of the last minutes. */
#include "view/live.h"

#include <stdlib.h>

#include "view/scene.h"

struct host_series {
    struct text host; /* in `names` */
    struct series series;
};

struct live {
    struct frame frames[3]; /* the newest, the one before it, and room for the next */
    size_t newest, n;
    struct series all;
    struct host_series *hosts;
    size_t n_hosts;
    struct arena names;
};

int live_create(struct live **ret, struct error *err) {
    struct live *l = calloc(1, sizeof *l);
    if (!l)
        return error_set(err, ERR_NOMEM, "live frames");
    for (size_t i = 0; i < 3; i++)
        frame_init(&l->frames[i]);
    *ret = l;
    return 0;
}

void live_destroy(struct live *l) {
    if (!l)
        return;
    for (size_t i = 0; i < 3; i++)
        frame_done(&l->frames[i]);
    for (size_t i = 0; i < l->n_hosts; i++)
        series_done(&l->hosts[i].series);
    series_done(&l->all);
    free(l->hosts);
    arena_done(&l->names);
    free(l);
}

struct frame *live_next(struct live *l) {
    return &l->frames[(l->newest + 1) % 3];
}

static struct series *series_of(struct live *l, struct text host) {
    for (size_t i = 0; i < l->n_hosts; i++)
        if (text_equal(l->hosts[i].host, host))
            return &l->hosts[i].series;
    if (l->n_hosts == SCENE_HOSTS_MAX)
        return NULL;
    struct host_series *hosts = realloc(l->hosts, (l->n_hosts + 1) * sizeof *hosts);
    if (!hosts)
        return NULL;
    l->hosts = hosts;
    hosts[l->n_hosts] = (struct host_series){.host = arena_text(&l->names, host)};
    return known_text(hosts[l->n_hosts].host) ? &hosts[l->n_hosts++].series : NULL;
}

static int add(struct series *s, const struct frame *f, struct subject of, size_t most, struct error *err) {
    struct sample sample;
    series_read(f, of, &sample);
    if (s->n >= most) {
        s->n = most - 1;
        memmove(s->at, s->at + 1, s->n * sizeof *s->at);
    }
    return series_add(s, &sample, err);
}

/* A single host's readings are those of everything. */
static int add_hosts(struct live *l, const struct frame *f, struct error *err) {
    size_t most = LIVE_HISTORY_BYTES / sizeof(struct sample) / (f->cpus.n + 1);
    most = most > LIVE_SAMPLES ? LIVE_SAMPLES : most < LIVE_SAMPLES_MIN ? LIVE_SAMPLES_MIN : most;
    int code = add(&l->all, f, (struct subject){.host = {NULL, 0}}, most, err);
    for (size_t i = 0; i < f->cpus.n && f->cpus.n > 1 && code == 0; i++) {
        struct text host = f->cpus.at[i].host_id;
        struct series *s = series_of(l, host);
        if (s)
            code = add(s, f, (struct subject){.host = host}, most, err);
    }
    return code;
}

int live_taken(struct live *l, struct error *err) {
    l->newest = (l->newest + 1) % 3;
    l->n += l->n < 2;
    return add_hosts(l, &l->frames[l->newest], err);
}

const struct frame *live_frame(const struct live *l) {
    return l->n > 0 ? &l->frames[l->newest] : NULL;
}

const struct frame *live_before(const struct live *l) {
    return l->n > 1 ? &l->frames[(l->newest + 2) % 3] : NULL;
}

const struct series *live_series(const struct live *l, struct text host) {
    for (size_t i = 0; i < l->n_hosts && host.at; i++)
        if (text_equal(l->hosts[i].host, host))
            return &l->hosts[i].series;
    return &l->all;
}
