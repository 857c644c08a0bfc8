/* linefile/mend.c: mends plain files, and finds where to cut compressed ones. */
#include "linefile/mend.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum {
    PLAIN_STEP = 8 * 1024,
    MEND_TEXT_MAX = 64 << 20, /* text that one block, or what must be encoded anew, may have */
};

int mend_cut(const struct mend_file *f, uint64_t size, struct error *err) {
    return ftruncate(f->fd, (off_t)size) == 0 ? 0 : error_os(err, errno, "cut %s", f->name);
}

int mend_write(const struct mend_file *f, const void *bytes, size_t n, uint64_t offset, struct error *err) {
    for (size_t done = 0; done < n;) {
        ssize_t wrote = pwrite(f->fd, (const char *)bytes + done, n - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return error_os(err, wrote < 0 ? errno : EIO, "write %s", f->name);
        done += (size_t)wrote;
    }
    return 0;
}

int mend_sync(const struct mend_file *f, struct error *err) {
    return !f->sync || fdatasync(f->fd) == 0 ? 0 : error_os(err, errno, "sync %s", f->name);
}

void mend_scan_begin(struct mend_scan *s, struct mend_boundary at, uint64_t text, bool line_start) {
    mend_scan_done(s);
    *s = (struct mend_scan){.text = text, .found = line_start, .line_start = text, .tail_end = at.offset};
    s->fresh.limit = s->tail.limit = MEND_TEXT_MAX;
    at.text = text;
    s->last = s->best = at;
}

static void pass_boundary(struct mend_scan *s, struct mend_boundary b) {
    b.text = s->text;
    if (s->found && s->line_start == s->text) {
        s->best = b;
        s->tail_is_fresh = false;
        s->tail_len = 0;
    } else if (s->tail_is_fresh) {
        struct buffer empty = s->tail;
        s->tail = s->fresh;
        s->fresh = empty;
        s->tail_is_fresh = false;
        s->tail_end = b.offset;
    }
    s->fresh.len = 0;
    s->last = b;
}

void mend_scan_boundary(struct mend_scan *s, struct mend_boundary b) {
    if (s->resumed)
        s->held = b;
    else
        pass_boundary(s, b);
    s->has_held = s->resumed;
}

void mend_scan_resume(struct mend_scan *s, struct mend_boundary start) {
    s->resumed = true;
    s->has_held = false;
    s->start = start;
}

int mend_scan_text(struct mend_scan *s, const void *bytes, size_t n, struct error *err) {
    if (n == 0)
        return 0;
    if (s->resumed) {
        s->resumed = false;
        s->line_start = s->text;
        s->found = true;
        pass_boundary(s, s->start);
        if (s->has_held)
            pass_boundary(s, s->held);
    }
    buffer_put(&s->fresh, bytes, n);
    int r = buffer_status(&s->fresh, err);
    if (r < 0)
        return error_wrap(err, r, "one compressed block");
    const char *newline = memrchr(bytes, '\n', n);
    if (newline) {
        s->line_start = s->text + (size_t)(newline - (const char *)bytes) + 1;
        s->best = s->last;
        s->found = s->tail_is_fresh = true;
        s->tail_len = (size_t)(s->line_start - s->last.text);
    }
    s->text += n;
    return 0;
}

void mend_scan_end(struct mend_scan *s, uint64_t offset) {
    if (s->tail_is_fresh)
        s->tail_end = offset;
}

void mend_scan_done(struct mend_scan *s) {
    buffer_done(&s->fresh);
    buffer_done(&s->tail);
}

/* Looks for the last newline from the end. */
static int mend_plain(const struct mend_file *f, struct mended *ret, struct error *err) {
    char block[PLAIN_STEP];
    uint64_t end = f->size;
    while (end > 0) {
        size_t n = end < sizeof block ? (size_t)end : sizeof block;
        ssize_t got = file_pread_full(f->fd, f->name, block, n, end - n, err);
        if (got < 0)
            return (int)got;
        const char *newline = got > 0 ? memrchr(block, '\n', (size_t)got) : NULL;
        end -= n;
        if (newline) {
            end += (size_t)(newline - block) + 1;
            break;
        }
    }
    *ret = (struct mended){.file_bytes = end, .text_bytes = end, .cut_bytes = f->size - end};
    return end < f->size ? mend_cut(f, end, err) : 0;
}

int mend(int fd, const char *name, enum codec codec, bool sync, struct chunk_list *chunks, struct arena *notes,
    struct mended *ret, struct error *err) {
    struct mend_file f = {.fd = fd, .name = name, .sync = sync};
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_os(err, errno, "%s", name);
    f.size = (uint64_t)info.st_size;
    if (codec == CODEC_PLAIN)
        return mend_plain(&f, ret, err);
    return codec == CODEC_GZIP ? mend_gzip(&f, ret, err) : mend_zstd(&f, chunks, notes, ret, err);
}
