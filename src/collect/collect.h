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
 * errors. `seq` is left unknown. Waits for workers at most COLLECT_WAIT_NS in all: a section whose worker has not answered is
 * absent (`asked` false) and named in errors with kind `timeout`. Never fails as a whole but for memory. */
int collect_sample(struct collect *c, struct frame *ret, struct error *err) NODISCARD;

#define COLLECT_WAIT_NS (INT64_C(50) * 1000000)

/* Ends the workers; one that hangs is left behind (its thread cannot be stopped) and said so in the log. NULL is fine. */
void collect_close(struct collect *c);

#endif
