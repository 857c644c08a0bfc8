/* cli/wrap.c: running text broken into lines for a terminal. */
#include "cli/wrap.h"

size_t wrap_columns(struct text t) {
    size_t n = 0;
    for (size_t i = 0; i < t.len; i++)
        n += ((unsigned char)t.at[i] & 0xC0) != 0x80;
    return n;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t';
}

/* Where the star that ends the bold text starting behind `t`'s first star is, or 0. */
static size_t closing_star(struct text t) {
    if (t.len < 3 || is_blank(t.at[1]) || t.at[1] == '*')
        return 0;
    for (size_t i = 2; i < t.len; i++)
        if (t.at[i] == '*' && !is_blank(t.at[i - 1]))
            return i + 1 == t.len || is_blank(t.at[i + 1]) || strchr(".,;:!?)'\"/-", t.at[i + 1]) ? i : 0;
    return 0;
}

bool wrap_next_run(struct text *rest, struct text *ret, bool *ret_bold) {
    if (rest->len == 0)
        return false;
    size_t n = 0;
    *ret_bold = false;
    for (; n < rest->len; n++) {
        struct text tail = {rest->at + n, rest->len - n};
        size_t end =
            tail.at[0] == '*' && (n == 0 || is_blank(tail.at[-1]) || tail.at[-1] == '(') ? closing_star(tail) : 0;
        if (end == 0)
            continue;
        if (n > 0)
            break;
        *ret = (struct text){tail.at + 1, end - 1};
        *ret_bold = true;
        *rest = (struct text){tail.at + end + 1, tail.len - end - 1};
        return true;
    }
    *ret = (struct text){rest->at, n};
    *rest = (struct text){rest->at + n, rest->len - n};
    return true;
}

static void put_blanks(struct buffer *b, size_t n) {
    while (n-- > 0)
        buffer_put_char(b, ' ');
}

/* Columns up to the next blank, stars included. */
static size_t columns_to_blank(struct text t) {
    size_t n = 0;
    while (n < t.len && !is_blank(t.at[n]))
        n++;
    return wrap_columns((struct text){t.at, n});
}

void wrap_put(struct buffer *b, struct text t, size_t column, size_t indent, const struct wrap_style *style) {
    struct text run;
    bool bold, at_start = true, blank_before = false;
    while (wrap_next_run(&t, &run, &bold)) {
        bool begin_bold = bold && style->bold;
        while (run.len > 0) {
            if (is_blank(run.at[0])) {
                blank_before = true;
                run = (struct text){run.at + 1, run.len - 1};
                continue;
            }
            size_t n = 0;
            while (n < run.len && !is_blank(run.at[n]))
                n++;
            /* A word may go on in the next run: "*bold*," does not break before the comma. */
            size_t columns = wrap_columns((struct text){run.at, n}),
                   whole = columns + (n == run.len ? columns_to_blank(t) : 0);
            if (blank_before && !at_start && column + 1 + whole > style->width) {
                buffer_put_char(b, '\n');
                put_blanks(b, indent);
                column = indent;
            } else if (blank_before && !at_start) {
                buffer_put_char(b, ' ');
                column++;
            }
            buffer_put_text(b, text_of(begin_bold ? "\033[1m" : ""));
            buffer_put(b, run.at, n);
            run = (struct text){run.at + n, run.len - n};
            column += columns;
            at_start = blank_before = begin_bold = false;
        }
        buffer_put_text(b, text_of(bold && style->bold ? "\033[22m" : ""));
    }
    buffer_put_char(b, '\n');
}

void wrap_second(struct buffer *b, size_t column, size_t indent, struct text t, const struct wrap_style *style) {
    if (column + 2 > indent) {
        buffer_put_char(b, '\n');
        column = 0;
    }
    put_blanks(b, indent - column);
    wrap_put(b, t, indent, indent, style);
}
