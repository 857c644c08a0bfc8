/* fuzz/fuzz_collect_parse.c: the kernel's texts, mangled: the first byte picks the parser. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/cpu_identity.h"
#include "collect/cpu_stat.h"
#include "collect/infiniband.h"
#include "collect/kernel_file.h"
#include "collect/memory_parse.h"
#include "collect/mounts.h"
#include "collect/network_parse.h"
#include "collect/pressure.h"
#include "collect/process/parse.h"
#include "collect/process/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

/* A piece that a parser hands out lies inside what it was given. */
static void check_inside(struct text piece, struct text whole) {
    check(
        !piece.at || piece.len == 0 ||
        (piece.at >= whole.at && piece.len <= whole.len && piece.at - whole.at <= (ptrdiff_t)(whole.len - piece.len)));
}

static void check_share(double percent) {
    check(isnan(percent) || (percent >= 0 && percent <= 100));
}

/* Two readings, the halves of the input: shares of time stay between 0 and 100 whatever the counters did. */
static void run_cpu_stat(struct text t) {
    struct cpu_stat before = {.n = 0};
    struct cpu_stat after = {.n = 0};
    struct text first = {t.at, t.len / 2};
    struct text second = {t.at + t.len / 2, t.len - t.len / 2};
    if (cpu_stat_parse(first, &before, NULL) == 0 && cpu_stat_parse(second, &after, NULL) == 0) {
        struct cpu_shares shares = cpu_shares(&before.all, &after.all);
        check_share(shares.busy);
        for (size_t i = 0; i < CPU_STATES; i++)
            check_share(shares.percent[i]);
    }
    cpu_stat_done(&before);
    cpu_stat_done(&after);
}

static void run_cpuinfo(struct text t) {
    struct cpu_identity id = {.n = 0};
    struct cpu_thread_times threads[4] = {{.id = 0}, {.id = 1}, {.id = 2}, {.id = 7}};
    struct cpu_stat stat = {.threads = threads, .n = 4, .cap = 4};
    if (cpu_identity_read(&id, &stat, t, -1, NULL) == 0) {
        check(memchr(id.model, '\0', sizeof id.model) && memchr(id.vendor, '\0', sizeof id.vendor));
        check(!known_u64(id.cores) || (id.cores > 0 && id.cores <= 4));
    }
    cpu_identity_done(&id);
}

static void run_memory(struct text t) {
    struct memory memory;
    struct numa_node node;
    field_clear(&memory_table, &memory);
    field_clear(&numa_table, &node);
    memory_parse_meminfo(t, &memory);
    memory_parse_vmstat(t, &memory);
    memory_parse_node(t, &node);
    check_share(memory.utilization);
    check(!known_u64(memory.used_bytes) || memory.used_bytes <= memory.total_bytes);
}

static void run_mounts(struct text t, bool old_form) {
    static struct mount mounts[MOUNTS_MAX];
    char *copy = malloc(t.len ? t.len : 1);
    if (!copy)
        return;
    if (t.len)
        memcpy(copy, t.at, t.len);
    struct text whole = {copy, t.len};
    size_t n = mounts_parse(copy, t.len, old_form, mounts);
    check(n <= MOUNTS_MAX);
    for (size_t i = 0; i < n; i++) {
        check_inside(mounts[i].point, whole);
        check_inside(mounts[i].source, whole);
        check(mounts[i].point.len > 0 && mounts[i].point.len <= MOUNT_PATH_MAX && mounts[i].point.at[0] == '/');
    }
    free(copy);
}

static void run_process(struct text t) {
    struct process_stat stat;
    uint64_t read = 0;
    uint64_t write = 0;
    if (process_parse_stat(t, &stat))
        check(stat.comm_len <= PROCESS_COMM_MAX && (int64_t)stat.rss_pages >= 0);
    (void)process_parse_io(t, &read, &write);
}

static void run_cgroup(struct text t) {
    struct text path = process_parse_cgroup(t);
    check_inside(path, t);
    struct workload w = workload_of_cgroup(path);
    check_inside(w.unit, path);
    check_inside(w.container, path);
    check(memchr(w.job, '\0', sizeof w.job) != NULL);
}

static void run_cmdline(struct text t) {
    char *copy = malloc(t.len ? t.len : 1);
    if (!copy)
        return;
    if (t.len)
        memcpy(copy, t.at, t.len);
    struct text line = process_parse_cmdline(copy, t.len);
    check(line.len <= t.len && (line.len == 0 || !memchr(line.at, '\0', line.len)));
    free(copy);
}

static void run_lists(struct text t) {
    uint64_t first = 0;
    uint64_t last = 0;
    struct text rest = t;
    while (kernel_range(&rest, &first, &last))
        check(first <= last);
    struct disk disk;
    for (rest = t; disk_next(&rest, &disk);)
        check_inside(disk.name, t);
    struct network network;
    for (rest = t; network_next(&rest, &network);)
        check_inside(network.name, t);
    (void)infiniband_parse_rate(t);
    (void)pressure_parse(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct text t = {(const char *)data + 1, size - 1};
    switch (data[0] % 9) {
    case 0: run_cpu_stat(t); break;
    case 1: run_cpuinfo(t); break;
    case 2: run_memory(t); break;
    case 3: run_mounts(t, false); break;
    case 4: run_mounts(t, true); break;
    case 5: run_process(t); break;
    case 6: run_cgroup(t); break;
    case 7: run_cmdline(t); break;
    default: run_lists(t); break;
    }
    return 0;
}
