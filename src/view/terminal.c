/* view/terminal.c: the terminal itself, through ncurses. */
#include "view/terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"

struct terminal {
    SCREEN *screen;
    struct cells shown;
    bool ascii, pressed;
    int columns, rows;
    attr_t looks[STYLE_COUNT];
    short pairs[STYLE_COUNT];
};

/* How a style looks with 256 colours, with 16 (8 and bold), and with none. Colour -1 is the terminal's own. */
struct look {
    short fore, back;     /* of 256 */
    short fore16, back16; /* of 8 */
    attr_t attributes;    /* always */
    attr_t plain;         /* more of them without colours */
};
static const struct look looks[STYLE_COUNT] = {
    [STYLE_TEXT] = {-1, -1, -1, -1, A_NORMAL, A_NORMAL},
    [STYLE_DIM] = {242, -1, -1, -1, A_NORMAL, A_DIM},
    [STYLE_LABEL] = {109, -1, COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [STYLE_UNKNOWN] = {239, -1, -1, -1, A_NORMAL, A_DIM},
    [STYLE_TITLE] = {-1, -1, -1, -1, A_BOLD, A_BOLD},
    [STYLE_HEAD] = {250, 236, COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_REVERSE},
    [STYLE_SORTED] = {16, 109, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE | A_BOLD},
    [STYLE_SELECTED] = {255, 24, COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_REVERSE},
    [STYLE_LIVE] = {77, -1, COLOR_GREEN, -1, A_BOLD, A_BOLD},
    [STYLE_CHIP] = {16, 220, COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_REVERSE | A_BOLD},
    [STYLE_NOTICE] = {117, -1, COLOR_CYAN, -1, A_NORMAL, A_BOLD},
    [STYLE_WARN] = {220, -1, COLOR_YELLOW, -1, A_NORMAL, A_BOLD},
    [STYLE_BAD] = {203, -1, COLOR_RED, -1, A_BOLD, A_BOLD},
    [STYLE_MATCH] = {117, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD},
    [STYLE_KEY] = {109, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD},
    [STYLE_TROUGH] = {237, -1, -1, -1, A_NORMAL, A_DIM},
    [STYLE_AXIS] = {242, -1, -1, -1, A_NORMAL, A_DIM},
    [STYLE_HEAD_NOW] = {16, 220, COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_REVERSE},
    [STYLE_EVENT] = {203, -1, COLOR_RED, -1, A_BOLD, A_BOLD},
    [STYLE_COOL] = {75, -1, COLOR_BLUE, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 0] = {65, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 1] = {71, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 2] = {77, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 3] = {113, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 4] = {149, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 5] = {185, -1, COLOR_YELLOW, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 6] = {221, -1, COLOR_YELLOW, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 7] = {215, -1, COLOR_YELLOW, -1, A_NORMAL, A_NORMAL},
    [STYLE_LOAD + 8] = {209, -1, COLOR_RED, -1, A_NORMAL, A_BOLD},
    [STYLE_LOAD + 9] = {203, -1, COLOR_RED, -1, A_NORMAL, A_BOLD},
};

/* What must happen to the terminal when the program dies: only what a signal handler may do. */
static struct {
    struct termios modes;
    bool saved;
    volatile sig_atomic_t taken;
} before;

static void restore_raw(void) {
    static const char leave[] = "\033[?1000l\033[?1002l\033[?1006l\033[0m\033[?25h\033[?1049l";
    if (!before.taken)
        return;
    before.taken = 0;
    ssize_t written = write(STDOUT_FILENO, leave, sizeof leave - 1);
    (void)written;
    if (before.saved)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before.modes);
}

static void on_fatal(int number) {
    restore_raw();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void catch_fatal(void) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_NODEFER};
    for (size_t i = 0; i < COUNT_OF(fatal); i++) {
        struct sigaction old;
        if (sigaction(fatal[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
            (void)sigaction(fatal[i], &action, NULL); /* a sanitizer's own handler stays */
    }
}

static enum colours colours_there_are(enum colours wanted) {
    const char *none = getenv("NO_COLOR");
    if (wanted == COLOURS_NONE || (wanted == COLOURS_AUTO && none && none[0]) || !has_colors() || start_color() == ERR)
        return COLOURS_NONE;
    (void)use_default_colors();
    if (wanted == COLOURS_16 || COLORS < 256 || COLOR_PAIRS < STYLE_COUNT + 1)
        return COLORS >= 8 && COLOR_PAIRS > STYLE_COUNT ? COLOURS_16 : COLOURS_NONE;
    return COLOURS_256;
}

static void make_looks(struct terminal *t, enum colours colours) {
    for (int i = 0; i < STYLE_COUNT; i++) {
        const struct look *l = &looks[i];
        bool many = colours == COLOURS_256;
        t->looks[i] = l->attributes | (colours == COLOURS_NONE ? l->plain : A_NORMAL);
        t->pairs[i] = 0;
        if (colours == COLOURS_NONE)
            continue;
        short fore = many ? l->fore : l->fore16, back = many ? l->back : l->back16;
        if (fore == -1 && back == -1) {
            t->looks[i] |= many ? A_NORMAL : l->plain;
            continue;
        }
        (void)init_pair((short)(i + 1), fore, back);
        t->pairs[i] = (short)(i + 1); /* 0 is the terminal's own */
    }
}

static int take_over(struct terminal *t, enum colours colours, struct error *err) {
    before.saved = tcgetattr(STDIN_FILENO, &before.modes) == 0;
    t->screen = newterm(NULL, stdout, stdin);
    if (!t->screen) {
        const char *term = getenv("TERM");
        return error_set(err, ERR_USAGE, "the terminal type '%s' (TERM) is not known here; try TERM=xterm-256color",
            term ? term : "");
    }
    before.taken = 1;
    catch_fatal();
    (void)atexit(restore_raw);
    (void)set_term(t->screen);
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(25);
    (void)curs_set(0);
    (void)mousemask(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED |
                        REPORT_MOUSE_POSITION,
        NULL);
    (void)mouseinterval(0);
    make_looks(t, colours_there_are(colours));
    return 0;
}

int terminal_open(enum colours colours, struct terminal **ret, struct error *err) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(
            err, ERR_USAGE, "the screen needs a terminal; without one see 'tacho snapshot' and 'tacho export'");
    struct terminal *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERR_NOMEM, "terminal");
    (void)setlocale(LC_CTYPE, "");
    t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    int code = take_over(t, colours, err);
    if (code < 0) {
        free(t);
        return code;
    }
    getmaxyx(stdscr, t->rows, t->columns);
    *ret = t;
    return 0;
}

void terminal_close(struct terminal *t) {
    if (!t)
        return;
    (void)endwin();
    before.taken = 0;
    delscreen(t->screen);
    cells_done(&t->shown);
    free(t);
}

int terminal_fd(const struct terminal *t) {
    (void)t;
    return STDIN_FILENO;
}

void terminal_size(const struct terminal *t, int *ret_columns, int *ret_rows) {
    *ret_columns = t->columns;
    *ret_rows = t->rows;
}

bool terminal_ascii(const struct terminal *t) {
    return t->ascii;
}

static void put_cell(struct terminal *t, int x, int y, const struct cell *cell) {
    wchar_t glyph[2] = {(wchar_t)cell->glyph, 0};
    cchar_t c;
    if (setcchar(&c, glyph, t->looks[cell->style], t->pairs[cell->style], NULL) == OK)
        (void)mvadd_wch(y, x, &c);
}

void terminal_show(struct terminal *t, const struct cells *c) {
    bool all = t->shown.columns != c->columns || t->shown.rows != c->rows;
    if (all && cells_resize(&t->shown, c->columns, c->rows, NULL) < 0)
        return;
    if (all)
        (void)clear(); /* whatever the terminal has made of the old size */
    for (int i = 0; i < c->columns * c->rows; i++) {
        const struct cell *cell = &c->at[i];
        struct cell *was = &t->shown.at[i];
        if (!all && was->glyph == cell->glyph && was->style == cell->style)
            continue;
        *was = *cell;
        if (cell->glyph)
            put_cell(t, i % c->columns, i / c->columns, cell);
    }
    (void)refresh();
}

void terminal_bell(struct terminal *t) {
    (void)t;
    (void)beep();
}

static bool read_mouse(struct terminal *t, struct key *ret) {
    MEVENT e;
    if (getmouse(&e) != OK)
        return false;
    ret->x = e.x;
    ret->y = e.y;
    if (e.bstate & BUTTON4_PRESSED) {
        ret->code = KEY_CODE_WHEEL_UP;
    } else if (e.bstate & BUTTON5_PRESSED) {
        ret->code = KEY_CODE_WHEEL_DOWN;
    } else if (e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) {
        t->pressed = (e.bstate & BUTTON1_PRESSED) != 0;
        ret->code = KEY_CODE_PRESSED;
    } else if (e.bstate & BUTTON1_RELEASED) {
        t->pressed = false;
        return false;
    } else if (t->pressed) {
        ret->code = KEY_CODE_DRAGGED;
    } else {
        return false;
    }
    return true;
}

static uint32_t translate(wint_t key) {
    static const struct {
        wint_t from;
        uint32_t to;
    } keys[] = {{KEY_UP, KEY_CODE_UP}, {KEY_DOWN, KEY_CODE_DOWN}, {KEY_LEFT, KEY_CODE_LEFT},
        {KEY_RIGHT, KEY_CODE_RIGHT}, {KEY_PPAGE, KEY_CODE_PAGE_UP}, {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
        {KEY_HOME, KEY_CODE_HOME}, {KEY_END, KEY_CODE_END}, {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
        {KEY_DC, KEY_CODE_DELETE}, {KEY_BTAB, KEY_CODE_BACKTAB}, {KEY_F(1), KEY_CODE_F1}, {KEY_ENTER, 10}};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (keys[i].from == key)
            return keys[i].to;
    return 0;
}

bool terminal_key(struct terminal *t, struct key *ret) {
    enum { CTRL_L = 12 };
    for (;;) {
        wint_t key = 0;
        int kind = get_wch(&key);
        *ret = (struct key){.code = (uint32_t)key};
        if (kind == ERR)
            return false;
        if (kind == OK) {
            if (key == 13)
                ret->code = 10;
            if (key == CTRL_L) {
                (void)clearok(curscr, TRUE); /* the next screen is sent whole */
                ret->code = KEY_CODE_RESIZED;
            }
            if (key == 127 || key == 8)
                ret->code = KEY_CODE_BACKSPACE;
            return true;
        }
        if (key == KEY_RESIZE) {
            getmaxyx(stdscr, t->rows, t->columns);
            ret->code = KEY_CODE_RESIZED;
            return true;
        }
        if (key == KEY_MOUSE && read_mouse(t, ret))
            return true;
        ret->code = key == KEY_MOUSE ? 0 : translate(key);
        if (ret->code)
            return true;
    }
}
