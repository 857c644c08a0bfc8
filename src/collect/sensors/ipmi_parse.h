/* collect/sensors/ipmi_parse.h: what a baseboard management controller (BMC) answers, after IPMI v2.0 and DCMI v1.5. All pure;
 * every byte is untrusted. Section numbers are those of the IPMI specification v2.0 rev. 1.1. */
#ifndef TACHO_COLLECT_SENSORS_IPMI_PARSE_H
#define TACHO_COLLECT_SENSORS_IPMI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
    IPMI_NETFN_SENSOR = 0x04,
    IPMI_NETFN_APP = 0x06,
    IPMI_NETFN_STORAGE = 0x0A,
    IPMI_NETFN_GROUP = 0x2C,
    IPMI_GET_DEVICE_ID = 0x01,      /* §20.1 */
    IPMI_GET_SENSOR_READING = 0x2D, /* §35.14 */
    IPMI_GET_SDR_INFO = 0x20,       /* §33.9 */
    IPMI_RESERVE_SDR = 0x22,        /* §33.11 */
    IPMI_GET_SDR = 0x23,            /* §33.12 */
    DCMI_GET_POWER_READING = 0x02,  /* DCMI v1.5 §6.6.1 */
    DCMI_GROUP = 0xDC,

    IPMI_OK = 0x00, /* completion codes, §5.2 */
    IPMI_BUSY = 0xC0,
    IPMI_INVALID_COMMAND = 0xC1,
    IPMI_TIMEOUT = 0xC3,
    IPMI_RESERVATION_CANCELLED = 0xC5,
    IPMI_LENGTH_INVALID = 0xC7,
    IPMI_LENGTH_EXCEEDED = 0xC8,
    IPMI_CANNOT_RETURN_SO_MANY = 0xCA,

    IPMI_BMC_ADDRESS = 0x20,    /* owner of the sensors that need no bridge */
    IPMI_SDR_HEADER_SIZE = 5,   /* §43, the first five bytes of every record */
    IPMI_SDR_MAX = 5 + 255,
    IPMI_NAME_MAX = 64,         /* bytes of a sensor's name as UTF-8 */
    IPMI_SHARED_MAX = 16,       /* sensors that one compact record describes */
};

/* The bytes of a reply behind its completion code. */
struct bytes {
    const uint8_t *at;
    size_t n;
};

/* Current power in watts out of Get Power Reading's reply; NAN when it is malformed, when the BMC does not measure now, or for
 * values that no machine has. */
double dcmi_parse_power(struct bytes reply);

enum bmc_kind { BMC_OTHER, BMC_TEMPERATURE, BMC_FAN, BMC_POWER, BMC_SUPPLY };

/* One sensor as its record describes it. */
struct bmc_sensor {
    enum bmc_kind kind;
    uint8_t owner, lun, number;
    uint8_t entity, instance;          /* what it is part of, §43.14; power supplies are entity 10 */
    char name[IPMI_NAME_MAX];          /* NUL-terminated UTF-8 */
    /* A reading x means L((m x + b 10^b_exp) 10^r_exp), §36.3. */
    uint8_t format;                    /* 0 unsigned, 1 ones' complement, 2 two's complement */
    uint8_t linearization;
    uint8_t unit;                      /* base unit, §43.17 */
    int16_t m, b;
    int8_t r_exp, b_exp;
};

/* Parses a whole record of the repository (§43.1, §43.2) into the sensors that it describes: several for a compact record that
 * is shared. Returns how many; 0 for records of other kinds, malformed ones and sensors that no reader here uses. */
size_t sdr_parse(struct bytes record, struct bmc_sensor ret[IPMI_SHARED_MAX]);

/* The value of an analog reading in °C, rpm or W, plausible or NAN. */
double bmc_convert(const struct bmc_sensor *s, uint8_t raw);
/* The same out of Get Sensor Reading's reply; NAN also while the BMC does not scan the sensor. */
double bmc_parse_reading(const struct bmc_sensor *s, struct bytes reply);
/* The state of a power supply (sensor type 08h, §42.2) out of Get Sensor Reading's reply, as the frame has it: Ok, Degraded,
 * Failed, NotPresent, or Unknown. A constant. */
struct text bmc_parse_supply(struct bytes reply);

/* Does the sensor measure the air that goes in: by its entity (37h; 40h after DCMI), or by its name? */
bool bmc_is_inlet(const struct bmc_sensor *s);
bool bmc_is_outlet(const struct bmc_sensor *s);

#endif
