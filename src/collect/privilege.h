/* collect/privilege.h: what the kernel lets this program do. */
#ifndef TACHO_COLLECT_PRIVILEGE_H
#define TACHO_COLLECT_PRIVILEGE_H

#include <stdbool.h>

/* Is a capability (CAP_SYS_PTRACE … of linux/capability.h) in effect for this thread? */
bool privilege_has(int capability);

#endif
