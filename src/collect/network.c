/* collect/network.c: network interfaces and InfiniBand ports: what they moved, their speed and state. */
#include <stdlib.h>

#include "base/file.h"
#include "collect/collectors.h"
#include "collect/infiniband.h"
#include "collect/kernel_file.h"
#include "collect/network_parse.h"

enum {
    NET_DEV_MAX = 1 << 20,
    INTERFACES_MAX = 2048, /* interfaces in a frame; machines with many containers have hundreds */
    LINKS_MAX = 256,       /* interfaces whose state is kept */
    NAME_MAX_BYTES = 32,   /* IFNAMSIZ is 16 */
    LINK_EVERY = 10,       /* cycles between two looks at an interface's speed and state, in turn */
};

struct link { /* what sysfs tells about one interface */
    char name[NAME_MAX_BYTES];
    struct text kind; /* a constant */
    uint64_t speed_mbps;
    enum yes_no up;
    uint64_t read_at; /* the cycle */
};

struct network_reader {
    int proc_fd, sys_fd; /* sys_fd: -1 where there is none */
    bool host_first;     /* the host's procfs in a container: our own network is not what is meant */
    struct kernel_file own, host;
    struct link *links; /* LINKS_MAX */
    size_t n_links;
    struct infiniband *infiniband; /* NULL where there is none */
    uint64_t cycle;
};

static void network_close(void *self) {
    struct network_reader *r = self;
    if (!r)
        return;
    kernel_file_done(&r->own);
    kernel_file_done(&r->host);
    infiniband_close(r->infiniband);
    file_close(&r->proc_fd);
    file_close(&r->sys_fd);
    free(r->links);
    free(r);
}

static int network_open(const struct collect_options *options, void **ret, struct error *err) {
    struct network_reader *r = calloc(1, sizeof *r);
    struct link *links = calloc(LINKS_MAX, sizeof *links);
    if (!r || !links) {
        free(r);
        free(links);
        return error_set(err, ERR_NOMEM, "network reader");
    }
    *r = (struct network_reader){
        .proc_fd = -1,
        .sys_fd = -1,
        .host_first = !text_is(text_of(options->roots.rootfs), "/"),
        .own = KERNEL_FILE("net/dev", NET_DEV_MAX),
        .host = KERNEL_FILE("1/net/dev", NET_DEV_MAX),
        .links = links,
    };
    int status = kernel_dir_open(options->roots.procfs, &r->proc_fd, err);
    if (status == 0 && kernel_dir_open(options->roots.sysfs, &r->sys_fd, NULL) < 0)
        r->sys_fd = -1;
    if (status == 0 && r->sys_fd >= 0)
        status = infiniband_open(r->sys_fd, &r->infiniband, err);
    if (status < 0 && status != -ERR_ABSENT) {
        network_close(r);
        return status;
    }
    if (r->proc_fd < 0) {
        network_close(r);
        return -ERR_ABSENT;
    }
    *ret = r;
    return 0;
}

static struct text kind_of(uint64_t type, struct text name) {
    enum { ETHER = 1, INFINIBAND = 32, LOOPBACK = 772 }; /* ARPHRD_ of the kernel */
    if (type == ETHER)
        return TEXT("ethernet");
    if (type == INFINIBAND)
        return TEXT("infiniband");
    if (type == LOOPBACK || (!known_u64(type) && text_is(name, "lo")))
        return TEXT("loopback");
    return known_u64(type) ? TEXT("other") : (struct text){NULL, 0};
}

/* Interfaces without carrier detection (loopback, tunnels) are in state "unknown": then what the operator asked for counts. */
static enum yes_no is_up(int sys_fd, const char *name) {
    char buf[KERNEL_VALUE_MAX];
    struct text state = kernel_text(sys_fd, buf, "class/net/%s/operstate", name);
    if (text_is(state, "up"))
        return YES;
    if (!known_text(state))
        return UNKNOWN;
    if (!text_is(state, "unknown"))
        return NO;
    struct text flags = kernel_text(sys_fd, buf, "class/net/%s/flags", name);
    if (flags.len < 3 || !text_starts(flags, "0x"))
        return UNKNOWN;
    char last = flags.at[flags.len - 1]; /* IFF_UP is the lowest bit of the hexadecimal number */
    return strchr("13579bdfBDF", last) ? YES : NO;
}

static void read_link(const struct network_reader *r, struct link *link, bool known) {
    if (!known)
        link->kind = kind_of(kernel_u64(r->sys_fd, "class/net/%s/type", link->name), text_of(link->name));
    link->up = is_up(r->sys_fd, link->name);
    uint64_t speed = kernel_u64(r->sys_fd, "class/net/%s/speed", link->name);
    /* Drivers without a speed say -1, 65535 (SPEED_UNKNOWN in 16 bits) or 4294967295. */
    link->speed_mbps = speed == 0 || speed == UINT16_MAX || speed >= UINT32_MAX ? U64_UNKNOWN : speed;
}

/* Room for one more: behind the others, or where one has gone. */
static struct link *free_link(struct network_reader *r) {
    if (r->n_links < LINKS_MAX)
        return &r->links[r->n_links++];
    for (size_t i = 0; i < r->n_links; i++)
        if (r->links[i].read_at + 1 < r->cycle)
            return &r->links[i];
    return NULL;
}

/* The link of that name, looked at anew when it is its turn; NULL when there are too many, or no sysfs. */
static const struct link *link_of(struct network_reader *r, struct text name) {
    if (r->sys_fd < 0 || name.len >= NAME_MAX_BYTES || memchr(name.at, '/', name.len) || text_is(name, "..") ||
        text_is(name, "."))
        return NULL;
    for (size_t i = 0; i < r->n_links; i++) {
        struct link *link = &r->links[i];
        if (!text_is(name, link->name))
            continue;
        if ((r->cycle + i) % LINK_EVERY == 0)
            read_link(r, link, true);
        link->read_at = r->cycle;
        return link;
    }
    struct link *link = free_link(r);
    if (!link)
        return NULL;
    *link = (struct link){.read_at = r->cycle};
    memcpy(link->name, name.at, name.len);
    read_link(r, link, false);
    return link;
}

static int put_interfaces(
    struct network_reader *r, struct text text, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct network read;
    for (size_t n = 0; n < INTERFACES_MAX && network_next(&text, &read); n++) {
        struct network *network = frame_add(&into->arena, &into->networks.list, &network_table);
        if (!network)
            return error_set(err, ERR_NOMEM, "networks of a frame");
        const struct link *link = link_of(r, read.name);
        *network = read;
        network->host_id = cycle->host_id;
        network->name = arena_text(&into->arena, read.name);
        network->kind = link ? link->kind : kind_of(U64_UNKNOWN, read.name);
        network->up = link ? link->up : UNKNOWN;
        network->speed_mbps = link ? link->speed_mbps : U64_UNKNOWN;
    }
    return 0;
}

static int network_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct network_reader *r = self;
    struct text text;
    r->cycle++;
    into->networks.asked = true;
    int status = kernel_file_read(r->host_first ? &r->host : &r->own, r->proc_fd, &text, err);
    if (status == -ERR_ABSENT)
        status = kernel_file_read(r->host_first ? &r->own : &r->host, r->proc_fd, &text, err);
    if (status == 0)
        status = put_interfaces(r, text, cycle, into, err);
    if (r->infiniband) {
        int ports = infiniband_sample(r->infiniband, cycle, into, err);
        status = status < 0 && status != -ERR_ABSENT ? status : ports;
    }
    return status;
}

const struct collector network_collector = {
    .name = "network",
    .section = SECTION_NETWORK,
    .may_block = true, /* a driver that hangs holds the lock that reading a speed waits for */
    .open = network_open,
    .sample = network_sample,
    .close = network_close,
};
