/* collect/gpu/runner.h: a driver at work: a thread that opens it, looks for its cards, takes them up and lets them go. */
#ifndef TACHO_COLLECT_GPU_RUNNER_H
#define TACHO_COLLECT_GPU_RUNNER_H

#include "collect/gpu/card.h"
#include "collect/gpu/driver.h"

struct gpu_runner; /* opaque; one owner thread besides its own */

struct gpu_times {
    int64_t list_ns;  /* between two looks for cards */
    int64_t hurry_ns; /* the same while something is lost: a card, or the driver itself */
    int64_t gone_ns;  /* a card that was not listed for so long is let go */
};
#define GPU_LIST_EVERY_NS (INT64_C(30) * 1000000000)
#define GPU_HURRY_NS (INT64_C(2) * 1000000000)
#define GPU_GONE_NS (INT64_C(300) * 1000000000)

/* What the owner sees of it. Zero-initialise. The cards are the owner's to ask until it looks again. */
struct gpu_view {
    struct gpu_card *cards[GPU_CARDS_MAX]; /* in the driver's order */
    size_t n;
    uint64_t version;     /* of `cards` */
    bool settled;         /* the driver was opened (or is not here), and its cards were looked for once */
    struct error trouble; /* code 0: none; why there is no driver, or what is wrong with its list or with a card not taken up */
};

/* Starts the thread and returns at once. Options are copied. -ERR_NOMEM, -ERR_OS. */
int gpu_runner_create(const struct gpu_driver *driver, const struct collect_options *options,
    const struct gpu_times *times, struct gpu_runner **ret, struct error *err) NODISCARD;
void gpu_runner_look(struct gpu_runner *r, struct gpu_view *view);
/* Waits until it has settled, or until the deadline. */
void gpu_runner_wait(struct gpu_runner *r, int64_t deadline_mono_ns);
/* A card does not answer as it should: look for cards soon. */
void gpu_runner_hurry(struct gpu_runner *r);
/* Ends the thread, lets the cards go and closes the driver. What hangs is left behind after WORKER_CLOSE_NS, and cleans up after
 * itself when it comes back. NULL is fine. */
void gpu_runner_destroy(struct gpu_runner *r);

#endif
