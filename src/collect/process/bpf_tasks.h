/* collect/process/bpf_tasks.h: every process of the machine in one pass inside the kernel (BPF task iterator). */
#ifndef TACHO_COLLECT_PROCESS_BPF_TASKS_H
#define TACHO_COLLECT_PROCESS_BPF_TASKS_H

#include <stdbool.h>

#include "collect/process/bpf_program.h"

struct bpf_tasks; /* opaque; one owner at a time, any thread */

/* Looks the kernel's structures up and loads the program: some milliseconds of processor time. `sysfs`: where it is mounted.
 * -ERR_ABSENT where the kernel (before 5.8, without BTF) or our permissions (CAP_BPF and CAP_PERFMON) do not allow it,
 * -ERR_FORMAT, -ERR_LIMIT, -ERR_NOMEM, -ERR_OS. */
int bpf_tasks_open(const char *sysfs, struct bpf_tasks **ret, struct error *err) NODISCARD;
void bpf_tasks_close(struct bpf_tasks *t); /* NULL is fine */

/* Looks at every task. What was read before is gone. -ERR_LIMIT when there are more than `max` processes (the first ones are
 * there then), -ERR_NOMEM, -ERR_OS. */
int bpf_tasks_read(struct bpf_tasks *t, size_t max, struct error *err) NODISCARD;
/* The processes of our process namespace, ascending by number, each with the sums over its threads; good until the next
 * reading. Where `threads_read` differs from `threads`, some came or went meanwhile, and the sums are not to be trusted. */
const struct task_record *bpf_tasks_processes(const struct bpf_tasks *t, size_t *ret_n);
bool bpf_tasks_has_io(const struct bpf_tasks *t);

/* The letter that procfs would show for a state. Pure. */
char bpf_tasks_state(const struct task_record *task);

#endif
