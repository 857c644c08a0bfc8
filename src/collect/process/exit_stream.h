/* collect/process/exit_stream.h: processes as they end, told by the kernel (taskstats, or the proc connector). */
#ifndef TACHO_COLLECT_PROCESS_EXIT_STREAM_H
#define TACHO_COLLECT_PROCESS_EXIT_STREAM_H

#include "base/attr.h"
#include "base/error.h"
#include "collect/process/exit_parse.h"

enum { EXITS_MAX = 8192 }; /* processes that ended, kept between two readings; more are counted as lost */

struct exit_stream; /* opaque; one owner thread */

/* Asks for messages about every task that ends from now on: taskstats, with processor time and peak memory (CAP_NET_ADMIN, in
 * the first process and user namespaces, kernel 5.19 or newer), else the proc connector, with the exit status only. `sysfs`:
 * where it is mounted. -ERR_ABSENT when neither is allowed, -ERR_NOMEM, -ERR_OS. */
int exit_stream_open(const char *sysfs, struct exit_stream **ret, struct error *err) NODISCARD;
void exit_stream_close(struct exit_stream *s); /* NULL is fine */
bool exit_stream_has_figures(const struct exit_stream *s); /* taskstats */

/* Takes in what was told since; does not block. What was not `done` with stays, but for one reading only. -ERR_LIMIT when some
 * processes that ended were not told of, or were too many; -ERR_OS. What was read before that is there. */
int exit_stream_read(struct exit_stream *s, struct error *err) NODISCARD;

struct exit_record {
    struct exit_event event; /* of the whole process */
    bool done;               /* the reader's: not wanted again */
    bool old;                /* it was there at the reading before */
};
struct exit_record *exit_stream_records(struct exit_stream *s, size_t *ret_n); /* good until the next reading */

#endif
