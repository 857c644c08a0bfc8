/* collect/gpu/nvidia.c: NVIDIA's cards, by the management library of their driver (NVML). */
#include "collect/gpu/drivers.h"

#include <stdio.h>
#include <stdlib.h>

#include "collect/gpu/nvidia_card.h"

static int nvidia_open(const struct collect_options *options, void **ret, struct error *err) {
    struct nvidia_session *s = NULL;
    int r = nvidia_session_open(options, &s, err);
    if (r == 0)
        *ret = s;
    return r;
}

static bool listed(char (*keys)[GPU_KEY_MAX], unsigned n, const char *key) {
    for (unsigned i = 0; i < n; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* A card that does not answer keeps the key that it had at this place; one that never answered is named by its number. */
static void key_of(const struct nvidia_session *s, unsigned index, char (*keys)[GPU_KEY_MAX]) {
    nvml_device device = NULL;
    char pci[NVIDIA_PCI_MAX];
    if (s->nvml.device_by_index(index, &device) == NVML_OK && nvidia_pci_name(&s->nvml, device, pci) == NVML_OK)
        (void)snprintf(keys[index], GPU_KEY_MAX, "%s", pci);
    else if (index < s->n_keys && !listed(keys, index, s->keys[index]))
        memcpy(keys[index], s->keys[index], GPU_KEY_MAX);
    else
        (void)snprintf(keys[index], GPU_KEY_MAX, "#%u", index);
}

static int nvidia_list(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *err) {
    struct nvidia_session *s = self;
    unsigned n = 0;
    if (!nvidia_session_enter(s, err))
        return -ERR_OS;
    int r = s->nvml.device_count(&n);
    if (r == NVML_OK) {
        n = n < cap ? n : (unsigned)cap;
        for (unsigned i = 0; i < n; i++)
            key_of(s, i, keys);
    }
    nvidia_session_leave(s);
    if (r != NVML_OK)
        return error_set(err, ERR_OS, "number of NVIDIA's cards: %s", nvml_words(r));
    if (n > 0) {
        void *at = realloc(s->keys, n * sizeof *s->keys);
        if (!at)
            return error_set(err, ERR_NOMEM, "the list of NVIDIA's cards");
        s->keys = at;
        memcpy(s->keys, keys, n * sizeof *keys);
    }
    s->n_keys = n;
    return (int)n;
}

static int nvidia_attach(void *self, const char *key, void **ret_card, struct error *err) {
    struct nvidia_card *c = NULL;
    int r = nvidia_card_attach(self, key, &c, err);
    if (r == 0)
        *ret_card = c;
    return r;
}

static void nvidia_close(void *self) {
    if (self)
        nvidia_session_unref(self, NULL);
}

const struct gpu_driver nvidia_driver = {
    .name = "nvidia",
    .open = nvidia_open,
    .list = nvidia_list,
    .attach = nvidia_attach,
    .sample = nvidia_card_sample,
    .detach = nvidia_card_detach,
    .close = nvidia_close,
    .explain = nvidia_explain,
};
