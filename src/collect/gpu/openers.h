/* collect/gpu/openers.h: which processes have a device of DRM open, and where. */
#ifndef TACHO_COLLECT_GPU_OPENERS_H
#define TACHO_COLLECT_GPU_OPENERS_H

#include "collect/gpu/nodes.h"

enum {
    OPENERS_MAX = 4096,     /* open devices that are kept; those of the highest process ids are left out */
    OPENERS_FDS_MAX = 4096, /* descriptors of a process that are looked at, the lowest; devices are opened early */
};

struct opener {
    uint32_t pid, number; /* process and descriptor */
    uint64_t minor;       /* of the device */
};

struct openers; /* opaque; one owner thread */

/* `proc_fd`: the root of procfs, borrowed. -ERR_NOMEM. */
int openers_create(int proc_fd, struct openers **ret, struct error *err) NODISCARD;
void openers_destroy(struct openers *o); /* NULL is fine */

/* Looks through the descriptors of every process that ran since the last scan; where processor clocks cannot be asked for, of
 * every process. A descriptor is taken for an open device when it is a character device of DRM, or when nothing can be told of
 * what it leads to but its path, "/dev/dri/<one of the nodes>". About 3 us for a process and each of its descriptors.
 * -ERR_NOMEM, -ERR_OS. May block. */
int openers_scan(struct openers *o, const struct drm_node *nodes, size_t n_nodes, struct error *err) NODISCARD;

/* What the last scan found, ascending by process and descriptor; good until the next one. */
const struct opener *openers_found(const struct openers *o, size_t *ret_n);
/* Did it see all processes of the machine? Not without permission for each, nor from inside a container. */
bool openers_saw_all(const struct openers *o);

#endif
