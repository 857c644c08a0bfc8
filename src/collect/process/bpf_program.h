/* collect/process/bpf_program.h: the small program that the kernel runs over every task, and what it writes for each. */
#ifndef TACHO_COLLECT_PROCESS_BPF_PROGRAM_H
#define TACHO_COLLECT_PROCESS_BPF_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "collect/process/btf.h"

/* Written by the program in the machine's own byte order: whole for a process, up to TASK_THREAD_BYTES for its other threads. */
struct task_record {
    uint32_t pid, tgid;             /* as our process namespace counts; the same for a process's first thread */
    uint32_t on_cpu;                /* it runs right now: what it used since it came on is not in `runtime_ns` yet */
    uint32_t level;                 /* of its innermost process namespace */
    uint64_t runtime_ns;            /* processor time; of a first thread with that of the threads that have ended */
    uint64_t read_bytes, write_bytes; /* the same of I/O; 0 where the kernel does not count it */

    uint64_t start_ns;              /* after boot */
    uint64_t vm_pages;              /* 0 without memory of its own */
    int64_t rss_pages;              /* the kernel's quick sum, off by what each processor has not handed in yet */
    uint32_t flags, state, exit_state, ppid, threads;
    int32_t prio, static_prio;      /* as the scheduler has them: 120 is nice 0 */
    char comm[16];
    uint32_t threads_read;          /* not the program's */
};
enum { TASK_THREAD_BYTES = offsetof(struct task_record, start_ns) };

/* Members of the kernel's structures; the order is that of the table in bpf_program.c. */
enum kernel_member {
    ITER_TASK, META_SEQ, TASK_PID, TASK_TGID, TASK_LEADER, TASK_THREAD_PID, TASK_PARENT, TASK_FLAGS, TASK_STATE, TASK_STATE_OLD,
    TASK_EXIT_STATE, TASK_ON_CPU, TASK_PRIO, TASK_STATIC_PRIO, TASK_COMM, TASK_START, TASK_START_OLD, TASK_SIGNAL, TASK_MM,
    TASK_SE, SE_RUNTIME, SIGNAL_RUNTIME, SIGNAL_THREADS, TASK_IO, SIGNAL_IO, IO_READ, IO_WRITE, MM_TOTAL_VM, MM_RSS, OLD_RSS_COUNT,
    COUNTER_SIZE, COUNTER_COUNT, PID_LEVEL, PID_NUMBERS, UPID_SIZE, UPID_NR, KERNEL_MEMBERS,
};

struct bpf_program {
    struct bpf_insn code[160];
    size_t n;
    uint32_t attach_id; /* the type of what it is to be attached to */
    bool has_io;
};

/* What is to be looked for in the kernel's types. */
void bpf_program_wanted(struct btf_wanted wanted[KERNEL_MEMBERS]);
/* Writes the program for a kernel with these members, and for process ids as a namespace at `level` has them (0: the first).
 * -ERR_ABSENT when the kernel lacks what it takes, named in `err`. Pure. */
int bpf_program_make(
    const struct btf_wanted members[KERNEL_MEMBERS], unsigned level, struct bpf_program *ret, struct error *err) NODISCARD;

#endif
