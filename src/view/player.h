/* view/player.h: turns wall time and keys into moves of a cursor: playing, stepping, seeking, looping. */
#ifndef TACHO_VIEW_PLAYER_H
#define TACHO_VIEW_PLAYER_H

#include "recording/cursor.h"
#include "view/scene.h"
#include "view/state.h"

struct player; /* opaque; one owner thread. Knows no terminal and asks no clock: the time is always handed in. */

struct player_options {
    const char *const *paths;
    size_t n_paths;
    bool chain, paused, loop, skip_gaps, follow;
    double speed;       /* PLAYER_SPEED_MIN … PLAYER_SPEED_MAX */
    struct text start;  /* as timecode_parse takes it; NULL: the first frame */
};
#define PLAYER_SPEED_MIN 0.05
#define PLAYER_SPEED_MAX 16.0
#define PLAYER_TICK_NS (INT64_C(250) * 1000000) /* how often it wants to look while a recording grows, or is counted */

enum player_action {
    PLAYER_TOGGLE,          /* play or pause; on the last frame: from the start */
    PLAYER_STEP_FORWARD,    /* these two pause */
    PLAYER_STEP_BACK,
    PLAYER_FASTER,          /* the next of 0.25 0.5 1 2 4 8 */
    PLAYER_SLOWER,
    PLAYER_FIRST,
    PLAYER_LAST,
    PLAYER_NEXT_EVENT,      /* error, gap or mark */
    PLAYER_PREVIOUS_EVENT,
    PLAYER_LOOP,            /* on and off */
};

/* Opens the recording and stands on its first frame, or where `start` says. -ERR_USAGE: the start makes no sense; -ERR_ABSENT:
 * no such file; -ERR_FORMAT: no frame in it; -ERR_SCHEMA … */
int player_create(const struct player_options *o, int64_t mono_ns, struct player **ret, struct error *err) NODISCARD;
void player_destroy(struct player *p); /* NULL is fine */

/* Each returns 1 when something is to be drawn anew, 0 when not. */
int player_do(struct player *p, enum player_action action, int64_t mono_ns, struct error *err) NODISCARD;
int player_jump(struct player *p, int64_t by_ns, int64_t mono_ns, struct error *err) NODISCARD;
int player_seek(struct player *p, int64_t wall_ns, int64_t mono_ns, struct error *err) NODISCARD;
int player_goto(struct player *p, struct text timecode, int64_t mono_ns, struct error *err) NODISCARD; /* -ERR_USAGE */
/* Moves on to the frame that is due: the time between frames on the screen is the recorded time between them, divided by the
 * speed; when frames are due faster than they are drawn, those in between are passed over. */
int player_tick(struct player *p, int64_t mono_ns, struct error *err) NODISCARD;
/* When player_tick should be called next, monotonic; INT64_MAX: not before the next key. */
int64_t player_due(const struct player *p, int64_t mono_ns);

const struct frame *player_frame(const struct player *p);  /* good until the next move */
const struct frame *player_before(const struct player *p); /* the frame before it; NULL at the first */
const struct recording_header *player_header(const struct player *p);
uint64_t player_moves(const struct player *p);             /* changes with every jump: what came before is another story */
/* What there is to say since the last call ("outside of the recording…"), into `out`; false for nothing. */
bool player_notice(struct player *p, char out[NOTICE_MAX]);
void player_playback(struct player *p, struct playback *ret); /* all but `strip` */
void player_strip(struct player *p, size_t n, struct strip *ret);

/* The frames around the one that stands, for graphs: hands each to `take`, the nearest first, as long as they lie between the
 * two times, `at_most` of them. Call again to go on: true when there is nothing left. Another window, or a jump, begins anew. */
struct player_around {
    int64_t from_ns, to_ns;
    unsigned at_most;
    void (*take)(void *context, const struct frame *f);
    void *context;
    bool anew; /* from the start again, although the window is the same */
};
bool player_around(struct player *p, const struct player_around *a);

#endif
