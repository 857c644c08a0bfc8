/* collect/explain.h: asks every reader what it can read on this machine, none of them for longer than a person waits. */
#ifndef TACHO_COLLECT_EXPLAIN_H
#define TACHO_COLLECT_EXPLAIN_H

#include "collect/collector.h"

/* Adds what is true of the machine as a whole, what the kernel's plain files give, and what each collector of `list` explains.
 * `limit_ns`: how long each is waited for; 0: EXPLAIN_LIMIT_NS. What hangs is said, and left behind. */
void explain_machine(const struct collector *const *list, const struct collect_options *options, int64_t limit_ns,
    struct report *report);

typedef void (*explain_fn)(const struct collect_options *options, struct report *report);
/* Runs one explanation on a thread of its own; `options` are copied, their texts must stay. */
void explain_within(explain_fn explain, const char *name, enum section section, int64_t limit_ns,
    const struct collect_options *options, struct report *report);

#define EXPLAIN_LIMIT_NS (INT64_C(10) * 1000000000)

/* Parts of the first: who we are and what we may; what the plain files give. */
void explain_system(const struct collect_options *options, struct report *report);
void explain_files(const struct collect_options *options, struct report *report);

#endif
