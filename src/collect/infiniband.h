/* collect/infiniband.h: the ports of InfiniBand and RoCE adapters. */
#ifndef TACHO_COLLECT_INFINIBAND_H
#define TACHO_COLLECT_INFINIBAND_H

#include "collect/collector.h"

struct infiniband; /* opaque; one owner */

/* Finds the ports below `sys_fd`, the root of sysfs (borrowed). -ERR_ABSENT when there are none, -ERR_NOMEM. */
int infiniband_open(int sys_fd, struct infiniband **ret, struct error *err) NODISCARD;
/* Adds one network per port, named "mlx5_0:1". -ERR_NOMEM. */
int infiniband_sample(
    struct infiniband *ib, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;
void infiniband_close(struct infiniband *ib); /* NULL is fine */

/* "400 Gb/sec (4X NDR)": megabits per second, or U64_UNKNOWN. `text` is untrusted. Pure. */
uint64_t infiniband_parse_rate(struct text text);

#endif
