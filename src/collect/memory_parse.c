/* collect/memory_parse.c: parses the kernel's texts about memory. */
#include "collect/memory_parse.h"

#include "base/number.h"
#include "collect/kernel_file.h"

/* "  123 kB" or "  4": bytes, or a count. */
static void take_amount(struct text value, uint64_t *ret) {
    struct text number;
    struct text unit;
    uint64_t amount = 0;
    if (!text_word(&value, &number) || !text_u64(number, &amount))
        return;
    if (text_word(&value, &unit) && text_is(unit, "kB") && __builtin_mul_overflow(amount, 1024U, &amount))
        return;
    *ret = amount;
}

struct amount {
    const char *key;
    uint64_t *to;
};

static void parse_amounts(struct text text, char separator, const struct amount *amounts, size_t n) {
    size_t next = 0; /* the kernel keeps its order, so the next wanted line is nearly always the next of the list */
    for (struct text line, key; kernel_line(&text, &line);) {
        if (!text_cut(&line, separator, &key))
            continue;
        for (size_t i = 0; i < n; i++) {
            const struct amount *a = &amounts[(next + i) % n];
            if (text_is(key, a->key)) {
                take_amount(line, a->to);
                next = (next + i + 1) % n;
                break;
            }
        }
    }
}

void memory_parse_meminfo(struct text text, struct memory *ret) {
    const struct amount amounts[] = {
        {"MemTotal", &ret->total_bytes},
        {"MemFree", &ret->free_bytes},
        {"MemAvailable", &ret->available_bytes},
        {"Buffers", &ret->buffers_bytes},
        {"Cached", &ret->cached_bytes},
        {"SwapTotal", &ret->swap_total_bytes},
        {"SwapFree", &ret->swap_free_bytes},
        {"Dirty", &ret->dirty_bytes},
        {"Shmem", &ret->shared_bytes},
        {"Slab", &ret->slab_bytes},
        {"HugePages_Total", &ret->hugepages_total},
        {"HugePages_Free", &ret->hugepages_free},
        {"Hugepagesize", &ret->hugepage_bytes},
    };
    parse_amounts(text, ':', amounts, COUNT_OF(amounts));

    if (known_u64(ret->swap_total_bytes) && known_u64(ret->swap_free_bytes))
        ret->swap_used_bytes =
            ret->swap_total_bytes > ret->swap_free_bytes ? ret->swap_total_bytes - ret->swap_free_bytes : 0;
    if (!known_u64(ret->total_bytes) || !known_u64(ret->available_bytes))
        return;
    ret->used_bytes = ret->total_bytes > ret->available_bytes ? ret->total_bytes - ret->available_bytes : 0;
    if (ret->total_bytes > 0)
        ret->utilization = number_round(100 * (double)ret->used_bytes / (double)ret->total_bytes, 2);
}

void memory_parse_vmstat(struct text text, struct memory *ret) {
    const struct amount amounts[] = {
        {"pswpin", &ret->swap_in_pages},
        {"pswpout", &ret->swap_out_pages},
        {"pgmajfault", &ret->page_faults_major},
        {"oom_kill", &ret->oom_kills},
    };
    parse_amounts(text, ' ', amounts, COUNT_OF(amounts));
}

void memory_parse_node(struct text text, struct numa_node *ret) {
    for (struct text line, node, number, key; kernel_line(&text, &line);) {
        if (!text_word(&line, &node) || !text_word(&line, &number) || !text_word(&line, &key))
            continue;
        if (text_is(key, "MemTotal:"))
            take_amount(line, &ret->total_bytes);
        else if (text_is(key, "MemFree:"))
            take_amount(line, &ret->free_bytes);
    }
}
