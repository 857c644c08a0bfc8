/* collect/process/table.h: every process of the machine, kept from cycle to cycle so that an idle one costs next to nothing. */
#ifndef TACHO_COLLECT_PROCESS_TABLE_H
#define TACHO_COLLECT_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "collect/process/facts.h"
#include "collect/process/parse.h"

enum {
    PROCESSES_MAX = 1 << 16,    /* processes that are read; those with the highest numbers are left out */
    PROCESS_HANDLES_MAX = 256,  /* processes whose files are kept open; each costs the kernel two pages */
    PROCESS_REFRESH_EVERY = 10, /* cycles between two readings of a process that does not run … */
    PROCESS_REFRESH_MAX = 50,   /* … and how many such readings a cycle may have: more processes, longer turns */
};

struct process_entry {
    uint32_t pid;
    bool io_denied; /* not ours to read */
    bool read;      /* `stat` holds something */
    bool ran;       /* during the last cycle */
    struct process_stat stat;
    uint64_t io_read_bytes, io_write_bytes; /* or U64_UNKNOWN */

    /* Over the last cycle; NAN and U64_UNKNOWN when there was none before, or it was too short. */
    double cpu_percent; /* 100 is one core */
    uint64_t io_moved_bytes;

    uint64_t cpu_ns, base_cpu_ns, base_io_bytes; /* base: when base_mono_ns was now */
    int64_t base_mono_ns;                        /* 0: no base */
    uint64_t ran_cycle;                          /* the newest cycle in which it ran */

    int stat_fd, io_fd;                  /* -1 unless kept */
    struct process_entry *newer, *older; /* among those with kept handles, by when they ran */

    struct process_facts *facts; /* owned; NULL until they are known */
    bool facts_asked;
    uint64_t facts_cycle; /* when they were asked for */
    unsigned facts_wait;  /* cycles before they are asked for again */
    uint64_t start_s;     /* since 1970; 0 until it was computed */
    bool selected;        /* for the frame */
};

struct process_table; /* opaque; one owner thread */

/* `proc_fd`: the root of procfs, borrowed. `probe`: ask for processor time with clock_gettime instead of reading it; only
 * where procfs shows the process ids that our own system calls mean. Takes a first look at the clocks. -ERR_NOMEM, -ERR_OS. */
int process_table_create(int proc_fd, bool probe, struct process_table **ret, struct error *err) NODISCARD;
void process_table_destroy(struct process_table *t); /* NULL is fine */

/* Brings the table up to date. -ERR_LIMIT past PROCESSES_MAX (the first ones are there then), -ERR_NOMEM, -ERR_OS. */
int process_table_update(struct process_table *t, struct error *err) NODISCARD;
/* All processes, ascending by pid; good until the next update. */
struct process_entry **process_table_entries(struct process_table *t, size_t *ret_n);
uint64_t process_table_cycle(const struct process_table *t);                     /* counts updates */
struct process_entry *process_table_find(struct process_table *t, uint64_t pid); /* or NULL */

/* Does procfs below `proc_fd` show our own process ids? */
bool process_table_can_probe(int proc_fd);

#endif
