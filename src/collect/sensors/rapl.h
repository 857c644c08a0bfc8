/* collect/sensors/rapl.h: the energy that the processor packages use, as the processors themselves count it (RAPL). */
#ifndef TACHO_COLLECT_SENSORS_RAPL_H
#define TACHO_COLLECT_SENSORS_RAPL_H

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "collect/sensors/energy.h"

enum { RAPL_ZONES_MAX = 64, RAPL_NAME_MAX = 64 };

/*
 * A package's counter holds its cores and what is beside them on the chip; that is the processors' energy here. The zones inside
 * (core, uncore) are part of it, dram is the memory's and told by some processors only, psys is the platform's: none of them
 * is counted.
 */
struct rapl_zone {
    char name[RAPL_NAME_MAX]; /* "package-0", "package-0-die-1"; of perf: "cpu0" */
    int fd;                   /* energy_uj, or a counter of perf */
    double joules_per_count;
    struct energy energy;
};

enum rapl_source {
    RAPL_NONE,     /* not on this machine */
    RAPL_DENIED,   /* there, and we may not read it */
    RAPL_POWERCAP, /* class/powercap */
    RAPL_PERF,     /* the counters of perf's power unit; 0 joules when they are opened */
};

/* Zero-initialise; end with rapl_close. One owner thread. */
struct rapl {
    enum rapl_source source;
    struct rapl_zone zones[RAPL_ZONES_MAX];
    size_t n;
};

/* Looks for the counters below `sys_fd`: powercap, and where that is not for us, perf. */
void rapl_open(struct rapl *r, int sys_fd);
void rapl_close(struct rapl *r);

/* Reads every package. Both are NAN unless all of them could be told: joules is a counter, watts the power since the reading
 * before. */
void rapl_read(struct rapl *r, double *ret_joules, double *ret_watts);

/* perf's event of all packages: opens a counter for each package's first processor. -ERR_ABSENT without such a
 * unit, -ERR_OS when we may not count with it. */
int rapl_open_perf(struct rapl *r, int sys_fd, struct error *err) NODISCARD;
/* The number behind "event=" of perf's description of an event, "event=0x02"; false when it is something else. Pure. */
bool rapl_parse_event(struct text t, uint64_t *ret);

#endif
