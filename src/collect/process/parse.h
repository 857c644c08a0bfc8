/* collect/process/parse.h: the kernel's texts about one process. */
#ifndef TACHO_COLLECT_PROCESS_PARSE_H
#define TACHO_COLLECT_PROCESS_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum {
    PROCESS_COMM_MAX = 64, /* 15 bytes for processes, up to 63 for the kernel's own threads */
    PROCESS_STAT_MAX = 2048,
};

struct process_stat {
    char comm[PROCESS_COMM_MAX];
    uint8_t comm_len;
    char state; /* the kernel's letter */
    bool kernel_thread;
    uint64_t ppid, threads, user_ticks, system_ticks, start_ticks, vsize_bytes, rss_pages;
    int64_t priority, nice;
};

/* Parses /proc/PID/stat. The name is whatever the process likes, `) R 1` included: what counts is the last parenthesis.
 * `text` is untrusted. False when it is not such a line; `*ret` is then of no use. Pure. */
bool process_parse_stat(struct text text, struct process_stat *ret);
/* Parses /proc/PID/io: bytes that reached or came from a device. False without both. Pure. */
bool process_parse_io(struct text text, uint64_t *ret_read_bytes, uint64_t *ret_write_bytes);
/* Picks the path that says most out of /proc/PID/cgroup: the unified hierarchy's; where all is in its root (version 1), that
 * of systemd, else the longest. NULL without any. Borrowed from `text`. Pure. */
struct text process_parse_cgroup(struct text text);
/* Turns the arguments of /proc/PID/cmdline into a line, in place: the bytes that end them become blanks. Pure. */
struct text process_parse_cmdline(char *at, size_t len);

#endif
