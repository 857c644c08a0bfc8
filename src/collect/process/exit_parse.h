/* collect/process/exit_parse.h: the kernel's messages about tasks that end. */
#ifndef TACHO_COLLECT_PROCESS_EXIT_PARSE_H
#define TACHO_COLLECT_PROCESS_EXIT_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { EXIT_COMM_MAX = 32 };

/* One task that ended. U64_UNKNOWN where the message does not tell. */
struct exit_event {
    uint32_t pid, tgid;
    bool last;            /* of its process, which has ended with it */
    bool has_status;      /* of its first thread, whose status is the process's */
    uint32_t wait_status; /* as wait(2) has it */
    uint64_t ppid, uid, start_s; /* since 1970 */
    uint64_t cpu_ns;             /* of the task; of the whole process where that is told with its last thread */
    uint64_t peak_rss_bytes, read_bytes, write_bytes; /* the peak of the process, the others of the task */
    char comm[EXIT_COMM_MAX];
    uint8_t comm_len;
};

/* Parses what follows the netlink header of a taskstats message. False for other messages, and where the kernel (before 5.19)
 * does not tell which process the task was of. `message` is untrusted. Pure. */
bool exit_parse_taskstats(struct text message, struct exit_event *ret);
/* The same of a proc connector's message, which tells only that the process ended and how. */
bool exit_parse_connector(struct text message, struct exit_event *ret);

/* The exit status, or the negative number of the signal that ended the process. Pure. */
int64_t exit_code_of(uint32_t wait_status);

#endif
