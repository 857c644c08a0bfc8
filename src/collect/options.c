/* collect/options.c: what was asked for, copied for threads that may outlive whoever asked. */
#include "collect/options.h"

bool collect_options_copy(const struct collect_options *from, struct arena *arena, struct collect_options *ret) {
    const char **texts[] = {&ret->roots.procfs, &ret->roots.sysfs, &ret->roots.rootfs, &ret->nvml};
    *ret = *from;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!*texts[i])
            continue;
        size_t size = strlen(*texts[i]) + 1;
        char *copy = arena_alloc(arena, size);
        if (!copy)
            return false;
        memcpy(copy, *texts[i], size);
        *texts[i] = copy;
    }
    return true;
}
