/* collect/gpu/nvidia_process.c: the processes on a card of NVIDIA's: their memory, and their share of its time. */
#include "collect/gpu/nvidia_card.h"

#include <stdlib.h>

enum { PLACES_FIRST = 64, LISTS = 3 };

struct use { /* one entry of one list */
    unsigned pid;
    unsigned part, list; /* MIG instance or 0; which of the three lists */
    uint64_t memory;
};

struct uses {
    struct use *at;
    size_t n, cap;
};

static bool grow_places(struct nvidia_card *c, unsigned wanted) {
    if (wanted <= c->n_places)
        return true;
    if (c->n_places == NVIDIA_PROCESSES_MAX)
        return false;
    wanted = wanted < NVIDIA_PROCESSES_MAX - 16 ? wanted + 16 : NVIDIA_PROCESSES_MAX; /* some may start meanwhile */
    struct nvml_process_protected *at = realloc(c->places, wanted * sizeof *at);
    if (!at)
        return false;
    c->places = at;
    c->n_places = wanted;
    return true;
}

typedef int list_call(nvml_device, unsigned *, void *);

/* The entries are in c->places then, `*ret_n` of them. Asks again when there were more than places. */
static bool ask_list(
    struct nvidia_card *c, enum nvidia_reading what, list_call *call, nvml_device device, unsigned *ret_n) {
    for (unsigned tries = 0; tries < 3; tries++) {
        unsigned n = c->n_places;
        if (!nvidia_may_ask(c, what, call != NULL))
            return false;
        int r = call(device, &n, c->places);
        if (r == NVML_INSUFFICIENT_SIZE && grow_places(c, n))
            continue;
        *ret_n = n < c->n_places ? n : c->n_places;
        return nvidia_answered(c, what, r);
    }
    return false;
}

static void add_use(struct uses *uses, struct use use) {
    if (uses->n == uses->cap) {
        size_t cap = uses->cap ? uses->cap * 2 : PLACES_FIRST;
        struct use *at = realloc(uses->at, cap * sizeof *at);
        if (!at)
            return;
        uses->at = at;
        uses->cap = cap;
    }
    uses->at[uses->n++] = use;
}

/* The three lists of one device: a card, or an instance of one. */
static void read_lists(struct nvidia_card *c, nvml_device device, unsigned part, struct uses *uses) {
    const struct {
        enum nvidia_reading what;
        list_call *call, *call_v1;
    } lists[LISTS] = {
        {READ_COMPUTE_PROCESSES, c->nvml->compute_processes, c->nvml->compute_processes_v1},
        {READ_GRAPHICS_PROCESSES, c->nvml->graphics_processes, c->nvml->graphics_processes_v1},
        {READ_MPS_PROCESSES, c->nvml->mps_processes, c->nvml->mps_processes_v1},
    };
    for (unsigned l = 0; l < LISTS; l++) {
        bool v1 = !lists[l].call;
        size_t bytes = v1 ? sizeof(struct nvml_process_v1) : c->session->process_bytes;
        unsigned n = 0;
        if (!ask_list(c, lists[l].what, v1 ? lists[l].call_v1 : lists[l].call, device, &n))
            continue;
        for (unsigned i = 0; i < n && uses->n < NVIDIA_PROCESSES_MAX; i++) {
            struct nvml_process_v1 p; /* how all of them begin */
            memcpy(&p, (const char *)c->places + i * bytes, sizeof p);
            if (p.pid != 0)
                add_use(uses, (struct use){p.pid, part, l, p.memory});
        }
    }
}

static int by_pid(const void *a, const void *b) {
    const struct use *x = a;
    const struct use *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return (x->list > y->list) - (x->list < y->list);
}

static uint64_t plus(uint64_t a, uint64_t b) {
    uint64_t both = 0;
    return known_u64(a) && known_u64(b) && !__builtin_add_overflow(a, b, &both) ? both : U64_UNKNOWN;
}

/* The memory of one process, whose entries begin at `*at`: contexts and instances add up, but a process that computes and
 * draws is in two lists with all of its memory. */
static uint64_t memory_of(const struct uses *uses, size_t *at) {
    unsigned pid = uses->at[*at].pid;
    uint64_t total = 0;
    while (*at < uses->n && uses->at[*at].pid == pid) {
        unsigned part = uses->at[*at].part;
        uint64_t most = U64_UNKNOWN;
        while (*at < uses->n && uses->at[*at].pid == pid && uses->at[*at].part == part) {
            unsigned list = uses->at[*at].list;
            uint64_t sum = 0;
            for (;
                 *at < uses->n && uses->at[*at].pid == pid && uses->at[*at].part == part && uses->at[*at].list == list;
                 (*at)++)
                sum = plus(sum, uses->at[*at].memory);
            if (!known_u64(most) || (known_u64(sum) && sum > most))
                most = sum;
        }
        total = plus(total, most);
    }
    return total;
}

static int by_pid_and_time(const void *a, const void *b) {
    const struct nvml_process_utilization *x = a;
    const struct nvml_process_utilization *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return (x->timestamp_us > y->timestamp_us) - (x->timestamp_us < y->timestamp_us);
}

/* Each sample stands for the time since the process' one before, but for no more than the driver's longest period. */
static void weigh_samples(
    struct nvidia_card *c, struct nvml_process_utilization *samples, unsigned n, unsigned long long since_us) {
    c->n_utils = 0;
    qsort(samples, n, sizeof *samples, by_pid_and_time);
    for (unsigned i = 0; i < n;) {
        unsigned pid = samples[i].pid;
        unsigned long long before = since_us;
        double weight = 0;
        double weighed = 0;
        for (; i < n && samples[i].pid == pid; i++) {
            const double longest = (double)NVIDIA_UTILIZATION_MAX_NS / 1e3;
            double span = samples[i].timestamp_us > before ? (double)(samples[i].timestamp_us - before) : 0;
            span = fmin(span, longest);
            before = samples[i].timestamp_us;
            if (samples[i].sm > 100 || span <= 0)
                continue;
            weight += span;
            weighed += span * samples[i].sm;
        }
        c->utils[c->n_utils++] = (struct nvidia_util){pid, weight > 0 ? weighed / weight : NAN};
    }
}

/* The samples since then are in c->places, `*ret_n` of them. */
static int ask_samples(struct nvidia_card *c, unsigned long long since_us, unsigned *ret_n) {
    int r = NVML_INSUFFICIENT_SIZE;
    for (unsigned tries = 0; tries < 3 && r == NVML_INSUFFICIENT_SIZE; tries++) {
        unsigned n = c->n_places;
        if (!nvidia_may_ask(c, READ_PROCESS_UTILIZATION, c->nvml->process_utilization != NULL))
            return NVML_NOT_SUPPORTED;
        r = c->nvml->process_utilization(c->handle, (void *)c->places, &n, since_us);
        *ret_n = n < c->n_places ? n : c->n_places;
        if (r == NVML_INSUFFICIENT_SIZE && !grow_places(c, n))
            break;
    }
    return r;
}

/* The driver tells those that did something since the last sample; who is not among them did nothing, unless there was no new
 * sample yet. */
static void read_utilization(struct nvidia_card *c) {
    _Static_assert(sizeof(struct nvml_process_utilization) <= sizeof *c->places, "places hold samples, too");
    unsigned long long now_us = (unsigned long long)clock_wall_ns() / 1000;
    unsigned long long longest_us = (unsigned long long)NVIDIA_UTILIZATION_MAX_NS / 1000;
    unsigned long long since_us = c->utils_until_us;
    unsigned n = 0;
    if (since_us == 0 || since_us > now_us + longest_us) /* the first time, or the clock was set back */
        since_us = now_us - longest_us;
    int r = ask_samples(c, since_us, &n);
    struct nvml_process_utilization *samples = (void *)c->places;
    if (r == NVML_NOT_FOUND || (r == NVML_OK && n == 0)) {
        (void)nvidia_answered(c, READ_PROCESS_UTILIZATION, NVML_OK);
        c->has_utils = true;
        if (clock_mono_ns() - c->utils_ns > NVIDIA_UTILIZATION_MAX_NS)
            c->n_utils = 0;
        return;
    }
    c->has_utils = nvidia_answered(c, READ_PROCESS_UTILIZATION, r);
    struct nvidia_util *utils = c->has_utils ? realloc(c->utils, n * sizeof *utils) : NULL;
    if (!utils) {
        c->has_utils = false;
        return;
    }
    c->utils = utils;
    weigh_samples(c, samples, n, since_us);
    c->utils_ns = clock_mono_ns();
    c->utils_until_us = since_us;
    for (unsigned i = 0; i < n; i++)
        if (samples[i].timestamp_us > c->utils_until_us && samples[i].timestamp_us <= now_us + longest_us)
            c->utils_until_us = samples[i].timestamp_us;
}

static double utilization_of(const struct nvidia_card *c, unsigned pid) {
    if (!c->has_utils)
        return NAN;
    for (size_t i = 0; i < c->n_utils; i++)
        if (c->utils[i].pid == pid)
            return c->utils[i].sm;
    return 0;
}

int nvidia_add_processes(struct nvidia_card *c, struct text uuid, struct frame *into) {
    struct uses uses = {NULL, 0, 0};
    int status = 0;
    if (!c->places && !grow_places(c, PLACES_FIRST))
        return -ERR_NOMEM;
    /* A divided card tells of all its processes to root only, each instance to whoever may use it. */
    if (c->n_mig == 0)
        read_lists(c, c->handle, 0, &uses);
    for (size_t i = 0; i < c->n_mig; i++)
        read_lists(c, c->mig[i].handle, (unsigned)i, &uses);
    if (uses.n > 0)
        read_utilization(c);
    if (uses.n > 1)
        qsort(uses.at, uses.n, sizeof *uses.at, by_pid);
    for (size_t i = 0; i < uses.n && status == 0;) {
        struct process *p = frame_add(&into->arena, &into->processes.list, &process_table);
        if (!p) {
            status = -ERR_NOMEM;
            break;
        }
        unsigned pid = uses.at[i].pid;
        uint64_t memory = memory_of(&uses, &i);
        p->pid = pid;
        p->device_uuid = uuid;
        p->uses_gpu = YES;
        p->gpu_utilization = utilization_of(c, pid);
        if (known_u64(memory) && (!known_u64(c->kept.total_memory) || memory <= c->kept.total_memory)) {
            p->used_memory = memory;
            p->gpu_memory_kind = TEXT("vram");
        }
    }
    free(uses.at);
    return status;
}
