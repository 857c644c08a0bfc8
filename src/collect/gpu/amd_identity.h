/* collect/gpu/amd_identity.h: what never changes about an AMD card. Nothing here wakes a card that sleeps. */
#ifndef TACHO_COLLECT_GPU_AMD_IDENTITY_H
#define TACHO_COLLECT_GPU_AMD_IDENTITY_H

#include "collect/gpu/amd_kfd.h"
#include "collect/gpu/pci.h"

struct amd_identity {
    struct pci_device pci;
    char name[PCI_PRODUCT_MAX];
    char unique_id[32];          /* sixteen hexadecimal digits; "" for cards that have none */
    char vbios[64];              /* "" when it is not known */
    char architecture[64];       /* "gfx1030", else the name of the family, else "" */
    int64_t numa_node;
    bool energy_is_known;        /* the unit of the energy counter in tables before 1.4 */
    struct amd_kfd kfd;
};

/* `rootfs`: where the databases of names are looked for. Reads up to 2 MiB: once for a card. */
void amd_identity_read(int sys_fd, int card_fd, const struct pci_device *pci, const char *rootfs, struct amd_identity *ret);

/* "GPU-946d7e1ef9b172dd", as ROCm writes it; else made of the host's name and the PCI name. */
struct text amd_uuid(const struct amd_identity *id, struct arena *arena, struct text host_id);

#endif
