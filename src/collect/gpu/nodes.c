/* collect/gpu/nodes.c: lists the cards and render nodes of DRM. */
#include "collect/gpu/nodes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

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
