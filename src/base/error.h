/* base/error.h: carries one failure, with the context that each caller adds, up to whoever reports it. */
#ifndef TACHO_BASE_ERROR_H
#define TACHO_BASE_ERROR_H

#include "base/attr.h"

#ifdef __cplusplus
extern "C" {
#endif

enum errc {         /* what a caller may branch on; the rest is text for people */
    ERR_OS = 1,     /* a system call failed; see os_errno */
    ERR_NOMEM,      /* allocation failed, or a size would overflow */
    ERR_ABSENT,     /* this machine has no such file, device, function or permission */
    ERR_FORMAT,     /* input breaks its format */
    ERR_LIMIT,      /* input is well formed but over one of our limits */
    ERR_EXISTS,     /* the file to be made is already there, or is a symbolic link */
    ERR_SCHEMA,     /* the recording is of a schema that this program does not know */
    ERR_TIMEOUT,    /* no answer in time */
    ERR_USAGE,      /* the caller's words (a flag, a value, a time) make no sense */
    ERR_FULL,       /* no room on the device, or the quota is used up */
    ERR_REFUSED,    /* input that is well formed, and asks for more memory than it gets */
    ERR_STALE,      /* what the caller knew does not hold any more: look again */
};

struct error {
    enum errc code;
    int os_errno;   /* errno of the failing call, or 0 */
    char text[480]; /* newest context first; cut at the end, always NUL-terminated */
};

/* Each fills `err` (may be NULL) and returns -code, so that callers can return the call itself. */
int error_set(struct error *err, enum errc code, const char *fmt, ...) PRINTF(3, 4);
/* As error_set with ERR_OS (ERR_FULL for ENOSPC and EDQUOT) and ": <strerror>" behind the text. */
int error_os(struct error *err, int os_errno, const char *fmt, ...) PRINTF(3, 4);
/* Puts "<context>: " before the text that `err` carries; returns `r` unchanged. */
int error_wrap(struct error *err, int r, const char *fmt, ...) PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
