/* collect/gpu/nvidia_mig.c: the parts that a card is divided into (multi-instance GPU, MIG). */
#include "collect/gpu/nvidia_card.h"

#include <stdio.h>

/* "NVIDIA H100 80GB HBM3 MIG 1g.10gb" is of profile "1g.10gb"; drivers that do not name it tell its slices. */
static void read_profile(struct nvidia_card *c, struct nvidia_mig *mig) {
    char name[NVML_NAME_BYTES] = "";
    struct nvml_attributes a = {.gpu_slices = 0};
    const char *profile = NULL;
    mig->profile[0] = '\0';
    if (NVIDIA_ASK(c, READ_NAME, name, mig->handle, name, sizeof name - 1) && (profile = strstr(name, " MIG ")) != NULL)
        (void)snprintf(mig->profile, sizeof mig->profile, "%s", profile + strlen(" MIG "));
    else if (NVIDIA_ASK(c, READ_MIG_PROFILE, attributes, mig->handle, &a) && a.gpu_slices > 0 &&
             a.gpu_slices <= NVIDIA_MIG_MAX)
        (void)snprintf(mig->profile, sizeof mig->profile, "%ug.%llugb", a.gpu_slices, (a.memory_mib + 1023) / 1024);
}

/* Keeps the samples of an instance that is still at its place. */
static void take_up(struct nvidia_card *c, size_t i, nvml_device handle) {
    struct nvidia_mig *mig = &c->mig[i];
    char uuid[NVML_NAME_BYTES] = "";
    unsigned instance = 0;
    if (!NVIDIA_ASK(c, READ_UUID, uuid, handle, uuid, sizeof uuid - 1))
        uuid[0] = '\0';
    uuid[sizeof uuid - 1] = '\0';
    mig->handle = handle;
    if (uuid[0] && strcmp(uuid, mig->uuid) == 0)
        return;
    nvidia_gpm_free(c, &mig->gpm);
    memcpy(mig->uuid, uuid, sizeof mig->uuid);
    mig->gpu_instance = NVIDIA_ASK(c, READ_MIG_INSTANCE, gpu_instance, handle, &instance) ? instance : U64_UNKNOWN;
    read_profile(c, mig);
}

void nvidia_read_mig(struct nvidia_card *c) {
    unsigned count = 0;
    size_t n = 0;
    if (c->facts.mig_mode == 1 && !NVIDIA_ASK(c, READ_MIG, mig_count, c->handle, &count))
        count = 0;
    /* A place may be empty: the library says that it finds nothing there. */
    for (unsigned i = 0; i < count && n < NVIDIA_MIG_MAX && c->nvml->mig_by_index; i++) {
        nvml_device handle = NULL;
        if (!nvidia_may_ask(c, READ_MIG, true))
            break;
        int r = c->nvml->mig_by_index(c->handle, i, &handle);
        if (r == NVML_NOT_FOUND || r == NVML_INVALID_ARGUMENT || !nvidia_answered(c, READ_MIG, r) || !handle)
            continue;
        if (n == c->n_mig)
            c->mig[c->n_mig++] = (struct nvidia_mig){.handle = NULL};
        take_up(c, n++, handle);
    }
    for (; c->n_mig > n; c->n_mig--)
        nvidia_gpm_free(c, &c->mig[c->n_mig - 1].gpm);
}

static void read_memory(struct nvidia_card *c, const struct nvidia_mig *mig, struct mig_instance *to) {
    struct nvml_memory_v2 v2 = {.version = NVML_VERSION_OF(struct nvml_memory_v2, 2)};
    struct nvml_memory v1 = {.total = 0};
    if (NVIDIA_ASK(c, READ_MEMORY_V2, memory_v2, mig->handle, &v2)) {
        to->used_memory = v2.used;
        to->total_memory = v2.total;
    } else if (NVIDIA_ASK(c, READ_MEMORY, memory, mig->handle, &v1)) {
        to->used_memory = v1.used;
        to->total_memory = v1.total;
    }
    if (!known_u64(to->total_memory) || to->total_memory == 0 || to->used_memory > to->total_memory)
        to->used_memory = to->total_memory = U64_UNKNOWN;
}

void nvidia_add_mig(struct nvidia_card *c, struct gpu *g, struct arena *arena) {
    if (c->facts.mig_mode != 1)
        return;
    g->mig_instances.asked = true;
    for (size_t i = 0; i < c->n_mig && !c->lost; i++) {
        struct nvidia_mig *mig = &c->mig[i];
        struct mig_instance *to = frame_add(arena, &g->mig_instances.list, &mig_table);
        if (!to)
            return;
        to->uuid = arena_text(arena, text_of(mig->uuid));
        if (mig->profile[0])
            to->profile = arena_text(arena, text_of(mig->profile));
        read_memory(c, mig, to);
        if (known_u64(mig->gpu_instance) && !c->unsupported[READ_GPM])
            nvidia_gpm_read(c, &mig->gpm, mig);
        to->utilization = mig->gpm.graphics;
    }
}
