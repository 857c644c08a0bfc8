/* collect/gpu/sensors.c: reads a card's sensors. */
#include "collect/gpu/sensors.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

enum { SENSORS_MAX = 32 }; /* of one kind, with holes between */

#define ENERGY_INTERVAL_MIN_NS (20 * NS_PER_MS) /* the counters move once in a millisecond or so … */
#define ENERGY_STANDS_NS                                                                                               \
    (5 * NS_PER_SECOND) /* … and at the latest after this time, or what follows from them is over */

static uint64_t celsius(uint64_t millidegrees) { /* below zero is no number here, so unknown as well */
    return millidegrees <= SENSOR_CELSIUS_MAX * 1000U ? (millidegrees + 500) / 1000 : U64_UNKNOWN;
}

static double watts(uint64_t microwatts) {
    return microwatts <= SENSOR_WATTS_MAX * UINT64_C(1000000) ? number_round((double)microwatts / 1e6, 3) : NAN;
}

/* A limit of nothing is one that is switched off. */
static double limit(uint64_t microwatts) {
    return microwatts > 0 ? watts(microwatts) : NAN;
}

/* The driver's own folder; some have another for every tile, "i915_gt0". */
static int open_folder(int card_fd, const char *driver) {
    int fd CLEANUP(file_close) = -1;
    int found = -1;
    if (kernel_dir_open_at(card_fd, "device/hwmon", &fd, NULL) < 0)
        return -1;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return -1;
    (void)file_steal(&fd);
    for (const struct dirent *entry; found < 0 && (entry = readdir(dir));) {
        char buf[KERNEL_VALUE_MAX];
        if (strncmp(entry->d_name, "hwmon", 5) == 0 &&
            text_is(kernel_text(dirfd(dir), buf, "%s/name", entry->d_name), driver) &&
            kernel_dir_open_at(dirfd(dir), entry->d_name, &found, NULL) < 0)
            found = -1;
    }
    (void)closedir(dir);
    return found;
}

static bool is_there(int fd, const char *kind, unsigned number) {
    char name[32];
    (void)snprintf(name, sizeof name, "%s%u_input", kind, number);
    return faccessat(fd, name, F_OK, 0) == 0;
}

/* The sensor labelled `best`, or the first one whose label does not begin with any of `unlike` (NULL at the end). */
static unsigned find(int fd, const char *kind, const char *best, const char *const *unlike) {
    unsigned found = SENSOR_NONE;
    for (unsigned i = 1; i <= SENSORS_MAX; i++) {
        char buf[KERNEL_VALUE_MAX];
        bool fits = true;
        if (!is_there(fd, kind, i))
            continue;
        struct text label = kernel_text(fd, buf, "%s%u_label", kind, i);
        if (text_is(label, best))
            return i;
        for (size_t k = 0; unlike[k]; k++)
            fits = fits && !text_starts(label, unlike[k]);
        if (fits && found == SENSOR_NONE)
            found = i;
    }
    return found;
}

static unsigned find_labelled(int fd, const char *kind, const char *label) {
    char buf[KERNEL_VALUE_MAX];
    for (unsigned i = 1; i <= SENSORS_MAX; i++)
        if (is_there(fd, kind, i) && text_is(kernel_text(fd, buf, "%s%u_label", kind, i), label))
            return i;
    return SENSOR_NONE;
}

void gpu_sensors_open(int card_fd, const char *driver, struct gpu_sensors *ret) {
    static const char *const not_the_chip[] = {"vram", "mem", "mctrl", "pcie", NULL};
    static const char *const none[] = {NULL};
    *ret = (struct gpu_sensors){.fd = open_folder(card_fd, driver), .energy_uj = U64_UNKNOWN, .watts = NAN};
    if (ret->fd < 0)
        return;
    ret->temp = find(ret->fd, "temp", "pkg", not_the_chip);
    ret->memory_temp = find_labelled(ret->fd, "temp", "vram");
    ret->energy = find(ret->fd, "energy", "card", none);
}

void gpu_sensors_close(struct gpu_sensors *s) {
    file_close(&s->fd);
}

static void read_temperatures(const struct gpu_sensors *s, struct gpu *gpu) {
    if (s->temp != SENSOR_NONE) {
        gpu->temperature = celsius(kernel_u64(s->fd, "temp%u_input", s->temp));
        gpu->temperature_threshold_slowdown = celsius(kernel_u64(s->fd, "temp%u_crit", s->temp));
        gpu->temperature_threshold_shutdown = celsius(kernel_u64(s->fd, "temp%u_emergency", s->temp));
    }
    if (s->memory_temp != SENSOR_NONE)
        gpu->memory_temperature = celsius(kernel_u64(s->fd, "temp%u_input", s->memory_temp));
}

/* A counter that fell has begun anew. One that stands still is one that is not brought up to date so often, or not at all: a card
 * that is awake draws something. */
static void follow_energy(struct gpu_sensors *s, uint64_t energy_uj) {
    int64_t now_ns = clock_mono_ns();
    int64_t interval_ns = now_ns - s->energy_mono_ns;
    if (known_u64(s->energy_uj) && energy_uj == s->energy_uj && interval_ns < ENERGY_STANDS_NS)
        return;
    if (known_u64(s->energy_uj) && known_u64(energy_uj) && interval_ns < ENERGY_INTERVAL_MIN_NS)
        return;
    bool follows = known_u64(s->energy_uj) && known_u64(energy_uj) && energy_uj > s->energy_uj;
    double drawn = follows ? (double)(energy_uj - s->energy_uj) * 1e3 / (double)interval_ns : NAN;
    s->watts = drawn <= SENSOR_WATTS_MAX ? number_round(drawn, 3) : NAN;
    s->energy_uj = energy_uj;
    s->energy_mono_ns = now_ns;
}

static void read_power(struct gpu_sensors *s, struct gpu *gpu) {
    uint64_t energy_uj = s->energy != SENSOR_NONE ? kernel_u64(s->fd, "energy%u_input", s->energy) : U64_UNKNOWN;
    follow_energy(s, energy_uj);
    if (known_u64(energy_uj))
        gpu->energy_joules = (double)energy_uj / 1e6;
    gpu->power_consumption = watts(kernel_u64(s->fd, "power1_input"));
    if (isnan(gpu->power_consumption))
        gpu->power_consumption = watts(kernel_u64(s->fd, "power1_average"));
    if (isnan(gpu->power_consumption))
        gpu->power_consumption = s->watts;
    /* The whole card's limit, or that of the chip on it; what is averaged over a long time, or a short one. */
    for (unsigned i = 1; i <= 2 && isnan(gpu->power_limit_watts); i++) {
        gpu->power_limit_watts = limit(kernel_u64(s->fd, "power%u_max", i));
        if (isnan(gpu->power_limit_watts))
            gpu->power_limit_watts = limit(kernel_u64(s->fd, "power%u_cap", i));
    }
}

static void read_fans(const struct gpu_sensors *s, struct gpu *gpu) {
    for (unsigned i = 1; i <= SENSOR_FANS_MAX; i++) {
        uint64_t rpm = kernel_u64(s->fd, "fan%u_input", i);
        if (rpm > SENSOR_RPM_MAX || (known_u64(gpu->fan_speed_rpm) && rpm <= gpu->fan_speed_rpm))
            continue;
        uint64_t most = kernel_u64(s->fd, "fan%u_max", i);
        bool has_most = most > 0 && most <= SENSOR_RPM_MAX && rpm <= most;
        gpu->fan_speed_rpm = rpm;
        gpu->fan_speed_percent = has_most ? (rpm * 100 + most / 2) / most : U64_UNKNOWN;
    }
}

void gpu_sensors_read(struct gpu_sensors *s, struct gpu *gpu) {
    if (s->fd < 0)
        return;
    read_temperatures(s, gpu);
    read_power(s, gpu);
    read_fans(s, gpu);
}

double gpu_sensors_rated_watts(const struct gpu_sensors *s) {
    return s->fd < 0 ? NAN : limit(kernel_u64(s->fd, "power1_rated_max"));
}
