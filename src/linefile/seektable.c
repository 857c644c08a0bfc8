/* linefile/seektable.c: writes and reads the index and the seek table of zstd segments. */
#include "linefile/seektable.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/file.h"
#include "linefile/bytes.h"
#include "linefile/zstd_format.h"

#define SEEKTABLE_MAGIC UINT32_C(0x184D2A5E)
#define SEEKTABLE_END_MAGIC UINT32_C(0x8F92EAB1)
static const char index_end[8] = {'T', 'A', 'C', 'H', 'O', 'I', 'D', 'X'};

enum {
    INDEX_VERSION = 1,
    SEEKTABLE_FOOT_LEN = 9,
    SEEKTABLE_FRAMES_MAX = 2 * CHUNKS_MAX + 2,
    MAGIC_PROBES = 64, /* entries of a table whose frames are looked at before the table is believed */
};

void index_write(const struct line_chunk *chunks, size_t n, struct buffer *out) {
    uint64_t size = INDEX_HEAD_LEN + n * INDEX_CHUNK_LEN + INDEX_FOOT_LEN;
    for (size_t i = 0; i < n; i++)
        size += chunks[i].note.at ? chunks[i].note.len : 0;
    put_le(out, INDEX_MAGIC, 4);
    put_le(out, size, 4);
    size_t from = out->len;
    put_le(out, INDEX_VERSION, 4);
    put_le(out, n, 4);
    for (size_t i = 0; i < n; i++) {
        struct text note = chunks[i].note.at ? chunks[i].note : (struct text){0};
        put_le(out, chunks[i].offset, 8);
        put_le(out, chunks[i].size, 8);
        put_le(out, chunks[i].text_offset, 8);
        put_le(out, chunks[i].text_size, 8);
        put_le(out, note.len, 4);
        buffer_put_text(out, note);
    }
    put_le(out, size, 8);
    if (out->failed)
        return;
    put_le(out, crc32_z(0, (const Bytef *)out->at + from, out->len - from), 4);
    buffer_put(out, index_end, sizeof index_end);
}

static int parse_chunks(const uint8_t *at, const uint8_t *end, uint32_t n, struct chunk_list *into, struct arena *notes,
    struct error *err) {
    for (uint32_t i = 0; i < n; i++) {
        if (end - at < INDEX_CHUNK_LEN)
            return error_set(err, ERR_FORMAT, "index: cut short");
        struct line_chunk c = {.offset = get_le64(at),
            .size = get_le64(at + 8),
            .text_offset = get_le64(at + 16),
            .text_size = get_le64(at + 24)};
        size_t note_len = get_le32(at + 32);
        at += INDEX_CHUNK_LEN;
        if (note_len > CHUNK_NOTE_MAX || note_len > (size_t)(end - at))
            return error_set(err, ERR_FORMAT, "index: note of %zu bytes", note_len);
        if (note_len > 0) {
            c.note = arena_text(notes, (struct text){(const char *)at, note_len});
            if (!c.note.at)
                return error_set(err, ERR_NOMEM, "chunk notes");
        }
        at += note_len;
        int r = chunk_list_push(into, c, err);
        if (r < 0)
            return r;
    }
    return at == end ? 0 : error_set(err, ERR_FORMAT, "index: bytes left over");
}

int index_parse(const uint8_t *content, size_t len, struct chunk_list *into, struct arena *notes, struct error *err) {
    if (len < INDEX_HEAD_LEN + INDEX_FOOT_LEN || memcmp(content + len - 8, index_end, sizeof index_end) != 0)
        return error_set(err, ERR_FORMAT, "index: no end mark");
    const uint8_t *foot = content + len - INDEX_FOOT_LEN;
    if (get_le64(foot) != len || get_le32(foot + 8) != crc32_z(0, content, len - 12))
        return error_set(err, ERR_FORMAT, "index: wrong checksum");
    uint32_t n = get_le32(content + 4);
    if (get_le32(content) != INDEX_VERSION || n > CHUNKS_MAX)
        return error_set(err, ERR_FORMAT, "index: unknown version, or too many chunks");
    size_t had = into->n;
    int r = parse_chunks(content + INDEX_HEAD_LEN, foot, n, into, notes, err);
    if (r < 0)
        into->n = had;
    return r;
}

/* One entry, or false when its sizes do not fit. */
static bool put_entry(struct buffer *out, uint64_t size, uint64_t text_size) {
    if (size == 0 || size > UINT32_MAX || text_size > UINT32_MAX)
        return false;
    put_le(out, size, 4);
    put_le(out, text_size, 4);
    return true;
}

void seektable_write(const struct chunk_list *chunks, uint64_t file_size, struct buffer *out) {
    size_t undo = out->len;
    uint64_t at = 0;
    uint32_t entries = 0;
    bool fits = !chunks->coarse;
    index_write(chunks->at, chunks->n, out);
    uint64_t index_size = out->len - undo;
    size_t table = out->len;
    put_le(out, SEEKTABLE_MAGIC, 4);
    put_le(out, 0, 4);
    for (size_t i = 0; i < chunks->n && fits; i++) {
        const struct line_chunk *c = &chunks->at[i];
        if (c->offset > at) {
            fits = put_entry(out, c->offset - at, 0);
            entries++;
        }
        fits = fits && put_entry(out, c->size, c->text_size);
        entries++;
        at = c->offset + c->size;
    }
    if (file_size > at) {
        fits = fits && put_entry(out, file_size - at, 0);
        entries++;
    }
    fits = fits && put_entry(out, index_size, 0);
    entries++;
    put_le(out, entries, 4);
    put_le(out, 0, 1);
    put_le(out, SEEKTABLE_END_MAGIC, 4);
    if (!fits || out->failed) { /* no room for it: the segment is as good without */
        out->len = undo;
        out->failed = false;
    } else {
        set_le((uint8_t *)out->at + table + 4, out->len - table - ZSTD_SKIPPABLE_HEADER_LEN, 4);
    }
}

struct table {
    uint8_t *bytes; /* entries */
    uint32_t n;
    size_t entry_len;
    uint64_t offset; /* of the table's frame in the file */
};

/* 1: there is a table, and its shape is right. */
static int read_table(int fd, const char *name, uint64_t file_size, struct table *ret, struct error *err) {
    uint8_t foot[SEEKTABLE_FOOT_LEN], head[ZSTD_SKIPPABLE_HEADER_LEN];
    if (file_size < sizeof foot + sizeof head)
        return 0;
    ssize_t got = file_pread_full(fd, name, foot, sizeof foot, file_size - sizeof foot, err);
    if (got < 0)
        return (int)got;
    uint32_t n = get_le32(foot);
    unsigned descriptor = foot[4];
    if (got != sizeof foot || get_le32(foot + 5) != SEEKTABLE_END_MAGIC || (descriptor & 0x7C) ||
        n > SEEKTABLE_FRAMES_MAX)
        return 0;
    size_t entry_len = descriptor & 0x80 ? 12 : 8;
    size_t content = n * entry_len + sizeof foot;
    if (content + sizeof head > file_size)
        return 0;
    uint64_t offset = file_size - content - sizeof head;
    got = file_pread_full(fd, name, head, sizeof head, offset, err);
    if (got < 0)
        return (int)got;
    if (got != sizeof head || get_le32(head) != SEEKTABLE_MAGIC || get_le32(head + 4) != content)
        return 0;
    uint8_t *bytes = malloc(n * entry_len + 1);
    if (!bytes)
        return error_set(err, ERR_NOMEM, "%s: seek table", name);
    got = file_pread_full(fd, name, bytes, n * entry_len, offset + sizeof head, err);
    if (got < 0 || (size_t)got != n * entry_len) {
        free(bytes);
        return got < 0 ? (int)got : 0;
    }
    *ret = (struct table){.bytes = bytes, .n = n, .entry_len = entry_len, .offset = offset};
    return 1;
}

/* 1: the sizes add up to the file, and the chunks are in `into`. */
static int take_entries(
    const struct table *t, struct chunk_list *into, struct seektable_facts *facts, struct error *err) {
    uint64_t at = 0, text = 0;
    facts->derived_from = t->offset;
    for (uint32_t i = 0; i < t->n; i++) {
        const uint8_t *entry = t->bytes + i * t->entry_len;
        struct line_chunk c = {
            .offset = at, .size = get_le32(entry), .text_offset = text, .text_size = get_le32(entry + 4)};
        if (c.size == 0 || c.size > t->offset - at)
            return 0;
        if (c.text_size > 0) {
            if (into->n >= CHUNKS_MAX)
                return 0;
            int r = chunk_list_push(into, c, err);
            if (r < 0)
                return r;
        }
        at += c.size;
        text += c.text_size;
    }
    facts->text_size = text;
    return at == t->offset;
}

static int check_magics(int fd, const char *name, const struct chunk_list *l, struct error *err) {
    size_t stride = l->n / MAGIC_PROBES + 1;
    for (size_t i = 0; i < l->n; i += stride) {
        uint8_t magic[ZSTD_MAGIC_LEN];
        ssize_t got = file_pread_full(fd, name, magic, sizeof magic, l->at[i].offset, err);
        if (got < 0)
            return (int)got;
        if (got != sizeof magic || get_le32(magic) != ZSTD_FORMAT_MAGIC)
            return 0;
    }
    return 1;
}

/* Reads the index that stands before the table. 1: it is there, and its checksum is right. */
static int read_index(int fd, const char *name, uint64_t table, struct chunk_list *said, struct arena *notes,
    uint64_t *ret_at, struct error *err) {
    uint8_t foot[INDEX_FOOT_LEN];
    if (table < sizeof foot + ZSTD_SKIPPABLE_HEADER_LEN)
        return 0;
    ssize_t got = file_pread_full(fd, name, foot, sizeof foot, table - sizeof foot, err);
    if (got < 0)
        return (int)got;
    uint64_t size = get_le64(foot);
    if (got != sizeof foot || memcmp(foot + 12, index_end, sizeof index_end) != 0 || size > INDEX_BYTES_MAX ||
        size + ZSTD_SKIPPABLE_HEADER_LEN > table)
        return 0;
    size_t len = (size_t)size + ZSTD_SKIPPABLE_HEADER_LEN;
    uint8_t *bytes = malloc(len);
    if (!bytes)
        return error_set(err, ERR_NOMEM, "%s: index", name);
    got = file_pread_full(fd, name, bytes, len, table - len, err);
    int r = got < 0 ? (int)got : 0;
    if (got == (ssize_t)len && get_le32(bytes) == INDEX_MAGIC && get_le32(bytes + 4) == size)
        r = index_parse(bytes + ZSTD_SKIPPABLE_HEADER_LEN, (size_t)size, said, notes, err);
    else if (r == 0)
        r = -ERR_FORMAT;
    free(bytes);
    *ret_at = table - len;
    return r == -ERR_FORMAT || r == -ERR_LIMIT ? 0 : r == 0 ? 1 : r;
}

/* Takes the notes over from the index. 1: they are taken, or there is no index. 0: it says something else than the table, so that
 * one of the two is not to be believed. */
static int take_index(int fd, const char *name, struct chunk_list *l, struct arena *notes,
    struct seektable_facts *facts, struct error *err) {
    struct chunk_list said = {0};
    uint64_t at = 0;
    int r = read_index(fd, name, facts->derived_from, &said, notes, &at, err);
    if (r <= 0) {
        chunk_list_done(&said);
        return r < 0 ? r : 1;
    }
    bool same = said.n == l->n && chunk_list_file_end(l) <= at;
    for (size_t i = 0; same && i < l->n; i++)
        same = said.at[i].offset == l->at[i].offset && said.at[i].size == l->at[i].size &&
               said.at[i].text_offset == l->at[i].text_offset && said.at[i].text_size == l->at[i].text_size;
    for (size_t i = 0; same && i < l->n; i++)
        l->at[i].note = said.at[i].note;
    chunk_list_done(&said);
    if (same) {
        facts->index = true;
        facts->derived_from = at;
    }
    return same;
}

int seektable_load(int fd, const char *name, uint64_t file_size, struct chunk_list *into, struct arena *notes,
    struct seektable_facts *ret, struct error *err) {
    struct table table = {0};
    struct seektable_facts facts = {0};
    int r = read_table(fd, name, file_size, &table, err);
    if (r > 0)
        r = take_entries(&table, into, &facts, err);
    free(table.bytes);
    if (r > 0)
        r = check_magics(fd, name, into, err);
    if (r > 0)
        r = take_index(fd, name, into, notes, &facts, err);
    if (r > 0)
        *ret = facts;
    else
        chunk_list_clear(into);
    return r;
}
