/* linefile/chunks.c: a growing list of chunks with a limit. */
#include "linefile/chunks.h"

#include <stdlib.h>

int chunk_list_push(struct chunk_list *l, struct line_chunk c, struct error *err) {
    if (l->n >= CHUNKS_MAX)
        return error_set(err, ERR_LIMIT, "more than %d chunks", CHUNKS_MAX);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct line_chunk *at = realloc(l->at, cap * sizeof *at);
        if (!at)
            return error_set(err, ERR_NOMEM, "list of chunks");
        l->at = at;
        l->cap = cap;
    }
    l->at[l->n++] = c;
    return 0;
}

static uint64_t sum_known(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    return a == LINE_OFFSET_UNKNOWN || b == LINE_OFFSET_UNKNOWN || __builtin_add_overflow(a, b, &sum)
               ? LINE_OFFSET_UNKNOWN
               : sum;
}

void chunk_list_coarsen(struct chunk_list *l) {
    size_t n = 0;
    for (size_t i = 0; i < l->n; i += 2) {
        struct line_chunk c = l->at[i];
        if (i + 1 < l->n) {
            c.size = l->at[i + 1].offset + l->at[i + 1].size - c.offset;
            c.text_size = sum_known(c.text_size, l->at[i + 1].text_size);
            c.note = (struct text){0};
        }
        l->at[n++] = c;
    }
    l->n = n;
    l->coarse = true;
}

uint64_t chunk_list_text_end(const struct chunk_list *l) {
    return l->n ? sum_known(l->at[l->n - 1].text_offset, l->at[l->n - 1].text_size) : 0;
}

uint64_t chunk_list_file_end(const struct chunk_list *l) {
    return l->n ? l->at[l->n - 1].offset + l->at[l->n - 1].size : 0;
}

void chunk_list_count_text(struct chunk_list *l) {
    uint64_t text = 0;
    for (size_t i = 0; i < l->n; i++) {
        l->at[i].text_offset = text;
        text = sum_known(text, l->at[i].text_size);
    }
}

void chunk_list_clear(struct chunk_list *l) {
    l->n = 0;
    l->coarse = false;
}

void chunk_list_done(struct chunk_list *l) {
    free(l->at);
    *l = (struct chunk_list){0};
}
