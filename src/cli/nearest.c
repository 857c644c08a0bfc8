/* cli/nearest.c: which known word a person probably meant: the optimal string alignment distance. */
#include "cli/nearest.h"

enum { WORD_MAX = 40 };

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

unsigned nearest_distance(struct text a, struct text b) {
    unsigned rows[3][WORD_MAX + 1]; /* the row two above, the one above, and the present one, in turns */
    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return NEAREST_NONE;
    if (a.len >= 3 && a.len < b.len && memcmp(a.at, b.at, a.len) == 0)
        return 1;
    for (unsigned j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        const unsigned *before = rows[(i + 1) % 3], *above = rows[(i + 2) % 3];
        unsigned *row = rows[i % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned replaced = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            row[j] = least(replaced, 1 + least(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

bool nearest_better(struct text typed, struct text candidate, unsigned *best) {
    unsigned distance = nearest_distance(typed, candidate);
    unsigned near = typed.len < 3 ? 0 : typed.len < 6 ? 1 : typed.len < 9 ? 2 : 3;
    if (distance > near || distance >= *best)
        return false;
    *best = distance;
    return true;
}
