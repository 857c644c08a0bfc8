/* fuzz/replay.c: runs a fuzz target over every file of a folder, so that what fuzzing found stays found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    FILE *file = fopen(path, "rbe");
    if (!file) {
        perror(path);
        return 1;
    }
    enum { MAX = 4 << 20 };
    uint8_t *bytes = malloc(MAX);
    size_t n = bytes ? fread(bytes, 1, MAX, file) : 0;
    (void)fclose(file);
    /* An exact copy, so that a sanitizer sees the first byte read past the end. */
    uint8_t *exact = malloc(n ? n : 1);
    if (!bytes || !exact) {
        free(bytes);
        free(exact);
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        exact[i] = bytes[i];
    free(bytes);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv) {
    unsigned files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            perror(argv[i]);
            return 1;
        }
        for (struct dirent *entry; (entry = readdir(dir));) {
            char path[4096];
            if (entry->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (run_file(path) != 0)
                return 1;
            files++;
        }
        (void)closedir(dir);
    }
    printf("%u inputs\n", files);
    return files == 0;
}
