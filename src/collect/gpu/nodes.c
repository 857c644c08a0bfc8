/* collect/gpu/nodes.c: lists the cards and render nodes of DRM. */
#include "collect/gpu/nodes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"

/* "card0" and "renderD128"; not "card0-HDMI-A-1", which is a connector. */
static bool node_name(const char *name, bool *ret_is_card) {
    *ret_is_card = strncmp(name, "card", 4) == 0;
    if (!*ret_is_card && strncmp(name, "renderD", 7) != 0)
        return false;
    const char *digits = name + (*ret_is_card ? 4 : 7);
    return *digits && strlen(name) < DRM_NODE_NAME_MAX && digits[strspn(digits, "0123456789")] == '\0';
}

static int by_name(const void *a, const void *b) {
    const struct drm_node *p = a;
    const struct drm_node *q = b;
    return strverscmp(p->name, q->name);
}

/* "226:128" */
static uint64_t read_minor(int node_fd) {
    char buf[KERNEL_VALUE_MAX];
    struct text dev = kernel_text(node_fd, buf, "dev");
    struct text major;
    uint64_t number = 0;
    if (!text_cut(&dev, ':', &major) || !text_u64(major, &number) || number != DRM_MAJOR || !text_u64(dev, &number))
        return U64_UNKNOWN;
    return number;
}

int drm_node_open(int sys_fd, const char *name, int *ret_fd, struct error *err) {
    char path[sizeof "class/drm/" + DRM_NODE_NAME_MAX];
    (void)snprintf(path, sizeof path, "class/drm/%s", name);
    return kernel_dir_open_at(sys_fd, path, ret_fd, err);
}

static void read_node(int sys_fd, struct drm_node *node) {
    int fd CLEANUP(file_close) = -1;
    if (drm_node_open(sys_fd, node->name, &fd, NULL) < 0)
        return;
    node->minor = read_minor(fd);
    pci_device_read(fd, &node->device);
    if (!node->device.name[0]) /* a device that sysfs does not name */
        memcpy(node->device.name, node->name, sizeof node->name);
}

size_t drm_nodes_list(int sys_fd, struct drm_node *ret, size_t cap) {
    int fd CLEANUP(file_close) = -1;
    size_t n = 0;
    if (kernel_dir_open_at(sys_fd, "class/drm", &fd, NULL) < 0)
        return 0;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return 0;
    (void)file_steal(&fd);
    for (const struct dirent *entry; n < cap && (entry = readdir(dir));) {
        bool is_card = false;
        if (!node_name(entry->d_name, &is_card))
            continue;
        ret[n] = (struct drm_node){.is_card = is_card, .minor = U64_UNKNOWN};
        memcpy(ret[n].name, entry->d_name, strlen(entry->d_name) + 1);
        n++;
    }
    (void)closedir(dir);
    qsort(ret, n, sizeof *ret, by_name);
    for (size_t i = 0; i < n; i++)
        read_node(sys_fd, &ret[i]);
    return n;
}

const struct drm_node *drm_nodes_card(const struct drm_node *nodes, size_t n, const char *device_name) {
    for (size_t i = 0; i < n; i++)
        if (nodes[i].is_card && strcmp(nodes[i].device.name, device_name) == 0)
            return &nodes[i];
    return NULL;
}

static struct drm_node *list_all(int sys_fd, size_t *ret_n, struct error *err) {
    struct drm_node *nodes = malloc(DRM_NODES_MAX * sizeof *nodes);
    if (nodes)
        *ret_n = drm_nodes_list(sys_fd, nodes, DRM_NODES_MAX);
    else
        (void)error_set(err, ERR_NOMEM, "nodes of DRM");
    return nodes;
}

int drm_cards_list(int sys_fd, drm_is_ours *is_ours, char *ret, size_t size, size_t cap, struct error *err) {
    size_t n = 0;
    size_t n_ours = 0;
    struct drm_node *nodes = list_all(sys_fd, &n, err);
    if (!nodes)
        return -ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!nodes[i].is_card || !is_ours(&nodes[i], nodes, n))
            continue;
        if (n_ours < cap)
            (void)snprintf(ret + n_ours * size, size, "%s", nodes[i].device.name);
        n_ours++;
    }
    free(nodes);
    return (int)n_ours;
}

int drm_card_follow(int sys_fd, const char *device_name, int *card_fd, struct error *err) {
    if (*card_fd >= 0 && faccessat(*card_fd, "device", F_OK, 0) == 0)
        return 0;
    file_close(card_fd);
    size_t n = 0;
    struct drm_node *nodes = list_all(sys_fd, &n, err);
    if (!nodes)
        return -ERR_NOMEM;
    const struct drm_node *card = drm_nodes_card(nodes, n, device_name);
    int status = card ? drm_node_open(sys_fd, card->name, card_fd, err) : -ERR_ABSENT;
    free(nodes);
    if (status == -ERR_ABSENT)
        return error_set(err, ERR_STALE, "is gone: it has left class/drm");
    return status < 0 ? status : 1;
}
