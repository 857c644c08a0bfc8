/* collect/gpu/pci.h: what PCI and sysfs tell of any vendor's card: its place, driver, product name and link. */
#ifndef TACHO_COLLECT_GPU_PCI_H
#define TACHO_COLLECT_GPU_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/text.h"
#include "frame/model.h"

enum {
    PCI_NAME_MAX = 64,      /* bytes of a device's or driver's name in sysfs, NUL included; longer ones are unknown */
    PCI_PRODUCT_MAX = 128,  /* bytes of a product name, NUL included; longer ones are cut */
    PCI_IDS_MAX = 16 << 20, /* bytes of the names database; it has 1.4 MiB */
};

struct pci_device {
    char name[PCI_NAME_MAX];     /* what sysfs calls it: "0000:03:00.0", "fde60000.gpu"; "" when it does not say */
    char driver[PCI_NAME_MAX];   /* "i915"; "" when none is bound */
    uint64_t vendor_id, device_id; /* 0x8086, 0x56a5; U64_UNKNOWN when it is no PCI device */
};

/* Everywhere below, `card_fd` is the directory of a node of DRM, ".../class/drm/card0": the device is its "device". */
void pci_device_read(int card_fd, struct pci_device *ret);

/* What the card is called in the database of PCI ids below `rootfs`: "Arc A380", of family "DG2". Both empty when it has no such
 * entry or is not there. Reads a file of 1.4 MiB: once for a card, not for every sample. */
struct pci_product {
    char name[PCI_PRODUCT_MAX], family[PCI_PRODUCT_MAX];
};
void pci_product_read(const char *rootfs, const struct pci_device *device, struct pci_product *ret);
/* The device's entry in the text of the database, borrowed: "DG2 [Arc A380]"; NULL without one. Pure. */
struct text pci_ids_find(struct text ids, uint64_t vendor_id, uint64_t device_id);

/* The present link of the PCI device in directory `where` ("device", or "device/../.." for a switch on the card). */
struct pci_link {
    uint64_t generation, width; /* U64_UNKNOWN while it is down, and without one */
};
struct pci_link pci_link_read(int card_fd, const char *where);
/* "16.0 GT/s PCIe" is generation 4; else U64_UNKNOWN. Pure. */
uint64_t pci_parse_generation(struct text speed);

int64_t pci_numa_node(int card_fd); /* I64_UNKNOWN when the kernel does not know */
bool pci_is_suspended(int card_fd); /* switched off by runtime power management: most readings would wake it up */

/* An identity for a card whose driver tells none, unique among hosts that have names of their own: "GPU-node-07-0000:03:00.0". */
struct text pci_make_uuid(struct arena *arena, struct text host_id, const char *name);

#endif
