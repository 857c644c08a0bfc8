/* view/view.h: the screen at work: keys, time and frames in, screens out, until somebody leaves. */
#ifndef TACHO_VIEW_VIEW_H
#define TACHO_VIEW_VIEW_H

#include "view/player.h"
#include "view/terminal.h"

/* Where live frames come from. */
struct live_feed {
    void *self;
    int fd; /* readable when there is a new frame */
    /* Moves the newest frame into `ret` (initialised): 1; 0 when there is none since the last call. */
    int (*take)(void *self, struct frame *ret, struct error *err);
    int64_t interval_ns;
};

struct view_options {
    const struct live_feed *live;         /* or else */
    const struct player_options *replay;
    enum colours colours;
    int stop_fd; /* readable: somebody wants the program to end (a signal) */
};

/* Runs until the person leaves: 0. The terminal is restored before it returns. */
int view_run(const struct view_options *o, struct error *err) NODISCARD;

#endif
