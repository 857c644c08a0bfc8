/* view/gpu_line.c: a card in one line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "view/devices.h"
#include "view/format.h"

/* Columns of the parts; what a screen has beyond the least goes to the name and the bars. */
struct plan {
    int name, bar, host, throttle;
    bool fan, clock;
};

enum {
    INDEX = 3,
    PERCENT = 5,
    MEMORY = 12,
    TEMPERATURE = 5,
    POWER = 11,
    CLOCK = 8,
    FAN = 5,
    NAME_MIN = 12,
    BAR_MIN = 5
};

static struct plan plan_for(int columns, bool with_host) {
    struct plan p = {.name = NAME_MIN, .bar = BAR_MIN};
    int left = columns - INDEX - NAME_MIN - 1 - 2 * (BAR_MIN + 1) - PERCENT - MEMORY - TEMPERATURE - POWER;
    p.clock = left >= CLOCK;
    left -= p.clock ? CLOCK : 0;
    p.host = with_host && left >= 10 ? 10 : 0;
    left -= p.host;
    p.fan = left >= 2 * FAN;
    left -= p.fan ? FAN : 0;
    p.throttle = left >= 24 ? 16 : left >= 12 ? 8 : 0;
    left -= p.throttle;
    while (left >= 3 && p.bar < 30) {
        p.bar++;
        p.name += p.name < 26;
        left -= p.name < 26 ? 3 : 2;
    }
    p.throttle += left > 0 ? left : 0;
    return p;
}

static struct text short_name(struct text name) {
    static const char *const makers[] = {"NVIDIA ", "AMD ", "Intel(R) ", "Intel ", "Advanced Micro Devices, Inc. "};
    for (size_t i = 0; i < COUNT_OF(makers); i++)
        if (text_starts(name, makers[i]))
            return (struct text){name.at + strlen(makers[i]), name.len - strlen(makers[i])};
    return name;
}

static enum style style_of_heat(const struct gpu *g) {
    double limit = known_u64(g->temperature_threshold_slowdown) ? (double)g->temperature_threshold_slowdown : 90;
    return style_of_load(known_u64(g->temperature) ? 100 * ((double)g->temperature - 30) / (limit - 30) : (double)NAN);
}

static int draw_memory(struct area a, int x, int bar, const struct gpu *g) {
    char used[FORMAT_LEN], total[FORMAT_LEN];
    double u = format_f64(g->used_memory), t = format_f64(g->total_memory);
    area_bar(a, x, 0, bar, t > 0 ? 100 * u / t : (double)NAN);
    area_reading(a, x + bar + 1, 0, 5, STYLE_TEXT, format_bytes(u, used));
    (void)area_print(a, x + bar + 6, 0, STYLE_DIM, "/%s", format_bytes(t, total));
    return x + bar + MEMORY + 1;
}

static int draw_power(struct area a, int x, const struct gpu *g) {
    char text[FORMAT_LEN];
    area_reading(a, x, 0, 4, STYLE_TEXT, format_number(g->power_consumption, text));
    if (known_f64(g->power_limit_watts))
        (void)area_print(a, x + 4, 0, STYLE_DIM, "/%.0fW", g->power_limit_watts);
    else if (known_f64(g->power_consumption))
        (void)area_print(a, x + 4, 0, STYLE_DIM, "W");
    return x + POWER;
}

static void draw_throttle(struct area a, int x, int columns, const struct gpu *g) {
    char words[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < g->throttle_reasons.n && len < sizeof words; i++) {
        struct text t = g->throttle_reasons.at[i];
        if (text_is(t, "idle"))
            continue;
        int n = snprintf(words + len, sizeof words - len, "%s%.*s", len ? "," : "", TEXT_ARG(t));
        len += n > 0 ? (size_t)n : 0;
    }
    (void)area_text(a, x, 0, STYLE_WARN, columns, text_of(words));
}

void gpu_line_draw(struct area a, const struct view_state *s, const struct scene *scene, const struct gpu *g) {
    char text[FORMAT_LEN];
    struct plan p = plan_for(a.columns, scene->n_hosts > 1 && !s->host[0]);
    const char *rule = NULL;
    enum severity severity = scene->alerts ? alerts_of_gpu(scene->alerts, g->host_id, g->uuid, &rule) : SEVERITY_OK;
    bool matched = filter_matches_gpu(scene->filter, scene->frame, g);
    enum style mark = severity == SEVERITY_CRITICAL ? STYLE_BAD : severity == SEVERITY_WARN ? STYLE_WARN : STYLE_LABEL;
    if (known_u64(g->index))
        area_print_right(a, 2, 0, mark, "%llu", (unsigned long long)g->index);
    int x = INDEX;
    if (p.host) {
        (void)area_text(a, x, 0, STYLE_DIM, p.host - 1, g->host_id);
        x += p.host;
    }
    (void)area_text(a, x, 0, STYLE_TITLE, p.name, short_name(g->name));
    x += p.name + 1;
    area_bar(a, x, 0, p.bar, g->utilization);
    area_reading(a, x + p.bar, 0, 4, style_of_load(g->utilization), format_percent(g->utilization, text));
    if (known_f64(g->utilization))
        area_glyph(a, x + p.bar + 4, 0, STYLE_DIM, '%');
    x = draw_memory(a, x + p.bar + PERCENT + 1, p.bar, g);
    area_reading(a, x, 0, 3, style_of_heat(g), format_number(format_f64(g->temperature), text));
    if (known_u64(g->temperature))
        (void)area_print(a, x + 3, 0, STYLE_DIM, "\302\260");
    x = draw_power(a, x + TEMPERATURE, g);
    if (p.clock) {
        area_reading(a, x, 0, 4, STYLE_TEXT, format_number(format_f64(g->frequency), text));
        if (known_u64(g->frequency))
            (void)area_print(a, x + 4, 0, STYLE_DIM, "MHz");
        x += CLOCK;
    }
    if (p.fan && (known_u64(g->fan_speed_percent) || known_u64(g->fan_speed_rpm))) {
        bool percent = known_u64(g->fan_speed_percent);
        (void)area_print(a, x, 0, STYLE_DIM, "%llu%s",
            (unsigned long long)(percent ? g->fan_speed_percent : g->fan_speed_rpm), percent ? "%" : "r");
    }
    x += p.fan ? FAN : 0;
    if (p.throttle > 0)
        draw_throttle(a, x, p.throttle, g);
    if (!matched)
        area_restyle(a, STYLE_DIM);
}
