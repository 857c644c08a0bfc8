/* view/cells.c: a screen in memory. */
#include "view/cells.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "base/attr.h"

int cells_resize(struct cells *c, int columns, int rows, struct error *err) {
    columns = columns < 1 ? 1 : columns > CELLS_COLUMNS_MAX ? CELLS_COLUMNS_MAX : columns;
    rows = rows < 1 ? 1 : rows > CELLS_ROWS_MAX ? CELLS_ROWS_MAX : rows;
    if (columns * rows > c->cap) {
        struct cell *at = realloc(c->at, (size_t)(columns * rows) * sizeof *at);
        if (!at)
            return error_set(err, ERR_NOMEM, "a screen of %d by %d", columns, rows);
        c->at = at;
        c->cap = columns * rows;
    }
    c->columns = columns;
    c->rows = rows;
    cells_clear(c);
    return 0;
}

void cells_clear(struct cells *c) {
    for (int i = 0; i < c->columns * c->rows; i++)
        c->at[i] = (struct cell){.glyph = ' ', .style = STYLE_TEXT};
}

void cells_done(struct cells *c) {
    free(c->at);
    *c = (struct cells){.ascii = c->ascii};
}

struct area cells_all(struct cells *c) {
    return (struct area){c, 0, 0, c->columns, c->rows};
}

static int clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

struct area area_part(struct area a, int x, int y, int columns, int rows) {
    x = clamp(x, 0, a.columns);
    y = clamp(y, 0, a.rows);
    return (struct area){a.cells, a.x + x, a.y + y, clamp(columns, 0, a.columns - x), clamp(rows, 0, a.rows - y)};
}

struct area area_cut_rows(struct area *a, int rows) {
    int n = clamp(abs(rows), 0, a->rows);
    struct area part = area_part(*a, 0, rows < 0 ? a->rows - n : 0, a->columns, n);
    if (rows > 0)
        a->y += n;
    a->rows -= n;
    return part;
}

struct area area_cut_columns(struct area *a, int columns) {
    int n = clamp(abs(columns), 0, a->columns);
    struct area part = area_part(*a, columns < 0 ? a->columns - n : 0, 0, n, a->rows);
    if (columns > 0)
        a->x += n;
    a->columns -= n;
    return part;
}

static struct cell *cell_at(struct area a, int x, int y) {
    if (x < 0 || y < 0 || x >= a.columns || y >= a.rows)
        return NULL;
    return &a.cells->at[(a.y + y) * a.cells->columns + a.x + x];
}

void area_glyph(struct area a, int x, int y, enum style style, uint32_t glyph) {
    struct cell *cell = cell_at(a, x, y);
    if (!cell)
        return;
    /* Of a wide glyph, the other half goes too, also where it stands outside of the area. */
    if (cell->glyph == 0 && a.x + x > 0)
        cell[-1].glyph = ' ';
    if (a.x + x + 1 < a.cells->columns && cell[1].glyph == 0)
        cell[1].glyph = ' ';
    *cell = (struct cell){.glyph = glyph, .style = (uint8_t)style};
}

void area_fill(struct area a, enum style style, uint32_t glyph) {
    for (int y = 0; y < a.rows; y++)
        for (int x = 0; x < a.columns; x++)
            area_glyph(a, x, y, style, glyph);
}

void area_restyle(struct area a, enum style style) {
    for (int y = 0; y < a.rows; y++)
        for (int x = 0; x < a.columns; x++)
            cell_at(a, x, y)->style = (uint8_t)style;
}

/* One glyph off the front of well-formed UTF-8. */
static uint32_t next_glyph(struct text *t) {
    const unsigned char *s = (const unsigned char *)t->at;
    unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t glyph = n == 1 ? s[0] : s[0] & (0x7fU >> n);
    if (n > t->len)
        n = (unsigned)t->len;
    for (unsigned i = 1; i < n; i++)
        glyph = glyph << 6 | (s[i] & 0x3f);
    t->at += n;
    t->len -= n;
    return glyph;
}

/* What our own words need beyond ASCII, and what stands for it where there is nothing else. */
static uint32_t plain_glyph(uint32_t glyph) {
    static const struct {
        uint32_t glyph;
        char plain;
    } plain[] = {{0xb0, 'C'}, {0xb1, '~'}, {0xb7, '.'}, {0x2026, '~'}, {0x2190, '<'}, {0x2191, '^'}, {0x2192, '>'},
        {0x2193, 'v'}, {0x21e7, '^'}};
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (plain[i].glyph == glyph)
            return (uint32_t)plain[i].plain;
    return '?';
}

/* Columns of a glyph as it will be drawn; what it is drawn as may change. */
static int glyph_columns(uint32_t *glyph, bool ascii) {
    if (*glyph < 0x80)
        return 1;
    int columns = wcwidth((wchar_t)*glyph);
    if (columns < 0 || ascii) {
        *glyph = ascii ? plain_glyph(*glyph) : '?';
        return 1;
    }
    return columns;
}

enum { DRAWN_MAX = 4 * CELLS_COLUMNS_MAX };

/* What of a text can be seen at all, made harmless. */
static struct text harmless(struct text t, char shown[DRAWN_MAX]) {
    if (t.len > DRAWN_MAX)
        t.len = DRAWN_MAX;
    return text_of(text_printable(t, shown, DRAWN_MAX));
}

int text_columns(struct text t, bool ascii) {
    char shown[DRAWN_MAX];
    int columns = 0;
    if (!t.at)
        return 0;
    for (struct text rest = harmless(t, shown); rest.len > 0;) {
        uint32_t glyph = next_glyph(&rest);
        columns += glyph_columns(&glyph, ascii);
    }
    return columns;
}

int area_text(struct area a, int x, int y, enum style style, int max, struct text t) {
    char shown[DRAWN_MAX];
    if (!t.at || y < 0 || y >= a.rows)
        return 0;
    bool ascii = a.cells->ascii;
    int room = max < 0 || max > a.columns - x ? a.columns - x : max;
    bool cut = max >= 0 && text_columns(t, ascii) > room;
    int used = 0;
    int limit = cut ? room - 1 : room;
    for (struct text rest = harmless(t, shown); rest.len > 0;) {
        uint32_t glyph = next_glyph(&rest);
        int columns = glyph_columns(&glyph, ascii);
        if (columns == 0)
            continue;
        if (used + columns > limit)
            break;
        if (columns == 2 && x + used < 0) { /* half of it is outside */
            columns = 1;
            glyph = ' ';
            used++;
        }
        area_glyph(a, x + used, y, style, glyph);
        if (columns == 2)
            area_glyph(a, x + used + 1, y, style, 0);
        if (columns == 2 && cell_at(a, x + used, y))
            cell_at(a, x + used, y)->glyph = glyph; /* its right half has just blanked it */
        used += columns;
    }
    if (cut && room > 0) {
        area_glyph(a, x + used, y, style, ascii ? '~' : 0x2026);
        used++;
    }
    return used;
}

static struct text print(char *out, size_t cap, const char *fmt, va_list args) {
    int n = vsnprintf(out, cap, fmt, args);
    return (struct text){out, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1};
}

int area_print(struct area a, int x, int y, enum style style, const char *fmt, ...) {
    char out[512];
    va_list args;
    va_start(args, fmt);
    struct text t = print(out, sizeof out, fmt, args);
    va_end(args);
    return area_text(a, x, y, style, -1, t);
}

void area_print_right(struct area a, int x, int y, enum style style, const char *fmt, ...) {
    char out[512];
    va_list args;
    va_start(args, fmt);
    struct text t = print(out, sizeof out, fmt, args);
    va_end(args);
    (void)area_text(a, x - text_columns(t, a.cells->ascii), y, style, -1, t);
}

enum style style_of_load(double percent) {
    if (isnan(percent))
        return STYLE_UNKNOWN;
    int step = percent <= 0 ? 0 : percent >= 100 ? LOAD_STEPS - 1 : (int)(percent / 100 * LOAD_STEPS);
    return (enum style)(STYLE_LOAD + step);
}

void area_bar(struct area a, int x, int y, int columns, double percent) {
    double share = isnan(percent) || percent < 0 ? 0 : percent > 100 ? 1 : percent / 100;
    int eighths = (int)lround(share * columns * 8);
    if (share > 0 && eighths == 0)
        eighths = 1;
    enum style style = style_of_load(percent);
    for (int i = 0; i < columns; i++) {
        int left = eighths - i * 8;
        if (a.cells->ascii)
            area_glyph(a, x + i, y, left >= 4 ? style : STYLE_TROUGH, left >= 4 ? '|' : '.');
        else if (left >= 8)
            area_glyph(a, x + i, y, style, 0x2588);
        else if (left > 0)
            area_glyph(a, x + i, y, style, (uint32_t)(0x2590 - left)); /* U+258F one eighth … U+2589 seven */
        else
            area_glyph(a, x + i, y, STYLE_TROUGH, 0x00b7);
    }
}

static void put_utf8(struct buffer *out, uint32_t glyph) {
    char bytes[4];
    size_t n = glyph < 0x80 ? 1 : glyph < 0x800 ? 2 : glyph < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (glyph & 0x3f));
        glyph >>= 6;
    }
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(lead[n] | glyph);
    buffer_put(out, bytes, n);
}

void cells_dump(const struct cells *c, bool styles, struct buffer *out) {
    static const char letters[] = ".dlutHhsLCnwbmkoaPec0123456789";
    _Static_assert(sizeof letters - 1 == STYLE_COUNT, "a letter for each style");
    for (int y = 0; y < c->rows; y++) {
        const struct cell *row = &c->at[y * c->columns];
        int end = c->columns;
        while (end > 0 && row[end - 1].glyph == ' ')
            end--;
        for (int x = 0; x < end; x++)
            if (row[x].glyph)
                put_utf8(out, row[x].glyph);
        buffer_put_char(out, '\n');
        for (int x = 0; styles && x < end; x++)
            buffer_put_char(out, letters[row[x].style]);
        if (styles)
            buffer_put_char(out, '\n');
    }
}
