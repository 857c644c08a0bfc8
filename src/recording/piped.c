/* recording/piped.c: a recording that comes through standard input. */
#include "recording/piped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { COPY_BYTES = 64 * 1024 };

static int copy_input(int to, struct error *err) {
    char *bytes = malloc(COPY_BYTES);
    if (!bytes)
        return error_set(err, ERR_NOMEM, "standard input");
    int r = 0;
    for (ssize_t n = 1; n != 0 && r == 0;) {
        n = read(STDIN_FILENO, bytes, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        r = n < 0 ? error_os(err, errno, "read standard input")
                  : file_write_all(to, "the copy of standard input", bytes, (size_t)n, NULL, err);
    }
    free(bytes);
    return r;
}

static int make_file(int *ret_fd, struct error *err) {
    const char *dir = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/tacho-XXXXXX", dir && dir[0] ? dir : "/tmp") < 0)
        return error_set(err, ERR_NOMEM, "standard input");
    int fd = mkostemp(path, O_CLOEXEC);
    int r = fd < 0 ? error_os(err, errno, "%s", path) : 0;
    if (fd >= 0)
        (void)unlink(path);
    free(path);
    *ret_fd = fd;
    return r;
}

int piped_keep(int *ret_fd, char **ret_path, struct error *err) {
    struct stat info;
    int fd CLEANUP(file_close) = -1;
    if (fstat(STDIN_FILENO, &info) != 0)
        return error_os(err, errno, "standard input");
    int r = 0;
    if (S_ISREG(info.st_mode)) {
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        r = fd < 0 ? error_os(err, errno, "standard input") : 0;
    } else {
        r = make_file(&fd, err);
        if (r == 0)
            r = copy_input(fd, err);
    }
    if (r == 0 && asprintf(ret_path, "/proc/self/fd/%d", fd) < 0)
        r = error_set(err, ERR_NOMEM, "standard input");
    if (r == 0)
        *ret_fd = file_steal(&fd);
    return r;
}
