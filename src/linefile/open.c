/* linefile/open.c: opens the active file for writing: made anew, replaced, or mended and continued. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "linefile/mend.h"
#include "linefile/segment.h"

/* Takes the file for this writer, and makes sure that it is still the one that `path` names: a writer that rotated meanwhile has
 * moved it away. */
static int lock(int fd, const char *path, struct error *err) {
    struct stat opened, named;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return error_set(err, ERR_EXISTS, "%s is being written by another process", path);
        if (errno != ENOLCK && errno != ENOSYS && errno != EOPNOTSUPP) /* a file system without locks */
            return error_os(err, errno, "lock %s", path);
    }
    if (fstat(fd, &opened) != 0)
        return error_os(err, errno, "%s", path);
    if (lstat(path, &named) != 0 || opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)
        return error_set(err, ERR_EXISTS, "%s was replaced by another process just now", path);
    return 0;
}

/* A file that somebody is writing is not replaced under his hands. */
static int refuse_locked(const char *path, struct error *err) {
    int fd CLEANUP(file_close) = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 ? lock(fd, path, err) : 0;
}

int segment_create(struct line_writer *w, enum line_writer_mode mode, int *ret_fd, struct error *err) {
    int fd CLEANUP(file_close) = -1;
    int r = mode == LINE_WRITER_REPLACE ? refuse_locked(w->o.path, err) : 0;
    if (r == 0)
        r = file_create(w->o.path, mode == LINE_WRITER_REPLACE, &fd, err);
    if (r == 0)
        r = lock(fd, w->o.path, err);
    if (r == 0 && w->out.shared && fcntl(fd, F_SETFL, O_APPEND) != 0)
        r = error_os(err, errno, "%s", w->o.path);
    if (r == 0)
        r = segment_sync_directory(w, err);
    if (r == 0)
        *ret_fd = file_steal(&fd);
    return r;
}

int segment_sync_directory(const struct line_writer *w, struct error *err) {
    if (!w->o.fsync)
        return 0;
    const char *slash = strrchr(w->o.path, '/');
    char *path = slash ? strndup(w->o.path, (size_t)(slash - w->o.path) + 1) : strdup(".");
    if (!path)
        return error_set(err, ERR_NOMEM, "%s", w->o.path);
    int fd CLEANUP(file_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) != 0 ? error_os(err, errno, "sync directory %s", path) : 0;
    free(path);
    return r;
}

/* A file of fewer bytes than tell the codec: did the start of `codec` break off there? */
static bool is_torn_start(enum codec codec, const uint8_t *bytes, size_t len) {
    static const uint8_t zstd[] = {0x28, 0xB5, 0x2F, 0xFD}, gzip[] = {0x1F, 0x8B, 0x08};
    return (codec == CODEC_ZSTD && len < sizeof zstd && memcmp(bytes, zstd, len) == 0) ||
           (codec == CODEC_GZIP && len < sizeof gzip && memcmp(bytes, gzip, len) == 0);
}

static int check_codec(const struct line_writer *w, struct error *err) {
    uint8_t head[CODEC_SNIFF_LEN];
    ssize_t n = file_pread_full(w->out.fd, w->o.path, head, sizeof head, 0, err);
    if (n < 0)
        return (int)n;
    enum codec is = codec_sniff(head, (size_t)n);
    if (n == 0 || is == w->o.codec || is_torn_start(w->o.codec, head, (size_t)n))
        return 0;
    return error_set(err, ERR_FORMAT, "%s: its compression is %s and cannot be continued with %s", w->o.path,
        codec_name(is), codec_name(w->o.codec));
}

/* Continues the file that `w->out.fd` is open on. */
static int go_on(struct line_writer *w, struct error *err) {
    struct mended m = {0};
    int r = lock(w->out.fd, w->o.path, err);
    if (r == 0)
        r = check_codec(w, err);
    if (r == 0)
        r = mend(w->out.fd, w->o.path, w->o.codec, w->o.fsync, &w->chunks, &w->notes, &m, err);
    if (r == 0 && fcntl(w->out.fd, F_SETFL, w->out.shared ? O_APPEND : 0) != 0)
        r = error_os(err, errno, "%s", w->o.path);
    if (r < 0)
        return r;
    for (size_t i = 0; i < w->chunks.n; i++)
        w->note_bytes += w->chunks.at[i].note.len;
    w->out.size = w->chunk_offset = w->file_at_open = m.file_bytes;
    w->text_bytes = w->chunk_text = w->text_at_open = m.text_bytes;
    w->mended_bytes = m.cut_bytes;
    return 0;
}

static int check_level(const struct line_writer_options *o, struct error *err) {
    int low = o->codec == CODEC_ZSTD ? ZSTD_minCLevel() : 0;
    int high = o->codec == CODEC_ZSTD ? ZSTD_maxCLevel() : o->codec == CODEC_GZIP ? 9 : 0;
    if (o->level < low || o->level > high)
        return error_set(
            err, ERR_USAGE, "compression level %d: %s takes %d to %d", o->level, codec_name(o->codec), low, high);
    return 0;
}

static int open_file(struct line_writer *w, struct error *err) {
    int fd = -1;
    int r = -ERR_ABSENT;
    if (w->o.mode == LINE_WRITER_APPEND)
        r = file_open(w->o.path, true, &fd, err);
    if (r == 0) {
        w->out.fd = fd;
        return go_on(w, err);
    }
    if (r == -ERR_ABSENT)
        r = segment_create(w, w->o.mode == LINE_WRITER_REPLACE ? LINE_WRITER_REPLACE : LINE_WRITER_CREATE, &fd, err);
    if (r == 0)
        w->out.fd = fd;
    return r;
}

int line_writer_open(const struct line_writer_options *o, struct line_writer **ret, struct error *err) {
    int r = check_level(o, err);
    if (r < 0)
        return r;
    struct line_writer *w = calloc(1, sizeof *w);
    char *path = strdup(o->path);
    if (!w || !path) {
        free(w);
        free(path);
        return error_set(err, ERR_NOMEM, "%s: writer", o->path);
    }
    w->o = *o;
    w->o.path = path;
    w->out = (struct output){.fd = -1, .name = path, .shared = o->codec == CODEC_PLAIN};
    w->segments = 1;
    w->ops = encoder_for(o->codec);
    r = w->ops->create(o->level, &w->encoder, err);
    if (r == 0)
        r = open_file(w, err);
    if (r < 0)
        line_writer_abandon(w);
    else
        *ret = w;
    return r;
}
