/* collect/gpu/identity.h: who a card of one of the kernel's own drivers is: what never changes. */
#ifndef TACHO_COLLECT_GPU_IDENTITY_H
#define TACHO_COLLECT_GPU_IDENTITY_H

#include "collect/collector.h"
#include "collect/gpu/pci.h"

enum { GPU_NAME_MAX = PCI_PRODUCT_MAX + 16 };

struct gpu_identity {
    struct pci_device pci;
    char name[GPU_NAME_MAX];             /* "Intel Arc A380"; never empty once it was read */
    char family[PCI_PRODUCT_MAX];        /* "DG2"; or "" */
    char driver_version[PCI_PRODUCT_MAX]; /* the module's own, else that of the kernel: "Linux 6.12.1"; or "" */
    int64_t numa_node;
};

/* What machines have in common for all their cards: directories and places, owned by the driver that reads the cards. */
struct gpu_place {
    int sys_fd;
    int proc_fd; /* -1 without procfs */
    char *rootfs;
};
/* -ERR_ABSENT without sysfs, -ERR_NOMEM, -ERR_OS. */
int gpu_place_open(const struct collect_options *options, struct gpu_place *ret, struct error *err) NODISCARD;
void gpu_place_close(struct gpu_place *place);

/* Reads all but the name: of the node of DRM `card_fd`, which must be the device's that `pci` tells of. */
void gpu_identity_read(const struct gpu_place *place, int card_fd, const struct pci_device *pci, struct gpu_identity *ret);
/* Adds an item for the card to the frame, with what is known of it; NULL without memory. `vendor` is a constant. */
struct gpu *gpu_identity_put(const struct gpu_identity *id, const char *vendor, const struct cycle *cycle, struct frame *into);

/* Adds to the item's details; nothing when the text is empty. */
void gpu_detail(struct frame *into, struct gpu *gpu, const char *key, const char *fmt, ...) PRINTF(4, 5);

#endif
