/* rules/pattern.c: how large a regular expression becomes. */
#include "rules/pattern.h"

#include <stdint.h>

enum { DEPTH_MAX = 64 }; /* of parentheses */

struct group {
    size_t before, last; /* what stands in it; the part that a repetition would repeat */
};

/* Behind a bracket expression that begins at `at`: "[]a]", "[^]a]", "[[:alpha:]x]". */
static size_t skip_bracket(struct text t, size_t at) {
    at++;
    if (at < t.len && t.at[at] == '^')
        at++;
    for (size_t first = at; at < t.len && (t.at[at] != ']' || at == first); at++) {
        char kind = at + 1 < t.len && t.at[at] == '[' ? t.at[at + 1] : '\0';
        if (kind != ':' && kind != '.' && kind != '=')
            continue;
        size_t end = at + 2;
        while (end + 1 < t.len && (t.at[end] != kind || t.at[end + 1] != ']'))
            end++;
        if (end + 1 < t.len)
            at = end + 1;
    }
    return at < t.len ? at + 1 : at;
}

/* How often "{3,7}" repeats at most; `at` is moved behind it. 0 when it is no repetition. */
static size_t read_braces(struct text t, size_t *at) {
    size_t most = 0, number = 0, i = *at + 1;
    for (; i < t.len && ((t.at[i] >= '0' && t.at[i] <= '9') || t.at[i] == ','); i++) {
        number = t.at[i] == ',' ? 0 : number > PATTERN_SIZE_MAX ? number : number * 10 + (size_t)(t.at[i] - '0');
        most = number > most ? number : most;
    }
    if (i == t.len || t.at[i] != '}')
        return 0;
    *at = i + 1;
    return most + 1; /* "{3,}" has one more */
}

size_t pattern_size(struct text t) {
    struct group open[DEPTH_MAX] = {{0, 0}};
    size_t depth = 0, at = 0;
    while (at < t.len) {
        struct group *g = &open[depth];
        char c = t.at[at];
        size_t times = c == '+' ? 2 : c == '{' ? read_braces(t, &at) : 0;
        if (c == '(') {
            if (++depth == DEPTH_MAX)
                return SIZE_MAX;
            open[depth] = (struct group){0, 0};
            at++;
        } else if (c == ')' && depth > 0) {
            size_t inside = g->before + g->last + 1;
            depth--;
            open[depth].before += open[depth].last;
            open[depth].last = inside;
            at++;
        } else if (times > 0) {
            g->last *= times;
            at += c == '+';
        } else if (c != '*' && c != '?') {
            g->before += g->last;
            g->last = 1;
            if (c == '\\' && at + 1 < t.len && t.at[at + 1] >= '1' && t.at[at + 1] <= '9')
                return SIZE_MAX;
            at = c == '[' ? skip_bracket(t, at) : c == '\\' && at + 1 < t.len ? at + 2 : at + 1;
        } else {
            at++;
        }
        if (open[depth].before + open[depth].last > PATTERN_SIZE_MAX)
            return SIZE_MAX;
    }
    size_t sum = 0;
    for (size_t i = 0; i <= depth; i++)
        sum += open[i].before + open[i].last;
    return sum > PATTERN_SIZE_MAX ? SIZE_MAX : sum;
}
