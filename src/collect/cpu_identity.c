/* collect/cpu_identity.c: reads what the processors of this machine are out of sysfs and /proc/cpuinfo. */
#include "collect/cpu_identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

static void keep(char into[CPU_NAME_MAX], struct text t) {
    (void)snprintf(into, CPU_NAME_MAX, "%.*s", t.len < CPU_NAME_MAX ? (int)t.len : CPU_NAME_MAX - 1, t.at ? t.at : "");
}

static bool take_mhz(struct text value, uint64_t *ret) {
    double mhz = 0;
    if (!text_f64(value, &mhz) || mhz < 1 || mhz > 1e6)
        return false;
    *ret = (uint64_t)(mhz + 0.5);
    return true;
}

bool cpuinfo_next(struct text *rest, struct cpuinfo *ret) {
    *ret = (struct cpuinfo){.id = U64_UNKNOWN, .socket_id = U64_UNKNOWN, .core_id = U64_UNKNOWN, .mhz = U64_UNKNOWN};
    bool any = false;
    for (struct text line, key; kernel_line(rest, &line);) {
        if (text_trim(line).len == 0) {
            if (any)
                return true;
            continue;
        }
        any = true;
        if (!text_cut(&line, ':', &key))
            continue;
        key = text_trim(key);
        struct text value = text_trim(line);
        if (text_is(key, "processor"))
            (void)text_u64(value, &ret->id);
        else if (text_is(key, "model name") || text_is(key, "cpu") || text_is(key, "uarch"))
            ret->model = value;
        else if (text_is(key, "vendor_id") || text_is(key, "mvendorid"))
            ret->vendor = value;
        else if (text_is(key, "CPU implementer"))
            ret->implementer = value;
        else if (text_is(key, "CPU part"))
            ret->part = value;
        else if (text_is(key, "physical id"))
            (void)text_u64(value, &ret->socket_id);
        else if (text_is(key, "core id"))
            (void)text_u64(value, &ret->core_id);
        else if (text_is(key, "cpu MHz"))
            (void)take_mhz(value, &ret->mhz);
    }
    return any;
}

static const struct {
    const char *implementer, *part, *name;
} arm_models[] = {
    {"0x41", "0xd03", "ARM Cortex-A53"},
    {"0x41", "0xd08", "ARM Cortex-A72"},
    {"0x41", "0xd0b", "ARM Cortex-A76"},
    {"0x41", "0xd0c", "ARM Neoverse-N1"},
    {"0x41", "0xd40", "ARM Neoverse-V1"},
    {"0x41", "0xd49", "ARM Neoverse-N2"},
    {"0x41", "0xd4f", "ARM Neoverse-V2"},
    {"0x41", "0xd84", "ARM Neoverse-V3"},
    {"0x41", "0xd8e", "ARM Neoverse-N3"},
    {"0x48", "0xd01", "HiSilicon Kunpeng-920"},
    {"0xc0", "0xac3", "Ampere-1"},
    {"0xc0", "0xac4", "Ampere-1A"},
};

static const char *id_text(struct text t, char out[16]) {
    (void)snprintf(out, 16, "%.*s", t.len < 16 ? (int)t.len : 15, t.at ? t.at : "?");
    return out;
}

static void take_names(struct cpu_identity *id, const struct cpuinfo *info) {
    char a[16];
    char b[16];
    keep(id->vendor, known_text(info->implementer) ? TEXT("ARM") : info->vendor);
    keep(id->model, info->model);
    if (id->model[0] != '\0' || !known_text(info->implementer))
        return;
    (void)snprintf(id->model, sizeof id->model, "ARM implementer %.16s part %.16s", id_text(info->implementer, a),
        id_text(info->part, b));
    for (size_t i = 0; i < COUNT_OF(arm_models); i++)
        if (text_is(info->implementer, arm_models[i].implementer) && text_is(info->part, arm_models[i].part))
            keep(id->model, text_of(arm_models[i].name));
}

static struct cpu_thread *find_thread(struct cpu_identity *id, uint64_t thread) {
    size_t low = 0;
    size_t high = id->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id->threads[middle].id < thread)
            low = middle + 1;
        else
            high = middle;
    }
    return low < id->n && id->threads[low].id == thread ? &id->threads[low] : NULL;
}

static bool first_in_list(int cpu_fd, const char *file, uint64_t thread, bool *ret) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t first = 0;
    uint64_t last = 0;
    struct text list = kernel_text(cpu_fd, buf, "cpu%" PRIu64 "/%s", thread, file);
    if (!known_text(list) || !kernel_range(&list, &first, &last))
        return false;
    *ret = first == thread;
    return true;
}

static void read_topology(struct cpu_identity *id, int cpu_fd) {
    uint64_t cores = 0;
    id->has_topology = id->n > 0;
    for (size_t i = 0; i < id->n; i++) {
        struct cpu_thread *t = &id->threads[i];
        if (!first_in_list(cpu_fd, "topology/thread_siblings_list", t->id, &t->first_of_core)) {
            id->has_topology = false;
            return;
        }
        /* -1 (no number to us) where the firmware does not say, as on many ARM machines: one socket then. */
        uint64_t socket = kernel_u64(cpu_fd, "cpu%" PRIu64 "/topology/physical_package_id", t->id);
        t->socket_id = known_u64(socket) ? socket : 0;
        cores += t->first_of_core;
    }
    id->cores = cores;
}

/* Without sysfs: x86 tells sockets and cores in /proc/cpuinfo as well. */
static void take_topology(struct cpu_identity *id, struct text cpuinfo) {
    uint64_t cores = 0;
    for (size_t i = 0; i < id->n; i++)
        id->threads[i].core_id = U64_UNKNOWN;
    for (struct cpuinfo info; cpuinfo_next(&cpuinfo, &info);) {
        struct cpu_thread *t = known_u64(info.id) ? find_thread(id, info.id) : NULL;
        if (!t || !known_u64(info.socket_id))
            continue;
        t->socket_id = info.socket_id;
        t->core_id = info.core_id;
    }
    id->has_topology = id->n > 0;
    for (size_t i = 0; i < id->n && id->has_topology; i++) {
        struct cpu_thread *t = &id->threads[i];
        t->first_of_core = true;
        for (const struct cpu_thread *o = id->threads; o < t && t->first_of_core; o++)
            t->first_of_core = o->socket_id != t->socket_id || o->core_id != t->core_id;
        cores += t->first_of_core;
        id->has_topology = known_u64(t->core_id);
    }
    if (id->has_topology)
        id->cores = cores;
}

static bool parse_kib(struct text t, uint64_t *ret) {
    uint64_t unit = text_ends(t, "M") ? 1024 : 1;
    if (!text_ends(t, "K") && !text_ends(t, "M"))
        return false;
    t.len--;
    return text_u64(t, ret) && !__builtin_mul_overflow(*ret, unit, ret);
}

/* The last level's caches of the whole machine, each counted once although its threads all list it. */
static void read_caches(struct cpu_identity *id, int cpu_fd) {
    enum { INDICES_MAX = 10 };
    char buf[KERNEL_VALUE_MAX];
    uint64_t last_level = 0;
    int last_index = -1;
    if (id->n == 0)
        return;
    for (int index = 0; index < INDICES_MAX; index++) {
        uint64_t level = kernel_u64(cpu_fd, "cpu%" PRIu64 "/cache/index%d/level", id->threads[0].id, index);
        if (known_u64(level) && level >= last_level) {
            last_level = level;
            last_index = index;
        }
    }
    uint64_t total = 0;
    for (size_t i = 0; last_index >= 0 && i < id->n; i++) {
        char name[64];
        bool first = false;
        uint64_t kib = 0;
        (void)snprintf(name, sizeof name, "cache/index%d/shared_cpu_list", last_index);
        if (!first_in_list(cpu_fd, name, id->threads[i].id, &first) || !first)
            continue;
        struct text size = kernel_text(cpu_fd, buf, "cpu%" PRIu64 "/cache/index%d/size", id->threads[i].id, last_index);
        if (known_text(size) && parse_kib(size, &kib) && kib < UINT32_MAX)
            total += kib;
    }
    if (total > 0)
        id->cache_kib = total;
}

static void mark_type(struct cpu_identity *id, int sys_fd, const char *file, struct text type) {
    char buf[KERNEL_VALUE_MAX];
    struct text list = kernel_text(sys_fd, buf, "%s", file);
    if (!known_text(list))
        return;
    for (uint64_t first, last; kernel_range(&list, &first, &last);)
        for (size_t i = 0; i < id->n; i++)
            if (id->threads[i].id >= first && id->threads[i].id <= last)
                id->threads[i].core_type = type;
}

static void read_clocks(struct cpu_identity *id, int cpu_fd) {
    if (id->n == 0)
        return;
    uint64_t first = id->threads[0].id;
    uint64_t base = kernel_u64(cpu_fd, "cpu%" PRIu64 "/cpufreq/base_frequency", first);
    uint64_t max = kernel_u64(cpu_fd, "cpu%" PRIu64 "/cpufreq/cpuinfo_max_freq", first);
    id->has_cpufreq = known_u64(kernel_u64(cpu_fd, "cpu%" PRIu64 "/cpufreq/scaling_cur_freq", first));
    if (known_u64(base))
        id->base_mhz = base / 1000;
    if (known_u64(max))
        id->max_mhz = max / 1000;
}

/* "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz": older models carry their base clock in the name. */
static uint64_t base_of_model(struct text model) {
    struct text part;
    double ghz = 0;
    if (!text_ends(model, "GHz"))
        return U64_UNKNOWN;
    model.len -= 3;
    while (text_cut(&model, '@', &part)) {
    }
    return text_f64(text_trim(part), &ghz) && ghz > 0 && ghz < 100 ? (uint64_t)(ghz * 1000 + 0.5) : U64_UNKNOWN;
}

void cpu_identity_take_mhz(struct cpu_identity *id, struct text cpuinfo) {
    for (struct cpuinfo info; cpuinfo_next(&cpuinfo, &info);) {
        struct cpu_thread *t = known_u64(info.id) ? find_thread(id, info.id) : NULL;
        if (t)
            t->frequency_mhz = info.mhz;
    }
}

int cpu_identity_read(
    struct cpu_identity *id, const struct cpu_stat *stat, struct text cpuinfo, int sys_fd, struct error *err) {
    struct cpu_thread *threads = calloc(stat->n ? stat->n : 1, sizeof *threads);
    if (!threads)
        return error_set(err, ERR_NOMEM, "%zu processors", stat->n);
    cpu_identity_done(id);
    id->threads = threads;
    id->n = stat->n;
    id->cores = id->cache_kib = id->base_mhz = id->max_mhz = U64_UNKNOWN;
    for (size_t i = 0; i < id->n; i++)
        threads[i] =
            (struct cpu_thread){.id = stat->threads[i].id, .core_type = TEXT("Standard"), .frequency_mhz = U64_UNKNOWN};

    struct text rest = cpuinfo;
    struct cpuinfo info;
    if (cpuinfo_next(&rest, &info))
        take_names(id, &info);
    int cpu_fd CLEANUP(file_close) = -1;
    if (sys_fd >= 0 && kernel_dir_open_at(sys_fd, "devices/system/cpu", &cpu_fd, NULL) == 0) {
        read_topology(id, cpu_fd);
        read_caches(id, cpu_fd);
        read_clocks(id, cpu_fd);
        mark_type(id, sys_fd, "devices/cpu_core/cpus", TEXT("Performance"));
        mark_type(id, sys_fd, "devices/cpu_atom/cpus", TEXT("Efficiency"));
    }
    if (!id->has_topology)
        take_topology(id, cpuinfo);
    if (!known_u64(id->base_mhz))
        id->base_mhz = base_of_model(text_of(id->model));
    if (!id->has_cpufreq)
        cpu_identity_take_mhz(id, cpuinfo);
    return 0;
}

void cpu_identity_done(struct cpu_identity *id) {
    free(id->threads);
    *id = (struct cpu_identity){.n = 0};
}

bool cpu_identity_matches(const struct cpu_identity *id, const struct cpu_stat *stat) {
    if (id->n != stat->n)
        return false;
    for (size_t i = 0; i < id->n; i++)
        if (id->threads[i].id != stat->threads[i].id)
            return false;
    return true;
}

struct text cpu_identity_platform(const struct cpu_identity *id, struct text architecture) {
    static const struct {
        const char *vendor;
        struct text platform;
    } known[] = {
        {"GenuineIntel", {"Intel", 5}},
        {"AuthenticAMD", {"Amd", 3}},
        {"ARM", {"Arm", 3}},
        {"HygonGenuine", {"Hygon", 5}},
        {"CentaurHauls", {"Zhaoxin", 7}},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_is(text_of(id->vendor), known[i].vendor))
            return known[i].platform;
    return id->vendor[0] ? text_of(id->vendor) : architecture;
}
