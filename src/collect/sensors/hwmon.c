/* collect/sensors/hwmon.c: reads sensor chips: all of them often, slow ones rarely. */
#include "collect/sensors/hwmon.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "collect/kernel_file.h"
#include "collect/sensors/hwmon_find.h"

enum { SLOW_SHARE = 100 }; /* a slow chip takes one part in so many of the time */

/* A power supply tells the voltage that comes in: of the mains, not of the 12 V that a regulator on the board is fed with. */
#define MAINS_VOLTS 60

static bool says_fault(int fd) {
    char buf[KERNEL_VALUE_MAX];
    struct text text = fd >= 0 ? kernel_text_fd(fd, buf) : TEXT("0");
    return known_text(text) && text_is(text, "1");
}

/* False when the chip is not there any more. */
static bool read_sensor(struct hwmon_sensor *s) {
    char buf[KERNEL_VALUE_MAX];
    s->value = NAN;
    s->faulty = says_fault(s->fault_fd);
    if (s->faulty)
        return true;
    struct text text = kernel_text_fd(s->fd, buf);
    if (!known_text(text))
        return errno != ENODEV && errno != ENXIO;
    s->value = sensor_parse(s->kind, text);
    return true;
}

static bool read_chip(struct hwmon_chip *chip, int64_t mono_ns) {
    bool there = true;
    int64_t began = clock_mono_ns();
    for (size_t i = 0; i < chip->n; i++) {
        struct hwmon_sensor *s = &chip->sensors[i];
        there = read_sensor(s) && there;
        chip->supply = chip->supply || (s->kind == SENSOR_VOLTAGE && s->value >= MAINS_VOLTS);
    }
    int64_t took = clock_mono_ns() - began;
    if (took > HWMON_SLOW_NS)
        chip->due_mono_ns = mono_ns + (took < HWMON_LOOK_NS / SLOW_SHARE ? took * SLOW_SHARE : HWMON_LOOK_NS);
    if (text_is(chip->name, "drivetemp"))
        chip->due_mono_ns = mono_ns + HWMON_DISK_NS;
    return there;
}

void hwmon_read(struct hwmon *h, int64_t mono_ns) {
    if (mono_ns >= h->look_mono_ns) {
        hwmon_find(h);
        h->look_mono_ns = mono_ns + HWMON_LOOK_NS;
    }
    for (size_t i = 0; i < h->n; i++)
        if (mono_ns >= h->chips[i].due_mono_ns && !read_chip(&h->chips[i], mono_ns)) {
            h->seen = 0;
            h->look_mono_ns = mono_ns + HWMON_GONE_NS;
        }
}

void hwmon_done(struct hwmon *h) {
    hwmon_forget(h);
    arena_done(&h->arena);
}
