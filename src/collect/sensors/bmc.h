/* collect/sensors/bmc.h: the conversation with a BMC: which sensors it has, once, and what they tell, again and again. */
#ifndef TACHO_COLLECT_SENSORS_BMC_H
#define TACHO_COLLECT_SENSORS_BMC_H

#include "collect/sensors/ipmi_link.h"
#include "collect/sensors/ipmi_parse.h"

enum {
    BMC_SENSORS_MAX = 512,
    BMC_RECORDS_MAX = 4096,  /* of the repository; a chain of records that goes on longer runs in a circle */
    BMC_TRIES = 8,           /* of one record, when others change the repository or the BMC is busy */
    BMC_SILENCES_MAX = 2,    /* messages in a row without an answer, after which it is let alone for this time */
};

struct bmc_value {
    double value;       /* °C, rpm or W; NAN when unknown, and for supplies */
    struct text supply; /* a constant; of BMC_SUPPLY */
};

/* Zero-initialise, set link and self; end with bmc_done, which leaves the link open. One owner thread; everything blocks, for
 * seconds where a BMC is slow. */
struct bmc {
    const struct ipmi_link *link;
    void *self;
    struct bmc_sensor sensors[BMC_SENSORS_MAX];
    struct bmc_value values[BMC_SENSORS_MAX]; /* newest, of the sensor at the same place */
    size_t n;
    bool loaded;              /* the repository was read */
    uint32_t added, erased;   /* when it was last changed, in the BMC's time */
    unsigned silences;        /* in a row */
};

/* Current power of the machine, watts. NAN without an error when the BMC does not measure it, or does not answer that.
 * -ERR_TIMEOUT when it answers nothing any more, -ERR_OS. */
int bmc_read_power(struct bmc *b, double *ret_watts, struct error *err) NODISCARD;
/* Reads the repository, unless it is the one that was read before. -ERR_TIMEOUT, -ERR_OS, -ERR_FORMAT. */
int bmc_load(struct bmc *b, struct error *err) NODISCARD;
/* Reads every sensor: one that fails is unknown. -ERR_TIMEOUT when the BMC answers nothing any more, -ERR_OS. */
int bmc_read_sensors(struct bmc *b, struct error *err) NODISCARD;
/* Power of the machine by the name of a sensor ("System Power", "Pwr Consumption"), for those without DCMI; NAN. */
double bmc_named_power(const struct bmc *b);

#endif
