/* collect/sensors/ipmi_link.c: messages to the BMC through the kernel's driver. */
#include "collect/sensors/ipmi_link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { PATH_SIZE = 4096 };

struct kernel_link {
    int fd;
    long msgid; /* of the newest request */
};

static void link_close(void *self) {
    struct kernel_link *l = self;
    if (!l)
        return;
    file_close(&l->fd);
    free(l);
}

/* The first device that is there and for us. */
static int find_device(const char *rootfs, char path[PATH_SIZE], struct error *err) {
    static const char *const names[] = {"dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"};
    int why = ENOENT;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stat info;
        int len = snprintf(path, PATH_SIZE, "%s/%s", rootfs, names[i]);
        if (len < 0 || len >= PATH_SIZE || stat(path, &info) < 0)
            continue;
        if (!S_ISCHR(info.st_mode))
            why = ENODEV;
        else if (access(path, R_OK | W_OK) == 0)
            return 0;
        else
            why = errno;
    }
    (void)error_set(err, ERR_ABSENT, "%s/dev/ipmi0: %s", rootfs, strerror(why));
    if (err)
        err->os_errno = why;
    return -ERR_ABSENT;
}

int ipmi_find_device(const char *rootfs, struct error *err) {
    char path[PATH_SIZE];
    return find_device(rootfs, path, err);
}

static int link_open(const char *rootfs, void **ret, struct error *err) {
    char path[PATH_SIZE];
    int status = find_device(rootfs, path, err);
    if (status < 0)
        return status;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_os(err, errno, "open %s", path);
    struct kernel_link *l = malloc(sizeof *l);
    if (!l) {
        file_close(&fd);
        return error_set(err, ERR_NOMEM, "device of the BMC");
    }
    *l = (struct kernel_link){.fd = fd};
    *ret = l;
    return 0;
}

/* The driver wants pointers to bytes that it does not write to; it copies them. */
static int send_request(struct kernel_link *l, const struct ipmi_request *request, struct error *err) {
    struct ipmi_system_interface_addr to = {IPMI_SYSTEM_INTERFACE_ADDR_TYPE, IPMI_BMC_CHANNEL, request->lun};
    uint8_t data[IPMI_REQUEST_MAX];
    memcpy(data, request->data, sizeof data);
    struct ipmi_req message = {
        .addr = (unsigned char *)&to,
        .addr_len = sizeof to,
        .msgid = ++l->msgid,
        .msg = {.netfn = request->netfn, .cmd = request->cmd, .data_len = request->n, .data = data},
    };
    return ioctl(l->fd, IPMICTL_SEND_COMMAND, &message) < 0 ? error_os(err, errno, "send to the BMC") : 0;
}

/* Takes the next message: its length when it answers the newest request, 0 for any other (one that came too late). */
static ssize_t receive(struct kernel_link *l, uint8_t reply[IPMI_REPLY_MAX], struct error *err) {
    struct ipmi_addr from;
    struct ipmi_recv message = {
        .addr = (unsigned char *)&from,
        .addr_len = sizeof from,
        .msg = {.data = reply, .data_len = IPMI_REPLY_MAX},
    };
    if (ioctl(l->fd, IPMICTL_RECEIVE_MSG_TRUNC, &message) < 0 && errno != EMSGSIZE)
        return errno == EAGAIN || errno == EINTR ? 0 : error_os(err, errno, "receive from the BMC");
    bool ours = message.recv_type == IPMI_RESPONSE_RECV_TYPE && message.msgid == l->msgid;
    return ours && message.msg.data_len <= IPMI_REPLY_MAX ? message.msg.data_len : 0;
}

static ssize_t link_ask(
    void *self, const struct ipmi_request *request, uint8_t reply[IPMI_REPLY_MAX], struct error *err) {
    struct kernel_link *l = self;
    int status = send_request(l, request, err);
    if (status < 0)
        return status;
    int64_t deadline = clock_mono_ns() + IPMI_ASK_MS * NS_PER_MS;
    for (;;) {
        int64_t left_ms = (deadline - clock_mono_ns()) / NS_PER_MS;
        struct pollfd wait = {.fd = l->fd, .events = POLLIN};
        int ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
        if (ready < 0 && errno != EINTR)
            return error_os(err, errno, "wait for the BMC");
        if (ready == 0)
            return error_set(err, ERR_TIMEOUT, "the BMC did not answer in %d ms", IPMI_ASK_MS);
        if (ready > 0 && !(wait.revents & POLLIN))
            return error_set(err, ERR_OS, "the driver of the BMC is gone");
        ssize_t n = ready > 0 ? receive(l, reply, err) : 0;
        if (n != 0)
            return n;
    }
}

const struct ipmi_link ipmi_kernel_link = {.open = link_open, .ask = link_ask, .close = link_close};
