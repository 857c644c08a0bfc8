/* recording/spool.c: hands marks to a recorder that is running. */
#include "recording/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { SPOOL_PATH_MAX = 4096, SPOOL_BYTES_MAX = 1 << 20 /* left and not taken */, SPOOL_TRIES = 100 };

int spool_wanted(const char *path, bool *ret, struct error *err) {
    int fd CLEANUP(file_close) = -1;
    int r = file_open(path, true, &fd, err);
    if (r < 0)
        return r;
    *ret = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    return 0;
}

static int spool_path(const char *path, char out[SPOOL_PATH_MAX], struct error *err) {
    int n = snprintf(out, SPOOL_PATH_MAX, "%s.marks", path);
    return n < 0 || n >= SPOOL_PATH_MAX ? error_set(err, ERR_LIMIT, "%s: path too long", path) : 0;
}

int spool_leave(const char *path, struct text line, struct error *err) {
    char name[SPOOL_PATH_MAX];
    int r = spool_path(path, name, err);
    for (unsigned i = 0; r == 0 && i < SPOOL_TRIES; i++) {
        struct stat held, there;
        int fd CLEANUP(file_close) = open(name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX) != 0)
            return error_os(err, errno, "%s", name);
        /* The recorder may have taken the file away between the two calls. */
        if (fstat(fd, &held) != 0 || stat(name, &there) != 0 || held.st_ino != there.st_ino)
            continue;
        if (line.len >= SPOOL_BYTES_MAX || (uint64_t)held.st_size > SPOOL_BYTES_MAX - 1 - line.len)
            return error_set(err, ERR_LIMIT,
                "%s: the recorder has not taken what was left for it, and there is no room for more", name);
        struct buffer text = {0};
        buffer_put_text(&text, line);
        buffer_put_char(&text, '\n');
        r = buffer_status(&text, err);
        if (r == 0)
            r = file_write_all(fd, name, text.at, text.len, NULL, err);
        buffer_done(&text);
        return r;
    }
    return r < 0 ? r : error_set(err, ERR_TIMEOUT, "%s: kept changing", name);
}

int spool_take(const char *path, struct buffer *into, struct error *err) {
    char name[SPOOL_PATH_MAX];
    int r = spool_path(path, name, err);
    if (r < 0)
        return r;
    int fd CLEANUP(file_close) = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_os(err, errno, "%s", name);
    if (flock(fd, LOCK_EX) != 0)
        return error_os(err, errno, "%s", name);
    char *to = buffer_room(into, SPOOL_BYTES_MAX);
    if (!to)
        return buffer_status(into, err);
    ssize_t n = file_pread_full(fd, name, to, SPOOL_BYTES_MAX, 0, err);
    if (n < 0)
        return (int)n;
    into->len += (size_t)n;
    return unlink(name) == 0 ? 0 : error_os(err, errno, "remove %s", name);
}
