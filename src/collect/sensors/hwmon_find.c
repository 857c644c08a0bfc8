/* collect/sensors/hwmon_find.c: finds the sensor chips that are there, names them for good and opens their files. */
#include "collect/sensors/hwmon_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"

enum property { INPUT = 1, AVERAGE = 2, LABEL = 4, FAULT = 8, MAX = 16 };

struct found { /* a sensor, by its attributes */
    enum sensor_kind kind;
    unsigned channel, properties;
};

static const char *const kind_names[SENSOR_KINDS] = {"temp", "fan", "power", "in"};

void hwmon_forget(struct hwmon *h) {
    for (size_t i = 0; i < h->n; i++)
        for (size_t k = 0; k < h->chips[i].n; k++) {
            file_close(&h->chips[i].sensors[k].fd);
            file_close(&h->chips[i].sensors[k].fault_fd);
        }
    h->n = h->n_sensors = 0;
    arena_reset(&h->arena);
}

static DIR *list(int dir_fd, const char *name) {
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir)
        file_close(&fd);
    return dir;
}

static struct text keep(struct hwmon *h, struct text t) {
    return arena_text(&h->arena, (struct text){t.at, t.len < HWMON_TEXT_MAX ? t.len : HWMON_TEXT_MAX});
}

static unsigned property_of(struct text t) {
    return text_is(t, "input")     ? INPUT
           : text_is(t, "average") ? AVERAGE
           : text_is(t, "label")   ? LABEL
           : text_is(t, "fault")   ? FAULT
                                   : MAX;
}

static int by_channel(const void *a, const void *b) {
    const struct found *x = a;
    const struct found *y = b;
    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : (x->channel > y->channel) - (x->channel < y->channel);
}

static size_t find_sensors(int chip_fd, struct found found[HWMON_CHIP_SENSORS_MAX]) {
    size_t n = 0;
    DIR *dir = list(chip_fd, ".");
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        struct sensor_attribute attribute;
        if (!sensor_parse_attribute(text_of(entry->d_name), &attribute))
            continue;
        size_t i = 0;
        while (i < n && (found[i].kind != attribute.kind || found[i].channel != attribute.channel))
            i++;
        if (i == HWMON_CHIP_SENSORS_MAX)
            continue;
        if (i == n)
            found[n++] = (struct found){attribute.kind, attribute.channel, 0};
        found[i].properties |= property_of(attribute.property);
    }
    if (dir)
        (void)closedir(dir);
    qsort(found, n, sizeof *found, by_channel);
    return n;
}

static int open_property(int chip_fd, const struct found *found, const char *property) {
    char name[64];
    (void)snprintf(name, sizeof name, "%s%u_%s", kind_names[found->kind], found->channel, property);
    return openat(chip_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool wanted(const struct hwmon *h, struct text chip, enum sensor_kind kind, struct text label) {
    if (h->side == CHIP_CPU)
        return kind == SENSOR_TEMPERATURE && sensor_is_package(chip, label);
    return kind != SENSOR_VOLTAGE || text_is(label, "vin"); /* tells power supplies from regulators on the board */
}

static void add_sensor(struct hwmon *h, struct hwmon_chip *chip, int chip_fd, const struct found *found) {
    char buf[KERNEL_VALUE_MAX];
    char plain[32];
    bool average = found->kind == SENSOR_POWER && found->properties & AVERAGE;
    struct text label = {NULL, 0};
    if (found->properties & LABEL)
        label = kernel_text(chip_fd, buf, "%s%u_label", kind_names[found->kind], found->channel);
    if (!(found->properties & INPUT || average) || !wanted(h, chip->name, found->kind, label) ||
        h->n_sensors == HWMON_SENSORS_MAX)
        return;
    int fd = open_property(chip_fd, found, average ? "average" : "input");
    if (fd < 0)
        return;
    (void)snprintf(plain, sizeof plain, "%s%u", kind_names[found->kind], found->channel);
    struct hwmon_sensor *s = &chip->sensors[chip->n++];
    *s = (struct hwmon_sensor){
        .kind = found->kind,
        .channel = found->channel,
        .label = keep(h, label.len > 0 ? label : text_of(plain)),
        .fd = fd,
        .fault_fd = found->properties & FAULT ? open_property(chip_fd, found, "fault") : -1,
        .max = NAN,
        .value = NAN,
    };
    h->n_sensors++;
    if (found->kind == SENSOR_FAN && found->properties & MAX) {
        struct text max = kernel_text(chip_fd, buf, "fan%u_max", found->channel);
        s->max = known_text(max) ? sensor_parse(SENSOR_FAN, max) : NAN;
    }
}

/* What a link points to, without the way there; unknown where there is no link. */
static struct text link_name(int dir_fd, const char *name, char buf[KERNEL_VALUE_MAX]) {
    ssize_t n = readlinkat(dir_fd, name, buf, KERNEL_VALUE_MAX);
    if (n <= 0)
        return (struct text){NULL, 0};
    struct text path = {buf, (size_t)n};
    struct text last = path;
    while (text_cut(&path, '/', &last)) {
    }
    return last;
}

static bool has_key(const struct hwmon *h, struct text key) {
    for (size_t i = 0; i < h->n; i++)
        if (text_equal(h->chips[i].key, key))
            return true;
    return false;
}

/* Chips on a bus are told apart by the device that they belong to; one of the board needs its name only. */
static struct text make_key(struct hwmon *h, int chip_fd, struct text name, const char *entry) {
    char device_buf[KERNEL_VALUE_MAX];
    char bus_buf[KERNEL_VALUE_MAX];
    char key[2 * HWMON_TEXT_MAX];
    struct text device = link_name(chip_fd, "device", device_buf);
    struct text bus = link_name(chip_fd, "device/subsystem", bus_buf);
    bool board = !known_text(bus) || text_is(bus, "platform") || text_is(bus, "acpi") || text_is(bus, "thermal");
    if (board && !has_key(h, name))
        return name;
    if (!known_text(device))
        device = text_of(entry);
    (void)snprintf(key, sizeof key, "%.*s %.*s", (int)name.len, name.at,
        (int)(device.len < HWMON_TEXT_MAX ? device.len : HWMON_TEXT_MAX - 1), device.at);
    return arena_text(&h->arena, text_of(key));
}

/* The socket of the processor that a PCI device is part of; the node that it is local to leads there. */
static uint64_t find_socket(const struct hwmon *h, int chip_fd) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t first = 0;
    uint64_t last = 0;
    if (!known_u64(kernel_u64(chip_fd, "device/numa_node")))
        return U64_UNKNOWN;
    struct text cpus = kernel_text(chip_fd, buf, "device/local_cpulist");
    if (!known_text(cpus) || !kernel_range(&cpus, &first, &last))
        return U64_UNKNOWN;
    return kernel_u64(h->sys_fd, "devices/system/cpu/cpu%" PRIu64 "/topology/physical_package_id", first);
}

/* Files of drivers of the older interface are the device's own. */
static int open_chip(int class_fd, const char *entry, char name[KERNEL_VALUE_MAX], struct text *ret) {
    int chip_fd CLEANUP(file_close) = -1;
    int device_fd CLEANUP(file_close) = -1;
    if (kernel_dir_open_at(class_fd, entry, &chip_fd, NULL) < 0)
        return -1;
    *ret = kernel_text(chip_fd, name, "name");
    if (ret->len > 0)
        return file_steal(&chip_fd);
    if (kernel_dir_open_at(chip_fd, "device", &device_fd, NULL) < 0)
        return -1;
    *ret = kernel_text(device_fd, name, "name");
    return ret->len > 0 ? file_steal(&device_fd) : -1;
}

/* The chip as it is before it has sensors; NULL when memory runs out. */
static struct hwmon_chip *begin_chip(struct hwmon *h, struct text name, size_t sensors) {
    struct hwmon_chip *chip = &h->chips[h->n];
    *chip = (struct hwmon_chip){.name = keep(h, name), .socket_id = U64_UNKNOWN};
    chip->sensors = arena_alloc(&h->arena, sensors * sizeof *chip->sensors);
    return chip->sensors && known_text(chip->name) ? chip : NULL;
}

/* Is it a chip at all, whosever? */
static bool add_chip(struct hwmon *h, int class_fd, const char *entry) {
    char buf[KERNEL_VALUE_MAX];
    struct text name = {NULL, 0};
    struct found found[HWMON_CHIP_SENSORS_MAX];
    int chip_fd CLEANUP(file_close) = open_chip(class_fd, entry, buf, &name);
    if (chip_fd < 0)
        return false;
    if (chip_side_of(name) != h->side || h->n == HWMON_CHIPS_MAX)
        return true;
    size_t n = find_sensors(chip_fd, found);
    struct hwmon_chip *chip = n > 0 ? begin_chip(h, name, n) : NULL;
    if (!chip)
        return true;
    int entry_fd CLEANUP(file_close) = -1;
    if (kernel_dir_open_at(class_fd, entry, &entry_fd, NULL) == 0)
        chip->key = make_key(h, entry_fd, chip->name, entry);
    if (h->side == CHIP_CPU && entry_fd >= 0)
        chip->socket_id = find_socket(h, entry_fd);
    for (size_t i = 0; i < n; i++)
        add_sensor(h, chip, chip_fd, &found[i]);
    h->n += chip->n > 0;
    return true;
}

static void add_zone(struct hwmon *h, int class_fd, const char *entry) {
    char buf[KERNEL_VALUE_MAX];
    char file[300];
    struct text type = kernel_text(class_fd, buf, "%s/type", entry);
    if (type.len == 0 || chip_side_of(type) != h->side || h->n == HWMON_CHIPS_MAX)
        return;
    struct hwmon_chip *chip = begin_chip(h, type, 1);
    (void)snprintf(file, sizeof file, "%s/temp", entry);
    int fd = chip ? openat(class_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (!chip || fd < 0)
        return;
    chip->key = has_key(h, chip->name) ? keep(h, text_of(entry)) : chip->name;
    chip->sensors[chip->n++] = (struct hwmon_sensor){
        .kind = SENSOR_TEMPERATURE, .label = TEXT("temp"), .fd = fd, .fault_fd = -1, .max = NAN, .value = NAN};
    h->n++;
    h->n_sensors++;
}

/* Which chips there are: their numbers and, so that a number used anew is noticed, what they belong to. */
static uint64_t hash_entries(int class_fd) {
    uint64_t sum = 1;
    DIR *dir = list(class_fd, ".");
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char target[512];
        ssize_t n = readlinkat(class_fd, entry->d_name, target, sizeof target);
        uint64_t hash = UINT64_C(14695981039346656037);
        for (const char *c = entry->d_name; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
        for (ssize_t i = 0; i < n; i++)
            hash = (hash ^ (unsigned char)target[i]) * UINT64_C(1099511628211);
        sum += hash; /* in whatever order they are listed */
    }
    if (dir)
        (void)closedir(dir);
    return sum;
}

static int by_key(const void *a, const void *b) {
    const struct hwmon_chip *x = a;
    const struct hwmon_chip *y = b;
    size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = n ? memcmp(x->key.at, y->key.at, n) : 0;
    return order != 0 ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

void hwmon_find(struct hwmon *h) {
    int hwmon_fd CLEANUP(file_close) = -1;
    int thermal_fd CLEANUP(file_close) = -1;
    (void)!kernel_dir_open_at(h->sys_fd, "class/hwmon", &hwmon_fd, NULL);
    (void)!kernel_dir_open_at(h->sys_fd, "class/thermal", &thermal_fd, NULL);
    uint64_t seen = (hwmon_fd >= 0 ? hash_entries(hwmon_fd) : 0) + 3 * (thermal_fd >= 0 ? hash_entries(thermal_fd) : 0);
    if (seen == h->seen)
        return;
    hwmon_forget(h);
    h->seen = seen;
    bool chips = false;
    DIR *dir = hwmon_fd >= 0 ? list(hwmon_fd, ".") : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            chips = add_chip(h, hwmon_fd, entry->d_name) || chips;
    if (dir)
        (void)closedir(dir);
    dir = !chips && thermal_fd >= 0 ? list(thermal_fd, ".") : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (text_starts(text_of(entry->d_name), "thermal_zone"))
            add_zone(h, thermal_fd, entry->d_name);
    if (dir)
        (void)closedir(dir);
    qsort(h->chips, h->n, sizeof *h->chips, by_key);
}
