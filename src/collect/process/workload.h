/* collect/process/workload.h: whose work a process does, as its control group's path tells. */
#ifndef TACHO_COLLECT_PROCESS_WORKLOAD_H
#define TACHO_COLLECT_PROCESS_WORKLOAD_H

#include "base/text.h"

enum { WORKLOAD_JOB_MAX = 40 };

struct workload {
    struct text unit; /* systemd's service or scope, the innermost; borrowed, NULL when none */
    struct text
        container; /* the container's id (64 hexadecimal digits) or LXC name, the innermost; borrowed, NULL when none */
    char job[WORKLOAD_JOB_MAX]; /* Slurm's job id (since 26.05 a SLUID) or the uid of the Kubernetes pod; "" when none */
};

/* Reads the names in a control group's path; unknown layouts give nothing. `path` is untrusted. Pure. */
struct workload workload_of_cgroup(struct text path);

#endif
