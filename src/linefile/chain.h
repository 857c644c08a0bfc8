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
    unsigned number; /* 0: the active file, the newest */
};
struct chain {
    struct chain_segment *at; /* oldest first; the active file last */
    size_t n;
    unsigned highest; /* number that any name of the chain has, left out or not; 0 when none is numbered */
    unsigned others;  /* numbered names that are symbolic links or special files: left out */
};
/* The segments of `base` that are there now, regular files. None is -ERR_ABSENT (highest and others are set all the same). The
 * active file may be a symbolic link that the user named, a numbered segment may not. */
int chain_list(const char *base, struct chain *ret, struct error *err) NODISCARD;
void chain_done(struct chain *c);

#endif
