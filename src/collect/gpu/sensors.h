/* collect/gpu/sensors.h: the sensors that a card's driver shows through hwmon: heat, power, energy and fans. */
#ifndef TACHO_COLLECT_GPU_SENSORS_H
#define TACHO_COLLECT_GPU_SENSORS_H

#include "frame/model.h"

enum {
    SENSOR_CELSIUS_MAX = 250, /* readings outside of these are taken for faults of the sensor */
    SENSOR_WATTS_MAX = 10000,
    SENSOR_RPM_MAX = 50000,
    SENSOR_FANS_MAX = 8,
    SENSOR_NONE = 0, /* hwmon counts from 1 */
};

/* End with gpu_sensors_close. One owner. */
struct gpu_sensors {
    int fd;                            /* the directory; -1 without sensors */
    unsigned temp, memory_temp, energy; /* numbers, or SENSOR_NONE */
    uint64_t energy_uj;                /* of the reading before; U64_UNKNOWN before the first */
    int64_t energy_mono_ns;
    double watts;                      /* what followed from it */
};

/* Looks for the sensors below the node of DRM `card_fd`. Wakes no card. */
void gpu_sensors_open(int card_fd, const char *driver, struct gpu_sensors *ret);
void gpu_sensors_close(struct gpu_sensors *s);

/* Fills in what the sensors tell: temperature and its thresholds, memory_temperature, energy_joules, power_consumption (where
 * the driver has no such reading, what the energy counter moved by since the reading before), power_limit_watts, fan_speed_rpm
 * of the fastest fan and fan_speed_percent of that fan's highest speed. Wakes a suspended card. */
void gpu_sensors_read(struct gpu_sensors *s, struct gpu *gpu);
/* The power that the maker rates the card at; NAN when it is not told. */
double gpu_sensors_rated_watts(const struct gpu_sensors *s);

#endif
