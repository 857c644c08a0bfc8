/* linefile/file.c: one file opened for reading: its codec, its facts, its list of chunks. */
#include "linefile/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { WALK_SOURCE_BYTES = 1 << 20 };

static ssize_t read_head(struct line_file *f, struct error *err) {
    if (!f->stream)
        return file_pread_full(f->fd, f->path, f->head, sizeof f->head, 0, err);
    while (f->head_len < sizeof f->head) {
        ssize_t n = read(f->fd, f->head + f->head_len, sizeof f->head - f->head_len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return error_os(err, errno, "read %s", f->path);
        if (n <= 0)
            break;
        f->head_len += (size_t)n;
    }
    return (ssize_t)f->head_len;
}

static void forget_chunks(struct line_file *f) {
    chunk_list_clear(&f->chunks);
    arena_reset(&f->notes);
    f->walk = (struct walk){0};
    f->whole_list = false;
}

int line_file_sniff(struct line_file *f, struct error *err) {
    if (f->sniffed)
        return 0;
    ssize_t n = read_head(f, err);
    if (n < 0)
        return (int)n;
    f->begun = n > 0;
    if (n < CODEC_SNIFF_LEN && !f->stream)
        return 0;
    enum codec codec = codec_sniff(f->head, (size_t)n);
    if (codec != f->codec)
        forget_chunks(f);
    f->codec = codec;
    f->sniffed = true;
    return 0;
}

int line_file_open(const char *path, struct line_file **ret, struct error *err) {
    bool stream = strcmp(path, "-") == 0;
    int fd CLEANUP(file_close) = -1;
    int r = 0;
    if (stream) {
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        r = fd < 0 ? error_os(err, errno, "standard input") : 0;
    } else {
        r = file_open(path, false, &fd, err);
    }
    if (r < 0)
        return r;
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_os(err, errno, "%s", path);
    struct line_file *f = calloc(1, sizeof *f);
    char *name = strdup(stream ? "standard input" : path);
    if (!f || !name) {
        free(f);
        free(name);
        return error_set(err, ERR_NOMEM, "%s", path);
    }
    f->path = name;
    f->fd = file_steal(&fd);
    f->stream = stream;
    f->codec = codec_by_extension(path);
    f->device = (uint64_t)info.st_dev;
    f->inode = (uint64_t)info.st_ino;
    r = line_file_sniff(f, err);
    if (r < 0)
        line_file_close(f);
    else
        *ret = f;
    return r;
}

void line_file_close(struct line_file *f) {
    if (!f)
        return;
    file_close(&f->fd);
    chunk_list_done(&f->chunks);
    arena_done(&f->notes);
    free(f->path);
    free(f);
}

/* Notices that the file has another size now, and looks whether a seek table ends it. */
static int refresh(struct line_file *f, struct error *err) {
    struct stat info;
    int r = line_file_sniff(f, err);
    if (r < 0 || f->stream)
        return r;
    if (fstat(f->fd, &info) != 0)
        return error_os(err, errno, "%s", f->path);
    uint64_t size = (uint64_t)info.st_size;
    if (size < f->size)
        forget_chunks(f);
    if (size != f->size)
        f->table_known = f->whole_list = false;
    f->size = size;
    if (f->table_known || f->codec != CODEC_ZSTD)
        return 0;

    struct chunk_list listed = {0};
    struct arena notes = {0};
    r = f->distrusted ? 0 : seektable_load(f->fd, f->path, size, &listed, &notes, &f->table, err);
    if (r > 0) {
        forget_chunks(f);
        struct chunk_list old = f->chunks;
        f->chunks = listed;
        listed = old;
        arena_adopt(&f->notes, &notes);
        f->walk.at = f->table.derived_from; /* should the writer go on, it does so there */
        f->whole_list = true;
    }
    f->has_table = r > 0;
    f->table_known = r >= 0;
    chunk_list_done(&listed);
    arena_done(&notes);
    return r < 0 ? r : 0;
}

int line_file_facts(struct line_file *f, struct line_file_facts *ret, struct error *err) {
    int r = refresh(f, err);
    if (r < 0)
        return r;
    *ret = (struct line_file_facts){.codec = f->codec,
        .seekable = !f->stream,
        .seek_table = f->has_table,
        .index = f->has_table && f->table.index,
        .size = f->size,
        .text_size = LINE_OFFSET_UNKNOWN,
        .device = f->device,
        .inode = f->inode};
    if (f->has_table)
        ret->text_size = f->table.text_size;
    else if (f->codec == CODEC_PLAIN && !f->stream)
        ret->text_size = f->size;
    return 0;
}

/* Walks what the list does not cover yet, until it has more than `enough` chunks. */
static int walk_on(struct line_file *f, size_t enough, struct error *err) {
    struct source in = {0};
    int r = source_init(&in, f->fd, f->path, false, WALK_SOURCE_BYTES, err);
    if (r < 0)
        return r;
    in.end = f->size;
    if (f->codec == CODEC_ZSTD)
        r = walk_zstd(&f->walk, &in, &f->chunks, f->distrusted ? NULL : &f->notes, enough, err);
    else
        r = walk_gzip(&f->walk, &in, &f->chunks, enough, err);
    source_done(&in);
    chunk_list_count_text(&f->chunks);
    return r;
}

int line_file_chunks(struct line_file *f, const struct line_chunk **ret, size_t *ret_n, struct error *err) {
    int r = refresh(f, err);
    if (r == 0 && !f->whole_list && !f->stream && f->size > 0) {
        if (f->codec == CODEC_PLAIN) {
            chunk_list_clear(&f->chunks);
            r = chunk_list_push(&f->chunks, (struct line_chunk){.size = f->size, .text_size = f->size}, err);
        } else {
            r = walk_on(f, SIZE_MAX, err);
        }
        f->whole_list = r == 0;
    }
    if (r < 0)
        return r;
    *ret = f->chunks.at;
    *ret_n = f->chunks.n;
    return 0;
}

int line_file_first_chunk(struct line_file *f, struct line_chunk *ret, struct error *err) {
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    int r = refresh(f, err);
    if (r == 0 && (f->whole_list || f->codec == CODEC_PLAIN)) {
        r = line_file_chunks(f, &chunks, &n, err);
    } else if (r == 0 && !f->stream && f->size > 0) {
        r = walk_on(f, 1, err);
        chunks = f->chunks.at;
        n = f->chunks.n;
    }
    if (r < 0 || n == 0)
        return r;
    *ret = chunks[0];
    return 1;
}

void line_file_distrust(struct line_file *f) {
    f->distrusted = true;
    f->table_known = f->has_table = false;
    forget_chunks(f);
}

uint64_t line_file_text_at(const struct line_file *f, uint64_t file_offset) {
    size_t low = 0, high = f->chunks.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->chunks.at[middle].offset < file_offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->chunks.n && f->chunks.at[low].offset == file_offset ? f->chunks.at[low].text_offset
                                                                        : LINE_OFFSET_UNKNOWN;
}
