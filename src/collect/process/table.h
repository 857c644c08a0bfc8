/* collect/process/table.h: every process of the machine, kept from cycle to cycle so that an idle one costs next to nothing. */
#ifndef TACHO_COLLECT_PROCESS_TABLE_H
#define TACHO_COLLECT_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "collect/process/bpf_tasks.h"
#include "collect/process/facts.h"
#include "collect/process/parse.h"
#include "frame/model.h"

enum {
    PROCESSES_MAX = 1 << 16,    /* processes that are read; those with the highest numbers are left out */
    PROCESS_HANDLES_MAX = 256,  /* processes whose files are kept open; each costs the kernel two pages */
    PROCESS_REFRESH_EVERY = 10, /* cycles between two readings of a process that does not run … */
    PROCESS_REFRESH_MAX = 50,   /* … and how many such readings a cycle may have: more processes, longer turns */
};

/* How the table learns who has run; each gives the same fields. */
enum process_method {
    PROCESS_PLAIN, /* stat of every process is read: anywhere, also in a fixture tree */
    PROCESS_PROBE, /* a system call per process tells its processor time, and only those that ran are read */
    PROCESS_BPF,   /* the kernel is asked for all of them at once, and only new ones are read */
};

struct process_entry {
    uint32_t pid;
    bool io_denied; /* not ours to read */
    bool read;      /* `stat` holds something */
    bool ran;       /* during the last cycle */
    struct process_stat stat;
    uint64_t io_read_bytes, io_write_bytes; /* or U64_UNKNOWN */
    /* BPF: what procfs has more than the kernel's quick sum, which lacks what each processor has not handed in yet. */
    int64_t rss_correction;
    bool rss_corrected;
    uint64_t stat_cycle; /* when `stat` was read from procfs */

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
    bool gone;            /* out of the table */
    bool ended;           /* it was seen to end since the last frame, and … */
    int64_t exit_code;    /* … how: its exit status, or the negative number of the signal; I64_UNKNOWN */

    const struct process *const *gpu; /* its rows of graphics cards in this cycle; borrowed */
    size_t n_gpu;
    bool holds_device;                /* it was seen to have a graphics card open */
};

struct process_table; /* opaque; one owner thread */

/* `proc_fd`: the root of procfs, borrowed. `method`: PLAIN or PROBE, the latter only where procfs shows the process ids that our
 * own system calls mean. Takes a first look at the clocks. -ERR_NOMEM, -ERR_OS. */
int process_table_create(int proc_fd, enum process_method method, struct process_table **ret, struct error *err) NODISCARD;
void process_table_destroy(struct process_table *t); /* NULL is fine */
/* From the next update on a table that probes asks the iterator, which is the table's then. -ERR_ABSENT, without taking it
 * over, when it does not show this process as procfs does. */
int process_table_use_bpf(struct process_table *t, struct bpf_tasks *tasks, struct error *err) NODISCARD;
enum process_method process_table_method(const struct process_table *t);

/* Brings the table up to date. Processes that are new after `read_until_mono_ns` are left for the next update: entries that
 * are not `read`, counted in `*ret_left`. -ERR_LIMIT past PROCESSES_MAX (the first ones are there then), -ERR_NOMEM, -ERR_OS. */
int process_table_update(
    struct process_table *t, int64_t read_until_mono_ns, size_t *ret_left, struct error *err) NODISCARD;
/* All processes, ascending by pid; good until the next update. */
struct process_entry **process_table_entries(struct process_table *t, size_t *ret_n);
/* Those that went with the last update, as they were before; in no order. They may be changed, and are gone with the next. */
struct process_entry **process_table_gone(struct process_table *t, size_t *ret_n);
/* Between the beginnings of the last two updates; 0 before the second. */
int64_t process_table_interval_ns(const struct process_table *t);
uint64_t process_table_cycle(const struct process_table *t);                     /* counts updates */
struct process_entry *process_table_find(struct process_table *t, uint64_t pid); /* or NULL */

/* Does procfs below `proc_fd` show our own process ids? */
bool process_table_can_probe(int proc_fd);
/* Does it show those of the machine's first process namespace, which drivers and the exit stream speak of? */
bool process_table_is_first(int proc_fd);

#endif
