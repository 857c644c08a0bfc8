/* collect/sensors/ipmi_link.h: how messages go to a BMC and back: the kernel's driver, or a test that plays one. */
#ifndef TACHO_COLLECT_SENSORS_IPMI_LINK_H
#define TACHO_COLLECT_SENSORS_IPMI_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"

enum {
    IPMI_REQUEST_MAX = 16, /* bytes of data that a request here has at most */
    IPMI_REPLY_MAX = 272,  /* the kernel's own limit for a message */
};

struct ipmi_request {
    uint8_t lun, netfn, cmd, n; /* n: bytes of data */
    uint8_t data[IPMI_REQUEST_MAX];
};

/* One owner thread. All may block. */
struct ipmi_link {
    /* -ERR_ABSENT: no such device, or not for us (`os_errno` EACCES). */
    int (*open)(const char *rootfs, void **ret, struct error *err);
    /* Asks and waits. Returns the bytes of the reply, the completion code first (so at least 1); -ERR_TIMEOUT, -ERR_OS. */
    ssize_t (*ask)(void *self, const struct ipmi_request *request, uint8_t reply[IPMI_REPLY_MAX], struct error *err);
    void (*close)(void *self); /* NULL is fine */
};

/* <linux/ipmi.h> over rootfs/dev/ipmi0, dev/ipmi/0 or dev/ipmidev/0. */
extern const struct ipmi_link ipmi_kernel_link;

/* 0 when there is such a device and we may use it; -ERR_ABSENT (`os_errno`: ENOENT, EACCES …). Does not open it. */
int ipmi_find_device(const char *rootfs, struct error *err) NODISCARD;

#define IPMI_ASK_MS 5000 /* how long an answer is waited for; the driver itself tries again within this time */

#endif
