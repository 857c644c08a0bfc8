/* collect/process/users.h: names of users, looked up off the sampling path: a directory server that is gone must not stop it. */
#ifndef TACHO_COLLECT_PROCESS_USERS_H
#define TACHO_COLLECT_PROCESS_USERS_H

#include "base/error.h"
#include "base/text.h"

struct users; /* opaque; one owner thread */

enum { USERS_MAX = 4096 }; /* names kept; users beyond them stay numbers */

/* `rootfs`: whose users they are: "/" asks the name service, another root has its /etc/passwd read. -ERR_NOMEM, -ERR_OS. */
int users_create(const char *rootfs, struct users **ret, struct error *err) NODISCARD;
/* Takes up the names that have come in since. */
void users_refresh(struct users *u);
/* The user's name, or its number until the name is known and where there is none. Good until the next call of any of these. */
struct text users_name(struct users *u, uint64_t uid);
/* Waits for the names asked for so far and takes them up, at the latest until the deadline. */
void users_wait(struct users *u, int64_t deadline_mono_ns);
void users_destroy(struct users *u); /* NULL is fine */

#endif
