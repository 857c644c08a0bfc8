/* collect/collectors.c: the only list of what reads this machine. */
#include "collect/collectors.h"

const struct collector *const collectors[] = {
    &cpu_collector,
    &cpu_sensors_collector,
    &memory_collector,
    &chassis_collector,
    &ipmi_collector, /* before the chips: what the BMC tells of the machine's power and air comes first */
    &chassis_sensors_collector,
    &process_collector,
    &storage_collector,
    &remote_storage_collector,
    &network_collector,
    &gpu_collector, /* behind the others that do not block: it waits for its cards */
    NULL,
};
