/* fuzz/fuzz_collect_sensors.c: what sensor chips, perf and a BMC say, mangled: the first byte picks the reader. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/sensors/bmc.h"
#include "collect/sensors/energy.h"
#include "collect/sensors/names.h"
#include "collect/sensors/rapl.h"
#include "frame/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

/* One name or value per line. */
static void run_texts(struct text t) {
    for (struct text line; text_cut(&t, '\n', &line);) {
        struct sensor_attribute a;
        uint64_t number = 0;
        if (sensor_parse_attribute(line, &a))
            check(a.kind < SENSOR_KINDS && a.channel <= SENSOR_CHANNEL_MAX && a.property.len < line.len);
        for (unsigned kind = 0; kind < SENSOR_KINDS; kind++) {
            double value = sensor_parse((enum sensor_kind)kind, line);
            check(isnan(value) || sensor_plausible((enum sensor_kind)kind, value));
        }
        check(chip_side_of(line) <= CHIP_GPU && sensor_air(line) <= AIR_OUTLET);
        (void)sensor_is_package(line, line);
        (void)sensor_is_package(TEXT("coretemp"), line);
        (void)sensor_package_id(line, &number);
        (void)sensor_says(line, "sys power");
        (void)rapl_parse_event(line, &number);
    }
}

/* Readings four bytes each, a second to a fraction of a minute apart: power stays what a package can draw. */
static void run_energy(const uint8_t *data, size_t size) {
    struct energy e = {.range_joules = size % 3 == 0 ? 0 : 65536};
    int64_t at = NS_PER_SECOND;
    for (; size >= 4; data += 4, size -= 4) {
        double before = e.joules;
        at += data[3] * (NS_PER_SECOND / 4);
        double raw = (double)(data[0] | (unsigned)data[1] << 8) + data[2] / 256.0;
        double watts = energy_take(&e, raw, at);
        check(isnan(watts) || (watts >= 0 && watts <= ENERGY_WATTS_MAX * 1.0001));
        check(isnan(watts) || e.joules >= before);
        check(e.joules >= 0);
    }
}

static void check_sensor(const struct bmc_sensor *s) {
    check(memchr(s->name, '\0', sizeof s->name) != NULL && text_is_utf8(text_of(s->name)));
    check(s->kind != BMC_OTHER && s->m >= -512 && s->m <= 511 && s->b >= -512 && s->b <= 511);
    check(s->r_exp >= -8 && s->r_exp <= 7 && s->b_exp >= -8 && s->b_exp <= 7);
    for (unsigned raw = 0; raw < 256 && s->kind != BMC_SUPPLY; raw++) {
        double value = bmc_convert(s, (uint8_t)raw);
        check(isnan(value) || fabs(value) <= 1e5);
    }
    (void)bmc_is_inlet(s);
    (void)bmc_is_outlet(s);
}

static void run_record(struct bytes b) {
    struct bmc_sensor sensors[IPMI_SHARED_MAX];
    size_t n = sdr_parse(b, sensors);
    check(n <= IPMI_SHARED_MAX);
    for (size_t i = 0; i < n; i++)
        check_sensor(&sensors[i]);
    for (size_t i = 0; i < n; i++)
        (void)bmc_parse_reading(&sensors[i], b);
    check(bmc_parse_supply(b).len > 0);
    double watts = dcmi_parse_power(b);
    check(isnan(watts) || (watts > 0 && watts <= 60000));
}

/* A BMC whose answers are the input: a length, then so many bytes; silence at its end. */
static ssize_t play(void *self, const struct ipmi_request *request, uint8_t reply[IPMI_REPLY_MAX], struct error *err) {
    struct bytes *rest = self;
    check(request->n <= IPMI_REQUEST_MAX);
    if (rest->n == 0)
        return error_set(err, ERR_TIMEOUT, "silence");
    size_t n = rest->at[0];
    n = n < rest->n - 1 ? n : rest->n - 1;
    memcpy(reply, rest->at + 1, n);
    rest->at += n + 1;
    rest->n -= n + 1;
    return (ssize_t)n;
}

static void run_bmc(struct bytes b) {
    static const struct ipmi_link link = {.ask = play};
    static struct bmc bmc;
    double watts = NAN;
    bmc = (struct bmc){.link = &link, .self = &b};
    for (int i = 0; i < 2; i++) {
        (void)!bmc_read_power(&bmc, &watts, NULL);
        (void)!bmc_load(&bmc, NULL);
        (void)!bmc_read_sensors(&bmc, NULL);
        check(bmc.n <= BMC_SENSORS_MAX);
        for (size_t k = 0; k < bmc.n; k++)
            check(bmc.values[k].supply.len > 0);
        (void)bmc_named_power(&bmc);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0: run_texts((struct text){(const char *)data + 1, size - 1}); break;
    case 1: run_energy(data + 1, size - 1); break;
    case 2: run_record((struct bytes){data + 1, size - 1}); break;
    default: run_bmc((struct bytes){data + 1, size - 1}); break;
    }
    return 0;
}
