/* base/number.cc: decimal numbers by the C++ library's to_chars and from_chars, which are exact, fast and locale-free. */
#include "base/number.h"

#include <charconv>
#include <cmath>
#include <cstring>

size_t number_write_f64(char out[NUMBER_TEXT_MAX], double value) {
    /* Nearly all readings are small multiples of 0.01 (see number_round): written as integers they cost a fifth. */
    double hundredths = value * 100.0;
    if (hundredths > -1e12 && hundredths < 1e12) {
        auto whole = static_cast<int64_t>(hundredths + (hundredths < 0 ? -0.5 : 0.5));
        if (static_cast<double>(whole) / 100.0 == value && (whole != 0 || !std::signbit(value))) {
            size_t at = 0;
            uint64_t rest = whole < 0 ? 0 - static_cast<uint64_t>(whole) : static_cast<uint64_t>(whole);
            if (whole < 0)
                out[at++] = '-';
            at += number_write_u64(out + at, rest / 100);
            unsigned cents = static_cast<unsigned>(rest % 100);
            out[at++] = '.';
            out[at++] = static_cast<char>('0' + cents / 10);
            if (cents % 10 != 0)
                out[at++] = static_cast<char>('0' + cents % 10);
            return at;
        }
    }
    auto end = std::to_chars(out, out + NUMBER_TEXT_MAX - 2, value).ptr;
    size_t len = static_cast<size_t>(end - out);
    if (memchr(out, '.', len) == nullptr && memchr(out, 'e', len) == nullptr) {
        out[len++] = '.';
        out[len++] = '0';
    }
    return len;
}

size_t number_write_u64(char out[NUMBER_TEXT_MAX], uint64_t value) {
    return static_cast<size_t>(std::to_chars(out, out + NUMBER_TEXT_MAX, value).ptr - out);
}

size_t number_write_i64(char out[NUMBER_TEXT_MAX], int64_t value) {
    return static_cast<size_t>(std::to_chars(out, out + NUMBER_TEXT_MAX, value).ptr - out);
}

bool text_f64(struct text t, double *ret) {
    double value = 0;
    if (t.len == 0 || (t.at[0] != '-' && t.at[0] != '.' && (t.at[0] < '0' || t.at[0] > '9')))
        return false;
    auto result = std::from_chars(t.at, t.at + t.len, value);
    if (result.ec != std::errc() || result.ptr != t.at + t.len || !std::isfinite(value))
        return false;
    *ret = value;
    return true;
}

double number_round(double value, unsigned decimals) {
    static const double scale[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    double by = scale[decimals > 6 ? 6 : decimals];
    double scaled = value * by;
    return std::fabs(scaled) < 9e15 ? std::round(scaled) / by : value;
}
