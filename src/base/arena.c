/* base/arena.c: memory that is freed all at once. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes behind this header */
    alignas(max_align_t) char bytes[];
};

enum { BLOCK_MIN = 16 * 1024 };

static struct arena_block *add_block(struct arena *a, size_t need) {
    size_t size = a->newest ? a->newest->size * 2 : BLOCK_MIN;
    size_t limit = a->limit ? a->limit : ARENA_LIMIT_DEFAULT;
    size = size > (size_t)4 << 20 ? (size_t)4 << 20 : size;
    size = size < need ? need : size;
    if (size > limit || a->total > limit - size)
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->older = a->newest;
    block->size = size;
    a->newest = block;
    a->used = 0;
    a->total += size;
    return block;
}

void *arena_alloc(struct arena *a, size_t size) {
    size_t rounded = 0;
    if (__builtin_add_overflow(size, alignof(max_align_t) - 1, &rounded))
        return NULL;
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
    if (!a->newest)
        return;
    free_chain(a->newest->older); /* blocks double in size: the newest is the largest, or near it */
    a->newest->older = NULL;
    a->total = a->newest->size;
    a->used = 0;
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
