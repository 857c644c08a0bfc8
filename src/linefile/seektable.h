/* linefile/seektable.h: the index and the seek table that end a finished zstd segment, to the byte.
 *
 * All numbers are little-endian. A segment is a row of zstd frames:
 *
 *   chunk 0 | its index | chunk 1 | its index | … | index of all chunks | seek table
 *
 * An INDEX is a skippable frame, which every zstd decoder passes over:
 *   u32  0x184D2A5D
 *   u32  size of all that follows
 *   u32  version, 1
 *   u32  count of chunks
 *   per chunk:
 *     u64  offset of the chunk's zstd frame in the file
 *     u64  its size there
 *     u64  offset of its first byte in the uncompressed text of the file
 *     u64  bytes of text in it
 *     u32  length of the note, at most 65536
 *     …    the note: bytes that belong to whoever wrote the lines
 *   u64  size of all from `version` to the end of the frame
 *   u32  CRC-32 (of gzip, ITU-T V.42) of all from `version` up to here
 *   u8×8 "TACHOIDX"
 * Behind each chunk stands an index of that one chunk, so that a segment which was never finished gives its notes and sizes to
 * whoever walks its frames. The index of all chunks stands just before the seek table and is found from there backwards, by the
 * fixed twenty bytes of its end. It repeats what the small ones say.
 *
 * The SEEK TABLE is that of the Zstandard seekable format 0.1.0:
 *   u32  0x184D2A5E
 *   u32  size of all that follows
 *   per frame of the file, in order, from its first byte to the seek table: u32 compressed size, u32 uncompressed size
 *        (an index is a frame of uncompressed size 0; so is whatever else stands between chunks)
 *   u32  count of those frames
 *   u8   descriptor: 0; bit 7 would say that each entry has a u32 checksum too
 *   u32  0x8F92EAB1
 *
 * Both can be made anew from the chunks; nothing else is derived from them. A segment of which a chunk passes 4 GiB is finished
 * without them. */
#ifndef TACHO_LINEFILE_SEEKTABLE_H
#define TACHO_LINEFILE_SEEKTABLE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "linefile/chunks.h"

enum {
    CHUNK_NOTE_MAX = 64 * 1024,
    INDEX_NOTES_MAX = 32 << 20,  /* bytes of notes in one index; notes past it are left out */
    INDEX_BYTES_MAX = 128 << 20, /* content of an index that is believed */
    INDEX_HEAD_LEN = 8,          /* version, count */
    INDEX_CHUNK_LEN = 36,        /* one chunk without its note */
    INDEX_FOOT_LEN = 20,
};
#define INDEX_MAGIC UINT32_C(0x184D2A5D)

/* Appends the index of `n` chunks, a whole skippable frame. */
void index_write(const struct line_chunk *chunks, size_t n, struct buffer *out);
/* Reads the content of an index frame into `*into` (appended); notes are copied to `notes`. -ERR_FORMAT, -ERR_NOMEM. */
int index_parse(
    const uint8_t *content, size_t len, struct chunk_list *into, struct arena *notes, struct error *err) NODISCARD;

/* Appends index and seek table of a file whose frames end at `file_size`. Nothing when the table cannot say it. */
void seektable_write(const struct chunk_list *chunks, uint64_t file_size, struct buffer *out);

struct seektable_facts {
    bool index; /* the notes are there too */
    uint64_t text_size;
    uint64_t derived_from; /* where in the file index and seek table begin: all before it are frames */
};
/* Loads what ends the file, whoever wrote it. 1: `*into` (empty before) holds the chunks. 0: there is no table, or it is not to
 * be believed: offsets, sizes, sums and the magic numbers they lead to are checked. -ERR_OS, -ERR_NOMEM. */
int seektable_load(int fd, const char *name, uint64_t file_size, struct chunk_list *into, struct arena *notes,
    struct seektable_facts *ret, struct error *err) NODISCARD;

#endif
