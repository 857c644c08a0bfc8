/* tests/unit/view/test_keys.c: which key does what, and when: while something is typed, in a panel, live, in replay. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "view/keys.h"
#include "view/player.h"

enum { TAB = 9, ENTER = 10, CTRL_U = 21, CTRL_W = 23, ESC = 27 };

static struct view_state state;

static int make(void **unused) {
    (void)unused;
    state = (struct view_state){.focus = PANE_PROCESSES};
    return 0;
}

static struct asked press(uint32_t code, bool replaying) {
    return keys_press(&state, &(struct key){.code = code}, replaying);
}

static void press_all(const char *ascii) {
    for (; *ascii; ascii++)
        (void)press((unsigned char)*ascii, true);
}

static void line_is(const char *text, size_t at) {
    assert_string_equal(state.line.text, text);
    assert_int_equal(state.line.len, strlen(text));
    assert_int_equal(state.line.at, at);
}

static void replay_keys(void **unused) {
    (void)unused;
    static const struct {
        uint32_t code;
        enum request request;
        int action;
        int64_t seconds;
    } keys[] = {{' ', REQUEST_PLAYER, PLAYER_TOGGLE, 0}, {']', REQUEST_PLAYER, PLAYER_STEP_FORWARD, 0},
        {'[', REQUEST_PLAYER, PLAYER_STEP_BACK, 0}, {'+', REQUEST_PLAYER, PLAYER_FASTER, 0},
        {'=', REQUEST_PLAYER, PLAYER_FASTER, 0}, {'-', REQUEST_PLAYER, PLAYER_SLOWER, 0},
        {'_', REQUEST_PLAYER, PLAYER_SLOWER, 0}, {'<', REQUEST_PLAYER, PLAYER_PREVIOUS_EVENT, 0},
        {'>', REQUEST_PLAYER, PLAYER_NEXT_EVENT, 0}, {'L', REQUEST_PLAYER, PLAYER_LOOP, 0},
        {KEY_CODE_HOME, REQUEST_PLAYER, PLAYER_FIRST, 0}, {KEY_CODE_END, REQUEST_PLAYER, PLAYER_LAST, 0},
        {'j', REQUEST_JUMP, 0, -10}, {'k', REQUEST_JUMP, 0, 10}, {'J', REQUEST_JUMP, 0, -60},
        {'K', REQUEST_JUMP, 0, 60}};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct asked asked = press(keys[i].code, true);
        assert_int_equal(asked.request, keys[i].request);
        assert_int_equal(asked.action, keys[i].action);
        assert_int_equal(asked.by_ns, keys[i].seconds * NS_PER_SECOND);
        struct view_state before = state;
        assert_int_equal(press(keys[i].code, false).request, REQUEST_NONE); /* dead on a live screen */
        assert_memory_equal(&before, &state, sizeof state);
    }
    (void)press('g', false);
    assert_int_equal(state.gpu_sort, GPU_SORT_MEMORY);
    assert_int_equal(state.edit, EDIT_NONE);
    (void)press('d', true);
    (void)press('g', true);
    assert_int_equal(state.gpu_sort, GPU_SORT_NONE);
    assert_int_equal(state.edit, EDIT_TIMECODE);
}

/* What is typed goes into the line, whatever it would do otherwise, over a panel too. */
static void typing_comes_first(void **unused) {
    (void)unused;
    (void)press('h', true);
    assert_int_equal(state.panel, PANEL_HELP);
    (void)press('/', true);
    press_all("q ]hL+gA");
    assert_int_equal(state.edit, EDIT_FILTER);
    line_is("q ]hL+gA", 8);
    assert_int_equal(press(ENTER, true).request, REQUEST_FILTER);
    assert_int_equal(state.edit, EDIT_FILTER); /* until somebody found it sound */
    assert_int_equal(press(ESC, true).request, REQUEST_REDRAW);
    assert_int_equal(state.edit, EDIT_NONE);
    assert_int_equal(state.panel, PANEL_HELP);
    assert_int_equal(press(ESC, true).request, REQUEST_REDRAW);
    assert_int_equal(state.panel, PANEL_NONE);
    assert_int_equal(press(ESC, true).request, REQUEST_LEAVE);
    (void)press('g', true);
    press_all("@12q");
    line_is("@12q", 4);
    assert_int_equal(press(ENTER, true).request, REQUEST_GOTO);
    (void)press(ESC, true);
    assert_int_equal(press('q', false).request, REQUEST_LEAVE);
}

static void filters_and_times_have_their_own_lines(void **unused) {
    (void)unused;
    (void)snprintf(state.filter, sizeof state.filter, "temp > 3");
    (void)press('g', true);
    line_is("", 0);
    press_all("00:01");
    (void)press(ESC, true);
    (void)press('/', true);
    line_is("temp > 3", 8);
    press_all(" &");
    (void)press(ESC, true);
    (void)press('/', true);
    line_is("temp > 3", 8);
}

static void editing(void **unused) {
    (void)unused;
    (void)press('/', false);
    (void)press(0xe4, false); /* two bytes */
    (void)press('b', false);
    (void)press(0x6f22, false);  /* three */
    (void)press(0x1f525, false); /* four */
    line_is("\303\244b\346\274\242\360\237\224\245", 10);
    (void)press(KEY_CODE_LEFT, false);
    line_is("\303\244b\346\274\242\360\237\224\245", 6);
    (void)press(KEY_CODE_BACKSPACE, false);
    line_is("\303\244b\360\237\224\245", 3);
    (void)press(KEY_CODE_DELETE, false);
    line_is("\303\244b", 3);
    (void)press(KEY_CODE_DELETE, false);
    (void)press(KEY_CODE_RIGHT, false);
    line_is("\303\244b", 3);
    (void)press(KEY_CODE_HOME, false);
    (void)press(KEY_CODE_BACKSPACE, false);
    (void)press(KEY_CODE_LEFT, false);
    (void)press('x', false);
    line_is("x\303\244b", 1);
    (void)press(KEY_CODE_RIGHT, false);
    line_is("x\303\244b", 3);
    (void)press(KEY_CODE_END, false);
    press_all(" cd  ");
    (void)press(CTRL_W, false);
    line_is("x\303\244b ", 5);
    (void)press(CTRL_W, false);
    line_is("", 0);
    press_all("abc");
    (void)press(CTRL_U, false);
    line_is("", 0);
    (void)press(7, false); /* no control byte gets in */
    (void)press(TAB, false);
    (void)press(KEY_CODE_F1, false);
    line_is("", 0);
}

static void lines_are_bounded(void **unused) {
    (void)unused;
    (void)press('/', false);
    for (int i = 0; i < EDIT_MAX - 1; i++)
        (void)press('a', false);
    (void)press(0xe4, false); /* would need one more */
    assert_int_equal(state.line.len, EDIT_MAX - 1);
    (void)press('b', false);
    (void)press('c', false);
    assert_int_equal(state.line.len, EDIT_MAX);
    assert_int_equal(state.line.text[EDIT_MAX - 1], 'b');
    assert_int_equal(state.line.text[EDIT_MAX], '\0');
}

static void recall(void **unused) {
    (void)unused;
    (void)snprintf(state.recall[0], sizeof state.recall[0], "newest");
    (void)snprintf(state.recall[1], sizeof state.recall[1], "older");
    (void)press('/', false);
    (void)press(KEY_CODE_DOWN, false);
    line_is("", 0);
    (void)press(KEY_CODE_UP, false);
    line_is("newest", 6);
    (void)press(KEY_CODE_UP, false);
    (void)press(KEY_CODE_UP, false);
    line_is("older", 5);
    (void)press(KEY_CODE_DOWN, false);
    line_is("newest", 6);
    (void)press(KEY_CODE_DOWN, false);
    line_is("", 0);
    (void)press(ESC, false);
    (void)press('g', true);
    (void)press(KEY_CODE_UP, true);
    line_is("", 0); /* times are not recalled */
}

static void panels_scroll(void **unused) {
    (void)unused;
    (void)press('A', false);
    (void)press(KEY_CODE_DOWN, false);
    (void)press(KEY_CODE_PAGE_DOWN, false);
    assert_int_equal(state.panel_top, 11);
    assert_int_equal(state.rows[PANE_PROCESSES].move, 0);
    (void)press(KEY_CODE_PAGE_UP, false);
    (void)press(KEY_CODE_PAGE_UP, false);
    assert_int_equal(state.panel_top, 0);
    (void)press('h', false); /* another one, from its top */
    assert_int_equal(state.panel, PANEL_HELP);
    (void)press('h', false);
    assert_int_equal(state.panel, PANEL_NONE);
    (void)press(KEY_CODE_UP, false);
    assert_int_equal(state.rows[PANE_PROCESSES].move, -1);
    (void)press('w', false);
    (void)press(KEY_CODE_WHEEL_DOWN, false);
    assert_int_equal(state.rows[PANE_DEVICES].move, 3);
    (void)press(TAB, false);
    (void)press(KEY_CODE_RIGHT, false);
    (void)press(KEY_CODE_BACKTAB, false);
    assert_int_equal(state.tab_move, 1);
}

static void sorting(void **unused) {
    (void)unused;
    (void)press('m', false);
    assert_int_equal(state.process_sort, PROCESS_SORT_MEMORY);
    assert_false(state.process_reverse);
    (void)press('m', false);
    assert_true(state.process_reverse);
    (void)press('t', false);
    assert_true(state.tree);
    (void)press('p', false);
    assert_false(state.process_reverse);
    assert_false(state.tree);
    (void)press('f', false);
    assert_true(state.gpu_processes_only);
    (void)press('Z', false);
    assert_true(state.utc);
    assert_int_equal(press('e', false).request, REQUEST_EXPORT);
}

static void the_mouse_and_the_size(void **unused) {
    (void)unused;
    (void)press('/', true);
    struct asked asked = keys_press(&state, &(struct key){.code = KEY_CODE_DRAGGED, .x = 3, .y = 4}, true);
    assert_int_equal(asked.request, REQUEST_CLICK);
    assert_true(asked.dragged && asked.x == 3 && asked.y == 4);
    assert_int_equal(press(KEY_CODE_RESIZED, true).request, REQUEST_REDRAW);
    line_is("", 0);
    (void)press(ESC, true);
    assert_int_equal(press(0x1f525, true).request, REQUEST_NONE);
}

/* Every key that the help names does something, where the help says so. */
static void the_help_is_true(void **unused) {
    (void)unused;
    for (const struct key_help *h = key_helps; h->keys; h++)
        for (const char *word = h->keys; *word; word += strcspn(word, " "), word += *word == ' ') {
            uint32_t code = strncmp(word, "SPACE", 5) == 0 ? ' ' : (unsigned char)word[0];
            if (code >= 0x80 || (word[1] && word[1] != ' ' && code != ' '))
                continue; /* keys with names */
            (void)make(NULL);
            assert_int_not_equal(press(code, true).request, REQUEST_NONE);
            (void)make(NULL);
            if (h->replay && code != 'g')
                assert_int_equal(press(code, false).request, REQUEST_NONE);
            else
                assert_int_not_equal(press(code, false).request, REQUEST_NONE);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(replay_keys, make),
        cmocka_unit_test_setup(typing_comes_first, make),
        cmocka_unit_test_setup(filters_and_times_have_their_own_lines, make),
        cmocka_unit_test_setup(editing, make),
        cmocka_unit_test_setup(lines_are_bounded, make),
        cmocka_unit_test_setup(recall, make),
        cmocka_unit_test_setup(panels_scroll, make),
        cmocka_unit_test_setup(sorting, make),
        cmocka_unit_test_setup(the_mouse_and_the_size, make),
        cmocka_unit_test_setup(the_help_is_true, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
