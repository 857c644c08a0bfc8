/* view/scene.h: what there is to draw, the same for a live screen and for any past moment. */
#ifndef TACHO_VIEW_SCENE_H
#define TACHO_VIEW_SCENE_H

#include "frame/frame.h"
#include "recording/survey.h"
#include "rules/alerts.h"
#include "rules/filter.h"
#include "view/cells.h"
#include "view/series.h"

enum { SCENE_HOSTS_MAX = 1024 };

/* Where a recording is played. All times are those of the recording. */
struct playback {
    bool on;            /* false: live */
    bool playing, loop, at_end;
    bool counting;      /* the totals may still grow */
    bool following;     /* the recording is still being written */
    double speed;
    int64_t first_ns, last_ns, now_ns;
    uint64_t frame, frames; /* counted from 1 */
    const struct strip *strip; /* the whole recording at a glance */
};

/* The whole recording at a glance, in stretches of equal time. */
enum { STRIP_MAX = CELLS_COLUMNS_MAX };
struct strip {
    struct survey_column at[STRIP_MAX];
    size_t n;
    int64_t first_ns, last_ns;
};

struct scene {
    const struct frame *frame;  /* NULL: nothing was read yet */
    const struct frame *before; /* the one before it, for rates; or NULL */
    int64_t interval_ns;        /* between frames; 0 when not known */
    const struct series *series;
    int64_t series_from_ns, series_to_ns; /* the window that the graphs show */
    const struct filter *filter;          /* NULL: everything */
    const struct alerts *alerts;
    struct text hosts[SCENE_HOSTS_MAX];   /* the tabs: every host that was met, in the order of the header */
    size_t n_hosts;
    struct playback playback;
    int64_t mono_ns;            /* now, for notices that go away */
};

#endif
