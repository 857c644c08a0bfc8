/* tests/unit/collect/test_amd_parse.c: the texts of amdgpu and KFD. */
#include "test.h"

#include "collect/gpu/amd_parse.h"

static void values(void **state) {
    (void)state;
    assert_text(amd_value(TEXT(" auto\n")), "auto");
    assert_text(amd_value(TEXT("D0\n\0\0\0")), "D0");
    assert_null(amd_value(TEXT("\n")).at);
    assert_null(amd_value(TEXT("\0abc")).at);
    assert_null(amd_value((struct text){NULL, 0}).at);
}

static void clocks(void **state) {
    (void)state;
    assert_int_equal(amd_parse_clock(TEXT("0: 500Mhz\n1: 31Mhz *\n2: 2219Mhz\n")), 31);
    assert_int_equal(amd_parse_clock(TEXT("0: 852Mhz *")), 852);
    assert_false(known_u64(amd_parse_clock(TEXT("0: 500Mhz\n1: 2660Mhz\n"))));
    assert_false(known_u64(amd_parse_clock(TEXT("0: 500Mhz *\n1: 2660Mhz *\n"))));
    assert_false(known_u64(amd_parse_clock(TEXT("S: -19Mhz *\n"))));
    assert_false(known_u64(amd_parse_clock(TEXT("*\n"))));
    assert_false(known_u64(amd_parse_clock(TEXT("0: Mhz *\n"))));
    assert_false(known_u64(amd_parse_clock(TEXT(""))));
}

static void links(void **state) {
    (void)state;
    struct text levels = TEXT("0: 2.5GT/s, x8 \n1: 8.0GT/s, x16 619Mhz *\n2: 16.0GT/s, x4\n");
    struct pci_link link = amd_parse_link(levels, false);
    assert_int_equal(link.generation, 3);
    assert_int_equal(link.width, 16);
    link = amd_parse_link(levels, true);
    assert_int_equal(link.generation, 4);
    assert_int_equal(link.width, 16);
    link = amd_parse_link(TEXT("0: 16.0GT/s, x16 78Mhz *\n1: 16.0GT/s, x16 156Mhz *\n"), false);
    assert_int_equal(link.generation, 4);
    assert_int_equal(link.width, 16);
    link = amd_parse_link(TEXT("0: 8.0GT/s, x16 78Mhz *\n1: 16.0GT/s, x16 156Mhz *\n"), false);
    assert_false(known_u64(link.generation) || known_u64(link.width));
    link = amd_parse_link(TEXT("0: 7.0GT/s, x0 *\n"), false);
    assert_false(known_u64(link.generation) || known_u64(link.width));
    link = amd_parse_link(TEXT("0: 1e300GT/s, x99999999999999999999 *\n"), false);
    assert_false(known_u64(link.generation) || known_u64(link.width));
    link = amd_parse_link(TEXT(""), true);
    assert_false(known_u64(link.generation) || known_u64(link.width));
}

static void errors(void **state) {
    (void)state;
    uint64_t uncorrected = U64_UNKNOWN;
    uint64_t corrected = U64_UNKNOWN;
    amd_parse_ras(TEXT("Query currently inaccessible\n"), &uncorrected, &corrected);
    assert_false(known_u64(uncorrected) || known_u64(corrected));
    amd_parse_ras(TEXT("ue: 1\nce: 20\nde: 7\n"), &uncorrected, &corrected);
    amd_parse_ras(TEXT("ue: 2\nce: 0\n"), &uncorrected, &corrected);
    assert_int_equal(uncorrected, 3);
    assert_int_equal(corrected, 20);
    amd_parse_ras(TEXT("ce: -1\nue: 18446744073709551614"), &uncorrected, &corrected);
    assert_false(known_u64(uncorrected));
    assert_int_equal(corrected, 20);
}

static void retired_pages(void **state) {
    (void)state;
    assert_int_equal(amd_count_retired(TEXT("")), 0);
    assert_int_equal(amd_count_retired(TEXT("0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : P\n"
                                            "0x00000003 : 0x00001000 : F\n0x00000004 : 0x00001000 : R\nR\n")),
        2);
}

static void product_names(void **state) {
    (void)state;
    struct text ids =
        TEXT("# List of AMDGPU IDs\n1.0.0\n73BF,\tC0,\tAMD Radeon RX 6900 XT\n73BF,\tC1,\tAMD Radeon RX 6800 XT\n"
             "73BF,\tC3,\t\n15D8,\tC1\n");
    assert_text(amd_ids_find(ids, 0x73bf, 0xc0), "AMD Radeon RX 6900 XT");
    assert_text(amd_ids_find(ids, 0x73bf, 0xc1), "AMD Radeon RX 6800 XT");
    assert_null(amd_ids_find(ids, 0x73bf, 0xc3).at);
    assert_null(amd_ids_find(ids, 0x15d8, 0xc1).at);
    assert_null(amd_ids_find(ids, 0x73bf, U64_UNKNOWN).at);
    assert_null(amd_ids_find(ids, U64_UNKNOWN, U64_UNKNOWN).at);
}

static void hexadecimal(void **state) {
    (void)state;
    assert_int_equal(amd_parse_hex(TEXT("0xc0")), 0xc0);
    assert_int_equal(amd_parse_hex(TEXT("73BF")), 0x73bf);
    assert_false(known_u64(amd_parse_hex(TEXT(""))) || known_u64(amd_parse_hex(TEXT("0x"))));
    assert_false(known_u64(amd_parse_hex(TEXT("123456789"))) || known_u64(amd_parse_hex(TEXT("g"))));
    assert_false(known_u64(amd_parse_hex(TEXT("1\0"))) || known_u64(amd_parse_hex(TEXT("\x10"))));
}

static void nodes(void **state) {
    (void)state;
    struct amd_node node;
    amd_parse_node(TEXT("cpu_cores_count 0\nsimd_count 160\nsimd_per_cu 2\nlocation_id 3072\ndomain 1\n"
                        "gfx_target_version 100300\nunique_id 1\n"),
        &node);
    assert_int_equal(node.simd_count, 160);
    assert_int_equal(node.simd_per_cu, 2);
    assert_int_equal(node.gfx_target, 100300);
    assert_true(amd_node_is(&node, "0001:0c:00.0"));
    assert_false(amd_node_is(&node, "0000:0c:00.0"));
    assert_false(amd_node_is(&node, "0001:0c:00.1"));
    assert_false(amd_node_is(&node, "card0"));
    assert_false(amd_node_is(&node, "0001:0c:20.0"));
    node.location_id |= UINT64_C(3) << 28; /* a partition */
    assert_true(amd_node_is(&node, "0001:0c:00.0"));
    amd_parse_node(TEXT("location_id -1\ndomain\n"), &node);
    assert_false(known_u64(node.location_id) || known_u64(node.domain));
    assert_false(amd_node_is(&node, "0000:00:00.0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(clocks),
        cmocka_unit_test(links),
        cmocka_unit_test(errors),
        cmocka_unit_test(retired_pages),
        cmocka_unit_test(product_names),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
