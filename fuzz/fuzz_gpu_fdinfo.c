/* fuzz/fuzz_gpu_fdinfo.c: what drivers of DRM tell of a client, PCI ids, layouts of counters; the first byte picks. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "collect/gpu/devfreq.h"
#include "collect/gpu/pci.h"
#include "collect/gpu/pmu.h"
#include "collect/gpu/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds)
        abort();
}

static void check_inside(struct text piece, struct text whole) {
    check(piece.len == 0 || (piece.at >= whole.at && piece.len <= whole.len &&
                                piece.at - whole.at <= (ptrdiff_t)(whole.len - piece.len)));
}

static bool run_fdinfo(struct text t, struct fdinfo *f) {
    bool local = false;
    bool is_client = fdinfo_parse(t, f);
    check(f->n_engines <= FDINFO_ENGINES_MAX && f->n_regions <= FDINFO_REGIONS_MAX);
    check(!is_client || f->driver.len > 0);
    check_inside(f->pdev, t);
    for (size_t i = 0; i < f->n_engines; i++) {
        const struct fdinfo_engine *e = &f->engines[i];
        check_inside(e->name, t);
        check(e->name.len > 0 && e->name.len <= FDINFO_NAME_MAX && e->capacity > 0);
        check(isnan(e->percent) || (e->percent >= 0 && e->percent <= 100));
    }
    for (size_t i = 0; i < f->n_regions; i++)
        check_inside(f->regions[i].name, t);
    (void)fdinfo_memory(f, &local);
    return is_client;
}

/* Two readings a second apart, the halves of the input, and the first one again: shares stay between 0 and 100. */
static void run_usage(struct text t) {
    struct fdinfo first;
    struct fdinfo second;
    struct usage u = {.n = 0};
    struct usage_sum sum = {.n = 0};
    size_t half = t.len / 2;
    if (!run_fdinfo((struct text){t.at, half}, &first) ||
        !run_fdinfo((struct text){t.at + half, t.len - half}, &second))
        return;
    const struct fdinfo *const readings[] = {&first, &second, &first};
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        usage_update(&u, readings[i], (int64_t)(i + 1) * 1000000000);
        check(u.n <= FDINFO_ENGINES_MAX);
        usage_sum_add(&sum, &u);
        double share = usage_sum_busiest(&sum);
        check(isnan(share) || (share >= 0 && share <= 100));
    }
}

static void run_ids(struct text t) {
    struct text entry = pci_ids_find(t, 0x8086, 0x56a5);
    check_inside(entry, t);
    check(!known_text(entry) || !memchr(entry.at, '\n', entry.len));
    (void)pci_parse_generation(t);
}

/* A layout of up to a few fields, a line each, and an event behind them. */
static void run_counters(struct text t) {
    struct pmu pmu = {.n_fields = 0};
    struct pmu_event event = {.words = {0}};
    double load = devfreq_parse_load(t);
    check(isnan(load) || (load >= 0 && load <= 100));
    for (struct text line; pmu.n_fields < 3 && text_cut(&t, '\n', &line); pmu.n_fields++) {
        struct pmu_field *field = &pmu.fields[pmu.n_fields];
        field->name[0] = (char)('a' + pmu.n_fields);
        if (!pmu_parse_format(line, field))
            break;
        check(field->word < 3 && field->mask != 0);
    }
    if (known_text(t) && pmu_parse_event(&pmu, t, &event) && pmu.n_fields == 1 && !memmem(t.at, t.len, "config", 6))
        check((event.words[pmu.fields[0].word] & ~pmu.fields[0].mask) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fdinfo f;
    if (size == 0)
        return 0;
    struct text t = {(const char *)data + 1, size - 1};
    switch (data[0] % 4) {
    case 0: (void)run_fdinfo(t, &f); break;
    case 1: run_usage(t); break;
    case 2: run_ids(t); break;
    default: run_counters(t); break;
    }
    return 0;
}
