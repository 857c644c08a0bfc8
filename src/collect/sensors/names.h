/* collect/sensors/names.h: what the names, labels and values of sensors mean. All pure; the texts are untrusted. */
#ifndef TACHO_COLLECT_SENSORS_NAMES_H
#define TACHO_COLLECT_SENSORS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum sensor_kind {
    SENSOR_TEMPERATURE, /* degrees Celsius */
    SENSOR_FAN,         /* revolutions per minute */
    SENSOR_POWER,       /* watts */
    SENSOR_VOLTAGE,     /* volts */
    SENSOR_KINDS,
};

/* Is it a value that such a sensor can have on a machine that runs? Chips answer with the ends of their registers when nothing
 * is connected: -50 to 250 °C, 0 to 100,000 rpm, 0 to 100 kW, -1000 to 1000 V. NAN is none. */
bool sensor_plausible(enum sensor_kind kind, double value);

/* A value as hwmon's files have it (thousandths of degrees and volts, millionths of watts, whole turns), in the unit of its
 * kind; NAN when it is no number or not plausible. */
double sensor_parse(enum sensor_kind kind, struct text t);

/* "temp3_input": kind TEMPERATURE, channel 3, property "input". False for attributes that no reader here uses. */
struct sensor_attribute {
    enum sensor_kind kind;
    unsigned channel;
    struct text property;
};
enum { SENSOR_CHANNEL_MAX = 999 };
bool sensor_parse_attribute(struct text name, struct sensor_attribute *ret);

enum chip_side {
    CHIP_CPU,     /* inside the processors: their temperature */
    CHIP_CHASSIS, /* anything else in the box */
    CHIP_GPU,     /* of a graphics card, whose own reader has it */
};
enum chip_side chip_side_of(struct text chip);

/* Whether a sensor of a processor's chip tells its temperature as a whole, and not that of one of its parts. */
bool sensor_is_package(struct text chip, struct text label);
/* N of "Package id N"; false when the label has none. */
bool sensor_package_id(struct text label, uint64_t *ret);

enum air { AIR_NEITHER, AIR_INLET, AIR_OUTLET };
/* Does the label say that the machine's own air is measured there? Not that of a power supply or a card. */
enum air sensor_air(struct text label);

/* Are the words of `phrase` (lower case, one blank between them) in `t`, whatever stands between its words and in which case?
 * "sys power" is in "Sys_Power" and "SYS POWER (W)". */
bool sensor_says(struct text t, const char *phrase);

#endif
