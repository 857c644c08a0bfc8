/* collect/process/facts.h: what a process is: command line, owner, control group; read once, off the sampling path. */
#ifndef TACHO_COLLECT_PROCESS_FACTS_H
#define TACHO_COLLECT_PROCESS_FACTS_H

#include "base/error.h"
#include "base/text.h"
#include "collect/lookup.h"

enum {
    COMMAND_MAX = 4096, /* bytes of a command line that are kept */
    CGROUP_MAX = 4096,  /* bytes of a control group's path; the kernel allows no more */
};

struct process_facts {
    uint64_t start_ticks; /* of the process that they are about; a number may have gone to another since the question */
    uint64_t uid;
    struct text command, cgroup, unit, container, job; /* inside `bytes`; NULL when not known */
    size_t n_bytes;
    char bytes[];
};

/* Facts that tell no more than the owner. NULL when memory runs out; free(). */
struct process_facts *process_facts_of_owner(uint64_t uid, uint64_t start_ticks) NODISCARD;

/* A lookup whose keys are process ids below `proc_fd` (duplicated), and whose answers are struct process_facts, to be freed
 * with free(). A process that has gone has no answer. */
int process_facts_create(int proc_fd, struct lookup **ret, struct error *err) NODISCARD;

#endif
