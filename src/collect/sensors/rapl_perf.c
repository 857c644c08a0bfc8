/* collect/sensors/rapl_perf.c: the same energy counters through perf, for machines where powercap is root's alone. */
#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"
#include "collect/sensors/rapl.h"

enum { CPU_MAX = 1 << 20 }; /* numbers of processors above are none */

bool rapl_parse_event(struct text t, uint64_t *ret) {
    struct text key;
    uint64_t value = 0;
    if (!text_cut(&t, '=', &key) || !text_is(key, "event") || !known_text(t) || !text_starts(t, "0x"))
        return known_text(t) && text_is(key, "event") && text_u64(t, ret);
    t.at += 2;
    t.len -= 2;
    if (t.len == 0 || t.len > 16)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    *ret = value;
    return true;
}

/* Counts for the whole package, whatever runs: a package's counter cannot tell who used the energy. */
static int count_on(uint64_t type, uint64_t config, uint64_t cpu) {
    struct perf_event_attr attr = {.type = (uint32_t)type, .size = sizeof attr, .config = config};
    return (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_counters(
    struct rapl *r, uint64_t type, uint64_t config, double scale, struct text cpus, struct error *err) {
    for (uint64_t first, last; kernel_range(&cpus, &first, &last);)
        for (uint64_t cpu = first; cpu <= last && cpu < CPU_MAX && r->n < RAPL_ZONES_MAX; cpu++) {
            int fd = count_on(type, config, cpu);
            if (fd < 0) {
                int why = errno;
                rapl_close(r);
                return error_os(err, why, "count energy with perf");
            }
            struct rapl_zone *zone = &r->zones[r->n++];
            *zone = (struct rapl_zone){.fd = fd, .joules_per_count = scale};
            (void)snprintf(zone->name, sizeof zone->name, "cpu%u", (unsigned)cpu);
        }
    return r->n > 0 ? 0 : error_set(err, ERR_ABSENT, "perf names no processor to count energy on");
}

int rapl_open_perf(struct rapl *r, int sys_fd, struct error *err) {
    char buf[KERNEL_VALUE_MAX];
    int unit_fd CLEANUP(file_close) = -1;
    int status = kernel_dir_open_at(sys_fd, "bus/event_source/devices/power", &unit_fd, err);
    if (status < 0)
        return status;
    uint64_t type = kernel_u64(unit_fd, "type");
    uint64_t config = 0;
    double scale = 0;
    struct text layout = kernel_text(unit_fd, buf, "format/event");
    bool plain = known_text(layout) && text_is(layout, "config:0-7");
    struct text event = kernel_text(unit_fd, buf, "events/energy-pkg");
    bool known = known_text(event) && rapl_parse_event(event, &config) && config < 256;
    struct text unit = kernel_text(unit_fd, buf, "events/energy-pkg.unit");
    known = known && known_text(unit) && text_is(unit, "Joules");
    struct text factor = kernel_text(unit_fd, buf, "events/energy-pkg.scale");
    known = known && known_text(factor) && text_f64(factor, &scale) && scale > 0 && scale < 1;
    if (!plain || !known || !known_u64(type) || type > UINT32_MAX)
        return error_set(err, ERR_ABSENT, "perf has no energy of processor packages");
    struct text cpus = kernel_text(unit_fd, buf, "cpumask");
    return open_counters(r, type, config, scale, known_text(cpus) ? cpus : (struct text){"", 0}, err);
}
