/* collect/gpu/amd_kfd.c: finds a card in KFD's topology and reads who has its memory. */
#include "collect/gpu/amd_kfd.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "collect/gpu/amd_parse.h"
#include "collect/kernel_file.h"

static DIR *open_dir(int sys_fd, const char *path) {
    int fd = -1;
    if (kernel_dir_open_at(sys_fd, path, &fd, NULL) < 0)
        return NULL;
    DIR *dir = fdopendir(fd);
    if (!dir)
        file_close(&fd);
    return dir;
}

static void add_node(struct amd_kfd *kfd, const struct amd_node *node, uint64_t gpu_id) {
    kfd->gpu_ids[kfd->n++] = gpu_id;
    kfd->gfx_target = node->gfx_target;
    if (!known_u64(node->simd_count) || !known_u64(node->simd_per_cu) || node->simd_per_cu == 0)
        return;
    uint64_t units = node->simd_count / node->simd_per_cu;
    kfd->compute_units = known_u64(kfd->compute_units) ? kfd->compute_units + units : units;
}

void amd_kfd_find(int sys_fd, const char *pci_name, struct amd_kfd *ret) {
    enum { PROPERTIES_MAX = 8192 };
    *ret = (struct amd_kfd){.gfx_target = U64_UNKNOWN, .compute_units = U64_UNKNOWN};
    DIR *dir = open_dir(sys_fd, "class/kfd/kfd/topology/nodes");
    if (!dir)
        return;
    size_t left = KFD_NODES_MAX;
    for (const struct dirent *entry; left > 0 && ret->n < KFD_PARTITIONS_MAX && (entry = readdir(dir));) {
        char path[512];
        char properties[PROPERTIES_MAX];
        struct amd_node node;
        uint64_t number = 0;
        if (!text_u64(text_of(entry->d_name), &number))
            continue;
        left--;
        uint64_t gpu_id = kernel_u64(dirfd(dir), "%s/gpu_id", entry->d_name);
        if (!known_u64(gpu_id) || gpu_id == 0) /* a processor */
            continue;
        (void)snprintf(path, sizeof path, "%s/properties", entry->d_name);
        ssize_t n = file_read_at(dirfd(dir), path, properties, sizeof properties, NULL);
        if (n < 0)
            continue;
        amd_parse_node((struct text){properties, (size_t)n}, &node);
        if (amd_node_is(&node, pci_name))
            add_node(ret, &node, gpu_id);
    }
    (void)closedir(dir);
}

/* In all partitions of the card; U64_UNKNOWN when it cannot be read. */
static uint64_t memory_of(int dir_fd, const char *pid, const struct amd_kfd *kfd) {
    enum { BYTES_MAX_LOG2 = 50 }; /* nothing has a petabyte */
    uint64_t sum = U64_UNKNOWN;
    for (size_t i = 0; i < kfd->n; i++) {
        uint64_t bytes = kernel_u64(dir_fd, "%s/vram_%" PRIu64, pid, kfd->gpu_ids[i]);
        if (known_u64(bytes) && bytes >> BYTES_MAX_LOG2 == 0)
            sum = known_u64(sum) ? sum + bytes : bytes;
    }
    return sum;
}

int amd_kfd_processes(int sys_fd, const struct amd_kfd *kfd, struct text uuid, struct frame *into, struct error *err) {
    DIR *dir = kfd->n > 0 ? open_dir(sys_fd, "class/kfd/kfd/proc") : NULL;
    if (!dir)
        return 0;
    int status = 0;
    size_t left = KFD_PROCESSES_MAX;
    for (const struct dirent *entry; status == 0 && left > 0 && (entry = readdir(dir));) {
        uint64_t pid = 0;
        if (!text_u64(text_of(entry->d_name), &pid) || pid == 0 || pid > INT32_MAX)
            continue;
        left--;
        uint64_t bytes = memory_of(dirfd(dir), entry->d_name, kfd);
        if (!known_u64(bytes) ||
            bytes == 0) /* a process of KFD is listed with every card, those it does not use included */
            continue;
        struct process *row = frame_add(&into->arena, &into->processes.list, &process_table);
        if (!row) {
            status = error_set(err, ERR_NOMEM, "processes of a frame");
            break;
        }
        row->pid = pid;
        row->device_uuid = uuid;
        row->used_memory = bytes;
        row->gpu_memory_kind = TEXT("kfd");
    }
    (void)closedir(dir);
    return status;
}
