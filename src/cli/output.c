/* cli/output.c: where snapshot and export write. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { FLUSH_BYTES = 256 * 1024 };

int output_open(const char *path, struct output *ret, struct error *err) {
    *ret = (struct output){.fd = STDOUT_FILENO};
    if (!path || text_is(text_of(path), "-"))
        return 0;
    int r = file_refuse_symlink(path, err);
    if (r < 0)
        return r;
    ret->path = path;
    struct stat info;
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a device or a pipe is written to, and stays */
        ret->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return ret->fd < 0 ? error_os(err, errno, "open %s", path) : 0;
    }
    if (asprintf(&ret->temporary, "%s.%d.tmp", path, (int)getpid()) < 0) {
        ret->temporary = NULL;
        return error_set(err, ERR_NOMEM, "%s", path);
    }
    r = file_create(ret->temporary, true, &ret->fd, err);
    if (r < 0)
        free(ret->temporary);
    return r;
}

int output_flush(struct output *o, bool now, struct error *err) {
    int r = buffer_status(&o->held, err);
    if (r == 0 && (now || o->held.len >= FLUSH_BYTES)) {
        r = file_write_all(o->fd, o->path ? o->path : "standard output", o->held.at, o->held.len, NULL, err);
        buffer_clear(&o->held);
    }
    return r;
}

int output_close(struct output *o, bool keep, struct error *err) {
    int r = keep ? output_flush(o, true, err) : 0;
    if (o->temporary) {
        if (r == 0 && keep && fsync(o->fd) != 0)
            r = error_os(err, errno, "%s", o->path);
        if (close(o->fd) != 0 && r == 0 && keep)
            r = error_os(err, errno, "%s", o->path);
        if (r == 0 && keep && rename(o->temporary, o->path) != 0)
            r = error_os(err, errno, "rename %s to %s", o->temporary, o->path);
        if (r < 0 || !keep)
            (void)unlink(o->temporary);
        free(o->temporary);
    } else if (o->path && close(o->fd) != 0 && r == 0 && keep) {
        r = error_os(err, errno, "%s", o->path);
    }
    buffer_done(&o->held);
    return r;
}
