/* collect/gpu/usage.h: how busy a client kept each class of engines between two readings of its fdinfo. */
#ifndef TACHO_COLLECT_GPU_USAGE_H
#define TACHO_COLLECT_GPU_USAGE_H

#include "collect/gpu/fdinfo.h"

struct usage_engine {
    char name[FDINFO_NAME_MAX + 1];
    uint64_t counter, total; /* the largest that was read: drivers may step back for a while */
    double share;            /* percent of the class since the reading before; NAN when it cannot be told */
};

/* What is known of a client; zero-initialise. */
struct usage {
    struct usage_engine engines[FDINFO_ENGINES_MAX];
    size_t n;
    int64_t read_mono_ns; /* 0: never */
};

#define USAGE_INTERVAL_MIN_NS (INT64_C(1) * 1000000) /* shorter ones tell nothing */
/* A counter that falls by more has begun anew. */
#define USAGE_STEP_BACK_NS (UINT64_C(10) * 1000000000)
#define USAGE_STEP_BACK_CYCLES (UINT64_C(25) * 1000000000)

/* Takes a new reading. Shares above USAGE_SHARE_MAX are unknown; those that are a little too high for their clocks are cut to
 * 100 by whoever sums them up. Pure. */
void usage_update(struct usage *u, const struct fdinfo *f, int64_t mono_ns);
enum { USAGE_SHARE_MAX = 6400 }; /* percent: drivers that do not tell how many engines a class has */

/* Shares of classes of engines, summed up over clients. Zero-initialise. */
struct usage_sum {
    struct {
        char name[FDINFO_NAME_MAX + 1];
        double share;
    } classes[2 * FDINFO_ENGINES_MAX];
    size_t n;
};
void usage_sum_add(struct usage_sum *sum, const struct usage *u);
/* The busiest class, 0 to 100; NAN when nothing is known. */
double usage_sum_busiest(const struct usage_sum *sum);
/* The same of those classes only whose names begin with one of `names` (NULL at the end). */
double usage_sum_of(const struct usage_sum *sum, const char *const *names);

#endif
