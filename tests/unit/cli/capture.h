/* tests/unit/cli/capture.h: what the program prints, caught in files. */
#ifndef TACHO_TESTS_CLI_CAPTURE_H
#define TACHO_TESTS_CLI_CAPTURE_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/program.h"

static char printed[1 << 16], complained[1 << 14];

static void caught(int fd, char *into, size_t cap) {
    ssize_t n = pread(fd, into, cap - 1, 0);
    into[n > 0 ? n : 0] = '\0';
    (void)close(fd);
}

/* Runs tacho with these words (NULL at the end); what it printed is in `printed` and `complained`. */
static int run_words(const struct program *p, char **words) {
    int argc = 0, fds[2] = {memfd_create("out", MFD_CLOEXEC), memfd_create("err", MFD_CLOEXEC)};
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    while (words[argc])
        argc++;
    (void)fflush(stdout);
    (void)dup2(fds[0], STDOUT_FILENO);
    (void)dup2(fds[1], STDERR_FILENO);
    int code = program_run(p, argc, words);
    (void)fflush(stdout);
    (void)dup2(kept[0], STDOUT_FILENO);
    (void)dup2(kept[1], STDERR_FILENO);
    (void)close(kept[0]);
    (void)close(kept[1]);
    caught(fds[0], printed, sizeof printed);
    caught(fds[1], complained, sizeof complained);
    return code;
}

#define run_tacho(...) run_words(&program, (char *[]){(char[]){"tacho"}, __VA_ARGS__, NULL})

#endif
