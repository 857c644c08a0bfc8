/* collect/gpu/usage.c: turns counters of engines into shares of time. */
#include "collect/gpu/usage.h"

#include <math.h>

#include "frame/model.h"

struct advance { /* of one counter between two readings */
    uint64_t by;
    bool known;
};

/* Follows a counter that may step back for a while: it stands still until the driver has caught up. */
static struct advance follow(uint64_t *kept, uint64_t now, uint64_t step_back_max) {
    if (now<*kept && * kept - now> step_back_max) {
        *kept = now;
        return (struct advance){0, false};
    }
    struct advance advance = {now > *kept ? now - *kept : 0, true};
    *kept += advance.by;
    return advance;
}

static struct usage_engine *engine_of(struct usage *u, struct text name, bool *ret_new) {
    for (size_t i = 0; i < u->n; i++)
        if (text_is(name, u->engines[i].name))
            return &u->engines[i];
    *ret_new = u->n < FDINFO_ENGINES_MAX;
    if (!*ret_new)
        return NULL;
    struct usage_engine *e = &u->engines[u->n++];
    *e = (struct usage_engine){.share = NAN};
    memcpy(e->name, name.at, name.len);
    return e;
}

/* The most exact of what the driver tells: time, clock cycles of those that went by, cycles of those there can be. */
static double share_of(struct usage_engine *e, const struct fdinfo_engine *f, int64_t interval_ns) {
    if (known_u64(f->busy_ns)) {
        struct advance busy = follow(&e->counter, f->busy_ns, USAGE_STEP_BACK_NS);
        return busy.known && interval_ns > 0 ? 100 * (double)busy.by / (double)interval_ns : NAN;
    }
    if (known_u64(f->cycles) && known_u64(f->total_cycles)) {
        struct advance busy = follow(&e->counter, f->cycles, USAGE_STEP_BACK_CYCLES);
        struct advance all = follow(&e->total, f->total_cycles, USAGE_STEP_BACK_CYCLES);
        return busy.known && all.known && all.by > 0 ? 100 * (double)busy.by / (double)all.by : NAN;
    }
    if (known_u64(f->cycles) && known_u64(f->max_hz) && f->max_hz > 0) {
        struct advance busy = follow(&e->counter, f->cycles, USAGE_STEP_BACK_CYCLES);
        double all = (double)f->max_hz * (double)interval_ns / 1e9;
        return busy.known && all > 0 ? 100 * (double)busy.by / all : NAN;
    }
    return f->percent;
}

void usage_update(struct usage *u, const struct fdinfo *f, int64_t mono_ns) {
    int64_t interval_ns = u->read_mono_ns ? mono_ns - u->read_mono_ns : 0;
    if (u->read_mono_ns && interval_ns < USAGE_INTERVAL_MIN_NS)
        return;
    u->read_mono_ns = mono_ns;
    for (size_t i = 0; i < u->n; i++)
        u->engines[i].share = NAN;
    for (size_t i = 0; i < f->n_engines; i++) {
        bool is_new = false;
        struct usage_engine *e = engine_of(u, f->engines[i].name, &is_new);
        if (!e)
            continue;
        double share = share_of(e, &f->engines[i], interval_ns) / (double)f->engines[i].capacity;
        bool counted =
            !is_new || !isnan(f->engines[i].percent); /* what a counter had before is no part of this interval */
        e->share = counted && share >= 0 && share <= USAGE_SHARE_MAX ? share : NAN;
    }
}

void usage_sum_add(struct usage_sum *sum, const struct usage *u) {
    for (size_t i = 0; i < u->n; i++) {
        const struct usage_engine *e = &u->engines[i];
        size_t at = 0;
        if (isnan(e->share))
            continue;
        while (at < sum->n && strcmp(sum->classes[at].name, e->name) != 0)
            at++;
        if (at == COUNT_OF(sum->classes))
            continue;
        if (at == sum->n) {
            memcpy(sum->classes[at].name, e->name, sizeof e->name);
            sum->classes[sum->n++].share = 0;
        }
        sum->classes[at].share += e->share;
    }
}

static bool is_named(const char *name, const char *const *names) {
    for (; *names; names++)
        if (text_starts(text_of(name), *names))
            return true;
    return false;
}

double usage_sum_of(const struct usage_sum *sum, const char *const *names) {
    double busiest = NAN;
    for (size_t i = 0; i < sum->n; i++) {
        double share = fmin(sum->classes[i].share, 100);
        if ((!names || is_named(sum->classes[i].name, names)) && !(share <= busiest))
            busiest = share;
    }
    return busiest;
}

double usage_sum_busiest(const struct usage_sum *sum) {
    return usage_sum_of(sum, NULL);
}
