/* fuzz/fuzz_base_text.c: everything that reads short texts: moments, quantities, numbers, UTF-8, and what is shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/number.h"
#include "base/quantity.h"
#include "base/text.h"

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and is written again reads the same. */
static void moments_and_numbers(struct text t) {
    int64_t ns = 0, again_ns = 0, i = 0, again_i = 0;
    uint64_t u = 0, again_u = 0;
    double d = 0, again_d = 0;
    char out[NUMBER_TEXT_MAX], utc[CLOCK_UTC_LEN], local[CLOCK_LOCAL_LEN];
    if (clock_parse(t, &ns)) {
        clock_format_utc(ns, utc);
        clock_format_local(ns, local);
        REQUIRE(
            !clock_parse((struct text){utc, sizeof utc}, &again_ns) || (again_ns <= ns && ns - again_ns < NS_PER_MS));
    }
    if (text_u64(t, &u))
        REQUIRE(text_u64((struct text){out, number_write_u64(out, u)}, &again_u) && again_u == u);
    if (text_i64(t, &i))
        REQUIRE(text_i64((struct text){out, number_write_i64(out, i)}, &again_i) && again_i == i);
    if (text_f64(t, &d))
        REQUIRE(
            text_f64((struct text){out, number_write_f64(out, d)}, &again_d) && memcmp(&d, &again_d, sizeof d) == 0);
}

static void quantities(struct text t) {
    int64_t ns = -1;
    uint64_t bytes = UINT64_MAX;
    char out[QUANTITY_LEN];
    struct error err;
    if (quantity_parse_duration(t, &ns, &err) == 0) {
        REQUIRE(ns >= 0 && strlen(quantity_duration(ns, out)) < QUANTITY_LEN);
    } else {
        REQUIRE(ns == -1 && err.code == ERR_USAGE && strlen(err.text) < sizeof err.text);
    }
    if (quantity_parse_size(t, &bytes, &err) == 0) {
        REQUIRE(bytes <= INT64_MAX && strlen(quantity_size(bytes, out)) < QUANTITY_LEN);
    } else {
        REQUIRE(bytes == UINT64_MAX && err.code == ERR_USAGE);
    }
}

/* Whatever comes in, nothing that a terminal obeys comes out, in any size of room. */
static void showing(struct text t) {
    char out[512];
    for (size_t cap = 1; cap <= sizeof out; cap *= 2) {
        (void)text_printable(t, out, cap);
        struct text shown = text_of(out);
        REQUIRE(shown.len < cap && text_is_utf8(shown));
        for (size_t i = 0; i < shown.len; i++)
            REQUIRE((unsigned char)shown.at[i] >= 0x20 && shown.at[i] != 0x7F);
        for (size_t i = 0; i + 1 < shown.len; i++) /* C1 controls */
            REQUIRE(!((unsigned char)shown.at[i] == 0xC2 && (unsigned char)shown.at[i + 1] < 0xA0));
    }
}

static void cutting(struct text t) {
    struct text rest = t, piece, word;
    size_t total = 0, pieces = 0;
    while (text_cut(&rest, ',', &piece)) {
        total += piece.len;
        pieces++;
        REQUIRE(!memchr(piece.len ? piece.at : "", ',', piece.len));
        for (struct text words = piece; text_word(&words, &word);)
            REQUIRE(word.len > 0 && text_equal(text_trim(word), text_trim(text_trim(word))));
    }
    REQUIRE(pieces == 0 ? t.len == 0 : total + pieces - 1 == t.len);
}

static void json_strings(struct json_parser *parser, struct text t) {
    struct buffer written = {0};
    struct json_value v;
    struct text back;
    json_put_text(&written, t);
    REQUIRE(json_parse(parser, written.at, written.len, false, &v, NULL) == 0 && json_text(v, &back));
    REQUIRE(text_is_utf8(t) ? text_equal(t, back) : text_is_utf8(back));
    buffer_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct json_parser *parser;
    struct text t = {(const char *)data, size};
    if (!parser && json_parser_create(&parser, NULL) < 0)
        return 0;
    moments_and_numbers(t);
    quantities(t);
    showing(t);
    cutting(t);
    json_strings(parser, t);
    return 0;
}
