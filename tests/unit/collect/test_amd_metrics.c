/* tests/unit/collect/test_amd_metrics.c: gpu_metrics tables of every version, made byte by byte. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "collect/gpu/amd_metrics.h"

/* A table of which nothing is known but its head. Numbers are put where the kernel's header has them, counted by hand. */
static char table[AMD_METRICS_MAX];
static struct amd_metrics m;

static void put(size_t offset, size_t width, uint64_t value) {
    for (size_t i = 0; i < width; i++)
        table[offset + i] = (char)(value >> 8 * i);
}

static void begin(unsigned format, unsigned content, size_t size) {
    memset(table, 0xff, sizeof table);
    put(0, 2, size);
    put(2, 1, format);
    put(3, 1, content);
}

static void parse(size_t size) {
    memset(&m, 0x55, sizeof m);
    assert_true(amd_metrics_parse((struct text){table, size}, &m));
}

static void assert_unknown(void) {
    assert_false(known_u64(m.edge) || known_u64(m.hotspot) || known_u64(m.memory_temperature));
    assert_true(isnan(m.gfx_percent) && isnan(m.memory_percent) && isnan(m.jpeg_percent) && isnan(m.power_watts));
    assert_false(known_u64(m.energy) || known_u64(m.gfx_mhz) || known_u64(m.memory_mhz) || known_u64(m.fan_rpm));
    assert_false(known_u64(m.pcie_generation) || known_u64(m.pcie_width));
    assert_false(known_u64(m.xgmi_read_bytes) || known_u64(m.xgmi_written_bytes));
    assert_false(known_u64(m.xgmi_width) || known_u64(m.xgmi_gbps));
    assert_false(known_u64(m.reasons));
    assert_false(known_u64(m.held_prochot) || known_u64(m.held_power) || known_u64(m.held_thermal));
}

static const struct {
    unsigned format, content;
    size_t size;
} versions[] = {{1, 0, 80}, {1, 1, 96}, {1, 2, 104}, {1, 3, 120}, {1, 4, 288}, {1, 5, 360}, {1, 6, 384}, {1, 6, 1664},
    {1, 7, 2208}, {1, 8, 3872}, {1, 9, 2000}, {2, 0, 120}, {2, 1, 120}, {2, 2, 128}, {2, 3, 152}, {2, 4, 168},
    {3, 0, 264}};

static void all_ones_are_unknown(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        begin(versions[i].format, versions[i].content, versions[i].size);
        if (versions[i].content == 9)
            put(4, 4, 0);
        parse(versions[i].size);
        assert_int_equal(m.format, versions[i].format);
        assert_int_equal(m.content, versions[i].content);
        assert_unknown();
    }
}

/* Older kernels leave zeros where the chip has nothing: only of shares, fans and reasons is a zero a reading. */
static void zeros_are_no_temperatures(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        begin(versions[i].format, versions[i].content, versions[i].size);
        memset(table + 4, 0, sizeof table - 4);
        parse(versions[i].size);
        assert_false(known_u64(m.edge) || known_u64(m.hotspot) || known_u64(m.memory_temperature));
        assert_true(isnan(m.power_watts));
        assert_false(known_u64(m.energy) || known_u64(m.gfx_mhz) || known_u64(m.pcie_generation));
    }
}

static void table_1_0(void **state) {
    (void)state;
    begin(1, 0, 80);
    put(16, 2, 61);   /* edge */
    put(18, 2, 70);   /* hotspot */
    put(20, 2, 65);   /* memory */
    put(28, 2, 97);   /* gfx */
    put(30, 2, 41);   /* umc */
    put(34, 2, 250);  /* W */
    put(36, 4, 1000); /* energy */
    put(54, 2, 1900); /* gfxclk */
    put(58, 2, 875);  /* uclk */
    put(72, 2, 1500); /* fan */
    put(74, 1, 16);
    put(75, 1, 160);
    parse(80);
    assert_int_equal(m.edge, 61);
    assert_int_equal(m.hotspot, 70);
    assert_int_equal(m.memory_temperature, 65);
    assert_float_equal(m.gfx_percent, 97, 0);
    assert_float_equal(m.memory_percent, 41, 0);
    assert_float_equal(m.power_watts, 250, 0);
    assert_int_equal(m.energy, 1000);
    assert_int_equal(m.gfx_mhz, 1900);
    assert_int_equal(m.memory_mhz, 875);
    assert_int_equal(m.fan_rpm, 1500);
    assert_int_equal(m.pcie_width, 16);
    assert_int_equal(m.pcie_generation, 4);
    assert_false(known_u64(m.reasons));
}

static void put_1_3(unsigned content, size_t size) {
    begin(1, content, size);
    put(4, 2, 56);
    put(6, 2, 59);
    put(8, 2, 54);
    put(16, 2, 3);
    put(18, 2, 1);
    put(22, 2, 36);
    put(24, 8, 17691682);
    put(54, 2, 500);
    put(58, 2, 1000);
    put(72, 2, 0);
    put(74, 2, 8);
    put(76, 2, 80);
}

static void tables_1_1_to_1_3(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 96, 104, 120};
    for (unsigned content = 1; content <= 3; content++) {
        put_1_3(content, sizes[content]);
        put(112, 8, UINT64_C(1) << 36 | 1 << 16); /* not there before 1.3 */
        parse(sizes[content]);
        assert_int_equal(m.edge, 56);
        assert_int_equal(m.hotspot, 59);
        assert_int_equal(m.memory_temperature, 54);
        assert_float_equal(m.gfx_percent, 3, 0);
        assert_float_equal(m.memory_percent, 1, 0);
        assert_float_equal(m.power_watts, 36, 0);
        assert_int_equal(m.energy, 17691682);
        assert_int_equal(m.gfx_mhz, 500);
        assert_int_equal(m.memory_mhz, 1000);
        assert_int_equal(m.fan_rpm, 0);
        assert_int_equal(m.pcie_width, 8);
        assert_int_equal(m.pcie_generation, 3);
        assert_int_equal(m.reasons, content == 3 ? AMD_CURRENT | AMD_THERMAL : U64_UNKNOWN);
    }
    put(88, 2, 71); /* the hottest stack of memory counts */
    put(90, 2, 73);
    parse(120);
    assert_int_equal(m.memory_temperature, 73);
}

static void bits_are_reasons(void **state) {
    (void)state;
    static const struct {
        unsigned bit, reason;
    } bits[] = {{0, AMD_POWER}, {7, AMD_POWER}, {16, AMD_CURRENT}, {23, AMD_CURRENT}, {32, AMD_THERMAL},
        {45, AMD_THERMAL}, {46, AMD_PROCHOT}, {47, AMD_PROCHOT}, {56, AMD_OTHER}, {57, AMD_OTHER}, {10, AMD_OTHER}};
    for (size_t i = 0; i < COUNT_OF(bits); i++) {
        put_1_3(3, 120);
        put(112, 8, UINT64_C(1) << bits[i].bit);
        parse(120);
        assert_int_equal(m.reasons, bits[i].reason);
    }
    put(112, 8, 0);
    parse(120);
    assert_int_equal(m.reasons, 0);
}

/* Of tables from 1.4 on: where the pieces begin that they have in common. */
static void put_accelerator(size_t energy, size_t links, size_t xgmi, size_t clocks) {
    put(4, 2, 75); /* hotspot */
    put(6, 2, 62); /* memory */
    put(10, 2, 740);
    put(12, 2, 88); /* gfx */
    put(14, 2, 33); /* umc */
    put(energy, 8, UINT64_C(65536) * 5000);
    put(links, 2, 16);
    put(links + 2, 2, 320);
    put(links + 4, 2, 16);
    put(links + 6, 2, 32);
    for (size_t i = 0; i < 7; i++) {
        put(xgmi + 8 * i, 8, 1000 + i);
        put(xgmi + 64 + 8 * i, 8, 10);
    }
    put(clocks, 2, 2100);
    put(clocks + 2, 2, 1900); /* the other dies do not tell */
    put(clocks + 40, 2, 1300);
}

static void check_accelerator(void) {
    assert_false(known_u64(m.edge));
    assert_int_equal(m.hotspot, 75);
    assert_int_equal(m.memory_temperature, 62);
    assert_float_equal(m.power_watts, 740, 0);
    assert_float_equal(m.gfx_percent, 88, 0);
    assert_float_equal(m.memory_percent, 33, 0);
    assert_int_equal(m.energy, UINT64_C(65536) * 5000);
    assert_int_equal(m.pcie_width, 16);
    assert_int_equal(m.pcie_generation, 5);
    assert_int_equal(m.xgmi_width, 16);
    assert_int_equal(m.xgmi_gbps, 32);
    assert_int_equal(m.xgmi_read_bytes, (7 * 1000 + 21) * 1024);
    assert_int_equal(m.xgmi_written_bytes, 7 * 10 * 1024);
    assert_int_equal(m.gfx_mhz, 2000);
    assert_int_equal(m.memory_mhz, 1300);
    assert_false(known_u64(m.fan_rpm));
}

static void check_held(size_t held, size_t size) {
    assert_false(known_u64(m.held_prochot));
    for (size_t i = 1; i <= 5; i++)
        put(held + 4 * i, 4, i * 10);
    parse(size);
    assert_int_equal(m.held_prochot, 10);
    assert_int_equal(m.held_power, 20);
    assert_int_equal(m.held_thermal, 30 + 40 + 50);
}

static void tables_1_4_to_1_6(void **state) {
    (void)state;
    begin(1, 4, 288);
    put_accelerator(24, 48, 104, 240);
    parse(288);
    check_accelerator();
    assert_true(isnan(m.jpeg_percent));
    begin(1, 5, 360);
    put_accelerator(88, 112, 176, 312);
    put(24, 2, 50); /* JPEG engines */
    put(26, 2, 0);
    parse(360);
    check_accelerator();
    assert_float_equal(m.jpeg_percent, 25, 0);
    begin(1, 6, 384);
    put_accelerator(88, 136, 200, 336);
    put(24 + 62, 2, 40);
    parse(384);
    check_accelerator();
    assert_float_equal(m.jpeg_percent, 40, 0);
    check_held(104, 384);
    begin(1, 6, 1664);
    put_accelerator(16, 60, 128, 264);
    put(308 + 4 + 32, 2, 12); /* the first JPEG engine of the first partition */
    parse(1664);
    check_accelerator();
    assert_float_equal(m.jpeg_percent, 12, 0);
    check_held(32, 1664);
}

static void tables_1_7_and_1_8(void **state) {
    (void)state;
    for (unsigned content = 7; content <= 8; content++) {
        size_t size = content == 7 ? 2208 : 3872;
        size_t partition = content == 7 ? 232 : 440;
        begin(1, content, size);
        put_accelerator(24, 68, 136, 296);
        parse(size);
        check_accelerator();
        check_held(40, size);
        put(12, 2, 0xffff); /* nothing of all dies together: their mean */
        put(344, 4, 100);
        put(344 + 4, 4, 50);
        put(344 + 7 * partition, 4, 30);
        put(344 + 7 * partition + 32, 2, 90);
        parse(size);
        assert_float_equal(m.gfx_percent, 60, 0);
        assert_float_equal(m.jpeg_percent, 90, 0);
    }
}

static size_t put_attribute(size_t at, unsigned unit, unsigned type, unsigned id, unsigned n, uint64_t value) {
    put(at, 8, (uint64_t)unit << 24 | type << 20 | id << 10 | n);
    at += 8;
    for (unsigned i = 0; i < n; i++, at += (size_t)1 << type / 2)
        put(at, (size_t)1 << type / 2, value + i);
    return at;
}

static void table_1_9(void **state) {
    (void)state;
    enum { U16 = 2, S16 = 3, U32 = 4, U64 = 6 };
    begin(1, 9, 0);
    size_t at = 8;
    at = put_attribute(at, 2, U16, 0, 1, 75);
    at = put_attribute(at, 2, S16, 1, 1, 0xfff0); /* 16 below zero */
    at = put_attribute(at, 3, U32, 3, 1, 740);
    at = put_attribute(at, 0, U64, 6, 1, 5300); /* what nobody asked for */
    at = put_attribute(at, 0, U64, 7, 1, 65536);
    at = put_attribute(at, 0, U64, 11, 1, 20);
    at = put_attribute(at, 0, U16, 16, 1, 16);
    at = put_attribute(at, 6, U16, 17, 1, 32);
    at = put_attribute(at, 9, U64, 29, 8, 1000);
    at = put_attribute(at, 1, U16, 33, 2, 2000);
    at = put_attribute(at, 10, U32, 40, 4, 10);
    at = put_attribute(at, 10, U32, 900, 4, 10);
    at = put_attribute(at, 10, U16, 41, 1, 7);
    put(0, 2, at);
    put(4, 4, 13);
    parse(sizeof table);
    assert_int_equal(m.hotspot, 75);
    assert_false(known_u64(m.memory_temperature));
    assert_float_equal(m.power_watts, 740, 0);
    assert_int_equal(m.energy, 65536);
    assert_int_equal(m.held_power, 20);
    assert_int_equal(m.pcie_width, 16);
    assert_int_equal(m.pcie_generation, 5);
    assert_int_equal(m.xgmi_read_bytes, (8 * 1000 + 28) * 1024);
    assert_int_equal(m.gfx_mhz, 2001);
    assert_float_equal(m.gfx_percent, 11.5, 0);
    assert_float_equal(m.jpeg_percent, 7, 0);
    put(4, 4, 3); /* a table that says it has less */
    parse(sizeof table);
    assert_float_equal(m.power_watts, 740, 0);
    assert_false(known_u64(m.energy));
    put(4, 4, UINT32_MAX);
    parse(sizeof table);
    assert_unknown();
}

static void tables_of_processors(void **state) {
    (void)state;
    begin(2, 0, 120);
    put(16, 2, 4567); /* hundredths of a degree */
    put(40, 2, 9000);
    put(44, 2, 15);
    put(80, 2, 1800);
    put(84, 2, 2400);
    parse(120);
    assert_int_equal(m.edge, 46);
    assert_int_equal(m.gfx_mhz, 1800);
    assert_int_equal(m.memory_mhz, 2400);
    assert_true(isnan(m.gfx_percent) && isnan(m.power_watts));
    static const size_t sizes[] = {0, 120, 128, 152, 168};
    for (unsigned content = 1; content <= 4; content++) {
        begin(2, content, sizes[content]);
        put(4, 2, 61);
        put(28, 2, 50);
        put(40, 2, 15250);
        put(76, 2, 1600);
        put(80, 2, 800);
        put(120, 8, 1 << 6);
        parse(sizes[content]);
        assert_int_equal(m.edge, 61);
        assert_int_equal(m.gfx_mhz, 1600);
        assert_int_equal(m.memory_mhz, 800);
        assert_int_equal(m.reasons, content >= 2 ? AMD_POWER : U64_UNKNOWN);
        assert_true(isnan(m.gfx_percent));
        assert_true(content == 4 ? m.power_watts == 15.25 : isnan(m.power_watts));
    }
    begin(3, 0, 264);
    put(4, 2, 5512);
    put(112, 4, 28500);
    put(174, 2, 2700);
    put(186, 2, 1000);
    for (size_t i = 0; i < 7; i++)
        put(228 + 4 * i, 4, (uint64_t)1 << i);
    parse(264);
    assert_int_equal(m.edge, 55);
    assert_float_equal(m.power_watts, 28.5, 0);
    assert_int_equal(m.gfx_mhz, 2700);
    assert_int_equal(m.memory_mhz, 1000);
    assert_int_equal(m.held_prochot, 1);
    assert_int_equal(m.held_power, 2 + 4 + 8);
    assert_int_equal(m.held_thermal, 16 + 32 + 64);
}

/* What stands behind the end that a table tells, or that its file has, is not looked at. */
static void short_tables(void **state) {
    (void)state;
    put_1_3(3, 120);
    put(112, 8, 1);
    for (size_t size = 4; size < 120; size++) {
        parse(size); /* a file that ends early */
        assert_int_equal(m.edge, size >= 6 ? 56 : U64_UNKNOWN);
        assert_int_equal(m.energy, size >= 32 ? 17691682 : U64_UNKNOWN);
        assert_int_equal(m.pcie_width, size >= 76 ? 8 : U64_UNKNOWN);
        assert_false(known_u64(m.reasons));
        put(0, 2, size); /* the same by its own words */
        parse(120);
        assert_int_equal(m.energy, size >= 32 ? 17691682 : U64_UNKNOWN);
        put(0, 2, 120);
    }
    put(0, 2, 4000); /* longer than known */
    parse(120);
    assert_int_equal(m.reasons, AMD_POWER);
}

static void no_tables(void **state) {
    (void)state;
    begin(1, 3, 120);
    assert_false(amd_metrics_parse((struct text){NULL, 0}, &m));
    assert_false(amd_metrics_parse((struct text){table, 3}, &m));
    put(0, 2, 3);
    assert_false(amd_metrics_parse((struct text){table, 120}, &m));
    static const unsigned unknown[][2] = {{0, 0}, {1, 10}, {2, 5}, {3, 1}, {4, 0}, {255, 255}};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        begin(unknown[i][0], unknown[i][1], 120);
        assert_false(amd_metrics_parse((struct text){table, 120}, &m));
    }
}

static void absurd_readings(void **state) {
    (void)state;
    put_1_3(3, 120);
    put(4, 2, 60000);
    put(6, 2, 251);
    put(8, 2, 300);
    put(16, 2, 101);
    put(18, 2, 5000);
    put(22, 2, 20000);
    put(54, 2, 60000);
    put(72, 2, 60000);
    put(74, 2, 64);
    put(76, 2, 4);
    parse(120);
    assert_false(known_u64(m.edge) || known_u64(m.hotspot) || known_u64(m.memory_temperature));
    assert_true(isnan(m.gfx_percent) && isnan(m.memory_percent) && isnan(m.power_watts));
    assert_false(
        known_u64(m.gfx_mhz) || known_u64(m.fan_rpm) || known_u64(m.pcie_width) || known_u64(m.pcie_generation));
    begin(1, 4, 288);
    put_accelerator(24, 48, 104, 240);
    put(104, 8, UINT64_MAX - 1);
    put(112, 8, UINT64_MAX - 1);
    parse(288);
    assert_false(known_u64(m.xgmi_read_bytes));
}

static void generations(void **state) {
    (void)state;
    static const uint64_t speeds[] = {25, 50, 80, 160, 320, 640, 1280};
    for (size_t i = 0; i < COUNT_OF(speeds); i++)
        assert_int_equal(amd_pcie_generation(speeds[i]), i + 1);
    assert_false(known_u64(amd_pcie_generation(0)) || known_u64(amd_pcie_generation(U64_UNKNOWN)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ones_are_unknown),
        cmocka_unit_test(zeros_are_no_temperatures),
        cmocka_unit_test(table_1_0),
        cmocka_unit_test(tables_1_1_to_1_3),
        cmocka_unit_test(bits_are_reasons),
        cmocka_unit_test(tables_1_4_to_1_6),
        cmocka_unit_test(tables_1_7_and_1_8),
        cmocka_unit_test(table_1_9),
        cmocka_unit_test(tables_of_processors),
        cmocka_unit_test(short_tables),
        cmocka_unit_test(no_tables),
        cmocka_unit_test(absurd_readings),
        cmocka_unit_test(generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
