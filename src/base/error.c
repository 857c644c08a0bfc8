/* base/error.c: fills and extends failures. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, enum errc code, const char *fmt, ...) {
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        err->os_errno = 0;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return -(int)code;
}

int error_os(struct error *err, int os_errno, const char *fmt, ...) {
    enum errc code = os_errno == ENOSPC || os_errno == EDQUOT ? ERR_FULL : ERR_OS;
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        err->os_errno = os_errno;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        size_t used = strlen(err->text);
        char reason[128];
        (void)snprintf(err->text + used, sizeof err->text - used, ": %s", strerror_r(os_errno, reason, sizeof reason));
    }
    return -(int)code;
}

int error_wrap(struct error *err, int r, const char *fmt, ...) {
    if (err) {
        char context[240];
        char inner[sizeof err->text];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(context, sizeof context, fmt, args);
        va_end(args);
        memcpy(inner, err->text, sizeof inner);
        size_t used = strlen(context);
        memcpy(err->text, context, used);
        (void)snprintf(err->text + used, sizeof err->text - used, ": %.*s", (int)(sizeof inner - used - 3), inner);
    }
    return r;
}
