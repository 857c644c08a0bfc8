/* collect/kernel_file.c: kept handles on the kernel's text files, and small readings out of such files. */
#include "collect/kernel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

enum {
    READ_ROOM = 4096,      /* the kernel fills most of its files a page at a time */
    READ_ROOM_LEAST = 512, /* less is not worth a read */
};

/* Gone, switched off or not for us: no failure, the reading is just not to be had. */
static bool means_absent(int os_errno) {
    return os_errno == ENOENT || os_errno == ENOTDIR || os_errno == EACCES || os_errno == EPERM || os_errno == ESRCH ||
           os_errno == ENODEV || os_errno == EOPNOTSUPP;
}

static int read_whole(int fd, const char *name, struct buffer *into, struct error *err) {
    /* Until the end is seen: a short read is no sign of it, since files of many records stop at a page's end. */
    for (;;) {
        if (into->cap - into->len < READ_ROOM_LEAST && !buffer_room(into, READ_ROOM))
            return error_wrap(err, buffer_status(into, err), "%s", name);
        ssize_t n = pread(fd, into->at + into->len, into->cap - into->len, (off_t)into->len);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && means_absent(errno))
            return error_set(err, ERR_ABSENT, "%s: not readable", name);
        if (n < 0)
            return error_os(err, errno, "read %s", name);
        into->len += (size_t)n;
    }
}

int kernel_file_read(struct kernel_file *f, int dir_fd, struct text *ret, struct error *err) {
    if (f->fd < 0) {
        f->fd = openat(dir_fd, f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (f->fd < 0 && means_absent(errno))
            return error_set(err, ERR_ABSENT, "%s: not there, or no permission", f->name);
        if (f->fd < 0)
            return error_os(err, errno, "open %s", f->name);
    }
    buffer_clear(&f->text);
    int r = read_whole(f->fd, f->name, &f->text, err);
    if (r < 0) {
        file_close(&f->fd);
        return r;
    }
    *ret = (struct text){f->text.at, f->text.len};
    return 0;
}

void kernel_file_done(struct kernel_file *f) {
    file_close(&f->fd);
    buffer_done(&f->text);
}

int kernel_dir_open_at(int dir_fd, const char *name, int *ret_fd, struct error *err) {
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && means_absent(errno))
        return error_set(err, ERR_ABSENT, "%s: not there, or no permission", name);
    if (fd < 0)
        return error_os(err, errno, "open %s", name);
    *ret_fd = fd;
    return 0;
}

int kernel_dir_open(const char *path, int *ret_fd, struct error *err) {
    return kernel_dir_open_at(AT_FDCWD, path, ret_fd, err);
}

static struct text read_value(int dir_fd, char buf[KERNEL_VALUE_MAX], const char *fmt, va_list args) {
    char name[512];
    int len = vsnprintf(name, sizeof name, fmt, args);
    if (len < 0 || (size_t)len >= sizeof name)
        return (struct text){NULL, 0};
    int fd CLEANUP(file_close) = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return (struct text){NULL, 0};
    ssize_t n = read(fd, buf, KERNEL_VALUE_MAX);
    return n < 0 ? (struct text){NULL, 0} : text_trim((struct text){buf, strnlen(buf, (size_t)n)});
}

struct text kernel_text(int dir_fd, char buf[KERNEL_VALUE_MAX], const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    struct text value = read_value(dir_fd, buf, fmt, args);
    va_end(args);
    return value;
}

uint64_t kernel_u64(int dir_fd, const char *fmt, ...) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t number = U64_UNKNOWN;
    va_list args;
    va_start(args, fmt);
    struct text value = read_value(dir_fd, buf, fmt, args);
    va_end(args);
    return known_text(value) && text_u64(value, &number) ? number : U64_UNKNOWN;
}

struct text kernel_text_fd(int fd, char buf[KERNEL_VALUE_MAX]) {
    ssize_t n = pread(fd, buf, KERNEL_VALUE_MAX, 0);
    return n < 0 ? (struct text){NULL, 0} : text_trim((struct text){buf, (size_t)n});
}

bool kernel_line(struct text *rest, struct text *ret) {
    return rest->len > 0 && text_cut(rest, '\n', ret);
}

bool kernel_range(struct text *rest, uint64_t *ret_first, uint64_t *ret_last) {
    struct text last = {NULL, 0};
    struct text first;
    if (rest->len == 0 || !text_cut(rest, ',', &last) || !text_cut(&last, '-', &first) || !text_u64(first, ret_first))
        return false;
    if (!known_text(last)) {
        *ret_last = *ret_first;
        return true;
    }
    return text_u64(last, ret_last) && *ret_last >= *ret_first;
}
