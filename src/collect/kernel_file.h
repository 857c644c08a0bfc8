/* collect/kernel_file.h: kept handles on the kernel's text files, and small readings out of such files. */
#ifndef TACHO_COLLECT_KERNEL_FILE_H
#define TACHO_COLLECT_KERNEL_FILE_H

#include "base/attr.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "collect/collector.h"

/* One file that is read again and again. Initialise with KERNEL_FILE, end with kernel_file_done. One owner. */
struct kernel_file {
    const char *name;   /* below the directory; borrowed for as long as the handle */
    int fd;             /* -1 until the first read that worked */
    struct buffer text; /* the newest reading */
};

/* `limit`: bytes that the file may have at most; a named limit of the reader. */
#define KERNEL_FILE(file_name, max_bytes)                                                                              \
    {                                                                                                                  \
        .name = (file_name), .fd = -1, .text = {.limit = (max_bytes) }                                                 \
    }

/* Reads the whole file from its start. `*ret` is good until the next read. -ERR_ABSENT when it is not there or not readable
 * (it is looked for again at the next read), -ERR_LIMIT, -ERR_NOMEM, -ERR_OS. */
int kernel_file_read(struct kernel_file *f, int dir_fd, struct text *ret, struct error *err) NODISCARD;
void kernel_file_done(struct kernel_file *f);

/* Opens a directory as a place to read files below. -ERR_ABSENT when it is not there, -ERR_OS. */
int kernel_dir_open(const char *path, int *ret_fd, struct error *err) NODISCARD;
/* The same below another directory. */
int kernel_dir_open_at(int dir_fd, const char *name, int *ret_fd, struct error *err) NODISCARD;

enum { KERNEL_VALUE_MAX = 256 }; /* bytes of a file that holds one value; what is behind them is cut off */

/* The trimmed text of a small file up to its first NUL, in `buf`; unknown (NULL) when it cannot be read. `fmt` makes the name. */
struct text kernel_text(int dir_fd, char buf[KERNEL_VALUE_MAX], const char *fmt, ...) PRINTF(3, 4);
/* The number in a small file; U64_UNKNOWN when it cannot be read or is no number. */
uint64_t kernel_u64(int dir_fd, const char *fmt, ...) PRINTF(2, 3);

/* The same over an open descriptor, from its start: for handles that are kept. */
struct text kernel_text_fd(int fd, char buf[KERNEL_VALUE_MAX]);

/* The lines of kernel text: false at the end. The newline at the end of the text does not start another line. */
bool kernel_line(struct text *rest, struct text *ret);
/* The next range of a list of numbers, "0-3,8,10-11": false at its end, or where it is malformed. */
bool kernel_range(struct text *rest, uint64_t *ret_first, uint64_t *ret_last);

#endif
