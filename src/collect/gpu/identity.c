/* collect/gpu/identity.c: reads who a card of one of the kernel's own drivers is. */
#include "collect/gpu/identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "collect/kernel_file.h"

int gpu_place_open(const struct collect_options *options, struct gpu_place *ret, struct error *err) {
    int sys_fd = -1;
    int status = kernel_dir_open(options->roots.sysfs, &sys_fd, err);
    if (status < 0)
        return status;
    char *rootfs = strdup(options->roots.rootfs);
    if (!rootfs) {
        file_close(&sys_fd);
        return error_set(err, ERR_NOMEM, "place of graphics cards");
    }
    *ret = (struct gpu_place){.sys_fd = sys_fd, .proc_fd = -1, .rootfs = rootfs};
    if (kernel_dir_open(options->roots.procfs, &ret->proc_fd, NULL) < 0)
        ret->proc_fd = -1;
    return 0;
}

void gpu_place_close(struct gpu_place *place) {
    file_close(&place->sys_fd);
    file_close(&place->proc_fd);
    free(place->rootfs);
    place->rootfs = NULL;
}

static bool keep_text(char *ret, size_t cap, const char *before, struct text t) {
    if (t.len == 0 || memchr(t.at, '\0', t.len))
        return false;
    (void)snprintf(ret, cap, "%s%.*s", before, TEXT_ARG(t));
    return true;
}

/* A driver of the kernel's own tree has the version of its kernel. */
static void read_version(const struct gpu_place *place, struct gpu_identity *id) {
    char buf[KERNEL_VALUE_MAX];
    bool has_module = id->pci.driver[0] && keep_text(id->driver_version, sizeof id->driver_version, "",
                                               kernel_text(place->sys_fd, buf, "module/%s/version", id->pci.driver));
    if (!has_module && place->proc_fd >= 0)
        (void)keep_text(id->driver_version, sizeof id->driver_version, "Linux ",
            kernel_text(place->proc_fd, buf, "sys/kernel/osrelease"));
}

void gpu_identity_read(
    const struct gpu_place *place, int card_fd, const struct pci_device *pci, struct gpu_identity *ret) {
    struct pci_product product;
    *ret = (struct gpu_identity){.pci = *pci, .numa_node = pci_numa_node(card_fd)};
    pci_product_read(place->rootfs, pci, &product);
    memcpy(ret->name, product.name, sizeof product.name);
    memcpy(ret->family, product.family, sizeof product.family);
    read_version(place, ret);
}

void gpu_detail(struct frame *into, struct gpu *gpu, const char *key, const char *fmt, ...) {
    char value[GPU_NAME_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    if (value[0])
        frame_add_detail(&into->arena, &gpu->detail.list, text_of(key), arena_text(&into->arena, text_of(value)));
}

struct gpu *gpu_identity_put(
    const struct gpu_identity *id, const char *vendor, const struct cycle *cycle, struct frame *into) {
    struct gpu *gpu = frame_add(&into->arena, &into->gpus.list, &gpu_table);
    if (!gpu)
        return NULL;
    gpu->uuid = pci_make_uuid(&into->arena, cycle->host_id, id->pci.name);
    gpu->name = arena_text(&into->arena, text_of(id->name));
    gpu->vendor = text_of(vendor);
    gpu->pci_bus_id = arena_text(&into->arena, text_of(id->pci.name));
    gpu->numa_node_id = id->numa_node;
    gpu->detail.asked = true;
    gpu_detail(into, gpu, "Driver Version", "%s", id->driver_version);
    gpu_detail(into, gpu, "driver", "%s", id->pci.driver);
    gpu_detail(into, gpu, "architecture", "%s", id->family);
    return gpu;
}
