/* collect/gpu/nvidia_session.c: one use of NVIDIA's management library: opening it, its renewal, who is inside. */
#include "collect/gpu/nvidia_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/gpu/nvidia_card.h"
#include "collect/kernel_file.h"
#include "collect/thread.h"

/* From 535.43 to before 535.98 the calls named ..._v3 write larger entries than before and since. */
static size_t process_bytes(struct text version) {
    struct text major;
    struct text minor;
    uint64_t a = 0;
    uint64_t b = 0;
    if (!text_cut(&version, '.', &major) || !text_cut(&version, '.', &minor) || !text_u64(major, &a) ||
        !text_u64(minor, &b))
        return sizeof(struct nvml_process_v2);
    return a == 535 && b >= 43 && b < 98 ? sizeof(struct nvml_process_protected) : sizeof(struct nvml_process_v2);
}

static int initialise(struct nvidia_session *s) {
    int r = s->nvml.init();
    if (r != NVML_OK)
        return r;
    char driver[NVML_NAME_BYTES] = "";
    int cuda = 0;
    s->driver_version[0] = s->cuda_version[0] = '\0';
    if (s->nvml.driver_version && s->nvml.driver_version(driver, sizeof driver - 1) == NVML_OK)
        memcpy(s->driver_version, driver, sizeof driver);
    if (s->nvml.cuda_version && s->nvml.cuda_version(&cuda) == NVML_OK && cuda > 0)
        (void)snprintf(s->cuda_version, sizeof s->cuda_version, "%d.%d", cuda / 1000, cuda % 1000 / 10);
    s->process_bytes = process_bytes(text_of(s->driver_version));
    s->generation++;
    return NVML_OK;
}

static int explain_init(int r, struct error *err) {
    bool absent = r == NVML_DRIVER_NOT_LOADED || r == NVML_GPU_NOT_FOUND || r == NVML_NOT_FOUND;
    return error_set(err, absent ? ERR_ABSENT : ERR_OS, "NVIDIA's management library: %s", nvml_words(r));
}

int nvidia_session_open(const struct collect_options *options, struct nvidia_session **ret, struct error *err) {
    struct nvml nvml;
    if (options->nvml && strcmp(options->nvml, "none") == 0)
        return error_set(err, ERR_ABSENT, "NVIDIA's management library is not asked for");
    int r = nvml_load(options->nvml, &nvml, err);
    if (r < 0)
        return r;
    struct nvidia_session *s = calloc(1, sizeof *s);
    if (!s) {
        nvml_unload(&nvml);
        return error_set(err, ERR_NOMEM, "NVIDIA's management library");
    }
    *s = (struct nvidia_session){.nvml = nvml, .pci_fd = -1, .users = 1, .renew_wait_ns = NVIDIA_RENEW_FIRST_NS};
    r = initialise(s);
    if (r != NVML_OK) {
        free(s);
        nvml_unload(&nvml);
        return explain_init(r, err);
    }
    (void)pthread_mutex_init(&s->lock, NULL);
    thread_condition_init(&s->left);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/bus/pci/devices", options->roots.sysfs);
    if (kernel_dir_open(path, &s->pci_fd, NULL) < 0)
        s->pci_fd = -1;
    *ret = s;
    return 0;
}

/* The list of cards is the renewal's own while one is under way. */
static void lock_list(struct nvidia_session *s) {
    (void)pthread_mutex_lock(&s->lock);
    while (s->renewing)
        (void)pthread_cond_wait(&s->left, &s->lock);
}

void nvidia_session_ref(struct nvidia_session *s, struct nvidia_card *card) {
    lock_list(s);
    s->users++;
    card->next = s->cards;
    s->cards = card;
    (void)pthread_mutex_unlock(&s->lock);
}

void nvidia_session_unref(struct nvidia_session *s, struct nvidia_card *card) {
    lock_list(s);
    for (struct nvidia_card **at = &s->cards; *at && card; at = &(*at)->next) {
        if (*at != card)
            continue;
        *at = card->next;
        break;
    }
    bool last = --s->users == 0;
    (void)pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    if (!s->broken)
        (void)s->nvml.shutdown();
    nvml_unload(&s->nvml);
    (void)pthread_cond_destroy(&s->left);
    (void)pthread_mutex_destroy(&s->lock);
    file_close(&s->pci_fd);
    free(s->keys);
    free(s);
}

bool nvidia_session_enter(struct nvidia_session *s, struct error *err) {
    (void)pthread_mutex_lock(&s->lock);
    bool renewing = s->renewing;
    int broken = s->broken;
    bool may = !renewing && broken == NVML_OK;
    s->inside += may;
    (void)pthread_mutex_unlock(&s->lock);
    if (!may)
        (void)error_set(err, ERR_OS, "NVIDIA's management library: %s",
            renewing ? "it is being initialised anew, to look for a card that was lost" : nvml_words(broken));
    return may;
}

void nvidia_session_leave(struct nvidia_session *s) {
    (void)pthread_mutex_lock(&s->lock);
    s->inside--;
    (void)pthread_cond_broadcast(&s->left);
    (void)pthread_mutex_unlock(&s->lock);
}

void nvidia_session_lost(struct nvidia_session *s, int64_t now_ns) {
    (void)pthread_mutex_lock(&s->lock);
    if (s->renew_at_ns == 0)
        s->renew_at_ns = now_ns + s->renew_wait_ns;
    (void)pthread_mutex_unlock(&s->lock);
}

void nvidia_session_back(struct nvidia_session *s) {
    (void)pthread_mutex_lock(&s->lock);
    s->renew_at_ns = 0; /* another card that is still lost sets it again */
    s->renew_wait_ns = NVIDIA_RENEW_FIRST_NS;
    (void)pthread_mutex_unlock(&s->lock);
}

/* Waits until nobody is inside, and makes that stay so. */
static bool begin_renewal(struct nvidia_session *s, int64_t now_ns) {
    int64_t deadline = clock_mono_ns() + NVIDIA_RENEW_PATIENCE_NS;
    (void)pthread_mutex_lock(&s->lock);
    bool due = !s->renewing && s->renew_at_ns != 0 && now_ns >= s->renew_at_ns;
    while (due && s->inside > 0) {
        due = thread_wait_until(&s->left, &s->lock, deadline);
        due = due && !s->renewing && now_ns >= s->renew_at_ns;
    }
    if (due) {
        s->renewing = true;
        s->renew_at_ns = now_ns + s->renew_wait_ns;
        s->renew_wait_ns = s->renew_wait_ns < NVIDIA_RENEW_LAST_NS / 2 ? s->renew_wait_ns * 2 : NVIDIA_RENEW_LAST_NS;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return due;
}

void nvidia_session_renew(struct nvidia_session *s, int64_t now_ns) {
    if (!begin_renewal(s, now_ns))
        return;
    for (struct nvidia_card *card = s->cards; card; card = card->next)
        nvidia_card_let_go(card);
    if (s->broken == NVML_OK)
        (void)s->nvml.shutdown();
    int r = initialise(s);
    (void)pthread_mutex_lock(&s->lock);
    s->broken = r;
    s->renewing = false;
    (void)pthread_cond_broadcast(&s->left);
    (void)pthread_mutex_unlock(&s->lock);
}
