/* base/text.c: text as (pointer, length). */
#include "base/text.h"

#include <stdio.h>

bool text_starts(struct text t, const char *prefix) {
    size_t n = strlen(prefix);
    return n == 0 || (t.len >= n && memcmp(t.at, prefix, n) == 0);
}

bool text_ends(struct text t, const char *suffix) {
    size_t n = strlen(suffix);
    return n == 0 || (t.len >= n && memcmp(t.at + t.len - n, suffix, n) == 0);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text t) {
    while (t.len > 0 && is_space(t.at[0])) {
        t.at++;
        t.len--;
    }
    while (t.len > 0 && is_space(t.at[t.len - 1]))
        t.len--;
    return t;
}

bool text_cut(struct text *rest, char separator, struct text *ret) {
    if (!rest->at)
        return false;
    const char *end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
    if (!end) {
        *ret = *rest;
        *rest = (struct text){NULL, 0};
        return true;
    }
    size_t n = (size_t)(end - rest->at);
    *ret = (struct text){rest->at, n};
    rest->at += n + 1;
    rest->len -= n + 1;
    return true;
}

bool text_word(struct text *rest, struct text *ret) {
    size_t i = 0;
    while (i < rest->len && (rest->at[i] == ' ' || rest->at[i] == '\t'))
        i++;
    size_t start = i;
    while (i < rest->len && rest->at[i] != ' ' && rest->at[i] != '\t')
        i++;
    if (i == start)
        return false;
    *ret = (struct text){rest->at + start, i - start};
    rest->at += i;
    rest->len -= i;
    return true;
}

bool text_u64(struct text t, uint64_t *ret) {
    uint64_t value = 0;
    if (t.len == 0)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool text_i64(struct text t, int64_t *ret) {
    bool minus = t.len > 0 && t.at[0] == '-';
    uint64_t magnitude = 0;
    if (minus) {
        t.at++;
        t.len--;
    }
    if (!text_u64(t, &magnitude) || magnitude > (uint64_t)INT64_MAX + (minus ? 1U : 0U))
        return false;
    *ret = minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Length of the well-formed UTF-8 sequence at the start of `t` and its code point, or 0. */
static size_t utf8_sequence(struct text t, uint32_t *ret) {
    const unsigned char *p = (const unsigned char *)t.at;
    if (p[0] < 0x80) {
        *ret = p[0];
        return 1;
    }
    size_t n = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (n == 0 || t.len < n)
        return 0;
    uint32_t code = n == 2 ? p[0] & 0x1FU : n == 3 ? p[0] & 0x0FU : p[0] & 0x07U;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3FU);
    }
    if ((n == 3 && code < 0x800) || (n == 4 && (code < 0x10000 || code > 0x10FFFF)) ||
        (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    *ret = code;
    return n;
}

bool text_is_utf8(struct text t) {
    while (t.len > 0) {
        uint64_t eight;
        if (t.len >= 8) { /* plain ASCII goes eight bytes at a time */
            memcpy(&eight, t.at, 8);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                t.at += 8;
                t.len -= 8;
                continue;
            }
        }
        uint32_t code = 0;
        size_t n = utf8_sequence(t, &code);
        if (n == 0)
            return false;
        t.at += n;
        t.len -= n;
    }
    return true;
}

static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

const char *text_printable(struct text t, char *out, size_t cap) {
    size_t used = 0;
    while (t.len > 0) {
        uint32_t code = 0;
        char piece[16];
        size_t n = utf8_sequence(t, &code);
        size_t piece_len;
        if (n == 0) {
            piece_len = (size_t)snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)t.at[0]);
            n = 1;
        } else if (is_control(code)) {
            piece_len = (size_t)snprintf(piece, sizeof piece, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
        } else {
            memcpy(piece, t.at, n);
            piece_len = n;
        }
        if (piece_len >= cap - used)
            break;
        memcpy(out + used, piece, piece_len);
        used += piece_len;
        t.at += n;
        t.len -= n;
    }
    if (cap > 0)
        out[used] = '\0';
    return out;
}
