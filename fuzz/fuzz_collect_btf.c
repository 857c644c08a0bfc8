/* fuzz/fuzz_collect_btf.c: descriptions of a kernel's types, mangled: members are found, or not, and a program made of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/process/bpf_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t len;
};

static ssize_t read_input(void *context, void *buf, size_t n, uint64_t offset) {
    const struct input *in = context;
    if (offset >= in->len)
        return 0;
    size_t left = in->len - (size_t)offset;
    size_t got = left < n ? left : n;
    if (got)
        memcpy(buf, in->at + offset, got);
    return (ssize_t)got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, size};
    struct btf_wanted members[KERNEL_MEMBERS];
    struct bpf_program program;
    bpf_program_wanted(members);
    if (btf_find(read_input, &in, members, KERNEL_MEMBERS, NULL) < 0)
        return 0;
    for (unsigned level = 0; level < 3; level++)
        if (bpf_program_make(members, level, &program, NULL) == 0 && program.n >= COUNT_OF(program.code))
            abort();
    return 0;
}
