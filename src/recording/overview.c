/* recording/overview.c: what a stretch of frames amounts to. */
#include "recording/overview.h"

#include <math.h>

#include "base/clock.h"
#include "base/number.h"

const char *const figure_names[FIGURE_COUNT] = {
    "gpu_utilization", "gpu_power", "gpu_temperature", "gpu_memory", "cpu", "memory"};

void overview_init(struct overview *o) {
    *o = (struct overview){.first_seq = UINT64_MAX, .first_ns = TIME_UNKNOWN, .last_ns = TIME_UNKNOWN};
}

struct tally {
    double sum;
    uint64_t count;
};

static void tally(struct tally *t, double v) {
    if (known_f64(v)) {
        t->sum += v;
        t->count++;
    }
}

static double mean_of(struct tally t) {
    return t.count ? t.sum / (double)t.count : NAN;
}

/* Used share of what both parts are known of, %. */
static double share(struct tally used, struct tally total) {
    return total.sum > 0 ? used.sum / total.sum * 100 : NAN;
}

void overview_figures(const struct frame *f, double ret[FIGURE_COUNT]) {
    struct tally utilization = {0}, power = {0}, temperature = {0}, used = {0}, total = {0}, cpu = {0};
    struct tally memory_used = {0}, memory_total = {0};
    for (size_t i = 0; i < f->gpus.n; i++) {
        const struct gpu *g = &f->gpus.at[i];
        tally(&utilization, g->utilization);
        tally(&power, g->power_consumption);
        tally(&temperature, known_u64(g->temperature) ? (double)g->temperature : NAN);
        if (known_u64(g->used_memory) && known_u64(g->total_memory)) {
            tally(&used, (double)g->used_memory);
            tally(&total, (double)g->total_memory);
        }
    }
    for (size_t i = 0; i < f->cpus.n; i++)
        tally(&cpu, f->cpus.at[i].utilization);
    for (size_t i = 0; i < f->memory.n; i++) {
        const struct memory *m = &f->memory.at[i];
        if (known_u64(m->used_bytes) && known_u64(m->total_bytes)) {
            tally(&memory_used, (double)m->used_bytes);
            tally(&memory_total, (double)m->total_bytes);
        }
    }
    ret[FIGURE_GPU_UTILIZATION] = mean_of(utilization);
    ret[FIGURE_GPU_POWER] = power.count ? power.sum : NAN;
    ret[FIGURE_GPU_TEMPERATURE] = mean_of(temperature);
    ret[FIGURE_GPU_MEMORY] = share(used, total);
    ret[FIGURE_CPU] = mean_of(cpu);
    ret[FIGURE_MEMORY] = share(memory_used, memory_total);
}

bool overview_is_gap(int64_t previous_ns, int64_t wall_ns, int64_t interval_ns) {
    return interval_ns > 0 && previous_ns != TIME_UNKNOWN &&
           (double)wall_ns - (double)previous_ns > GAP_FACTOR * (double)interval_ns;
}

void overview_add_time(struct overview *o, int64_t wall_ns, uint64_t seq, int64_t previous_ns, int64_t interval_ns) {
    if (o->frames++ == 0) {
        o->first_ns = wall_ns;
        o->first_seq = seq;
    }
    o->last_ns = wall_ns;
    o->gaps += overview_is_gap(previous_ns, wall_ns, interval_ns);
}

static void figure_add(struct figure *to, const struct figure *from) {
    if (from->count == 0)
        return;
    to->min = to->count == 0 ? from->min : fmin(to->min, from->min);
    to->max = to->count == 0 ? from->max : fmax(to->max, from->max);
    to->sum += from->sum;
    to->count += from->count;
}

void overview_add_frame(struct overview *o, const struct frame *f) {
    double values[FIGURE_COUNT];
    overview_figures(f, values);
    o->errors += f->errors.n;
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        if (known_f64(values[i]))
            figure_add(&o->figures[i], &(struct figure){values[i], values[i], values[i], 1});
}

void overview_merge(struct overview *into, const struct overview *later) {
    if (into->frames == 0) {
        into->first_ns = later->first_ns;
        into->first_seq = later->first_seq;
    }
    if (later->frames > 0)
        into->last_ns = later->last_ns;
    into->frames += later->frames;
    into->errors += later->errors;
    into->gaps += later->gaps;
    into->marks += later->marks;
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        figure_add(&into->figures[i], &later->figures[i]);
}

static void put_ms(struct buffer *out, const char *key, int64_t ns) {
    if (ns == TIME_UNKNOWN)
        return;
    buffer_printf(out, ",\"%s\":", key);
    json_put_i64(out, ns / NS_PER_MS);
}

void overview_write(const struct overview *o, struct buffer *out) {
    buffer_put_text(out, TEXT("{\"frames\":"));
    json_put_u64(out, o->frames);
    if (o->first_seq != UINT64_MAX) {
        buffer_put_text(out, TEXT(",\"seq\":"));
        json_put_u64(out, o->first_seq);
    }
    put_ms(out, "first_ms", o->first_ns);
    put_ms(out, "last_ms", o->last_ns);
    buffer_put_text(out, TEXT(",\"errors\":"));
    json_put_u64(out, o->errors);
    buffer_put_text(out, TEXT(",\"gaps\":"));
    json_put_u64(out, o->gaps);
    buffer_put_text(out, TEXT(",\"marks\":"));
    json_put_u64(out, o->marks);
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        const struct figure *f = &o->figures[i];
        if (f->count == 0)
            continue;
        buffer_printf(out, ",\"%s\":[", figure_names[i]);
        json_put_f64(out, number_round(f->min, 2));
        buffer_put_char(out, ',');
        json_put_f64(out, number_round(f->sum / (double)f->count, 2));
        buffer_put_char(out, ',');
        json_put_f64(out, number_round(f->max, 2));
        buffer_put_char(out, ',');
        json_put_u64(out, f->count);
        buffer_put_char(out, ']');
    }
    buffer_put_char(out, '}');
}

/* [min, mean, max, count] */
static void parse_figure(struct json_value v, struct figure *ret) {
    struct json_walk walk;
    struct json_value element;
    double parts[4] = {0};
    unsigned n = 0;
    if (!json_array_begin(v, &walk))
        return;
    while (n < 4 && json_array_next(&walk, &element))
        if (!json_f64(element, &parts[n++]))
            return;
    if (n == 4 && parts[3] >= 1 && parts[3] < 1e15)
        *ret = (struct figure){parts[0], parts[2], parts[1] * parts[3], (uint64_t)parts[3]};
}

static void parse_ms(struct json_value v, int64_t *ret_ns) {
    int64_t ms = 0, ns = 0;
    if (json_i64(v, &ms) && !__builtin_mul_overflow(ms, NS_PER_MS, &ns))
        *ret_ns = ns;
}

int overview_parse(struct json_parser *parser, struct text note, struct overview *ret, struct error *err) {
    struct json_value root, v;
    struct json_walk walk;
    struct text key;
    int r = json_parse(parser, note.at, note.len, false, &root, err);
    overview_init(ret);
    if (r < 0 || !json_object_begin(root, &walk))
        return r < 0 ? r : error_set(err, ERR_FORMAT, "not an object");
    while (json_object_next(&walk, &key, &v)) {
        if (text_equal(key, TEXT("frames")))
            (void)json_u64(v, &ret->frames);
        else if (text_equal(key, TEXT("seq")))
            (void)json_u64(v, &ret->first_seq);
        else if (text_equal(key, TEXT("first_ms")))
            parse_ms(v, &ret->first_ns);
        else if (text_equal(key, TEXT("last_ms")))
            parse_ms(v, &ret->last_ns);
        else if (text_equal(key, TEXT("errors")))
            (void)json_u64(v, &ret->errors);
        else if (text_equal(key, TEXT("gaps")))
            (void)json_u64(v, &ret->gaps);
        else if (text_equal(key, TEXT("marks")))
            (void)json_u64(v, &ret->marks);
        for (unsigned i = 0; i < FIGURE_COUNT; i++)
            if (text_is(key, figure_names[i]))
                parse_figure(v, &ret->figures[i]);
    }
    if (ret->frames > 0 && (ret->first_ns == TIME_UNKNOWN || ret->last_ns == TIME_UNKNOWN))
        return error_set(err, ERR_FORMAT, "frames without times");
    return 0;
}
