/* view/series.c: readings over time, as the graphs draw them. */
#include "view/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct trace_info traces[TRACE_COUNT] = {
    [TRACE_GPU] = {"GPU", "%", 100},
    [TRACE_GPU_MEMORY] = {"VRAM", "%", 100},
    [TRACE_POWER] = {"Power", "W", 0},
    [TRACE_TEMPERATURE] = {"Temp", "°C", 100},
    [TRACE_CPU] = {"CPU", "%", 100},
    [TRACE_MEMORY] = {"Mem", "%", 100},
    [TRACE_PRESSURE] = {"Stall", "%", 0},
};

struct mean {
    double sum;
    unsigned n;
};

static void mean_add(struct mean *m, double v) {
    if (!isnan(v)) {
        m->sum += v;
        m->n++;
    }
}

static float mean_of(const struct mean *m) {
    return m->n ? (float)(m->sum / m->n) : NAN;
}

static bool is_of(struct text wanted, struct text host) {
    return !wanted.at || text_equal(wanted, host);
}

static double as_f64(uint64_t v) {
    return known_u64(v) ? (double)v : (double)NAN;
}

static void read_gpus(const struct frame *f, struct subject of, struct sample *ret) {
    struct mean load = {0}, heat = {0}, watts = {0};
    double used = 0, total = 0;
    for (size_t i = 0; i < f->gpus.n; i++) {
        const struct gpu *g = &f->gpus.at[i];
        if (!is_of(of.host, g->host_id) || !is_of(of.gpu_uuid, g->uuid))
            continue;
        mean_add(&load, g->utilization);
        mean_add(&heat, as_f64(g->temperature));
        mean_add(&watts, g->power_consumption);
        if (known_u64(g->used_memory) && known_u64(g->total_memory)) {
            used += (double)g->used_memory;
            total += (double)g->total_memory;
        }
    }
    ret->value[TRACE_GPU] = mean_of(&load);
    ret->value[TRACE_TEMPERATURE] = mean_of(&heat);
    ret->value[TRACE_POWER] = watts.n ? (float)watts.sum : NAN;
    ret->value[TRACE_GPU_MEMORY] = total > 0 ? (float)(100 * used / total) : NAN;
}

static void read_machines(const struct frame *f, struct subject of, struct sample *ret) {
    struct mean load = {0}, watts = {0};
    double stall = NAN, used = 0, total = 0;
    for (size_t i = 0; i < f->cpus.n; i++) {
        const struct cpu *c = &f->cpus.at[i];
        if (!is_of(of.host, c->host_id))
            continue;
        mean_add(&load, c->utilization);
        stall = fmax(
            stall, fmax(c->pressure.cpu.some_avg10, fmax(c->pressure.memory.some_avg10, c->pressure.io.some_avg10)));
    }
    for (size_t i = 0; i < f->memory.n; i++) {
        const struct memory *m = &f->memory.at[i];
        if (!is_of(of.host, m->host_id) || !known_u64(m->used_bytes) || !known_u64(m->total_bytes))
            continue;
        used += (double)m->used_bytes;
        total += (double)m->total_bytes;
    }
    for (size_t i = 0; i < f->chassis.n; i++)
        if (is_of(of.host, f->chassis.at[i].host_id))
            mean_add(&watts, f->chassis.at[i].total_power_watts);
    ret->value[TRACE_CPU] = mean_of(&load);
    ret->value[TRACE_PRESSURE] = (float)stall;
    ret->value[TRACE_MEMORY] = total > 0 ? (float)(100 * used / total) : NAN;
    if (isnan(ret->value[TRACE_POWER]) && !of.gpu_uuid.at && watts.n)
        ret->value[TRACE_POWER] = (float)watts.sum;
}

void series_read(const struct frame *f, struct subject of, struct sample *ret) {
    ret->wall_ns = f->wall_ns;
    read_gpus(f, of, ret);
    read_machines(f, of, ret);
}

size_t series_find(const struct series *s, int64_t wall_ns) {
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->at[middle].wall_ns < wall_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_farthest(struct series *s, int64_t wall_ns) {
    bool first = (double)wall_ns - (double)s->at[0].wall_ns > (double)s->at[s->n - 1].wall_ns - (double)wall_ns;
    s->n--;
    if (first)
        memmove(s->at, s->at + 1, s->n * sizeof *s->at);
}

int series_add(struct series *s, const struct sample *sample, struct error *err) {
    if (s->n == SERIES_MAX)
        drop_farthest(s, sample->wall_ns);
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        struct sample *at = realloc(s->at, cap * sizeof *at);
        if (!at)
            return error_set(err, ERR_NOMEM, "%zu readings over time", cap);
        s->at = at;
        s->cap = cap;
    }
    size_t i = series_find(s, sample->wall_ns);
    if (i < s->n && s->at[i].wall_ns == sample->wall_ns) {
        s->at[i] = *sample;
        return 0;
    }
    memmove(&s->at[i + 1], &s->at[i], (s->n - i) * sizeof *s->at);
    s->at[i] = *sample;
    s->n++;
    return 0;
}

void series_clear(struct series *s) {
    s->n = 0;
}

void series_done(struct series *s) {
    free(s->at);
    *s = (struct series){.n = 0};
}
