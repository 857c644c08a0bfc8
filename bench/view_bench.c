/* bench/view_bench.c: what the screen costs: drawing a large cluster, first paint and seeks in a recording, memory. */
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "view/hosts.h"
#include "view/player.h"
#include "view/screen.h"

enum { COLUMNS = 200, ROWS = 50, HOSTS = 100, GPUS = 8, PROCESSES = 20, DRAWN = 200, SEEKS = 100 };

static void die(const struct error *err) {
    (void)fprintf(stderr, "view_bench: %s\n", err->text);
    exit(1);
}

static double ms_since(int64_t mono_ns) {
    return (double)(clock_mono_ns() - mono_ns) / 1e6;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(const char *what, double *ms, size_t n, const char *goal) {
    qsort(ms, n, sizeof *ms, by_value);
    (void)printf("%-52s median %7.3f ms  worst %7.3f ms  (goal %s)\n", what, ms[n / 2], ms[n - 1], goal);
}

static void make_host(struct frame *f, size_t host) {
    char name[32], uuid[32];
    (void)snprintf(name, sizeof name, "dgx-%03zu", host);
    struct text id = arena_text(&f->arena, text_of(name));
    for (unsigned i = 0; i < GPUS; i++) {
        struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
        (void)snprintf(uuid, sizeof uuid, "GPU-%zu-%u", host, i);
        g->uuid = arena_text(&f->arena, text_of(uuid));
        g->name = TEXT("NVIDIA H200");
        g->host_id = id;
        g->index = i;
        g->utilization = (double)((host * 7 + i * 13) % 100);
        g->temperature = 40 + (host + i) % 40;
        g->used_memory = UINT64_C(81604378624);
        g->total_memory = UINT64_C(150754820096);
        g->power_consumption = 412;
    }
    struct cpu *c = frame_add(&f->arena, &f->cpus.list, &cpu_table);
    c->host_id = id;
    c->utilization = (double)(host % 100);
    struct memory *m = frame_add(&f->arena, &f->memory.list, &memory_table);
    m->host_id = id;
    m->total_bytes = UINT64_C(1) << 41;
    m->used_bytes = UINT64_C(1) << 39;
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct process *p = frame_add(&f->arena, &f->processes.list, &process_table);
        p->host_id = id;
        p->pid = 1000 + i;
        p->start_ticks = i;
        p->cpu_percent = (double)((host + i) % 100);
        p->command = TEXT("python train.py --config run.yaml");
    }
}

/* One key pressed, one screen drawn, over and over: the work between them, without the terminal. */
static void draw_cluster(void) {
    static double ms[DRAWN];
    static struct scene scene;
    static struct hosts hosts;
    struct view_state state = {.focus = PANE_PROCESSES};
    struct cells cells = {0};
    struct error err;
    struct frame f;
    struct alerts *alerts = NULL;
    frame_init(&f);
    for (size_t i = 0; i < HOSTS; i++)
        make_host(&f, i);
    if (alerts_create(&alerts, &err) < 0 || cells_resize(&cells, COLUMNS, ROWS, &err) < 0 ||
        alerts_take(alerts, &f, &err) < 0)
        die(&err);
    for (size_t i = 0; i < DRAWN; i++) {
        int64_t begin = clock_mono_ns();
        hosts_add_frame(&hosts, &f);
        memcpy(scene.hosts, hosts.at, hosts.n * sizeof *hosts.at);
        scene.n_hosts = hosts.n;
        scene.frame = scene.before = &f;
        scene.alerts = alerts;
        state.rows[PANE_PROCESSES].move = i % 2 ? 1 : -1;
        screen_settle(&state, &scene, &cells);
        screen_render(&state, &scene, &cells);
        ms[i] = ms_since(begin);
    }
    print("key to drawn screen, 100 hosts of 8 GPUs, 200x50", ms, DRAWN, "16 ms");
    alerts_destroy(alerts);
    hosts_done(&hosts);
    cells_done(&cells);
    frame_done(&f);
}

static void draw_frame(struct player *p, struct cells *cells) {
    static struct scene scene;
    static struct strip strip;
    struct view_state state = {.focus = PANE_PROCESSES};
    scene.frame = player_frame(p);
    scene.before = player_before(p);
    player_playback(p, &scene.playback);
    player_strip(p, COLUMNS, &strip);
    scene.playback.strip = &strip;
    scene.n_hosts = 1;
    scene.hosts[0] = scene.frame->hostname;
    screen_settle(&state, &scene, cells);
    screen_render(&state, &scene, cells);
}

static void play(const char *path) {
    static double ms[SEEKS];
    struct player *p = NULL;
    struct cells cells = {0};
    struct error err;
    struct playback playback;
    uint64_t random = 88172645463325252U;
    int64_t begin = clock_mono_ns();
    const struct player_options o = {.paths = &path, .n_paths = 1, .chain = true, .speed = 1, .paused = true};
    if (cells_resize(&cells, COLUMNS, ROWS, &err) < 0 || player_create(&o, begin, &p, &err) < 0)
        die(&err);
    draw_frame(p, &cells);
    (void)printf("%-52s        %7.3f ms                    (goal 100 ms)\n", "open to first screen", ms_since(begin));
    do {
        if (player_tick(p, clock_mono_ns(), &err) < 0)
            die(&err);
        player_playback(p, &playback);
    } while (playback.counting);
    (void)printf(
        "%-52s        %7.3f ms, %" PRIu64 " frames\n", "open to totals known", ms_since(begin), playback.frames);
    for (size_t i = 0; i < SEEKS; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        int64_t span = playback.last_ns - playback.first_ns;
        begin = clock_mono_ns();
        if (player_seek(p, playback.first_ns + (int64_t)(random % (uint64_t)(span > 0 ? span : 1)), begin, &err) < 0)
            die(&err);
        draw_frame(p, &cells);
        ms[i] = ms_since(begin);
    }
    print("seek to drawn screen", ms, SEEKS, "50 ms");
    for (size_t i = 0; i < SEEKS; i++) {
        begin = clock_mono_ns();
        if (player_do(p, i % 2 ? PLAYER_STEP_FORWARD : PLAYER_STEP_BACK, begin, &err) < 0)
            die(&err);
        draw_frame(p, &cells);
        ms[i] = ms_since(begin);
    }
    print("step to drawn screen", ms, SEEKS, "50 ms");
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("%-52s        %7.1f MiB                   (goal 64 MiB)\n", "resident memory, at most",
        (double)usage.ru_maxrss / 1024);
    player_destroy(p);
    cells_done(&cells);
}

int main(int argc, char **argv) {
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (argc > 2) {
        (void)fprintf(stderr, "usage: view_bench [RECORDING]\n");
        return 2;
    }
    if (argc == 2)
        play(argv[1]);
    else
        draw_cluster();
    return 0;
}
