/* view/hosts.h: the hosts that were met, in the order in which they were: the tabs. */
#ifndef TACHO_VIEW_HOSTS_H
#define TACHO_VIEW_HOSTS_H

#include "frame/frame.h"
#include "view/scene.h"

/* Zero-initialise; end with hosts_done. One owner. */
struct hosts {
    struct text at[SCENE_HOSTS_MAX];
    size_t n;
    struct arena names;
};
void hosts_add(struct hosts *h, struct text host);              /* once; past SCENE_HOSTS_MAX not at all */
void hosts_add_frame(struct hosts *h, const struct frame *f);   /* of every section, and those that errors name */
void hosts_done(struct hosts *h);

#endif
