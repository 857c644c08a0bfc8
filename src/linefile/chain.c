/* linefile/chain.c: makes and reads the names of a rotated chain. */
#include "linefile/chain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
    NUMBER_DIGITS_MIN = 4,
    CHAIN_SEGMENTS_MAX = 1 << 20,
};

/* Where the extensions of file name `name` begin: at its end when it has none that are known. */
static size_t extensions_at(const char *name, size_t len) {
    static const char *const known[] = {".ndjson", ".jsonl", ".json", ".log", ".txt", ".zst", ".zstd", ".gz", ".gzip"};
    for (;;) {
        const char *dot = memrchr(name, '.', len);
        bool is_known = false;
        for (size_t i = 0; dot && i < COUNT_OF(known); i++)
            is_known |=
                strlen(known[i]) == len - (size_t)(dot - name) && strncasecmp(dot, known[i], strlen(known[i])) == 0;
        if (!is_known || dot == name)
            return len;
        len = (size_t)(dot - name);
    }
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int chain_segment_path(const char *base, unsigned number, char **ret, struct error *err) {
    const char *name = name_of(base);
    size_t stem = (size_t)(name - base) + extensions_at(name, strlen(name));
    char *path = NULL;
    if (stem > INT_MAX || asprintf(&path, "%.*s.%0*u%s", (int)stem, base, NUMBER_DIGITS_MIN, number, base + stem) < 0)
        return error_set(err, ERR_NOMEM, "name of a segment");
    *ret = path;
    return 0;
}

/* Is `name` "<stem>.<number><extensions>"? Then where the dot before the number stands, and the number. */
static bool parse_name(const char *name, size_t *ret_stem, size_t *ret_extensions, unsigned *ret_number) {
    size_t end = extensions_at(name, strlen(name));
    size_t from = end;
    uint64_t number = 0;
    while (from > 0 && name[from - 1] >= '0' && name[from - 1] <= '9')
        from--;
    size_t digits = end - from;
    if (from < 2 || name[from - 1] != '.' || digits < NUMBER_DIGITS_MIN ||
        (digits > NUMBER_DIGITS_MIN && name[from] == '0') || !text_u64((struct text){name + from, digits}, &number) ||
        number == 0 || number > UINT_MAX)
        return false;
    *ret_stem = from - 1;
    *ret_extensions = end;
    *ret_number = (unsigned)number;
    return true;
}

bool chain_parse_path(const char *path, char **ret_base, unsigned *ret_number) {
    const char *name = name_of(path);
    size_t stem = 0, extensions = 0;
    unsigned number = 0;
    char *base = NULL;
    if (!parse_name(name, &stem, &extensions, &number))
        return false;
    stem += (size_t)(name - path);
    if (stem > INT_MAX || asprintf(&base, "%.*s%s", (int)stem, path, name + extensions) < 0)
        return false;
    *ret_base = base;
    *ret_number = number;
    return true;
}

static int add(struct chain *c, const char *path, unsigned number, struct error *err) {
    if (c->n >= CHAIN_SEGMENTS_MAX)
        return error_set(err, ERR_LIMIT, "%s: more than %d segments", path, CHAIN_SEGMENTS_MAX);
    struct chain_segment *at = reallocarray(c->at, c->n + 1, sizeof *at);
    if (at)
        c->at = at;
    char *copy = at ? strdup(path) : NULL;
    if (!copy)
        return error_set(err, ERR_NOMEM, "%s: list of segments", path);
    c->at[c->n++] = (struct chain_segment){.path = copy, .number = number};
    return 0;
}

static int by_age(const void *a, const void *b) {
    /* The active file, number 0, is the newest. */
    unsigned x = ((const struct chain_segment *)a)->number - 1;
    unsigned y = ((const struct chain_segment *)b)->number - 1;
    return (x > y) - (x < y);
}

/* Adds what of the directory belongs to the chain. */
static int scan(DIR *dir, const char *base, struct chain *c, struct error *err) {
    const char *name = name_of(base);
    size_t stem = extensions_at(name, strlen(name));
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t its_stem = 0, its_extensions = 0;
        unsigned number = 0;
        struct stat info;
        if (!parse_name(entry->d_name, &its_stem, &its_extensions, &number) || its_stem != stem ||
            memcmp(entry->d_name, name, stem) != 0 || strcmp(entry->d_name + its_extensions, name + stem) != 0)
            continue;
        c->highest = number > c->highest ? number : c->highest;
        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* gone since */
        if (!S_ISREG(info.st_mode)) {
            c->others++;
            continue;
        }
        char *path = NULL;
        int r = chain_segment_path(base, number, &path, err);
        if (r == 0)
            r = add(c, path, number, err);
        free(path);
        if (r < 0)
            return r;
    }
    return 0;
}

int chain_list(const char *base, struct chain *ret, struct error *err) {
    struct chain c = {0};
    size_t dir_len = (size_t)(name_of(base) - base);
    char *dir_path = dir_len ? strndup(base, dir_len) : strdup(".");
    if (!dir_path)
        return error_set(err, ERR_NOMEM, "%s", base);
    DIR *dir = opendir(dir_path);
    int os_errno = errno;
    free(dir_path);
    *ret = c;
    if (!dir && (os_errno == ENOENT || os_errno == ENOTDIR))
        return error_set(err, ERR_ABSENT, "%s: no such file", base);
    if (!dir && os_errno != EACCES)
        return error_os(err, os_errno, "directory of %s", base);

    struct stat info;
    int r = dir ? scan(dir, base, &c, err) : 0; /* what cannot be listed may still be named */
    if (dir)
        (void)closedir(dir);
    if (r == 0 && stat(base, &info) == 0 && S_ISREG(info.st_mode))
        r = add(&c, base, 0, err);
    if (r < 0) {
        chain_done(&c);
        return r;
    }
    if (c.n > 1)
        qsort(c.at, c.n, sizeof *c.at, by_age);
    *ret = c;
    return c.n > 0 ? 0 : error_set(err, ERR_ABSENT, "%s: no such file", base);
}

void chain_done(struct chain *c) {
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i].path);
    free(c->at);
    *c = (struct chain){0};
}
