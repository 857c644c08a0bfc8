/* linefile/walk.c: steps over zstd frames by their block headers, and looks for gzip chunk marks. */
#include "linefile/walk.h"

#include <string.h>

#include "linefile/bytes.h"
#include "linefile/gzip_format.h"
#include "linefile/seektable.h"
#include "linefile/zstd_format.h"

static int push(struct chunk_list *l, struct line_chunk c, struct error *err) {
    if (l->n == CHUNKS_MAX)
        chunk_list_coarsen(l);
    return chunk_list_push(l, c, err);
}

static void stretch_last(struct chunk_list *l, uint64_t to) {
    if (l->n > 0)
        l->at[l->n - 1].size = to - l->at[l->n - 1].offset;
}

/* Over the blocks of the open frame. 1: its end is reached. 0: the file ends before. */
static int walk_blocks(struct walk *w, struct source *in, struct error *err) {
    for (;;) {
        struct zstd_block block = {0};
        uint64_t size = ZSTD_CHECKSUM_LEN;
        source_seek(in, w->at);
        if (!w->last) {
            int r = source_need(in, ZSTD_BLOCK_HEADER_LEN, err);
            if (r <= 0)
                return r;
            if (!zstd_block_parse(source_bytes(in), &block)) {
                w->damaged = true;
                w->open = false;
                return 1;
            }
            size = ZSTD_BLOCK_HEADER_LEN + block.stored;
        }
        /* The last byte of it has to be there: a jump past the end would not show. */
        source_skip(in, size - 1);
        int r = source_need(in, 1, err);
        if (r <= 0)
            return r;
        w->at += size;
        w->open = block.last ? w->has_checksum : !w->last;
        w->last = block.last;
        if (!w->open)
            return 1;
    }
}

/* Takes size and note of the chunk just walked from the index behind it. */
static int take_note(struct source *in, uint32_t size, struct chunk_list *l, struct arena *notes, struct error *err) {
    struct chunk_list said = {0};
    if (l->n == 0 || size > CHUNK_NOTE_MAX + INDEX_HEAD_LEN + INDEX_CHUNK_LEN + INDEX_FOOT_LEN)
        return 0;
    int r = source_need(in, ZSTD_SKIPPABLE_HEADER_LEN + size, err);
    if (r <= 0)
        return r;
    struct line_chunk *last = &l->at[l->n - 1];
    struct error ignored;
    if (index_parse(source_bytes(in) + ZSTD_SKIPPABLE_HEADER_LEN, size, &said, notes, &ignored) == 0 && said.n == 1 &&
        said.at[0].offset == last->offset && said.at[0].size == last->size && said.at[0].text_size <= INT64_MAX) {
        last->text_size = said.at[0].text_size;
        last->note = said.at[0].note;
    }
    chunk_list_done(&said);
    return 0;
}

/* Looks for the next frame behind bytes that are none, from where the source stands. 1: `w->at` is at one. 0: none yet. */
static int find_frame(struct walk *w, struct source *in, struct error *err) {
    int r = zstd_find_frame(in, err);
    w->at = in->offset;
    return r;
}

/* Does a frame, or the end of the file, follow at `offset`? */
static int is_followed(struct source *in, uint64_t offset, struct error *err) {
    source_seek(in, offset - 1);
    int r = source_need(in, 1 + ZSTD_MAGIC_LEN, err);
    if (r < 0 || in->len == 0)
        return r < 0 ? r : 0;
    uint32_t magic = r > 0 ? get_le32(source_bytes(in) + 1) : ZSTD_FORMAT_MAGIC;
    return magic == ZSTD_FORMAT_MAGIC || zstd_is_skippable(magic);
}

/* Over a skippable frame. One that leads nowhere has a damaged size, unless it is the last thing there. 1: passed. 0: the file
 * ends before it does. */
static int walk_skippable(
    struct walk *w, struct source *in, struct chunk_list *l, struct arena *notes, struct error *err) {
    int r = source_need(in, ZSTD_SKIPPABLE_HEADER_LEN, err);
    if (r <= 0)
        return r;
    uint64_t from = w->at;
    uint32_t size = get_le32(source_bytes(in) + 4);
    if (notes && get_le32(source_bytes(in)) == INDEX_MAGIC) {
        r = take_note(in, size, l, notes, err);
        if (r < 0)
            return r;
    }
    r = is_followed(in, from + ZSTD_SKIPPABLE_HEADER_LEN + size, err);
    if (r > 0)
        w->at = from + ZSTD_SKIPPABLE_HEADER_LEN + size;
    if (r != 0)
        return r;
    source_seek(in, from + ZSTD_SKIPPABLE_HEADER_LEN);
    r = find_frame(w, in, err);
    if (r == 0)
        w->at = from;
    return r;
}

/* At a frame header, or at what should be one. 1: go on. 0: the file ends. */
static int walk_frame(struct walk *w, struct source *in, struct chunk_list *l, struct arena *notes, struct error *err) {
    struct zstd_header h = {0};
    int r = source_need(in, ZSTD_HEADER_MAX, err);
    if (r < 0 || in->len < ZSTD_MAGIC_LEN)
        return r < 0 ? r : 0;
    if (!w->damaged && zstd_is_skippable(get_le32(source_bytes(in))))
        return walk_skippable(w, in, l, notes, err);
    r = zstd_header_parse(source_bytes(in), in->len, &h);
    if (r < 0) {
        source_skip(in, 1);
        r = find_frame(w, in, err);
        if (w->damaged)
            stretch_last(l, w->at);
        return r;
    }
    if (r == 0)
        return 0;
    w->damaged = false;
    struct line_chunk c = {.offset = w->at,
        .text_offset = chunk_list_text_end(l),
        .text_size = h.content_size <= INT64_MAX ? h.content_size : LINE_OFFSET_UNKNOWN};
    r = push(l, c, err);
    if (r < 0)
        return r;
    w->open = true;
    w->last = false;
    w->has_checksum = h.checksum;
    w->at += h.size;
    return 1;
}

/* The file ends inside a block: unless its size is damaged, no frame begins in what is there of it. 1: one does. */
static int look_into_cut_block(struct walk *w, struct source *in, struct error *err) {
    struct walk before = *w;
    source_seek(in, w->at + 1);
    int r = find_frame(w, in, err);
    if (r > 0)
        w->open = false;
    else
        *w = before;
    return r;
}

int walk_zstd(
    struct walk *w, struct source *in, struct chunk_list *l, struct arena *notes, size_t enough, struct error *err) {
    int r = 1;
    while (r > 0 && l->n <= enough) {
        source_seek(in, w->at);
        if (!w->open) {
            r = walk_frame(w, in, l, notes, err);
            continue;
        }
        r = walk_blocks(w, in, err);
        if (r == 0)
            r = look_into_cut_block(w, in, err);
        stretch_last(l, w->at);
    }
    return r < 0 ? r : 0;
}

int walk_gzip(struct walk *w, struct source *in, struct chunk_list *l, size_t enough, struct error *err) {
    int r = 0;
    if (w->at == 0) {
        r = l->n == 0 ? push(l, (struct line_chunk){.text_size = LINE_OFFSET_UNKNOWN}, err) : 0;
        if (r < 0)
            return r;
        w->at = 1;
    }
    while (l->n <= enough) {
        bool member = false, ends = false;
        source_seek(in, w->at);
        r = gzip_find(in, &member, err);
        w->at = in->offset;
        stretch_last(l, w->at + (r > 0 ? 0 : in->len));
        if (r <= 0)
            return r;
        /* Behind the last mark of a finished member there is nothing but its end. */
        if (member || !gzip_probe(source_bytes(in), in->len, false, &ends) || !ends) {
            struct line_chunk c = {
                .offset = in->offset, .text_offset = LINE_OFFSET_UNKNOWN, .text_size = LINE_OFFSET_UNKNOWN};
            r = push(l, c, err);
            if (r < 0)
                return r;
        }
        w->at++;
    }
    return 0;
}
