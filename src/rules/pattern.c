/* rules/pattern.c: how large a regular expression becomes. */
#include "rules/pattern.h"

#include <stdbool.h>
#include <stdint.h>

enum { DEPTH_MAX = 64, WAYS_MAX = 64 }; /* of parentheses; of ways to match nothing */

/* One part of an expression: how large it is, and in how many ways it matches nothing. */
struct part {
    size_t size, ways;
};

struct group {
    struct part before, last; /* of this alternative; `last` is what a repetition would repeat */
    bool nullable;            /* what stands before `last` can match nothing */
    size_t alternatives;      /* ways of those that came before this one to match nothing */
};

static const struct group empty = {.before = {0, 1}, .last = {0, 1}, .nullable = true};

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

/* "{3,7}", "{3}" and "{3,}" at `at`: returns what stands behind them, or 0 when it is none. */
static size_t read_braces(struct text t, size_t at, size_t *ret_least, size_t *ret_most) {
    size_t numbers[2] = {0, 0}, n = 0, i = at + 1;
    for (; i < t.len && ((t.at[i] >= '0' && t.at[i] <= '9') || (t.at[i] == ',' && n == 0)); i++)
        if (t.at[i] == ',')
            n++;
        else if (numbers[n] <= PATTERN_SIZE_MAX)
            numbers[n] = numbers[n] * 10 + (size_t)(t.at[i] - '0');
    if (i == t.len || t.at[i] != '}')
        return 0;
    *ret_least = numbers[0];
    *ret_most = n == 0 ? numbers[0] : numbers[1] > numbers[0] ? numbers[1] : numbers[0] + 1;
    return i + 1;
}

static size_t bounded(size_t v) {
    return v > PATTERN_SIZE_MAX ? PATTERN_SIZE_MAX + 1 : v;
}

/* As often as `least`, as `most`, and everything between. */
static struct part repeat(struct part p, size_t least, size_t most) {
    struct part r = {bounded((p.size + 1) * most), 0};
    size_t ways = 1;
    for (size_t i = 0; i <= most && r.ways <= WAYS_MAX && i <= PATTERN_SIZE_MAX; i++) {
        r.ways += i >= least ? ways : 0;
        ways = bounded(ways * p.ways);
    }
    return r;
}

/* What stood last cannot be repeated any more. Parts that match nothing in many ways, one behind the other, multiply; it is
 * counted as if nothing ever stood between them. */
static void end_part(struct group *g) {
    g->before.size = bounded(g->before.size + g->last.size);
    g->before.ways = bounded(g->before.ways * (g->last.ways ? g->last.ways : 1));
    g->nullable = g->nullable && g->last.ways > 0;
    g->last = (struct part){0, 1};
}

static void end_alternative(struct group *g) {
    end_part(g);
    g->alternatives += g->nullable ? g->before.ways : 0;
    g->nullable = true;
}

static bool is_too_large(const struct group *g) {
    return g->before.size + g->last.size > PATTERN_SIZE_MAX || g->before.ways > WAYS_MAX || g->last.ways > WAYS_MAX ||
           g->alternatives > WAYS_MAX;
}

/* Goes over the repetition at `at`: what stands behind it, or 0 when there is none. */
static size_t take_repetition(struct text t, size_t at, struct part *p) {
    size_t least = t.at[at] == '+', most = 1, end = at + 1;
    if (t.at[at] == '{')
        end = read_braces(t, at, &least, &most);
    else if (t.at[at] != '+' && t.at[at] != '*' && t.at[at] != '?')
        return 0;
    if (end > 0)
        *p = t.at[at] == '+' ? repeat(*p, 1, 2) : repeat(*p, least, most);
    return end;
}

static size_t take_atom(struct text t, size_t at, struct group *g) {
    end_part(g);
    g->last = (struct part){1, 0};
    return t.at[at] == '[' ? skip_bracket(t, at) : t.at[at] == '\\' && at + 1 < t.len ? at + 2 : at + 1;
}

size_t pattern_size(struct text t) {
    struct group open[DEPTH_MAX] = {empty};
    size_t depth = 0, at = 0, sum = 0;
    while (at < t.len) {
        struct group *g = &open[depth];
        bool back = t.at[at] == '\\' && at + 1 < t.len && t.at[at + 1] >= '1' && t.at[at + 1] <= '9';
        size_t end = take_repetition(t, at, &g->last);
        if (back || is_too_large(g) || (t.at[at] == '(' && depth + 1 == DEPTH_MAX))
            return SIZE_MAX;
        if (t.at[at] == '(') {
            end_part(g);
            open[++depth] = empty;
        } else if (t.at[at] == ')' && depth > 0) {
            end_alternative(g);
            struct part inside = {g->before.size + 1, g->alternatives};
            open[--depth].last = inside;
        } else if (t.at[at] == '|') {
            end_alternative(g);
            g->before.size++;
        } else if (end == 0) {
            end = take_atom(t, at, g);
        }
        at = end > 0 ? end : at + 1;
    }
    for (size_t i = 0; i <= depth; i++) {
        end_alternative(&open[i]);
        if (is_too_large(&open[i]))
            return SIZE_MAX;
        sum += open[i].before.size;
    }
    return sum > PATTERN_SIZE_MAX ? SIZE_MAX : sum;
}
