/* collect/gpu/intel_card.c: reads one Intel card. */
#include "collect/gpu/intel_card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

/* Cards that compute; databases of PCI ids on servers are often older than these. */
static const struct {
    uint64_t device_id;
    const char *name;
} products[] = {
    {0x0bd5, "Data Center GPU Max 1550"},
    {0x0bda, "Data Center GPU Max 1100"},
    {0x56c0, "Data Center GPU Flex 170"},
    {0x56c1, "Data Center GPU Flex 140"},
    {0x56a0, "Arc A770"},
    {0x56a1, "Arc A750"},
    {0x56a2, "Arc A580"},
    {0x56a5, "Arc A380"},
    {0x56a6, "Arc A310"},
    {0xe20b, "Arc B580"},
    {0xe20c, "Arc B570"},
    {0xe211, "Arc Pro B60"},
    {0xe212, "Arc Pro B50"},
};

/* "Arc A380" is Intel's, whoever made the board. */
static void name_card(struct gpu_identity *id) {
    char product[PCI_PRODUCT_MAX];
    memcpy(product, id->name, sizeof product);
    for (size_t i = 0; i < COUNT_OF(products) && !product[0]; i++)
        if (products[i].device_id == id->pci.device_id)
            (void)snprintf(product, sizeof product, "%s", products[i].name);
    if (!product[0] && known_u64(id->pci.device_id))
        (void)snprintf(product, sizeof product, "GPU 8086:%04" PRIx64, id->pci.device_id);
    if (!product[0])
        (void)snprintf(product, sizeof product, "GPU");
    (void)snprintf(id->name, sizeof id->name, "%s%s", text_starts(text_of(product), "Intel ") ? "" : "Intel ", product);
}

static void let_go(struct intel_card *card) {
    intel_engines_close(card->engines, &card->shared->counters_left);
    card->engines = NULL;
    gpu_sensors_close(&card->sensors);
}

/* Finds the card again when it has gone and come back. */
static int find(struct intel_card *card, struct error *err) {
    int status = drm_card_follow(card->shared->place.sys_fd, card->key, &card->card_fd, err);
    if (status == 0)
        return 0;
    let_go(card);
    if (status < 0)
        return status;
    struct pci_device pci;
    pci_device_read(card->card_fd, &pci);
    memcpy(pci.name, card->key, sizeof pci.name);
    gpu_identity_read(&card->shared->place, card->card_fd, &pci, &card->id);
    name_card(&card->id);
    gpu_sensors_open(card->card_fd, pci.driver, &card->sensors);
    intel_gts_find(card->card_fd, pci.driver, &card->gts);
    card->no_engines = (struct error){.text = ""};
    if (intel_engines_open(&card->shared->place, card->card_fd, &pci, &card->shared->counters_left, &card->engines,
            &card->no_engines) < 0)
        card->engines = NULL;
    return 0;
}

int intel_card_create(struct intel_place *shared, const char *key, struct intel_card **ret, struct error *err) {
    struct intel_card *card = calloc(1, sizeof *card);
    if (!card)
        return error_set(err, ERR_NOMEM, "an Intel card");
    *card = (struct intel_card){.shared = shared, .card_fd = -1, .sensors = {.fd = -1}};
    (void)snprintf(card->key, sizeof card->key, "%s", key);
    int status = find(card, err);
    if (status < 0) {
        intel_card_destroy(card);
        return status;
    }
    *ret = card;
    return 0;
}

void intel_card_destroy(struct intel_card *card) {
    if (!card)
        return;
    let_go(card);
    file_close(&card->card_fd);
    free(card);
}

/* Cards with a switch of their own tell of the link inside the card, one lane of the first generation, whatever the slot gives:
 * what leads to the switch is the link of the card. */
static void read_link(const struct intel_card *card, struct gpu *gpu) {
    struct pci_link link = {U64_UNKNOWN, U64_UNKNOWN};
    char buf[KERNEL_VALUE_MAX];
    if (text_is(kernel_text(card->card_fd, buf, "device/../../vendor"), "0x8086") &&
        text_starts(kernel_text(card->card_fd, buf, "device/../../class"), "0x0604") &&
        kernel_u64(card->card_fd, "device/max_link_width") == 1)
        link = pci_link_read(card->card_fd, "device/../..");
    if (!known_u64(link.width))
        link = pci_link_read(card->card_fd, "device");
    gpu->pcie_generation = link.generation;
    gpu->pcie_width = link.width;
}

static void read_engines(struct intel_card *card, struct gpu *gpu) {
    static const char *const video[] = {"vcs", NULL}; /* decodes and encodes; xe calls it a decoder */
    struct usage_sum sum;
    intel_engines_read(card->engines, &sum);
    double busiest = usage_sum_busiest(&sum);
    if (known_f64(busiest))
        gpu->utilization = number_round(busiest, 1);
    gpu->decoder_utilization = number_round(usage_sum_of(&sum, video), 1);
}

static void read_all(struct intel_card *card, struct frame *into, struct gpu *gpu) {
    double rated = gpu_sensors_rated_watts(&card->sensors);
    uint64_t max_mhz = intel_max_mhz(&card->gts, card->card_fd);
    gpu_sensors_read(&card->sensors, gpu);
    intel_gts_read(&card->gts, card->card_fd, into, gpu);
    if (card->engines)
        read_engines(card, gpu);
    if (known_f64(rated))
        gpu_detail(into, gpu, "power_limit_default", "%.2f", rated);
    if (known_u64(max_mhz))
        gpu_detail(into, gpu, "frequency_max", "%" PRIu64, max_mhz);
}

int intel_card_sample(struct intel_card *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    int status = find(card, err);
    if (status < 0)
        return status;
    struct gpu *gpu = gpu_identity_put(&card->id, "intel", cycle, into);
    if (!gpu)
        return error_set(err, ERR_NOMEM, "graphics cards of a frame");
    gpu->total_memory = intel_memory_bytes(card->card_fd);
    if (pci_is_suspended(card->card_fd)) {
        gpu_detail(into, gpu, "power_state", "suspended");
        return 0;
    }
    read_link(card, gpu);
    read_all(card, into, gpu);
    return 0;
}
