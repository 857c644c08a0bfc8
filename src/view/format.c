/* view/format.c: readings in few columns. */
#include "view/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "frame/model.h"

double format_f64(uint64_t v) {
    return known_u64(v) ? (double)v : (double)NAN;
}

static const char *unknown(char out[FORMAT_LEN]) {
    out[0] = '-';
    out[1] = '\0';
    return out;
}

/* Three digits that count, and the letter of the scale. */
static const char *scaled(double v, double base, const char *letters, char out[FORMAT_LEN]) {
    if (isnan(v) || v < 0 || isinf(v))
        return unknown(out);
    while (v >= base * 0.9995 && letters[1]) {
        v /= base;
        letters++;
    }
    int decimals = *letters == ' ' ? 0 : v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
    int n = snprintf(out, FORMAT_LEN, "%.*f", decimals, v);
    if (*letters != ' ' && n > 0 && n + 1 < FORMAT_LEN) {
        out[n] = *letters;
        out[n + 1] = '\0';
    }
    return out;
}

const char *format_bytes(double bytes, char out[FORMAT_LEN]) {
    return scaled(bytes, 1024, " KMGTPE", out);
}

const char *format_number(double number, char out[FORMAT_LEN]) {
    if (number < 9999.5) {
        (void)snprintf(out, FORMAT_LEN, "%.0f", number);
        return isnan(number) ? unknown(out) : out;
    }
    return scaled(number, 1000, " kMGT", out);
}

const char *format_percent(double percent, char out[FORMAT_LEN]) {
    if (isnan(percent))
        return unknown(out);
    (void)snprintf(out, FORMAT_LEN, percent < 9.95 ? "%.1f" : "%.0f", percent);
    return out;
}

const char *format_watts(double watts, char out[FORMAT_LEN]) {
    if (isnan(watts))
        return unknown(out);
    (void)snprintf(out, FORMAT_LEN, watts < 9999.5 ? "%.0fW" : "%.1fkW", watts < 9999.5 ? watts : watts / 1000);
    return out;
}

const char *format_cpu_time(uint64_t seconds, char out[FORMAT_LEN]) {
    if (!known_u64(seconds))
        return unknown(out);
    uint64_t minutes = seconds / 60, hours = minutes / 60;
    if (minutes < 100)
        (void)snprintf(out, FORMAT_LEN, "%" PRIu64 ":%02" PRIu64, minutes, seconds % 60);
    else if (hours < 100)
        (void)snprintf(out, FORMAT_LEN, "%" PRIu64 "h%02" PRIu64, hours, minutes % 60);
    else
        (void)snprintf(out, FORMAT_LEN, "%" PRIu64 "d%" PRIu64, hours / 24, hours % 24);
    return out;
}

const char *format_clock(int64_t wall_ns, bool utc, char out[FORMAT_LEN]) {
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND - (wall_ns % NS_PER_SECOND < 0));
    struct tm tm;
    out[0] = '\0';
    if (utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm))
        (void)strftime(out, FORMAT_LEN, "%H:%M:%S", &tm);
    return out;
}

const char *format_span(int64_t ns, char out[FORMAT_LEN]) {
    int64_t s = ns / NS_PER_SECOND;
    const char *sign = s < 0 ? "-" : "";
    s = s < 0 ? -s : s;
    (void)snprintf(out, FORMAT_LEN, "%s%02" PRId64 ":%02" PRId64 ":%02" PRId64, sign, s / 3600, s / 60 % 60, s % 60);
    return out;
}

void area_reading(struct area a, int x, int y, int columns, enum style style, const char *text) {
    bool is_unknown = text[0] == '-' && !text[1];
    int taken = text_columns(text_of(text), a.cells->ascii);
    (void)area_text(area_part(a, x, y, columns, 1), taken < columns ? columns - taken : 0, 0,
        is_unknown ? STYLE_UNKNOWN : style, columns, text_of(text));
}
