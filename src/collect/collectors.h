/* collect/collectors.h: the collectors that collectors.c lists. */
#ifndef TACHO_COLLECT_COLLECTORS_H
#define TACHO_COLLECT_COLLECTORS_H

#include "collect/collector.h"

extern const struct collector chassis_collector, chassis_sensors_collector, cpu_collector,
    cpu_sensors_collector, ipmi_collector, gpu_collector, memory_collector, network_collector, process_collector,
    storage_collector, remote_storage_collector;

#endif
