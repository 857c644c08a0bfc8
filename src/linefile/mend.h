/* linefile/mend.h: makes an existing file one that lines can be appended to, and loses nothing that is whole. */
#ifndef TACHO_LINEFILE_MEND_H
#define TACHO_LINEFILE_MEND_H

#include "base/arena.h"
#include "base/buffer.h"
#include "linefile/chunks.h"
#include "linefile/codec.h"
#include "linefile/source.h"

struct mended {
    uint64_t file_bytes; /* the file's size now */
    uint64_t text_bytes; /* uncompressed, in it */
    uint64_t cut_bytes;  /* that a torn or damaged tail took up; index and seek table do not count */
};

/* Cuts the file behind its last whole line and closes what is open there, so that a new frame, member or line can follow. For
 * zstd `chunks` and `notes` (both empty before) get what the file holds. Killed at any moment it leaves a file that can be
 * mended again. With `sync` each step is on the disk before the next destroys something. -ERR_FORMAT when the codec's bytes make
 * it impossible, -ERR_LIMIT, -ERR_FULL, -ERR_OS, -ERR_NOMEM. */
int mend(int fd, const char *name, enum codec codec, bool sync, struct chunk_list *chunks, struct arena *notes,
    struct mended *ret, struct error *err) NODISCARD;

#endif
