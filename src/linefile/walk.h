/* linefile/walk.h: finds the chunks of a compressed file from its bytes alone, without decoding. */
#ifndef TACHO_LINEFILE_WALK_H
#define TACHO_LINEFILE_WALK_H

#include "base/arena.h"
#include "linefile/chunks.h"
#include "linefile/source.h"

/* Where a walk has got to; zero-initialised it stands at the start. As long as it goes on over the same list, a file that grew
 * costs what it grew by. */
struct walk {
    uint64_t at;       /* all before this offset has been looked at */
    bool open;         /* zstd: a frame goes on there, at a block header; it is the list's last entry */
    bool has_checksum; /* zstd: that frame ends with one */
    bool last;         /* zstd: its last block has been passed: the checksum stands there */
    bool damaged;      /* zstd: that frame broke off; its stretch goes on to the next frame that begins */
};

/* Each adds the chunks between `w->at` and the end of `in` to `l`, and brings the sizes up to date. `notes` takes the notes of
 * the small indexes behind the chunks; NULL: they are not believed. Stops early, to be gone on with, once the list has more than
 * `enough` chunks. -ERR_OS, -ERR_NOMEM. */
int walk_zstd(struct walk *w, struct source *in, struct chunk_list *l, struct arena *notes, size_t enough,
    struct error *err) NODISCARD;
int walk_gzip(struct walk *w, struct source *in, struct chunk_list *l, size_t enough, struct error *err) NODISCARD;

#endif
