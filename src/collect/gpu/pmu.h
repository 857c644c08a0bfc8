/* collect/gpu/pmu.h: counters of a device's performance monitoring unit, as its driver lays them out in sysfs. */
#ifndef TACHO_COLLECT_GPU_PMU_H
#define TACHO_COLLECT_GPU_PMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

enum {
    PMU_TERMS_MAX = 16, /* fields of a unit's layout */
    PMU_NAME_MAX = 32,
};

/* A field of the three words that name an event, out of format/<name>: "config:12-19". */
struct pmu_field {
    char name[PMU_NAME_MAX];
    unsigned word; /* 0: config, 1: config1, 2: config2 */
    uint64_t mask; /* which bits of the word, lowest first */
};
struct pmu {
    uint32_t type;
    int cpu;
    struct pmu_field fields[PMU_TERMS_MAX];
    size_t n_fields;
};
struct pmu_event {
    uint64_t words[3];
};

/* Parses what format/<name> holds; false on anything else. Pure. */
bool pmu_parse_format(struct text text, struct pmu_field *ret);
/* Adds the terms of events/<name>, "event=0x02,gt=1", to `*event`; false when the unit has no such field or the number does not
 * fit. "config=0x1" is a term of every unit. Pure. */
bool pmu_parse_event(const struct pmu *pmu, struct text terms, struct pmu_event *event);
bool pmu_set(const struct pmu *pmu, struct text name, uint64_t value, struct pmu_event *event);

/* Reads the layout of bus/event_source/devices/<name>. -ERR_ABSENT without it, -ERR_FORMAT, -ERR_OS. */
int pmu_read(int pmu_fd, struct pmu *ret, struct error *err) NODISCARD;
/* Starts a counter. -ERR_ABSENT when the device has no such event, -ERR_OS (EACCES or EPERM without permission). */
int pmu_open_counter(const struct pmu *pmu, const struct pmu_event *event, int *ret_fd, struct error *err) NODISCARD;
/* Its count, and for how long it has counted; false when it does not answer. */
bool pmu_read_counter(int fd, uint64_t *ret_count, uint64_t *ret_enabled_ns);

#endif
