/* view/keys.h: what keys do: one table of key, mode, action and words, from which the help is drawn too. */
#ifndef TACHO_VIEW_KEYS_H
#define TACHO_VIEW_KEYS_H

#include "view/state.h"
#include "view/terminal.h"

/* What a key asks of others than the state. */
enum request {
    REQUEST_NONE,
    REQUEST_REDRAW,  /* the state has changed */
    REQUEST_LEAVE,
    REQUEST_PLAYER,  /* player_do(action) */
    REQUEST_JUMP,    /* player_jump(by_ns) */
    REQUEST_GOTO,    /* player_goto(the edit line) */
    REQUEST_FILTER,  /* filter_parse(the edit line) */
    REQUEST_EXPORT,  /* this view as CSV */
    REQUEST_CLICK,   /* the mouse at (x, y) */
};
struct asked {
    enum request request;
    int action; /* enum player_action */
    int64_t by_ns;
    int x, y;
    bool dragged;
};

/* Changes the state as the key says. Precedence: filter edit, timecode entry, panel, normal keys, replay keys (only when
 * replaying). Pure but for the state. */
struct asked keys_press(struct view_state *s, const struct key *key, bool replaying);

struct key_help {
    const char *keys, *says;
    bool replay; /* only when replaying */
};
extern const struct key_help key_helps[]; /* NULL keys at the end */

#endif
