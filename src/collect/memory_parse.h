/* collect/memory_parse.h: the kernel's texts about memory. */
#ifndef TACHO_COLLECT_MEMORY_PARSE_H
#define TACHO_COLLECT_MEMORY_PARSE_H

#include "base/text.h"
#include "frame/model.h"

/* Both take untrusted text, fill what it tells and leave the rest of `ret` alone. Pure. */
void memory_parse_meminfo(
    struct text text, struct memory *ret); /* /proc/meminfo; used and utilization are derived from it */
void memory_parse_vmstat(struct text text, struct memory *ret); /* /proc/vmstat */
/* One node's meminfo: "Node 0 MemTotal: 123 kB". */
void memory_parse_node(struct text text, struct numa_node *ret);

#endif
