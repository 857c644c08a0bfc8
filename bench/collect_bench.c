/* bench/collect_bench.c: what one frame of this machine costs: processor time per section, and the memory kept for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <signal.h>

#include "base/clock.h"
#include "base/text.h"
#include "collect/collect.h"

/* usage: collect_bench [idle children] [active children] [samples] [interval ms] [--print] */

enum { SAMPLES_MAX = 1000 };

static pid_t start_child(bool active) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        struct timespec nap = {active ? 0 : 3600, active ? 20000000 : 0};
        for (volatile unsigned i = 0; active && i < 10000; i++) {
        }
        (void)nanosleep(&nap, NULL);
    }
}

static double cpu_ms(void) {
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static void print_rss(const char *when) {
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    if (file && fgets(text, sizeof text, file)) {
        char *end = NULL;
        (void)strtoul(text, &end, 10);
        pages = strtoul(end, NULL, 10);
    }
    if (file)
        (void)fclose(file);
    printf("  resident %s: %.2f MiB\n", when, (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20));
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static unsigned number(const char *text, unsigned otherwise) {
    uint64_t value = 0;
    return text && text_u64(text_of(text), &value) && value <= 100000 ? (unsigned)value : otherwise;
}

static int measure(const char *name, unsigned wanted, unsigned samples, unsigned interval_ms, bool print) {
    struct collect_options options = {.roots = {"/proc", "/sys", "/"}, .sections = wanted, .processes = PROCESSES_ALL};
    struct collect *c = NULL;
    struct error err;
    struct frame frame;
    double used[SAMPLES_MAX];
    print_rss("before");
    double before_ms = cpu_ms();
    int64_t before_ns = clock_mono_ns();
    if (collect_open(collectors, &options, &c, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    frame_init(&frame);
    size_t errors = 0;
    if (collect_sample(c, &frame, &err) < 0)
        return 1;
    printf("%s: first frame after %.2f ms (%.2f ms of processor time), %zu processes, %zu errors\n", name,
        (double)(clock_mono_ns() - before_ns) / 1e6, cpu_ms() - before_ms, frame.processes.n, frame.errors.n);
    for (unsigned i = 0; i < samples; i++) {
        struct timespec nap = {interval_ms / 1000, (long)(interval_ms % 1000) * 1000000};
        (void)nanosleep(&nap, NULL);
        before_ms = cpu_ms();
        if (collect_sample(c, &frame, &err) < 0)
            return 1;
        used[i] = cpu_ms() - before_ms;
        errors += frame.errors.n;
    }
    qsort(used, samples, sizeof *used, by_value);
    printf("%s: %.3f ms of processor time per frame (median of %u; least %.3f, most %.3f), %zu processes, %zu errors\n",
        name, used[samples / 2], samples, used[0], used[samples - 1], frame.processes.n, errors);
    print_rss("after");
    if (print) {
        struct buffer json = {.at = NULL};
        if (frame_write_json(&frame, &json, &err) == 0)
            printf("%.*s\n", (int)json.len, json.at);
        buffer_done(&json);
    }
    frame_done(&frame);
    (void)collect_close(c);
    return 0;
}

int main(int argc, char **argv) {
    bool print = argc > 1 && strcmp(argv[argc - 1], "--print") == 0;
    argc -= print;
    unsigned idle = number(argc > 1 ? argv[1] : NULL, 300);
    unsigned active = number(argc > 2 ? argv[2] : NULL, 0);
    unsigned samples = number(argc > 3 ? argv[3] : NULL, 21);
    unsigned interval_ms = number(argc > 4 ? argv[4] : NULL, 500);
    samples = samples == 0 ? 1 : samples > SAMPLES_MAX ? SAMPLES_MAX : samples;
    for (unsigned i = 0; i < idle + active; i++)
        if (start_child(i >= idle) < 0)
            return 1;
    (void)usleep(200000);
    unsigned all = 1U << SECTION_GPU | 1U << SECTION_CPU | 1U << SECTION_MEMORY | 1U << SECTION_CHASSIS |
                   1U << SECTION_PROCESS | 1U << SECTION_STORAGE | 1U << SECTION_NETWORK;
    static const struct {
        const char *name;
        unsigned wanted;
    } runs[] = {{"gpu", 1U << SECTION_GPU}, {"cpu", 1U << SECTION_CPU}, {"memory", 1U << SECTION_MEMORY},
        {"chassis", 1U << SECTION_CHASSIS}, {"storage", 1U << SECTION_STORAGE}, {"network", 1U << SECTION_NETWORK},
        {"process", 1U << SECTION_PROCESS}};
    int failed = measure("all", all, samples, interval_ms, print);
    failed |= measure("system", all & ~(1U << SECTION_PROCESS), samples, interval_ms, false);
    for (size_t i = 0; i < COUNT_OF(runs); i++)
        failed |= measure(runs[i].name, runs[i].wanted, samples, interval_ms, false);
    return failed;
}
