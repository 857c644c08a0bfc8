/* view/machine_line.c: processors, memory, chassis, a network, a file system: each in one line. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "frame/derive.h"
#include "view/devices.h"
#include "view/format.h"

enum { LABEL_COLUMNS = 8, BAR_COLUMNS = 10 };

static int64_t elapsed_ns(const struct scene *scene) {
    return scene->before ? scene->frame->wall_ns - scene->before->wall_ns : 0;
}

static int label(struct area a, const struct scene *scene, struct text host, const char *what) {
    bool many = scene->n_hosts > 1;
    if (many)
        (void)area_text(a, 1, 0, STYLE_DIM, 12, host);
    (void)area_print(a, many ? 14 : 1, 0, STYLE_LABEL, "%s", what);
    return (many ? 14 : 1) + LABEL_COLUMNS;
}

static int share(struct area a, int x, double percent) {
    char text[FORMAT_LEN];
    area_bar(a, x, 0, BAR_COLUMNS, percent);
    area_reading(a, x + BAR_COLUMNS, 0, 4, style_of_load(percent), format_percent(percent, text));
    if (!isnan(percent))
        area_glyph(a, x + BAR_COLUMNS + 4, 0, STYLE_DIM, '%');
    return x + BAR_COLUMNS + 6;
}

/* Every core as a bar one cell wide; where there is no room for all, each cell is the busiest of its neighbours. */
static void draw_cores(struct area a, const struct cpu *c) {
    size_t n = c->per_core_utilization.n;
    size_t cells = n < (size_t)a.columns ? n : (size_t)a.columns;
    for (size_t i = 0; i < cells; i++) {
        double load = NAN;
        for (size_t k = i * n / cells; k < (i + 1) * n / cells; k++)
            load = fmax(load, c->per_core_utilization.at[k].utilization);
        int eighths = isnan(load) ? 0 : load >= 100 ? 8 : (int)(load * 8 / 100) + 1;
        eighths = eighths > 8 ? 8 : eighths;
        area_glyph(a, (int)i, 0, style_of_load(load),
            a.cells->ascii ? (uint32_t) " .:-=+*#@"[eighths]
            : eighths      ? 0x2580U + (uint32_t)eighths
                           : ' ');
    }
}

static int reading(struct area a, int x, const char *name, const char *text) {
    x += area_print(a, x, 0, STYLE_DIM, "%s ", name);
    x += area_print(a, x, 0, text[0] == '-' && !text[1] ? STYLE_UNKNOWN : STYLE_TEXT, "%s", text);
    return x + 2;
}

static void draw_cpu(struct area a, const struct scene *scene, const struct cpu *c) {
    char text[FORMAT_LEN];
    int x = share(a, label(a, scene, c->host_id, "CPU"), c->utilization);
    if (known_f64(c->load_1)) {
        (void)snprintf(text, sizeof text, "%.2f", c->load_1);
        x = reading(a, x, "load", text);
    }
    if (known_u64(c->temperature)) {
        (void)snprintf(text, sizeof text, "%llu\302\260", (unsigned long long)c->temperature);
        x += area_print(a, x, 0, STYLE_TEXT, "%s", text) + 2;
    }
    if (known_f64(c->power_consumption))
        x += area_print(a, x, 0, STYLE_TEXT, "%s", format_watts(c->power_consumption, text)) + 2;
    if (c->iowait >= 1)
        x = reading(a, x, "wait", format_percent(c->iowait, text));
    if (c->steal >= 1)
        x = reading(a, x, "steal", format_percent(c->steal, text));
    draw_cores(area_part(a, x, 0, a.columns - x - 1, 1), c);
}

static void draw_memory(struct area a, const struct scene *scene, const struct memory *m) {
    char used[FORMAT_LEN], total[FORMAT_LEN], text[FORMAT_LEN];
    int x = share(a, label(a, scene, m->host_id, "Memory"), m->utilization);
    area_reading(a, x, 0, 5, STYLE_TEXT, format_bytes(format_f64(m->used_bytes), used));
    x += 5 + area_print(a, x + 5, 0, STYLE_DIM, "/%s", format_bytes(format_f64(m->total_bytes), total)) + 2;
    x = reading(a, x, "cache", format_bytes(format_f64(m->cached_bytes), text));
    if (known_u64(m->swap_total_bytes) && m->swap_total_bytes > 0) {
        x = reading(a, x, "swap", format_bytes(format_f64(m->swap_used_bytes), text));
        (void)area_print(a, x - 2, 0, STYLE_DIM, "/%s", format_bytes(format_f64(m->swap_total_bytes), text));
        x += 6;
    }
    if (known_u64(m->dirty_bytes))
        (void)reading(a, x, "dirty", format_bytes(format_f64(m->dirty_bytes), text));
}

static void draw_chassis(struct area a, const struct scene *scene, const struct chassis *c) {
    char text[FORMAT_LEN];
    int x = label(a, scene, c->host_id, "Chassis");
    if (known_f64(c->total_power_watts)) {
        x += area_print(a, x, 0, STYLE_TITLE, "%s", format_watts(c->total_power_watts, text)) + 1;
        x += known_text(c->power_source) ? area_print(a, x, 0, STYLE_DIM, "%.*s", TEXT_ARG(c->power_source)) + 2 : 2;
    }
    if (known_f64(c->inlet_temperature))
        x += area_print(a, x, 0, STYLE_TEXT, "in %.0f\302\260", c->inlet_temperature) + 2;
    if (known_f64(c->outlet_temperature))
        x += area_print(a, x, 0, STYLE_TEXT, "out %.0f\302\260", c->outlet_temperature) + 2;
    for (size_t i = 0; i < c->fan_speeds.n && i < 4; i++)
        if (known_u64(c->fan_speeds.at[i].speed_rpm))
            x += area_print(a, x, 0, STYLE_DIM, "fan %llu", (unsigned long long)c->fan_speeds.at[i].speed_rpm) + 2;
    for (size_t i = 0; i < c->temperatures.n && i < 6 && x < a.columns - 12; i++) {
        x += area_text(a, x, 0, STYLE_DIM, 12,
            c->temperatures.at[i].label.len ? c->temperatures.at[i].label : c->temperatures.at[i].chip);
        x += area_print(a, x, 0, STYLE_TEXT, " %.0f\302\260", c->temperatures.at[i].celsius) + 2;
    }
}

static int rate(struct area a, int x, const char *name, double per_second) {
    char text[FORMAT_LEN];
    x += area_print(a, x, 0, STYLE_DIM, "%s", name) + 1;
    area_reading(a, x, 0, 5, per_second >= 1 ? STYLE_TEXT : STYLE_UNKNOWN, format_bytes(per_second, text));
    return x + 5 + area_print(a, x + 5, 0, STYLE_DIM, "/s") + 2;
}

static void draw_network(struct area a, const struct scene *scene, const struct network *n) {
    const struct network *before =
        scene->before ? derive_match(&network_table, &scene->before->networks.list, n, NULL) : NULL;
    int64_t ns = elapsed_ns(scene);
    int x = label(a, scene, n->host_id, "Net");
    (void)area_text(a, x, 0, STYLE_TEXT, BAR_COLUMNS + 5, n->name);
    x += BAR_COLUMNS + 6;
    x = rate(a, x, "rx", before ? derive_rate(before->rx_bytes, n->rx_bytes, ns) : (double)NAN);
    x = rate(a, x, "tx", before ? derive_rate(before->tx_bytes, n->tx_bytes, ns) : (double)NAN);
    if (known_u64(n->speed_mbps) && n->speed_mbps > 0)
        x += area_print(a, x, 0, STYLE_DIM, "%g Gb/s", (double)n->speed_mbps / 1000) + 2;
    double drops = before ? derive_rate(before->rx_drops, n->rx_drops, ns) : (double)NAN;
    double errors = before ? derive_rate(before->rx_errors, n->rx_errors, ns) : (double)NAN;
    if (drops + errors > 0)
        (void)area_print(a, x, 0, STYLE_WARN, "%.0f drops/s %.0f errors/s", drops, errors);
}

static void draw_storage(struct area a, const struct scene *scene, const struct storage *d) {
    char used[FORMAT_LEN], total[FORMAT_LEN];
    const struct storage *before =
        scene->before ? derive_match(&storage_table, &scene->before->storage.list, d, NULL) : NULL;
    double t = format_f64(d->total_bytes), u = t - format_f64(d->available_bytes);
    int64_t ns = elapsed_ns(scene);
    int x = share(a, label(a, scene, d->host_id, "Disk"), t > 0 ? 100 * u / t : (double)NAN);
    area_reading(a, x, 0, 5, STYLE_TEXT, format_bytes(u, used));
    x += 5 + area_print(a, x + 5, 0, STYLE_DIM, "/%s", format_bytes(t, total));
    x = rate(a, x + 2, "r", before ? derive_rate(before->read_bytes, d->read_bytes, ns) : (double)NAN);
    x = rate(a, x, "w", before ? derive_rate(before->write_bytes, d->write_bytes, ns) : (double)NAN);
    double busy = before ? derive_rate(before->io_time_ms, d->io_time_ms, ns) / 10 : (double)NAN;
    if (!isnan(busy))
        x += area_print(a, x, 0, style_of_load(busy), "%3.0f%%", fmin(busy, 100)) + 2;
    (void)area_text(a, x, 0, STYLE_DIM, a.columns - x - 1, d->mount_point);
}

static void draw_error(struct area a, const struct frame_error *e) {
    int x = 1 + area_print(a, 1, 0, STYLE_BAD, "! ");
    if (e->host.len > 0)
        x += area_text(a, x, 0, STYLE_BAD, 24, e->host) + 1;
    x += area_text(a, x, 0, STYLE_LABEL, 12, e->section) + 1;
    (void)area_text(a, x, 0, STYLE_WARN, a.columns - x - 1, e->message);
}

void machine_line_draw(struct area a, const struct scene *scene, const struct device_line *line) {
    const struct frame *f = scene->frame;
    if (line->section == SECTION_CPU)
        draw_cpu(a, scene, &f->cpus.at[line->index]);
    else if (line->section == SECTION_MEMORY)
        draw_memory(a, scene, &f->memory.at[line->index]);
    else if (line->section == SECTION_CHASSIS)
        draw_chassis(a, scene, &f->chassis.at[line->index]);
    else if (line->section == SECTION_NETWORK)
        draw_network(a, scene, &f->networks.at[line->index]);
    else if (line->section == SECTION_ERROR)
        draw_error(a, &f->errors.at[line->index]);
    else if (line->section == SECTION_STORAGE)
        draw_storage(a, scene, &f->storage.at[line->index]);
}
