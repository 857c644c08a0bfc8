/* collect/sensors/hwmon_find.h: finds the sensor chips that are there. */
#ifndef TACHO_COLLECT_SENSORS_HWMON_FIND_H
#define TACHO_COLLECT_SENSORS_HWMON_FIND_H

#include "collect/sensors/hwmon.h"

/* Finds all chips anew, unless the same ones are there as at the last time. Thermal zones stand in where there is no chip of
 * any kind. */
void hwmon_find(struct hwmon *h);
/* Closes all files and forgets the chips. */
void hwmon_forget(struct hwmon *h);

#endif
