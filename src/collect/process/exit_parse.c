/* collect/process/exit_parse.c: takes the kernel's messages about ending tasks apart. */
#include "collect/process/exit_parse.h"

#include <linux/connector.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>

#include "frame/model.h"

/* Of struct taskstats, which only grows at its end; our own numbers, since the headers of a build may be older. */
enum {
    STATS_VERSION = 0,   /* u16 */
    STATS_EXIT_CODE = 4, /* u32 */
    STATS_FLAG = 8,      /* u8 */
    STATS_CPU_NS = 72,   /* all the others u64 or u32 */
    STATS_COMM = 80,
    STATS_UID = 120,
    STATS_PID = 128,
    STATS_PPID = 132,
    STATS_UTIME_US = 152,
    STATS_STIME_US = 160,
    STATS_PEAK_RSS_KIB = 200,
    STATS_READ_BYTES = 248,
    STATS_WRITE_BYTES = 256,
    STATS_START_S = 344,
    STATS_TGID = 368,
    STATS_BYTES = 384, /* up to the end of version 12's first members */
    VERSION_WITH_TGID = 12,
    FLAG_LAST = 0x20, /* AGROUP */
};

static uint32_t u32_at(struct text t, size_t at) {
    uint32_t value = 0;
    memcpy(&value, t.at + at, sizeof value);
    return value;
}
static uint64_t u64_at(struct text t, size_t at) {
    uint64_t value = 0;
    memcpy(&value, t.at + at, sizeof value);
    return value;
}

/* The next attribute and its payload; false at the end, or where it is malformed. */
static bool next_attribute(struct text *rest, uint16_t *ret_type, struct text *ret) {
    struct nlattr head;
    if (rest->len < sizeof head)
        return false;
    memcpy(&head, rest->at, sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > rest->len)
        return false;
    *ret_type = head.nla_type & (uint16_t) ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER);
    *ret = (struct text){rest->at + sizeof head, head.nla_len - sizeof head};
    size_t step = (head.nla_len + (size_t)NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO;
    step = step < rest->len ? step : rest->len;
    *rest = (struct text){rest->at + step, rest->len - step};
    return true;
}

static bool find_attribute(struct text in, uint16_t wanted, struct text *ret) {
    uint16_t type = 0;
    while (next_attribute(&in, &type, ret))
        if (type == wanted)
            return true;
    return false;
}

static uint64_t cpu_of(struct text stats) {
    uint64_t ns = u64_at(stats, STATS_CPU_NS);
    uint64_t us = 0;
    if (ns == 0 && !__builtin_add_overflow(u64_at(stats, STATS_UTIME_US), u64_at(stats, STATS_STIME_US), &us) &&
        __builtin_mul_overflow(us, UINT64_C(1000), &ns))
        return U64_UNKNOWN;
    return ns;
}

bool exit_parse_taskstats(struct text message, struct exit_event *ret) {
    struct genlmsghdr head;
    struct text task;
    struct text group;
    struct text stats;
    if (message.len < GENL_HDRLEN)
        return false;
    memcpy(&head, message.at, sizeof head);
    struct text attributes = {message.at + GENL_HDRLEN, message.len - GENL_HDRLEN};
    if (head.cmd != TASKSTATS_CMD_NEW || !find_attribute(attributes, TASKSTATS_TYPE_AGGR_PID, &task) ||
        !find_attribute(task, TASKSTATS_TYPE_STATS, &stats) || stats.len < STATS_BYTES)
        return false;
    uint16_t version = 0;
    memcpy(&version, stats.at + STATS_VERSION, sizeof version);
    if (version < VERSION_WITH_TGID)
        return false;
    struct text comm = {stats.at + STATS_COMM, strnlen(stats.at + STATS_COMM, EXIT_COMM_MAX)};
    uint64_t kib = u64_at(stats, STATS_PEAK_RSS_KIB);
    *ret = (struct exit_event){
        .pid = u32_at(stats, STATS_PID),
        .tgid = u32_at(stats, STATS_TGID),
        .last = (uint8_t)stats.at[STATS_FLAG] & FLAG_LAST,
        .wait_status = u32_at(stats, STATS_EXIT_CODE),
        .ppid = u32_at(stats, STATS_PPID),
        .uid = u32_at(stats, STATS_UID),
        .start_s = u64_at(stats, STATS_START_S),
        .cpu_ns = cpu_of(stats),
        .peak_rss_bytes = kib < UINT64_MAX / 1024 ? kib * 1024 : U64_UNKNOWN,
        .read_bytes = u64_at(stats, STATS_READ_BYTES),
        .write_bytes = u64_at(stats, STATS_WRITE_BYTES),
        .comm_len = (uint8_t)comm.len,
    };
    memcpy(ret->comm, comm.at, comm.len);
    ret->has_status = ret->pid == ret->tgid;
    if (ret->last && find_attribute(attributes, TASKSTATS_TYPE_AGGR_TGID, &group) &&
        find_attribute(group, TASKSTATS_TYPE_STATS, &stats) && stats.len >= STATS_BYTES)
        ret->cpu_ns = cpu_of(stats);
    return ret->pid != 0 && ret->tgid != 0;
}

bool exit_parse_connector(struct text message, struct exit_event *ret) {
    enum { WHAT = 0, PID = 16, TGID = 20, CODE = 24, PARENT_TGID = 36, EVENT_BYTES = 40 }; /* of struct proc_event */
    static const uint32_t ends = 0x80000000U;
    struct cn_msg head;
    if (message.len < sizeof head)
        return false;
    memcpy(&head, message.at, sizeof head);
    struct text event = {message.at + sizeof head, message.len - sizeof head};
    if (head.id.idx != CN_IDX_PROC || head.len > event.len || head.len < CODE + sizeof(uint32_t) ||
        u32_at(event, WHAT) != ends || u32_at(event, PID) != u32_at(event, TGID) || u32_at(event, PID) == 0)
        return false;
    *ret = (struct exit_event){
        .pid = u32_at(event, PID),
        .tgid = u32_at(event, TGID),
        .last = true, /* as far as is told: other threads may be about to end */
        .has_status = true,
        .wait_status = u32_at(event, CODE),
        .ppid = head.len >= EVENT_BYTES ? u32_at(event, PARENT_TGID) : U64_UNKNOWN, /* since 4.18 */
        .uid = U64_UNKNOWN,
        .start_s = U64_UNKNOWN,
        .cpu_ns = U64_UNKNOWN,
        .peak_rss_bytes = U64_UNKNOWN,
        .read_bytes = U64_UNKNOWN,
        .write_bytes = U64_UNKNOWN,
    };
    return true;
}

int64_t exit_code_of(uint32_t wait_status) {
    enum { SIGNAL = 0x7f };
    return wait_status & SIGNAL ? -(int64_t)(wait_status & SIGNAL) : (int64_t)(wait_status >> 8 & 0xff);
}
