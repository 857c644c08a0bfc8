/* tests/unit/base/test_file.c: files are opened without following traps, and read and written whole. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char root[64];
static struct error err;

/* A path below the test's own folder; two may be in use at a time. */
static const char *in_root(const char *name) {
    static char paths[2][160];
    static int turn;
    turn = !turn;
    (void)snprintf(paths[turn], sizeof paths[turn], "%s/%s", root, name);
    return paths[turn];
}

static void make_file(const char *path, const char *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_ok(file_write_all(fd, path, bytes, n, NULL, &err), err);
    file_close(&fd);
}

static int set_up(void **state) {
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/tacho-test-file-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", root);
    return system(command);
}

static void create_makes_a_private_file(void **state) {
    (void)state;
    const char *path = in_root("new");
    struct stat info;
    int fd = -1;
    mode_t before = umask(0);
    assert_ok(file_create(path, false, &fd, &err), err);
    (void)umask(before);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    file_close(&fd);
    assert_int_equal(fd, -1);

    fd = 77; /* a failure leaves what is returned alone */
    assert_int_equal(file_create(path, false, &fd, &err), -ERR_EXISTS);
    assert_int_equal(fd, 77);
    assert_non_null(strstr(err.text, path));
}

static void replace_takes_regular_files_only(void **state) {
    (void)state;
    int fd = -1;
    const char *path = in_root("old");
    make_file(path, "old", 3);
    assert_ok(file_create(path, true, &fd, &err), err);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    file_close(&fd);
    assert_ok(file_create(in_root("fresh"), true, &fd, &err), err);
    file_close(&fd);
    path = in_root("directory");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_create(path, true, &fd, &err), -ERR_EXISTS);
    path = in_root("fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_create(path, true, &fd, &err), -ERR_EXISTS);
    assert_int_equal(file_create(in_root("none/x"), false, &fd, &err), -ERR_OS);
    assert_int_equal(err.os_errno, ENOENT);
    assert_int_equal(fd, -1);
}

static void symbolic_links_are_refused(void **state) {
    (void)state;
    int fd = -1;
    make_file(in_root("target"), "keep me", 7);
    assert_int_equal(symlink("target", in_root("link")), 0);
    assert_int_equal(symlink("nowhere", in_root("dangling")), 0);
    static const char *const links[] = {"link", "dangling"};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        const char *path = in_root(links[i]);
        struct stat info;
        assert_int_equal(file_refuse_symlink(path, &err), -ERR_EXISTS);
        assert_int_equal(file_create(path, false, &fd, &err), -ERR_EXISTS);
        assert_int_equal(file_create(path, true, &fd, &err), -ERR_EXISTS);
        assert_non_null(strstr(err.text, "symbolic link"));
        assert_int_equal(file_open(path, true, &fd, &err), -ERR_EXISTS);
        assert_int_equal(lstat(path, &info), 0); /* it is still there */
        assert_true(S_ISLNK(info.st_mode));
    }
    assert_int_equal(access(in_root("nowhere"), F_OK), -1);
    assert_ok(file_open(in_root("link"), false, &fd, &err), err); /* reading through a link is fine */
    file_close(&fd);
    assert_int_equal(file_refuse_symlink(in_root("target"), &err), 0);
    assert_int_equal(file_refuse_symlink(in_root("missing"), &err), 0);
    assert_int_equal(file_refuse_symlink(in_root("target/below"), &err), 0);
}

static void linked_directories_on_the_way_are_fine(void **state) {
    (void)state;
    int fd = -1;
    assert_int_equal(mkdir(in_root("real"), 0700), 0);
    assert_int_equal(symlink("real", in_root("alias")), 0);
    assert_ok(file_create(in_root("alias/f"), false, &fd, &err), err);
    file_close(&fd);
    assert_int_equal(access(in_root("real/f"), F_OK), 0);
}

static void open_says_what_is_wrong(void **state) {
    (void)state;
    int fd = -1;
    assert_int_equal(file_open(in_root("absent"), false, &fd, &err), -ERR_ABSENT);
    assert_int_equal(file_open(root, false, &fd, &err), -ERR_FORMAT);
    assert_non_null(strstr(err.text, "a directory"));
    const char *path = in_root("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_open(path, false, &fd, &err), -ERR_FORMAT); /* and does not wait for a writer */
    assert_non_null(strstr(err.text, "a pipe"));
    assert_int_equal(file_open("/dev/null", false, &fd, &err), -ERR_FORMAT);
    assert_int_equal(fd, -1);
}

static void small_files_are_read_whole_or_not_at_all(void **state) {
    (void)state;
    char buf[16];
    int dir CLEANUP(file_close) = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    make_file(in_root("ten"), "0123456789", 10);
    assert_int_equal(file_read_at(dir, "ten", buf, sizeof buf, &err), 10);
    assert_memory_equal(buf, "0123456789", 10);
    assert_int_equal(file_read_at(dir, "ten", buf, 10, &err), 10);
    assert_int_equal(file_read_at(dir, "ten", buf, 9, &err), -ERR_LIMIT);
    assert_non_null(strstr(err.text, "more than 9 bytes"));
    make_file(in_root("empty"), "", 0);
    assert_int_equal(file_read_at(dir, "empty", buf, sizeof buf, &err), 0);
    assert_int_equal(file_read_at(dir, "empty", buf, 0, &err), 0);
    assert_int_equal(file_read_at(dir, "gone", buf, sizeof buf, &err), -ERR_ABSENT);
    assert_int_equal(file_read_at(dir, "ten/below", buf, sizeof buf, &err), -ERR_ABSENT);
    assert_int_equal(file_read_at(AT_FDCWD, in_root("ten"), buf, sizeof buf, &err), 10);
    if (geteuid() != 0) {
        assert_int_equal(chmod(in_root("ten"), 0), 0);
        assert_int_equal(file_read_at(dir, "ten", buf, sizeof buf, &err), -ERR_ABSENT);
        assert_non_null(strstr(err.text, "no permission"));
    }
}

static size_t lines_in(const char *bytes, size_t n) {
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* The kernel ends a read where the next record would not fit into a page: a short read is not the end of such a file. */
static void kernel_files_of_many_records_are_read_to_their_end(void **state) {
    (void)state;
    enum { PAGES = 600 };
    static char buf[1 << 20];
    int fd CLEANUP(file_close) = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || pages == MAP_FAILED)
        skip();
    for (size_t i = 0; i < PAGES; i += 2) /* neighbours with other rights are a record each */
        assert_int_equal(mprotect(pages + i * page, page, PROT_READ), 0);
    for (int round = 0; round < 2; round++) { /* a kept handle starts over */
        ssize_t n = file_read_fd(fd, "maps", buf, sizeof buf, &err);
        assert_true(n > 0);
        assert_true(lines_in(buf, (size_t)n) >= PAGES);
        assert_int_equal(buf[n - 1], '\n');
    }
    assert_int_equal(file_read_fd(fd, "maps", buf, 5000, &err), -ERR_LIMIT);
    (void)munmap(pages, PAGES * page);
}

static void whole_files_of_any_size(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000000};
    char *bytes = malloc(1000000);
    assert_non_null(bytes);
    for (size_t i = 0; i < 1000000; i++)
        bytes[i] = (char)(i * 31 >> 3);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct buffer b = {.limit = sizes[i] + 1}; /* with the one byte that stands there before */
        make_file(in_root("whole"), bytes, sizes[i]);
        buffer_put_char(&b, '!');
        assert_ok(file_read_all(AT_FDCWD, in_root("whole"), &b, &err), err);
        assert_int_equal(b.len, sizes[i] + 1);
        assert_memory_equal(b.at + 1, bytes, sizes[i]);
        buffer_clear(&b);
        if (sizes[i] > 1) {
            b.limit = sizes[i] - 1;
            buffer_done(&b);
            assert_int_equal(file_read_all(AT_FDCWD, in_root("whole"), &b, &err), -ERR_LIMIT);
            assert_non_null(strstr(err.text, "whole"));
        }
        buffer_done(&b);
    }
    free(bytes);
    struct buffer b = {0};
    assert_int_equal(file_read_all(AT_FDCWD, in_root("no-such"), &b, &err), -ERR_ABSENT);
    assert_int_equal(file_read_all(AT_FDCWD, root, &b, &err), -ERR_OS);
    buffer_done(&b);
}

static void writing_counts_what_went_out(void **state) {
    (void)state;
    size_t written = 7;
    int fd CLEANUP(file_close) = -1;
    assert_ok(file_create(in_root("out"), false, &fd, &err), err);
    assert_ok(file_write_all(fd, "out", "abc", 3, &written, &err), err);
    assert_int_equal(written, 3);
    assert_ok(file_write_all(fd, "out", "", 0, &written, &err), err);
    assert_int_equal(written, 0);
    int full CLEANUP(file_close) = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    assert_int_equal(file_write_all(full, "out", "abc", 3, &written, &err), -ERR_FULL);
    assert_int_equal(written, 0);
    assert_string_equal(err.text, "write out: No space left on device");
    assert_int_equal(file_write_all(-1, "out", "abc", 3, &written, &err), -ERR_OS);
}

static void pread_stops_at_the_end(void **state) {
    (void)state;
    char buf[8];
    int fd CLEANUP(file_close) = -1;
    make_file(in_root("p"), "0123456789", 10);
    assert_ok(file_open(in_root("p"), false, &fd, &err), err);
    assert_int_equal(file_pread_full(fd, "p", buf, 4, 3, &err), 4);
    assert_memory_equal(buf, "3456", 4);
    assert_int_equal(file_pread_full(fd, "p", buf, 8, 7, &err), 3);
    assert_int_equal(file_pread_full(fd, "p", buf, 8, 10, &err), 0);
    assert_int_equal(file_pread_full(fd, "p", buf, 8, 1000, &err), 0);
    assert_int_equal(file_pread_full(fd, "p", buf, 8, UINT64_MAX, &err), -ERR_LIMIT);
    assert_int_equal(file_pread_full(fd, "p", buf, 8, INT64_MAX, &err) <= 0, 1);
    assert_int_equal(file_pread_full(-1, "p", buf, 8, 0, &err), -ERR_OS);
}

static void parents_are_made(void **state) {
    (void)state;
    struct stat info;
    assert_ok(file_make_parents(in_root("a/b//c/file"), &err), err);
    assert_int_equal(stat(in_root("a/b/c"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(access(in_root("a/b/c/file"), F_OK), -1);
    assert_ok(file_make_parents(in_root("a/b/c/file"), &err), err);
    assert_ok(file_make_parents("file", &err), err);
    assert_ok(file_make_parents("/file", &err), err);
    assert_ok(file_make_parents("", &err), err);
    make_file(in_root("solid"), "x", 1);
    assert_int_equal(file_make_parents(in_root("solid/x/y"), &err), -ERR_OS);
    assert_int_equal(err.os_errno, ENOTDIR);
}

static void stolen_descriptors_stay_open(void **state) {
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int mine = file_steal(&fd);
    assert_int_equal(fd, -1);
    file_close(&fd);
    assert_true(fcntl(mine, F_GETFD) >= 0);
    file_close(&mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_makes_a_private_file),
        cmocka_unit_test(replace_takes_regular_files_only),
        cmocka_unit_test(symbolic_links_are_refused),
        cmocka_unit_test(linked_directories_on_the_way_are_fine),
        cmocka_unit_test(open_says_what_is_wrong),
        cmocka_unit_test(small_files_are_read_whole_or_not_at_all),
        cmocka_unit_test(kernel_files_of_many_records_are_read_to_their_end),
        cmocka_unit_test(whole_files_of_any_size),
        cmocka_unit_test(writing_counts_what_went_out),
        cmocka_unit_test(pread_stops_at_the_end),
        cmocka_unit_test(parents_are_made),
        cmocka_unit_test(stolen_descriptors_stay_open),
    };
    return cmocka_run_group_tests_name("file", tests, set_up, tear_down);
}
