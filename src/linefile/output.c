/* linefile/output.c: writes whole or not at all, as far as a file system lets one. */
#include "linefile/output.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PENDING_KEEP = 1 << 20 }; /* a buffer that one huge line made larger than this is given back */

static int failed(struct output *o, int os_errno, struct error *err) {
    o->stuck = true;
    if (os_errno == EFBIG)
        return error_set(err, ERR_FULL, "write %s: the limit on the size of files is reached", o->name);
    return error_os(err, os_errno, "write %s", o->name);
}

/* Takes `n` bytes back that are the file's last, if they still are. */
static void take_back(struct output *o, uint64_t n) {
    struct stat info;
    if (n == 0)
        return;
    uint64_t end = o->size + n;
    if (o->shared) {
        off_t at = lseek(o->fd, 0, SEEK_CUR); /* where O_APPEND put our bytes' end */
        if (at < 0 || fstat(o->fd, &info) != 0 || info.st_size != at)
            return;
        end = (uint64_t)at;
    }
    /* Should this fail, the next write goes over these bytes, and a reader takes them for a torn line. */
    if (ftruncate(o->fd, (off_t)(end - n)) != 0)
        return;
}

int output_write(struct output *o, struct error *err) {
    size_t done = 0;
    while (done < o->pending.len) {
        const char *from = o->pending.at + done;
        size_t left = o->pending.len - done;
        ssize_t n = o->shared ? write(o->fd, from, left) : pwrite(o->fd, from, left, (off_t)(o->size + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int os_errno = n < 0 ? errno : EIO;
            take_back(o, done);
            return failed(o, os_errno, err);
        }
        done += (size_t)n;
    }
    o->stuck = false;
    o->size += done;
    if (o->shared && done > 0) {
        off_t at = lseek(o->fd, 0, SEEK_CUR);
        o->size = at > 0 ? (uint64_t)at : o->size;
    }
    o->pending.len = 0;
    if (o->pending.cap > PENDING_KEEP)
        buffer_done(&o->pending);
    return 0;
}

void output_done(struct output *o) {
    buffer_done(&o->pending);
}
