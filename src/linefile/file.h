/* linefile/file.h: the inside of an open file, for its readers. */
#ifndef TACHO_LINEFILE_FILE_H
#define TACHO_LINEFILE_FILE_H

#include "base/arena.h"
#include "linefile/chunks.h"
#include "linefile/codec.h"
#include "linefile/reader.h"
#include "linefile/seektable.h"
#include "linefile/walk.h"

struct line_file {
    char *path;
    int fd;
    bool stream;  /* standard input */
    bool sniffed; /* `codec` comes from the file's bytes; before, from its name */
    bool begun;   /* there are bytes, be they too few to tell the codec */
    bool distrusted;
    bool table_known; /* `table` says what the file ended with when it had `size` bytes */
    bool has_table;
    bool whole_list; /* `chunks` are those of a file of `size` bytes */
    enum codec codec;
    uint64_t device, inode, size;
    uint8_t head[CODEC_SNIFF_LEN]; /* first bytes of a stream: taken out of it, to be read first */
    size_t head_len;
    struct seektable_facts table;
    struct chunk_list chunks;
    struct arena notes; /* owns the chunks' notes */
    struct walk walk;
};

/* Looks at the first bytes as long as they did not tell the codec. A file without any stays unsniffed. */
int line_file_sniff(struct line_file *f, struct error *err) NODISCARD;
/* The text offset of the chunk at `file_offset`, if the list is loaded and says so; else LINE_OFFSET_UNKNOWN. */
uint64_t line_file_text_at(const struct line_file *f, uint64_t file_offset);

#endif
