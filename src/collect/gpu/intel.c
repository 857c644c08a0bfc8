/* collect/gpu/intel.c: Intel's cards, integrated ones included, of the kernel's drivers i915 and xe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/intel_card.h"
#include "collect/kernel_file.h"

static void intel_close(void *self) {
    struct intel_place *shared = self;
    if (!shared)
        return;
    gpu_place_close(&shared->place);
    free(shared);
}

static bool is_ours(const struct drm_node *card, const struct drm_node *nodes, size_t n) {
    (void)nodes;
    (void)n;
    return strcmp(card->device.driver, "i915") == 0 || strcmp(card->device.driver, "xe") == 0;
}

static int intel_list(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err) {
    const struct intel_place *shared = self;
    return drm_cards_list(shared->place.sys_fd, is_ours, *keys, GPU_KEY_MAX, cap, err);
}

static int intel_open(const struct collect_options *options, void **ret, struct error *err) {
    char key[1][GPU_KEY_MAX];
    struct intel_place *shared = calloc(1, sizeof *shared);
    if (!shared)
        return error_set(err, ERR_NOMEM, "driver of Intel cards");
    atomic_init(&shared->counters_left, INTEL_COUNTERS_MAX);
    int status = gpu_place_open(options, &shared->place, err);
    if (status < 0) {
        free(shared);
        return status;
    }
    status = intel_list(shared, key, 1, err);
    if (status <= 0) {
        intel_close(shared);
        return status < 0 ? status : error_set(err, ERR_ABSENT, "no card of i915 or xe below class/drm");
    }
    *ret = shared;
    return 0;
}

static int intel_attach(void *self, const char *key, void **ret_card, struct error *err) {
    struct intel_card *card = NULL;
    int status = intel_card_create(self, key, &card, err);
    if (status == 0)
        *ret_card = card;
    return status;
}

static int intel_sample(void *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    return intel_card_sample(card, cycle, into, err);
}

static void intel_detach(void *card) {
    intel_card_destroy(card);
}

static void explain_card(struct report *report, struct intel_place *shared, const char *key) {
    char source[GPU_NAME_MAX + PCI_NAME_MAX + 16];
    struct intel_card *card = NULL;
    if (intel_card_create(shared, key, &card, NULL) < 0)
        return;
    bool denied = card->no_engines.os_errno == EACCES || card->no_engines.os_errno == EPERM;
    bool held = !card->engines && !denied && strcmp(card->id.pci.driver, "xe") == 0;
    const char *remedy = denied ? "CAP_PERFMON (setcap cap_perfmon+ep on tacho), or sysctl kernel.perf_event_paranoid=0"
                         : held ? "Linux 6.15 or later, and \"on\" in power/control of the device, which keeps it awake"
                                : NULL;
    (void)snprintf(source, sizeof source, "intel: %s (%s)", key, card->id.name);
    if (pci_is_suspended(card->card_fd))
        report_add(report, SECTION_GPU, PARTLY, source,
            "use the card, or write \"on\" into power/control of the device",
            "suspended: its name and size of memory only, since anything else would wake it");
    else
        report_add(report, SECTION_GPU, card->engines && card->sensors.fd >= 0 ? READABLE : PARTLY, source, remedy,
            "%s: clocks, %s, %s%s", card->id.pci.driver,
            card->sensors.fd >= 0 ? "sensors" : "no sensors (integrated, or too old a kernel)",
            card->engines ? "utilization from counters of its engines" : "utilization of processes only: ",
            card->engines ? "" : card->no_engines.text);
    intel_card_destroy(card);
}

static void intel_explain(const struct collect_options *options, struct report *report) {
    void *self = NULL;
    struct error why = {.text = ""};
    if (intel_open(options, &self, &why) < 0 || !self) {
        report_add(report, SECTION_GPU, MISSING, "intel", NULL, "%s", why.text);
        return;
    }
    char(*keys)[GPU_KEY_MAX] = calloc(GPU_CARDS_MAX, sizeof *keys);
    int n = keys ? intel_list(self, keys, GPU_CARDS_MAX, NULL) : 0;
    for (int i = 0; i < n && i < GPU_CARDS_MAX; i++)
        explain_card(report, self, keys[i]);
    free(keys);
    intel_close(self);
}

const struct gpu_driver intel_driver = {
    .name = "intel",
    .open = intel_open,
    .list = intel_list,
    .attach = intel_attach,
    .sample = intel_sample,
    .detach = intel_detach,
    .close = intel_close,
    .explain = intel_explain,
};
