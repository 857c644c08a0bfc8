/* collect/gpu/npu.c: Intel's NPUs, by what their driver (intel_vpu) writes into sysfs. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/pci.h"
#include "collect/kernel_file.h"

enum { NODES_MAX = 64, NODE_PATH_MAX = 64, SHARE_MIN_MS = 100 };

struct npu_driver {
    int accel_fd; /* class/accel */
    char rootfs[512];
};

struct npu_card {
    int fd; /* the node's directory, class/accel/accel0 */
    struct pci_device device;
    struct pci_product product;
    int64_t numa_node;
    uint64_t busy_us; /* at the last reading that gave a share; U64_UNKNOWN before */
    int64_t read_ns;
    double busy_percent;
};

static void npu_close(void *self) {
    struct npu_driver *d = self;
    if (d)
        file_close(&d->accel_fd);
    free(d);
}

static int npu_open(const struct collect_options *options, void **ret, struct error *err) {
    int sys_fd CLEANUP(file_close) = -1;
    struct npu_driver *d = calloc(1, sizeof *d);
    if (!d)
        return error_set(err, ERR_NOMEM, "npu driver");
    *d = (struct npu_driver){.accel_fd = -1};
    (void)snprintf(d->rootfs, sizeof d->rootfs, "%s", options->roots.rootfs);
    int status = kernel_dir_open(options->roots.sysfs, &sys_fd, err);
    if (status == 0)
        status = kernel_dir_open_at(sys_fd, "class/accel", &d->accel_fd, err);
    if (status < 0)
        npu_close(d);
    else
        *ret = d;
    return status;
}

/* The device behind a node, when it is one of ours. */
static bool read_node(const struct npu_driver *d, const char *name, struct pci_device *ret, int *ret_fd) {
    if (strncmp(name, "accel", 5) != 0 || kernel_dir_open_at(d->accel_fd, name, ret_fd, NULL) < 0)
        return false;
    pci_device_read(*ret_fd, ret);
    if (strcmp(ret->driver, "intel_vpu") == 0 && ret->name[0])
        return true;
    file_close(ret_fd);
    return false;
}

/* Shows every device of ours, in the order of their nodes, to `visit`, which may take over the directory by setting fd to -1.
 * Returns how many there are. */
static size_t visit_all(
    const struct npu_driver *d, void (*visit)(void *context, const struct pci_device *device, int *fd), void *context) {
    struct dirent **entries = NULL;
    int found = scandirat(d->accel_fd, ".", &entries, NULL, versionsort);
    size_t n = 0;
    for (int i = 0; i < found; i++) {
        struct pci_device device;
        int fd CLEANUP(file_close) = -1;
        if (i < NODES_MAX && read_node(d, entries[i]->d_name, &device, &fd)) {
            visit(context, &device, &fd);
            n++;
        }
        free(entries[i]);
    }
    free(entries);
    return n;
}

struct key_list {
    char (*keys)[GPU_KEY_MAX];
    size_t n, cap;
};

static void add_key(void *context, const struct pci_device *device, int *fd) {
    struct key_list *list = context;
    (void)fd;
    if (list->n < list->cap)
        (void)snprintf(list->keys[list->n++], GPU_KEY_MAX, "%s", device->name);
}

static int npu_list(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err) {
    struct key_list list = {keys, 0, cap};
    (void)err;
    return (int)visit_all(self, add_key, &list);
}

static void npu_detach(void *self) {
    struct npu_card *c = self;
    if (c)
        file_close(&c->fd);
    free(c);
}

struct search {
    const char *key;
    struct npu_card *card;
};

static void take_if_named(void *context, const struct pci_device *device, int *fd) {
    const struct search *search = context;
    if (strcmp(search->key, device->name) != 0 || search->card->fd >= 0)
        return;
    search->card->device = *device;
    search->card->fd = *fd;
    *fd = -1;
}

static int npu_attach(void *self, const char *key, void **ret_card, struct error *err) {
    const struct npu_driver *d = self;
    struct npu_card *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERR_NOMEM, "an NPU");
    *c = (struct npu_card){.fd = -1, .busy_us = U64_UNKNOWN, .busy_percent = NAN};
    (void)visit_all(d, take_if_named, &(struct search){key, c});
    if (c->fd < 0) {
        npu_detach(c);
        return error_set(err, ERR_ABSENT, "has gone");
    }
    pci_product_read(d->rootfs, &c->device, &c->product);
    c->numa_node = pci_numa_node(c->fd);
    *ret_card = c;
    return 0;
}

/* The share of time with jobs since the last reading; frames that follow quickly share one. A counter that falls is a reset. */
static void update_share(struct npu_card *c, uint64_t busy_us, int64_t now_ns) {
    if (known_u64(c->busy_us) && known_u64(busy_us) && now_ns - c->read_ns < SHARE_MIN_MS * INT64_C(1000000))
        return;
    double percent = NAN;
    if (known_u64(c->busy_us) && known_u64(busy_us) && busy_us >= c->busy_us)
        percent = 100e3 * (double)(busy_us - c->busy_us) / (double)(now_ns - c->read_ns);
    c->busy_percent =
        percent <= 102 ? number_round(percent < 100 ? percent : 100, 2) : NAN; /* clocks differ a little */
    c->busy_us = busy_us;
    c->read_ns = now_ns;
}

static int npu_sample(void *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct npu_card *c = card;
    uint64_t busy_us = kernel_u64(c->fd, "device/npu_busy_time_us");
    uint64_t mhz = kernel_u64(c->fd, "device/npu_current_frequency_mhz");
    if (faccessat(c->fd, "device/uevent", F_OK, 0) != 0)
        return error_set(err, ERR_ABSENT, "has gone");
    struct gpu *g = frame_add(&into->arena, &into->gpus.list, &gpu_table);
    if (!g)
        return error_set(err, ERR_NOMEM, "graphics cards of a frame");
    update_share(c, busy_us, cycle->mono_ns);
    g->uuid = pci_make_uuid(&into->arena, cycle->host_id, c->device.name);
    g->name = c->product.name[0] ? arena_text(&into->arena, text_of(c->product.name)) : TEXT("Intel NPU");
    g->device_type = TEXT("NPU");
    g->vendor = TEXT("intel");
    g->pci_bus_id = arena_text(&into->arena, text_of(c->device.name));
    g->numa_node_id = c->numa_node;
    g->utilization = c->busy_percent;
    g->used_memory = kernel_u64(c->fd, "device/npu_memory_utilization");
    g->frequency = mhz > 0 ? mhz : U64_UNKNOWN; /* 0 while it sleeps */
    frame_add_detail(&into->arena, &g->detail.list, TEXT("Driver"), TEXT("intel_vpu"));
    return 0;
}

static void explain_one(void *context, const struct pci_device *device, int *fd) {
    struct report *report = context;
    char source[PCI_NAME_MAX + 8];
    (void)snprintf(source, sizeof source, "npu %s", device->name);
    if (known_u64(kernel_u64(*fd, "device/npu_busy_time_us")))
        report_add(report, SECTION_GPU, READABLE, source, NULL, "utilization, memory in use, clock");
    else
        report_add(report, SECTION_GPU, PARTLY, source, "Linux 6.11 and later tell more",
            "its name only: there is no npu_busy_time_us");
}

static void npu_explain(const struct collect_options *options, struct report *report) {
    void *self = NULL;
    size_t n = npu_open(options, &self, NULL) == 0 && self ? visit_all(self, explain_one, report) : 0;
    if (n == 0)
        report_add(report, SECTION_GPU, MISSING, "npu", "processors that have one want the module intel_vpu",
            "no NPU of Intel");
    npu_close(self);
}

const struct gpu_driver npu_driver = {
    .name = "npu",
    .open = npu_open,
    .list = npu_list,
    .attach = npu_attach,
    .sample = npu_sample,
    .detach = npu_detach,
    .close = npu_close,
    .explain = npu_explain,
};
