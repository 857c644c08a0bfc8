/* collect/gpu/pci.c: reads what PCI and sysfs tell of a card. */
#include "collect/gpu/pci.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

static void keep_name(struct text t, char ret[PCI_NAME_MAX]) {
    if (t.len == 0 || t.len >= PCI_NAME_MAX || memchr(t.at, '\0', t.len) || memchr(t.at, '/', t.len))
        return;
    memcpy(ret, t.at, t.len);
    ret[t.len] = '\0';
}

/* The last component of where a symbolic link leads. */
static void read_link_name(int dir_fd, const char *link, char ret[PCI_NAME_MAX]) {
    char target[1024];
    ssize_t n = readlinkat(dir_fd, link, target, sizeof target);
    if (n <= 0 || n == (ssize_t)sizeof target)
        return;
    const char *slash = memrchr(target, '/', (size_t)n);
    const char *name = slash ? slash + 1 : target;
    struct text last = {name, (size_t)(target + n - name)};
    if (!text_is(last, "..") && !text_is(last, "."))
        keep_name(last, ret);
}

static bool parse_hex(struct text t, uint64_t *ret) {
    uint64_t number = 0;
    if (t.len == 0 || t.len > 8)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        number = number << 4 | digit;
    }
    *ret = number;
    return true;
}

static void parse_uevent(struct text text, struct pci_device *ret) {
    for (struct text line, key; kernel_line(&text, &line);) {
        struct text vendor;
        if (!text_cut(&line, '=', &key) || !known_text(line))
            continue;
        if (text_is(key, "DRIVER"))
            keep_name(line, ret->driver);
        else if (text_is(key, "PCI_SLOT_NAME"))
            keep_name(line, ret->name);
        else if (text_is(key, "PCI_ID") && text_cut(&line, ':', &vendor) &&
                 (!parse_hex(vendor, &ret->vendor_id) || !parse_hex(line, &ret->device_id)))
            ret->vendor_id = ret->device_id = U64_UNKNOWN;
    }
}

void pci_device_read(int card_fd, struct pci_device *ret) {
    char buf[KERNEL_VALUE_MAX];
    *ret = (struct pci_device){.vendor_id = U64_UNKNOWN, .device_id = U64_UNKNOWN};
    parse_uevent(kernel_text(card_fd, buf, "device/uevent"), ret);
    if (!ret->name[0])
        read_link_name(card_fd, "device", ret->name);
    if (!ret->driver[0])
        read_link_name(card_fd, "device/driver", ret->driver);
}

/* Reads the ids in front of a line's name, as the database has them: four hexadecimal digits and two blanks. */
static bool take_id(struct text *line, uint64_t *ret) {
    if (line->len < 6 || line->at[4] != ' ' || line->at[5] != ' ' || !parse_hex((struct text){line->at, 4}, ret))
        return false;
    *line = text_trim((struct text){line->at + 6, line->len - 6});
    return true;
}

struct text pci_ids_find(struct text ids, uint64_t vendor_id, uint64_t device_id) {
    bool ours = false; /* below the line of the vendor */
    for (struct text line; kernel_line(&ids, &line);) {
        uint64_t id = 0;
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (line.at[0] != '\t') {
            if (ours)
                break;
            ours = take_id(&line, &id) && id == vendor_id;
        } else if (ours && line.len > 1 && line.at[1] != '\t') {
            line = (struct text){line.at + 1, line.len - 1};
            if (take_id(&line, &id) && id == device_id)
                return line;
        }
    }
    return (struct text){NULL, 0};
}

static void keep_product(struct text t, char ret[PCI_PRODUCT_MAX]) {
    (void)snprintf(ret, PCI_PRODUCT_MAX, "%.*s", TEXT_ARG(t));
}

/* "DG2 [Arc A380]": what is sold stands in brackets behind what it was called when it was made. */
static void split_product(struct text entry, struct pci_product *ret) {
    const char *open = entry.len ? memchr(entry.at, '[', entry.len) : NULL;
    if (!open || entry.at[entry.len - 1] != ']') {
        keep_product(entry, ret->name);
        return;
    }
    size_t before = (size_t)(open - entry.at);
    keep_product((struct text){open + 1, entry.len - before - 2}, ret->name);
    keep_product(text_trim((struct text){entry.at, before}), ret->family);
}

void pci_product_read(const char *rootfs, const struct pci_device *device, struct pci_product *ret) {
    static const char *const places[] = {"usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids", "usr/share/pci.ids"};
    *ret = (struct pci_product){.name = ""};
    int root_fd CLEANUP(file_close) = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0 || !known_u64(device->vendor_id) || !known_u64(device->device_id))
        return;
    for (size_t i = 0; i < COUNT_OF(places) && !ret->name[0]; i++) {
        struct buffer ids CLEANUP(buffer_done) = {.limit = PCI_IDS_MAX};
        struct stat info;
        if (fstatat(root_fd, places[i], &info, 0) != 0 || !S_ISREG(info.st_mode) ||
            file_read_all(root_fd, places[i], &ids, NULL) < 0)
            continue;
        struct text entry = pci_ids_find((struct text){ids.at, ids.len}, device->vendor_id, device->device_id);
        if (entry.len > 0)
            split_product(entry, ret);
    }
}

uint64_t pci_parse_generation(struct text speed) {
    static const struct {
        double gt_per_second;
        uint64_t generation;
    } generations[] = {{2.5, 1}, {5, 2}, {8, 3}, {16, 4}, {32, 5}, {64, 6}, {128, 7}};
    struct text number;
    struct text unit;
    double value = 0;
    if (!text_word(&speed, &number) || !text_word(&speed, &unit) || !text_is(unit, "GT/s") || !text_f64(number, &value))
        return U64_UNKNOWN;
    for (size_t i = 0; i < COUNT_OF(generations); i++)
        if (fabs(value - generations[i].gt_per_second) < 0.1)
            return generations[i].generation;
    return U64_UNKNOWN;
}

struct pci_link pci_link_read(int card_fd, const char *where) {
    enum { LANES_MAX = 32 };
    char buf[KERNEL_VALUE_MAX];
    struct pci_link link = {
        .generation = pci_parse_generation(kernel_text(card_fd, buf, "%s/current_link_speed", where)),
        .width = kernel_u64(card_fd, "%s/current_link_width", where),
    };
    if (link.width == 0 || link.width > LANES_MAX) /* a link that is down, 255 for one that is not known */
        link.width = U64_UNKNOWN;
    return link;
}

int64_t pci_numa_node(int card_fd) {
    enum { NODES_MAX = 1 << 16 };
    uint64_t node = kernel_u64(card_fd, "device/numa_node"); /* -1 where there is but one */
    return node < NODES_MAX ? (int64_t)node : I64_UNKNOWN;
}

bool pci_is_suspended(int card_fd) {
    char buf[KERNEL_VALUE_MAX];
    return text_is(kernel_text(card_fd, buf, "device/power/runtime_status"), "suspended");
}

struct text pci_make_uuid(struct arena *arena, struct text host_id, const char *name) {
    size_t len = host_id.len + strlen(name) + 5;
    char *at = arena_alloc(arena, len + 1);
    if (!at)
        return (struct text){NULL, 0};
    (void)snprintf(at, len + 1, "GPU-%.*s-%s", TEXT_ARG(host_id), name);
    return (struct text){at, len};
}
