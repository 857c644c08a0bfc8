/* cli/pretty.c: JSON laid out for people. */
#include "cli/pretty.h"

static void new_line(struct buffer *out, unsigned depth) {
    buffer_put_char(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        buffer_put(out, "  ", 2);
}

/* The length of the string that begins at `at`, quotes included. */
static size_t string_len(struct text t, size_t at) {
    size_t i = at + 1;
    while (i < t.len && t.at[i] != '"')
        i += t.at[i] == '\\' ? 2 : 1;
    i = i < t.len ? i + 1 : t.len;
    return i - at;
}

void pretty_json(struct text t, struct buffer *out) {
    unsigned depth = 0;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        if (c == '"') {
            size_t n = string_len(t, i);
            buffer_put(out, t.at + i, n);
            i += n - 1;
        } else if ((c == '{' || c == '[') && i + 1 < t.len && (t.at[i + 1] == '}' || t.at[i + 1] == ']')) {
            buffer_put(out, t.at + i, 2);
            i++;
        } else if (c == '{' || c == '[') {
            buffer_put_char(out, c);
            new_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            new_line(out, depth > 0 ? --depth : 0);
            buffer_put_char(out, c);
        } else if (c == ',') {
            buffer_put_char(out, c);
            new_line(out, depth);
        } else if (c == ':') {
            buffer_put(out, ": ", 2);
        } else {
            buffer_put_char(out, c);
        }
    }
    buffer_put_char(out, '\n');
}
