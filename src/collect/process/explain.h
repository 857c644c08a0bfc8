/* collect/process/explain.h: how processes are read on this machine, and what would make it better; for doctor. */
#ifndef TACHO_COLLECT_PROCESS_EXPLAIN_H
#define TACHO_COLLECT_PROCESS_EXPLAIN_H

#include "collect/collector.h"

/* Tries each method. Takes some milliseconds. */
void process_explain(const struct collect_options *options, struct report *report);

#endif
