/* recording/overview.h: what a stretch of frames amounts to: counts, times, and the figures that a time line draws. */
#ifndef TACHO_RECORDING_OVERVIEW_H
#define TACHO_RECORDING_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/json.h"
#include "frame/frame.h"
#include "recording/line.h"

enum figure_kind {
    FIGURE_GPU_UTILIZATION, /* mean over the GPUs of a frame, % */
    FIGURE_GPU_POWER,       /* sum, W */
    FIGURE_GPU_TEMPERATURE, /* mean, degrees Celsius */
    FIGURE_GPU_MEMORY,      /* used share of all GPU memory, % */
    FIGURE_CPU,             /* mean utilization over the hosts, % */
    FIGURE_MEMORY,          /* used share of all memory, % */
    FIGURE_COUNT,
};
extern const char *const figure_names[FIGURE_COUNT];

struct figure { /* over the frames in which it was known; count 0: never */
    double min, max, sum;
    uint64_t count;
};

struct overview {
    uint64_t frames, errors, gaps, marks;
    uint64_t first_seq;        /* UINT64_MAX when no frame has one */
    int64_t first_ns, last_ns; /* in file order; TIME_UNKNOWN without frames */
    struct figure figures[FIGURE_COUNT];
};

void overview_init(struct overview *o);
/* The figures of one frame, NAN where not known. */
void overview_figures(const struct frame *f, double ret[FIGURE_COUNT]);
/* A frame's place in time: counts it, and a gap when more than GAP_FACTOR intervals lie between it and the one before
 * (`interval_ns` 0: gaps are not told). For readers that do not parse every frame. */
void overview_add_time(struct overview *o, int64_t wall_ns, uint64_t seq, int64_t previous_ns, int64_t interval_ns);
/* The rest of a frame: its errors and figures. */
void overview_add_frame(struct overview *o, const struct frame *f);
void overview_merge(struct overview *into, const struct overview *later);

#define GAP_FACTOR 1.9 /* a cycle may come late by nearly an interval without one being missed */
bool overview_is_gap(int64_t previous_ns, int64_t wall_ns, int64_t interval_ns);

/* As a JSON object: the note that a chunk carries in the time index. */
void overview_write(const struct overview *o, struct buffer *out);
/* -ERR_FORMAT when the note makes no sense. */
int overview_parse(struct json_parser *parser, struct text note, struct overview *ret, struct error *err) NODISCARD;

#endif
