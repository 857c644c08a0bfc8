/* linefile/chunks.h: a list of the chunks of one file. */
#ifndef TACHO_LINEFILE_CHUNKS_H
#define TACHO_LINEFILE_CHUNKS_H

#include "base/error.h"
#include "linefile/reader.h"

/* Entries that a list holds: 56 MiB of them. */
enum { CHUNKS_MAX = 1 << 20 };

/* Zero-initialise and end with chunk_list_done. */
struct chunk_list {
    struct line_chunk *at;
    size_t n, cap;
    bool coarse; /* some entries are several chunks: there were more than CHUNKS_MAX */
};

/* -ERR_LIMIT past CHUNKS_MAX, -ERR_NOMEM. */
int chunk_list_push(struct chunk_list *l, struct line_chunk c, struct error *err) NODISCARD;
/* Joins each pair of neighbours, so that there is room again: a place to enter is lost, nothing else. */
void chunk_list_coarsen(struct chunk_list *l);
/* Where the text behind the last chunk begins; LINE_OFFSET_UNKNOWN when a size before it is not known. */
uint64_t chunk_list_text_end(const struct chunk_list *l);
uint64_t chunk_list_file_end(const struct chunk_list *l);
/* Fills in each text offset that follows from the sizes before it. */
void chunk_list_count_text(struct chunk_list *l);
void chunk_list_clear(struct chunk_list *l);
void chunk_list_done(struct chunk_list *l);

#endif
