/* view/series.h: readings over time, as the graphs draw them: of one host, one card, or everything. */
#ifndef TACHO_VIEW_SERIES_H
#define TACHO_VIEW_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "frame/frame.h"

enum trace { /* what can be drawn */
    TRACE_GPU,         /* mean utilization, % */
    TRACE_GPU_MEMORY,  /* used share, % */
    TRACE_POWER,       /* W: of the cards, or of the machine where its cards do not tell */
    TRACE_TEMPERATURE, /* mean of the cards, degrees Celsius */
    TRACE_CPU,         /* % */
    TRACE_MEMORY,      /* used share, % */
    TRACE_PRESSURE,    /* largest "some" share of the last ten seconds over processor, memory and I/O, % */
    TRACE_COUNT,
};
struct trace_info {
    const char *label; /* "GPU", "VRAM" … */
    const char *unit;
    double top;        /* the scale's end; 0: the largest reading decides */
};
extern const struct trace_info traces[TRACE_COUNT];

/* Whose readings: everything (no host), a host's, or one of its cards'. */
struct subject {
    struct text host, gpu_uuid; /* NULL when not chosen */
};

struct sample {
    int64_t wall_ns;
    float value[TRACE_COUNT]; /* NAN where not known */
};

/* The readings of one frame. Pure. */
void series_read(const struct frame *f, struct subject of, struct sample *ret);

/* Samples in ascending order of time, at most `cap`. Zero-initialise; end with series_done. One owner. */
struct series {
    struct sample *at;
    size_t n, cap;
};
/* Puts a sample where its time belongs, in place of one with the same time; at SERIES_MAX the one farthest from it goes.
 * -ERR_NOMEM. */
int series_add(struct series *s, const struct sample *sample, struct error *err) NODISCARD;
void series_clear(struct series *s);
void series_done(struct series *s);
/* The first sample at or after that time; n when there is none. */
size_t series_find(const struct series *s, int64_t wall_ns);

enum { SERIES_MAX = 4096 };

#endif
