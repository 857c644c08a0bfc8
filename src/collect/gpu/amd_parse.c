/* collect/gpu/amd_parse.c: parses the texts that amdgpu and KFD write into sysfs. */
#include "collect/gpu/amd_parse.h"

#include "base/number.h"
#include "collect/gpu/amd_metrics.h"
#include "collect/kernel_file.h"

struct text amd_value(struct text file) {
    const char *nul = file.len ? memchr(file.at, '\0', file.len) : NULL;
    if (nul)
        file.len = (size_t)(nul - file.at);
    file = text_trim(file);
    return file.len > 0 ? file : (struct text){NULL, 0};
}

/* A line of levels without its number and its mark. */
static bool take_level(struct text *levels, struct text *ret, bool *ret_present) {
    struct text number;
    if (!kernel_line(levels, ret))
        return false;
    *ret = text_trim(*ret);
    *ret_present = text_ends(*ret, "*");
    if (*ret_present)
        *ret = text_trim((struct text){ret->at, ret->len - 1});
    if (!text_cut(ret, ':', &number) || !known_text(*ret))
        *ret = (struct text){"", 0};
    *ret = text_trim(*ret);
    return true;
}

static uint64_t mhz_of(struct text level) {
    uint64_t mhz = 0;
    if (!text_ends(level, "Mhz") || !text_u64((struct text){level.at, level.len - 3}, &mhz))
        return U64_UNKNOWN;
    return mhz;
}

uint64_t amd_parse_clock(struct text levels) {
    uint64_t found = U64_UNKNOWN;
    unsigned marked = 0;
    bool present = false;
    for (struct text level; take_level(&levels, &level, &present);)
        if (present) {
            found = mhz_of(level);
            marked++;
        }
    return marked == 1 ? found : U64_UNKNOWN;
}

/* "8.0GT/s, x16 619Mhz" */
static struct pci_link link_of(struct text level) {
    enum { LANES_MAX = 32 };
    struct pci_link link = {U64_UNKNOWN, U64_UNKNOWN};
    struct text speed;
    struct text width;
    double gt_per_second = 0;
    if (!text_cut(&level, ',', &speed) || !text_word(&level, &width) || !text_ends(speed, "GT/s"))
        return link;
    if (text_f64((struct text){speed.at, speed.len - 4}, &gt_per_second) && gt_per_second > 0 && gt_per_second < 1000)
        link.generation = amd_pcie_generation((uint64_t)(gt_per_second * 10 + 0.5));
    if (text_starts(width, "x") && text_u64((struct text){width.at + 1, width.len - 1}, &link.width) &&
        (link.width == 0 || link.width > LANES_MAX))
        link.width = U64_UNKNOWN;
    return link;
}

static uint64_t higher(uint64_t a, uint64_t b) {
    return !known_u64(a) || (known_u64(b) && b > a) ? b : a;
}

struct pci_link amd_parse_link(struct text levels, bool highest) {
    struct pci_link found = {U64_UNKNOWN, U64_UNKNOWN};
    bool present = false;
    bool any = false;
    for (struct text level; take_level(&levels, &level, &present);) {
        if (!present && !highest)
            continue;
        struct pci_link link = link_of(level);
        if (highest)
            link = (struct pci_link){higher(found.generation, link.generation), higher(found.width, link.width)};
        else if (any && (link.generation != found.generation || link.width != found.width))
            return (struct pci_link){U64_UNKNOWN, U64_UNKNOWN};
        found = link;
        any = true;
    }
    return found;
}

static void add(uint64_t *sum, uint64_t n) {
    if (!known_u64(*sum))
        *sum = n;
    else if (__builtin_add_overflow(*sum, n, sum))
        *sum = U64_UNKNOWN;
}

void amd_parse_ras(struct text text, uint64_t *uncorrected, uint64_t *corrected) {
    for (struct text line, key; kernel_line(&text, &line);) {
        uint64_t n = 0;
        if (!text_cut(&line, ':', &key) || !known_text(line) || !text_u64(text_trim(line), &n))
            continue;
        if (text_is(key, "ue"))
            add(uncorrected, n);
        else if (text_is(key, "ce"))
            add(corrected, n);
    }
}

uint64_t amd_count_retired(struct text pages) {
    uint64_t n = 0;
    for (struct text line; kernel_line(&pages, &line);) {
        line = text_trim(line);
        n += text_starts(line, "0x") && text_ends(line, ": R");
    }
    return n;
}

uint64_t amd_parse_hex(struct text t) {
    uint64_t number = 0;
    if (text_starts(t, "0x"))
        t = (struct text){t.at + 2, t.len - 2};
    if (t.len == 0 || t.len > 8)
        return U64_UNKNOWN;
    for (size_t i = 0; i < t.len; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = memchr(digits, t.at[i], sizeof digits - 1);
        if (!digit)
            return U64_UNKNOWN;
        size_t value = (size_t)(digit - digits);
        number = number << 4 | (value < 16 ? value : value - 6);
    }
    return number;
}

struct text amd_ids_find(struct text ids, uint64_t device_id, uint64_t revision) {
    if (!known_u64(device_id) || !known_u64(revision))
        return (struct text){NULL, 0};
    for (struct text line, device, rev; kernel_line(&ids, &line);) {
        if (!text_cut(&line, ',', &device) || !text_cut(&line, ',', &rev) || !known_text(line) ||
            amd_parse_hex(text_trim(device)) != device_id || amd_parse_hex(text_trim(rev)) != revision)
            continue;
        line = text_trim(line);
        if (line.len > 0)
            return line;
    }
    return (struct text){NULL, 0};
}

void amd_parse_node(struct text properties, struct amd_node *ret) {
    *ret = (struct amd_node){U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN, U64_UNKNOWN};
    const struct {
        const char *key;
        uint64_t *value;
    } keys[] = {
        {"domain", &ret->domain},
        {"location_id", &ret->location_id},
        {"gfx_target_version", &ret->gfx_target},
        {"simd_count", &ret->simd_count},
        {"simd_per_cu", &ret->simd_per_cu},
    };
    for (struct text line, key; kernel_line(&properties, &line);) {
        if (!text_word(&line, &key))
            continue;
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            if (text_is(key, keys[i].key) && !text_u64(text_trim(line), keys[i].value))
                *keys[i].value = U64_UNKNOWN;
    }
}

/* "0000:0c:00.0" */
static bool parse_pci_name(struct text name, uint64_t *ret_domain, uint64_t *ret_location) {
    struct text domain;
    struct text bus;
    struct text device;
    if (!text_cut(&name, ':', &domain) || !text_cut(&name, ':', &bus) || !text_cut(&name, '.', &device))
        return false;
    uint64_t parts[] = {amd_parse_hex(bus), amd_parse_hex(device), amd_parse_hex(name)};
    *ret_domain = amd_parse_hex(domain);
    *ret_location = parts[0] << 8 | parts[1] << 3 | parts[2];
    return known_u64(*ret_domain) && parts[0] <= 0xff && parts[1] <= 0x1f && parts[2] <= 7;
}

bool amd_node_is(const struct amd_node *node, const char *pci_name) {
    enum { LOCATION_BITS = 0xffff }; /* above them newer kernels number a card's partitions */
    uint64_t domain = 0;
    uint64_t location = 0;
    return known_u64(node->domain) && known_u64(node->location_id) &&
           parse_pci_name(text_of(pci_name), &domain, &location) && node->domain == domain &&
           (node->location_id & LOCATION_BITS) == location;
}
