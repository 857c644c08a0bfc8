/* view/terminal.h: the terminal itself: the only file that knows ncurses. */
#ifndef TACHO_VIEW_TERMINAL_H
#define TACHO_VIEW_TERMINAL_H

#include "view/cells.h"

struct terminal; /* opaque; one per program, on the main thread */

enum colours { COLOURS_AUTO, COLOURS_NONE, COLOURS_16, COLOURS_256 };

/* Takes the terminal over: alternate screen, keys one by one, mouse; restored by terminal_close, and by whatever ends the program
 * (fatal signals and exit included). Ctrl-Z works as in a shell. -ERR_USAGE when standard input or output is no terminal, or
 * TERM is unknown; says what to do instead. */
int terminal_open(enum colours colours, struct terminal **ret, struct error *err) NODISCARD;
void terminal_close(struct terminal *t); /* NULL is fine */

int terminal_fd(const struct terminal *t); /* readable: there may be input */
void terminal_size(const struct terminal *t, int *ret_columns, int *ret_rows);
bool terminal_ascii(const struct terminal *t);

/* Shows the screen; only what differs from what is shown is sent. */
void terminal_show(struct terminal *t, const struct cells *c);
void terminal_bell(struct terminal *t);

enum key_code { /* beyond Unicode */
    KEY_CODE_FIRST = 0x110000,
    KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_LEFT, KEY_CODE_RIGHT, KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN, KEY_CODE_HOME, KEY_CODE_END,
    KEY_CODE_BACKSPACE, KEY_CODE_DELETE, KEY_CODE_BACKTAB, KEY_CODE_F1,
    KEY_CODE_RESIZED,  /* the size has changed */
    KEY_CODE_PRESSED,  /* mouse: a button at (x, y) … */
    KEY_CODE_DRAGGED,  /* … moved with the button down */
    KEY_CODE_WHEEL_UP, KEY_CODE_WHEEL_DOWN,
};
struct key {
    uint32_t code; /* a Unicode code point (27 is Esc, 9 Tab, 10 Enter) or one of the above */
    int x, y;      /* of the mouse */
};
/* The next key that is there; false when there is none. */
bool terminal_key(struct terminal *t, struct key *ret);

#endif
