/* tests/unit/view/stage.c: scenes made by hand, for tests of the screen. */
#include "stage.h"

#include <stdio.h>

static struct text copy(struct frame *f, const char *t) {
    struct text kept = arena_text(&f->arena, text_of(t));
    assert_non_null(kept.at);
    return kept;
}

void stage_init(struct stage *s) {
    *s = (struct stage){.state = {.focus = PANE_PROCESSES, .utc = true}};
    frame_init(&s->frame);
    frame_init(&s->before);
    s->frame.wall_ns = STAGE_T0 + 1800 * NS_PER_SECOND;
    s->before.wall_ns = s->frame.wall_ns - 2 * NS_PER_SECOND;
    s->frame.hostname = s->before.hostname = TEXT("node-07");
    s->scene = (struct scene){.frame = &s->frame, .before = &s->before, .interval_ns = 2 * NS_PER_SECOND};
    s->scene.series = &s->series;
}

void stage_done(struct stage *s) {
    frame_done(&s->frame);
    frame_done(&s->before);
    series_done(&s->series);
}

static bool is_met(const struct stage *s, const char *host) {
    for (size_t i = 0; i < s->scene.n_hosts; i++)
        if (text_is(s->scene.hosts[i], host))
            return true;
    return false;
}

static struct text meet(struct stage *s, const char *host) {
    struct text name = copy(&s->frame, host);
    if (!is_met(s, host) && s->scene.n_hosts < SCENE_HOSTS_MAX)
        s->scene.hosts[s->scene.n_hosts++] = name;
    return name;
}

/* What has counters stands in both frames: `age` 0 is the newer. */
static void add_counters(struct frame *f, struct text host, double load, uint64_t age) {
    struct network *n = frame_add(&f->arena, &f->networks.list, &network_table);
    struct storage *d = frame_add(&f->arena, &f->storage.list, &storage_table);
    assert_true(n && d);
    n->host_id = d->host_id = host;
    n->name = TEXT("eth0");
    n->kind = TEXT("ethernet");
    n->up = YES;
    n->speed_mbps = 100000;
    n->rx_bytes = (UINT64_C(9) << 30) - age * (uint64_t)(load * 1e6);
    n->tx_bytes = (UINT64_C(5) << 30) - age * (uint64_t)(load * 1e5);
    n->rx_drops = n->rx_errors = 0;
    d->mount_point = TEXT("/");
    d->total_bytes = UINT64_C(1800) << 30;
    d->available_bytes = UINT64_C(600) << 30;
    d->read_bytes = (UINT64_C(7) << 30) - age * 4096;
    d->write_bytes = (UINT64_C(8) << 30) - age * (uint64_t)(load * 1e4);
    d->io_time_ms = 900000 - age * 400;
}

void stage_machine(struct stage *s, const char *name, unsigned cores, double load) {
    struct frame *f = &s->frame;
    struct text host = meet(s, name);
    struct cpu *c = frame_add(&f->arena, &f->cpus.list, &cpu_table);
    struct memory *m = frame_add(&f->arena, &f->memory.list, &memory_table);
    struct chassis *h = frame_add(&f->arena, &f->chassis.list, &chassis_table);
    assert_true(c && m && h);
    c->host_id = m->host_id = h->host_id = host;
    c->utilization = load;
    c->load_1 = load / 10;
    c->temperature = 40 + (uint64_t)(load / 3);
    c->power_consumption = 90 + load * 3;
    c->iowait = load / 20;
    c->cpu_model = TEXT("AMD EPYC 9654 96-Core Processor");
    c->kernel = TEXT("6.8.0");
    for (unsigned i = 0; i < cores; i++) {
        struct cpu_core *core = frame_add(&f->arena, &c->per_core_utilization.list, &core_table);
        assert_non_null(core);
        core->core_id = i;
        core->utilization = (double)((i * 37 + (unsigned)load) % 101);
    }
    m->total_bytes = UINT64_C(512) << 30;
    m->used_bytes = (uint64_t)(load / 100 * (double)m->total_bytes);
    m->cached_bytes = UINT64_C(33) << 30;
    m->swap_total_bytes = UINT64_C(8) << 30;
    m->swap_used_bytes = 0;
    m->dirty_bytes = 1300000;
    m->utilization = load;
    h->total_power_watts = 800 + load * 10;
    h->power_source = TEXT("DCMI");
    h->inlet_temperature = 24;
    add_counters(f, host, load, 0);
    add_counters(&s->before, host, load, 2);
}

struct gpu *stage_gpu(struct stage *s, const char *name, unsigned index, double load) {
    char uuid[300];
    struct frame *f = &s->frame;
    struct text host = meet(s, name);
    struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
    assert_non_null(g);
    (void)snprintf(uuid, sizeof uuid, "GPU-%.200s-%u", name, index);
    g->host_id = g->hostname = host;
    g->uuid = copy(f, uuid);
    g->name = TEXT("NVIDIA H100 80GB HBM3");
    g->index = index;
    g->utilization = load;
    g->total_memory = UINT64_C(80) << 30;
    g->used_memory = (uint64_t)(load / 100 * (double)g->total_memory);
    g->temperature = 30 + (uint64_t)(load / 2);
    g->power_consumption = 70 + load * 6;
    g->power_limit_watts = 700;
    g->frequency = 1980 - (uint64_t)load;
    g->fan_speed_percent = 30;
    g->throttle_reasons.asked = true;
    return g;
}

struct process *stage_process(struct stage *s, const char *host, uint64_t pid, uint64_t ppid, const char *user,
    double cpu_percent, const char *command) {
    struct frame *f = &s->frame;
    struct process *p = frame_add(&f->arena, &f->processes.list, &process_table);
    assert_non_null(p);
    p->host_id = copy(f, host);
    p->pid = pid;
    p->ppid = ppid;
    p->user = copy(f, user);
    p->command = p->process_name = copy(f, command);
    p->cpu_percent = cpu_percent;
    p->memory_rss = pid << 20;
    p->memory_vms = pid << 22;
    p->memory_percent = (double)pid / 100;
    p->priority = 20;
    p->nice_value = 0;
    p->state = cpu_percent > 0 ? TEXT("R") : TEXT("S");
    p->cpu_time = pid * 7;
    p->uses_gpu = NO;
    p->io_read_bytes = p->io_write_bytes = pid << 12;
    struct process *was = frame_add(&s->before.arena, &s->before.processes.list, &process_table);
    assert_non_null(was);
    *was = *p;
    was->io_write_bytes -= pid * 100;
    return p;
}

void stage_series(struct stage *s, bool gpus) {
    s->scene.series_to_ns = s->frame.wall_ns;
    s->scene.series_from_ns = s->frame.wall_ns - 300 * NS_PER_SECOND;
    for (int i = 0; i <= 150; i++) {
        struct sample sample = {.wall_ns = s->scene.series_from_ns + i * 2 * NS_PER_SECOND};
        for (int t = 0; t < TRACE_COUNT; t++) {
            bool of_gpu = t == TRACE_GPU || t == TRACE_GPU_MEMORY || t == TRACE_TEMPERATURE;
            int v = (i * (t + 2) / 3) % 101;
            sample.value[t] = (of_gpu && !gpus) || (i > 60 && i < 75) ? NAN : (float)(t == TRACE_POWER ? v * 40 : v);
        }
        assert_int_equal(series_add(&s->series, &sample, NULL), 0);
    }
}

void stage_replay(struct stage *s, size_t columns) {
    s->strip = (struct strip){.n = columns, .first_ns = STAGE_T0, .last_ns = STAGE_T0 + 3600 * NS_PER_SECOND};
    for (size_t i = 0; i < columns; i++) {
        struct survey_column *c = &s->strip.at[i];
        size_t part = i * 40 / columns;
        *c = (struct survey_column){.frames = part < 30 || part > 32};
        for (int k = 0; k < FIGURE_COUNT; k++)
            c->figure[k] = c->frames ? (float)(i * 7 % 101) : NAN;
        c->error = part == 7 && (i * 40) % columns < 40;
        c->mark = part == 12 && (i * 40) % columns < 40;
        c->gap = part == 33 && (i * 40) % columns < 40;
    }
    s->scene.playback = (struct playback){.on = true,
        .speed = 1,
        .first_ns = s->strip.first_ns,
        .last_ns = s->strip.last_ns,
        .now_ns = s->frame.wall_ns,
        .frame = 600,
        .frames = 1200,
        .strip = &s->strip};
}
