/* collect/gpu/amd_kfd.h: what KFD, the driver for computing on AMD cards, tells of a card and of the processes that use it. */
#ifndef TACHO_COLLECT_GPU_AMD_KFD_H
#define TACHO_COLLECT_GPU_AMD_KFD_H

#include "frame/frame.h"

enum {
    KFD_NODES_MAX = 1024,      /* of the topology: sockets and cards, or parts of cards */
    KFD_PARTITIONS_MAX = 16,   /* of one card */
    KFD_PROCESSES_MAX = 4096,
};

struct amd_kfd {
    uint64_t gpu_ids[KFD_PARTITIONS_MAX];
    size_t n;                 /* of them; 0 when KFD does not know the card */
    uint64_t gfx_target;      /* 90402 for gfx942; U64_UNKNOWN */
    uint64_t compute_units;   /* of all partitions; U64_UNKNOWN */
};

/* Finds the card, or its partitions, in KFD's topology below sysfs by its PCI name, "0000:0c:00.0". */
void amd_kfd_find(int sys_fd, const char *pci_name, struct amd_kfd *ret);

/* Adds a row to into->processes for each process that has memory of the card. Pids are of the host. -ERR_NOMEM. */
int amd_kfd_processes(int sys_fd, const struct amd_kfd *kfd, struct text uuid, struct frame *into, struct error *err) NODISCARD;

#endif
