/* rules/filter_parse.c: from the words of a filter to its tree, by recursive descent. */
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/quantity.h"
#include "rules/filter_tree.h"
#include "rules/pattern.h"

struct parse {
    struct filter *filter;
    struct text all;
    size_t at; /* bytes */
    unsigned depth;
    struct error *err;
};

enum { FAILED = -1 };

static int fail(struct parse *p, size_t at, const char *expected) {
    size_t column = 1;
    for (size_t i = 0; i < at && i < p->all.len; i++)
        column += ((unsigned char)p->all.at[i] & 0xc0) != 0x80;
    (void)error_set(p->err, ERR_USAGE, "column %zu: %s", column, expected);
    return FAILED;
}

static void skip_blanks(struct parse *p) {
    while (p->at < p->all.len && (p->all.at[p->at] == ' ' || p->all.at[p->at] == '\t'))
        p->at++;
}

static bool take_char(struct parse *p, char c) {
    skip_blanks(p);
    if (p->at >= p->all.len || p->all.at[p->at] != c)
        return false;
    p->at++;
    if (p->at < p->all.len && p->all.at[p->at] == c && (c == '&' || c == '|'))
        p->at++; /* && and || as in other languages */
    return true;
}

static int add_node(struct parse *p, struct filter_node node) {
    if (p->filter->n == FILTER_NODES_MAX)
        return fail(p, p->at, "too many comparisons (at most 128)");
    p->filter->nodes[p->filter->n] = node;
    return (int)p->filter->n++;
}

/* Whatever has no other meaning here, so that a simple pattern needs no quotes. */
static bool is_word(char c) {
    return (unsigned char)c > ' ' && c != 127 && !strchr("()&|<>=!~\"", c);
}

static const struct {
    const char *name;
    const struct field_table *table;
    const char *key;
    enum filter_special special;
    bool is_text;
} names[] = {
    {"temp", &gpu_table, "temperature", PLAIN_FIELD, false},
    {"util", &gpu_table, "utilization", PLAIN_FIELD, false},
    {"mem_pct", &gpu_table, NULL, SPECIAL_MEMORY_PERCENT, false},
    {"mem_used", &gpu_table, "used_memory", PLAIN_FIELD, false},
    {"mem_total", &gpu_table, "total_memory", PLAIN_FIELD, false},
    {"power", &gpu_table, "power_consumption", PLAIN_FIELD, false},
    {"host", &gpu_table, NULL, SPECIAL_HOST, true},
    {"gpu_name", &gpu_table, "name", PLAIN_FIELD, true},
    {"driver", &gpu_table, NULL, SPECIAL_DRIVER, true},
    {"pstate", &gpu_table, "performance_state", PLAIN_FIELD, false},
    {"numa", &gpu_table, "numa_node_id", PLAIN_FIELD, false},
    {"cpu", &process_table, "cpu_percent", PLAIN_FIELD, false},
    {"rss", &process_table, "memory_rss", PLAIN_FIELD, false},
    {"process", &process_table, "process_name", PLAIN_FIELD, true},
};

static bool is_scalar(const struct field *f) {
    return f && f->type != FIELD_LIST && f->type != FIELD_OBJECT && f->type != FIELD_TEXTS && f->type != FIELD_DETAIL;
}

static bool find_in(const struct field_table *table, struct text key, struct filter_subject *ret) {
    const struct field *f = field_find(table, key, NULL);
    if (!is_scalar(f))
        return false;
    *ret = (struct filter_subject){.table = table, .field = f, .is_text = f->type == FIELD_TEXT};
    return true;
}

/* A short name of the table above, or any member of a card or a process by its key. */
static bool find_subject(struct text name, struct filter_subject *ret) {
    const struct field_table *only = NULL;
    for (const char *const *prefix = (const char *const[]){"gpu.", "gpus.", "process.", "processes.", NULL}; *prefix;
         prefix++)
        if (text_starts(name, *prefix)) {
            only = **prefix == 'g' ? &gpu_table : &process_table;
            name = (struct text){name.at + strlen(*prefix), name.len - strlen(*prefix)};
            break;
        }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!text_is(name, names[i].name) || (only && names[i].table != only && names[i].special != SPECIAL_HOST))
            continue;
        *ret = (struct filter_subject){names[i].table,
            names[i].key ? field_find(names[i].table, text_of(names[i].key), NULL) : NULL, names[i].special,
            names[i].is_text};
        return true;
    }
    return (only != &process_table && find_in(&gpu_table, name, ret)) ||
           (only != &gpu_table && find_in(&process_table, name, ret));
}

static int parse_subject(struct parse *p, struct filter_subject *ret) {
    skip_blanks(p);
    size_t from = p->at;
    char expected[200];
    char shown[64];
    while (p->at < p->all.len && is_word(p->all.at[p->at]))
        p->at++;
    struct text name = {p->all.at + from, p->at - from};
    if (name.len > 0 && find_subject(name, ret))
        return 0;
    (void)snprintf(expected, sizeof expected,
        "%s%s%sa field is expected, like temp, util, mem_pct, host, user, command", name.len ? "'" : "",
        name.len ? text_printable(name, shown, sizeof shown) : "", name.len ? "' is none; " : "");
    return fail(p, from, expected);
}

static int parse_operator(struct parse *p, enum filter_operator *ret) {
    static const struct {
        const char *text;
        enum filter_operator op;
    } operators[] = {{">=", OP_GREATER_EQUAL}, {"<=", OP_LESS_EQUAL}, {"!=", OP_NOT_EQUAL}, {"==", OP_EQUAL},
        {"~=", OP_MATCHES}, {"=~", OP_MATCHES}, {">", OP_GREATER}, {"<", OP_LESS}, {"=", OP_EQUAL}, {"~", OP_MATCHES}};
    skip_blanks(p);
    struct text rest = {p->all.at + p->at, p->all.len - p->at};
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (text_starts(rest, operators[i].text)) {
            p->at += strlen(operators[i].text);
            *ret = operators[i].op;
            return 0;
        }
    return fail(p, p->at, "one of > >= < <= = != ~ is expected");
}

/* A word, or a text in quotes, kept in the filter with a NUL behind it. */
static int parse_value(struct parse *p, struct text *ret, bool *ret_quoted) {
    struct filter *f = p->filter;
    skip_blanks(p);
    size_t from = p->at;
    char *to = f->texts + f->texts_len;
    size_t n = 0;
    *ret_quoted = p->at < p->all.len && p->all.at[p->at] == '"';
    if (*ret_quoted) {
        for (p->at++; p->at < p->all.len && p->all.at[p->at] != '"'; p->at++) {
            bool escaped = p->all.at[p->at] == '\\' && p->at + 1 < p->all.len &&
                           (p->all.at[p->at + 1] == '"' || p->all.at[p->at + 1] == '\\');
            p->at += escaped;
            to[n++] = p->all.at[p->at];
        }
        if (p->at >= p->all.len)
            return fail(p, from, "the text that begins here has no closing quote");
        p->at++;
    } else {
        while (p->at < p->all.len && is_word(p->all.at[p->at]))
            to[n++] = p->all.at[p->at++];
        if (n == 0)
            return fail(p, from, "a value is expected: a number, a word, or text in quotes");
    }
    to[n] = '\0';
    f->texts_len += n + 1;
    *ret = (struct text){to, n};
    return 0;
}

static bool parse_number(struct text t, double *ret) {
    uint64_t bytes = 0;
    struct text number = t;
    if (text_ends(number, "%"))
        number.len--;
    if (text_f64(number, ret))
        return true;
    if (quantity_parse_size(t, &bytes, NULL) < 0)
        return false;
    *ret = (double)bytes;
    return true;
}

static int compile(struct parse *p, size_t at, struct filter_node *node) {
    char why[128];
    char expected[200];
    if (pattern_size(node->text) > PATTERN_SIZE_MAX)
        return fail(p, at, "this regular expression repeats too much, or refers back (\\1)");
    node->regex = malloc(sizeof *node->regex);
    if (!node->regex)
        return fail(p, at, "out of memory");
    int code = regcomp(node->regex, node->text.at, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (code == 0)
        return 0;
    (void)regerror(code, node->regex, why, sizeof why);
    free(node->regex);
    node->regex = NULL;
    (void)snprintf(expected, sizeof expected, "no regular expression: %s", why);
    return fail(p, at, expected);
}

static int parse_comparison(struct parse *p) {
    struct filter_node node = {.kind = NODE_COMPARE};
    bool quoted = false;
    if (parse_subject(p, &node.subject) < 0 || parse_operator(p, &node.op) < 0)
        return FAILED;
    skip_blanks(p);
    size_t at = p->at;
    if (parse_value(p, &node.text, &quoted) < 0)
        return FAILED;
    if (node.subject.is_text && node.op != OP_EQUAL && node.op != OP_NOT_EQUAL && node.op != OP_MATCHES)
        return fail(p, at, "a text is compared with =, != or ~");
    if (!node.subject.is_text && node.op == OP_MATCHES)
        return fail(p, at, "~ is for texts; a number is compared with > >= < <= = !=");
    if (!node.subject.is_text && (quoted || !parse_number(node.text, &node.number)))
        return fail(p, at, "a number is expected, like 80, 0.5 or 10G");
    if (node.op == OP_MATCHES && compile(p, at, &node) < 0)
        return FAILED;
    int added = add_node(p, node);
    if (added < 0 && node.regex) {
        regfree(node.regex);
        free(node.regex);
    }
    return added;
}

static int parse_or(struct parse *p);

static int parse_not(struct parse *p) {
    int inner = FAILED;
    skip_blanks(p);
    if (++p->depth > FILTER_DEPTH_MAX)
        return fail(p, p->at, "too many parentheses");
    if (p->at < p->all.len && p->all.at[p->at] == '!') {
        p->at++;
        inner = parse_not(p);
        if (inner >= 0)
            inner = add_node(p, (struct filter_node){.kind = NODE_NOT, .left = (uint16_t)inner});
    } else if (take_char(p, '(')) {
        size_t from = p->at - 1;
        inner = parse_or(p);
        if (inner >= 0 && !take_char(p, ')'))
            inner = fail(p, from, "this parenthesis is not closed");
    } else {
        inner = parse_comparison(p);
    }
    p->depth--;
    return inner;
}

static int parse_chain(struct parse *p, char separator, enum filter_node_kind kind, int (*part)(struct parse *p)) {
    int left = part(p);
    while (left >= 0 && take_char(p, separator)) {
        int right = part(p);
        left = right < 0
                   ? right
                   : add_node(p, (struct filter_node){.kind = kind, .left = (uint16_t)left, .right = (uint16_t)right});
    }
    return left;
}

static int parse_and(struct parse *p) {
    return parse_chain(p, '&', NODE_AND, parse_not);
}

static int parse_or(struct parse *p) {
    return parse_chain(p, '|', NODE_OR, parse_and);
}

int filter_parse(struct text t, struct filter **ret, struct error *err) {
    if (t.len > FILTER_MAX)
        return error_set(err, ERR_LIMIT, "a filter has at most %d bytes", FILTER_MAX);
    if (!t.at)
        t = TEXT("");
    if (!text_is_utf8(t) || memchr(t.at, '\0', t.len))
        return error_set(err, ERR_USAGE, "column 1: a filter is text in UTF-8");
    struct filter *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(err, ERR_NOMEM, "filter");
    struct parse p = {.filter = f, .all = t, .err = err};
    int root = parse_or(&p);
    skip_blanks(&p);
    if (root >= 0 && p.at < t.len)
        root = fail(&p, p.at, "& or | is expected");
    if (root < 0) {
        filter_destroy(f);
        return -ERR_USAGE;
    }
    f->root = (uint16_t)root;
    *ret = f;
    return 0;
}

void filter_destroy(struct filter *f) {
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++)
        if (f->nodes[i].regex) {
            regfree(f->nodes[i].regex);
            free(f->nodes[i].regex);
        }
    free(f);
}
