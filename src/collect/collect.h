/* collect/collect.h: the local source: runs the collectors of this machine and makes frames of what they read. */
#ifndef TACHO_COLLECT_COLLECT_H
#define TACHO_COLLECT_COLLECT_H

#include "collect/collector.h"

struct collect; /* opaque; one owner thread; starts a worker thread per collector that may block */

/* Opens every collector of `list` (normally `collectors`) whose section is asked for. A collector that is absent on this
 * machine is left out; one that fails to open reports its error in every frame. -ERR_NOMEM, -ERR_OS. */
int collect_open(const struct collector *const *list, const struct collect_options *options, struct collect **ret,
    struct error *err) NODISCARD;

/* Reads the machine once into `ret` (initialised; reset first): wall_ns, hostname, source `local`, every section asked for,
 * errors. `seq` is left unknown. Waits for workers at most COLLECT_WAIT_NS, or as long as the options say, and once more for
 * the process reader, which is asked when the readers of graphics cards have told who uses them. A section
 * whose worker has not answered is absent (`asked` false) and named in errors with kind `timeout`; a worker that answers late
 * has its result handed over at the next call. Shares and rates need two readings some time apart: the first frame has them
 * when it is asked for 40 ms or more after collect_open, which took a reading too. Never fails as a whole but for memory. */
int collect_sample(struct collect *c, struct frame *ret, struct error *err) NODISCARD;

#define COLLECT_WAIT_NS (INT64_C(50) * 1000000)
#define COLLECT_FIRST_WAIT_NS (INT64_C(80) * 1000000) /* the first time, every process is new */

/* Ends the workers. One that hangs is left behind (its thread cannot be stopped); returns how many were. NULL is fine. */
unsigned collect_close(struct collect *c);

#endif
