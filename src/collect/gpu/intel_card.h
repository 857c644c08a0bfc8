/* collect/gpu/intel_card.h: one Intel card of i915 or xe: what it is, and its readings. */
#ifndef TACHO_COLLECT_GPU_INTEL_CARD_H
#define TACHO_COLLECT_GPU_INTEL_CARD_H

#include "collect/gpu/identity.h"
#include "collect/gpu/intel_engines.h"
#include "collect/gpu/intel_gt.h"
#include "collect/gpu/nodes.h"
#include "collect/gpu/sensors.h"

/* What the cards of a machine share; outlives them. */
struct intel_place {
    struct gpu_place place;
    atomic_int counters_left;
};

struct intel_card {
    struct intel_place *shared; /* borrowed */
    struct gpu_identity id;
    char key[PCI_NAME_MAX];
    int card_fd; /* -1 while the card is gone */
    struct gpu_sensors sensors;
    struct intel_gts gts;
    struct intel_engines *engines; /* NULL without counters … */
    struct error no_engines;       /* … and why there are none */
};

/* Takes up the card whose device has that name. Wakes no card. -ERR_STALE when it has gone, -ERR_NOMEM, -ERR_OS. */
int intel_card_create(struct intel_place *shared, const char *key, struct intel_card **ret, struct error *err) NODISCARD;
void intel_card_destroy(struct intel_card *card); /* NULL is fine */
/* As struct gpu_driver says. */
int intel_card_sample(struct intel_card *card, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;

#endif
