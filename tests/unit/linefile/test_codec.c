/* tests/unit/linefile/test_codec.c: codecs by name, by extension, by first bytes; zstd headers. */
#include "helper.h"

#include "linefile/zstd_format.h"

static void names_and_extensions(void **state) {
    (void)state;
    enum codec c = CODEC_PLAIN;
    for (unsigned i = 0; i < CODEC_COUNT; i++) {
        assert_true(codec_by_name(text_of(codec_name((enum codec)i)), &c));
        assert_int_equal(c, i);
    }
    assert_false(codec_by_name(TEXT("bzip2"), &c));
    assert_false(codec_by_name(TEXT("ZSTD"), &c));
    assert_int_equal(codec_by_extension("a/b.zst"), CODEC_ZSTD);
    assert_int_equal(codec_by_extension("b.ndjson.ZSTD"), CODEC_ZSTD);
    assert_int_equal(codec_by_extension("b.gz"), CODEC_GZIP);
    assert_int_equal(codec_by_extension("b.zst.ndjson"), CODEC_PLAIN);
    assert_int_equal(codec_by_extension("b"), CODEC_PLAIN);
    assert_int_equal(codec_by_extension("b.zs"), CODEC_PLAIN);
}

static void first_bytes_decide(void **state) {
    (void)state;
    assert_int_equal(codec_sniff("\x28\xB5\x2F\xFD", 4), CODEC_ZSTD);
    assert_int_equal(codec_sniff("\x50\x2A\x4D\x18", 4), CODEC_ZSTD);
    assert_int_equal(codec_sniff("\x5F\x2A\x4D\x18", 4), CODEC_ZSTD);
    assert_int_equal(codec_sniff("\x60\x2A\x4D\x18", 4), CODEC_PLAIN);
    assert_int_equal(codec_sniff("\x28\xB5\x2F", 3), CODEC_PLAIN);
    assert_int_equal(codec_sniff("\x1F\x8B\x08", 3), CODEC_GZIP);
    assert_int_equal(codec_sniff("\x1F\x8B\x07", 3), CODEC_PLAIN);
    assert_int_equal(codec_sniff("{\"schema\":1", 11), CODEC_PLAIN);
    assert_int_equal(codec_sniff("", 0), CODEC_PLAIN);
}

static void zstd_headers(void **state) {
    (void)state;
    struct zstd_header h = {0};
    const uint8_t windowed[] = {0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58}; /* checksum; window 2^21 */
    assert_int_equal(zstd_header_parse(windowed, 6, &h), 1);
    assert_true(h.checksum && !h.dictionary && h.window == 1 << 21 && h.size == 6 && h.content_size == UINT64_MAX);
    for (size_t len = 0; len < 6; len++)
        assert_int_equal(zstd_header_parse(windowed, len, &h), 0);
    const uint8_t single[] = {0x28, 0xB5, 0x2F, 0xFD, 0x60, 0x01, 0x02}; /* one segment, size in two bytes */
    assert_int_equal(zstd_header_parse(single, 7, &h), 1);
    assert_true(h.content_size == 0x201 + 256 && h.window == h.content_size && h.content_size_len == 2 && !h.checksum);
    const uint8_t huge[] = {0x28, 0xB5, 0x2F, 0xFD, 0xC1, 0xFF, 0x07, 1, 2, 3, 4, 5, 6, 7, 8}; /* dictionary 7 */
    assert_int_equal(zstd_header_parse(huge, sizeof huge, &h), 1);
    assert_true(h.dictionary && h.content_size == UINT64_C(0x0807060504030201) && h.size == 15);
    assert_true(h.window == (UINT64_C(1) << 41) + (UINT64_C(7) << 38));
    const uint8_t no_dictionary[] = {0x28, 0xB5, 0x2F, 0xFD, 0x01, 0x58, 0x00};
    assert_int_equal(zstd_header_parse(no_dictionary, 7, &h), 1);
    assert_false(h.dictionary);
    const uint8_t reserved[] = {0x28, 0xB5, 0x2F, 0xFD, 0x08, 0x58};
    assert_int_equal(zstd_header_parse(reserved, 6, &h), -1);
    assert_int_equal(zstd_header_parse((const uint8_t *)"{\"schema\"", 9, &h), -1);

    struct zstd_block b = {0};
    assert_true(zstd_block_parse((const uint8_t *)"\x01\x00\x00", &b) && b.last && b.stored == 0);
    assert_true(zstd_block_parse((const uint8_t *)"\x52\x00\x00", &b) && !b.last && b.stored == 1); /* run of 10 */
    assert_true(zstd_block_parse((const uint8_t *)"\x54\x00\x00", &b) && b.stored == 10);
    assert_false(zstd_block_parse((const uint8_t *)"\x06\x00\x00", &b));
    assert_false(zstd_block_parse((const uint8_t *)"\xFC\xFF\xFF", &b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_extensions),
        cmocka_unit_test(first_bytes_decide),
        cmocka_unit_test(zstd_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
