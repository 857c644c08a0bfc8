/* collect/gpu/amd_metrics.c: reads the binary gpu_metrics tables of amdgpu. */
#include "collect/gpu/amd_metrics.h"

#include "base/attr.h"
#include "collect/gpu/amd_layouts.h"

enum reading {
    NOTHING,
    EDGE,
    HOTSPOT,
    MEMORY_CELSIUS,
    GFX,
    DIE, /* of each die; for when the table does not tell of all together */
    MEMORY,
    JPEG,
    WATTS,
    MILLIWATTS,
    ENERGY,
    GFX_MHZ,
    MEMORY_MHZ,
    FAN,
    PCIE_WIDTH,
    PCIE_SPEED,
    XGMI_WIDTH,
    XGMI_SPEED,
    XGMI_READ,
    XGMI_WRITE,
    THROTTLE,
    HELD_PROCHOT,
    HELD_POWER,
    HELD_THERMAL,
    READINGS,
};

struct place { /* where a layout has a reading: `count` numbers of `width` bytes, one behind the other */
    uint8_t reading, width;
    uint16_t offset, count;
};

#define ONE(what, layout, member)                                                                                      \
    { (what), sizeof(((struct layout *)0)->member), offsetof(struct layout, member), 1 }
#define EACH(what, layout, member)                                                                                     \
    {                                                                                                                  \
        (what), sizeof(((struct layout *)0)->member[0]), offsetof(struct layout, member),                              \
            COUNT_OF(((struct layout *)0)->member)                                                                     \
    }

#define CARD(layout)                                                                                                   \
    ONE(EDGE, layout, temperature_edge), ONE(HOTSPOT, layout, temperature_hotspot),                                    \
        ONE(MEMORY_CELSIUS, layout, temperature_mem), ONE(GFX, layout, gfx_activity),                                  \
        ONE(MEMORY, layout, umc_activity), ONE(WATTS, layout, socket_power), ONE(ENERGY, layout, energy),              \
        ONE(GFX_MHZ, layout, gfxclk), ONE(MEMORY_MHZ, layout, uclk), ONE(FAN, layout, fan_speed),                      \
        ONE(PCIE_WIDTH, layout, pcie_width), ONE(PCIE_SPEED, layout, pcie_speed)
static const struct place v1_0[] = {CARD(amd_v1_0)};
static const struct place v1_3[] = {
    CARD(amd_v1_3), EACH(MEMORY_CELSIUS, amd_v1_3, temperature_hbm), ONE(THROTTLE, amd_v1_3, indep_throttle_status)};

#define ACCELERATOR(layout)                                                                                            \
    ONE(HOTSPOT, layout, temperature_hotspot), ONE(MEMORY_CELSIUS, layout, temperature_mem),                           \
        ONE(GFX, layout, gfx_activity), ONE(MEMORY, layout, umc_activity), ONE(WATTS, layout, socket_power),           \
        ONE(ENERGY, layout, energy), ONE(PCIE_WIDTH, layout, links.pcie_width),                                        \
        ONE(PCIE_SPEED, layout, links.pcie_speed), ONE(XGMI_WIDTH, layout, links.xgmi_width),                          \
        ONE(XGMI_SPEED, layout, links.xgmi_speed), EACH(XGMI_READ, layout, xgmi_read),                                 \
        EACH(XGMI_WRITE, layout, xgmi_write), EACH(GFX_MHZ, layout, clocks.gfxclk),                                    \
        ONE(MEMORY_MHZ, layout, clocks.uclk)
#define HELD(layout)                                                                                                   \
    ONE(HELD_PROCHOT, layout, held.prochot), ONE(HELD_POWER, layout, held.ppt),                                        \
        ONE(HELD_THERMAL, layout, held.socket_thm), ONE(HELD_THERMAL, layout, held.vr_thm),                            \
        ONE(HELD_THERMAL, layout, held.hbm_thm)
#define PARTITION(layout, i) EACH(DIE, layout, partitions[i].gfx_busy), EACH(JPEG, layout, partitions[i].jpeg_busy)
#define PARTITIONS(layout)                                                                                             \
    PARTITION(layout, 0), PARTITION(layout, 1), PARTITION(layout, 2), PARTITION(layout, 3), PARTITION(layout, 4),      \
        PARTITION(layout, 5), PARTITION(layout, 6), PARTITION(layout, 7)
static const struct place v1_4[] = {ACCELERATOR(amd_v1_4)};
static const struct place v1_5[] = {ACCELERATOR(amd_v1_5), EACH(JPEG, amd_v1_5, jpeg_activity)};
static const struct place v1_6_first[] = {
    ACCELERATOR(amd_v1_6_first), HELD(amd_v1_6_first), EACH(JPEG, amd_v1_6_first, jpeg_activity)};
static const struct place v1_6[] = {ACCELERATOR(amd_v1_6), HELD(amd_v1_6), PARTITIONS(amd_v1_6)};
static const struct place v1_7[] = {ACCELERATOR(amd_v1_7), HELD(amd_v1_7), PARTITIONS(amd_v1_7)};
static const struct place v1_8[] = {ACCELERATOR(amd_v1_8), HELD(amd_v1_8), PARTITIONS(amd_v1_8)};

/* Of 2.x, activity and power are left out: firmwares disagree on percent or hundredths, watts or milliwatts. */
#define PROCESSOR(layout)                                                                                              \
    ONE(EDGE, layout, temperature_gfx), ONE(GFX_MHZ, layout, gfxclk), ONE(MEMORY_MHZ, layout, uclk)
static const struct place v2_0[] = {PROCESSOR(amd_v2_0)};
static const struct place v2_3[] = {PROCESSOR(amd_v2_4), ONE(THROTTLE, amd_v2_4, indep_throttle_status)};
static const struct place v2_4[] = {
    PROCESSOR(amd_v2_4), ONE(THROTTLE, amd_v2_4, indep_throttle_status), ONE(MILLIWATTS, amd_v2_4, socket_power)};
static const struct place v3_0[] = {PROCESSOR(amd_v3_0), ONE(MILLIWATTS, amd_v3_0, socket_power),
    ONE(HELD_PROCHOT, amd_v3_0, held_prochot), ONE(HELD_POWER, amd_v3_0, held_spl),
    ONE(HELD_POWER, amd_v3_0, held_fppt), ONE(HELD_POWER, amd_v3_0, held_sppt),
    ONE(HELD_THERMAL, amd_v3_0, held_thm_core), ONE(HELD_THERMAL, amd_v3_0, held_thm_gfx),
    ONE(HELD_THERMAL, amd_v3_0, held_thm_soc)};

/* The first that fits is taken. `size_max`: of the tables with this layout; 0: any. */
static const struct layout {
    uint8_t format, first, last; /* content revisions */
    uint8_t n;
    uint16_t size_max;
    const struct place *places;
} layouts[] = {
    {1, 0, 0, COUNT_OF(v1_0), 0, v1_0},
    {1, 1, 3, COUNT_OF(v1_3), 0, v1_3},
    {1, 4, 4, COUNT_OF(v1_4), 0, v1_4},
    {1, 5, 5, COUNT_OF(v1_5), 0, v1_5},
    {1, 6, 6, COUNT_OF(v1_6_first), sizeof(struct amd_v1_6_first), v1_6_first},
    {1, 6, 6, COUNT_OF(v1_6), 0, v1_6},
    {1, 7, 7, COUNT_OF(v1_7), 0, v1_7},
    {1, 8, 8, COUNT_OF(v1_8), 0, v1_8},
    {2, 0, 0, COUNT_OF(v2_0), 0, v2_0},
    {2, 1, 3, COUNT_OF(v2_3), 0, v2_3},
    {2, 4, 4, COUNT_OF(v2_4), 0, v2_4},
    {3, 0, 0, COUNT_OF(v3_0), 0, v3_0},
};

struct tally { /* the numbers that were known */
    uint64_t n, sum, highest;
    bool too_much; /* for a sum in 64 bits */
};

/* An unsigned number of the kernel's own byte order, sign left out; all ones means that the chip does not tell. */
static bool take(const char *at, size_t width, bool is_signed, uint64_t *ret) {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (width) {
    case 1: u64 = (memcpy(&u8, at, 1), u8); break;
    case 2: u64 = (memcpy(&u16, at, 2), u16); break;
    case 4: u64 = (memcpy(&u32, at, 4), u32); break;
    default: memcpy(&u64, at, 8); break;
    }
    *ret = u64;
    return u64 != UINT64_MAX >> (64 - 8 * width) && !(is_signed && u64 >> (8 * width - 1));
}

static void count(struct tally *tally, uint64_t value) {
    tally->n++;
    tally->too_much |= __builtin_add_overflow(tally->sum, value, &tally->sum);
    if (value > tally->highest)
        tally->highest = value;
}

static void count_places(struct text table, const struct layout *layout, struct tally *tallies) {
    for (const struct place *place = layout->places; place < layout->places + layout->n; place++)
        for (size_t i = 0; i < place->count; i++) {
            size_t offset = place->offset + i * place->width;
            uint64_t value = 0;
            if (offset > table.len || place->width > table.len - offset)
                break; /* of a table that ends early; other places may stand before its end */
            if (take(table.at + offset, place->width, false, &value))
                count(&tallies[place->reading], value);
        }
}

/* Tables of format 1.9 name their contents: a word that says what follows, and then so many numbers, all packed. */
static void count_attributes(struct text table, struct tally *tallies) {
    static const uint8_t readings[] = {[0] = HOTSPOT,
        [1] = MEMORY_CELSIUS,
        [3] = WATTS,
        [4] = GFX,
        [5] = MEMORY,
        [7] = ENERGY,
        [10] = HELD_PROCHOT,
        [11] = HELD_POWER,
        [12] = HELD_THERMAL,
        [13] = HELD_THERMAL,
        [14] = HELD_THERMAL,
        [16] = PCIE_WIDTH,
        [17] = PCIE_SPEED,
        [18] = XGMI_WIDTH,
        [19] = XGMI_SPEED,
        [29] = XGMI_READ,
        [30] = XGMI_WRITE,
        [33] = GFX_MHZ,
        [37] = MEMORY_MHZ,
        [40] = DIE,
        [41] = JPEG};
    enum { WHOLE_GT_PER_SECOND = 6, TYPES = 8 };
    int32_t n = 0;
    size_t offset = sizeof(struct amd_header) + sizeof n;
    if (table.len < offset)
        return;
    memcpy(&n, table.at + sizeof(struct amd_header), sizeof n);
    for (; n > 0 && table.len - offset >= sizeof(uint64_t); n--) {
        uint64_t word = 0;
        memcpy(&word, table.at + offset, sizeof word);
        offset += sizeof word;
        unsigned unit = word >> 24 & 0xff;
        unsigned type = word >> 20 & 0xf;
        unsigned id = word >> 10 & 0x3ff;
        size_t numbers = word & 0x3ff;
        size_t width = (size_t)1 << type / 2;
        if (type >= TYPES || numbers > (table.len - offset) / width)
            return;
        for (; numbers > 0; numbers--, offset += width) {
            uint64_t value = 0;
            if (id >= COUNT_OF(readings) || !take(table.at + offset, width, type % 2, &value))
                continue;
            if (readings[id] == PCIE_SPEED && unit == WHOLE_GT_PER_SECOND && value < UINT16_MAX)
                value *= 10;
            count(&tallies[readings[id]], value);
        }
    }
}

uint64_t amd_pcie_generation(uint64_t tenths_gt_per_second) {
    static const uint16_t speeds[] = {25, 50, 80, 160, 320, 640, 1280};
    for (size_t i = 0; i < COUNT_OF(speeds); i++)
        if (tenths_gt_per_second == speeds[i])
            return i + 1;
    return U64_UNKNOWN; /* some firmwares wrote a code here */
}

/* What a table leaves out is 0 in older kernels and all ones in newer: no chip has 0 °C, W or MHz while it answers. */
static uint64_t within(uint64_t value, uint64_t most) {
    return value > 0 && value <= most ? value : U64_UNKNOWN;
}

static uint64_t mean(const struct tally *t) {
    return t->n > 0 && !t->too_much ? (t->sum + t->n / 2) / t->n : U64_UNKNOWN;
}

static uint64_t sum(const struct tally *t) {
    return t->n > 0 && !t->too_much ? t->sum : U64_UNKNOWN;
}

static double percent(const struct tally *t) {
    return t->n > 0 && t->highest <= 100 ? (double)t->sum / (double)t->n : NAN;
}

/* Processors with graphics say hundredths of a degree, some firmwares degrees: no chip is at 2.5 °C, and none at 250. */
static uint64_t celsius(uint64_t value) {
    enum { CELSIUS_MAX = 250 };
    if (known_u64(value) && value > CELSIUS_MAX)
        value = (value + 50) / 100;
    return within(value, CELSIUS_MAX);
}

static uint64_t bytes_of_kib(uint64_t kib) {
    uint64_t bytes = 0;
    return known_u64(kib) && !__builtin_mul_overflow(kib, 1024U, &bytes) ? bytes : U64_UNKNOWN;
}

/* The bits that are the same for all chips (SMU_THROTTLER_*_BIT of the kernel). */
static uint64_t reasons_of(const struct tally *t) {
    if (t->n == 0)
        return U64_UNKNOWN;
    uint64_t bits = t->sum;
    uint64_t prochot = UINT64_C(3) << 46;
    return (bits & 0xff ? AMD_POWER : 0U) | (bits & 0xff0000 ? AMD_CURRENT : 0U) |
           (bits & 0xffff00000000 & ~prochot ? AMD_THERMAL : 0U) | (bits & prochot ? AMD_PROCHOT : 0U) |
           (bits & ~UINT64_C(0xffff00ff00ff) ? AMD_OTHER : 0U);
}

static void conclude(const struct tally *tallies, struct amd_metrics *ret) {
    enum { MHZ_MAX = 20000, RPM_MAX = 50000, WATTS_MAX = 10000, LANES_MAX = 32, GBPS_MAX = 10000 };
    uint64_t milliwatts = within(mean(&tallies[MILLIWATTS]), (uint64_t)WATTS_MAX * 1000);
    uint64_t watts = within(mean(&tallies[WATTS]), WATTS_MAX);
    ret->edge = celsius(mean(&tallies[EDGE]));
    ret->hotspot = within(mean(&tallies[HOTSPOT]), 250);
    ret->memory_temperature =
        tallies[MEMORY_CELSIUS].n > 0 ? within(tallies[MEMORY_CELSIUS].highest, 250) : U64_UNKNOWN;
    ret->gfx_percent = percent(&tallies[tallies[GFX].n > 0 ? GFX : DIE]);
    ret->memory_percent = percent(&tallies[MEMORY]);
    ret->jpeg_percent = percent(&tallies[JPEG]);
    ret->power_watts = known_u64(watts) ? (double)watts : known_u64(milliwatts) ? (double)milliwatts / 1000 : NAN;
    ret->energy = within(sum(&tallies[ENERGY]), UINT64_MAX - 1);
    ret->gfx_mhz = within(mean(&tallies[GFX_MHZ]), MHZ_MAX);
    ret->memory_mhz = within(mean(&tallies[MEMORY_MHZ]), MHZ_MAX);
    uint64_t rpm = mean(&tallies[FAN]);
    ret->fan_rpm = known_u64(rpm) && rpm <= RPM_MAX ? rpm : U64_UNKNOWN;
    ret->pcie_generation = amd_pcie_generation(mean(&tallies[PCIE_SPEED]));
    ret->pcie_width = within(mean(&tallies[PCIE_WIDTH]), LANES_MAX);
    ret->xgmi_read_bytes = bytes_of_kib(sum(&tallies[XGMI_READ]));
    ret->xgmi_written_bytes = bytes_of_kib(sum(&tallies[XGMI_WRITE]));
    ret->xgmi_width = within(mean(&tallies[XGMI_WIDTH]), LANES_MAX);
    ret->xgmi_gbps = within(mean(&tallies[XGMI_SPEED]), GBPS_MAX);
    ret->reasons = reasons_of(&tallies[THROTTLE]);
    ret->held_prochot = sum(&tallies[HELD_PROCHOT]);
    ret->held_power = sum(&tallies[HELD_POWER]);
    ret->held_thermal = sum(&tallies[HELD_THERMAL]);
}

void amd_metrics_clear(struct amd_metrics *m) {
    struct tally nothing[READINGS] = {{.n = 0}};
    *m = (struct amd_metrics){.format = 0};
    conclude(nothing, m);
}

bool amd_metrics_parse(struct text bytes, struct amd_metrics *ret) {
    struct tally tallies[READINGS] = {{.n = 0}};
    struct amd_header header;
    if (bytes.len < sizeof header)
        return false;
    memcpy(&header, bytes.at, sizeof header);
    if (header.structure_size < sizeof header)
        return false;
    struct text table = {bytes.at, bytes.len < header.structure_size ? bytes.len : header.structure_size};
    const struct layout *layout = layouts;
    while (layout < layouts + COUNT_OF(layouts) &&
           !(header.format_revision == layout->format && header.content_revision >= layout->first &&
               header.content_revision <= layout->last &&
               (layout->size_max == 0 || header.structure_size <= layout->size_max)))
        layout++;
    if (layout < layouts + COUNT_OF(layouts))
        count_places(table, layout, tallies);
    else if (header.format_revision == 1 && header.content_revision == 9)
        count_attributes(table, tallies);
    else
        return false;
    *ret = (struct amd_metrics){.format = header.format_revision, .content = header.content_revision};
    conclude(tallies, ret);
    return true;
}
