/* collect/sensors/energy.c: energy counters without their wraps. */
#include "collect/sensors/energy.h"

#include <math.h>

#include "base/clock.h"

static double growth(const struct energy *e, double raw_joules, double seconds) {
    double most = seconds * ENERGY_WATTS_MAX + ENERGY_SLACK_JOULES;
    if (e->range_joules > 0 && most >= e->range_joules)
        return NAN;
    double grown = raw_joules - e->raw;
    if (grown < 0)
        grown += e->range_joules;
    return grown >= 0 && grown <= most ? grown : NAN;
}

double energy_take(struct energy *e, double raw_joules, int64_t mono_ns) {
    if (!e->started) {
        e->joules = raw_joules;
    } else if (mono_ns <= e->read_mono_ns) {
        return NAN;
    }
    double watts = NAN;
    if (e->started) {
        double seconds = (double)(mono_ns - e->read_mono_ns) / (double)NS_PER_SECOND;
        double grown = growth(e, raw_joules, seconds);
        e->joules = isnan(grown) ? 0 : e->joules + grown;
        watts = grown <= seconds * ENERGY_WATTS_MAX ? grown / seconds : NAN;
    }
    e->started = true;
    e->raw = raw_joules;
    e->read_mono_ns = mono_ns;
    return watts;
}
