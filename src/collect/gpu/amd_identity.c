/* collect/gpu/amd_identity.c: reads what never changes about an AMD card. */
#include "collect/gpu/amd_identity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "collect/gpu/amd_parse.h"
#include "collect/kernel_file.h"

static void keep(struct text t, char *ret, size_t cap) {
    (void)snprintf(ret, cap, "%.*s", known_text(t) ? (int)t.len : 0, known_text(t) ? t.at : "");
}

static void read_value(int card_fd, const char *file, char *ret, size_t cap) {
    char buf[KERNEL_VALUE_MAX];
    keep(amd_value(kernel_text(card_fd, buf, "device/%s", file)), ret, cap);
}

/* libdrm's list tells models of one chip from each other, which the PCI database does not. */
static void read_libdrm_name(int card_fd, const char *rootfs, uint64_t device_id, char *ret, size_t cap) {
    enum { IDS_MAX = 1 << 20 }; /* it has 30 KiB */
    static const char path[] = "usr/share/libdrm/amdgpu.ids";
    char buf[KERNEL_VALUE_MAX];
    uint64_t revision = amd_parse_hex(amd_value(kernel_text(card_fd, buf, "device/revision")));
    struct buffer ids CLEANUP(buffer_done) = {.limit = IDS_MAX};
    struct stat info;
    int root_fd CLEANUP(file_close) = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0 || fstatat(root_fd, path, &info, 0) != 0 || !S_ISREG(info.st_mode) ||
        file_read_all(root_fd, path, &ids, NULL) < 0)
        return;
    keep(amd_ids_find((struct text){ids.at, ids.len}, device_id, revision), ret, cap);
}

static void name_card(struct amd_identity *id, int card_fd, const char *rootfs, const struct pci_product *product) {
    read_value(card_fd, "product_name", id->name, sizeof id->name); /* of cards that carry their papers */
    if (!id->name[0])
        read_libdrm_name(card_fd, rootfs, id->pci.device_id, id->name, sizeof id->name);
    if (!id->name[0] && product->name[0])
        (void)snprintf(id->name, sizeof id->name, "AMD %.100s", product->name);
    if (!id->name[0] && known_u64(id->pci.device_id))
        (void)snprintf(
            id->name, sizeof id->name, "AMD GPU [%04" PRIx64 ":%04" PRIx64 "]", id->pci.vendor_id, id->pci.device_id);
    if (!id->name[0])
        (void)snprintf(id->name, sizeof id->name, "AMD GPU");
}

/* 90402 is gfx942: the minor version and the stepping are hexadecimal digits. */
static void name_architecture(struct amd_identity *id, const struct pci_product *product) {
    uint64_t target = id->kfd.gfx_target;
    if (known_u64(target) && target >= 10000 && target < 1000000)
        (void)snprintf(id->architecture, sizeof id->architecture, "gfx%" PRIu64 "%" PRIx64 "%" PRIx64, target / 10000,
            target / 100 % 100, target % 100);
    else
        (void)snprintf(id->architecture, sizeof id->architecture, "%.60s", product->family);
}

/* Of the tables before 1.4, those of MI100 and MI200 count in units of 2^-16 J; what others count in, nothing says. */
static bool counts_energy(uint64_t device_id) {
    static const uint16_t ids[] = {0x7388, 0x738c, 0x738e, 0x7390, 0x7408, 0x740c, 0x740f, 0x7410};
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        if (device_id == ids[i])
            return true;
    return false;
}

/* Sixteen hexadecimal digits; chips without a number say nothing, or 0. */
static bool is_id(const char *id) {
    return strlen(id) == 16 && strspn(id, "0123456789abcdefABCDEF") == 16 && strspn(id, "0") < 16;
}

void amd_identity_read(
    int sys_fd, int card_fd, const struct pci_device *pci, const char *rootfs, struct amd_identity *ret) {
    struct pci_product product;
    *ret = (struct amd_identity){.pci = *pci, .numa_node = pci_numa_node(card_fd)};
    ret->energy_is_known = counts_energy(pci->device_id);
    read_value(card_fd, "unique_id", ret->unique_id, sizeof ret->unique_id);
    if (!is_id(ret->unique_id))
        ret->unique_id[0] = '\0';
    read_value(card_fd, "vbios_version", ret->vbios, sizeof ret->vbios);
    amd_kfd_find(sys_fd, pci->name, &ret->kfd);
    pci_product_read(rootfs, pci, &product);
    name_card(ret, card_fd, rootfs, &product);
    name_architecture(ret, &product);
}

struct text amd_uuid(const struct amd_identity *id, struct arena *arena, struct text host_id) {
    char uuid[sizeof "GPU-" + sizeof id->unique_id];
    if (!id->unique_id[0])
        return pci_make_uuid(arena, host_id, id->pci.name);
    (void)snprintf(uuid, sizeof uuid, "GPU-%s", id->unique_id);
    return arena_text(arena, text_of(uuid));
}
