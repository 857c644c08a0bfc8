/* collect/gpu/nvidia_read.c: a card's readings by calls of their own: the plain ones by a table, then those with structures. */
#include "collect/gpu/nvidia_card.h"

#include "collect/kernel_file.h"

enum cadence { ONCE, SLOW, FAST, INSTEAD /* fast, where the batched call has nothing */ };

/* The forms that most of the library's calls have. */
typedef int call_u32(nvml_device, unsigned *);
typedef int call_u32_of(nvml_device, unsigned which, unsigned *);
typedef int call_pair(nvml_device, unsigned *, unsigned *);
typedef int call_u64(nvml_device, unsigned long long *);
enum form { FORM_U32, FORM_U32_OF, FORM_PAIR, FORM_U64 };

struct row {
    enum nvidia_reading what;
    const char *name;
    enum cadence cadence;
    enum form form;
    unsigned which;
    size_t call;          /* in struct nvml */
    size_t to, to_second; /* in struct nvidia_card; to_second 0: not kept */
    double scale;         /* 0: to a uint64_t as it is; else to a double, times this */
    uint64_t max;         /* of what the library gives; more is no reading */
};

/* The offset of a call, checked at compile time to be of that form. */
#define CALL(member, form)                                                                                             \
    (offsetof(struct nvml, member) + 0 * sizeof(struct {                                                               \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((struct nvml *)0)->member), form *), #member);         \
        int unused;                                                                                                    \
    }))
#define TO(member, type)                                                                                               \
    (offsetof(struct nvidia_card, member) + 0 * sizeof(struct {                                                        \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((struct nvidia_card *)0)->member), type), #member);    \
        int unused;                                                                                                    \
    }))
#define U32(what, name, when, member, to, max)                                                                         \
    { what, name, when, FORM_U32, 0, CALL(member, call_u32), TO(to, uint64_t), 0, 0, max }
#define U32_OF(what, name, when, member, which, to, max)                                                               \
    { what, name, when, FORM_U32_OF, which, CALL(member, call_u32_of), TO(to, uint64_t), 0, 0, max }
#define FIRST(what, name, when, member, to, max)                                                                       \
    { what, name, when, FORM_PAIR, 0, CALL(member, call_pair), TO(to, uint64_t), 0, 0, max }
#define PERCENT(what, name, member, to)                                                                                \
    { what, name, FAST, FORM_PAIR, 0, CALL(member, call_pair), TO(to, double), 0, 1, 100 }

enum { MHZ_MAX = 100000, MW_MAX = 100000000, CELSIUS_MAX = 250 };

static const struct row rows[] = {
    U32(READ_ARCHITECTURE, "architecture", ONCE, architecture, facts.architecture, 1000),
    U32(READ_CORES, "number of cores", ONCE, core_count, kept.gpu_core_count, 10000000),
    FIRST(READ_GSP_MODE, "GSP firmware mode", ONCE, gsp_mode, kept.gsp_firmware_mode, 1),
    U32_OF(READ_SLOWDOWN, "slowdown temperature", ONCE, temperature_threshold, NVML_THRESHOLD_SLOWDOWN,
        kept.temperature_threshold_slowdown, CELSIUS_MAX),
    U32_OF(READ_SHUTDOWN, "shutdown temperature", ONCE, temperature_threshold, NVML_THRESHOLD_SHUTDOWN,
        kept.temperature_threshold_shutdown, CELSIUS_MAX),
    U32_OF(READ_GPU_MAX, "highest operating temperature", ONCE, temperature_threshold, NVML_THRESHOLD_GPU_MAX,
        kept.temperature_threshold_max_operating, CELSIUS_MAX),
    U32_OF(READ_ACOUSTIC, "acoustic temperature", SLOW, temperature_threshold, NVML_THRESHOLD_ACOUSTIC,
        kept.temperature_threshold_acoustic, CELSIUS_MAX),
    {READ_POWER_LIMITS, "range of power limits", ONCE, FORM_PAIR, 0, CALL(power_limits, call_pair),
        TO(facts.power_limit_min, double), TO(facts.power_limit_max, double), 1e-3, MW_MAX},
    {READ_POWER_DEFAULT, "default power limit", ONCE, FORM_U32, 0, CALL(power_limit_default, call_u32),
        TO(facts.power_limit_default, double), 0, 1e-3, MW_MAX},
    U32(READ_COMPUTE_MODE, "compute mode", SLOW, compute_mode, facts.compute_mode, 3),
    U32(READ_PERSISTENCE, "persistence mode", SLOW, persistence_mode, facts.persistence_mode, 1),
    FIRST(READ_ECC_MODE, "ECC mode", SLOW, ecc_mode, facts.ecc_mode, 1),
    FIRST(READ_MIG_MODE, "MIG mode", SLOW, mig_mode, facts.mig_mode, 1),
    U32(READ_PCIE_GENERATION, "PCIe generation", SLOW, pcie_generation, kept.pcie_generation, 16),
    U32(READ_PCIE_WIDTH, "PCIe width", SLOW, pcie_width, kept.pcie_width, 32),
    U32_OF(READ_GRAPHICS_CLOCK, "graphics clock", FAST, clock, NVML_CLOCK_GRAPHICS, kept.frequency, MHZ_MAX),
    U32_OF(READ_SM_CLOCK, "SM clock", FAST, clock, NVML_CLOCK_SM, kept.sm_frequency_mhz, MHZ_MAX),
    U32_OF(READ_MEMORY_CLOCK, "memory clock", FAST, clock, NVML_CLOCK_MEMORY, kept.memory_frequency_mhz, MHZ_MAX),
    U32(READ_PSTATE, "performance state", FAST, performance_state, kept.performance_state, 15),
    {READ_REASONS, "clock reasons", FAST, FORM_U64, 0, CALL(clock_reasons, call_u64), TO(facts.reasons, uint64_t), 0, 0,
        UINT64_MAX - 1},
    PERCENT(READ_ENCODER, "encoder utilization", encoder, kept.encoder_utilization),
    PERCENT(READ_DECODER, "decoder utilization", decoder, kept.decoder_utilization),
    PERCENT(READ_JPEG, "JPEG utilization", jpeg, kept.jpeg_utilization),
    PERCENT(READ_OFA, "optical flow utilization", ofa, kept.ofa_utilization),
    {READ_POWER, "power", INSTEAD, FORM_U32, 0, CALL(power_usage, call_u32), TO(kept.power_consumption, double), 0,
        1e-3, MW_MAX},
    {READ_POWER_LIMIT, "power limit", INSTEAD, FORM_U32, 0, CALL(power_limit, call_u32),
        TO(kept.power_limit_watts, double), 0, 1e-3, MW_MAX},
    {READ_ENERGY, "energy", INSTEAD, FORM_U64, 0, CALL(energy, call_u64), TO(kept.energy_joules, double), 0, 1e-3,
        UINT64_MAX - 1},
};

static void put(struct nvidia_card *c, const struct row *row, size_t to, uint64_t value) {
    bool good = known_u64(value) && value <= row->max;
    if (row->scale == 0)
        *(uint64_t *)(void *)((char *)c + to) = good ? value : U64_UNKNOWN;
    else
        *(double *)(void *)((char *)c + to) = good ? (double)value * row->scale : NAN;
}

static int call(const struct nvidia_card *c, const struct row *row, const void *at, uint64_t *first, uint64_t *second) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned long long wide = 0;
    int r = NVML_NOT_SUPPORTED;
    switch (row->form) {
    case FORM_U32: r = (*(call_u32 *const *)at)(c->handle, &a); break;
    case FORM_U32_OF: r = (*(call_u32_of *const *)at)(c->handle, row->which, &a); break;
    case FORM_PAIR: r = (*(call_pair *const *)at)(c->handle, &a, &b); break;
    case FORM_U64: r = (*(call_u64 *const *)at)(c->handle, &wide); break;
    }
    *first = row->form == FORM_U64 ? wide : a;
    *second = b;
    return r;
}

static bool is_known(const struct nvidia_card *c, const struct row *row) {
    const void *to = (const char *)c + row->to;
    return row->scale == 0 ? known_u64(*(const uint64_t *)to) : known_f64(*(const double *)to);
}

static void read_rows(struct nvidia_card *c, enum cadence cadence) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        uint64_t first = U64_UNKNOWN;
        uint64_t second = U64_UNKNOWN;
        const void *at = (const char *)c->nvml + row->call;
        if (row->cadence != cadence || (cadence == INSTEAD && is_known(c, row)))
            continue;
        if (nvidia_may_ask(c, row->what, *(call_u32 *const *)at != NULL) &&
            !nvidia_answered(c, row->what, call(c, row, at, &first, &second)))
            first = second = U64_UNKNOWN;
        put(c, row, row->to, first);
        if (row->to_second)
            put(c, row, row->to_second, second);
    }
}

static void read_utilization(struct nvidia_card *c) {
    struct nvml_utilization u = {0, 0};
    bool known = NVIDIA_ASK(c, READ_UTILIZATION, utilization, c->handle, &u);
    c->kept.utilization = known ? nvidia_percent(u.gpu) : NAN;
    c->kept.memory_utilization = known ? nvidia_percent(u.memory) : NAN;
}

static void read_memory(struct nvidia_card *c) {
    struct nvml_memory_v2 v2 = {.version = NVML_VERSION_OF(struct nvml_memory_v2, 2)};
    struct nvml_memory v1 = {.total = 0};
    unsigned long long used = 0;
    unsigned long long total = 0;
    bool known = NVIDIA_ASK(c, READ_MEMORY_V2, memory_v2, c->handle, &v2);
    used = v2.used;
    total = v2.total;
    if (!known && (known = NVIDIA_ASK(c, READ_MEMORY, memory, c->handle, &v1))) {
        used = v1.used;
        total = v1.total;
    }
    known = known && total > 0 && used <= total;
    c->kept.used_memory = known ? used : U64_UNKNOWN;
    c->kept.total_memory = known ? total : U64_UNKNOWN;
}

static void read_temperature(struct nvidia_card *c) {
    struct nvml_temperature t = {.version = NVML_VERSION_OF(struct nvml_temperature, 1), .sensor = NVML_SENSOR_GPU};
    unsigned celsius = 0;
    bool known = NVIDIA_ASK(c, READ_TEMPERATURE_V, temperature_v, c->handle, &t);
    if (known)
        celsius = t.celsius >= 0 ? (unsigned)t.celsius : CELSIUS_MAX + 1; /* the frame's has no sign */
    else
        known = NVIDIA_ASK(c, READ_TEMPERATURE, temperature, c->handle, NVML_SENSOR_GPU, &celsius);
    c->kept.temperature = known && celsius <= CELSIUS_MAX ? celsius : U64_UNKNOWN;
}

/* The fastest of its fans; a card without fans has no speed. */
static void read_fans(struct nvidia_card *c) {
    enum { PERCENT_MAX = 150 /* the library says that it can be more than 100 */, RPM_MAX = 30000 };
    unsigned n = 0;
    unsigned percent = 0;
    uint64_t most = U64_UNKNOWN;
    uint64_t fastest = U64_UNKNOWN;
    if (c->nvml->fan_count && c->nvml->fan_percent_of) {
        if (!NVIDIA_ASK(c, READ_FAN_COUNT, fan_count, c->handle, &n))
            n = 0;
        for (unsigned i = 0; i < n && i < NVIDIA_FANS_MAX; i++) {
            struct nvml_fan_speed speed = {.version = NVML_VERSION_OF(struct nvml_fan_speed, 1), .fan = i};
            if (NVIDIA_ASK(c, READ_FAN_PERCENT, fan_percent_of, c->handle, i, &percent) && percent <= PERCENT_MAX)
                most = known_u64(most) && most > percent ? most : percent;
            if (NVIDIA_ASK(c, READ_FAN_SPEED, fan_speed, c->handle, &speed) && speed.rpm <= RPM_MAX)
                fastest = known_u64(fastest) && fastest > speed.rpm ? fastest : speed.rpm;
        }
    } else if (NVIDIA_ASK(c, READ_FAN_PERCENT, fan_percent, c->handle, &percent) && percent <= PERCENT_MAX) {
        most = percent;
    }
    c->kept.fan_speed_percent = most;
    c->kept.fan_speed_rpm = fastest;
}

static void read_ecc(struct nvidia_card *c) {
    unsigned long long n = 0;
    if (!known_u64(c->kept.ecc_corrected) &&
        NVIDIA_ASK(c, READ_CORRECTED, ecc_errors, c->handle, NVML_ECC_CORRECTED, NVML_ECC_VOLATILE, &n))
        c->kept.ecc_corrected = n;
    if (!known_u64(c->kept.ecc_uncorrected) &&
        NVIDIA_ASK(c, READ_UNCORRECTED, ecc_errors, c->handle, NVML_ECC_UNCORRECTED, NVML_ECC_VOLATILE, &n))
        c->kept.ecc_uncorrected = n;
}

void nvidia_read_identity(struct nvidia_card *c) {
    struct nvidia_facts *f = &c->facts;
    char buf[KERNEL_VALUE_MAX];
    int64_t node = I64_UNKNOWN;
    unsigned own_node = 0;
    if (nvidia_may_ask(c, READ_PCI, true) && !nvidia_answered(c, READ_PCI, nvidia_pci_name(c->nvml, c->handle, f->pci)))
        f->pci[0] = '\0';
    if (!NVIDIA_ASK(c, READ_NAME, name, c->handle, f->name, sizeof f->name - 1))
        f->name[0] = '\0';
    if (!NVIDIA_ASK(c, READ_VBIOS, vbios_version, c->handle, f->vbios, sizeof f->vbios - 1))
        f->vbios[0] = '\0';
    if (!NVIDIA_ASK(c, READ_GSP_VERSION, gsp_version, c->handle, f->gsp_version))
        f->gsp_version[0] = '\0';
    f->uuid[sizeof f->uuid - 1] = f->name[sizeof f->name - 1] = f->vbios[sizeof f->vbios - 1] = '\0';
    f->gsp_version[sizeof f->gsp_version - 1] = '\0';
    /* The kernel knows the node that the card is near to; the library only that of cards whose memory is a node itself. */
    if (c->session->pci_fd >= 0 && f->pci[0] &&
        text_i64(kernel_text(c->session->pci_fd, buf, "%s/numa_node", f->pci), &node) && node >= 0)
        c->kept.numa_node_id = node;
    else if (NVIDIA_ASK(c, READ_NUMA, numa_node, c->handle, &own_node) && own_node <= INT32_MAX)
        c->kept.numa_node_id = own_node;
    read_rows(c, ONCE);
}

void nvidia_read_slow(struct nvidia_card *c) {
    uint64_t mig_before = c->facts.mig_mode;
    read_rows(c, SLOW);
    if (known_u64(c->facts.mig_mode) && known_u64(mig_before) && c->facts.mig_mode != mig_before)
        memset(c->unsupported, 0, sizeof c->unsupported); /* much of what a card can do depends on it */
    nvidia_read_fields(c, true);
    nvidia_read_links(c);
    nvidia_read_mig(c);
}

void nvidia_read_fast(struct nvidia_card *c) {
    read_utilization(c);
    read_memory(c);
    read_temperature(c);
    nvidia_read_fields(c, false);
    read_rows(c, INSTEAD);
    read_rows(c, FAST);
    read_fans(c);
    read_ecc(c);
    nvidia_read_link_counters(c);
    nvidia_read_gpm(c);
}

const char *nvidia_reading_name(enum nvidia_reading what) {
    static const char *const names[READINGS] = {
        [READ_HANDLE] = "handle",
        [READ_UUID] = "UUID",
        [READ_PCI] = "PCI address",
        [READ_NAME] = "name",
        [READ_VBIOS] = "version of the VBIOS",
        [READ_NUMA] = "NUMA node",
        [READ_GSP_VERSION] = "GSP firmware version",
        [READ_UTILIZATION] = "utilization",
        [READ_MEMORY] = "memory",
        [READ_MEMORY_V2] = "memory",
        [READ_TEMPERATURE] = "temperature",
        [READ_TEMPERATURE_V] = "temperature",
        [READ_FAN_COUNT] = "number of fans",
        [READ_FAN_PERCENT] = "fan speed",
        [READ_FAN_SPEED] = "fan speed",
        [READ_CORRECTED] = "ECC errors",
        [READ_UNCORRECTED] = "ECC errors",
        [READ_FIELDS] = "counters",
        [READ_FIELD_ENERGY] = "energy",
        [READ_FIELD_POWER] = "power",
        [READ_FIELD_POWER_LIMIT] = "power limit",
        [READ_FIELD_MEMORY_TEMPERATURE] = "memory temperature",
        [READ_FIELD_CORRECTED] = "ECC errors",
        [READ_FIELD_UNCORRECTED] = "ECC errors",
        [READ_FIELD_PCIE_TX] = "PCIe traffic",
        [READ_FIELD_PCIE_RX] = "PCIe traffic",
        [READ_FIELD_NVLINK_TX] = "NVLink traffic",
        [READ_FIELD_NVLINK_RX] = "NVLink traffic",
        [READ_FIELD_RETIRED_SBE] = "retired pages",
        [READ_FIELD_RETIRED_DBE] = "retired pages",
        [READ_FIELD_REMAPPED_COR] = "remapped rows",
        [READ_FIELD_REMAPPED_UNC] = "remapped rows",
        [READ_LINK_STATE] = "NVLink",
        [READ_LINK_REMOTE] = "NVLink peers",
        [READ_LINK5] = "NVLink traffic",
        [READ_EVENTS] = "events (XID)",
        [READ_MIG] = "MIG instances",
        [READ_MIG_PROFILE] = "MIG profile",
        [READ_MIG_INSTANCE] = "MIG instances",
        [READ_COMPUTE_PROCESSES] = "processes",
        [READ_GRAPHICS_PROCESSES] = "processes",
        [READ_MPS_PROCESSES] = "processes",
        [READ_PROCESS_UTILIZATION] = "utilization by process",
        [READ_GPM] = "performance monitoring (GPM)",
        [READ_GPM_MIG] = "performance monitoring (GPM)",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].what == what)
            return rows[i].name;
    return what < READINGS && names[what] ? names[what] : "a reading";
}
