/* fuzz/fuzz_linefile_reader.c: any bytes as a line file: read whole, followed as they arrive, entered at and within chunks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "linefile/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    TEXT_MAX = 4 << 20, /* a few bytes may stand for very much text */
    ENTERED_MAX = 12,
    NEAR_SPACING = 200, /* of access points, so that few bytes of gzip have some */
    NEAR_CHUNKS_MAX = 3,
    NEAR_TARGETS = 5,
    NEAR_BEYOND = 40, /* lines behind those compared */
    SEEN_MAX = 1000,
    SEEN_TEXT_MAX = 64 << 10,
};

struct seen { /* a line of a chunk, read from its start */
    uint64_t offset, size, sum;
};

static void check(bool good) {
    if (!good)
        abort();
}

/* Reads to the end; every byte of a line and its padding has to be there. */
static void read_lines(struct line_reader *r) {
    uint64_t text = 0, rounds = 0;
    struct line line;
    struct error err;
    for (int code; text < TEXT_MAX && (code = line_reader_next(r, &line, &err)) != 0; rounds++) {
        if (code < 0) {
            check(line_reader_passed(code));
            check(err.text[0] && rounds < TEXT_MAX);
            continue;
        }
        unsigned sum = 0;
        for (size_t i = 0; i < line.len + JSON_PADDING; i++)
            sum += (unsigned char)line.at[i];
        check(line.len < line.size && line.size <= LINE_MAX_BYTES);
        text += line.size + (sum == 1);
    }
    struct line_tail tail = line_reader_tail(r);
    check(tail.partial.len <= LINE_MAX_BYTES);
    check(tail.partial.len == 0 || !memchr(tail.partial.at, '\n', tail.partial.len));
}

static struct seen see(const struct line *line) {
    struct seen s = {line->offset, line->size, 0};
    for (size_t i = 0; i < line->len; i++)
        s.sum = s.sum * 1099511628211U + (unsigned char)line->at[i];
    return s;
}

/* The lines of a chunk up to the first damage. */
static size_t see_chunk(struct line_reader *r, const struct line_chunk *chunk, struct seen *ret) {
    struct line line;
    size_t n = 0;
    check(line_reader_enter(r, chunk->offset, 0, false, NULL) == 0);
    line_reader_limit(r, chunk->offset + chunk->size);
    while (n < SEEN_MAX && line_reader_next(r, &line, NULL) == 1 && line.offset < SEEN_TEXT_MAX)
        ret[n++] = see(&line);
    return n;
}

/* Entered near any of its places, a chunk has to give the very lines that are there when it is read from its start. */
static void enter_near(struct line_reader *r, const struct line_chunk *chunk) {
    static struct seen seen[SEEN_MAX];
    size_t n = see_chunk(r, chunk, seen);
    for (size_t k = 1; n > 0 && k <= NEAR_TARGETS; k++) {
        const struct seen *at = &seen[(n - 1) * k / NEAR_TARGETS];
        uint64_t target = at->offset + (k % 3 ? 0 : at->size / 2),
                 point = line_reader_nearest(r, chunk->offset, target);
        int inside = line_reader_enter_near(r, chunk->offset, target, NULL);
        struct line line;
        check(inside == (point > 0) && point <= target);
        line_reader_limit(r, chunk->offset + chunk->size);
        for (size_t i = 0; i < n; i++) {
            if (seen[i].offset < point)
                continue;
            check(line_reader_next(r, &line, NULL) == 1);
            struct seen again = see(&line);
            check(memcmp(&again, &seen[i], sizeof again) == 0);
        }
        for (unsigned i = 0; i < NEAR_BEYOND && line_reader_next(r, &line, NULL) != 0; i++)
            (void)see(&line);
    }
}

static void enter_chunks(struct line_file *f, struct line_reader *r, uint64_t size) {
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    uint64_t end = 0;
    if (line_file_chunks(f, &chunks, &n, NULL) < 0)
        abort();
    for (size_t i = 0; i < n; i++) {
        check(chunks[i].offset >= end && chunks[i].offset < size);
        check(chunks[i].size <= size - chunks[i].offset);
        end = chunks[i].offset + chunks[i].size;
        if (i >= ENTERED_MAX)
            continue;
        check(line_reader_enter(r, chunks[i].offset, chunks[i].text_offset, i % 2 == 1, NULL) == 0);
        if (i % 3 == 2)
            line_reader_limit(r, end);
        read_lines(r);
        if (i < NEAR_CHUNKS_MAX)
            enter_near(r, &chunks[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    struct line_file *f = NULL;
    struct line_reader *r = NULL;
    struct line_file_facts facts;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    size_t half = size / 2;
    check(fd >= 0 && write(fd, data, half) == (ssize_t)half);
    check(line_file_open(path, &f, NULL) == 0 && line_reader_create(f, &r, NULL) == 0);
    line_reader_remember(r, NEAR_SPACING);
    read_lines(r);
    enter_chunks(f, r, half);
    check(line_reader_enter(r, 0, 0, false, NULL) == 0);
    read_lines(r);
    check(write(fd, data + half, size - half) == (ssize_t)(size - half));
    read_lines(r);
    check(line_file_facts(f, &facts, NULL) == 0 && facts.size == size);
    enter_chunks(f, r, size);
    line_file_distrust(f);
    enter_chunks(f, r, size);
    line_reader_destroy(r);
    line_file_close(f);
    (void)close(fd);
    return 0;
}
