/* tests/unit/collect/fixture.h: trees of files that stand for procfs, sysfs and a root file system. */
#ifndef TACHO_TESTS_COLLECT_FIXTURE_H
#define TACHO_TESTS_COLLECT_FIXTURE_H

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/collect.h"

/* No test is about how fast a loaded machine answers. */
#define FIXTURE_WAIT_NS (INT64_C(20) * 1000000000)

struct fixture {
    char root[64], proc[80], sys[80], rootfs[80];
};

static inline int fixture_remove_one(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void fixture_remove(const char *path) {
    (void)nftw(path, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_init(struct fixture *f) {
    (void)snprintf(f->root, sizeof f->root, "/tmp/tacho-test-collect-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->proc, sizeof f->proc, "%s/proc", f->root);
    (void)snprintf(f->sys, sizeof f->sys, "%s/sys", f->root);
    (void)snprintf(f->rootfs, sizeof f->rootfs, "%s/rootfs", f->root);
    assert_int_equal(mkdir(f->proc, 0755), 0);
    assert_int_equal(mkdir(f->sys, 0755), 0);
    assert_int_equal(mkdir(f->rootfs, 0755), 0);
}

static inline void fixture_done(struct fixture *f) {
    fixture_remove(f->root);
}

static inline struct collect_options fixture_options(const struct fixture *f, unsigned wanted) {
    return (struct collect_options){.roots = {f->proc, f->sys, f->rootfs},
        .sections = wanted,
        .processes = PROCESSES_ALL,
        .wait_ns = FIXTURE_WAIT_NS};
}

static inline void fixture_put_bytes(const struct fixture *f, const char *name, const char *bytes, size_t n) {
    struct error err;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_ok(file_make_parents(path, &err), err);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_ok(file_write_all(fd, path, bytes, n, NULL, &err), err);
    file_close(&fd);
}

/* `name` below the fixture's folder: "proc/stat", "sys/class/net/eth0/speed". */
static inline void fixture_put(const struct fixture *f, const char *name, const char *text) {
    fixture_put_bytes(f, name, text, strlen(text));
}

static inline void fixture_drop(const struct fixture *f, const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->root, name);
    fixture_remove(path);
}

static inline void nap_ms(unsigned ms) {
    (void)usleep(ms * 1000);
}

#endif
