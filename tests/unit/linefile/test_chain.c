/* tests/unit/linefile/test_chain.c: the names of a chain, made, read back and listed. */
#include "helper.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linefile/chain.h"

static void numbers_go_before_the_extensions(void **state) {
    (void)state;
    static const struct {
        const char *base;
        unsigned number;
        const char *segment;
    } cases[] = {
        {"d.x/run.ndjson.zst", 7, "d.x/run.0007.ndjson.zst"},
        {"run", 1, "run.0001"},
        {"/a/run.gz", 12345, "/a/run.12345.gz"},
        {"run.v2.ndjson", 9, "run.v2.0009.ndjson"},
        {"run.zst.old", 9, "run.zst.old.0009"},
        {".ndjson", 2, ".ndjson.0002"},
        {".run.json.GZ", 4000000000, ".run.4000000000.json.GZ"},
        {"run.0001.ndjson", 3, "run.0001.0003.ndjson"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *path = NULL, *base = NULL;
        unsigned number = 0;
        OK(chain_segment_path(cases[i].base, cases[i].number, &path, &err));
        assert_string_equal(path, cases[i].segment);
        assert_true(chain_parse_path(path, &base, &number));
        assert_string_equal(base, cases[i].base);
        assert_int_equal(number, cases[i].number);
        free(path);
        free(base);
    }
}

static void other_names_are_no_segments(void **state) {
    (void)state;
    static const char *const names[] = {"run.ndjson", "run.007.ndjson", "run.0000.ndjson", "run.00007.ndjson",
        ".0007.ndjson", "run0007.ndjson", "run.0007.ndjson.bak", "run.99999999999.ndjson", "0007", "run.12x4.gz",
        "a.0001/run", ""};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *base = NULL;
        unsigned number = 0;
        if (chain_parse_path(names[i], &base, &number))
            fail_msg("%s", names[i]);
    }
}

static void listing_sorts_and_leaves_out_strangers(void **state) {
    (void)state;
    static const char *const strangers[] = {"run.0002.ndjson.gz", "run.ndjson.0003.zst", "xrun.0004.ndjson.zst",
        "run.0005.ndjson.zst.tmp", "run.005.ndjson.zst"};
    struct chain c = {0};
    const char *base = file_of(CODEC_ZSTD);
    FAILS(ERR_ABSENT, chain_list(base, &c, &err));
    FAILS(ERR_ABSENT, chain_list(in_folder("nowhere/run.ndjson"), &c, &err));
    for (size_t i = 0; i < COUNT_OF(strangers); i++)
        spill(in_folder(strangers[i]), "", 0);
    FAILS(ERR_ABSENT, chain_list(base, &c, &err));
    spill(base, "", 0);
    spill(in_folder("run.10000.ndjson.zst"), "", 0);
    spill(in_folder("run.0009.ndjson.zst"), "", 0);
    spill(in_folder("run.0010.ndjson.zst"), "", 0);
    assert_int_equal(symlink("run.ndjson.zst", in_folder("run.20000.ndjson.zst")), 0);
    OK(chain_list(base, &c, &err));
    assert_int_equal(c.n, 4);
    assert_int_equal(c.at[0].number, 9);
    assert_string_equal(c.at[0].path, in_folder("run.0009.ndjson.zst"));
    assert_int_equal(c.at[1].number, 10);
    assert_int_equal(c.at[2].number, 10000);
    assert_int_equal(c.at[3].number, 0);
    assert_string_equal(c.at[3].path, base);
    assert_int_equal(c.highest, 20000);
    assert_int_equal(c.others, 1);
    chain_done(&c);
    assert_int_equal(unlink(base), 0);
    OK(chain_list(base, &c, &err)); /* numbered segments alone */
    assert_int_equal(c.n, 3);
    chain_done(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_go_before_the_extensions),
        cmocka_unit_test(other_names_are_no_segments),
        cmocka_unit_test_setup_teardown(listing_sorts_and_leaves_out_strangers, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
