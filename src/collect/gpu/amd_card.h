/* collect/gpu/amd_card.h: one AMD card: what it is, and its readings out of sysfs. */
#ifndef TACHO_COLLECT_GPU_AMD_CARD_H
#define TACHO_COLLECT_GPU_AMD_CARD_H

#include <stdatomic.h>

#include "collect/collector.h"

struct drm_node;
struct amd_card; /* opaque; one owner thread */

enum { AMD_VENDOR_ID = 0x1002 };

/* What the cards of a machine share; outlives them. */
struct amd_place {
    int sys_fd;
    char *rootfs;             /* where the databases of names are */
    char driver_version[128]; /* "" when it is not known */
    bool host_pids;           /* procfs shows the pids that KFD writes */
    atomic_int handles;       /* kept on files of cards */
};

/* Takes up the card of that PCI name. Reads nothing that would wake it. -ERR_ABSENT when it is not there, -ERR_NOMEM, -ERR_OS. */
int amd_card_create(struct amd_place *place, const char *pci_name, struct amd_card **ret, struct error *err) NODISCARD;
void amd_card_destroy(struct amd_card *card); /* NULL is fine */

/* As struct gpu_driver says. -ERR_STALE while the card is gone; -ERR_OS when it does not answer, as in a reset, or may not be read:
 * what is known of it is added all the same. Errors leave out which card it is, as the caller knows. */
int amd_card_sample(struct amd_card *card, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;

#define AMD_SLOW_NS (INT64_C(10) * 1000000000) /* how often is read what seldom changes, or is costly to tell */

/* The cards of this vendor among the nodes of DRM, in the order of their PCI names: moved to the front; returns how many. */
size_t amd_cards_select(struct drm_node *nodes, size_t n);

#endif
