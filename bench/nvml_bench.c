/* bench/nvml_bench.c: what NVIDIA's cards cost us: own processor time of one sample of all, and calls of the library. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "collect/gpu/drivers.h"
#include "collect/gpu/nvidia_card.h"

/* usage: nvml_bench LIBRARY [samples]: with the stand-in of the tests, which does not delay, the time is nearly our own */

enum { CARDS_MAX = 16, PER_FRAME_NS = 1000000000 };

static double cpu_us(void) {
    struct timespec used;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static double sample_all(void **cards, int n, struct frame *frame, int64_t mono_ns) {
    struct cycle cycle = {.host_id = TEXT("bench"), .mono_ns = mono_ns, .wall_ns = clock_wall_ns()};
    struct error err;
    frame_reset(frame);
    double before = cpu_us();
    for (int i = 0; i < n; i++)
        if (nvidia_driver.sample(cards[i], &cycle, frame, &err) < 0)
            (void)fprintf(stderr, "card %d: %s\n", i, err.text);
    return cpu_us() - before;
}

static uint64_t calls_of(void **cards, int n) {
    uint64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += nvidia_card_calls(cards[i]);
    return sum;
}

int main(int argc, char **argv) {
    struct collect_options options = {.roots = {"/proc", "/sys", "/"}, .nvml = argc > 1 ? argv[1] : NULL};
    int samples = argc > 2 ? atoi(argv[2]) : 1000;
    static char keys[CARDS_MAX][GPU_KEY_MAX];
    void *cards[CARDS_MAX] = {NULL};
    void *driver = NULL;
    struct frame frame;
    struct error err;
    double sum = 0;
    double least = 1e300;
    if (nvidia_driver.open(&options, &driver, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int n = nvidia_driver.list(driver, keys, CARDS_MAX, &err);
    for (int i = 0; i < n; i++)
        if (nvidia_driver.attach(driver, keys[i], &cards[i], &err) < 0)
            return 1;
    frame_init(&frame);
    printf("%d cards\n  first sample: %.0f us", n, sample_all(cards, n, &frame, PER_FRAME_NS));
    uint64_t first = calls_of(cards, n);
    printf(", %.1f calls per card\n", n > 0 ? (double)first / n : 0);
    for (int s = 0; s < samples; s++) { /* as at one frame per second: what is slow comes up as often as then */
        double us = sample_all(cards, n, &frame, (int64_t)PER_FRAME_NS * (s + 2));
        sum += us;
        least = us < least ? us : least;
    }
    printf("  %d more: %.1f us each (least %.1f), %.1f calls per card and frame\n", samples, sum / samples, least,
        n > 0 ? (double)(calls_of(cards, n) - first) / n / samples : 0);
    for (int i = 0; i < n; i++)
        nvidia_driver.detach(cards[i]);
    nvidia_driver.close(driver);
    frame_done(&frame);
    return 0;
}
