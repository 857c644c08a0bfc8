/* view/overview.c: everything at once: one line of totals, and a grid with a cell for each host of a cluster. */
#include <math.h>

#include "view/format.h"
#include "view/screen.h"

struct totals {
    size_t hosts, up, gpus;
    double gpu_load, gpu_used, gpu_total, heat, heat_square, watts, cpu_load, memory_used, memory_total;
    size_t n_load, n_heat, n_watts, n_cpu;
};

static void add_gpu(struct totals *t, const struct gpu *g) {
    t->gpus++;
    if (known_f64(g->utilization)) {
        t->gpu_load += g->utilization;
        t->n_load++;
    }
    if (known_u64(g->temperature)) {
        t->heat += (double)g->temperature;
        t->heat_square += (double)g->temperature * (double)g->temperature;
        t->n_heat++;
    }
    if (known_f64(g->power_consumption)) {
        t->watts += g->power_consumption;
        t->n_watts++;
    }
    if (known_u64(g->used_memory) && known_u64(g->total_memory)) {
        t->gpu_used += (double)g->used_memory;
        t->gpu_total += (double)g->total_memory;
    }
}

static struct totals count(const struct frame *f, size_t hosts) {
    struct totals t = {.hosts = hosts};
    for (size_t i = 0; i < f->gpus.n; i++)
        add_gpu(&t, &f->gpus.at[i]);
    for (size_t i = 0; i < f->cpus.n; i++)
        if (known_f64(f->cpus.at[i].utilization)) {
            t.cpu_load += f->cpus.at[i].utilization;
            t.n_cpu++;
        }
    for (size_t i = 0; i < f->memory.n; i++)
        if (known_u64(f->memory.at[i].used_bytes) && known_u64(f->memory.at[i].total_bytes)) {
            t.memory_used += (double)f->memory.at[i].used_bytes;
            t.memory_total += (double)f->memory.at[i].total_bytes;
        }
    t.up = f->cpus.n > f->memory.n ? f->cpus.n : f->memory.n;
    return t;
}

static int draw_share(struct area a, int x, const char *label, double percent, double used, double total) {
    char text[FORMAT_LEN], used_text[FORMAT_LEN], total_text[FORMAT_LEN];
    x += area_print(a, x, 0, STYLE_LABEL, "%s", label) + 1;
    area_reading(a, x, 0, 3, style_of_load(percent), format_percent(percent, text));
    x += 3 + area_print(a, x + 3, 0, STYLE_DIM, "%%");
    if (total > 0)
        x += area_print(a, x, 0, STYLE_TEXT, " %5s/%s", format_bytes(used, used_text), format_bytes(total, total_text));
    return x + 3;
}

static double share_of(double used, double total) {
    return total > 0 ? 100 * used / total : (double)NAN;
}

static void draw_totals(struct area a, const struct scene *scene) {
    struct totals t = count(scene->frame, scene->n_hosts);
    char text[FORMAT_LEN];
    int x = 1;
    if (t.hosts > 1) {
        x += area_print(a, x, 0, t.up < t.hosts ? STYLE_BAD : STYLE_TEXT, "%zu/%zu up", t.up, t.hosts) + 3;
        (void)text;
    }
    if (t.gpus > 0) {
        x += area_print(a, x, 0, STYLE_TEXT, "%zu", t.gpus) + 1;
        x = draw_share(a, x, "GPU", t.n_load ? t.gpu_load / (double)t.n_load : (double)NAN, 0, 0);
        x = draw_share(a, x, "VRAM", share_of(t.gpu_used, t.gpu_total), t.gpu_used, t.gpu_total);
        if (t.n_heat > 0) {
            double mean = t.heat / (double)t.n_heat;
            double spread = sqrt(fmax(0, t.heat_square / (double)t.n_heat - mean * mean));
            x += area_print(a, x, 0, STYLE_TEXT, "%.0f\302\260 \302\261%.0f", mean, spread) + 3;
        }
        x += area_print(a, x, 0, STYLE_TEXT, "%s", t.n_watts ? format_watts(t.watts, text) : "") + (t.n_watts ? 3 : 0);
    }
    x = draw_share(a, x, "CPU", t.n_cpu ? t.cpu_load / (double)t.n_cpu : (double)NAN, 0, 0);
    (void)draw_share(a, x, "Mem", share_of(t.memory_used, t.memory_total), t.memory_used, t.memory_total);
}

/* Mean GPU utilization of a host, or its processors' where it has no cards; negative when it is down. */
static double load_of(const struct frame *f, struct text host, size_t *cpu_hint, size_t *gpu_hint) {
    double sum = 0, load = -1;
    size_t n = 0;
    for (size_t i = 0; i < f->cpus.n; i++) {
        const struct cpu *c = &f->cpus.at[(*cpu_hint + i) % f->cpus.n];
        if (!text_equal(c->host_id, host))
            continue;
        *cpu_hint = (*cpu_hint + i + 1) % f->cpus.n;
        load = c->utilization;
        break;
    }
    /* A host's cards stand together. */
    for (size_t i = 0, at; i < f->gpus.n; i++) {
        at = (*gpu_hint + i) % f->gpus.n;
        bool own = text_equal(f->gpus.at[at].host_id, host);
        if (!own && n > 0)
            break;
        if (!own)
            continue;
        if (n == 0)
            *gpu_hint = at;
        n += known_f64(f->gpus.at[at].utilization);
        sum += known_f64(f->gpus.at[at].utilization) ? f->gpus.at[at].utilization : 0;
        load = load < 0 ? (double)NAN : load;
    }
    *gpu_hint = f->gpus.n ? (*gpu_hint + n) % f->gpus.n : 0;
    return n > 0 ? sum / (double)n : load;
}

static void draw_grid(struct area a, const struct view_state *s, const struct scene *scene) {
    size_t cpu_hint = 0, gpu_hint = 0;
    int across = a.columns - 2;
    for (size_t i = 0; i < scene->n_hosts; i++) {
        int x = 1 + (int)i % across, y = (int)i / across;
        if (y >= a.rows)
            break;
        double load = load_of(scene->frame, scene->hosts[i], &cpu_hint, &gpu_hint);
        bool chosen = s->host[0] && text_is(scene->hosts[i], s->host);
        if (load < 0 && !isnan(load))
            area_glyph(a, x, y, chosen ? STYLE_SELECTED : STYLE_BAD, a.cells->ascii ? 'x' : 0x2717);
        else
            area_glyph(a, x, y, chosen ? STYLE_SELECTED : style_of_load(load), a.cells->ascii ? 'o' : 0x25a0);
    }
}

int overview_rows(const struct scene *scene, int columns, int rows_there_are) {
    if (scene->n_hosts < 2)
        return 1;
    int grid = ((int)scene->n_hosts + columns - 3) / (columns - 2);
    int most = rows_there_are / 6;
    return 1 + (grid < most ? grid : most);
}

void overview_draw(struct area a, const struct view_state *s, const struct scene *scene) {
    if (!scene->frame)
        return;
    draw_totals(area_cut_rows(&a, 1), scene);
    if (a.rows > 0)
        draw_grid(a, s, scene);
}
