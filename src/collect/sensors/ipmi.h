/* collect/sensors/ipmi.h: asks the BMC on a slow thread of its own, and has the newest answers at hand for every frame. */
#ifndef TACHO_COLLECT_SENSORS_IPMI_H
#define TACHO_COLLECT_SENSORS_IPMI_H

#include "collect/collector.h"
#include "collect/sensors/ipmi_link.h"

struct ipmi_times { /* nanoseconds */
    int64_t power_every, sensors_every, load_every; /* how often the BMC is asked for each */
    int64_t rest;                                   /* how long it is let alone when it does not answer */
    int64_t power_age, sensors_age;                 /* answers that are older are not used */
};
extern const struct ipmi_times ipmi_usual_times;

struct ipmi; /* opaque; one owner thread */

/* Starts the thread, which opens the link and asks. `rootfs` is copied. -ERR_NOMEM, -ERR_OS. */
int ipmi_create(const struct ipmi_link *link, const char *rootfs, const struct ipmi_times *times, struct ipmi **ret,
    struct error *err) NODISCARD;
/* Adds what the BMC told lately to into->chassis, an item of its own; nothing when it told nothing. Does not block.
 * -ERR_TIMEOUT, -ERR_FORMAT, -ERR_OS when it has not been answering: why, as of the newest round. */
int ipmi_sample(struct ipmi *p, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;
/* Ends the thread, waiting a little; one that hangs is left behind, and ends itself when what it hangs on comes back. False
 * then. NULL is fine. */
bool ipmi_destroy(struct ipmi *p);

#endif
