/* tools/fake_nvml_script.c: reads the script of the stand-in for NVIDIA's library. */
#include "fake_nvml_script.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collect/gpu/nvml.h"

enum { ENTRIES_MAX = 2048, ALL_CARDS = -2 };

static struct entry {
    int card;
    char key[64], value[FAKE_TEXT];
    uint64_t reads;
} entries[ENTRIES_MAX];
static size_t n_entries;
static struct stat seen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void read_line(char *line) {
    struct entry e = {.card = FAKE_NO_CARD};
    char card[16];
    int used = 0;
    char *comment = strchr(line, '#');
    if (comment)
        *comment = '\0';
    if (sscanf(line, " card %15s%n", card, &used) == 1) {
        e.card = strcmp(card, "*") == 0 ? ALL_CARDS : atoi(card);
        line += used;
    }
    if (sscanf(line, " %63s%n", e.key, &used) != 1 || n_entries == ENTRIES_MAX)
        return;
    line += used;
    line += strspn(line, " \t");
    (void)snprintf(e.value, sizeof e.value, "%.*s", (int)strcspn(line, "\n"), line);
    for (size_t n = strlen(e.value); n > 0 && e.value[n - 1] == ' '; n--)
        e.value[n - 1] = '\0';
    entries[n_entries++] = e;
}

void fake_refresh(void) {
    const char *path = getenv("FAKE_NVML_SCRIPT");
    struct stat now;
    char line[FAKE_TEXT];
    if (!path || stat(path, &now) != 0)
        return;
    (void)pthread_mutex_lock(&lock);
    if (now.st_ino != seen.st_ino || now.st_size != seen.st_size || now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec ||
        now.st_mtim.tv_sec != seen.st_mtim.tv_sec) {
        FILE *file = fopen(path, "re");
        if (file) {
            n_entries = 0;
            while (fgets(line, sizeof line, file))
                read_line(line);
            seen = now;
        }
        if (file)
            (void)fclose(file);
    }
    (void)pthread_mutex_unlock(&lock);
}

static struct entry *find(int card, const char *key) {
    for (size_t i = n_entries; i > 0; i--) {
        struct entry *e = &entries[i - 1];
        if ((e->card == card || (card >= 0 && e->card == ALL_CARDS)) && strcmp(e->key, key) == 0)
            return e;
    }
    return NULL;
}

bool fake_text(int card, const char *key, char out[FAKE_TEXT]) {
    (void)pthread_mutex_lock(&lock);
    const struct entry *e = find(card, key);
    if (e)
        memcpy(out, e->value, FAKE_TEXT);
    (void)pthread_mutex_unlock(&lock);
    return e != NULL;
}

bool fake_line(int card, const char *key, unsigned which, char out[FAKE_TEXT]) {
    bool found = false;
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_entries && !found; i++) {
        const struct entry *e = &entries[i];
        if ((e->card != card && e->card != ALL_CARDS) || strcmp(e->key, key) != 0 || which-- > 0)
            continue;
        memcpy(out, e->value, FAKE_TEXT);
        found = true;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

bool fake_number(int card, const char *key, uint64_t otherwise, uint64_t *ret, unsigned *type) {
    static const struct {
        const char *prefix;
        unsigned type;
    } types[] = {{"u32:", NVML_VALUE_UINT}, {"i32:", NVML_VALUE_INT}, {"i64:", NVML_VALUE_LONGLONG},
        {"f64:", NVML_VALUE_DOUBLE}, {"u16:", NVML_VALUE_USHORT}, {"ulong:", NVML_VALUE_ULONG}};
    bool known = true;
    unsigned kind = NVML_VALUE_ULONGLONG;
    *ret = otherwise;
    (void)pthread_mutex_lock(&lock);
    struct entry *e = find(card, key);
    if (e) {
        const char *text = e->value;
        char *end = NULL;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            if (strncmp(text, types[i].prefix, strlen(types[i].prefix)) != 0)
                continue;
            kind = types[i].type;
            text += strlen(types[i].prefix);
        }
        known = strcmp(text, "none") != 0;
        *ret = strtoull(text, &end, 0); /* a sign makes it two's complement */
        if (*end == '+')
            *ret += strtoull(end + 1, NULL, 0) * e->reads++;
    }
    (void)pthread_mutex_unlock(&lock);
    if (type)
        *type = kind;
    return known;
}
