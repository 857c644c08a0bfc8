/* fuzz/fuzz_linefile_mend.c: lines are appended to any bytes: what could be read before stays, what was appended is read. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linefile/reader.h"
#include "linefile/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 8 << 20 };

static void check(bool good) {
    if (!good)
        abort();
}

static const char *const appended[] = {"{\"appended\":1}", "", "{\"appended\":3}"};

struct seen {
    uint64_t lines, hash;
    unsigned failures; /* damage, or lines that are too long */
    bool whole;        /* all was read, and it ends clean */
    bool table;        /* a seek table ends it: then its last frame is not looked into */
    unsigned at_end;   /* how many of the appended lines the last ones are */
};

/* Reads all; the hash is that of the first `until` lines. */
static struct seen read_file(const char *path, uint64_t until) {
    struct line_file *f = NULL;
    struct line_reader *r = NULL;
    struct seen s = {.hash = 14695981039346656037U};
    struct line_file_facts facts = {0};
    uint64_t text = 0;
    struct line line;
    check(line_file_open(path, &f, NULL) == 0 && line_reader_create(f, &r, NULL) == 0);
    for (int code; text < TEXT_MAX && (code = line_reader_next(r, &line, NULL)) != 0;) {
        if (code < 0) {
            s.failures++;
            text++;
            continue;
        }
        for (size_t i = 0; s.lines < until && i < line.len; i++)
            s.hash = (s.hash ^ (unsigned char)line.at[i]) * 1099511628211U;
        s.hash += s.lines < until;
        s.lines++;
        text += line.size;
        bool next = s.at_end < 3 && text_is((struct text){line.at, line.len}, appended[s.at_end]);
        s.at_end = next ? s.at_end + 1 : text_is((struct text){line.at, line.len}, appended[0]);
    }
    struct line_tail tail = line_reader_tail(r);
    s.whole = text < TEXT_MAX && tail.partial.len == 0 && !tail.cut_stream;
    check(line_file_facts(f, &facts, NULL) == 0);
    s.table = facts.seek_table;
    line_reader_destroy(r);
    line_file_close(f);
    return s;
}

static void put_bytes(const char *path, const uint8_t *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    struct line_writer *w = NULL;
    struct stat info;
    (void)snprintf(
        path, sizeof path, "%s/linefile-mend-%d", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
    put_bytes(path, data, size);
    struct seen before = read_file(path, UINT64_MAX);
    enum codec codec = codec_sniff(data, size);
    struct line_writer_options o = {.path = path, .codec = codec, .mode = LINE_WRITER_APPEND};
    int r = line_writer_open(&o, &w, NULL);
    if (r < 0) { /* what cannot be continued stays as it is */
        check(stat(path, &info) == 0 && info.st_size == (off_t)size);
        (void)unlink(path);
        return 0;
    }
    for (size_t i = 0; i < 3; i++)
        check(line_writer_put(w, appended[i], strlen(appended[i]), NULL) == 0);
    check(line_writer_close(w, NULL) == 0);
    struct seen after = read_file(path, before.failures ? 0 : before.lines);
    /* Where damage in the middle stays, what is read behind it may depend on what follows. */
    if (before.lines < 100000 && after.whole && !before.failures) {
        check(after.at_end == 3);
        check(after.lines >= before.lines + 3 && after.hash == before.hash);
        check(before.table || after.failures == 0);
    }
    /* What was mended needs no mending. */
    check(line_writer_open(&o, &w, NULL) == 0);
    check(before.failures || line_writer_facts(w).mended_bytes == 0);
    check(line_writer_close(w, NULL) == 0);
    check(!after.whole || read_file(path, 0).lines == after.lines);
    (void)unlink(path);
    return 0;
}
