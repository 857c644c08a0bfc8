/* collect/gpu/amd_card.c: one AMD card: its readings out of sysfs. */
#include "collect/gpu/amd_card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "collect/gpu/amd_files.h"
#include "collect/gpu/amd_identity.h"
#include "collect/gpu/amd_put.h"
#include "collect/gpu/nodes.h"
#include "collect/kernel_file.h"

struct amd_card {
    struct amd_place *place;
    char key[PCI_NAME_MAX];       /* its PCI name */
    bool attached;                /* what follows holds something */
    char node[DRM_NODE_NAME_MAX]; /* "card0" */
    ino_t node_ino;               /* another one means that the driver was bound anew */
    struct amd_identity id;
    struct amd_files files;
    struct amd_slow slow;
    bool slow_was_read; /* with the card awake */
    int64_t slow_at_ns; /* monotonic */
    struct amd_held_before held;
};

static void let_go(struct amd_card *card) {
    if (card->attached)
        amd_files_close(&card->files);
    card->attached = false;
}

static bool node_ino(const struct amd_card *card, ino_t *ret) {
    char path[sizeof "class/drm/" + DRM_NODE_NAME_MAX];
    struct stat info;
    (void)snprintf(path, sizeof path, "class/drm/%s", card->node);
    if (fstatat(card->place->sys_fd, path, &info, 0) != 0)
        return false;
    *ret = info.st_ino;
    return true;
}

static int take_up(struct amd_card *card, struct error *err) {
    int fd CLEANUP(file_close) = -1;
    struct drm_node *nodes = calloc(DRM_NODES_MAX, sizeof *nodes);
    if (!nodes)
        return error_set(err, ERR_NOMEM, "nodes of DRM");
    size_t n = drm_nodes_list(card->place->sys_fd, nodes, DRM_NODES_MAX);
    const struct drm_node *node = drm_nodes_card(nodes, n, card->key);
    int status = node ? drm_node_open(card->place->sys_fd, node->name, &fd, err) : -ERR_ABSENT;
    if (status == 0)
        status = amd_files_open(&card->files, fd, &card->place->handles, err);
    if (status == 0) {
        card->attached = true;
        card->slow_was_read = false;
        card->slow_at_ns = 0;
        card->held = (struct amd_held_before){U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN};
        amd_slow_clear(&card->slow);
        memcpy(card->node, node->name, sizeof card->node);
        amd_identity_read(card->place->sys_fd, fd, &node->device, card->place->rootfs, &card->id);
        if (!node_ino(card, &card->node_ino))
            card->node_ino = 0;
    }
    free(nodes);
    return status;
}

int amd_card_create(struct amd_place *place, const char *pci_name, struct amd_card **ret, struct error *err) {
    struct amd_card *card = calloc(1, sizeof *card);
    if (!card)
        return error_set(err, ERR_NOMEM, "an AMD card");
    card->place = place;
    (void)snprintf(card->key, sizeof card->key, "%s", pci_name);
    int status = take_up(card, err);
    if (status < 0) {
        free(card);
        return status == -ERR_ABSENT ? error_set(err, ERR_ABSENT, "is not there") : status;
    }
    *ret = card;
    return 0;
}

void amd_card_destroy(struct amd_card *card) {
    if (!card)
        return;
    let_go(card);
    free(card);
}

/* A card that was pulled out, or whose driver was unbound, has lost its node; one that came back has a new one. */
static int find_again(struct amd_card *card, struct error *err) {
    ino_t ino = 0;
    if (card->attached && node_ino(card, &ino) && ino == card->node_ino)
        return 0;
    let_go(card);
    int status = take_up(card, err);
    return status == -ERR_ABSENT ? error_set(err, ERR_STALE, "is gone: it has left class/drm") : status;
}

/* Everything that the chip itself would have to answer wakes it; what the kernel knows of it does not. */
static bool is_awake(struct amd_card *card, struct text *ret_state, char buf[KERNEL_VALUE_MAX]) {
    static const char *const asleep[] = {"suspended", "suspending", "resuming"};
    *ret_state = amd_value(amd_files_read(&card->files, AMD_RUNTIME_STATUS, buf, KERNEL_VALUE_MAX));
    for (size_t i = 0; known_text(*ret_state) && i < COUNT_OF(asleep); i++)
        if (text_is(*ret_state, asleep[i]))
            return false;
    return true;
}

static int complain(const struct amd_card *card, struct error *err) {
    if (card->files.failed > 0 && card->files.answered == 0)
        return error_os(err, card->files.os_errno, "does not answer");
    if (card->files.denied)
        return error_os(err, EACCES, "its files in sysfs are not readable");
    return 0;
}

int amd_card_sample(struct amd_card *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    char state_buf[KERNEL_VALUE_MAX];
    struct text state;
    int status = find_again(card, err);
    if (status < 0)
        return status;
    struct gpu *gpu = frame_add(&into->arena, &into->gpus.list, &gpu_table);
    if (!gpu)
        return error_set(err, ERR_NOMEM, "graphics cards of a frame");
    bool due = card->slow_at_ns == 0 || cycle->mono_ns - card->slow_at_ns >= AMD_SLOW_NS;
    amd_files_begin(&card->files, due);
    bool awake = is_awake(card, &state, state_buf);
    amd_put_identity(into, gpu, &card->id, cycle->host_id, card->place->driver_version);
    if (!known_text(gpu->uuid) || !known_text(gpu->name))
        return error_set(err, ERR_NOMEM, "a graphics card");
    if (due)
        amd_slow_read_sizes(card->files.device_fd, &card->slow);
    if (awake && (due || !card->slow_was_read)) {
        amd_slow_read(&card->files, &card->slow);
        card->slow_was_read = true;
    }
    if (due)
        card->slow_at_ns = cycle->mono_ns;
    amd_put_memory(into, gpu, &card->files, &card->slow);
    if (awake) {
        amd_put_slow(into, gpu, &card->slow);
        amd_put_readings(into, gpu, &card->files, &card->slow, card->id.energy_is_known, &card->held);
    } else {
        frame_add_detail(&into->arena, &gpu->detail.list, TEXT("power_state"), arena_text(&into->arena, state));
    }
    if (card->place->host_pids)
        status = amd_kfd_processes(card->place->sys_fd, &card->id.kfd, gpu->uuid, into, err);
    return status < 0 ? status : complain(card, err);
}

static int by_device_name(const void *a, const void *b) {
    const struct drm_node *p = a;
    const struct drm_node *q = b;
    return strcmp(p->device.name, q->device.name);
}

size_t amd_cards_select(struct drm_node *nodes, size_t n) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (nodes[i].is_card && nodes[i].device.vendor_id == AMD_VENDOR_ID) {
            struct drm_node node = nodes[i];
            nodes[found++] = node;
        }
    qsort(nodes, found, sizeof *nodes, by_device_name);
    return found;
}
