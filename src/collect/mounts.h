/* collect/mounts.h: which mounted file systems hold data, out of the kernel's tables of mounts and of block devices. */
#ifndef TACHO_COLLECT_MOUNTS_H
#define TACHO_COLLECT_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/text.h"

enum {
    MOUNTS_MAX = 1024,     /* file systems kept; a machine with more containers than that has no more disks */
    MOUNT_PATH_MAX = 4096, /* bytes of a mount point */
};

struct mount {
    struct text point, source, type; /* borrowed; escapes of blanks undone */
    uint64_t device;                 /* major << 32 | minor, or U64_UNKNOWN (the older table does not tell) */
    bool remote;                     /* a network file system: asking about it may hang */
};

/* Parses /proc/PID/mountinfo, or /proc/PID/mounts when `old_form`. Keeps file systems on block devices and network file
 * systems; of several mounts of the same one, that with the shortest path. `text` is untrusted and is written to: escapes
 * are undone in place. Fills at most MOUNTS_MAX of `ret` and returns how many, in the order of the file. Pure. */
size_t mounts_parse(char *text, size_t len, bool old_form, struct mount ret[MOUNTS_MAX]);

struct disk { /* counters of one block device, since boot; U64_UNKNOWN when not told */
    struct text name;
    uint64_t device;
    uint64_t reads, read_bytes, writes, write_bytes, io_time_ms;
};
/* Parses the next line of /proc/diskstats that makes sense; false at the end. `rest` is untrusted. Pure. */
bool disk_next(struct text *rest, struct disk *ret);

static inline uint64_t mount_device(uint64_t major, uint64_t minor) {
    return major << 32 | minor;
}

#endif
