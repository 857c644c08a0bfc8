/* tests/tools/files.c: a folder per test, whole files, and open descriptors. */
#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[256];

int folder_make(void **state) {
    (void)state;
    const char *top = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/tacho-test-XXXXXX", top ? top : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

int folder_remove(void **state) {
    (void)state;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
    return rmdir(folder);
}

const char *in_folder(const char *name) {
    static char paths[64][512];
    static unsigned next;
    char *path = paths[next++ % 64];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void slurp(const char *path, struct buffer *into) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    buffer_clear(into);
    for (;;) {
        char *to = buffer_room(into, 65536);
        assert_non_null(to);
        ssize_t n = read(fd, to, 65536);
        assert_true(n >= 0);
        into->len += (size_t)n;
        if (n == 0)
            break;
    }
    (void)close(fd);
}

void spill(const char *path, const void *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    (void)close(fd);
}

size_t open_descriptors(void) {
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}
