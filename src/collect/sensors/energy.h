/* collect/sensors/energy.h: energy as hardware counts it, with counters that start again at 0, made into one that only grows. */
#ifndef TACHO_COLLECT_SENSORS_ENERGY_H
#define TACHO_COLLECT_SENSORS_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

/* What a processor package draws at most, in watts, with room above the largest of today (600): a counter that would have to
 * grow faster was set back, and one that could run round more than once at this power is not understood. */
enum {
    ENERGY_WATTS_MAX = 1000,
    ENERGY_SLACK_JOULES = 100, /* what may be drawn between a reading and the look at the clock, when we are held up */
};

/* One counter. Zero-initialise, set `range_joules`. One owner. */
struct energy {
    double range_joules;  /* where it starts again at 0; 0: never */
    double raw, joules;   /* the newest reading, and what it comes to without its wraps */
    int64_t read_mono_ns; /* when it was read */
    bool started;
};

/* Takes a reading. Returns the power since the one before, in watts, or NAN: for the first, for one at the same moment, and when
 * it cannot be told how far the counter went. `joules` starts at the first reading; it starts again at 0, which readers of a
 * counter take for a reset, when its growth is not known. Pure. */
double energy_take(struct energy *e, double raw_joules, int64_t mono_ns);

#endif
