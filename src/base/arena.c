/* base/arena.c: memory that is freed all at once. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes behind this header */
    alignas(max_align_t) char bytes[];
};

enum { BLOCK_MIN = 16 * 1024, BLOCK_MAX = 4 << 20 }; /* unless one piece is larger */

static struct arena_block *add_block(struct arena *a, size_t need) {
    size_t limit = a->limit ? a->limit : ARENA_LIMIT_DEFAULT;
    size_t left = a->total < limit ? limit - a->total : 0;
    size_t size = a->newest ? a->newest->size * 2 : BLOCK_MIN, bytes = 0;
    size = size > BLOCK_MAX ? BLOCK_MAX : size;
    size = size < need ? need : size;
    size = size > left ? left : size; /* the last block is as small as the limit makes it */
    if (size < need || __builtin_add_overflow(sizeof(struct arena_block), size, &bytes)) {
        a->failed = ERR_LIMIT;
        return NULL;
    }
    struct arena_block *block = malloc(bytes);
    if (!block) {
        a->failed = ERR_NOMEM;
        return NULL;
    }
    block->older = a->newest;
    block->size = size;
    a->newest = block;
    a->used = 0;
    a->total += size;
    return block;
}

void *arena_alloc(struct arena *a, size_t size) {
    size_t rounded = 0;
    if (__builtin_add_overflow(size, alignof(max_align_t) - 1, &rounded)) {
        a->failed = ERR_LIMIT;
        return NULL;
    }
    rounded &= ~(alignof(max_align_t) - 1);
    struct arena_block *block = a->newest;
    if (!block || rounded > block->size - a->used)
        block = add_block(a, rounded);
    if (!block)
        return NULL;
    void *at = block->bytes + a->used;
    a->used += rounded;
    return at;
}

struct text arena_text(struct arena *a, struct text t) {
    if (!t.at || t.len == 0)
        return t.at ? TEXT("") : t;
    char *copy = arena_alloc(a, t.len);
    if (!copy)
        return (struct text){NULL, 0};
    memcpy(copy, t.at, t.len);
    return (struct text){copy, t.len};
}

static void free_chain(struct arena_block *block) {
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_reset(struct arena *a) {
    struct arena_block *keep = a->newest;
    for (struct arena_block *block = a->newest; block; block = block->older)
        keep = block->size > keep->size ? block : keep;
    for (struct arena_block *block = a->newest, *older; block; block = older) {
        older = block->older;
        if (block != keep)
            free(block);
    }
    if (keep)
        keep->older = NULL;
    a->newest = keep;
    a->total = keep ? keep->size : 0;
    a->used = 0;
    a->failed = 0;
}

void arena_adopt(struct arena *into, struct arena *from) {
    if (!from->newest)
        return;
    struct arena_block *oldest = from->newest;
    while (oldest->older)
        oldest = oldest->older;
    if (into->newest) { /* slip them in behind the newest block, which goes on being filled */
        oldest->older = into->newest->older;
        into->newest->older = from->newest;
    } else {
        into->newest = from->newest;
        into->used = from->used;
    }
    into->total += from->total;
    *from = (struct arena){.limit = from->limit};
}

void arena_done(struct arena *a) {
    free_chain(a->newest);
    *a = (struct arena){.limit = a->limit};
}
