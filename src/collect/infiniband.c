/* collect/infiniband.c: reads the counters of InfiniBand and RoCE ports. */
#include "collect/infiniband.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

enum { PORTS_MAX = 128, DEVICE_NAME_MAX = 64 };

struct port {
    char device[DEVICE_NAME_MAX];
    unsigned number;
};

struct infiniband {
    int sys_fd; /* borrowed */
    struct port ports[PORTS_MAX];
    size_t n;
};

static int by_name(const void *a, const void *b) {
    const struct port *p = a;
    const struct port *q = b;
    int order = strverscmp(p->device, q->device);
    return order ? order : (p->number > q->number) - (p->number < q->number);
}

static void find_ports(struct infiniband *ib, int dir_fd, const char *device) {
    enum { PORT_NUMBER_MAX = 8 };
    char buf[KERNEL_VALUE_MAX];
    for (unsigned number = 1; number <= PORT_NUMBER_MAX && ib->n < PORTS_MAX; number++) {
        if (!known_text(kernel_text(dir_fd, buf, "%s/ports/%u/state", device, number)))
            continue;
        struct port *port = &ib->ports[ib->n];
        if ((size_t)snprintf(port->device, sizeof port->device, "%s", device) >= sizeof port->device)
            return;
        port->number = number;
        ib->n++;
    }
}

int infiniband_open(int sys_fd, struct infiniband **ret, struct error *err) {
    int fd = -1;
    int status = kernel_dir_open_at(sys_fd, "class/infiniband", &fd, err);
    if (status < 0)
        return status;
    struct infiniband *ib = calloc(1, sizeof *ib);
    DIR *dir = fdopendir(fd);
    if (!ib || !dir) {
        free(ib);
        if (dir)
            (void)closedir(dir);
        else
            file_close(&fd);
        return error_set(err, ERR_NOMEM, "infiniband reader");
    }
    ib->sys_fd = sys_fd;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            find_ports(ib, dirfd(dir), entry->d_name);
    (void)closedir(dir);
    if (ib->n == 0) {
        free(ib);
        return error_set(err, ERR_ABSENT, "class/infiniband: no ports");
    }
    qsort(ib->ports, ib->n, sizeof *ib->ports, by_name);
    *ret = ib;
    return 0;
}

uint64_t infiniband_parse_rate(struct text text) {
    struct text number;
    struct text unit;
    double rate = 0;
    if (!text_word(&text, &number) || !text_word(&text, &unit) || !text_is(unit, "Gb/sec") ||
        !text_f64(number, &rate) || rate <= 0 || rate > 1e6)
        return U64_UNKNOWN;
    return (uint64_t)(rate * 1000 + 0.5);
}

static uint64_t counter(const struct infiniband *ib, const struct port *port, const char *name) {
    return kernel_u64(ib->sys_fd, "class/infiniband/%s/ports/%u/counters/%s", port->device, port->number, name);
}

/* The data counters count words of four bytes. */
static uint64_t words(uint64_t count) {
    uint64_t bytes = 0;
    return !known_u64(count) || __builtin_mul_overflow(count, 4U, &bytes) ? U64_UNKNOWN : bytes;
}

static void read_port(const struct infiniband *ib, const struct port *port, struct network *ret) {
    char buf[KERNEL_VALUE_MAX];
    ret->rx_bytes = words(counter(ib, port, "port_rcv_data"));
    ret->tx_bytes = words(counter(ib, port, "port_xmit_data"));
    ret->rx_packets = counter(ib, port, "port_rcv_packets");
    ret->tx_packets = counter(ib, port, "port_xmit_packets");
    ret->rx_errors = counter(ib, port, "port_rcv_errors");
    ret->tx_drops = counter(ib, port, "port_xmit_discards");
    struct text state = kernel_text(ib->sys_fd, buf, "class/infiniband/%s/ports/%u/state", port->device, port->number);
    if (known_text(state)) /* "4: ACTIVE" */
        ret->up = text_starts(state, "4:") ? YES : NO;
    ret->speed_mbps = infiniband_parse_rate(
        kernel_text(ib->sys_fd, buf, "class/infiniband/%s/ports/%u/rate", port->device, port->number));
    struct text layer =
        kernel_text(ib->sys_fd, buf, "class/infiniband/%s/ports/%u/link_layer", port->device, port->number);
    ret->kind = text_is(layer, "Ethernet") ? TEXT("ethernet") : TEXT("infiniband");
}

int infiniband_sample(struct infiniband *ib, const struct cycle *cycle, struct frame *into, struct error *err) {
    for (size_t i = 0; i < ib->n; i++) {
        char name[DEVICE_NAME_MAX + 16];
        struct network *network = frame_add(&into->arena, &into->networks.list, &network_table);
        if (!network)
            return error_set(err, ERR_NOMEM, "networks of a frame");
        (void)snprintf(name, sizeof name, "%s:%u", ib->ports[i].device, ib->ports[i].number);
        network->host_id = cycle->host_id;
        network->name = arena_text(&into->arena, text_of(name));
        read_port(ib, &ib->ports[i], network);
    }
    return 0;
}

void infiniband_close(struct infiniband *ib) {
    free(ib);
}
