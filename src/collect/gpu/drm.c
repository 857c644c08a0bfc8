/* collect/gpu/drm.c: the cards of all other drivers in the kernel: who they are, their clock and heat. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "collect/gpu/devfreq.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/identity.h"
#include "collect/gpu/nodes.h"
#include "collect/gpu/sensors.h"
#include "collect/kernel_file.h"

enum { AMD = 0x1002, NVIDIA = 0x10de, INTEL = 0x8086 };

struct card {
    struct gpu_place *place; /* borrowed */
    struct gpu_identity id;
    char key[PCI_NAME_MAX];
    int card_fd; /* -1 while the card is gone */
    struct gpu_sensors sensors;
};

/* Those that another of our drivers reads, NVIDIA's own, and those of no silicon: what a virtual machine shows, and tests. */
static bool is_someone_elses(const struct drm_node *card) {
    static const char *const drivers[] = {"nvidia", "i915", "xe", "amdgpu", "radeon", "virtio_gpu", "virtio-pci",
        "vmwgfx", "vboxvideo", "hyperv_drm", "vgem", "vkms", "evdi"};
    for (size_t i = 0; i < COUNT_OF(drivers); i++)
        if (strcmp(card->device.driver, drivers[i]) == 0)
            return true;
    return card->device.vendor_id == AMD;
}

/* What has no render node shows pictures at most (ast, mgag200, simpledrm, bochs). */
static bool can_render(const struct drm_node *card, const struct drm_node *nodes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!nodes[i].is_card && strcmp(nodes[i].device.name, card->device.name) == 0)
            return true;
    return false;
}

static bool is_ours(const struct drm_node *card, const struct drm_node *nodes, size_t n) {
    return card->device.driver[0] && !is_someone_elses(card) && can_render(card, nodes, n);
}

static int drm_list(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err) {
    const struct gpu_place *place = self;
    return drm_cards_list(place->sys_fd, is_ours, *keys, GPU_KEY_MAX, cap, err);
}

static void drm_close(void *self) {
    struct gpu_place *place = self;
    if (!place)
        return;
    gpu_place_close(place);
    free(place);
}

static int drm_open(const struct collect_options *options, void **ret, struct error *err) {
    char key[1][GPU_KEY_MAX];
    struct gpu_place *place = calloc(1, sizeof *place);
    if (!place)
        return error_set(err, ERR_NOMEM, "driver of graphics cards");
    int status = gpu_place_open(options, place, err);
    if (status < 0) {
        free(place);
        return status;
    }
    status = drm_list(place, key, 1, err);
    if (status <= 0) {
        drm_close(place);
        return status < 0 ? status : error_set(err, ERR_ABSENT, "no other card with a render node below class/drm");
    }
    *ret = place;
    return 0;
}

/* The names that a device tree gives a device end with NUL each, the most exact one first: "rockchip,rk3399-mali". */
static void name_by_tree(const struct card *card, char *ret, size_t cap) {
    char buf[KERNEL_VALUE_MAX];
    struct text names = kernel_text(card->card_fd, buf, "device/of_node/compatible");
    struct text first = {names.at, known_text(names) ? strnlen(names.at, names.len) : 0};
    if (first.len > 0)
        (void)snprintf(ret, cap, "%.*s", TEXT_ARG(first));
}

static void name_card(struct card *card) {
    struct gpu_identity *id = &card->id;
    char product[PCI_PRODUCT_MAX];
    memcpy(product, id->name, sizeof product);
    if (product[0]) {
        (void)snprintf(id->name, sizeof id->name, "%s%s", id->pci.vendor_id == NVIDIA ? "NVIDIA " : "", product);
        return;
    }
    name_by_tree(card, id->name, sizeof id->name);
    if (!id->name[0])
        (void)snprintf(id->name, sizeof id->name, "%s GPU", id->pci.driver);
}

/* Finds the card again when it has gone and come back. */
static int find(struct card *card, struct error *err) {
    int status = drm_card_follow(card->place->sys_fd, card->key, &card->card_fd, err);
    if (status == 0)
        return 0;
    gpu_sensors_close(&card->sensors);
    if (status < 0)
        return status;
    struct pci_device pci;
    pci_device_read(card->card_fd, &pci);
    memcpy(pci.name, card->key, sizeof pci.name);
    gpu_identity_read(card->place, card->card_fd, &pci, &card->id);
    name_card(card);
    gpu_sensors_open(card->card_fd, pci.driver, &card->sensors);
    return 0;
}

static void drm_detach(void *self) {
    struct card *card = self;
    if (!card)
        return;
    gpu_sensors_close(&card->sensors);
    file_close(&card->card_fd);
    free(card);
}

static int drm_attach(void *self, const char *key, void **ret_card, struct error *err) {
    struct card *card = calloc(1, sizeof *card);
    if (!card)
        return error_set(err, ERR_NOMEM, "a graphics card");
    *card = (struct card){.place = self, .card_fd = -1, .sensors = {.fd = -1}};
    (void)snprintf(card->key, sizeof card->key, "%s", key);
    int status = find(card, err);
    if (status < 0) {
        drm_detach(card);
        return status;
    }
    *ret_card = card;
    return 0;
}

static const char *vendor_of(const struct pci_device *pci) {
    return pci->vendor_id == NVIDIA ? "nvidia" : pci->vendor_id == INTEL ? "intel" : "other";
}

static int drm_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct card *card = self;
    int status = find(card, err);
    if (status < 0)
        return status;
    struct gpu *gpu = gpu_identity_put(&card->id, vendor_of(&card->id.pci), cycle, into);
    if (!gpu)
        return error_set(err, ERR_NOMEM, "graphics cards of a frame");
    if (pci_is_suspended(card->card_fd)) {
        gpu_detail(into, gpu, "power_state", "suspended");
        return 0;
    }
    struct pci_link link = pci_link_read(card->card_fd, "device");
    struct devfreq devfreq = devfreq_read(card->card_fd);
    gpu->pcie_generation = link.generation;
    gpu->pcie_width = link.width;
    gpu->frequency = devfreq.mhz;
    gpu->utilization = devfreq.load;
    gpu_sensors_read(&card->sensors, gpu);
    if (known_u64(devfreq.max_mhz))
        gpu_detail(into, gpu, "frequency_max", "%" PRIu64, devfreq.max_mhz);
    return 0;
}

static void explain_card(struct report *report, const struct gpu_place *place, const struct drm_node *node) {
    char source[PCI_NAME_MAX * 2 + 16];
    struct gpu_sensors sensors;
    int fd CLEANUP(file_close) = -1;
    if (drm_node_open(place->sys_fd, node->name, &fd, NULL) < 0)
        return;
    struct devfreq devfreq = devfreq_read(fd);
    gpu_sensors_open(fd, node->device.driver, &sensors);
    (void)snprintf(source, sizeof source, "drm: %s (%s)", node->device.name, node->device.driver);
    report_add(report, SECTION_GPU, PARTLY, source, NULL,
        "%s, %s, %s; utilization and memory of processes, where the driver tells",
        known_u64(devfreq.mhz) ? "clock" : "no clock", known_f64(devfreq.load) ? "load" : "no load",
        sensors.fd >= 0 ? "sensors" : "no sensors");
    gpu_sensors_close(&sensors);
}

static void drm_explain(const struct collect_options *options, struct report *report) {
    struct gpu_place place;
    size_t cards = 0;
    struct drm_node *nodes = calloc(DRM_NODES_MAX, sizeof *nodes);
    if (nodes && gpu_place_open(options, &place, NULL) == 0) {
        size_t n = drm_nodes_list(place.sys_fd, nodes, DRM_NODES_MAX);
        for (size_t i = 0; i < n; i++) {
            char source[PCI_NAME_MAX * 2 + 16];
            if (!nodes[i].is_card)
                continue;
            (void)snprintf(source, sizeof source, "drm: %s (%s)", nodes[i].device.name, nodes[i].device.driver);
            cards++;
            if (is_ours(&nodes[i], nodes, n))
                explain_card(report, &place, &nodes[i]);
            else if (!is_someone_elses(&nodes[i]))
                report_add(report, SECTION_GPU, MISSING, source, NULL, "no render node: it only shows pictures");
        }
        gpu_place_close(&place);
    }
    if (cards == 0)
        report_add(report, SECTION_GPU, MISSING, "drm", NULL, "no card below class/drm of sysfs");
    free(nodes);
}

const struct gpu_driver drm_driver = {
    .name = "drm",
    .open = drm_open,
    .list = drm_list,
    .attach = drm_attach,
    .sample = drm_sample,
    .detach = drm_detach,
    .close = drm_close,
    .explain = drm_explain,
};
