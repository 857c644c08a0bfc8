/* tests/unit/view/stage.h: scenes made by hand, for tests of the screen. */
#ifndef TACHO_TESTS_VIEW_STAGE_H
#define TACHO_TESTS_VIEW_STAGE_H

#include "test.h"

#include "base/clock.h"
#include "view/screen.h"

#define STAGE_T0 (INT64_C(1776513600) * NS_PER_SECOND) /* 2026-04-18T12:00:00Z */

/* Everything that a screen is drawn from. The scene points into the rest. */
struct stage {
    struct frame frame, before;
    struct series series;
    struct strip strip;
    struct scene scene;
    struct view_state state;
};

void stage_init(struct stage *s);
void stage_done(struct stage *s);

/* A machine with processors, memory, a chassis, a network and a file system; its readings follow from `load`. */
void stage_machine(struct stage *s, const char *host, unsigned cores, double load);
/* A card; its readings follow from `load`. */
struct gpu *stage_gpu(struct stage *s, const char *host, unsigned index, double load);
struct process *stage_process(struct stage *s, const char *host, uint64_t pid, uint64_t ppid, const char *user,
    double cpu_percent, const char *command);
/* The last minutes, up to the frame. */
void stage_series(struct stage *s, bool gpus);
/* Frame 600 of 1200 of a recording of an hour, with a strip as wide as the screen. */
void stage_replay(struct stage *s, size_t columns);

#endif
