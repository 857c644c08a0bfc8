/* collect/gpu/nvidia_card.c: one card of NVIDIA's: taking it up, one sample of it, losing it and finding it again. */
#include "collect/gpu/nvidia_card.h"

#include <stdio.h>
#include <stdlib.h>

double nvidia_percent(double value) {
    return value >= 0 && value <= 100.5 ? fmin(value, 100) : NAN;
}

static bool never_there(int r) {
    return r == NVML_NOT_SUPPORTED || r == NVML_FUNCTION_NOT_FOUND || r == NVML_INVALID_ARGUMENT ||
           r == NVML_DEPRECATED || r == NVML_ARGUMENT_VERSION_MISMATCH;
}

static bool means_lost(int r) {
    return r == NVML_GPU_IS_LOST || r == NVML_RESET_REQUIRED || r == NVML_UNINITIALIZED ||
           r == NVML_DRIVER_NOT_LOADED || r == NVML_VERSION_MISMATCH;
}

bool nvidia_answered(struct nvidia_card *c, enum nvidia_reading what, int result) {
    if (result == NVML_OK) {
        c->answered++;
        c->failing[what] = false;
        return true;
    }
    if (means_lost(result)) {
        c->lost = result;
        return false;
    }
    if (never_there(result)) {
        c->unsupported[what] = true;
        return false;
    }
    if (!c->failing[what]) { /* said once, when it begins */
        c->complaints++;
        if (c->complaint == NVML_OK) {
            c->complaint = result;
            c->complaint_about = what;
        }
    }
    c->failing[what] = true;
    return false;
}

int nvidia_pci_name(const struct nvml *nvml, nvml_device device, char ret[NVIDIA_PCI_MAX]) {
    struct nvml_pci_info info = {.domain = 0};
    int r = nvml->pci_info(device, &info);
    if (r == NVML_OK)
        (void)snprintf(ret, NVIDIA_PCI_MAX, "%04x:%02x:%02x.0", info.domain, info.bus & 0xff, info.device & 0x1f);
    return r;
}

int nvidia_card_attach(struct nvidia_session *s, const char *key, struct nvidia_card **ret, struct error *err) {
    struct nvidia_card *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERR_NOMEM, "GPU %s", key);
    c->session = s;
    c->nvml = &s->nvml;
    c->last_xid = U64_UNKNOWN;
    (void)snprintf(c->key, sizeof c->key, "%s", key);
    nvidia_session_ref(s, c);
    *ret = c; /* it is asked for the first time by its own thread, which may hang */
    return 0;
}

void nvidia_card_let_go(struct nvidia_card *c) {
    nvidia_gpm_free(c, &c->gpm);
    for (size_t i = 0; i < c->n_mig; i++)
        nvidia_gpm_free(c, &c->mig[i].gpm);
    c->n_mig = 0;
    if (c->events && c->nvml->event_set_free)
        (void)c->nvml->event_set_free(c->events);
    c->events = NULL;
    c->handle = NULL;
}

void nvidia_card_detach(void *card) {
    struct nvidia_card *c = card;
    if (!c)
        return;
    if (nvidia_session_enter(c->session, NULL)) {
        nvidia_card_let_go(c);
        nvidia_session_leave(c->session);
    }
    nvidia_session_unref(c->session, c);
    free(c->query);
    free(c->places);
    free(c->utils);
    free(c);
}

/* A handle for the card, wherever it is now. */
static bool find_card(struct nvidia_card *c) {
    unsigned index = 0;
    uint64_t number = 0;
    if (c->key[0] != '#')
        return NVIDIA_ASK(c, READ_HANDLE, device_by_pci, c->key, &c->handle);
    if (text_u64(text_of(c->key + 1), &number))
        index = (unsigned)number;
    return NVIDIA_ASK(c, READ_HANDLE, device_by_index, index, &c->handle);
}

/* Takes the card up, as if it had never been seen: after a reset or with another driver it may have other abilities. */
static bool acquire(struct nvidia_card *c) {
    nvidia_card_let_go(c);
    memset(c->unsupported, 0, sizeof c->unsupported);
    field_clear(&gpu_table, &c->kept);
    memset(&c->facts, 0, sizeof c->facts);
    c->generation = c->session->generation;
    c->slow_ns = c->pcie_ns = 0;
    c->n_links = c->n_utils = 0;
    c->has_utils = false;
    if (!find_card(c))
        return false;
    if (!NVIDIA_ASK(c, READ_UUID, uuid, c->handle, c->facts.uuid, sizeof c->facts.uuid - 1))
        return false;
    nvidia_read_identity(c);
    return c->lost == NVML_OK;
}

/* Who the card is, the caller puts before it. */
static int complain(const struct nvidia_card *c, struct error *err) {
    char more[64] = "";
    if (c->lost && known_u64(c->last_xid))
        (void)snprintf(more, sizeof more, " (its last XID: %llu)", (unsigned long long)c->last_xid);
    if (c->lost || c->answered == 0)
        return error_set(err, ERR_OS, "%s%s", nvml_words(c->lost ? c->lost : c->complaint), more);
    if (c->complaints > 1)
        (void)snprintf(more, sizeof more, " (and %u more)", c->complaints - 1);
    return error_set(err, ERR_OS, "%s: %s%s", nvidia_reading_name(c->complaint_about), nvml_words(c->complaint), more);
}

static int sample_inside(struct nvidia_card *c, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct gpu item;
    size_t n_processes = into->processes.n;
    int status = 0;
    c->lost = c->complaint = NVML_OK;
    c->answered = c->complaints = 0;
    bool taken = (c->handle && c->generation == c->session->generation) || acquire(c);
    if (taken) {
        nvidia_read_events(c);
        if (c->slow_ns == 0 || cycle->mono_ns - c->slow_ns >= NVIDIA_SLOW_NS || cycle->mono_ns < c->slow_ns) {
            c->slow_ns = cycle->mono_ns;
            nvidia_read_slow(c);
        }
        nvidia_read_fast(c);
        nvidia_make_item(c, &into->arena, &item);
        status = nvidia_add_processes(c, item.uuid, into);
    }
    if (!taken || c->lost || c->answered == 0) {
        into->processes.n = n_processes;
        c->handle = NULL; /* asked for again at the next cycle */
        return complain(c, err);
    }
    struct gpu *g = frame_add(&into->arena, &into->gpus.list, &gpu_table);
    if (!g || status < 0)
        return error_set(err, ERR_NOMEM, "GPU %s", c->key);
    *g = item;
    return c->complaints > 0 ? complain(c, err) : 0;
}

int nvidia_card_sample(void *card, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct nvidia_card *c = card;
    struct nvidia_session *s = c->session;
    if (!nvidia_session_enter(s, err)) {
        nvidia_session_renew(s, cycle->mono_ns); /* it may have failed to come up again */
        return -ERR_OS;
    }
    int status = sample_inside(c, cycle, into, err);
    bool lost = c->handle == NULL;
    nvidia_session_leave(s);
    if (lost) {
        nvidia_session_lost(s, cycle->mono_ns);
        nvidia_session_renew(s, cycle->mono_ns);
    } else if (c->was_lost) {
        nvidia_session_back(s);
    }
    c->was_lost = lost;
    return status;
}

uint64_t nvidia_card_calls(const void *card) {
    const struct nvidia_card *c = card;
    return c->calls;
}
