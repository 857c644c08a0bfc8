/* view/devices.h: the lines of the devices' pane: what could not be read, cards, processors, memory, chassis, networks, storage. */
#ifndef TACHO_VIEW_DEVICES_H
#define TACHO_VIEW_DEVICES_H

#include "view/screen.h"

struct device_line {
    enum section section;
    size_t index; /* in the frame's list */
    uint64_t key; /* the same as long as it is the same device */
    double rank;  /* of cards: the highest come first */
};

enum { DEVICE_LINES_MAX = 1 << 16 };

/* The lines of the chosen tab, in their order. To be freed; NULL without any or without memory. */
struct device_line *device_lines(const struct view_state *s, const struct scene *scene, size_t *ret_n);
/* What stands for a device among the keys. */
uint64_t device_key(struct text host, struct text name, enum section section);

void gpu_line_draw(struct area a, const struct view_state *s, const struct scene *scene, const struct gpu *g);
void machine_line_draw(struct area a, const struct scene *scene, const struct device_line *line);

#endif
