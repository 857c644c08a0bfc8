/* linefile/rotate.c: moves the finished segment to its number, begins a new one, and removes the oldest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "linefile/chain.h"
#include "linefile/segment.h"

enum { RENAME_TRIES = 16 }; /* names that somebody else took between listing and renaming */

static int rename_new(const char *from, const char *to) {
    struct stat info;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system that does not know the flag. */
    if (lstat(to, &info) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? rename(from, to) : -1;
}

/* The name must still be that of the file which is being written. */
static int check_ours(const struct line_writer *w, struct error *err) {
    struct stat named, opened;
    int r = file_refuse_symlink(w->o.path, err);
    if (r < 0)
        return r;
    if (lstat(w->o.path, &named) != 0 || fstat(w->out.fd, &opened) != 0)
        return error_os(err, errno, "%s", w->o.path);
    if (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino)
        return error_set(err, ERR_EXISTS, "%s is another file now than the one being written", w->o.path);
    return 0;
}

/* Gives the active file the next free number. */
static int move_away(const struct line_writer *w, char **ret_path, struct error *err) {
    struct chain chain = {0};
    int r = check_ours(w, err);
    if (r == 0)
        r = chain_list(w->o.path, &chain, err);
    unsigned highest = chain.highest;
    chain_done(&chain);
    for (unsigned i = 1; r == 0 && i <= RENAME_TRIES; i++) {
        char *path = NULL;
        if (highest > UINT_MAX - i)
            return error_set(err, ERR_LIMIT, "%s: the numbers are used up", w->o.path);
        r = chain_segment_path(w->o.path, highest + i, &path, err);
        if (r == 0 && rename_new(w->o.path, path) == 0) {
            *ret_path = path;
            return 0;
        }
        if (r == 0 && errno != EEXIST)
            r = error_os(err, errno, "rename %s to %s", w->o.path, path);
        free(path);
    }
    return r < 0 ? r : error_set(err, ERR_EXISTS, "%s: no free number", w->o.path);
}

static int remove_segment(const struct line_writer *w, const char *path, struct error *err) {
    struct stat info;
    int r = file_refuse_symlink(path, err);
    if (r < 0)
        return r;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? 0 : error_os(err, errno, "%s", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERR_EXISTS, "%s is not a regular file", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_os(err, errno, "remove %s", path);
    return segment_sync_directory(w, err);
}

static bool is_old(const struct line_writer *w, const char *path, int64_t now_ns) {
    struct stat info;
    if (w->o.max_age_ns <= 0 || lstat(path, &info) != 0)
        return false;
    return now_ns / NS_PER_SECOND - info.st_mtim.tv_sec > w->o.max_age_ns / NS_PER_SECOND;
}

/* Removes what is over the limits; goes on over what cannot be removed and returns the first failure. */
static int retain(const struct line_writer *w, struct error *err) {
    struct chain chain = {0};
    int result = 0;
    if (w->o.max_files == 0 && w->o.max_age_ns <= 0)
        return 0;
    int r = chain_list(w->o.path, &chain, err);
    if (r < 0)
        return r == -ERR_ABSENT ? 0 : r;
    int64_t now_ns = clock_wall_ns();
    for (size_t i = 0; i < chain.n; i++) {
        bool over = w->o.max_files > 0 && chain.n - i > w->o.max_files;
        if (chain.at[i].number == 0 || !(over || is_old(w, chain.at[i].path, now_ns)))
            continue;
        r = remove_segment(w, chain.at[i].path, result == 0 ? err : NULL);
        result = result == 0 ? r : result;
    }
    if (result == 0 && chain.others > 0)
        result = error_set(err, ERR_EXISTS,
            "%u numbered names of %s are symbolic links or special files, which are left alone", chain.others,
            w->o.path);
    chain_done(&chain);
    return result;
}

/* Takes back what finishing added, to go on writing. */
static void unfinish(struct line_writer *w, uint64_t size) {
    if (w->out.size == size)
        return;
    w->out.size = size;
    if (ftruncate(w->out.fd, (off_t)size) != 0)
        w->out.stuck = true; /* the next write goes over it and says what is wrong */
}

int line_writer_rotate(struct line_writer *w, struct error *err) {
    char *moved = NULL;
    int fd = -1;
    int r = line_writer_chunk(w, NULL, 0, err);
    if (r == 0)
        r = line_writer_flush(w, err);
    uint64_t size = w->out.size;
    if (r == 0)
        r = segment_finish(w, err);
    if (r == 0)
        r = move_away(w, &moved, err);
    if (r == 0) {
        r = segment_create(w, LINE_WRITER_CREATE, &fd, err);
        if (r < 0 && rename_new(moved, w->o.path) != 0)
            r = error_wrap(err, r, "%s stays the active file", moved);
    }
    free(moved);
    if (r < 0) {
        unfinish(w, size);
        return error_wrap(err, r, "rotate");
    }
    struct line_writer_facts facts = line_writer_facts(w);
    w->done_text = facts.total_text_bytes;
    w->done_file = facts.total_file_bytes;
    file_close(&w->out.fd);
    segment_begin(w, fd);
    return retain(w, err);
}

int line_writer_drop_oldest(struct line_writer *w, struct error *err) {
    struct chain chain = {0};
    int r = chain_list(w->o.path, &chain, err);
    if (r < 0)
        return r;
    if (chain.at[0].number == 0)
        r = error_set(err, ERR_ABSENT, "%s: no older segment to remove", w->o.path);
    else
        r = remove_segment(w, chain.at[0].path, err);
    chain_done(&chain);
    return r;
}
