/* base/file.h: opening files without following traps, reading small ones whole, writing all of a buffer. */
#ifndef TACHO_BASE_FILE_H
#define TACHO_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Creates `path` anew for reading and writing: O_EXCL, O_NOFOLLOW, O_CLOEXEC, mode 0600. `replace` removes a regular file
 * that is there first. -ERR_EXISTS when something is there (a symbolic link never goes away), -ERR_FULL, -ERR_OS. */
int file_create(const char *path, bool replace, int *ret_fd, struct error *err) NODISCARD;
/* Opens an existing regular file for reading and writing (`write`) or reading, never through a symbolic link when writing. */
int file_open(const char *path, bool write, int *ret_fd, struct error *err) NODISCARD;
/* -ERR_EXISTS when `path` itself is a symbolic link; 0 when it is not, or is not there. */
int file_refuse_symlink(const char *path, struct error *err) NODISCARD;

/* Reads a small file below directory `dir_fd` (AT_FDCWD: the path as it is) into `buf`, at most `cap` bytes, in one go.
 * Returns the bytes read; -ERR_ABSENT when it is not there or not readable, -ERR_LIMIT when it has more, -ERR_OS. */
ssize_t file_read_at(int dir_fd, const char *name, char *buf, size_t cap, struct error *err) NODISCARD;
/* The same over an open descriptor, from its start (pread); for kept handles on kernel files. */
ssize_t file_read_fd(int fd, const char *name, char *buf, size_t cap, struct error *err) NODISCARD;
/* A whole file of any size up to the buffer's limit, appended. */
int file_read_all(int dir_fd, const char *name, struct buffer *into, struct error *err) NODISCARD;

/* Writes all `n` bytes at the descriptor's position. `*ret_written` (may be NULL) says how many went out before a failure. */
int file_write_all(int fd, const char *name, const void *bytes, size_t n, size_t *ret_written, struct error *err)
    NODISCARD;
/* All `n` bytes at `offset`, or fewer at the end of the file: the count read, or -ERR_OS. */
ssize_t file_pread_full(int fd, const char *name, void *buf, size_t n, uint64_t offset, struct error *err) NODISCARD;

int file_make_parents(const char *path, struct error *err) NODISCARD; /* mkdir -p of what stands before the last '/', mode 0700 */
void file_close(int *fd); /* for CLEANUP: closes when >= 0, sets to -1 */
static inline int file_steal(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif
