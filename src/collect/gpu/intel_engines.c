/* collect/gpu/intel_engines.c: reads the counters that i915 and xe keep for each engine. */
#include "collect/gpu/intel_engines.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/gpu/pmu.h"
#include "collect/kernel_file.h"

struct engine {
    char class[8];         /* "rcs" */
    int busy_fd, total_fd; /* total_fd: -1 where what it counts is time */
    uint64_t busy, total;  /* of the reading before */
    bool was_read;
};

struct intel_engines {
    struct pmu pmu;
    struct engine engines[INTEL_ENGINES_MAX];
    size_t n;
    atomic_int *left; /* only while it is opened */
};

void intel_engines_close(struct intel_engines *e, atomic_int *left) {
    if (!e)
        return;
    for (size_t i = 0; i < e->n; i++) {
        (void)atomic_fetch_add(left, 1 + (e->engines[i].total_fd >= 0));
        file_close(&e->engines[i].busy_fd);
        file_close(&e->engines[i].total_fd);
    }
    free(e);
}

static int open_counter(struct intel_engines *e, const struct pmu_event *event, int *ret_fd, struct error *err) {
    int left = atomic_fetch_sub(e->left, 1);
    int status = left > 0 ? pmu_open_counter(&e->pmu, event, ret_fd, err)
                          : error_set(err, ERR_LIMIT, "more than %d counters of graphics cards", INTEL_COUNTERS_MAX);
    if (status < 0)
        (void)atomic_fetch_add(e->left, 1);
    return status;
}

/* -ERR_ABSENT when there is no such engine. `total` is NULL where busy is counted as time. */
static int add_engine(struct intel_engines *e, const char *class, const struct pmu_event *busy,
    const struct pmu_event *total, struct error *err) {
    struct engine engine = {.busy_fd = -1, .total_fd = -1};
    if (e->n == INTEL_ENGINES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d engines", INTEL_ENGINES_MAX);
    (void)snprintf(engine.class, sizeof engine.class, "%s", class);
    int status = open_counter(e, busy, &engine.busy_fd, err);
    if (status == 0 && total && (status = open_counter(e, total, &engine.total_fd, err)) < 0) {
        file_close(&engine.busy_fd);
        (void)atomic_fetch_add(e->left, 1);
    }
    if (status == 0)
        e->engines[e->n++] = engine;
    return status;
}

/* i915 lists its engines: events/rcs0-busy. What they count is nanoseconds. */
static int add_listed(struct intel_engines *e, int pmu_fd, struct error *err) {
    int status = 0;
    int fd CLEANUP(file_close) = -1;
    if (kernel_dir_open_at(pmu_fd, "events", &fd, NULL) < 0)
        return 0;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return error_set(err, ERR_NOMEM, "events of i915");
    (void)file_steal(&fd);
    for (const struct dirent *entry; status == 0 && (entry = readdir(dir));) {
        char buf[KERNEL_VALUE_MAX];
        struct pmu_event event = {.words = {0}};
        size_t letters = strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyz");
        char class[8] = "";
        if (!text_ends(text_of(entry->d_name), "-busy") || letters == 0 || letters >= sizeof class ||
            !pmu_parse_event(&e->pmu, kernel_text(dirfd(dir), buf, "%s", entry->d_name), &event))
            continue;
        memcpy(class, entry->d_name, letters);
        status = add_engine(e, class, &event, NULL, err);
        if (status == -ERR_ABSENT)
            status = 0;
    }
    (void)closedir(dir);
    return status;
}

/* xe names engines by numbers of its own: those of a class that the tile lists are tried one after the other. */
static int add_class(
    struct intel_engines *e, int pmu_fd, unsigned tile_gt, unsigned class, const char *name, struct error *err) {
    enum { INSTANCES_MAX = 8 };
    static const char *const events[] = {"engine-active-ticks", "engine-total-ticks"};
    for (unsigned instance = 0; instance < INSTANCES_MAX; instance++) {
        struct pmu_event event[2] = {{.words = {0}}, {.words = {0}}};
        for (size_t i = 0; i < COUNT_OF(events); i++) {
            char buf[KERNEL_VALUE_MAX];
            struct text terms = kernel_text(pmu_fd, buf, "events/%s", events[i]);
            if (terms.len == 0 || !pmu_parse_event(&e->pmu, terms, &event[i]) ||
                !pmu_set(&e->pmu, TEXT("gt"), tile_gt, &event[i]) ||
                !pmu_set(&e->pmu, TEXT("engine_class"), class, &event[i]) ||
                !pmu_set(&e->pmu, TEXT("engine_instance"), instance, &event[i]))
                return 0;
        }
        int status = add_engine(e, name, &event[0], &event[1], err);
        if (status < 0 && status != -ERR_ABSENT)
            return status;
    }
    return 0;
}

static int add_numbered(struct intel_engines *e, int card_fd, int pmu_fd, struct error *err) {
    enum { TILES_MAX = 4, GTS_MAX = 8 };
    static const char *const classes[] = {"rcs", "bcs", "vcs", "vecs", "ccs"}; /* DRM_XE_ENGINE_CLASS_ of the kernel */
    for (unsigned tile = 0; tile < TILES_MAX; tile++)
        for (unsigned gt = 0; gt < GTS_MAX; gt++)
            for (unsigned class = 0; class < COUNT_OF(classes); class ++) {
                char path[64];
                (void)snprintf(path, sizeof path, "device/tile%u/gt%u/engines/%s", tile, gt, classes[class]);
                if (faccessat(card_fd, path, F_OK, 0) != 0)
                    continue;
                int status = add_class(e, pmu_fd, gt, class, classes[class], err);
                if (status < 0)
                    return status;
            }
    return 0;
}

/* "i915", which was the name of the integrated card's, or "xe_0000_03_00.0". */
static int open_unit(const struct gpu_place *place, const struct pci_device *pci, int *ret_fd, struct error *err) {
    char path[160];
    char address[PCI_NAME_MAX];
    memcpy(address, pci->name, sizeof address);
    for (char *at = address; *at; at++)
        *at = *at == ':' ? '_' : *at;
    (void)snprintf(path, sizeof path, "bus/event_source/devices/%s_%s", pci->driver, address);
    int status = kernel_dir_open_at(place->sys_fd, path, ret_fd, err);
    if (status == -ERR_ABSENT && strcmp(pci->driver, "i915") == 0 && strcmp(pci->name, "0000:00:02.0") == 0)
        status = kernel_dir_open_at(place->sys_fd, "bus/event_source/devices/i915", ret_fd, err);
    return status == -ERR_ABSENT ? error_set(err, ERR_ABSENT, "the driver has no counters of engines") : status;
}

int intel_engines_open(const struct gpu_place *place, int card_fd, const struct pci_device *pci, atomic_int *left,
    struct intel_engines **ret, struct error *err) {
    int pmu_fd CLEANUP(file_close) = -1;
    char buf[KERNEL_VALUE_MAX];
    bool is_xe = strcmp(pci->driver, "xe") == 0;
    int status = open_unit(place, pci, &pmu_fd, err);
    if (status < 0)
        return status;
    if (is_xe && !text_is(kernel_text(card_fd, buf, "device/power/control"), "on"))
        return error_set(err, ERR_ABSENT, "its counters would keep it from being suspended");
    struct intel_engines *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(err, ERR_NOMEM, "counters of engines");
    e->left = left;
    status = pmu_read(pmu_fd, &e->pmu, err);
    if (status == 0)
        status = is_xe ? add_numbered(e, card_fd, pmu_fd, err) : add_listed(e, pmu_fd, err);
    if (status == 0 && e->n == 0)
        status = error_set(err, ERR_ABSENT, "the driver has no counters of engines");
    e->left = NULL;
    if (status < 0) {
        intel_engines_close(e, left);
        return status;
    }
    *ret = e;
    return 0;
}

/* NAN when it was not read before, or does not answer. */
static double share_of(struct engine *engine) {
    uint64_t busy = 0;
    uint64_t total = 0;
    uint64_t enabled_ns = 0;
    bool was_read = engine->was_read;
    engine->was_read = pmu_read_counter(engine->busy_fd, &busy, &enabled_ns);
    if (engine->total_fd < 0)
        total = enabled_ns;
    else
        engine->was_read = pmu_read_counter(engine->total_fd, &total, &enabled_ns) && engine->was_read;
    bool follows = was_read && engine->was_read && busy >= engine->busy && total > engine->total;
    double share = follows ? 100 * (double)(busy - engine->busy) / (double)(total - engine->total) : NAN;
    engine->busy = busy;
    engine->total = total;
    return share <= 110 ? fmin(share, 100) : NAN; /* the two were not read at the very same moment */
}

void intel_engines_read(struct intel_engines *e, struct usage_sum *ret) {
    struct usage usage = {.n = 0};
    unsigned engines[FDINFO_ENGINES_MAX] = {0};
    for (size_t i = 0; i < e->n; i++) {
        double share = share_of(&e->engines[i]);
        size_t at = 0;
        while (at < usage.n && strcmp(usage.engines[at].name, e->engines[i].class) != 0)
            at++;
        if (at == FDINFO_ENGINES_MAX)
            continue;
        if (at == usage.n) {
            usage.engines[usage.n++].share = 0;
            memcpy(usage.engines[at].name, e->engines[i].class, sizeof e->engines[i].class);
        }
        usage.engines[at].share += share; /* one that is not known leaves its class unknown */
        engines[at]++;
    }
    for (size_t i = 0; i < usage.n; i++)
        usage.engines[i].share /= engines[i];
    *ret = (struct usage_sum){.n = 0};
    usage_sum_add(ret, &usage);
}
