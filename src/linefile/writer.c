/* linefile/writer.c: puts lines into a segment: encoding, flushing, chunk ends, finishing. */
#include "linefile/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "linefile/segment.h"
#include "linefile/seektable.h"

enum { WRITE_BYTES = 64 * 1024 }; /* encoded bytes that do not wait for a flush */
/* A chunk longer than this is ended unasked: the sizes in a seek table have 32 bits. */
#define CHUNK_TEXT_MAX (UINT64_C(1) << 30)

static int refuse_broken(const struct line_writer *w, struct error *err) {
    return error_set(err, ERR_NOMEM, "%s: the encoder failed before", w->o.path);
}

static int want_room(struct line_writer *w, size_t len, struct error *err) {
    if (buffer_room(&w->out.pending, w->ops->room(len)))
        return 0;
    w->out.pending.failed = false;
    return error_set(err, ERR_NOMEM, "%s: no memory for a line of %zu bytes", w->o.path, len);
}

int line_writer_put(struct line_writer *w, const char *line, size_t len, struct error *err) {
    if (w->broken)
        return refuse_broken(w, err);
    if (len >= LINE_MAX_BYTES)
        return error_set(err, ERR_LIMIT, "%s: a line of %zu bytes, the limit is %d", w->o.path, len, LINE_MAX_BYTES);
    if (memchr(line, '\n', len))
        return error_set(err, ERR_USAGE, "%s: a newline inside a line", w->o.path);
    int r = w->out.stuck ? output_write(&w->out, err) : 0;
    if (r == 0 && w->o.codec == CODEC_ZSTD && w->text_bytes - w->chunk_text + len >= CHUNK_TEXT_MAX)
        r = line_writer_chunk(w, NULL, 0, err);
    if (r == 0)
        r = want_room(w, len, err);
    if (r < 0)
        return r;
    r = w->ops->put(w->encoder, line, len, &w->out.pending, err);
    if (r < 0) {
        w->broken = true;
        return error_wrap(err, r, "%s", w->o.path);
    }
    w->dirty = w->begun = true;
    w->text_bytes += len + 1;
    /* The line is taken: a device that is full shows at the next put or flush. */
    if (w->out.pending.len >= WRITE_BYTES && output_write(&w->out, NULL) == 0)
        w->unsynced = true;
    return 0;
}

static int sync_data(struct line_writer *w, struct error *err) {
    if (!w->o.fsync || !w->unsynced)
        return 0;
    if (fdatasync(w->out.fd) != 0)
        return error_os(err, errno, "sync %s", w->o.path);
    w->unsynced = false;
    return 0;
}

int line_writer_flush(struct line_writer *w, struct error *err) {
    int r = w->out.stuck ? output_write(&w->out, err) : 0;
    if (r == 0 && w->dirty && !w->broken) {
        r = want_room(w, 0, err);
        if (r == 0) {
            r = w->ops->flush(w->encoder, &w->out.pending, err);
            w->broken = r < 0;
            w->dirty = false;
        }
    }
    if (r < 0)
        return r;
    w->unsynced |= w->out.pending.len > 0;
    r = output_write(&w->out, err);
    return r < 0 ? r : sync_data(w, err);
}

/* Notes the chunk that is about to end, and gives it its index once it has ended. */
static int list_chunk(struct line_writer *w, const void *note, size_t len, struct error *err) {
    struct line_chunk c = {
        .offset = w->chunk_offset, .text_offset = w->chunk_text, .text_size = w->text_bytes - w->chunk_text};
    if (len > 0 && w->note_bytes + len <= INDEX_NOTES_MAX) {
        c.note = arena_text(&w->notes, (struct text){note, len});
        if (!c.note.at)
            return error_set(err, ERR_NOMEM, "%s: chunk notes", w->o.path);
        w->note_bytes += len;
    }
    int r = chunk_list_push(&w->chunks, c, err);
    return error_wrap(r < 0 ? err : NULL, r, "%s", w->o.path);
}

int line_writer_chunk(struct line_writer *w, const void *note, size_t len, struct error *err) {
    if (w->broken)
        return refuse_broken(w, err);
    if (len > CHUNK_NOTE_MAX)
        return error_set(
            err, ERR_LIMIT, "%s: a chunk note of %zu bytes, the limit is %d", w->o.path, len, CHUNK_NOTE_MAX);
    if (w->text_bytes == w->chunk_text)
        return 0;
    bool listed = w->o.codec == CODEC_ZSTD;
    int r = want_room(w, len, err);
    if (r == 0 && listed)
        r = list_chunk(w, note, len, err);
    if (r < 0)
        return r;
    r = w->ops->chunk_end(w->encoder, &w->out.pending, err);
    if (r < 0) {
        w->broken = true;
        return error_wrap(err, r, "%s", w->o.path);
    }
    w->dirty = false;
    w->unsynced = true;
    if (listed) {
        struct line_chunk *c = &w->chunks.at[w->chunks.n - 1];
        c->size = output_end(&w->out) - c->offset;
        index_write(c, 1, &w->out.pending);
    }
    w->chunk_offset = output_end(&w->out);
    w->chunk_text = w->text_bytes;
    return 0;
}

int segment_finish(struct line_writer *w, struct error *err) {
    int r = line_writer_chunk(w, NULL, 0, err);
    if (r == 0)
        r = line_writer_flush(w, err);
    if (r < 0)
        return r;
    if (w->o.codec == CODEC_ZSTD)
        seektable_write(&w->chunks, w->out.size, &w->out.pending);
    else if (w->begun || w->out.size == 0)
        w->ops->finish(w->encoder, &w->out.pending);
    w->unsynced |= w->out.pending.len > 0;
    r = output_write(&w->out, err);
    if (r < 0) {
        w->out.pending.len = 0;
        w->out.stuck = false;
        return r;
    }
    return sync_data(w, err);
}

void segment_begin(struct line_writer *w, int fd) {
    w->out.fd = fd;
    w->out.size = 0;
    w->ops->begin(w->encoder);
    w->dirty = w->begun = w->unsynced = false;
    chunk_list_clear(&w->chunks);
    arena_reset(&w->notes);
    w->note_bytes = 0;
    w->text_bytes = w->chunk_offset = w->chunk_text = 0;
    w->file_at_open = w->text_at_open = 0;
    w->segments++;
}

static uint64_t text_bytes(const struct line_writer *w) {
    /* Into a plain file others may put lines between ours. */
    return w->o.codec == CODEC_PLAIN ? output_end(&w->out) : w->text_bytes;
}

struct line_writer_facts line_writer_facts(const struct line_writer *w) {
    uint64_t text = text_bytes(w);
    uint64_t file = output_end(&w->out);
    return (struct line_writer_facts){
        .text_bytes = text,
        .file_bytes = file,
        .total_text_bytes = w->done_text + text - w->text_at_open,
        .total_file_bytes = w->done_file + file - w->file_at_open,
        .segments = w->segments,
        .mended_bytes = w->mended_bytes,
        .empty = text == 0,
        .stuck = w->out.stuck,
    };
}

void line_writer_abandon(struct line_writer *w) {
    if (!w)
        return;
    file_close(&w->out.fd);
    output_done(&w->out);
    if (w->ops)
        w->ops->destroy(w->encoder);
    chunk_list_done(&w->chunks);
    arena_done(&w->notes);
    char *path = NULL;
    memcpy(&path, &w->o.path, sizeof path);
    free(path);
    free(w);
}

int line_writer_close(struct line_writer *w, struct error *err) {
    if (!w)
        return 0;
    int r = segment_finish(w, err);
    if (close(file_steal(&w->out.fd)) != 0 && r == 0)
        r = error_os(err, errno, "close %s", w->o.path);
    line_writer_abandon(w);
    return r;
}
