/* collect/process/explain.c: tells how processes are read here, and why not better. */
#include "collect/process/explain.h"

#include "base/file.h"
#include "collect/kernel_file.h"
#include "collect/process/exit_stream.h"
#include "collect/process/table.h"

static void explain_method(const struct collect_options *options, int proc_fd, struct report *report) {
    static const char remedy[] =
        "root, or CAP_BPF and CAP_PERFMON, on Linux 5.8 or newer with BTF (CONFIG_DEBUG_INFO_BTF)";
    struct process_table *table = NULL;
    struct bpf_tasks *tasks = NULL;
    struct error err = {.text = ""};
    if (!process_table_can_probe(proc_fd)) {
        report_add(report, SECTION_PROCESS, READABLE, "method", "procfs of our own process namespace costs less",
            "reads stat of every process: procfs is of another process namespace, or a copy");
        return;
    }
    int status = bpf_tasks_open(options->roots.sysfs, &tasks, &err);
    if (status == 0)
        status = process_table_create(proc_fd, PROCESS_PROBE, &table, &err);
    if (status == 0 && (status = process_table_use_bpf(table, tasks, &err)) == 0)
        tasks = NULL;
    if (status == 0)
        report_add(report, SECTION_PROCESS, READABLE, "method", NULL,
            "BPF task iterator, from the third frame on; before that, a clock of each process");
    else
        report_add(report, SECTION_PROCESS, READABLE, "method", remedy,
            "a clock of each process, which costs more than the BPF task iterator: %s", err.text);
    bpf_tasks_close(tasks);
    process_table_destroy(table);
}

static void explain_exits(const struct collect_options *options, int proc_fd, struct report *report) {
    static const char source[] = "ended processes";
    struct exit_stream *stream = NULL;
    struct error err = {.text = ""};
    if (!process_table_can_probe(proc_fd) || !process_table_is_first(proc_fd)) {
        report_add(report, SECTION_PROCESS, MISSING, source,
            "run in the machine's first process namespace (--pid=host)",
            "those that end between two frames are not seen: the kernel tells only the machine's first process "
            "namespace");
        return;
    }
    if (exit_stream_open(options->roots.sysfs, &stream, &err) < 0)
        report_add(report, SECTION_PROCESS, DENIED, source, "root or CAP_NET_ADMIN",
            "those that end between two frames are not seen: %s", err.text);
    else if (exit_stream_has_figures(stream))
        report_add(
            report, SECTION_PROCESS, READABLE, source, NULL, "with processor time, peak memory and status (taskstats)");
    else
        report_add(report, SECTION_PROCESS, PARTLY, source, "root or CAP_NET_ADMIN, on Linux 5.19 or newer",
            "status and what was last known of them (proc connector); short-lived ones are not seen");
    exit_stream_close(stream);
}

void process_explain(const struct collect_options *options, struct report *report) {
    struct error err = {.text = ""};
    int proc_fd CLEANUP(file_close) = -1;
    if (kernel_dir_open(options->roots.procfs, &proc_fd, &err) < 0) {
        report_add(report, SECTION_PROCESS, DENIED, "procfs", "mount procfs", "%s", err.text);
        return;
    }
    if (!known_text(kernel_text(proc_fd, (char[KERNEL_VALUE_MAX]){0}, "loadavg"))) {
        report_add(report, SECTION_PROCESS, MISSING, "method", "mount procfs, or name it with --procfs",
            "no processes: %s is no procfs", options->roots.procfs);
        return;
    }
    explain_method(options, proc_fd, report);
    explain_exits(options, proc_fd, report);
}
