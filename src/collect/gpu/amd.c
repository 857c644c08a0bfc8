/* collect/gpu/amd.c: the driver of AMD cards: finds them below sysfs, and explains what can be read of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "collect/gpu/amd_card.h"
#include "collect/gpu/amd_files.h"
#include "collect/gpu/amd_identity.h"
#include "collect/gpu/amd_metrics.h"
#include "collect/gpu/amd_parse.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/nodes.h"
#include "collect/kernel_file.h"

static void close_place(void *self) {
    struct amd_place *place = self;
    if (!place)
        return;
    file_close(&place->sys_fd);
    free(place->rootfs);
    free(place);
}

/* The module's own version where it was built out of the kernel's tree; else the kernel's, of which it is a part. */
static void read_procfs(struct amd_place *place, const struct collect_options *options) {
    char buf[KERNEL_VALUE_MAX];
    int fd CLEANUP(file_close) = -1;
    struct text version = amd_value(kernel_text(place->sys_fd, buf, "module/amdgpu/version"));
    if (known_text(version))
        (void)snprintf(place->driver_version, sizeof place->driver_version, "%.*s", TEXT_ARG(version));
    if (kernel_dir_open(options->roots.procfs, &fd, NULL) < 0)
        return;
    /* Only the first pid namespace has the kernel's threads, and KFD writes the pids of that one. */
    place->host_pids = text_is(kernel_text(fd, buf, "2/comm"), "kthreadd");
    struct text release = amd_value(kernel_text(fd, buf, "sys/kernel/osrelease"));
    if (!place->driver_version[0] && known_text(release))
        (void)snprintf(place->driver_version, sizeof place->driver_version, "Linux %.*s", TEXT_ARG(release));
}

static size_t find_cards(int sys_fd, struct drm_node *nodes) {
    return amd_cards_select(nodes, drm_nodes_list(sys_fd, nodes, DRM_NODES_MAX));
}

/* NULL where it cannot be: `ret_status` and `err` say why. */
static struct amd_place *open_place(const struct collect_options *options, int *ret_status, struct error *err) {
    int sys_fd = -1;
    *ret_status = kernel_dir_open(options->roots.sysfs, &sys_fd, err);
    if (*ret_status < 0)
        return NULL;
    struct amd_place *place = calloc(1, sizeof *place);
    char *rootfs = strdup(options->roots.rootfs);
    if (!place || !rootfs) {
        free(place);
        free(rootfs);
        file_close(&sys_fd);
        *ret_status = error_set(err, ERR_NOMEM, "driver of AMD cards");
        return NULL;
    }
    place->sys_fd = sys_fd;
    place->rootfs = rootfs;
    atomic_init(&place->handles, 0);
    read_procfs(place, options);
    return place;
}

static int amd_list(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err) {
    const struct amd_place *place = self;
    struct drm_node *nodes = calloc(DRM_NODES_MAX, sizeof *nodes);
    if (!nodes)
        return error_set(err, ERR_NOMEM, "nodes of DRM");
    size_t n = find_cards(place->sys_fd, nodes);
    if (n > cap)
        n = cap;
    for (size_t i = 0; i < n; i++)
        (void)snprintf(keys[i], GPU_KEY_MAX, "%s", nodes[i].device.name);
    free(nodes);
    return (int)n;
}

static int amd_open(const struct collect_options *options, void **ret, struct error *err) {
    int status = 0;
    struct drm_node *nodes = calloc(DRM_NODES_MAX, sizeof *nodes);
    if (!nodes)
        return error_set(err, ERR_NOMEM, "nodes of DRM");
    struct amd_place *place = open_place(options, &status, err);
    size_t n = place ? find_cards(place->sys_fd, nodes) : 0;
    free(nodes);
    if (n == 0) {
        close_place(place);
        return status < 0 ? status : error_set(err, ERR_ABSENT, "no AMD card below class/drm");
    }
    *ret = place;
    return 0;
}

static int amd_attach(void *self, const char *key, void **ret_card, struct error *err) {
    struct amd_card *card = NULL;
    int status = amd_card_create(self, key, &card, err);
    if (status == 0)
        *ret_card = card;
    return status;
}

static int amd_sample(void *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    return amd_card_sample(card, cycle, into, err);
}

static void amd_detach(void *card) {
    amd_card_destroy(card);
}

/* Asks the sensors that every card has, and the table. */
static void explain_readings(struct report *report, const char *source, const struct amd_place *place,
    const struct amd_identity *id, struct amd_files *files) {
    char table[AMD_METRICS_MAX];
    char metrics[64] = "no gpu_metrics table";
    struct amd_metrics m;
    amd_files_begin(files, true);
    bool busy = known_u64(amd_files_u64(files, AMD_BUSY));
    bool memory = known_u64(amd_files_u64(files, AMD_VRAM_USED));
    bool power = known_u64(amd_files_u64(files, AMD_POWER_AVERAGE)) || known_u64(amd_files_u64(files, AMD_POWER_INPUT));
    struct text found = amd_files_read(files, AMD_METRICS, table, sizeof table);
    bool parsed = known_text(found) && amd_metrics_parse(found, &m);
    if (parsed)
        (void)snprintf(metrics, sizeof metrics, "gpu_metrics %u.%u", m.format, m.content);
    else if (found.len >= 4)
        (void)snprintf(metrics, sizeof metrics, "gpu_metrics %u.%u, which is not known", (unsigned char)found.at[2],
            (unsigned char)found.at[3]);
    bool processes = id->kfd.n > 0 && place->host_pids;
    const char *remedy = files->denied                ? "make the card's files in sysfs readable"
                         : files->failed > 0 && !busy ? "see what the kernel log says of amdgpu"
                         : id->kfd.n > 0 && !processes
                             ? "--procfs with the host's /proc: KFD tells the host's pids, which are not ours"
                             : NULL;
    enum readable state = files->denied || (files->failed > 0 && files->answered == 0)         ? DENIED
                          : busy && memory && power && parsed && (processes || id->kfd.n == 0) ? READABLE
                                                                                               : PARTLY;
    report_add(report, SECTION_GPU, state, source, remedy, "%s, %s, %s, %s, %s",
        busy ? "utilization" : "no utilization", memory ? "memory" : "no memory", power ? "power" : "no power", metrics,
        processes       ? "memory of processes through KFD"
        : id->kfd.n > 0 ? "no memory of processes"
                        : "KFD does not know the card");
}

static void explain_card(struct report *report, struct amd_place *place, const struct drm_node *node, size_t index) {
    char source[PCI_PRODUCT_MAX + PCI_NAME_MAX + 32];
    struct amd_identity id;
    struct amd_files files;
    int fd CLEANUP(file_close) = -1;
    if (drm_node_open(place->sys_fd, node->name, &fd, NULL) < 0 ||
        amd_files_open(&files, fd, &place->handles, NULL) < 0)
        return;
    amd_identity_read(place->sys_fd, fd, &node->device, place->rootfs, &id);
    (void)snprintf(source, sizeof source, "amd: GPU %zu (%s)", index, id.name);
    if (pci_is_suspended(fd))
        report_add(report, SECTION_GPU, PARTLY, source, "use the card, or write \"on\" into its power/control",
            "suspended: its name and size of memory only, since anything else would wake it");
    else
        explain_readings(report, source, place, &id, &files);
    amd_files_close(&files);
}

static void amd_explain(const struct collect_options *options, struct report *report) {
    int status = 0;
    struct amd_place *place = open_place(options, &status, NULL);
    struct drm_node *nodes = calloc(DRM_NODES_MAX, sizeof *nodes);
    if (nodes && place) {
        char buf[KERNEL_VALUE_MAX];
        size_t n = find_cards(place->sys_fd, nodes);
        bool loaded = known_text(kernel_text(place->sys_fd, buf, "module/amdgpu/initstate"));
        for (size_t i = 0; i < n; i++)
            explain_card(report, place, &nodes[i], i);
        if (n == 0)
            report_add(report, SECTION_GPU, MISSING, "amd", loaded ? NULL : "if there is one: modprobe amdgpu",
                "no AMD card below class/drm of sysfs; the module amdgpu is %s", loaded ? "loaded" : "not loaded");
    }
    close_place(place);
    free(nodes);
}

const struct gpu_driver amd_driver = {
    .name = "amd",
    .open = amd_open,
    .list = amd_list,
    .attach = amd_attach,
    .sample = amd_sample,
    .detach = amd_detach,
    .close = close_place,
    .explain = amd_explain,
};
