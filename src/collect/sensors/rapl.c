/* collect/sensors/rapl.c: the energy of the processor packages out of the kernel's power capping zones. */
#include "collect/sensors/rapl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "collect/kernel_file.h"

#define JOULES_PER_UJ 1e-6

/* "intel-rapl:0" of control type "intel-rapl", and not "intel-rapl:0:1", a zone inside it. AMD's are called so as well. */
static bool is_package_entry(struct text entry, const char *type) {
    struct text first;
    uint64_t number = 0;
    return text_cut(&entry, ':', &first) && text_is(first, type) && known_text(entry) && text_u64(entry, &number);
}

static bool has_zone(const struct rapl *r, struct text name) {
    for (size_t i = 0; i < r->n; i++)
        if (text_is(name, r->zones[i].name))
            return true;
    return false;
}

static void add_zone(struct rapl *r, int class_fd, const char *entry) {
    char buf[KERNEL_VALUE_MAX];
    char file[300];
    struct text name = kernel_text(class_fd, buf, "%s/name", entry);
    if (!known_text(name) || !text_starts(name, "package-") || name.len >= RAPL_NAME_MAX || r->n == RAPL_ZONES_MAX ||
        has_zone(r, name))
        return;
    (void)snprintf(file, sizeof file, "%s/energy_uj", entry);
    int fd = openat(class_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == EACCES || errno == EPERM)
            r->source = RAPL_DENIED;
        return;
    }
    uint64_t range = kernel_u64(class_fd, "%s/max_energy_range_uj", entry);
    struct rapl_zone *zone = &r->zones[r->n++];
    *zone = (struct rapl_zone){.fd = fd, .joules_per_count = JOULES_PER_UJ};
    memcpy(zone->name, name.at, name.len);
    zone->energy.range_joules = known_u64(range) ? (double)range * JOULES_PER_UJ : 0;
}

static void open_type(struct rapl *r, int class_fd, const char *type) {
    int fd = openat(class_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        file_close(&fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (is_package_entry(text_of(entry->d_name), type))
            add_zone(r, class_fd, entry->d_name);
    (void)closedir(dir);
}

void rapl_open(struct rapl *r, int sys_fd) {
    /* The same counters are seen through the model specific registers and, on some, through mapped memory: one of them. */
    static const char *const types[] = {"intel-rapl", "intel-rapl-mmio"};
    int class_fd CLEANUP(file_close) = -1;
    *r = (struct rapl){.source = RAPL_NONE};
    if (kernel_dir_open_at(sys_fd, "class/powercap", &class_fd, NULL) == 0)
        for (size_t i = 0; i < COUNT_OF(types) && r->n == 0; i++)
            open_type(r, class_fd, types[i]);
    /* Packages that cannot all be read would make a sum that is too small. */
    if (r->source == RAPL_DENIED)
        rapl_close(r);
    else if (r->n > 0)
        r->source = RAPL_POWERCAP;
    if (r->n > 0)
        return;
    struct error why = {.os_errno = 0};
    bool denied = r->source == RAPL_DENIED;
    if (rapl_open_perf(r, sys_fd, &why) == 0)
        r->source = RAPL_PERF;
    else
        r->source = denied || why.os_errno == EACCES || why.os_errno == EPERM ? RAPL_DENIED : RAPL_NONE;
}

void rapl_close(struct rapl *r) {
    for (size_t i = 0; i < r->n; i++)
        file_close(&r->zones[i].fd);
    r->n = 0;
}

/* What the counter stands at, in its own counts; NAN when it cannot be read. */
static double read_count(const struct rapl *r, const struct rapl_zone *zone) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t count = 0;
    if (r->source == RAPL_PERF)
        return read(zone->fd, &count, sizeof count) == (ssize_t)sizeof count ? (double)count : NAN;
    struct text text = kernel_text_fd(zone->fd, buf);
    return known_text(text) && text_u64(text, &count) ? (double)count : NAN;
}

void rapl_read(struct rapl *r, double *ret_joules, double *ret_watts) {
    double joules = r->n > 0 ? 0 : NAN;
    double watts = joules;
    for (size_t i = 0; i < r->n; i++) {
        struct rapl_zone *zone = &r->zones[i];
        double count = read_count(r, zone);
        if (isnan(count)) {
            joules = watts = NAN;
            continue;
        }
        watts += energy_take(&zone->energy, count * zone->joules_per_count, clock_mono_ns());
        joules += zone->energy.joules;
    }
    /* Virtual machines have counters that never move: no processor runs on nothing. */
    *ret_watts = watts > 0 ? watts : NAN;
    *ret_joules = joules > 0 || watts > 0 ? joules : NAN;
}
