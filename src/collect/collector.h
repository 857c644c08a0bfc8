/* collect/collector.h: one origin of readings on this machine. */
#ifndef TACHO_COLLECT_COLLECTOR_H
#define TACHO_COLLECT_COLLECTOR_H

#include <stdbool.h>

#include "base/error.h"
#include "collect/report.h"
#include "frame/frame.h"

/* Where the kernel's file systems are mounted; options, so that a container can read its host and tests a fixture tree. */
struct roots {
    const char *procfs; /* "/proc" */
    const char *sysfs;  /* "/sys" */
    const char *rootfs; /* "/": put before mount points when their free space is asked for, and before /dev */
};

enum process_choice { PROCESSES_NOTABLE, PROCESSES_ALL, PROCESSES_GPU, PROCESSES_TOP };

struct collect_options {
    struct roots roots;
    unsigned sections;             /* bit per enum section */
    enum process_choice processes; /* NOTABLE: GPU users and the union of the top 50 by CPU, memory and I/O */
    unsigned process_top;          /* N of PROCESSES_TOP */
    const char *nvml;              /* NVIDIA's management library; NULL: the system's, "none": do not look for it */
    int64_t wait_ns;               /* how long a cycle waits for readers that may block; 0: COLLECT_WAIT_NS */
};

/* What every collector is handed at each cycle. Texts live as long as the frame's arena. */
struct cycle {
    struct text host_id;      /* host name */
    struct text time;         /* local time, "YYYY-MM-DD HH:MM:SS" */
    int64_t wall_ns, mono_ns; /* when the cycle began */
    int64_t wait_until_ns;    /* monotonic: how long a reader may wait for threads of its own */
    /* Who uses a graphics card, a row for each process and card, for the process reader, which is asked after the graphics
     * readers have answered: pid, device_id, device_uuid, used_memory, gpu_utilization and gpu_memory_kind; the rest unknown. */
    const struct process *gpu_users;
    size_t n_gpu_users;
};

struct collector {
    const char *name;     /* for people: errors and doctor */
    enum section section; /* the section that it fills, and that its errors name */
    bool may_block;       /* runs on its own worker; a hang costs its section only */
    /* -ERR_ABSENT: not on this machine (said by `tacho doctor`, not an error of the frame). */
    int (*open)(const struct collect_options *options, void **ret, struct error *err);
    /* Adds its readings to `into`. An error costs what could not be read; what was added stays. One thread at a time. */
    int (*sample)(void *self, const struct cycle *cycle, struct frame *into, struct error *err);
    void (*close)(void *self); /* NULL is fine */
    /* Optional, for one that does not block: starts its own threads' round before any collector is sampled. */
    void (*begin)(void *self, const struct cycle *cycle);
    /* Optional: adds what follows from the whole frame, when everybody has answered. Pure. */
    void (*complete)(struct frame *whole);
    /* Optional, for `tacho doctor`: what can be read here and what cannot, why, and what would change it. May block. */
    void (*explain)(const struct collect_options *options, struct report *report);
};

extern const struct collector *const collectors[]; /* the only list; NULL at the end */

#endif
