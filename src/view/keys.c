/* view/keys.c: what keys do: one table of key, mode, action and words. */
#include "view/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "view/player.h"

enum { KEY_TAB = 9, KEY_ENTER = 10, KEY_CTRL_U = 21, KEY_CTRL_W = 23, KEY_ESC = 27, PAGE_ROWS = 10 };

enum mode { ALWAYS = 3, LIVE = 1, REPLAY = 2 }; /* bits */

typedef struct asked (*action)(struct view_state *s, int argument);

static const struct asked redraw = {.request = REQUEST_REDRAW};

static struct asked leave(struct view_state *s, int argument) {
    (void)argument;
    if (s->panel == PANEL_NONE)
        return (struct asked){.request = REQUEST_LEAVE};
    s->panel = PANEL_NONE;
    return redraw;
}

static struct asked quit(struct view_state *s, int argument) {
    (void)s;
    (void)argument;
    return (struct asked){.request = REQUEST_LEAVE};
}

static struct asked show_panel(struct view_state *s, int panel) {
    s->panel = s->panel == (enum panel)panel ? PANEL_NONE : (enum panel)panel;
    s->panel_top = 0;
    return redraw;
}

static struct asked move_tab(struct view_state *s, int by) {
    s->tab_move += by;
    return redraw;
}

static struct asked move_rows(struct view_state *s, int by) {
    if (s->panel != PANEL_NONE)
        s->panel_top = s->panel_top + by < 0 ? 0 : s->panel_top + by;
    else
        s->rows[s->focus].move += by;
    return redraw;
}

static struct asked change_focus(struct view_state *s, int argument) {
    (void)argument;
    s->focus = s->focus == PANE_DEVICES ? PANE_PROCESSES : PANE_DEVICES;
    return redraw;
}

static struct asked sort_processes(struct view_state *s, int by) {
    s->process_reverse = s->process_sort == (enum process_sort)by && !s->process_reverse;
    s->process_sort = (enum process_sort)by;
    s->tree = false;
    s->rows[PANE_PROCESSES] = (struct selection){.key = 0};
    return redraw;
}

static struct asked sort_gpus(struct view_state *s, int by) {
    s->gpu_sort = (enum gpu_sort)by;
    return redraw;
}

static struct asked toggle_gpu_processes(struct view_state *s, int argument) {
    (void)argument;
    s->gpu_processes_only = !s->gpu_processes_only;
    return redraw;
}

static struct asked toggle_tree(struct view_state *s, int argument) {
    (void)argument;
    s->tree = !s->tree;
    return redraw;
}

static struct asked toggle_utc(struct view_state *s, int argument) {
    (void)argument;
    s->utc = !s->utc;
    return redraw;
}

static struct asked next_strip(struct view_state *s, int argument) {
    (void)argument;
    s->strip = (s->strip + 1) % STRIP_KINDS;
    return redraw;
}

static void set_line(struct edit_line *l, const char *text) {
    (void)snprintf(l->text, sizeof l->text, "%s", text);
    l->len = l->at = strlen(l->text);
}

static struct asked begin_edit(struct view_state *s, int edit) {
    s->edit = (enum edit)edit;
    s->edit_error[0] = '\0';
    s->recalled = -1;
    set_line(&s->line, s->edit == EDIT_FILTER ? s->filter : "");
    return redraw;
}

static struct asked export_view(struct view_state *s, int argument) {
    (void)s;
    (void)argument;
    return (struct asked){.request = REQUEST_EXPORT};
}

static struct asked play(struct view_state *s, int what) {
    (void)s;
    return (struct asked){.request = REQUEST_PLAYER, .action = what};
}

static struct asked jump(struct view_state *s, int seconds) {
    (void)s;
    return (struct asked){.request = REQUEST_JUMP, .by_ns = seconds * NS_PER_SECOND};
}

struct key_row {
    uint32_t code;
    enum mode mode;
    action action;
    int argument;
};

/* Where a key means one thing live and another in replay, it stands here twice. */
static const struct key_row rows[] = {
    {'q', ALWAYS, quit, 0},
    {KEY_ESC, ALWAYS, leave, 0},
    {'h', ALWAYS, show_panel, PANEL_HELP},
    {'?', ALWAYS, show_panel, PANEL_HELP},
    {KEY_CODE_F1, ALWAYS, show_panel, PANEL_HELP},
    {'A', ALWAYS, show_panel, PANEL_ALERTS},
    {KEY_ENTER, ALWAYS, show_panel, PANEL_DETAIL},
    {KEY_CODE_LEFT, ALWAYS, move_tab, -1},
    {KEY_CODE_RIGHT, ALWAYS, move_tab, 1},
    {KEY_CODE_BACKTAB, ALWAYS, move_tab, -1},
    {KEY_TAB, ALWAYS, move_tab, 1},
    {'w', ALWAYS, change_focus, 0},
    {KEY_CODE_UP, ALWAYS, move_rows, -1},
    {KEY_CODE_DOWN, ALWAYS, move_rows, 1},
    {KEY_CODE_PAGE_UP, ALWAYS, move_rows, -PAGE_ROWS},
    {KEY_CODE_PAGE_DOWN, ALWAYS, move_rows, PAGE_ROWS},
    {KEY_CODE_WHEEL_UP, ALWAYS, move_rows, -3},
    {KEY_CODE_WHEEL_DOWN, ALWAYS, move_rows, 3},
    {'p', ALWAYS, sort_processes, PROCESS_SORT_PID},
    {'c', ALWAYS, sort_processes, PROCESS_SORT_CPU},
    {'m', ALWAYS, sort_processes, PROCESS_SORT_MEMORY},
    {'i', ALWAYS, sort_processes, PROCESS_SORT_IO},
    {'v', ALWAYS, sort_processes, PROCESS_SORT_VRAM},
    {'u', ALWAYS, sort_gpus, GPU_SORT_UTILIZATION},
    {'g', LIVE, sort_gpus, GPU_SORT_MEMORY},
    {'G', ALWAYS, sort_gpus, GPU_SORT_MEMORY},
    {'d', ALWAYS, sort_gpus, GPU_SORT_NONE},
    {'/', ALWAYS, begin_edit, EDIT_FILTER},
    {'f', ALWAYS, toggle_gpu_processes, 0},
    {'t', ALWAYS, toggle_tree, 0},
    {'e', ALWAYS, export_view, 0},
    {'Z', ALWAYS, toggle_utc, 0},
    {' ', REPLAY, play, PLAYER_TOGGLE},
    {']', REPLAY, play, PLAYER_STEP_FORWARD},
    {'[', REPLAY, play, PLAYER_STEP_BACK},
    {'+', REPLAY, play, PLAYER_FASTER},
    {'=', REPLAY, play, PLAYER_FASTER},
    {'-', REPLAY, play, PLAYER_SLOWER},
    {'_', REPLAY, play, PLAYER_SLOWER},
    {'j', REPLAY, jump, -10},
    {'k', REPLAY, jump, 10},
    {'J', REPLAY, jump, -60},
    {'K', REPLAY, jump, 60},
    {'<', REPLAY, play, PLAYER_PREVIOUS_EVENT},
    {'>', REPLAY, play, PLAYER_NEXT_EVENT},
    {'g', REPLAY, begin_edit, EDIT_TIMECODE},
    {'L', REPLAY, play, PLAYER_LOOP},
    {'s', REPLAY, next_strip, 0},
    {KEY_CODE_HOME, REPLAY, play, PLAYER_FIRST},
    {KEY_CODE_END, REPLAY, play, PLAYER_LAST},
};

const struct key_help key_helps[] = {
    {"q Esc", "leave; Esc closes a panel, the filter or the time entry first", false},
    {"h ? F1", "this help", false},
    {"← → Tab ⇧Tab", "the tab before, the next one", false},
    {"↑ ↓ PgUp PgDn", "scroll and choose a row; w changes between devices and processes", false},
    {"Enter", "everything about the chosen row", false},
    {"c m i v p", "sort processes by CPU, memory, I/O, GPU memory, number; again reverses", false},
    {"u G d", "sort GPUs by utilization, memory, as they come", false},
    {"/", "filter, as: gpu.temp > 80 & host ~ \"dgx-1.*\" | user = mina", false},
    {"f t", "processes that use a GPU only; as a tree", false},
    {"A", "alerts", false},
    {"e", "write the processes or GPUs shown to a CSV file", false},
    {"Z", "times in UTC or local", false},
    {"SPACE", "play, pause", true},
    {"] [", "one frame forward, back", true},
    {"+ -", "faster, slower: 0.25 0.5 1 2 4 8", true},
    {"j k J K", "10 s back, forward; a minute back, forward", true},
    {"< >", "the event before, the next one: error, gap, mark", true},
    {"g", "go to: 00:12:34 from the start, @14:32 on the clock, +5m, -30s", true},
    {"s", "what the time line shows: GPU, power, CPU", true},
    {"L", "begin again at the end, or stop there", true},
    {"Home End", "the first frame, the last", true},
    {NULL, NULL, false},
};

static size_t glyph_start(const char *text, size_t at) {
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void erase_before(struct edit_line *l) {
    if (l->at == 0)
        return;
    size_t from = glyph_start(l->text, l->at - 1);
    memmove(l->text + from, l->text + l->at, l->len - l->at + 1);
    l->len -= l->at - from;
    l->at = from;
}

static void erase_word(struct edit_line *l) {
    while (l->at > 0 && l->text[l->at - 1] == ' ')
        erase_before(l);
    while (l->at > 0 && l->text[l->at - 1] != ' ')
        erase_before(l);
}

static void insert(struct edit_line *l, uint32_t code) {
    char bytes[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (code < 32 || code >= KEY_CODE_FIRST || l->len + n > EDIT_MAX)
        return;
    for (size_t i = n - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char)(lead[n] | code);
    memmove(l->text + l->at + n, l->text + l->at, l->len - l->at + 1);
    memcpy(l->text + l->at, bytes, n);
    l->len += n;
    l->at += n;
}

static void recall(struct view_state *s, int by) {
    int to = s->recalled + by;
    if (s->edit != EDIT_FILTER || to < -1 || to >= RECALL_MAX || (to >= 0 && !s->recall[to][0]))
        return;
    s->recalled = to;
    set_line(&s->line, to < 0 ? "" : s->recall[to]);
}

static void move_in_line(struct edit_line *l, uint32_t code) {
    if (code == KEY_CODE_LEFT && l->at > 0)
        l->at = glyph_start(l->text, l->at - 1);
    if (code == KEY_CODE_RIGHT && l->at < l->len)
        for (l->at++; l->at < l->len && ((unsigned char)l->text[l->at] & 0xc0) == 0x80;)
            l->at++;
    if (code == KEY_CODE_HOME)
        l->at = 0;
    if (code == KEY_CODE_END)
        l->at = l->len;
}

static struct asked press_in_line(struct view_state *s, uint32_t code) {
    enum edit edit = s->edit;
    s->edit_error[0] = '\0';
    switch (code) {
    case KEY_ESC: s->edit = EDIT_NONE; break;
    case KEY_ENTER: /* whoever acts on it ends the edit when the line makes sense */
        return (struct asked){.request = edit == EDIT_FILTER ? REQUEST_FILTER : REQUEST_GOTO};
    case KEY_CODE_BACKSPACE: erase_before(&s->line); break;
    case KEY_CODE_DELETE:
        if (s->line.at < s->line.len) {
            move_in_line(&s->line, KEY_CODE_RIGHT);
            erase_before(&s->line);
        }
        break;
    case KEY_CTRL_W: erase_word(&s->line); break;
    case KEY_CTRL_U: s->line = (struct edit_line){.len = 0}; break;
    case KEY_CODE_UP: recall(s, 1); break;
    case KEY_CODE_DOWN: recall(s, -1); break;
    default: move_in_line(&s->line, code); insert(&s->line, code);
    }
    return redraw;
}

struct asked keys_press(struct view_state *s, const struct key *key, bool replaying) {
    if (key->code == KEY_CODE_RESIZED)
        return redraw;
    if (key->code == KEY_CODE_PRESSED || key->code == KEY_CODE_DRAGGED)
        return (struct asked){
            .request = REQUEST_CLICK, .x = key->x, .y = key->y, .dragged = key->code == KEY_CODE_DRAGGED};
    if (s->edit != EDIT_NONE)
        return press_in_line(s, key->code);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].code == key->code && (rows[i].mode & (replaying ? REPLAY : LIVE)))
            return rows[i].action(s, rows[i].argument);
    return (struct asked){.request = REQUEST_NONE};
}
