/* base/clock.c: the two clocks, and moments as text. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t clock_wall_ns(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

/* After Howard Hinnant, "chrono-compatible low-level date algorithms" (days_from_civil, civil_from_days). */
int64_t clock_days(int64_t year, unsigned month, unsigned day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void date_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static void put_digits(char *out, unsigned n, uint64_t value) {
    while (n-- > 0) {
        out[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

void clock_format_utc(int64_t wall_ns, char out[CLOCK_UTC_LEN]) {
    int64_t ms = floor_div(wall_ns, NS_PER_MS);
    int64_t days = floor_div(ms, 86400000);
    uint64_t in_day = (uint64_t)(ms - days * 86400000);
    int64_t year = 0;
    unsigned month = 0, day = 0;
    date_of_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_UTC_LEN);
    put_digits(out, 4, year < 0 ? 0 : (uint64_t)year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, in_day / 3600000);
    put_digits(out + 14, 2, in_day / 60000 % 60);
    put_digits(out + 17, 2, in_day / 1000 % 60);
    put_digits(out + 20, 3, in_day % 1000);
}

void clock_format_local(int64_t wall_ns, char out[CLOCK_LOCAL_LEN]) {
    time_t seconds = (time_t)floor_div(wall_ns, NS_PER_SECOND);
    struct tm local = {0};
    (void)localtime_r(&seconds, &local);
    memcpy(out, "0000-00-00 00:00:00", CLOCK_LOCAL_LEN);
    put_digits(out, 4, (uint64_t)local.tm_year + 1900);
    put_digits(out + 5, 2, (uint64_t)local.tm_mon + 1);
    put_digits(out + 8, 2, (uint64_t)local.tm_mday);
    put_digits(out + 11, 2, (uint64_t)local.tm_hour);
    put_digits(out + 14, 2, (uint64_t)local.tm_min);
    put_digits(out + 17, 2, (uint64_t)local.tm_sec);
}

/* Reads exactly `n` digits at `*at` and moves behind them. */
static bool digits(struct text *t, unsigned n, unsigned *ret) {
    unsigned value = 0;
    if (t->len < n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        char c = t->at[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    t->at += n;
    t->len -= n;
    *ret = value;
    return true;
}

static bool literal(struct text *t, const char *any_of) {
    if (t->len == 0 || t->at[0] == '\0' || !strchr(any_of, t->at[0]))
        return false;
    t->at++;
    t->len--;
    return true;
}

/* Seconds east of UTC: "Z", "+02:00", "-0330". */
static bool parse_offset(struct text *t, int64_t *ret) {
    unsigned hours = 0, minutes = 0;
    if (literal(t, "Zz")) {
        *ret = 0;
        return true;
    }
    bool west = t->len > 0 && t->at[0] == '-';
    if (!literal(t, "+-") || !digits(t, 2, &hours))
        return false;
    (void)literal(t, ":");
    if (!digits(t, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

bool clock_parse(struct text t, int64_t *ret_wall_ns) {
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    static const unsigned char month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!digits(&t, 4, &year) || !literal(&t, "-") || !digits(&t, 2, &month) || !literal(&t, "-") ||
        !digits(&t, 2, &day) || !literal(&t, "Tt ") || !digits(&t, 2, &hour) || !literal(&t, ":") ||
        !digits(&t, 2, &minute) || !literal(&t, ":") || !digits(&t, 2, &second))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || (month == 2 && day == 29 && !leap) ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t fraction = 0;
    if (literal(&t, ".")) {
        unsigned digit = 0, seen = 0;
        int64_t scale = NS_PER_SECOND / 10;
        for (; digits(&t, 1, &digit); seen++, scale /= 10)
            fraction += (int64_t)digit * scale;
        if (seen == 0)
            return false;
    }
    int64_t offset = 0;
    if (!parse_offset(&t, &offset) || t.len != 0)
        return false;
    int64_t seconds =
        clock_days((int64_t)year, month, day) * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - offset;
    int64_t ns = 0;
    if (seconds < 0 && fraction > 0) { /* the earliest moment fits, its whole second does not */
        seconds++;
        fraction -= NS_PER_SECOND;
    }
    if (__builtin_mul_overflow(seconds, NS_PER_SECOND, &ns) || __builtin_add_overflow(ns, fraction, &ns))
        return false;
    *ret_wall_ns = ns;
    return true;
}
