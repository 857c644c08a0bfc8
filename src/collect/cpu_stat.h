/* collect/cpu_stat.h: processor time since boot as /proc/stat counts it, and shares of time out of two such readings. */
#ifndef TACHO_COLLECT_CPU_STAT_H
#define TACHO_COLLECT_CPU_STAT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

enum { CPU_THREADS_MAX = 8192 }; /* hardware threads that are read; NR_CPUS of the largest distribution kernels */

enum cpu_state {
    CPU_USER,
    CPU_NICE,
    CPU_SYSTEM,
    CPU_IDLE,
    CPU_IOWAIT,
    CPU_IRQ,
    CPU_SOFTIRQ,
    CPU_STEAL,
    CPU_GUEST,
    CPU_GUEST_NICE, /* also counted in CPU_USER and CPU_NICE */
    CPU_STATES,
};

struct cpu_times { /* in ticks of the kernel's clock */
    uint64_t ticks[CPU_STATES];
};

struct cpu_thread_times {
    uint64_t id; /* N of cpuN */
    struct cpu_times times;
};

/* Zero-initialise; end with cpu_stat_done. */
struct cpu_stat {
    struct cpu_times all;
    struct cpu_thread_times *threads; /* online ones, in the order of the file (ascending) */
    size_t n, cap;
    uint64_t interrupts, context_switches, boot_time_s, forks, running, blocked; /* or U64_UNKNOWN */
};

/* Parses /proc/stat. `text` is untrusted. Lines that are missing leave their readings unknown. -ERR_FORMAT without the line
 * of the whole machine, -ERR_NOMEM. */
int cpu_stat_parse(struct text text, struct cpu_stat *ret, struct error *err) NODISCARD;
void cpu_stat_done(struct cpu_stat *s);

/* What share of the time between two readings went where. Adds to 100 over the states but the two of guests, which are
 * taken out of user and nice. NAN throughout when no time passed. */
struct cpu_shares {
    double percent[CPU_STATES];
    double busy; /* all but idle and iowait */
};
struct cpu_shares cpu_shares(const struct cpu_times *before, const struct cpu_times *after);
/* Adds the growth of each state to `into`; a counter that fell grew by nothing (iowait does fall). */
void cpu_times_add_growth(struct cpu_times *into, const struct cpu_times *before, const struct cpu_times *after);

#endif
