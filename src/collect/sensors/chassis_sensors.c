/* collect/sensors/chassis_sensors.c: temperatures, fans, power supplies and power of the box, from the kernel's sensor chips. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/kernel_file.h"
#include "collect/sensors/hwmon.h"

struct chassis_sensors {
    int sys_fd;
    struct hwmon hwmon;
};

static void sensors_close(void *self) {
    struct chassis_sensors *r = self;
    if (!r)
        return;
    hwmon_done(&r->hwmon);
    file_close(&r->sys_fd);
    free(r);
}

/* Nothing is read yet: that is the worker's, since it may block. */
static int sensors_open(const struct collect_options *options, void **ret, struct error *err) {
    static const char *const places[] = {"class/hwmon", "class/thermal"};
    int sys_fd CLEANUP(file_close) = -1;
    int status = kernel_dir_open(options->roots.sysfs, &sys_fd, err);
    if (status < 0)
        return status;
    status = -ERR_ABSENT;
    for (size_t i = 0; i < COUNT_OF(places) && status < 0; i++) {
        int fd CLEANUP(file_close) = -1;
        status = kernel_dir_open_at(sys_fd, places[i], &fd, err);
    }
    if (status < 0)
        return status;
    struct chassis_sensors *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "chassis sensors");
    r->sys_fd = r->hwmon.sys_fd = file_steal(&sys_fd);
    r->hwmon.side = CHIP_CHASSIS;
    *ret = r;
    return 0;
}

static bool put_temperature(
    struct chassis *c, const struct hwmon_chip *chip, const struct hwmon_sensor *s, struct arena *arena) {
    if (isnan(s->value)) /* a chip has inputs that nothing is connected to */
        return true;
    struct temperature *t = frame_add(arena, &c->temperatures.list, &temperature_table);
    if (!t)
        return false;
    t->chip = arena_text(arena, chip->key);
    t->label = arena_text(arena, s->label);
    t->celsius = number_round(s->value, 1);
    enum air air = sensor_air(s->label);
    if (air == AIR_INLET && !known_f64(c->inlet_temperature))
        c->inlet_temperature = t->celsius;
    if (air == AIR_OUTLET && !known_f64(c->outlet_temperature))
        c->outlet_temperature = t->celsius;
    return true;
}

/* Numbered by chip and channel: the same fan has the same number in every frame, whatever the others tell. */
static bool put_fan(
    struct chassis *c, const struct hwmon_chip *chip, const struct hwmon_sensor *s, struct arena *arena) {
    char name[2 * HWMON_TEXT_MAX + 2];
    struct fan *fan = frame_add(arena, &c->fan_speeds.list, &fan_table);
    if (!fan)
        return false;
    size_t key = chip->key.len < HWMON_TEXT_MAX ? chip->key.len : HWMON_TEXT_MAX;
    memcpy(name, chip->key.at, key);
    name[key] = ' ';
    memcpy(name + key + 1, s->label.at, s->label.len);
    fan->id = c->fan_speeds.n - 1;
    fan->name = arena_text(arena, (struct text){name, key + 1 + s->label.len});
    if (!isnan(s->value))
        fan->speed_rpm = (uint64_t)s->value;
    if (!isnan(s->max) && s->max > 0)
        fan->max_rpm = (uint64_t)s->max;
    return true;
}

static const struct hwmon_sensor *find_sensor(const struct hwmon_chip *chip, enum sensor_kind kind, const char *label) {
    for (size_t i = 0; i < chip->n; i++)
        if (chip->sensors[i].kind == kind && text_is(chip->sensors[i].label, label))
            return &chip->sensors[i];
    return NULL;
}

/* What comes in is what is paid for; where the supply does not tell it, what goes out. */
static bool put_supply(struct chassis *c, const struct hwmon_chip *chip, struct arena *arena) {
    struct psu *psu = frame_add(arena, &c->psu_status.list, &psu_table);
    if (!psu)
        return false;
    const struct hwmon_sensor *in = find_sensor(chip, SENSOR_POWER, "pin");
    const struct hwmon_sensor *out = find_sensor(chip, SENSOR_POWER, "pout1");
    const struct hwmon_sensor *volts = find_sensor(chip, SENSOR_VOLTAGE, "vin");
    bool faulty = false;
    bool answers = false;
    for (size_t i = 0; i < chip->n; i++) {
        faulty = faulty || chip->sensors[i].faulty;
        answers = answers || !isnan(chip->sensors[i].value);
    }
    psu->id = c->psu_status.n - 1;
    psu->name = arena_text(arena, chip->key);
    psu->power_watts = in && !isnan(in->value) ? in->value : out ? out->value : NAN;
    psu->status = !answers                                              ? TEXT("Unknown")
                  : volts && !isnan(volts->value) && volts->value < 1.0 ? TEXT("Failed") /* nothing comes in */
                  : faulty                                              ? TEXT("Degraded")
                                                                        : TEXT("Ok");
    return true;
}

/* The machine's own meter (ACPI power_meter). Where there are several they are parts of each other, as on boards that meter
 * each socket and its processor: none of them, and no sum of theirs, is the machine. */
static void put_total(struct chassis *c, const struct hwmon *h) {
    const struct hwmon_sensor *meter = NULL;
    size_t meters = 0;
    for (size_t i = 0; i < h->n; i++)
        for (size_t k = 0; k < h->chips[i].n && text_is(h->chips[i].name, "power_meter"); k++)
            if (h->chips[i].sensors[k].kind == SENSOR_POWER) {
                meter = &h->chips[i].sensors[k];
                meters++;
            }
    if (meters != 1 || !(meter->value > 0)) /* no machine that runs draws nothing */
        return;
    c->total_power_watts = number_round(meter->value, 2);
    c->power_source = TEXT("hwmon");
}

static bool put_chip(struct chassis *c, const struct hwmon_chip *chip, struct arena *arena) {
    bool fits = !chip->supply || put_supply(c, chip, arena);
    for (size_t i = 0; i < chip->n && fits; i++) {
        const struct hwmon_sensor *s = &chip->sensors[i];
        if (s->kind == SENSOR_TEMPERATURE)
            fits = put_temperature(c, chip, s, arena);
        else if (s->kind == SENSOR_FAN)
            fits = put_fan(c, chip, s, arena);
    }
    return fits;
}

static int sensors_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct chassis_sensors *r = self;
    hwmon_read(&r->hwmon, cycle->mono_ns);
    if (r->hwmon.n == 0)
        return 0;
    struct chassis *c = frame_add(&into->arena, &into->chassis.list, &chassis_table);
    bool fits = c != NULL;
    for (size_t i = 0; i < r->hwmon.n && fits; i++)
        fits = put_chip(c, &r->hwmon.chips[i], &into->arena);
    if (!fits)
        return error_set(err, ERR_NOMEM, "chassis of a frame");
    put_total(c, &r->hwmon);
    c->host_id = c->hostname = c->instance = cycle->host_id;
    c->time = cycle->time;
    return 0;
}

static void explain_chip(const struct hwmon_chip *chip, struct report *report) {
    size_t told = 0;
    size_t of[SENSOR_KINDS] = {0};
    for (size_t i = 0; i < chip->n; i++) {
        told += known_f64(chip->sensors[i].value);
        of[chip->sensors[i].kind]++;
    }
    char name[HWMON_TEXT_MAX + 16];
    (void)snprintf(name, sizeof name, "%.*s", (int)chip->key.len, chip->key.at);
    report_add(report, SECTION_CHASSIS,
        told == chip->n ? READABLE
        : told          ? PARTLY
                        : DENIED,
        name, NULL, "%zu temperatures, %zu fans, %zu of power%s; %zu of %zu tell something", of[SENSOR_TEMPERATURE],
        of[SENSOR_FAN], of[SENSOR_POWER], chip->supply ? ", a power supply" : "", told, chip->n);
}

static void sensors_explain(const struct collect_options *options, struct report *report) {
    int sys_fd CLEANUP(file_close) = -1;
    struct hwmon *h = calloc(1, sizeof *h);
    if (!h)
        return;
    if (kernel_dir_open(options->roots.sysfs, &sys_fd, NULL) == 0) {
        h->sys_fd = sys_fd;
        h->side = CHIP_CHASSIS;
        hwmon_read(h, 0);
    }
    for (size_t i = 0; i < h->n; i++)
        explain_chip(&h->chips[i], report);
    if (h->n == 0)
        report_add(report, SECTION_CHASSIS, MISSING, "sensors",
            "on a bare machine: sensors-detect (lm-sensors) names the drivers to load; virtual machines have none",
            "temperatures and fans: the kernel knows no sensor chip of the board");
    hwmon_done(h);
    free(h);
}

const struct collector chassis_sensors_collector = {
    .name = "chassis sensors",
    .section = SECTION_CHASSIS,
    .may_block = true,
    .open = sensors_open,
    .sample = sensors_sample,
    .close = sensors_close,
    .explain = sensors_explain,
};
