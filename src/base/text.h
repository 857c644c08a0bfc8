/* base/text.h: text as (pointer, length): comparing, cutting, reading numbers, and making it safe to print. */
#ifndef TACHO_BASE_TEXT_H
#define TACHO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes, not NUL-terminated. `at` is NULL when the text is not known. */
struct text {
    const char *at;
    size_t len;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_ARG(t) (int)(t).len, (t).at /* for "%.*s" */

static inline struct text text_of(const char *s) {
    return (struct text){s, s ? strlen(s) : 0};
}
/* Are `n` bytes the same? For the short texts that keys and names are, where a call costs more than the comparison. */
static inline bool text_same_bytes(const char *a, const char *b, size_t n) {
    uint64_t x, y;
    if (n < 8) {
        size_t i = 0;
        while (i < n && a[i] == b[i]) /* NOLINT(clang-analyzer-core.NullDereference): a text with bytes has a pointer */
            i++;
        return i == n;
    }
    for (size_t i = 0; i < n; i += 8) {
        size_t at = n - i < 8 ? n - 8 : i; /* the last eight bytes, some of them for the second time */
        memcpy(&x, a + at, 8);
        memcpy(&y, b + at, 8);
        if (x != y)
            return false;
    }
    return true;
}
static inline bool text_equal(struct text a, struct text b) {
    return a.len == b.len && text_same_bytes(a.at, b.at, a.len);
}
static inline bool text_is(struct text a, const char *s) {
    return text_equal(a, text_of(s));
}
bool text_starts(struct text t, const char *prefix);
bool text_ends(struct text t, const char *suffix);
struct text text_trim(struct text t); /* without white space at both ends */

/* Cuts off what stands before the first `separator`, and the separator; at the end, all that is left.
 * Returns false when nothing is left (`rest->at` is then NULL). */
bool text_cut(struct text *rest, char separator, struct text *ret);
/* The next piece without spaces or tabs in it; false when there is none. */
bool text_word(struct text *rest, struct text *ret);

/* Whole-text decimal numbers: no sign for u64, no spaces, no overflow; false leaves `*ret` alone. */
bool text_u64(struct text t, uint64_t *ret);
bool text_i64(struct text t, int64_t *ret);

bool text_is_utf8(struct text t); /* well-formed, after Unicode 15 table 3-7 */

/* Writes `t` for a person's eyes into `out` (NUL-terminated, cut to `cap`): control bytes, DEL, bidirectional and
 * C1 controls and bytes that are not UTF-8 come out as \xNN or \u{NNNN}, so that nothing reaches a terminal unescaped.
 * Returns `out`. */
const char *text_printable(struct text t, char *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
