/* collect/memory.c: memory, swap, huge pages and the nodes that memory hangs on. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "collect/collectors.h"
#include "collect/kernel_file.h"
#include "collect/memory_parse.h"

enum {
    MEMINFO_MAX = 64 << 10,
    VMSTAT_MAX = 256 << 10,
    NODES_MAX = 256, /* memory nodes that are read */
};

struct node_file {
    uint64_t id;
    char name[64];
    struct kernel_file meminfo;
};

struct memory_reader {
    int proc_fd, sys_fd; /* sys_fd: -1 where there is none */
    struct kernel_file meminfo, vmstat;
    struct node_file *nodes; /* those online when the reader was opened */
    size_t n_nodes;
};

static void memory_close(void *self) {
    struct memory_reader *r = self;
    if (!r)
        return;
    for (size_t i = 0; i < r->n_nodes; i++)
        kernel_file_done(&r->nodes[i].meminfo);
    free(r->nodes);
    kernel_file_done(&r->meminfo);
    kernel_file_done(&r->vmstat);
    file_close(&r->proc_fd);
    file_close(&r->sys_fd);
    free(r);
}

static int find_nodes(struct memory_reader *r, struct error *err) {
    char buf[KERNEL_VALUE_MAX];
    struct text online = kernel_text(r->sys_fd, buf, "devices/system/node/online");
    struct text count = online;
    uint64_t first = 0;
    uint64_t last = 0;
    size_t n = 0;
    while (kernel_range(&count, &first, &last) && last < NODES_MAX)
        n += (size_t)(last - first + 1);
    if (n == 0 || n > NODES_MAX)
        return 0;
    r->nodes = calloc(n, sizeof *r->nodes);
    if (!r->nodes)
        return error_set(err, ERR_NOMEM, "%zu memory nodes", n);
    while (r->n_nodes < n && kernel_range(&online, &first, &last)) {
        for (uint64_t id = first; id <= last && r->n_nodes < n; id++) {
            struct node_file *node = &r->nodes[r->n_nodes++];
            node->id = id;
            (void)snprintf(node->name, sizeof node->name, "devices/system/node/node%u/meminfo", (unsigned)id);
            node->meminfo = (struct kernel_file)KERNEL_FILE(node->name, MEMINFO_MAX);
        }
    }
    return 0;
}

static int memory_open(const struct collect_options *options, void **ret, struct error *err) {
    struct memory_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "memory reader");
    *r = (struct memory_reader){
        .proc_fd = -1,
        .sys_fd = -1,
        .meminfo = KERNEL_FILE("meminfo", MEMINFO_MAX),
        .vmstat = KERNEL_FILE("vmstat", VMSTAT_MAX),
    };
    struct text text;
    int status = kernel_dir_open(options->roots.procfs, &r->proc_fd, err);
    if (status == 0)
        status = kernel_file_read(&r->meminfo, r->proc_fd, &text, err);
    if (status == 0 && kernel_dir_open(options->roots.sysfs, &r->sys_fd, NULL) == 0)
        status = find_nodes(r, err);
    if (status < 0) {
        memory_close(r);
        return status;
    }
    *ret = r;
    return 0;
}

static bool put_nodes(struct memory_reader *r, struct memory *memory, struct arena *arena) {
    struct text text;
    for (size_t i = 0; i < r->n_nodes; i++) {
        if (kernel_file_read(&r->nodes[i].meminfo, r->sys_fd, &text, NULL) < 0)
            continue;
        struct numa_node *node = frame_add(arena, &memory->numa.list, &numa_table);
        if (!node)
            return false;
        node->node = r->nodes[i].id;
        memory_parse_node(text, node);
    }
    return true;
}

static int memory_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct memory_reader *r = self;
    struct text text;
    int status = kernel_file_read(&r->meminfo, r->proc_fd, &text, err);
    if (status < 0)
        return status;
    struct memory *memory = frame_add(&into->arena, &into->memory.list, &memory_table);
    if (!memory)
        return error_set(err, ERR_NOMEM, "memory of a frame");
    memory->index = 0;
    memory->host_id = memory->hostname = memory->instance = cycle->host_id;
    memory->time = cycle->time;
    memory_parse_meminfo(text, memory);
    if (!known_u64(memory->total_bytes)) {
        into->memory.n--;
        return error_set(err, ERR_FORMAT, "meminfo: no readable MemTotal");
    }
    if (kernel_file_read(&r->vmstat, r->proc_fd, &text, NULL) == 0)
        memory_parse_vmstat(text, memory);
    return put_nodes(r, memory, &into->arena) ? 0 : error_set(err, ERR_NOMEM, "memory nodes of a frame");
}

const struct collector memory_collector = {
    .name = "memory",
    .section = SECTION_MEMORY,
    .open = memory_open,
    .sample = memory_sample,
    .close = memory_close,
};
