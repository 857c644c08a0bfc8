/* collect/explain_system.c: who we are on this machine, what we may do, and whether all of it is in sight. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/explain.h"
#include "collect/kernel_file.h"
#include "collect/privilege.h"

static const struct capability {
    int number;
    const char *name, *gives;
} capabilities[] = {
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "I/O, environment and graphics clients of other users' processes"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "files for root alone: energy counters of processors (RAPL)"},
    {CAP_PERFMON, "CAP_PERFMON", "performance counters of processors and Intel graphics"},
    {CAP_BPF, "CAP_BPF", "all processes in one pass through the kernel (with CAP_PERFMON)"},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", "processes that end between two frames"},
};

static void explain_user(struct report *report) {
    char lacking[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (!privilege_has(capabilities[i].number) && len < sizeof lacking)
            len += (size_t)snprintf(
                lacking + len, sizeof lacking - len, "%s%s", len > 0 ? ", " : "", capabilities[i].name);
    if (len == 0)
        report_add(report, REPORT_SYSTEM, READABLE, "user", NULL, "user id %u, with every capability that readers want",
            (unsigned)geteuid());
    else
        report_add(report, REPORT_SYSTEM, PARTLY, "user",
            "run it as root, or: setcap cap_sys_ptrace,cap_dac_read_search,cap_perfmon,cap_bpf,cap_net_admin+ep "
            "PROGRAM",
            "user id %u, without %s", (unsigned)geteuid(), lacking);
    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (!privilege_has(capabilities[i].number))
            report_add(report, REPORT_SYSTEM, DENIED, capabilities[i].name, NULL, "is for %s", capabilities[i].gives);
}

static bool is_there(const char *root, const char *name) {
    int fd CLEANUP(file_close) = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat info;
    return fd >= 0 && fstatat(fd, name, &info, 0) == 0;
}

/* The first namespace of process ids has this number in every kernel. */
static void explain_container(const struct collect_options *options, struct report *report) {
    char target[64];
    int fd CLEANUP(file_close) = open(options->roots.procfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "self/ns/pid", target, sizeof target);
    bool inner = n > 0 && !text_is((struct text){target, (size_t)n}, "pid:[4026531836]");
    const char *kind = is_there(options->roots.rootfs, "run/.containerenv") ? "podman"
                       : is_there(options->roots.rootfs, ".dockerenv")      ? "docker"
                                                                            : NULL;
    if (inner)
        report_add(report, REPORT_SYSTEM, PARTLY, "container",
            "give it the host's process ids (--pid=host, hostPID), or the host's proc with --procfs",
            "a container%s%s with process ids of its own: other processes of the machine are not seen",
            kind ? " of " : "", kind ? kind : "");
    else if (n > 0)
        report_add(report, REPORT_SYSTEM, READABLE, "container", NULL, "all processes of the machine are in sight%s%s",
            kind ? ", from a container of " : "", kind ? kind : "");
}

static void explain_cgroups(const struct collect_options *options, struct report *report) {
    if (is_there(options->roots.sysfs, "fs/cgroup/cgroup.controllers"))
        report_add(report, REPORT_SYSTEM, READABLE, "control groups", NULL,
            "version 2: units, containers and jobs of processes");
    else if (is_there(options->roots.sysfs, "fs/cgroup/memory") || is_there(options->roots.sysfs, "fs/cgroup/unified"))
        report_add(report, REPORT_SYSTEM, PARTLY, "control groups", "boot with systemd.unified_cgroup_hierarchy=1",
            "version 1: units, containers and jobs as far as it names them");
    else
        report_add(report, REPORT_SYSTEM, MISSING, "control groups", NULL,
            "none in sight: processes have no unit, container or job");
}

/* What the first process, which is somebody else's unless we are root, lets us read of it. */
static void explain_others(const struct collect_options *options, struct report *report) {
    char buf[KERNEL_VALUE_MAX];
    int fd CLEANUP(file_close) = open(options->roots.procfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        report_add(report, SECTION_PROCESS, MISSING, "processes", "mount proc, or name its place with --procfs",
            "there is no %s", options->roots.procfs);
        return;
    }
    bool stat = known_text(kernel_text(fd, buf, "1/stat"));
    bool io = known_text(kernel_text(fd, buf, "1/io"));
    if (stat && io)
        report_add(report, SECTION_PROCESS, READABLE, "processes", NULL, "everybody's processes, with their I/O");
    else if (stat)
        report_add(report, SECTION_PROCESS, PARTLY, "processes", "run it as root, or with CAP_SYS_PTRACE",
            "everybody's processes, but I/O of our own ones only");
    else if (is_there(options->roots.procfs, "self/stat"))
        report_add(report, SECTION_PROCESS, PARTLY, "processes",
            "mount proc without hidepid, or with gid= of a group that we are in",
            "our own processes only: those of others are hidden");
    else
        report_add(report, SECTION_PROCESS, MISSING, "processes", "mount proc, or name its place with --procfs",
            "there are no processes in %s", options->roots.procfs);
}

void explain_system(const struct collect_options *options, struct report *report) {
    explain_user(report);
    explain_container(options, report);
    explain_cgroups(options, report);
    explain_others(options, report);
}
