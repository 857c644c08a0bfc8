/* collect/cpu_identity.h: what the processors of this machine are: model, sockets, cores, caches, clock limits. */
#ifndef TACHO_COLLECT_CPU_IDENTITY_H
#define TACHO_COLLECT_CPU_IDENTITY_H

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "collect/cpu_stat.h"

enum { CPU_NAME_MAX = 128, CPU_SOCKETS_MAX = 256 };

struct cpu_thread {                  /* one online hardware thread */
    uint64_t id, socket_id, core_id; /* core_id only where sysfs does not tell which threads share a core */
    bool first_of_core;              /* the lowest of those that share its core: counting these counts cores */
    struct text core_type;           /* a constant */
    uint64_t frequency_mhz;          /* newest reading, or U64_UNKNOWN */
};

/* Zero-initialise; end with cpu_identity_done. */
struct cpu_identity {
    char model[CPU_NAME_MAX], vendor[CPU_NAME_MAX]; /* NUL-terminated, "" when unknown */
    struct cpu_thread *threads;                     /* in the order of /proc/stat */
    size_t n;
    bool has_topology; /* sockets and cores were told */
    bool has_cpufreq;
    uint64_t cores, cache_kib, base_mhz, max_mhz; /* or U64_UNKNOWN */
};

/* One processor's block of /proc/cpuinfo. Texts are borrowed from it. */
struct cpuinfo {
    struct text model, vendor, implementer, part;
    uint64_t id, socket_id, core_id, mhz; /* or U64_UNKNOWN */
};
/* Parses the next block; false at the end. `rest` is untrusted. */
bool cpuinfo_next(struct text *rest, struct cpuinfo *ret);

/* Reads everything anew for the threads that `stat` lists. `cpuinfo` is the text of /proc/cpuinfo (may be unknown), `sys_fd`
 * the root of sysfs or -1. -ERR_NOMEM. */
int cpu_identity_read(
    struct cpu_identity *id, const struct cpu_stat *stat, struct text cpuinfo, int sys_fd, struct error *err) NODISCARD;
void cpu_identity_done(struct cpu_identity *id);
/* Is it about the very threads that `stat` lists? Processors come and go at run time. */
bool cpu_identity_matches(const struct cpu_identity *id, const struct cpu_stat *stat);
/* Takes the clocks of every thread out of /proc/cpuinfo (x86 only; others do not tell). */
void cpu_identity_take_mhz(struct cpu_identity *id, struct text cpuinfo);
/* The frame's word for who made the processors: Intel, Amd, Arm, or any other text. A constant or part of `id`. */
struct text cpu_identity_platform(const struct cpu_identity *id, struct text architecture);

#endif
