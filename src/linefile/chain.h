/* linefile/chain.h: the names of a rotated chain: base name, numbered segments, and what is there on disk. */
#ifndef TACHO_LINEFILE_CHAIN_H
#define TACHO_LINEFILE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* "dir/run.ndjson.zst" and 7 give "dir/run.0007.ndjson.zst": the number goes before the extensions: the first dot of the file
 * name that is not its first character and is followed only by known extensions (.ndjson .jsonl .json .zst .gz …), else at
 * the end. Numbers have four digits, more when needed. The caller frees `*ret`. */
int chain_segment_path(const char *base, unsigned number, char **ret, struct error *err) NODISCARD;
/* Is `path` a numbered segment ("run.0007.ndjson.zst")? Then the base's path ("run.ndjson.zst", caller frees) and number. */
bool chain_parse_path(const char *path, char **ret_base, unsigned *ret_number);

struct chain_segment {
    char *path;
    unsigned number;   /* 0: the active file, the newest */
};
struct chain {
    struct chain_segment *at; /* oldest first; the active file last */
    size_t n;
};
/* The segments of `base` that are there now. None is -ERR_ABSENT. Symbolic links and special files are left out. */
int chain_list(const char *base, struct chain *ret, struct error *err) NODISCARD;
void chain_done(struct chain *c);

#endif
