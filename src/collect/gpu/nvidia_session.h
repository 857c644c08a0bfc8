/* collect/gpu/nvidia_session.h: one use of NVIDIA's management library, shared by the driver and its cards' threads. */
#ifndef TACHO_COLLECT_GPU_NVIDIA_SESSION_H
#define TACHO_COLLECT_GPU_NVIDIA_SESSION_H

#include <pthread.h>
#include <stdbool.h>

#include "base/clock.h"
#include "collect/gpu/driver.h"
#include "collect/gpu/nvml.h"

struct nvidia_card;

/*
 * The library's state is one for the whole process: to find a card again that was lost, it may have to be shut down and
 * initialised anew, and that only while nobody is inside one of its calls. So whoever calls it enters before and leaves behind;
 * no lock is held meanwhile, and a call that hangs costs its caller (and puts off a renewal) only.
 */
struct nvidia_session {
    struct nvml nvml;            /* calls only between enter and leave; the pointers never change */
    int pci_fd;                  /* bus/pci/devices of sysfs, or -1 */
    /* Changed by a renewal only: to be read between enter and leave. */
    unsigned generation;         /* counts initialisations: handles of an older one are void */
    char driver_version[NVML_NAME_BYTES], cuda_version[NVML_NAME_BYTES]; /* "" when not known */
    size_t process_bytes;        /* distance between two entries of the calls ..._v3 of this driver */
    /* The driver's own: keys by index, as last seen, for cards that do not answer. */
    char (*keys)[GPU_KEY_MAX];
    size_t n_keys;

    pthread_mutex_t lock;        /* over all below; never held around a call of the library */
    pthread_cond_t left;
    unsigned users;              /* the driver and each card; the last one frees */
    unsigned inside;
    bool renewing;
    int broken;                  /* why the last initialisation failed; 0 when it worked */
    int64_t renew_at_ns, renew_wait_ns; /* when the next renewal may be, of the cycles' monotonic clock; 0: none is due */
    struct nvidia_card *cards;
};

#define NVIDIA_RENEW_FIRST_NS (10 * NS_PER_SECOND)  /* after a card was lost; twice as long each time … */
#define NVIDIA_RENEW_LAST_NS (3600 * NS_PER_SECOND) /* … up to this */

/* Loads and initialises the library. -ERR_ABSENT: no library, no driver, or it is not asked for. */
int nvidia_session_open(const struct collect_options *options, struct nvidia_session **ret, struct error *err) NODISCARD;
/* Both wait for a renewal that is under way. */
void nvidia_session_ref(struct nvidia_session *s, struct nvidia_card *card); /* takes the card into the list */
void nvidia_session_unref(struct nvidia_session *s, struct nvidia_card *card); /* NULL: the driver's own */

/* False, with why, while the library is being renewed or does not work. Never blocks. */
bool nvidia_session_enter(struct nvidia_session *s, struct error *err) NODISCARD;
void nvidia_session_leave(struct nvidia_session *s);

/* A card is lost, or is back. `now_ns`: the cycle's monotonic time. */
void nvidia_session_lost(struct nvidia_session *s, int64_t now_ns);
void nvidia_session_back(struct nvidia_session *s);
/* Shuts the library down and initialises it, if that is due and everybody leaves within NVIDIA_RENEW_PATIENCE_NS. Called
 * from outside. May block. */
void nvidia_session_renew(struct nvidia_session *s, int64_t now_ns);
#define NVIDIA_RENEW_PATIENCE_NS (200 * NS_PER_MS)

#endif
