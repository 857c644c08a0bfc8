/* view/format.h: readings in few columns that do not change their width as readings change. */
#ifndef TACHO_VIEW_FORMAT_H
#define TACHO_VIEW_FORMAT_H

#include <stdint.h>

#include "view/cells.h"

enum { FORMAT_LEN = 32 };

/* All return `out`, NUL-terminated; what is not known is "-". */
const char *format_bytes(double bytes, char out[FORMAT_LEN]);      /* at most 5: "1023", "99.9K", "512M", "1.46T" (binary) */
const char *format_percent(double percent, char out[FORMAT_LEN]);  /* at most 4: "7.5", "100" without the sign */
const char *format_watts(double watts, char out[FORMAT_LEN]);      /* "412W", "4.21kW" */
const char *format_number(double number, char out[FORMAT_LEN]);    /* at most 5: "1980", "12.5k" */
const char *format_cpu_time(uint64_t seconds, char out[FORMAT_LEN]); /* "0:07", "12:34", "3h05", "12d4" */
const char *format_clock(int64_t wall_ns, bool utc, char out[FORMAT_LEN]); /* "14:32:07" */
const char *format_span(int64_t ns, char out[FORMAT_LEN]);         /* "00:12:34", also beyond a day: "26:00:00" */

double format_f64(uint64_t v); /* NAN when unknown */

/* Right-aligned in `columns` cells from x on; unknown in STYLE_UNKNOWN. */
void area_reading(struct area a, int x, int y, int columns, enum style style, const char *text);

#endif
