/* cli/complain.c: a failure as one line on stderr. */
#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum { MESSAGE_MAX = 1024, LINE_MAX_LEN = 4 * MESSAGE_MAX + 64 };

/* One write, so that lines of several processes on one terminal or log do not mix. */
static void put_line(const char *prefix, const char *command, const char *message) {
    char printable[4 * MESSAGE_MAX], line[LINE_MAX_LEN];
    (void)text_printable(text_of(message), printable, sizeof printable);
    (void)snprintf(line, sizeof line, "%s%s%s%s%s\n", prefix, command ? " " : "", command ? command : "",
        *prefix ? ": " : "", printable);
    (void)fflush(stdout);
    (void)fputs(line, stderr);
}

int complain(const struct command *c, int code, const char *fmt, ...) {
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    put_line("tacho", c ? c->name : NULL, message);
    return code;
}

int complain_error(const struct command *c, const struct error *err) {
    /* Whoever read our output has gone (`| head`): that is no failure to talk about. */
    if (err->os_errno == EPIPE)
        return 1;
    /* Other programs look for this very line. */
    if (err->code == ERR_SCHEMA)
        put_line("", NULL, err->text);
    else
        (void)complain(c, 1, "%s", err->text);
    return err->code == ERR_USAGE ? 2 : 1;
}
