/* view/cells.h: a screen in memory: what stands in each cell and how it looks; drawing on it is pure and needs no terminal. */
#ifndef TACHO_VIEW_CELLS_H
#define TACHO_VIEW_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* What a cell's look means. Colours are the terminal's business (view/terminal.c); a screen without colours loses none of the
 * meaning, because every style also has an attribute or stands beside a number. */
enum style {
    STYLE_TEXT,     /* readings and names */
    STYLE_DIM,      /* rules, units, hints */
    STYLE_LABEL,    /* what a reading is called */
    STYLE_UNKNOWN,  /* a reading that is not known */
    STYLE_TITLE,    /* host, and the heads of sections */
    STYLE_HEAD,     /* column heads of a table */
    STYLE_SORTED,   /* the head of the column that a table is sorted by */
    STYLE_SELECTED, /* the row or tab under the cursor */
    STYLE_LIVE,     /* the dot of a live screen */
    STYLE_CHIP,     /* the replay chip: black on yellow */
    STYLE_NOTICE,   /* what just happened */
    STYLE_WARN,     /* a warning in words */
    STYLE_BAD,      /* an error, or what is down */
    STYLE_MATCH,    /* found by the filter */
    STYLE_KEY,      /* a key to press */
    STYLE_TROUGH,   /* the empty part of a bar */
    STYLE_AXIS,     /* scales of graphs */
    STYLE_HEAD_NOW, /* the play head */
    STYLE_EVENT,    /* error, gap, mark and alert on the time line */
    STYLE_COOL,     /* a second series in a graph */
    STYLE_LOAD,     /* STYLE_LOAD + 0 … LOAD_STEPS-1: a share from idle (green) over busy (yellow) to full (red) */
};
enum { LOAD_STEPS = 10, STYLE_COUNT = STYLE_LOAD + LOAD_STEPS };

struct cell {
    uint32_t glyph; /* Unicode code point; 0: covered by the wide glyph to its left */
    uint8_t style;  /* enum style */
};

enum { CELLS_COLUMNS_MAX = 1000, CELLS_ROWS_MAX = 500 };

/* Zero-initialise; end with cells_done. */
struct cells {
    struct cell *at; /* rows times columns, row by row */
    int columns, rows;
    int cap;
    bool ascii;      /* only ASCII may be drawn: no UTF-8 in the locale */
};

/* A rectangle of a screen. What is drawn into it is cut off at its edges; one that is empty takes nothing. */
struct area {
    struct cells *cells;
    int x, y, columns, rows; /* inside the screen */
};

/* Makes it that size (cut to the limits) and blank. -ERR_NOMEM. */
int cells_resize(struct cells *c, int columns, int rows, struct error *err) NODISCARD;
void cells_clear(struct cells *c);
void cells_done(struct cells *c);

struct area cells_all(struct cells *c);
/* The part of `a` that begins at (x, y) in it; cut to `a`. */
struct area area_part(struct area a, int x, int y, int columns, int rows);
/* Takes `rows` off the top (or, negative, off the bottom) of `*a` and returns them; fewer when there are fewer. */
struct area area_cut_rows(struct area *a, int rows);
struct area area_cut_columns(struct area *a, int columns); /* the same from the left, or negative from the right */

/* Draws text from outside at (x, y) of `a`: hostile bytes come out as text_printable has them, wide glyphs take two cells,
 * combining ones are left out, what ASCII lacks is '?'. Cut at `max` columns with an ellipsis (max < 0: at the edge without
 * one). Returns the columns taken. */
int area_text(struct area a, int x, int y, enum style style, int max, struct text t);
/* Our own words: printf's format, same rules. Returns the columns taken. */
int area_print(struct area a, int x, int y, enum style style, const char *fmt, ...) PRINTF(5, 6);
/* The same with its right end at column x (exclusive). */
void area_print_right(struct area a, int x, int y, enum style style, const char *fmt, ...) PRINTF(5, 6);
void area_glyph(struct area a, int x, int y, enum style style, uint32_t glyph);
void area_fill(struct area a, enum style style, uint32_t glyph);
/* Changes the look of what stands there. */
void area_restyle(struct area a, enum style style);

/* Columns that a text takes when it is drawn. */
int text_columns(struct text t, bool ascii);

/* The style of a share of 0 to 100 %; NAN is STYLE_UNKNOWN. */
enum style style_of_load(double percent);
/* A bar of `columns` cells, eighths of a cell fine (whole cells in ASCII); NAN draws an empty trough. */
void area_bar(struct area a, int x, int y, int columns, double percent);

/* One line for each row, blanks at the end cut off; with `styles`, behind each row a line with a letter for each style. For
 * tests, and for `--once` output. */
void cells_dump(const struct cells *c, bool styles, struct buffer *out);

#endif
