/* collect/gpu/nvidia_card.h: one card of NVIDIA's: its state, and the readers that share it. */
#ifndef TACHO_COLLECT_GPU_NVIDIA_CARD_H
#define TACHO_COLLECT_GPU_NVIDIA_CARD_H

#include "collect/gpu/nvidia_session.h"

enum {
    NVIDIA_PCI_MAX = 24,         /* bytes of a PCI address, NUL included */
    NVIDIA_FANS_MAX = 64,        /* of a card that are asked */
    NVIDIA_MIG_MAX = 16,         /* MIG instances of a card; today's have 7 at most */
    NVIDIA_PROCESSES_MAX = 4096, /* entries of a card's lists of processes in one frame; more are left out */
    NVIDIA_EVENTS_MAX = 32,      /* XIDs that are taken in one frame; the rest wait for the next */
};
#define NVIDIA_SLOW_NS (5 * NS_PER_SECOND)           /* how often what changes rarely is read */
#define NVIDIA_GPM_MIN_NS (110 * NS_PER_MS)          /* two samples of GPM are at least 100 ms apart, says the library */
#define NVIDIA_UTILIZATION_MAX_NS NS_PER_SECOND      /* what one sample of a process' utilization stands for at most */

/* Everything that is asked for, so that a card is not asked again for what it does not have. */
enum nvidia_reading {
    READ_HANDLE, READ_UUID, READ_PCI, READ_NAME, READ_VBIOS, READ_ARCHITECTURE, READ_CORES, READ_NUMA, READ_GSP_MODE,
    READ_GSP_VERSION, READ_SLOWDOWN, READ_SHUTDOWN, READ_GPU_MAX, READ_ACOUSTIC, READ_POWER_LIMITS, READ_POWER_DEFAULT,
    READ_COMPUTE_MODE, READ_PERSISTENCE, READ_ECC_MODE, READ_MIG_MODE, READ_PCIE_GENERATION, READ_PCIE_WIDTH,
    READ_UTILIZATION, READ_MEMORY, READ_MEMORY_V2, READ_TEMPERATURE, READ_TEMPERATURE_V, READ_POWER, READ_POWER_LIMIT,
    READ_ENERGY, READ_GRAPHICS_CLOCK, READ_SM_CLOCK, READ_MEMORY_CLOCK, READ_REASONS, READ_PSTATE, READ_FAN_COUNT,
    READ_FAN_PERCENT, READ_FAN_SPEED, READ_ENCODER, READ_DECODER, READ_JPEG, READ_OFA, READ_CORRECTED, READ_UNCORRECTED,
    READ_FIELDS, READ_FIELD_ENERGY, READ_FIELD_POWER, READ_FIELD_POWER_LIMIT, READ_FIELD_MEMORY_TEMPERATURE,
    READ_FIELD_CORRECTED, READ_FIELD_UNCORRECTED, READ_FIELD_PCIE_TX, READ_FIELD_PCIE_RX, READ_FIELD_NVLINK_TX,
    READ_FIELD_NVLINK_RX, READ_FIELD_RETIRED_SBE, READ_FIELD_RETIRED_DBE, READ_FIELD_REMAPPED_COR, READ_FIELD_REMAPPED_UNC,
    READ_LINK_STATE, READ_LINK_REMOTE, READ_LINK5, READ_EVENTS, READ_MIG, READ_MIG_PROFILE, READ_MIG_INSTANCE, READ_COMPUTE_PROCESSES,
    READ_GRAPHICS_PROCESSES, READ_MPS_PROCESSES, READ_PROCESS_UTILIZATION, READ_GPM, READ_GPM_MIG,
    READINGS,
};

struct nvidia_counter { /* of bytes, that may wrap */
    uint64_t value;
    unsigned bits;      /* its width */
};

struct nvidia_facts { /* readings that are not members of struct gpu as such */
    uint64_t architecture, ecc_mode, mig_mode, compute_mode, persistence_mode, reasons;
    double power_limit_min, power_limit_max, power_limit_default; /* W */
    uint64_t retired_sbe, retired_dbe, remapped_cor, remapped_unc;
    uint64_t nvlink_tx_kib, nvlink_rx_kib;
    struct nvidia_counter pcie_tx, pcie_rx;
    char name[NVML_NAME_BYTES], uuid[NVML_NAME_BYTES], vbios[NVML_NAME_BYTES], pci[NVIDIA_PCI_MAX], gsp_version[NVML_GSP_BYTES];
};

struct nvidia_gpm { /* two samples, taken in turn */
    nvml_gpm_sample older, newer;
    bool sampled;                /* `older` holds one */
    int64_t at_ns;               /* when */
    double graphics, occupancy, bandwidth, pcie_tx, pcie_rx; /* of the newest two; percent, MiB/s */
};

struct nvidia_mig {
    nvml_device handle;
    char uuid[NVML_NAME_BYTES], profile[32];
    uint64_t gpu_instance;
    struct nvidia_gpm gpm;
};

struct nvidia_link {
    uint64_t number, remote, speed; /* remote: U64_UNKNOWN until asked; speed in MB/s */
};

struct nvidia_util { /* of a process, in percent */
    unsigned pid;
    double sm;
};

/* Its thread's own from attach to detach; a renewal of the session, which nobody is inside of, may let its handles go. */
struct nvidia_card {
    struct nvidia_session *session;
    struct nvidia_card *next;    /* in the session's list */
    const struct nvml *nvml;
    char key[GPU_KEY_MAX];       /* PCI address as sysfs writes it; "#3" for a card that never told */
    nvml_device handle;          /* NULL: to be asked for */
    unsigned generation;         /* of the session, that the handle is from */
    bool was_lost;               /* in the last cycle */

    /* Of the cycle under way. */
    int lost;                    /* the result that says so; then nothing more is asked */
    unsigned answered;           /* calls that worked */
    int complaint;               /* the first failure that was not there in the last cycle, or NVML_OK */
    enum nvidia_reading complaint_about;
    unsigned complaints;

    bool unsupported[READINGS];  /* not asked again until the handle is new or the MIG mode changes */
    bool failing[READINGS];
    uint64_t calls;              /* of the library, since attach */

    uint64_t last_xid;           /* since attach */
    struct gpu kept;             /* what was read last; texts and lists are not used */
    struct nvidia_facts facts;
    int64_t slow_ns;             /* when what changes rarely was read; 0: never */

    struct nvidia_counter pcie_tx, pcie_rx; /* of the last reading, … */
    int64_t pcie_ns;             /* … and when; 0: none */
    struct nvidia_link links[NVML_LINKS_MAX];
    size_t n_links;              /* active ones */
    nvml_event_set events;
    struct nvidia_gpm gpm;
    struct nvml_gpm_query *query; /* 13 KiB; NULL until needed */
    struct nvidia_mig mig[NVIDIA_MIG_MAX];
    size_t n_mig;

    struct nvml_process_protected *places; /* for lists of processes and of their utilization */
    unsigned n_places;
    struct nvidia_util *utils;   /* of the last answer, ordered by pid */
    size_t n_utils;
    bool has_utils;              /* the driver tells such */
    unsigned long long utils_until_us; /* the newest sample's time */
    int64_t utils_ns;            /* when it came */
};

/* Is the library to be asked? Counts the call. */
static inline bool nvidia_may_ask(struct nvidia_card *c, enum nvidia_reading what, bool has_call) {
    if (!has_call || c->lost || c->unsupported[what])
        return false;
    c->calls++;
    return true;
}
/* Did it work? Keeps in mind what the card does not have, that it is lost, and what is to be complained of. */
bool nvidia_answered(struct nvidia_card *c, enum nvidia_reading what, int result);

/* Calls and tells whether it worked: NVIDIA_ASK(c, READ_POWER, power_usage, c->handle, &mw). */
#define NVIDIA_ASK(c, what, call, ...)                                                                                 \
    (nvidia_may_ask((c), (what), (c)->nvml->call != NULL) && nvidia_answered((c), (what), (c)->nvml->call(__VA_ARGS__)))

/* A share of 100 percent as the driver gives it; NAN when it is none. */
double nvidia_percent(double value);

/* Readers of one part each; all between enter and leave, from the card's thread. They may block. */
void nvidia_read_identity(struct nvidia_card *c); /* what never changes, after the handle was asked for */
void nvidia_read_slow(struct nvidia_card *c);
void nvidia_read_fast(struct nvidia_card *c);
void nvidia_read_fields(struct nvidia_card *c, bool slow); /* many readings in one call */
void nvidia_read_links(struct nvidia_card *c);    /* NVLinks and what is behind them; slow */
void nvidia_read_link_counters(struct nvidia_card *c);
void nvidia_read_events(struct nvidia_card *c);
void nvidia_read_gpm(struct nvidia_card *c);
void nvidia_read_mig(struct nvidia_card *c);      /* which instances there are; slow */
void nvidia_add_mig(struct nvidia_card *c, struct gpu *g, struct arena *arena); /* reads and adds them */
/* A row for each process on the card, whose UUID is given. -ERR_NOMEM. */
int nvidia_add_processes(struct nvidia_card *c, struct text uuid, struct frame *into);
/* All that was read, as an item whose texts and lists live in `arena`. */
void nvidia_make_item(struct nvidia_card *c, struct arena *arena, struct gpu *g);
const char *nvidia_reading_name(enum nvidia_reading what); /* for people: "power" */

/* One pair of samples: `mig` NULL is the card's own. The results are in the pair, unknown until there are two samples. */
void nvidia_gpm_read(struct nvidia_card *c, struct nvidia_gpm *gpm, const struct nvidia_mig *mig);
void nvidia_gpm_free(struct nvidia_card *c, struct nvidia_gpm *gpm);
/* Bytes per second of a counter between two readings; NAN when that cannot be told. Pure. */
double nvidia_counter_rate(struct nvidia_counter before, struct nvidia_counter now, int64_t span_ns, double most_per_second);

/* As struct gpu_driver has them. */
int nvidia_card_attach(struct nvidia_session *s, const char *key, struct nvidia_card **ret, struct error *err) NODISCARD;
int nvidia_card_sample(void *card, const struct cycle *cycle, struct frame *into, struct error *err);
void nvidia_card_detach(void *card);
/* Gives back everything that the library made for this card. Between enter and leave, or in a renewal. */
void nvidia_card_let_go(struct nvidia_card *c);

uint64_t nvidia_card_calls(const void *card); /* of the library, since attach: for the benchmark */

/* The PCI address of a handle as sysfs writes it, "0000:1b:00.0"; returns enum nvml_result. */
int nvidia_pci_name(const struct nvml *nvml, nvml_device device, char ret[NVIDIA_PCI_MAX]);

void nvidia_explain(const struct collect_options *options, struct report *report);

#endif
