/* recording/timecode.c: moments of a recording as people type them. */
#include "recording/timecode.h"

#include <time.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/quantity.h"

/* "14:32:07.5", "14:32": up to three numbers, of which all but the first are below 60. Seconds; `*ret_parts` says how many. */
static bool parse_clock(struct text t, double *ret_seconds, unsigned *ret_parts) {
    struct text rest = t, part;
    double seconds = 0;
    unsigned parts = 0;
    while (text_cut(&rest, ':', &part)) {
        double value = 0;
        uint64_t whole = 0;
        bool last = !rest.at;
        if (parts == 3 || (last ? !text_f64(part, &value) : !text_u64(part, &whole)))
            return false;
        value = last ? value : (double)whole;
        if (value < 0 || value > 1e9 || (parts > 0 && (value >= 60 || part.len < 2)))
            return false;
        seconds = seconds * 60 + value;
        parts++;
    }
    *ret_seconds = seconds;
    *ret_parts = parts;
    return parts > 0;
}

/* Farther than any two moments lie from each other. */
#define SECONDS_MAX ((double)(INT64_MAX / NS_PER_SECOND))

/* The ends of time stay where they are. */
static int64_t moved(int64_t from_ns, int64_t by_ns) {
    int64_t to = 0;
    return __builtin_add_overflow(from_ns, by_ns, &to) ? (by_ns < 0 ? INT64_MIN : INT64_MAX) : to;
}

static bool local_moment(struct tm *date, double seconds, int64_t *ret_ns) {
    date->tm_hour = date->tm_min = date->tm_sec = 0;
    date->tm_isdst = -1;
    date->tm_hour = (int)(seconds / 3600);
    date->tm_min = (int)(seconds / 60) % 60;
    double rest = seconds - (double)((int64_t)(seconds / 60) * 60);
    date->tm_sec = (int)rest;
    time_t at = mktime(date);
    int64_t ns = 0;
    if (at == (time_t)-1 || __builtin_mul_overflow((int64_t)at, NS_PER_SECOND, &ns))
        return false;
    *ret_ns = moved(ns, (int64_t)((rest - (double)(int)rest) * 1e9 + 0.5));
    return true;
}

/* mktime takes February 30th for a day in March. */
static bool is_date(uint64_t year, uint64_t month, uint64_t day) {
    struct tm date = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};
    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && timegm(&date) >= 0 &&
           date.tm_mday == (int)day;
}

/* A time of day: on the day the recording starts, or the day after when that is still within it. */
static bool time_of_day(double seconds, int64_t first_ns, int64_t last_ns, int64_t *ret_ns) {
    time_t start = (time_t)(first_ns / NS_PER_SECOND);
    struct tm date;
    int64_t today = 0, tomorrow = 0;
    if (seconds >= 86400 || !localtime_r(&start, &date) || !local_moment(&date, seconds, &today))
        return false;
    (void)localtime_r(&start, &date);
    date.tm_mday++;
    if (!local_moment(&date, seconds, &tomorrow))
        return false;
    *ret_ns = today < first_ns && tomorrow <= last_ns ? tomorrow : today;
    return true;
}

static bool parse_wall(struct text t, int64_t first_ns, int64_t last_ns, int64_t *ret_ns) {
    double seconds = 0;
    unsigned parts = 0;
    if (clock_parse(t, ret_ns))
        return true;
    if (parse_clock(t, &seconds, &parts)) {
        if (parts == 2) /* on the wall clock, 14:32 is hours and minutes */
            seconds *= 60;
        return parts >= 2 && time_of_day(seconds, first_ns, last_ns, ret_ns);
    }
    uint64_t year = 0, month = 0, day = 0;
    if (t.len < 10 || t.len == 11)
        return false;
    struct text part, date = {t.at, 10};
    struct text rest = t.len > 11 ? (struct text){t.at + 11, t.len - 11} : TEXT("00:00");
    if (t.len > 10 && t.at[10] != ' ' && t.at[10] != 'T')
        return false;
    if (!text_cut(&date, '-', &part) || !text_u64(part, &year) || part.len != 4 || !text_cut(&date, '-', &part) ||
        !text_u64(part, &month) || !text_cut(&date, '-', &part) || !text_u64(part, &day) || date.at ||
        !is_date(year, month, day) || !parse_clock(rest, &seconds, &parts) || parts < 2)
        return false;
    if (parts == 2)
        seconds *= 60;
    struct tm local = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};
    return seconds < 86400 && local_moment(&local, seconds, ret_ns);
}

int timecode_parse(
    struct text t, int64_t first_ns, int64_t last_ns, int64_t here_ns, int64_t *ret_ns, struct error *err) {
    double seconds = 0;
    unsigned parts = 0;
    int64_t by = 0;
    char shown[64];
    t = text_trim(t);
    if (text_starts(t, "@")) {
        if (parse_wall(text_trim((struct text){t.at + 1, t.len - 1}), first_ns, last_ns, ret_ns))
            return 0;
    } else if (text_starts(t, "+") || text_starts(t, "-")) {
        if (quantity_parse_duration((struct text){t.at + 1, t.len - 1}, &by, NULL) == 0) {
            *ret_ns = moved(here_ns, t.at[0] == '+' ? by : -by);
            return 0;
        }
    } else if (parse_clock(t, &seconds, &parts) && seconds < SECONDS_MAX) {
        *ret_ns = moved(first_ns, (int64_t)(seconds * 1e9 + 0.5));
        return 0;
    } else if (clock_parse(t, ret_ns)) {
        return 0;
    }
    return error_set(err, ERR_USAGE, "'%s' is not a time (%s)", text_printable(t, shown, sizeof shown), TIMECODE_TAKES);
}
