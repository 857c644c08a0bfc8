/* collect/process/exit_stream.c: listens to the kernel's messages about ending tasks, and makes processes of them. */
#include "collect/process/exit_stream.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"
#include "frame/model.h"

enum {
    MESSAGE_MAX = 16 << 10,
    SOCKET_BYTES = 8 << 20, /* of messages that wait: some 4,000 tasks */
    ANSWER_MS = 200,        /* how long the kernel's answer to a question is waited for */
    LEADERS_MAX = 256,      /* first threads that ended before the last of their process */
    CPUS_TEXT_MAX = 1024,
};

struct exit_stream {
    int fd;
    bool taskstats;
    bool lost;       /* more ended than there was room for */
    uint16_t family; /* taskstats' message type */
    struct exit_record *records;
    size_t n, cap;
    struct exit_event leaders[LEADERS_MAX]; /* the oldest is overwritten */
    size_t n_leaders;
    _Alignas(struct nlmsghdr) char message[MESSAGE_MAX];
};

/* Messages and attributes both start at multiples of four bytes. */
static size_t aligned(size_t n) {
    return (n + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
}

struct request {
    struct nlmsghdr head;
    char body[CPUS_TEXT_MAX + 64];
};

static void put(struct request *r, const void *bytes, size_t n) {
    memcpy((char *)r + r->head.nlmsg_len, bytes, n);
    r->head.nlmsg_len += (uint32_t)aligned(n);
}

static struct request generic_request(uint16_t type, uint8_t command, uint16_t flags) {
    struct request r = {.head = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags}};
    struct genlmsghdr head = {.cmd = command, .version = 1};
    put(&r, &head, sizeof head);
    return r;
}

static void put_text(struct request *r, uint16_t type, struct text t) {
    struct nlattr head = {.nla_len = (uint16_t)(sizeof head + t.len + 1), .nla_type = type};
    put(r, &head, sizeof head);
    put(r, t.at, t.len);
    if (t.len % NLMSG_ALIGNTO == 0) /* its NUL is not in what alignment filled up */
        put(r, "", 1);
}

/* Sends a request and waits for the first message in answer, which is in `s->message` then: its length, or -1 and errno. */
static ssize_t ask(struct exit_stream *s, const void *request, size_t len) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct pollfd readable = {.fd = s->fd, .events = POLLIN};
    if (sendto(s->fd, request, len, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
        return -1;
    if (poll(&readable, 1, ANSWER_MS) != 1) {
        errno = ETIMEDOUT;
        return -1;
    }
    return recv(s->fd, s->message, sizeof s->message, MSG_DONTWAIT);
}

/* The kernel's verdict on a request: 0, or -1 and errno. */
static int verdict(const struct exit_stream *s, ssize_t len) {
    const struct nlmsghdr *head = (const void *)s->message;
    const struct nlmsgerr *answer = (const void *)(s->message + NLMSG_HDRLEN);
    if (len < 0)
        return -1;
    if (len < NLMSG_LENGTH((int)sizeof *answer) || head->nlmsg_type != NLMSG_ERROR)
        return 0;
    errno = -answer->error;
    return answer->error ? -1 : 0;
}

static int open_socket(struct exit_stream *s, int protocol, uint32_t groups) {
    int room = SOCKET_BYTES;
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
    s->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
    if (s->fd < 0 || bind(s->fd, (const struct sockaddr *)&own, sizeof own) != 0)
        return -1;
    if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return 0;
}

/* The number that the kernel has given to the taskstats messages of this boot; 0: it has none. */
static uint16_t find_family(struct exit_stream *s) {
    struct request r = generic_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
    put_text(&r, CTRL_ATTR_FAMILY_NAME, TEXT(TASKSTATS_GENL_NAME));
    ssize_t len = ask(s, &r, r.head.nlmsg_len);
    uint16_t family = 0;
    if (verdict(s, len) < 0 || len < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN))
        return 0;
    const struct nlmsghdr *head = (const void *)s->message;
    size_t end = head->nlmsg_len < (size_t)len ? head->nlmsg_len : (size_t)len;
    for (size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at + sizeof(struct nlattr) + sizeof family <= end;) {
        struct nlattr attribute;
        memcpy(&attribute, s->message + at, sizeof attribute);
        if (attribute.nla_type == CTRL_ATTR_FAMILY_ID)
            memcpy(&family, s->message + at + sizeof attribute, sizeof family);
        if (attribute.nla_len < sizeof attribute)
            break;
        at += aligned(attribute.nla_len);
    }
    return family;
}

static int open_taskstats(struct exit_stream *s, struct text cpus) {
    if (open_socket(s, NETLINK_GENERIC, 0) < 0)
        return -1;
    s->family = find_family(s);
    if (s->family == 0) {
        errno = ENOENT;
        return -1;
    }
    struct request r = generic_request(s->family, TASKSTATS_CMD_GET, NLM_F_ACK);
    put_text(&r, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus);
    if (verdict(s, ask(s, &r, r.head.nlmsg_len)) < 0)
        return -1;
    /* Which form the kernel's answers have is seen in what it tells of ourselves. */
    uint32_t pid = (uint32_t)getpid();
    struct nlattr attribute = {.nla_len = sizeof attribute + sizeof pid, .nla_type = TASKSTATS_CMD_ATTR_PID};
    r = generic_request(s->family, TASKSTATS_CMD_GET, 0);
    put(&r, &attribute, sizeof attribute);
    put(&r, &pid, sizeof pid);
    ssize_t len = ask(s, &r, r.head.nlmsg_len);
    struct exit_event own;
    if (verdict(s, len) < 0)
        return -1;
    if (len >= NLMSG_HDRLEN &&
        exit_parse_taskstats((struct text){s->message + NLMSG_HDRLEN, (size_t)len - NLMSG_HDRLEN}, &own))
        return 0;
    errno = EPROTONOSUPPORT;
    return -1;
}

static int open_connector(struct exit_stream *s) {
    struct request r = {.head = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = NLMSG_DONE}};
    uint32_t listen = PROC_CN_MCAST_LISTEN;
    struct cn_msg message = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .len = sizeof listen};
    put(&r, &message, sizeof message);
    put(&r, &listen, sizeof listen);
    if (open_socket(s, NETLINK_CONNECTOR, CN_IDX_PROC) < 0)
        return -1;
    return ask(s, &r, r.head.nlmsg_len) < 0 ? -1 : 0; /* silence: not in the first process namespace */
}

int exit_stream_open(const char *sysfs, struct exit_stream **ret, struct error *err) {
    char buf[KERNEL_VALUE_MAX];
    int sys_fd CLEANUP(file_close) = -1;
    int status = kernel_dir_open(sysfs, &sys_fd, err);
    if (status < 0)
        return status;
    struct text cpus = kernel_text(sys_fd, buf, "devices/system/cpu/possible");
    struct exit_stream *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_NOMEM, "stream of processes that end");
    s->fd = -1;
    s->taskstats = known_text(cpus) && cpus.len < CPUS_TEXT_MAX && open_taskstats(s, cpus) == 0;
    int why = errno;
    if (!s->taskstats) {
        file_close(&s->fd);
        if (open_connector(s) < 0) {
            exit_stream_close(s);
            return error_set(err, ERR_ABSENT, "taskstats: %s; proc connector: %s", strerror(why), strerror(errno));
        }
    }
    *ret = s;
    return 0;
}

void exit_stream_close(struct exit_stream *s) {
    if (!s)
        return;
    file_close(&s->fd); /* which ends the kernel's telling */
    free(s->records);
    free(s);
}

bool exit_stream_has_figures(const struct exit_stream *s) {
    return s->taskstats;
}

static void add(struct exit_stream *s, const struct exit_event *event) {
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct exit_record *grown = cap <= EXITS_MAX ? realloc(s->records, cap * sizeof *grown) : NULL;
        if (!grown) {
            s->lost = true;
            return;
        }
        s->records = grown;
        s->cap = cap;
    }
    s->records[s->n++] = (struct exit_record){.event = *event};
}

static void keep_leader(struct exit_stream *s, const struct exit_event *event) {
    s->leaders[s->n_leaders++ % LEADERS_MAX] = *event;
}

/* The last thread of a process tells its processor time; the first one, which may have ended earlier, its name and status. */
static void take_event(struct exit_stream *s, const struct exit_event *event) {
    if (event->has_status && !event->last)
        keep_leader(s, event);
    if (!event->last)
        return;
    struct exit_event whole = *event;
    for (size_t i = 0; i < LEADERS_MAX && !event->has_status; i++) {
        struct exit_event *leader = &s->leaders[i];
        if (leader->pid != event->tgid || leader->start_s > event->start_s)
            continue;
        whole = *leader;
        whole.cpu_ns = event->cpu_ns;
        whole.peak_rss_bytes = event->peak_rss_bytes;
        whole.read_bytes = whole.write_bytes = U64_UNKNOWN; /* those of the other threads are not told */
        leader->pid = 0;
    }
    whole.pid = event->tgid;
    add(s, &whole);
}

static void take_messages(struct exit_stream *s, size_t len) {
    struct nlmsghdr head;
    for (size_t at = 0; len - at >= sizeof head;) {
        memcpy(&head, s->message + at, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > len - at)
            return;
        struct text body = {s->message + at + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN};
        struct exit_event event;
        if (s->taskstats ? head.nlmsg_type == s->family && exit_parse_taskstats(body, &event)
                         : exit_parse_connector(body, &event))
            take_event(s, &event);
        size_t step = aligned(head.nlmsg_len);
        if (step > len - at)
            return;
        at += step;
    }
}

static void forget_old(struct exit_stream *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->records[i].done || s->records[i].old)
            continue;
        s->records[n] = s->records[i];
        s->records[n++].old = true;
    }
    s->n = n;
}

int exit_stream_read(struct exit_stream *s, struct error *err) {
    forget_old(s);
    s->lost = false;
    for (;;) {
        struct sockaddr_nl from = {.nl_pid = 1};
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(
            s->fd, s->message, sizeof s->message, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_len);
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (len < 0 && errno == ENOBUFS)
            s->lost = true;
        else if (len < 0 && errno != EINTR)
            return error_os(err, errno, "stream of processes that end");
        if (len > 0 && len <= MESSAGE_MAX && from.nl_pid == 0) /* 0: the kernel */
            take_messages(s, (size_t)len);
    }
    return s->lost ? error_set(err, ERR_LIMIT, "more processes ended than there is room for: some are in no row") : 0;
}

struct exit_record *exit_stream_records(struct exit_stream *s, size_t *ret_n) {
    *ret_n = s->n;
    return s->records;
}
