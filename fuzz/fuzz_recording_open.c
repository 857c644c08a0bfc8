/* fuzz/fuzz_recording_open.c: any bytes as a recording: opened, walked, searched, scanned, followed and continued. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "recording/cursor.h"
#include "recording/follow.h"
#include "recording/resume.h"
#include "recording/scan.h"

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

enum { FRAMES_MAX = 3000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fine(int code, const struct error *err) {
    return code >= 0 || (code == -(int)err->code && err->text[0] && strlen(err->text) < sizeof err->text);
}

static long count(struct cursor *c, bool back) {
    struct error err = {0};
    long n = 0;
    int code = back ? cursor_last(c, &err) : cursor_first(c, &err);
    for (; code == 1 && n < FRAMES_MAX; n++)
        code = cursor_step(c, back ? -1 : 1, &err);
    REQUIRE(fine(code, &err));
    return code < 0 ? -1 : n;
}

/* All frames forwards, then as many backwards. The number of frames; -1 when there was an error. */
static long walk(struct recording *r, struct cursor *c) {
    long n = count(c, false);
    if (n >= 0 && recording_damage(r).distrusted > 0) /* what the untrue index hid may be seen now */
        n = count(c, false);
    if (n >= 0)
        REQUIRE(n == count(c, true));
    return n;
}

static void search(struct cursor *c, long frames, uint64_t random) {
    struct error err = {0};
    static const int64_t times[] = {INT64_MIN, 0, INT64_C(1776513600) * NS_PER_SECOND, INT64_MAX};
    static const int64_t steps[] = {1, -1, 7, -7, 1000, -1000, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        int code = cursor_seek_time(c, times[i] + (int64_t)(i == 2 ? random % 100000 * NS_PER_MS : 0), &err);
        REQUIRE(fine(code, &err));
        REQUIRE(frames < 0 || code == (frames > 0));
        if (code == 1 && i != 0)
            REQUIRE(fine(cursor_step(c, steps[(random + i) % COUNT_OF(steps)], &err), &err));
        code = cursor_seek_seq(c, random % 2 ? random % 5000 : (uint64_t)times[i], &err);
        REQUIRE(fine(code, &err));
        REQUIRE(frames < 0 || code == (frames > 0));
    }
}

static void scan(struct recording *r) {
    for (unsigned whole = 0; whole < 2; whole++) {
        struct scan_report report = {.previous_ns = TIME_UNKNOWN};
        struct arena arena = {0};
        struct error err = {0};
        int code =
            whole ? recording_scan(r, 0, &arena, &report, NULL, &err) : recording_summary(r, 0, &arena, &report, &err);
        REQUIRE(fine(code, &err));
        arena_done(&arena);
    }
}

static void follow(const char *path) {
    struct follow *f = NULL;
    struct followed line;
    struct error err = {0};
    int code = follow_open(path, &f, &err);
    REQUIRE(fine(code, &err));
    while (code >= 0 && (code = follow_next(f, &line, &err)) == 1)
        continue;
    REQUIRE(fine(code, &err));
    follow_close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    char path[64];
    if (fd < 0)
        fd = memfd_create("recording", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    uint64_t random = 1469598103934665603U;
    for (size_t i = 0; i < size; i++)
        random = (random ^ data[i]) * 1099511628211U;
    /* Looking at a file in another order must not matter. */
    for (unsigned first = 0; first < 2; first++) {
        struct recording *r = NULL;
        struct cursor *c = NULL;
        struct error err = {0};
        const char *paths[] = {path};
        int code = recording_open(paths, 1, false, &r, &err);
        REQUIRE(fine(code, &err));
        if (code < 0)
            break;
        if (cursor_create(r, &c, NULL) == 0) {
            cursor_stop_at_marks(c, random & 1);
            if (first == 0)
                search(c, -1, random);
            search(c, walk(r, c), random + 1);
        }
        if (first == 1)
            scan(r);
        cursor_destroy(c);
        recording_close(r);
    }
    follow(path);
    uint64_t seq = 0;
    int64_t ns = 0;
    struct error err = {0};
    REQUIRE(fine(recording_resume(path, &seq, &ns, &err), &err));
    return 0;
}
