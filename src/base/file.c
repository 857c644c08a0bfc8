/* base/file.c: opening files without following traps, reading small ones whole, writing all of a buffer. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int file_refuse_symlink(const char *path, struct error *err) {
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : error_os(err, errno, "%s", path);
    if (S_ISLNK(info.st_mode))
        return error_set(err, ERR_EXISTS, "%s is a symbolic link; name the file that it points to", path);
    return 0;
}

int file_create(const char *path, bool replace, int *ret_fd, struct error *err) {
    int r = file_refuse_symlink(path, err);
    if (r < 0)
        return r;
    if (replace) {
        struct stat info;
        if (lstat(path, &info) == 0) {
            if (!S_ISREG(info.st_mode))
                return error_set(err, ERR_EXISTS, "%s is not a regular file", path);
            if (unlink(path) != 0)
                return error_os(err, errno, "remove %s", path);
        }
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return error_set(err, ERR_EXISTS, "%s exists", path);
    if (fd < 0)
        return error_os(err, errno, "create %s", path);
    *ret_fd = fd;
    return 0;
}

int file_open(const char *path, bool write, int *ret_fd, struct error *err) {
    int fd CLEANUP(file_close) =
        open(path, write ? O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK : O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP && write)
        return error_set(err, ERR_EXISTS, "%s is a symbolic link; name the file that it points to", path);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERR_ABSENT, "%s: no such file", path);
    if (fd < 0)
        return error_os(err, errno, "open %s", path);
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_os(err, errno, "%s", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERR_FORMAT, "%s is %s, not a regular file", path,
            S_ISDIR(info.st_mode)    ? "a directory"
            : S_ISFIFO(info.st_mode) ? "a pipe"
                                     : "a special file");
    *ret_fd = file_steal(&fd);
    return 0;
}

ssize_t file_read_fd(int fd, const char *name, char *buf, size_t cap, struct error *err) {
    size_t used = 0;
    while (used < cap) {
        ssize_t n = pread(fd, buf + used, cap - used, (off_t)used);
        if (n == 0)
            return (ssize_t)used;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ESRCH || errno == ENODEV || errno == ENOENT || errno == EACCES || errno == EPERM))
            return error_set(err, ERR_ABSENT, "%s: not readable", name);
        if (n < 0)
            return error_os(err, errno, "read %s", name);
        used += (size_t)n; /* a short read is no end: files of many records stop where the next would pass a page */
    }
    char more;
    ssize_t n = pread(fd, &more, 1, (off_t)used);
    if (n > 0)
        return error_set(err, ERR_LIMIT, "%s: more than %zu bytes", name, cap);
    return (ssize_t)used;
}

ssize_t file_read_at(int dir_fd, const char *name, char *buf, size_t cap, struct error *err) {
    int fd CLEANUP(file_close) = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 &&
        (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == EPERM || errno == ESRCH || errno == ENODEV))
        return error_set(
            err, ERR_ABSENT, "%s: %s", name, errno == EACCES || errno == EPERM ? "no permission" : "not there");
    if (fd < 0)
        return error_os(err, errno, "open %s", name);
    return file_read_fd(fd, name, buf, cap, err);
}

enum { READ_STEP = 64 * 1024 };

int file_read_all(int dir_fd, const char *name, struct buffer *into, struct error *err) {
    int fd CLEANUP(file_close) = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, ERR_ABSENT, "%s: no such file", name);
    if (fd < 0)
        return error_os(err, errno, "open %s", name);
    for (;;) {
        char past_limit = 0;
        size_t left = (into->limit ? into->limit : BUFFER_LIMIT_DEFAULT) - into->len;
        size_t want = left < READ_STEP ? left : READ_STEP;
        char *to = want > 0 ? buffer_room(into, want) : &past_limit;
        ssize_t n = to ? read(fd, to, want > 0 ? want : 1) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_os(err, errno, "read %s", name);
        if (n > 0 && want == 0)
            (void)buffer_grow(into, 1); /* which fails */
        int r = buffer_status(into, err);
        if (r < 0)
            return error_wrap(err, r, "%s", name);
        if (n == 0)
            return 0;
        into->len += (size_t)n;
    }
}

int file_write_all(int fd, const char *name, const void *bytes, size_t n, size_t *ret_written, struct error *err) {
    size_t done = 0;
    int r = 0;
    while (done < n) {
        ssize_t wrote = write(fd, (const char *)bytes + done, n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            r = error_os(err, wrote < 0 ? errno : EIO, "write %s", name);
            break;
        }
        done += (size_t)wrote;
    }
    if (ret_written)
        *ret_written = done;
    return r;
}

ssize_t file_pread_full(int fd, const char *name, void *buf, size_t n, uint64_t offset, struct error *err) {
    size_t done = 0;
    if (offset > INT64_MAX || n > SSIZE_MAX)
        return error_set(err, ERR_LIMIT, "%s: offset out of range", name);
    while (done < n) {
        ssize_t got = pread(fd, (char *)buf + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_os(err, errno, "read %s", name);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int file_make_parents(const char *path, struct error *err) {
    char *copy = strdup(path);
    if (!copy)
        return error_set(err, ERR_NOMEM, "%s", path);
    int r = 0;
    for (char *at = copy; *at && r == 0; at++) {
        if (*at != '/' || at == copy)
            continue;
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            r = error_os(err, errno, "create directory %s", copy);
        *at = '/';
    }
    free(copy);
    return r;
}

void file_close(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}
