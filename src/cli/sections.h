/* cli/sections.h: the options of collecting that several commands share. */
#ifndef TACHO_CLI_SECTIONS_H
#define TACHO_CLI_SECTIONS_H

#include "cli/command.h"
#include "collect/collect.h"

#define SECTIONS_SAY "sections to read: gpu,cpu,memory,chassis,process,storage,network, or all"
#define PROCESSES_SAY "processes to keep: notable (GPU users, and the top 50 by CPU, by memory and by I/O), all, gpu, top:N"

/* Where a command finds the machine: members of its values, and their option rows. */
struct place_values {
    const char *procfs, *sysfs, *rootfs, *nvml;
};
#define PLACE_OPTIONS(T, member)                                                                                       \
    {.name = "procfs", .type = OPTION_TEXT, .offset = offsetof(T, member.procfs), .takes = "DIR",                      \
        .says = "where proc is mounted", .initial = "/proc"},                                                          \
    {.name = "sysfs", .type = OPTION_TEXT, .offset = offsetof(T, member.sysfs), .takes = "DIR",                        \
        .says = "where sysfs is mounted", .initial = "/sys"},                                                          \
    {.name = "rootfs", .type = OPTION_TEXT, .offset = offsetof(T, member.rootfs), .takes = "DIR",                      \
        .says = "where the root of the file systems to measure is seen from here", .initial = "/"},                    \
    {.name = "nvml", .type = OPTION_TEXT, .offset = offsetof(T, member.nvml), .takes = "PATH",                         \
        .says = "NVIDIA's management library, or none (default: libnvidia-ml.so.1 of this system)"}

/* What it reads there, for record and snapshot. */
struct collect_values {
    const char *include, *processes;
    struct place_values place;
};
#define COLLECT_OPTIONS(T)                                                                                             \
    {.name = "include", .type = OPTION_TEXT, .offset = offsetof(T, collect.include), .takes = "LIST",                  \
        .says = SECTIONS_SAY, .initial = "all"},                                                                       \
    {.name = "processes", .type = OPTION_TEXT, .offset = offsetof(T, collect.processes), .takes = "WHICH",             \
        .says = PROCESSES_SAY, .initial = "notable"},                                                                  \
    PLACE_OPTIONS(T, collect.place)

void place_values_read(const struct place_values *v, struct collect_options *ret);
/* -ERR_USAGE names the flag, what was wrong and what it takes. */
int collect_values_read(const struct collect_values *v, struct collect_options *ret, struct error *err) NODISCARD;

#endif
