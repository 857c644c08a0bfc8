/* view/player.c: turns wall time and keys into moves of a cursor. */
#include "view/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/timecode.h"

enum { PASSED_OVER_MAX = 256 };

struct player {
    struct player_options options;
    struct recording *recording;
    struct cursor *here, *behind; /* `behind` stands one frame before `here` */
    bool has_before;
    struct survey *survey;
    struct survey_facts facts; /* as they were at the last look */
    bool playing, loop;
    double speed;
    int64_t due_ns;      /* monotonic: when the frame that stands was due */
    int64_t hold_ns;     /* recorded time until the next frame; INT64_MIN: there is none */
    int64_t reopened_ns; /* monotonic: when growth was looked for last */
    int64_t first_ns;
    uint64_t first_seq, moves;
    char notice[NOTICE_MAX];
    /* Filling graphs: the same recording from two sides. */
    struct cursor *earlier, *later;
    bool earlier_done, later_done;
    int64_t around_from_ns, around_to_ns;
};

static void close_recording(struct player *p) {
    cursor_destroy(p->earlier);
    cursor_destroy(p->later);
    cursor_destroy(p->behind);
    cursor_destroy(p->here);
    recording_close(p->recording);
    p->earlier = p->later = p->behind = p->here = NULL;
    p->recording = NULL;
}

void player_destroy(struct player *p) {
    if (!p)
        return;
    survey_stop(p->survey);
    close_recording(p);
    free(p);
}

static int open_recording(struct player *p, struct error *err) {
    int code = recording_open(p->options.paths, p->options.n_paths, p->options.chain, &p->recording, err);
    if (code == 0)
        code = cursor_create(p->recording, &p->here, err);
    if (code == 0)
        code = cursor_create(p->recording, &p->behind, err);
    if (code == 0)
        code = cursor_create(p->recording, &p->earlier, err);
    if (code == 0)
        code = cursor_create(p->recording, &p->later, err);
    p->earlier_done = p->later_done = true;
    p->around_from_ns = p->around_to_ns = 0;
    return code;
}

static int64_t interval_ns(const struct player *p) {
    return recording_header(p->recording)->interval_ns;
}

static int look_ahead(struct player *p, struct error *err) {
    int64_t next_ns = 0;
    int code = cursor_peek(p->here, 1, &next_ns, err);
    p->hold_ns = INT64_MIN;
    if (code != 1)
        return code;
    int64_t here_ns = cursor_time(p->here);
    p->hold_ns = next_ns > here_ns ? next_ns - here_ns : 0; /* a clock that was set back costs no time */
    if (p->options.skip_gaps && overview_is_gap(here_ns, next_ns, interval_ns(p)))
        p->hold_ns = interval_ns(p);
    return 1;
}

/* After a jump: `here` has moved, and `behind` goes where it belongs. */
static int settle(struct player *p, int64_t mono_ns, struct error *err) {
    int64_t at_ns = cursor_time(p->here);
    uint64_t seq = cursor_frame(p->here)->seq;
    bool at_first = p->moves == 0; /* the first frame is there before a long file was listed */
    int code = at_first ? cursor_first(p->behind, err) : cursor_seek_time(p->behind, at_ns, err);
    /* Several frames may have the same time, and a clock that was set back has times twice. */
    if (code == 1 && known_u64(seq) && cursor_frame(p->behind)->seq != seq)
        code = cursor_seek_seq(p->behind, seq, err);
    int stepped = code == 1 && !at_first ? cursor_step(p->behind, -1, err) : code < 0 ? code : 0;
    p->has_before = stepped == 1;
    p->due_ns = mono_ns;
    p->moves++;
    p->earlier_done = p->later_done = true;
    p->around_from_ns = p->around_to_ns = 0;
    if (stepped < 0)
        return stepped;
    code = look_ahead(p, err);
    return code < 0 ? code : 1;
}

/* Steps that keep to the story. */
static int walk(struct player *p, int64_t by, struct error *err) {
    int code = cursor_step(p->here, by, err);
    if (code != 1)
        return code;
    if (!p->has_before && by > 0) {
        p->has_before = true; /* it stood on the first frame, like `here` */
        by--;
    }
    code = by ? cursor_step(p->behind, by, err) : 1;
    if (code == 0)
        p->has_before = false;
    if (code >= 0)
        code = look_ahead(p, err);
    return code < 0 ? code : 1;
}

static void look_at_survey(struct player *p) {
    survey_facts(p->survey, &p->facts);
}

static int64_t last_ns(struct player *p) {
    look_at_survey(p);
    int64_t known = p->facts.last_ns;
    return known != TIME_UNKNOWN && known > cursor_time(p->here) ? known : cursor_time(p->here);
}

int player_create(const struct player_options *o, int64_t mono_ns, struct player **ret, struct error *err) {
    struct player *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(err, ERR_NOMEM, "player");
    *p = (struct player){.options = *o, .speed = o->speed, .loop = o->loop, .playing = !o->paused};
    int code = open_recording(p, err);
    if (code == 0)
        code = cursor_first(p->here, err);
    if (code == 0)
        code = error_set(err, ERR_FORMAT, "%s: there is no frame in it", o->paths[0]);
    if (code == 1) {
        p->first_ns = cursor_time(p->here);
        p->first_seq = cursor_frame(p->here)->seq;
        code = survey_start(o->paths, o->n_paths, o->chain, &p->survey, err);
    }
    if (code == 0)
        code = settle(p, mono_ns, err);
    if (code == 1 && o->start.at)
        code = player_goto(p, o->start, mono_ns, err);
    if (code < 0) {
        player_destroy(p);
        return code;
    }
    p->playing = !o->paused;
    *ret = p;
    return 0;
}

int player_seek(struct player *p, int64_t wall_ns, int64_t mono_ns, struct error *err) {
    int code = cursor_seek_time(p->here, wall_ns, err);
    return code == 1 ? settle(p, mono_ns, err) : code;
}

int player_jump(struct player *p, int64_t by_ns, int64_t mono_ns, struct error *err) {
    int64_t to_ns = 0;
    if (__builtin_add_overflow(cursor_time(p->here), by_ns, &to_ns))
        to_ns = by_ns < 0 ? INT64_MIN : INT64_MAX;
    return player_seek(p, to_ns < p->first_ns ? p->first_ns : to_ns, mono_ns, err);
}

int player_goto(struct player *p, struct text timecode, int64_t mono_ns, struct error *err) {
    int64_t to_ns = 0;
    int64_t end_ns = last_ns(p);
    if (!p->facts.done && !p->facts.counted && p->facts.last_ns == TIME_UNKNOWN)
        end_ns = INT64_MAX; /* not read yet: whoever goes there will see */
    int code = timecode_parse(timecode, p->first_ns, end_ns, cursor_time(p->here), &to_ns, err);
    if (code < 0)
        return code;
    code = player_seek(p, to_ns, mono_ns, err);
    if (code == 1 && (to_ns < p->first_ns || to_ns > last_ns(p)))
        (void)snprintf(p->notice, sizeof p->notice, "outside of the recording: this is its %s frame",
            to_ns < p->first_ns ? "first" : "last");
    return code;
}

static int restart(struct player *p, int64_t mono_ns, struct error *err) {
    int code = cursor_first(p->here, err);
    return code == 1 ? settle(p, mono_ns, err) : code;
}

static int go_last(struct player *p, int64_t mono_ns, struct error *err) {
    int code = cursor_last(p->here, err);
    return code == 1 ? settle(p, mono_ns, err) : code;
}

/* Where an event's frame is: the one that stands at its time, or behind it. Going back, an event between the frame before and
 * this one has been reached already: the one before it is meant. */
static int go_event(struct player *p, bool forward, int64_t mono_ns, struct error *err) {
    static const char *const names[] = {[EVENT_ERROR] = "error", [EVENT_GAP] = "end of a gap", [EVENT_MARK] = "mark"};
    struct event e;
    int64_t here_ns = cursor_time(p->here);
    int64_t before_ns = p->has_before ? cursor_time(p->behind) : INT64_MIN;
    look_at_survey(p);
    p->playing = false;
    bool found = survey_event(p->survey, here_ns, forward, &e);
    while (found && !forward && e.wall_ns > before_ns && before_ns < here_ns)
        found = survey_event(p->survey, e.wall_ns, false, &e);
    if (!found) {
        (void)snprintf(p->notice, sizeof p->notice, "no error, gap or mark %s here%s", forward ? "after" : "before",
            p->facts.done ? "" : " (still reading)");
        return 1;
    }
    (void)snprintf(p->notice, sizeof p->notice, "%s", names[e.kind]);
    return player_seek(p, e.wall_ns, mono_ns, err);
}

/* The speed changes in the middle of a frame's time: what is left of it is played at the new one. */
static void set_speed(struct player *p, double speed, int64_t mono_ns) {
    p->due_ns = mono_ns - (int64_t)((double)(mono_ns - p->due_ns) * p->speed / speed);
    p->speed = speed;
}

static void change_speed(struct player *p, bool faster, int64_t mono_ns) {
    static const double speeds[] = {0.25, 0.5, 1, 2, 4, 8};
    enum { SPEEDS = sizeof speeds / sizeof speeds[0] };
    for (int i = 0; i < SPEEDS; i++) {
        double speed = speeds[faster ? i : SPEEDS - 1 - i];
        if (faster ? speed > p->speed : speed < p->speed) {
            set_speed(p, speed, mono_ns);
            return;
        }
    }
}

static void toggle(struct player *p, int64_t mono_ns) {
    p->playing = !p->playing;
    p->due_ns = mono_ns;
}

int player_do(struct player *p, enum player_action action, int64_t mono_ns, struct error *err) {
    int code = 1;
    switch (action) {
    case PLAYER_TOGGLE:
        if (!p->playing && p->hold_ns == INT64_MIN && !p->options.follow)
            code = restart(p, mono_ns, err);
        toggle(p, mono_ns);
        return code;
    case PLAYER_STEP_FORWARD:
    case PLAYER_STEP_BACK:
        p->playing = false;
        code = walk(p, action == PLAYER_STEP_FORWARD ? 1 : -1, err);
        return code < 0 ? code : 1;
    case PLAYER_FASTER:
    case PLAYER_SLOWER: change_speed(p, action == PLAYER_FASTER, mono_ns); return 1;
    case PLAYER_FIRST: return restart(p, mono_ns, err);
    case PLAYER_LAST: return go_last(p, mono_ns, err);
    case PLAYER_NEXT_EVENT:
    case PLAYER_PREVIOUS_EVENT: return go_event(p, action == PLAYER_NEXT_EVENT, mono_ns, err);
    case PLAYER_LOOP: p->loop = !p->loop; return 1;
    }
    return 0;
}

static int64_t played_ns(const struct player *p, int64_t recorded_ns) {
    double ns = (double)recorded_ns / p->speed;
    return ns > 4e18 ? INT64_MAX / 2 : (int64_t)ns;
}

/* The recording may have grown, or been rotated: opens it anew where it stood. */
static int look_for_growth(struct player *p, int64_t mono_ns, struct error *err) {
    struct player fresh = {.options = p->options};
    int64_t at_ns = cursor_time(p->here);
    uint64_t seq = cursor_frame(p->here)->seq;
    if (mono_ns - p->reopened_ns < PLAYER_TICK_NS)
        return 0;
    p->reopened_ns = mono_ns;
    int code = open_recording(&fresh, err);
    if (code == 0)
        code = known_u64(seq) ? cursor_seek_seq(fresh.here, seq, err) : cursor_seek_time(fresh.here, at_ns, err);
    int64_t next_ns = 0;
    int more = code == 1 ? cursor_peek(fresh.here, 1, &next_ns, err) : 0;
    if (more != 1) { /* also in the moment in which a segment is renamed */
        close_recording(&fresh);
        return 0;
    }
    close_recording(p);
    p->recording = fresh.recording;
    p->here = fresh.here;
    p->behind = fresh.behind;
    p->earlier = fresh.earlier;
    p->later = fresh.later;
    survey_stop(p->survey);
    p->survey = NULL;
    code = survey_start(p->options.paths, p->options.n_paths, p->options.chain, &p->survey, err);
    uint64_t moves = p->moves;
    if (code == 0)
        code = settle(p, mono_ns, err);
    p->moves = moves;
    p->due_ns = mono_ns - played_ns(p, p->hold_ns > 0 ? p->hold_ns : 0); /* it has waited long enough */
    return code;
}

static int at_end(struct player *p, int64_t mono_ns, struct error *err) {
    if (p->options.follow)
        return look_for_growth(p, mono_ns, err);
    if (p->loop) {
        if (mono_ns - p->due_ns < played_ns(p, interval_ns(p)))
            return 0; /* the last frame stands as long as any other */
        return restart(p, mono_ns, err);
    }
    p->playing = false;
    return 1;
}

int player_tick(struct player *p, int64_t mono_ns, struct error *err) {
    int64_t steps = 0;
    uint64_t version = p->facts.version;
    look_at_survey(p);
    int news = p->facts.version != version;
    if (!p->playing)
        return news;
    if (p->hold_ns == INT64_MIN) {
        int code = at_end(p, mono_ns, err);
        return code == 0 ? news : code;
    }
    int64_t hold_ns = p->hold_ns, at_ns = 0;
    while (mono_ns - p->due_ns >= played_ns(p, hold_ns) && steps < PASSED_OVER_MAX) {
        p->due_ns += played_ns(p, hold_ns);
        steps++;
        int64_t next_ns = 0;
        int code = cursor_peek(p->here, steps, &at_ns, err);
        if (code == 1)
            code = cursor_peek(p->here, steps + 1, &next_ns, err);
        if (code < 0)
            return code;
        if (code == 0)
            break;
        hold_ns = next_ns > at_ns ? next_ns - at_ns : 0;
        if (p->options.skip_gaps && overview_is_gap(at_ns, next_ns, interval_ns(p)))
            hold_ns = interval_ns(p);
    }
    if (steps == 0)
        return news;
    if (steps == PASSED_OVER_MAX)
        p->due_ns = mono_ns; /* hopelessly late: from here on */
    int code = walk(p, steps, err);
    return code == 0 ? news : code;
}

int64_t player_due(const struct player *p, int64_t mono_ns) {
    bool watching = !p->facts.done || (p->playing && p->options.follow && p->hold_ns == INT64_MIN);
    int64_t due = watching ? mono_ns + PLAYER_TICK_NS : INT64_MAX;
    if (!p->playing)
        return due;
    int64_t hold_ns = p->hold_ns != INT64_MIN ? p->hold_ns : p->loop ? interval_ns(p) : 0;
    int64_t next = p->due_ns + played_ns(p, hold_ns);
    if (p->hold_ns == INT64_MIN && p->options.follow)
        return due;
    return next < due ? next : due;
}

const struct frame *player_frame(const struct player *p) {
    return cursor_frame(p->here);
}

const struct frame *player_before(const struct player *p) {
    return p->has_before ? cursor_frame(p->behind) : NULL;
}

const struct recording_header *player_header(const struct player *p) {
    return recording_header(p->recording);
}

uint64_t player_moves(const struct player *p) {
    return p->moves;
}

bool player_notice(struct player *p, char out[NOTICE_MAX]) {
    if (!p->notice[0])
        return false;
    memcpy(out, p->notice, sizeof p->notice);
    p->notice[0] = '\0';
    return true;
}

void player_playback(struct player *p, struct playback *ret) {
    const struct frame *f = cursor_frame(p->here);
    int64_t end_ns = last_ns(p);
    const struct survey_facts *facts = &p->facts;
    uint64_t first_seq = known_u64(facts->first_seq) ? facts->first_seq : p->first_seq;
    *ret = (struct playback){
        .on = true,
        .playing = p->playing,
        .loop = p->loop,
        .at_end = p->hold_ns == INT64_MIN,
        .counting = !facts->done && !facts->counted,
        .following = p->options.follow,
        .speed = p->speed,
        .first_ns = p->first_ns,
        .last_ns = end_ns,
        .now_ns = f->wall_ns,
        .frames = facts->all.frames,
    };
    if (known_u64(f->seq) && known_u64(first_seq) && f->seq >= first_seq)
        ret->frame = f->seq - first_seq + 1;
    if (!facts->counted && known_u64(facts->last_seq) && known_u64(first_seq) && facts->last_seq >= first_seq)
        ret->frames = facts->last_seq - first_seq + 1;
    if (ret->frames < ret->frame)
        ret->frames = ret->frame;
}

void player_strip(struct player *p, size_t n, struct strip *ret) {
    ret->n = n > STRIP_MAX ? STRIP_MAX : n;
    ret->first_ns = p->first_ns;
    ret->last_ns = last_ns(p);
    survey_columns(p->survey, ret->at, ret->n);
}

/* One frame further on one side; false when that side has come to its end. */
static bool reach_out(struct cursor *c, int64_t by, const struct player_around *a) {
    struct error err;
    if (cursor_step(c, by, &err) != 1)
        return false;
    const struct frame *f = cursor_frame(c);
    if (f->wall_ns < a->from_ns || f->wall_ns > a->to_ns)
        return false;
    a->take(a->context, f);
    return true;
}

bool player_around(struct player *p, const struct player_around *a) {
    struct error err;
    if (a->anew || a->from_ns != p->around_from_ns || a->to_ns != p->around_to_ns) {
        int64_t at_ns = cursor_time(p->here);
        p->earlier_done = cursor_seek_time(p->earlier, at_ns, &err) != 1;
        p->later_done = cursor_seek_time(p->later, at_ns, &err) != 1;
        p->around_from_ns = a->from_ns;
        p->around_to_ns = a->to_ns;
    }
    for (unsigned i = 0; i < a->at_most && !(p->earlier_done && p->later_done); i += 2) {
        p->earlier_done = p->earlier_done || !reach_out(p->earlier, -1, a);
        p->later_done = p->later_done || !reach_out(p->later, 1, a);
    }
    return p->earlier_done && p->later_done;
}
