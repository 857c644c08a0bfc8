/* collect/gpu/driver.h: one vendor's interface to its cards. */
#ifndef TACHO_COLLECT_GPU_DRIVER_H
#define TACHO_COLLECT_GPU_DRIVER_H

#include "collect/collector.h"

enum {
    GPU_CARDS_MAX = 256,   /* of one driver; more are left out, and said so */
    GPU_KEY_MAX = 96,      /* bytes of a card's key, NUL included */
};

/*
 * A driver is asked from one thread at a time (`open`, `list`, `attach`, `detach`, `close`), and each of its cards from a
 * thread of that card's own (`sample`): a card whose driver hangs costs its own readings only. So `sample` may run for
 * several cards at once, and while `list` runs. All of them may block.
 */
struct gpu_driver {
    const char *name; /* for people: "nvidia", "amd", "intel", "drm" */
    /* -ERR_ABSENT: no such cards or no such interface here, nor can one come while we run … within GPU_LIST_EVERY_NS it is
     * looked for again. Any other error is reported in every frame until an open works. */
    int (*open)(const struct collect_options *options, void **ret, struct error *err);
    /* The keys of the cards that are there now, in the driver's own order, which gives them their index. A key names the card
     * for good: it is the same after the card was lost and came back. Returns how many. */
    int (*list)(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err);
    /* Takes up a card: what never changes is read here. */
    int (*attach)(void *self, const char *key, void **ret_card, struct error *err);
    /* Adds one item to into->gpus (who and what it is at the least: uuid, name, vendor, pci_bus_id; host_id, hostname, instance,
     * time, index and device_type are set by the caller) and a row to into->processes for each process that uses the card, as
     * struct cycle says of gpu_users. What cannot be read stays unknown. A card that is lost, or hangs in its reset, is an error:
     * `err` says which and why; it is asked again with the next cycle, and must come back by itself when the card does. */
    int (*sample)(void *card, const struct cycle *cycle, struct frame *into, struct error *err);
    void (*detach)(void *card); /* NULL is fine */
    void (*close)(void *self);  /* NULL is fine; every card is detached before */
    void (*explain)(const struct collect_options *options, struct report *report);
};

extern const struct gpu_driver *const gpu_drivers[]; /* the only list; NULL at the end */

#endif
