/* collect/gpu/nvidia_fields.c: the readings of a card that the library gives many at a time, and NVLink through them. */
#include "collect/gpu/nvidia_card.h"

struct field_row {
    enum nvml_field field;
    enum nvidia_reading what;
    bool slow;
    unsigned scope;
    size_t to;    /* in struct nvidia_card */
    double scale; /* as of struct row in nvidia_read.c; -1: to a struct nvidia_counter */
    uint64_t min, max;
};

#define TO(member) offsetof(struct nvidia_card, member)
#define LINKS ((unsigned)NVML_ALL_LINKS)
#define COUNT_MAX UINT32_MAX

/* Power is what the card draws at the moment: the mean of the last second takes the driver a thousand times as long, and the
 * energy counter beside it has the mean of any time. A memory of 0 degrees is a sensor that is not there. */
static const struct field_row rows[] = {
    {NVML_FIELD_POWER_INSTANT, READ_FIELD_POWER, false, 0, TO(kept.power_consumption), 1e-3, 0, 100000000},
    {NVML_FIELD_POWER_LIMIT, READ_FIELD_POWER_LIMIT, false, 0, TO(kept.power_limit_watts), 1e-3, 1, 100000000},
    {NVML_FIELD_ENERGY, READ_FIELD_ENERGY, false, 0, TO(kept.energy_joules), 1e-3, 0, UINT64_MAX - 1},
    {NVML_FIELD_MEMORY_TEMPERATURE, READ_FIELD_MEMORY_TEMPERATURE, false, 0, TO(kept.memory_temperature), 0, 1, 250},
    {NVML_FIELD_ECC_CORRECTED, READ_FIELD_CORRECTED, false, 0, TO(kept.ecc_corrected), 0, 0, UINT64_MAX - 1},
    {NVML_FIELD_ECC_UNCORRECTED, READ_FIELD_UNCORRECTED, false, 0, TO(kept.ecc_uncorrected), 0, 0, UINT64_MAX - 1},
    {NVML_FIELD_PCIE_TX_BYTES, READ_FIELD_PCIE_TX, false, 0, TO(facts.pcie_tx), -1, 0, UINT64_MAX - 1},
    {NVML_FIELD_PCIE_RX_BYTES, READ_FIELD_PCIE_RX, false, 0, TO(facts.pcie_rx), -1, 0, UINT64_MAX - 1},
    {NVML_FIELD_NVLINK_TX_KIB, READ_FIELD_NVLINK_TX, false, LINKS, TO(facts.nvlink_tx_kib), 0, 0, UINT64_MAX >> 10},
    {NVML_FIELD_NVLINK_RX_KIB, READ_FIELD_NVLINK_RX, false, LINKS, TO(facts.nvlink_rx_kib), 0, 0, UINT64_MAX >> 10},
    {NVML_FIELD_RETIRED_SBE, READ_FIELD_RETIRED_SBE, true, 0, TO(facts.retired_sbe), 0, 0, COUNT_MAX},
    {NVML_FIELD_RETIRED_DBE, READ_FIELD_RETIRED_DBE, true, 0, TO(facts.retired_dbe), 0, 0, COUNT_MAX},
    {NVML_FIELD_REMAPPED_CORRECTABLE, READ_FIELD_REMAPPED_COR, true, 0, TO(facts.remapped_cor), 0, 0, COUNT_MAX},
    {NVML_FIELD_REMAPPED_UNCORRECTABLE, READ_FIELD_REMAPPED_UNC, true, 0, TO(facts.remapped_unc), 0, 0, COUNT_MAX},
};

/* The value, whatever type the library gave it in; U64_UNKNOWN when it is negative or no number. */
static uint64_t value_of(const struct nvml_field_value *v, unsigned *ret_bits) {
    *ret_bits = 64;
    switch (v->type) {
    case NVML_VALUE_DOUBLE: return v->value.f64 >= 0 && v->value.f64 < 0x1p63 ? (uint64_t)v->value.f64 : U64_UNKNOWN;
    case NVML_VALUE_UINT: *ret_bits = 32; return v->value.u32;
    case NVML_VALUE_ULONG: *ret_bits = 8 * sizeof(unsigned long); return v->value.ulong;
    case NVML_VALUE_ULONGLONG: return v->value.u64;
    case NVML_VALUE_LONGLONG: return v->value.i64 >= 0 ? (uint64_t)v->value.i64 : U64_UNKNOWN;
    case NVML_VALUE_INT: *ret_bits = 32; return v->value.i32 >= 0 ? (uint64_t)v->value.i32 : U64_UNKNOWN;
    case NVML_VALUE_USHORT: *ret_bits = 16; return v->value.u16;
    default: return U64_UNKNOWN;
    }
}

static void put(struct nvidia_card *c, const struct field_row *row, uint64_t value, unsigned bits) {
    void *to = (char *)c + row->to;
    bool good = known_u64(value) && value >= row->min && value <= row->max;
    if (row->scale < 0)
        *(struct nvidia_counter *)to = (struct nvidia_counter){good ? value : U64_UNKNOWN, bits};
    else if (row->scale == 0)
        *(uint64_t *)to = good ? value : U64_UNKNOWN;
    else
        *(double *)to = good ? (double)value * row->scale : NAN;
}

/* Asks for `n` fields; true when the library filled them in. A field that it leaves alone is an error of that field. */
static bool ask(struct nvidia_card *c, struct nvml_field_value *values, int n) {
    for (int i = 0; i < n; i++)
        values[i].result = NVML_UNKNOWN_ERROR;
    return n > 0 && NVIDIA_ASK(c, READ_FIELDS, field_values, c->handle, n, values);
}

static uint64_t sum(uint64_t a, uint64_t b) {
    return known_u64(a) && known_u64(b) ? a + b : U64_UNKNOWN;
}

/* What one lane moves in a second and direction, by generation. */
static double pcie_most(const struct nvidia_card *c) {
    static const double lane[] = {[1] = 0.25e9, 0.5e9, 0.985e9, 1.97e9, 3.94e9, 7.57e9, 15.2e9};
    uint64_t generation = c->kept.pcie_generation;
    uint64_t width = c->kept.pcie_width;
    return known_u64(width) && generation >= 1 && generation < COUNT_OF(lane) ? lane[generation] * (double)width : NAN;
}

double nvidia_counter_rate(
    struct nvidia_counter before, struct nvidia_counter now, int64_t span_ns, double most_per_second) {
    double seconds = (double)span_ns / (double)NS_PER_SECOND;
    if (!known_u64(before.value) || !known_u64(now.value) || span_ns <= 0 || now.bits != before.bits)
        return NAN;
    if (now.bits >= 64)
        return now.value >= before.value ? (double)(now.value - before.value) / seconds : NAN;
    double range = ldexp(1, (int)now.bits);
    /* A counter that may have gone around more than once says nothing. */
    if (!(most_per_second * seconds < range))
        return NAN;
    double moved = (double)now.value - (double)before.value;
    return (moved < 0 ? moved + range : moved) / seconds;
}

static uint64_t whole(double v) {
    return v >= 0 && v < 1e15 ? (uint64_t)llround(v) : U64_UNKNOWN;
}

static void derive_pcie(struct nvidia_card *c) {
    int64_t now = clock_mono_ns();
    double most = pcie_most(c);
    double tx = c->pcie_ns ? nvidia_counter_rate(c->pcie_tx, c->facts.pcie_tx, now - c->pcie_ns, most) : NAN;
    double rx = c->pcie_ns ? nvidia_counter_rate(c->pcie_rx, c->facts.pcie_rx, now - c->pcie_ns, most) : NAN;
    c->kept.pcie_tx_bytes_per_second = whole(tx);
    c->kept.pcie_rx_bytes_per_second = whole(rx);
    c->pcie_tx = c->facts.pcie_tx;
    c->pcie_rx = c->facts.pcie_rx;
    c->pcie_ns = now;
}

void nvidia_read_fields(struct nvidia_card *c, bool slow) {
    struct nvml_field_value values[COUNT_OF(rows)];
    const struct field_row *asked[COUNT_OF(rows)];
    int n = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].slow != slow)
            continue;
        put(c, &rows[i], U64_UNKNOWN, 64);
        if (c->unsupported[rows[i].what])
            continue;
        asked[n] = &rows[i];
        values[n++] = (struct nvml_field_value){.field = rows[i].field, .scope = rows[i].scope};
    }
    bool answered = ask(c, values, n);
    for (int i = 0; i < n && answered && !c->lost; i++) {
        unsigned bits = 64;
        if (nvidia_answered(c, asked[i]->what, (int)values[i].result)) {
            uint64_t value = value_of(&values[i], &bits);
            put(c, asked[i], value, bits);
        }
    }
    if (slow) {
        c->kept.retired_pages = sum(c->facts.retired_sbe, c->facts.retired_dbe);
        c->kept.remapped_rows = sum(c->facts.remapped_cor, c->facts.remapped_unc);
    } else {
        derive_pcie(c);
        c->kept.nvlink_tx_bytes = known_u64(c->facts.nvlink_tx_kib) ? c->facts.nvlink_tx_kib << 10 : U64_UNKNOWN;
        c->kept.nvlink_rx_bytes = known_u64(c->facts.nvlink_rx_kib) ? c->facts.nvlink_rx_kib << 10 : U64_UNKNOWN;
    }
}

/* Drivers that do not tell the state of links as fields have a call for it. False behind the last link. */
static bool ask_link(struct nvidia_card *c, unsigned link, bool *ret_active) {
    unsigned active = 0;
    if (!nvidia_may_ask(c, READ_LINK_STATE, c->nvml->nvlink_state != NULL))
        return false;
    int r = c->nvml->nvlink_state(c->handle, link, &active);
    if (r == NVML_INVALID_ARGUMENT && link > 0)
        return false;
    *ret_active = nvidia_answered(c, READ_LINK_STATE, r) && active == 1;
    return true;
}

static void add_link(struct nvidia_card *c, unsigned number, uint64_t remote, const struct nvml_field_value *speed) {
    unsigned bits = 0;
    unsigned other = 0;
    struct nvidia_link *l = &c->links[c->n_links++];
    *l = (struct nvidia_link){.number = number, .remote = remote, .speed = U64_UNKNOWN};
    if (speed->result == NVML_OK && value_of(speed, &bits) <= UINT32_MAX)
        l->speed = value_of(speed, &bits);
    if (!known_u64(remote) && NVIDIA_ASK(c, READ_LINK_REMOTE, nvlink_remote, c->handle, number, &other))
        l->remote = other;
}

/* Links that are down are left out. What is at the other end is asked once for each link. */
void nvidia_read_links(struct nvidia_card *c) {
    struct nvml_field_value values[2 * NVML_LINKS_MAX]; /* 2.9 KiB */
    uint64_t remotes[NVML_LINKS_MAX];
    for (unsigned i = 0; i < NVML_LINKS_MAX; i++) {
        values[2 * i] = (struct nvml_field_value){.field = NVML_FIELD_NVLINK_STATE, .scope = i};
        values[2 * i + 1] = (struct nvml_field_value){.field = NVML_FIELD_NVLINK_SPEED, .scope = i};
        remotes[i] = U64_UNKNOWN;
    }
    for (size_t i = 0; i < c->n_links; i++)
        remotes[c->links[i].number] = c->links[i].remote;
    c->n_links = 0;
    bool fields = ask(c, values, (int)COUNT_OF(values)) && values[0].result == NVML_OK;
    for (unsigned i = 0; i < NVML_LINKS_MAX; i++) {
        const struct nvml_field_value *state = &values[2 * i];
        unsigned bits = 0;
        bool active = fields && state->result == NVML_OK && value_of(state, &bits) == 1;
        if (!fields && !ask_link(c, i, &active))
            return;
        if (active)
            add_link(c, i, remotes[i], &values[2 * i + 1]);
    }
}

/* Links of the fifth generation count for themselves, in bytes. */
void nvidia_read_link_counters(struct nvidia_card *c) {
    struct nvml_field_value values[2 * NVML_LINKS_MAX];
    uint64_t tx = 0;
    uint64_t rx = 0;
    unsigned bits = 0;
    if (known_u64(c->kept.nvlink_tx_bytes) || c->n_links == 0 || c->unsupported[READ_LINK5])
        return;
    for (size_t i = 0; i < c->n_links; i++) {
        unsigned link = (unsigned)c->links[i].number;
        values[2 * i] = (struct nvml_field_value){.field = NVML_FIELD_NVLINK5_TX_BYTES, .scope = link};
        values[2 * i + 1] = (struct nvml_field_value){.field = NVML_FIELD_NVLINK5_RX_BYTES, .scope = link};
    }
    if (!ask(c, values, (int)(2 * c->n_links)))
        return;
    for (size_t i = 0; i < c->n_links; i++) {
        if (!nvidia_answered(c, READ_LINK5, (int)values[2 * i].result) ||
            !nvidia_answered(c, READ_LINK5, (int)values[2 * i + 1].result))
            return;
        tx = sum(tx, value_of(&values[2 * i], &bits));
        rx = sum(rx, value_of(&values[2 * i + 1], &bits));
    }
    c->kept.nvlink_tx_bytes = tx;
    c->kept.nvlink_rx_bytes = rx;
}
