/* base/quantity.c: durations and sizes as people type and read them. */
#include "base/quantity.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/number.h"

struct suffix {
    const char *text;
    double scale;
};

static const struct suffix durations[] = {
    {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {"w", 7 * 86400e9}, {"", 1e9}};
static const struct suffix sizes[] = {{"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}, {"k", 0x1p10},
    {"m", 0x1p20}, {"g", 0x1p30}, {"t", 0x1p40}, {"", 1}};

/* Splits number and suffix; only digits and one point may make up the number. */
static bool parse_scaled(struct text t, const struct suffix *suffixes, size_t n, double *ret) {
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(suffixes[i].text);
        if (!text_ends(t, suffixes[i].text))
            continue;
        struct text number = {t.at, t.len - len};
        double value = 0;
        for (size_t at = 0; at < number.len; at++)
            if ((number.at[at] < '0' || number.at[at] > '9') && number.at[at] != '.')
                return false;
        if (!text_f64(number, &value))
            return false;
        *ret = value * suffixes[i].scale;
        return true;
    }
    return false;
}

int quantity_parse_duration(struct text t, int64_t *ret_ns, struct error *err) {
    double ns = 0;
    char shown[64];
    if (!parse_scaled(t, durations, COUNT_OF(durations), &ns) || ns > 100 * 365.25 * 86400e9)
        return error_set(err, ERR_USAGE, "'%s' is not a duration (like 30, 0.5s, 5m, 1h, 1d)",
            text_printable(t, shown, sizeof shown));
    *ret_ns = (int64_t)(ns + 0.5);
    return 0;
}

int quantity_parse_size(struct text t, uint64_t *ret_bytes, struct error *err) {
    double bytes = 0;
    char shown[64];
    struct text without = t; /* "B", "iB" */
    if (text_ends(without, "B"))
        without.len--;
    if (without.len < t.len && without.len > 1 && text_ends(without, "i") &&
        memchr("KMGTkmgt", without.at[without.len - 2], 8))
        without.len--;
    if (!parse_scaled(without, sizes, COUNT_OF(sizes), &bytes) || bytes >= 0x1p63)
        return error_set(
            err, ERR_USAGE, "'%s' is not a size (like 4096, 1K, 10M, 2G)", text_printable(t, shown, sizeof shown));
    *ret_bytes = (uint64_t)bytes;
    return 0;
}

const char *quantity_size(uint64_t bytes, char out[QUANTITY_LEN]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    /* Where rounding would show "1024 KiB" or "10.0 KiB", the next form is right. */
    while (value >= (unit > 0 ? 1023.5 : 1024) && unit + 1 < COUNT_OF(units)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(out, QUANTITY_LEN, unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

const char *quantity_duration(int64_t ns, char out[QUANTITY_LEN]) {
    int64_t s = ns / NS_PER_SECOND;
    const char *sign = s < 0 ? "-" : "";
    s = s < 0 ? -s : s;
    int64_t days = s / 86400;
    if (days > 0)
        (void)snprintf(out, QUANTITY_LEN, "%s%" PRId64 "d %02d:%02d:%02d", sign, days, (int)(s / 3600 % 24),
            (int)(s / 60 % 60), (int)(s % 60));
    else
        (void)snprintf(out, QUANTITY_LEN, "%s%02d:%02d:%02d", sign, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    return out;
}
