/* collect/sensors/cpu_sensors.c: temperature, energy and power of the processors, beside what the processor reader tells. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/kernel_file.h"
#include "collect/sensors/hwmon.h"
#include "collect/sensors/rapl.h"

#define DENIED_REMEDY                                                                                                  \
    "let a udev rule give class/powercap/intel-rapl:*/energy_uj to a group of yours (chgrp, chmod 0440), "             \
    "or run with CAP_DAC_READ_SEARCH, or allow perf (CAP_PERFMON, or kernel.perf_event_paranoid <= 0)"

#define RAPL_AGAIN_NS (INT64_C(60) * 1000000000) /* how often counters that are away are looked for */

struct cpu_sensors {
    int sys_fd;
    struct rapl rapl;
    struct hwmon hwmon;
    int64_t rapl_look_mono_ns;
};

static void sensors_close(void *self) {
    struct cpu_sensors *r = self;
    if (!r)
        return;
    rapl_close(&r->rapl);
    hwmon_done(&r->hwmon);
    file_close(&r->sys_fd);
    free(r);
}

/* Nothing is read yet: that is the worker's, since it may block. */
static int sensors_open(const struct collect_options *options, void **ret, struct error *err) {
    static const char *const places[] = {
        "class/powercap", "class/hwmon", "class/thermal", "bus/event_source/devices/power"};
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
    struct cpu_sensors *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "processor sensors");
    r->sys_fd = r->hwmon.sys_fd = file_steal(&sys_fd);
    r->hwmon.side = CHIP_CPU;
    *ret = r;
    return 0;
}

/* Of two sensors for the same thing: AMD's Tdie is what Tctl is made of, with an offset on some models. */
static double chip_temperature(const struct hwmon_chip *chip) {
    double warmest = NAN;
    for (size_t i = 0; i < chip->n; i++) {
        const struct hwmon_sensor *s = &chip->sensors[i];
        if (text_is(s->label, "Tdie") && !isnan(s->value))
            return s->value;
        warmest = isnan(warmest) || s->value > warmest ? s->value : warmest;
    }
    return warmest;
}

static uint64_t whole_degrees(double celsius) {
    return celsius >= 0 ? (uint64_t)(celsius + 0.5) : U64_UNKNOWN;
}

static bool put_socket(struct cpu *cpu, struct arena *arena, uint64_t socket_id, double celsius) {
    uint64_t degrees = whole_degrees(celsius);
    if (!known_u64(degrees))
        return true;
    if (!known_u64(cpu->temperature) || degrees > cpu->temperature)
        cpu->temperature = degrees;
    if (!known_u64(socket_id))
        return true;
    struct cpu_socket *socket = NULL;
    for (size_t i = 0; i < cpu->per_socket_info.n && !socket; i++)
        if (cpu->per_socket_info.at[i].socket_id == socket_id)
            socket = &cpu->per_socket_info.at[i];
    if (!socket) {
        socket = frame_add(arena, &cpu->per_socket_info.list, &socket_table);
        if (!socket)
            return false;
        socket->socket_id = socket_id;
    }
    if (!known_u64(socket->temperature) || degrees > socket->temperature)
        socket->temperature = degrees;
    return true;
}

static bool put_temperatures(const struct hwmon *h, struct cpu *cpu, struct arena *arena) {
    bool fits = true;
    for (size_t i = 0; i < h->n; i++) {
        const struct hwmon_chip *chip = &h->chips[i];
        bool labelled = false;
        uint64_t id = 0;
        for (size_t k = 0; k < chip->n; k++)
            if (sensor_package_id(chip->sensors[k].label, &id)) {
                fits = put_socket(cpu, arena, id, chip->sensors[k].value) && fits;
                labelled = true;
            }
        /* A chip that does not say whose it is: of the only socket there is, when it is the only chip. */
        id = known_u64(chip->socket_id) || h->n > 1 ? chip->socket_id : 0;
        if (!labelled)
            fits = put_socket(cpu, arena, id, chip_temperature(chip)) && fits;
    }
    return fits;
}

static int sensors_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct cpu_sensors *r = self;
    double joules = NAN;
    double watts = NAN;
    rapl_read(&r->rapl, &joules, &watts);
    if (isnan(joules) && cycle->mono_ns >= r->rapl_look_mono_ns) {
        rapl_close(&r->rapl);
        rapl_open(&r->rapl, r->sys_fd);
        rapl_read(&r->rapl, &joules, &watts);
        r->rapl_look_mono_ns = cycle->mono_ns + RAPL_AGAIN_NS;
    }
    hwmon_read(&r->hwmon, cycle->mono_ns);

    struct cpu *cpu = frame_add(&into->arena, &into->cpus.list, &cpu_table);
    if (!cpu || !put_temperatures(&r->hwmon, cpu, &into->arena))
        return error_set(err, ERR_NOMEM, "processors of a frame");
    cpu->index = 0;
    cpu->host_id = cpu->hostname = cpu->instance = cycle->host_id;
    cpu->time = cycle->time;
    cpu->energy_joules = number_round(joules, 3);
    cpu->power_consumption = number_round(watts, 2);
    if (!known_f64(cpu->energy_joules) && !known_u64(cpu->temperature))
        into->cpus.list = (struct list){.at = NULL};
    /* That powercap is root's alone is the kernel's usual way and no error of a frame: `tacho doctor` tells. */
    return 0;
}

static void explain_power(int sys_fd, struct report *report) {
    struct rapl rapl;
    rapl_open(&rapl, sys_fd);
    const char *what = "energy and power of the processors (RAPL)";
    switch (rapl.source) {
    case RAPL_POWERCAP:
        report_add(report, SECTION_CPU, READABLE, "power", NULL, "%s: %zu packages, through powercap", what, rapl.n);
        break;
    case RAPL_PERF:
        report_add(report, SECTION_CPU, READABLE, "power", NULL, "%s: %zu packages, through perf", what, rapl.n);
        break;
    case RAPL_DENIED: report_add(report, SECTION_CPU, DENIED, "power", DENIED_REMEDY, "%s: no permission", what); break;
    case RAPL_NONE:
        report_add(report, SECTION_CPU, MISSING, "power",
            "on a bare machine: modprobe intel_rapl_msr (it serves AMD as well); virtual machines have none",
            "%s: the kernel shows no counters", what);
        break;
    }
    rapl_close(&rapl);
}

static void explain_temperature(int sys_fd, struct report *report) {
    struct hwmon *h = calloc(1, sizeof *h);
    if (!h)
        return;
    h->sys_fd = sys_fd;
    h->side = CHIP_CPU;
    hwmon_read(h, 0);
    size_t silent = 0;
    for (size_t i = 0; i < h->n; i++)
        silent += !known_f64(chip_temperature(&h->chips[i]));
    if (h->n == 0)
        report_add(report, SECTION_CPU, MISSING, "temperature",
            "on a bare machine: modprobe coretemp (Intel) or k10temp (AMD); virtual machines have none",
            "no chip tells the temperature of the processors");
    else
        report_add(report, SECTION_CPU,
            silent == 0     ? READABLE
            : silent < h->n ? PARTLY
                            : DENIED,
            "hwmon", NULL, "%zu of %zu chips (%.*s) tell the temperature of the processors", h->n - silent, h->n,
            TEXT_ARG(h->chips[0].name));
    hwmon_done(h);
    free(h);
}

static void sensors_explain(const struct collect_options *options, struct report *report) {
    int sys_fd CLEANUP(file_close) = -1;
    if (kernel_dir_open(options->roots.sysfs, &sys_fd, NULL) < 0)
        return;
    explain_power(sys_fd, report);
    explain_temperature(sys_fd, report);
}

const struct collector cpu_sensors_collector = {
    .name = "processor sensors",
    .section = SECTION_CPU,
    .may_block = true,
    .open = sensors_open,
    .sample = sensors_sample,
    .close = sensors_close,
    .explain = sensors_explain,
};
