/* rules/filter_tree.h: a filter after parsing: comparisons joined by and, or, not. */
#ifndef TACHO_RULES_FILTER_TREE_H
#define TACHO_RULES_FILTER_TREE_H

#include <regex.h>

#include "rules/filter.h"

enum { FILTER_NODES_MAX = 256, FILTER_DEPTH_MAX = 64 };

enum filter_node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE };
enum filter_operator { OP_GREATER, OP_GREATER_EQUAL, OP_LESS, OP_LESS_EQUAL, OP_EQUAL, OP_NOT_EQUAL, OP_MATCHES };

/* What a comparison looks at, beyond a plain member of a table. */
enum filter_special { PLAIN_FIELD, SPECIAL_MEMORY_PERCENT, SPECIAL_DRIVER, SPECIAL_HOST };

struct filter_subject {
    const struct field_table *table; /* gpu_table or process_table */
    const struct field *field;       /* of a PLAIN_FIELD */
    enum filter_special special;
    bool is_text;
};

struct filter_node {
    enum filter_node_kind kind;
    uint16_t left, right; /* nodes; NODE_NOT uses `left` */
    struct filter_subject subject;
    enum filter_operator op;
    double number;
    struct text text; /* inside the filter */
    regex_t *regex;   /* owned */
};

struct filter {
    struct filter_node nodes[FILTER_NODES_MAX];
    size_t n;
    uint16_t root;
    char texts[2 * FILTER_MAX + 2]; /* unquoted values, each with a NUL behind it */
    size_t texts_len;
};

#endif
