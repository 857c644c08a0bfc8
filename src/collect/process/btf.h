/* collect/process/btf.h: finds where members of the kernel's structures are, in its own description of its types. */
#ifndef TACHO_COLLECT_PROCESS_BTF_H
#define TACHO_COLLECT_PROCESS_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"

#define BTF_NOT_FOUND UINT32_MAX

enum { BTF_WANTED_MAX = 64 };

/* What is looked for, and what was found; all names are literals. A structure that is described twice counts as first seen. */
struct btf_wanted {
    const char *type;   /* a structure; a function of the kernel where there is neither a member nor is the size asked for */
    const char *member; /* of the structure, also inside its unnamed members */
    bool size;          /* no member, but the structure's size */
    uint32_t found;     /* bytes from the structure's start, or the size, or the function's id; or BTF_NOT_FOUND */
};

/* Reads `n` bytes at `offset` into `buf`: how many there were (fewer only at the end), or a negative number. */
typedef ssize_t btf_read(void *context, void *buf, size_t n, uint64_t offset);

/* Fills `found` of each of `wanted`, at most BTF_WANTED_MAX, reading the description (several MiB) in small windows: twice, and
 * once more for each level of unnamed members. What `read` delivers is untrusted. Nothing is an error but what cannot be
 * read: what is not there is not found. -ERR_FORMAT, -ERR_LIMIT, -ERR_OS, -ERR_NOMEM. Pure but for `read`. */
int btf_find(btf_read *read, void *context, struct btf_wanted *wanted, size_t n, struct error *err) NODISCARD;

#endif
