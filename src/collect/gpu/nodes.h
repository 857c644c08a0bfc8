/* collect/gpu/nodes.h: the cards and render nodes of DRM, the interface of all graphics drivers in the kernel. */
#ifndef TACHO_COLLECT_GPU_NODES_H
#define TACHO_COLLECT_GPU_NODES_H

#include <stddef.h>

#include "base/error.h"
#include "collect/gpu/pci.h"

enum {
    DRM_MAJOR = 226,     /* of all its character devices */
    DRM_NODES_MAX = 512, /* cards and render nodes that are looked at */
    DRM_NODE_NAME_MAX = 24,
};

struct drm_node {
    char name[DRM_NODE_NAME_MAX]; /* "card0", "renderD128" */
    bool is_card;                 /* or a render node of the same device */
    uint64_t minor;               /* U64_UNKNOWN when it does not say */
    struct pci_device device;
};

/* Lists cards and render nodes below class/drm of sysfs, ordered by name as people count, into `ret`, `cap` at most. Returns
 * how many; 0 without any, or without sysfs. Reads four small files for each. */
size_t drm_nodes_list(int sys_fd, struct drm_node *ret, size_t cap);

/* Finds the card whose device has that name among listed nodes; NULL when there is none. */
const struct drm_node *drm_nodes_card(const struct drm_node *nodes, size_t n, const char *device_name);

/* Lists the devices of those cards that `is_ours` takes (a node out of all that there are), in the order of their names, into
 * `ret`, each in `size` bytes: `cap` at most. Returns how many there are; -ERR_NOMEM. */
typedef bool drm_is_ours(const struct drm_node *card, const struct drm_node *nodes, size_t n);
int drm_cards_list(int sys_fd, drm_is_ours *is_ours, char *ret, size_t size, size_t cap, struct error *err) NODISCARD;

/* Sees to it that `*card_fd` (-1 at first) is the directory of the card of that device, class/drm/cardN, which gets a new one when
 * its driver is bound again: returns 1 when it was opened now, 0 when it still is the one. -ERR_STALE when the card has gone
 * (`*card_fd` is then -1), -ERR_NOMEM, -ERR_OS. */
int drm_card_follow(int sys_fd, const char *device_name, int *card_fd, struct error *err) NODISCARD;

/* Opens class/drm/<name>. -ERR_ABSENT when it has gone, -ERR_OS. */
int drm_node_open(int sys_fd, const char *name, int *ret_fd, struct error *err) NODISCARD;

#endif
