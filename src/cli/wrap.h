/* cli/wrap.h: running text broken into lines for a terminal. */
#ifndef TACHO_CLI_WRAP_H
#define TACHO_CLI_WRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

struct wrap_style {
    size_t width; /* columns */
    bool bold;    /* the reader is a terminal: *word* becomes bold; else the stars just go */
};

size_t wrap_columns(struct text t); /* that UTF-8 text takes, one per character */

/* Cuts the next run of running text off `*rest`: plain, or bold when it stood between stars. False at the end. A star that
 * has no partner, or blanks on its inner side, is itself. */
bool wrap_next_run(struct text *rest, struct text *ret, bool *ret_bold);

/* Appends `t` (blanks and newlines are as good as each other) in lines of at most `width` columns, each `indent` columns in
 * but for the first, which starts at column `column`. Ends with a newline. */
void wrap_put(struct buffer *b, struct text t, size_t column, size_t indent, const struct wrap_style *style);
/* The right side of a line whose left side ended at `column`: at `indent`, on the next line when there is no room. */
void wrap_second(struct buffer *b, size_t column, size_t indent, struct text t, const struct wrap_style *style);

#endif
