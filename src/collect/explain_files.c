/* collect/explain_files.c: which of the kernel's plain files can be read here. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/explain.h"

enum root { PROC, SYS };

static const struct row {
    enum section section;
    const char *source;
    enum root root;
    const char *name;   /* the file, or a folder that is not empty */
    const char *says;   /* what it gives */
    const char *lacks;  /* what is not known without it */
    const char *remedy; /* where it is missing; NULL: nothing */
} rows[] = {
    {SECTION_CPU, "times", PROC, "stat", "shares of time, interrupts, context switches", "nothing about processors",
        "mount proc, or name its place with --procfs"},
    {SECTION_CPU, "identity", PROC, "cpuinfo", "model and features", "no model", NULL},
    {SECTION_CPU, "topology", SYS, "devices/system/cpu/cpu0/topology", "sockets, cores and threads", "no sockets",
        "mount sysfs, or name its place with --sysfs"},
    {SECTION_CPU, "frequency", SYS, "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "the clock of each core",
        "no clocks but those that cpuinfo has", "virtual machines have none; else the driver of cpufreq is not loaded"},
    {SECTION_CPU, "pressure", PROC, "pressure/cpu", "time that work waited for processors, memory and I/O",
        "no pressure stall information", "boot with psi=1, of a kernel with CONFIG_PSI"},
    {SECTION_MEMORY, "memory", PROC, "meminfo", "use of memory and swap", "nothing about memory",
        "mount proc, or name its place with --procfs"},
    {SECTION_MEMORY, "counters", PROC, "vmstat", "page faults, swapping, the out-of-memory killer", "no counters",
        NULL},
    {SECTION_MEMORY, "NUMA", SYS, "devices/system/node/online", "memory of each node", "no nodes",
        "a kernel without NUMA has none"},
    {SECTION_CHASSIS, "identity", SYS, "class/dmi/id/sys_vendor", "maker, product, board and firmware",
        "no DMI: the machine does not say who made it", "virtual machines and boards with a device tree have none"},
    {SECTION_STORAGE, "file systems", PROC, "self/mountinfo", "how full file systems are", "no file systems",
        "mount proc, or name its place with --procfs"},
    {SECTION_STORAGE, "block devices", PROC, "diskstats", "what disks have read and written", "no disks", NULL},
    {SECTION_NETWORK, "interfaces", PROC, "net/dev", "bytes, packets, errors and drops", "no interfaces",
        "mount proc, or name its place with --procfs"},
    {SECTION_NETWORK, "links", SYS, "class/net", "speed and state of interfaces", "neither speed nor state",
        "mount sysfs, or name its place with --sysfs"},
    {SECTION_NETWORK, "InfiniBand", SYS, "class/infiniband", "counters of ports", "no InfiniBand adapters",
        "an adapter's driver (mlx5_ib, say) makes them"},
};

/* 0 when there is something to read: else why not. */
static int try_it(int dir_fd, const char *name) {
    char byte = 0;
    int fd CLEANUP(file_close) = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    ssize_t n = read(fd, &byte, 1);
    return n < 0 && errno != EISDIR ? errno : n == 0 ? ENODATA : 0;
}

void explain_files(const struct collect_options *options, struct report *report) {
    const char *paths[] = {[PROC] = options->roots.procfs, [SYS] = options->roots.sysfs};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        int fd CLEANUP(file_close) = open(paths[row->root], O_PATH | O_DIRECTORY | O_CLOEXEC);
        int failed = fd < 0 ? errno : try_it(fd, row->name);
        if (failed == 0)
            report_add(report, row->section, READABLE, row->source, NULL, "%s", row->says);
        else if (failed == ENOENT || failed == ENOTDIR)
            report_add(report, row->section, MISSING, row->source, row->remedy, "%s: there is no %s/%s", row->lacks,
                paths[row->root], row->name);
        else
            report_add(report, row->section, DENIED, row->source, failed == EOPNOTSUPP ? row->remedy : NULL,
                "%s: %s/%s: %s", row->lacks, paths[row->root], row->name, strerror(failed));
    }
}
