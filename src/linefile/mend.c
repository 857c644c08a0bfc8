/* linefile/mend.c: mends plain files. */
#include "linefile/mend.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { PLAIN_STEP = 8 * 1024 };

static int cut(int fd, const char *name, uint64_t size, struct error *err) {
    return ftruncate(fd, (off_t)size) == 0 ? 0 : error_os(err, errno, "cut %s", name);
}

/* Looks for the last newline from the end. */
static int mend_plain(int fd, const char *name, uint64_t size, struct mended *ret, struct error *err) {
    char block[PLAIN_STEP];
    uint64_t end = size;
    while (end > 0) {
        size_t n = end < sizeof block ? (size_t)end : sizeof block;
        ssize_t got = file_pread_full(fd, name, block, n, end - n, err);
        if (got < 0)
            return (int)got;
        const char *newline = memrchr(block, '\n', (size_t)got);
        end -= n;
        if (newline) {
            end += (size_t)(newline - block) + 1;
            break;
        }
    }
    *ret = (struct mended){.file_bytes = end, .text_bytes = end, .cut_bytes = size - end};
    return end < size ? cut(fd, name, end, err) : 0;
}

int mend(int fd, const char *name, enum codec codec, bool sync, struct chunk_list *chunks, struct arena *notes,
    struct mended *ret, struct error *err) {
    struct stat info;
    (void)sync, (void)chunks, (void)notes;
    if (fstat(fd, &info) != 0)
        return error_os(err, errno, "%s", name);
    uint64_t size = (uint64_t)info.st_size;
    if (codec == CODEC_PLAIN)
        return mend_plain(fd, name, size, ret, err);
    return error_set(err, ERR_FORMAT, "%s: cannot be continued", name);
}
