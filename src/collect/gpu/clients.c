/* collect/gpu/clients.c: keeps the clients of DRM devices, and adds up what they use by process and by device. */
#include "collect/gpu/clients.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "collect/gpu/openers.h"
#include "collect/gpu/usage.h"
#include "collect/kernel_file.h"

enum { DEVICES_MAX = 256, NO_DEVICE = DEVICES_MAX };

struct device {
    char name[PCI_NAME_MAX], driver[PCI_NAME_MAX];
    bool present;         /* at the last look */
    bool silent;          /* it has clients that tell nothing of its engines */
    struct usage_sum sum; /* of this sample */
};

struct client { /* a descriptor of a device */
    uint32_t pid, number;
    unsigned device; /* index into devices; NO_DEVICE when the node is not known */
    int fd;          /* its fdinfo; -1 unless kept */
    bool told;       /* at the last reading */
    bool duplicate;  /* of one that another descriptor shows */
    bool local;      /* `memory` is the device's own */
    uint64_t client_id, memory;
    struct usage usage;
};

struct gpu_clients {
    int proc_fd, sys_fd;
    struct openers *openers;
    struct drm_node *nodes; /* DRM_NODES_MAX */
    size_t n_nodes;
    struct device *devices; /* DEVICES_MAX; those that went keep their place */
    size_t n_devices;
    struct client *clients; /* ascending by pid and number */
    size_t n, n_kept;
    char *text; /* FDINFO_MAX */
    int64_t scan_at_ns;
};

void gpu_clients_destroy(struct gpu_clients *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        file_close(&c->clients[i].fd);
    openers_destroy(c->openers);
    file_close(&c->proc_fd);
    file_close(&c->sys_fd);
    free(c->nodes);
    free(c->devices);
    free(c->clients);
    free(c->text);
    free(c);
}

int gpu_clients_create(const struct collect_options *options, struct gpu_clients **ret, struct error *err) {
    struct gpu_clients *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERR_NOMEM, "clients of graphics devices");
    *c = (struct gpu_clients){.proc_fd = -1,
        .sys_fd = -1,
        .nodes = calloc(DRM_NODES_MAX, sizeof *c->nodes),
        .devices = calloc(DEVICES_MAX, sizeof *c->devices),
        .text = malloc(FDINFO_MAX)};
    int status = c->nodes && c->devices && c->text ? 0 : error_set(err, ERR_NOMEM, "clients of graphics devices");
    if (status == 0)
        status = kernel_dir_open(options->roots.procfs, &c->proc_fd, err);
    if (status == 0)
        status = kernel_dir_open(options->roots.sysfs, &c->sys_fd, err);
    if (status == 0 && drm_nodes_list(c->sys_fd, c->nodes, DRM_NODES_MAX) == 0)
        status = error_set(err, ERR_ABSENT, "class/drm: no devices");
    if (status == 0)
        status = openers_create(c->proc_fd, &c->openers, err);
    if (status < 0) {
        gpu_clients_destroy(c);
        return status;
    }
    *ret = c;
    return 0;
}

static unsigned device_of(struct gpu_clients *c, struct text name) {
    for (unsigned i = 0; i < c->n_devices; i++)
        if (text_is(name, c->devices[i].name))
            return i;
    return NO_DEVICE;
}

/* The devices that are there now. */
static void list_devices(struct gpu_clients *c) {
    c->n_nodes = drm_nodes_list(c->sys_fd, c->nodes, DRM_NODES_MAX);
    for (size_t i = 0; i < c->n_devices; i++)
        c->devices[i].present = false;
    for (size_t i = 0; i < c->n_nodes; i++) {
        const struct pci_device *device = &c->nodes[i].device;
        unsigned at = device_of(c, text_of(device->name));
        if (strcmp(device->driver, "nvidia") == 0 || (at == NO_DEVICE && c->n_devices == DEVICES_MAX))
            continue;
        if (at == NO_DEVICE)
            at = (unsigned)c->n_devices++;
        memcpy(c->devices[at].name, device->name, sizeof device->name);
        memcpy(c->devices[at].driver, device->driver, sizeof device->driver);
        c->devices[at].present = true;
    }
}

static unsigned device_of_minor(struct gpu_clients *c, uint64_t minor) {
    for (size_t i = 0; i < c->n_nodes; i++)
        if (c->nodes[i].minor == minor)
            return device_of(c, text_of(c->nodes[i].device.name));
    return NO_DEVICE;
}

static void drop(struct gpu_clients *c, struct client *client) {
    c->n_kept -= client->fd >= 0;
    file_close(&client->fd);
}

static int order(const struct client *client, const struct opener *opener) {
    if (client->pid != opener->pid)
        return client->pid < opener->pid ? -1 : 1;
    return (client->number > opener->number) - (client->number < opener->number);
}

/* Brings the clients in line with what was found: both are in the same order. */
static int merge(struct gpu_clients *c, const struct opener *found, size_t n_found, struct error *err) {
    struct client *now = calloc(n_found + 1, sizeof *now);
    size_t n = 0;
    size_t old = 0;
    if (!now)
        return error_set(err, ERR_NOMEM, "%zu clients of graphics devices", n_found);
    for (size_t i = 0; i < n_found; i++) {
        unsigned device = device_of_minor(c, found[i].minor);
        while (old < c->n && order(&c->clients[old], &found[i]) < 0)
            drop(c, &c->clients[old++]);
        if (old < c->n && order(&c->clients[old], &found[i]) == 0) {
            if (c->clients[old].device == device && device != NO_DEVICE) {
                now[n++] = c->clients[old++];
                continue;
            }
            drop(c, &c->clients[old++]);
        }
        if (device != NO_DEVICE)
            now[n++] = (struct client){.pid = found[i].pid,
                .number = found[i].number,
                .device = device,
                .fd = -1,
                .client_id = U64_UNKNOWN,
                .memory = U64_UNKNOWN};
    }
    while (old < c->n)
        drop(c, &c->clients[old++]);
    free(c->clients);
    c->clients = now;
    c->n = n;
    return 0;
}

static int scan(struct gpu_clients *c, struct error *err) {
    size_t n = 0;
    list_devices(c);
    int status = openers_scan(c->openers, c->nodes, c->n_nodes, err);
    if (status < 0)
        return status;
    const struct opener *found = openers_found(c->openers, &n);
    return merge(c, found, n, err);
}

static void take(struct gpu_clients *c, struct client *client, const struct fdinfo *f, int64_t mono_ns) {
    unsigned device = known_text(f->pdev) ? device_of(c, f->pdev) : NO_DEVICE;
    if (device != NO_DEVICE) /* the driver's word goes before that of a node's number */
        client->device = device;
    if (client->client_id != f->client_id)
        client->usage = (struct usage){.n = 0};
    client->client_id = f->client_id;
    client->told = true;
    client->memory = fdinfo_memory(f, &client->local);
    usage_update(&client->usage, f, mono_ns);
}

static void read_client(struct gpu_clients *c, struct client *client) {
    char name[48];
    struct fdinfo f;
    client->told = false;
    if (client->fd < 0) {
        (void)snprintf(name, sizeof name, "%u/fdinfo/%u", client->pid, client->number);
        client->fd = openat(c->proc_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (client->fd < 0)
            return;
        c->n_kept++;
    }
    ssize_t n = file_read_fd(client->fd, "fdinfo", c->text, FDINFO_MAX, NULL);
    if (n > 0 && fdinfo_parse((struct text){c->text, (size_t)n}, &f))
        take(c, client, &f, clock_mono_ns());
    if (!client->told || client->duplicate || c->n_kept > CLIENT_FILES_MAX)
        drop(c, client);
}

static int by_identity(const void *a, const void *b) {
    const struct client *p = *(struct client *const *)a;
    const struct client *q = *(struct client *const *)b;
    if (p->device != q->device)
        return p->device < q->device ? -1 : 1;
    if (p->client_id != q->client_id)
        return p->client_id < q->client_id ? -1 : 1;
    return (p > q) - (p < q);
}

/* One client may be open in several descriptors and processes: the first of them stands for it. */
static int mark_duplicates(struct gpu_clients *c, struct error *err) {
    const struct client **sorted = malloc((c->n + 1) * sizeof(const struct client *));
    if (!sorted)
        return error_set(err, ERR_NOMEM, "%zu clients of graphics devices", c->n);
    for (size_t i = 0; i < c->n; i++)
        sorted[i] = &c->clients[i];
    qsort(sorted, c->n, sizeof(const struct client *), by_identity);
    for (size_t i = 0; i < c->n; i++) {
        struct client *client = &c->clients[sorted[i] - c->clients];
        client->duplicate = i > 0 && known_u64(client->client_id) && client->told &&
                            sorted[i - 1]->client_id == client->client_id && sorted[i - 1]->device == client->device;
    }
    free(sorted);
    return 0;
}

/* The share as it may be said: without sight of all clients, nothing busy is no news. */
static double said(double share, bool all_seen) {
    return share > 0 || all_seen ? number_round(share, 1) : NAN;
}

/* Engines of the kernel's fdinfo names that work on video. Intel's video engine does both: its driver calls it a decoder. */
static const char *const encoders[] = {"enc", NULL};
static const char *const decoders[] = {"dec", "video", "vcs", NULL};
static const char *const jpegs[] = {"jpeg", NULL};

static bool counts_all_work(const struct device *d) {
    return strcmp(d->driver, "amdgpu") != 0;
}

static int put_row(
    const struct gpu_clients *c, const struct client *first, size_t n, struct frame *into, struct error *err) {
    const struct device *device = &c->devices[first->device];
    struct process *row = frame_add(&into->arena, &into->processes.list, &process_table);
    struct usage_sum sum = {.n = 0};
    if (!row)
        return error_set(err, ERR_NOMEM, "processes of a frame");
    row->pid = first->pid;
    row->device_uuid = arena_text(&into->arena, text_of(device->name));
    for (size_t i = 0; i < n; i++) {
        const struct client *client = &first[i];
        uint64_t bytes = known_u64(row->used_memory) ? row->used_memory : 0;
        if (!client->told || client->duplicate || client->device != first->device)
            continue;
        usage_sum_add(&sum, &client->usage);
        if (known_u64(client->memory) && !__builtin_add_overflow(bytes, client->memory, &bytes))
            row->used_memory = bytes;
        if (known_u64(client->memory))
            row->gpu_memory_kind = client->local ? TEXT("vram") : TEXT("system");
    }
    row->gpu_utilization = said(usage_sum_busiest(&sum), counts_all_work(device));
    return 0;
}

/* Was there a client of the same process and device before this one? Its row has it. */
static bool is_counted(const struct gpu_clients *c, size_t at) {
    const struct client *client = &c->clients[at];
    while (at-- > 0 && c->clients[at].pid == client->pid)
        if (c->clients[at].told && !c->clients[at].duplicate && c->clients[at].device == client->device)
            return true;
    return false;
}

static int put_rows(const struct gpu_clients *c, struct frame *into, struct error *err) {
    for (size_t i = 0; i < c->n; i++) {
        size_t n = 1;
        if (!c->clients[i].told || c->clients[i].duplicate || is_counted(c, i))
            continue;
        while (i + n < c->n && c->clients[i + n].pid == c->clients[i].pid)
            n++;
        int status = put_row(c, &c->clients[i], n, into, err);
        if (status < 0)
            return status;
    }
    return 0;
}

static int put_devices(struct gpu_clients *c, struct frame *into, struct error *err) {
    for (size_t i = 0; i < c->n_devices; i++) {
        c->devices[i].sum.n = 0;
        c->devices[i].silent = false;
    }
    bool used[DEVICES_MAX] = {false};
    for (size_t i = 0; i < c->n; i++) {
        struct device *device = &c->devices[c->clients[i].device];
        if (!c->clients[i].told || c->clients[i].duplicate)
            continue;
        used[c->clients[i].device] = true;
        device->silent = device->silent || c->clients[i].usage.n == 0;
        usage_sum_add(&device->sum, &c->clients[i].usage);
    }
    for (size_t i = 0; i < c->n_devices; i++) {
        const struct device *device = &c->devices[i];
        if (!device->present)
            continue;
        struct gpu *gpu = frame_add(&into->arena, &into->gpus.list, &gpu_table);
        if (!gpu)
            return error_set(err, ERR_NOMEM, "graphics cards of a frame");
        bool all = openers_saw_all(c->openers) && counts_all_work(device) && !device->silent;
        gpu->pci_bus_id = arena_text(&into->arena, text_of(device->name));
        gpu->utilization = said(!used[i] && all ? 0 : usage_sum_busiest(&device->sum), all);
        gpu->encoder_utilization = said(usage_sum_of(&device->sum, encoders), all);
        gpu->decoder_utilization = said(usage_sum_of(&device->sum, decoders), all);
        gpu->jpeg_utilization = said(usage_sum_of(&device->sum, jpegs), all);
    }
    return 0;
}

int gpu_clients_sample(struct gpu_clients *c, const struct cycle *cycle, struct frame *into, struct error *err) {
    bool looked = cycle->mono_ns >= c->scan_at_ns;
    int status = looked ? scan(c, err) : 0;
    if (looked && status == 0)
        c->scan_at_ns = cycle->mono_ns + CLIENTS_SCAN_NS;
    /* Duplicates are read only to learn whether they still are. */
    for (size_t i = 0; i < c->n; i++)
        if (looked || !c->clients[i].duplicate)
            read_client(c, &c->clients[i]);
    if (looked && status == 0)
        status = mark_duplicates(c, err);
    if (status < 0)
        return status;
    status = put_rows(c, into, err);
    return status < 0 ? status : put_devices(c, into, err);
}
