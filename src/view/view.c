/* view/view.c: the screen at work: keys, time and frames in, screens out, until somebody leaves. */
#include "view/view.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "view/export.h"
#include "view/hosts.h"
#include "view/keys.h"
#include "view/live.h"
#include "view/screen.h"

#define REDRAW_NS (NS_PER_SECOND / 30)         /* playing faster than this, frames are passed over */
#define NOTICE_NS (INT64_C(4) * NS_PER_SECOND) /* how long a notice stands */
enum { AROUND_AT_ONCE = 64, SECONDS_SHOWN_MIN = 60 };

struct view {
    const struct view_options *options;
    struct terminal *terminal;
    struct player *player; /* or */
    struct live *live;
    struct cells cells;
    struct view_state state;
    struct scene scene;
    struct hosts hosts;
    struct series series; /* of the subject, in replay */
    struct text subject;  /* whose `series` it is */
    bool series_whole;
    struct strip strip;
    struct filter *filter;
    struct alerts *alerts;
    uint64_t moves;        /* of the player, when the alerts last took a frame */
    int64_t judged_ns;     /* the time of that frame */
    int64_t shown_mono_ns; /* when the screen was drawn last */
    bool changed, leave;
};

static struct text chosen_host(const struct view *v) {
    for (size_t i = 0; i < v->hosts.n; i++)
        if (v->state.host[0] && text_is(v->hosts.at[i], v->state.host))
            return v->hosts.at[i];
    return (struct text){NULL, 0};
}

/* What stands in the state's notice is shown for a while. */
static void show_notice(struct view *v) {
    v->state.notice_until_mono_ns = clock_mono_ns() + NOTICE_NS;
    v->changed = true;
}

/* A frame that was not on the screen before. */
static int take_frame(struct view *v, const struct frame *f, struct error *err) {
    hosts_add_frame(&v->hosts, f);
    bool back = v->player && f->wall_ns < v->judged_ns;
    v->judged_ns = f->wall_ns;
    if (back)
        alerts_forget(v->alerts);
    if (v->player && player_moves(v->player) != v->moves) {
        alerts_forget(v->alerts);
        v->moves = player_moves(v->player);
        v->series_whole = false;
    }
    v->changed = true;
    return alerts_take(v->alerts, f, err);
}

static void take_sample(void *context, const struct frame *f) {
    struct view *v = context;
    struct sample sample;
    series_read(f, (struct subject){.host = v->subject}, &sample);
    if (series_add(&v->series, &sample, NULL) < 0)
        series_clear(&v->series); /* no memory: no graph */
}

/* The window of the graphs: in replay, the moment that stands is in its middle, as far as there is something behind it. */
static void choose_window(struct view *v) {
    struct scene *s = &v->scene;
    int64_t interval_ns = s->interval_ns > 0 ? s->interval_ns : NS_PER_SECOND;
    int64_t span_ns = interval_ns * 2 * (v->cells.columns > 0 ? v->cells.columns : 80);
    int64_t now_ns = s->frame ? s->frame->wall_ns : 0;
    int64_t whole_ns = s->playback.last_ns - s->playback.first_ns;
    if (s->playback.on && !s->playback.counting && whole_ns < span_ns) { /* all of it fits */
        s->series_from_ns = s->playback.first_ns;
        s->series_to_ns = s->playback.last_ns + interval_ns;
        return;
    }
    if (span_ns < SECONDS_SHOWN_MIN * NS_PER_SECOND)
        span_ns = SECONDS_SHOWN_MIN * NS_PER_SECOND;
    s->series_to_ns = now_ns;
    if (s->playback.on) {
        int64_t behind_ns = s->playback.last_ns - now_ns;
        s->series_to_ns += behind_ns < span_ns / 2 ? behind_ns : span_ns / 2;
        /* Moves by whole eighths, so that what was read once serves for a while. */
        s->series_to_ns += (span_ns / 8 - s->series_to_ns % (span_ns / 8)) % (span_ns / 8);
    }
    s->series_from_ns = s->series_to_ns - span_ns;
}

static void fill_series(struct view *v) {
    struct text host = chosen_host(v);
    if (!v->player) {
        v->scene.series = live_series(v->live, host);
        v->series_whole = true;
        return;
    }
    bool other = host.at != v->subject.at;
    if (other)
        series_clear(&v->series);
    v->subject = host;
    v->scene.series = &v->series;
    const struct player_around around = {.from_ns = v->scene.series_from_ns,
        .to_ns = v->scene.series_to_ns,
        .at_most = AROUND_AT_ONCE,
        .take = take_sample,
        .context = v,
        .anew = other};
    take_sample(v, v->scene.frame);
    v->series_whole = player_around(v->player, &around);
    v->changed = true;
}

static void make_scene(struct view *v) {
    struct scene *s = &v->scene;
    s->mono_ns = clock_mono_ns();
    s->filter = v->filter;
    s->alerts = v->alerts;
    for (size_t i = 0; i < v->hosts.n; i++)
        s->hosts[i] = v->hosts.at[i];
    s->n_hosts = v->hosts.n;
    if (v->player) {
        s->frame = player_frame(v->player);
        s->before = player_before(v->player);
        s->interval_ns = player_header(v->player)->interval_ns;
        player_playback(v->player, &s->playback);
        player_strip(v->player, (size_t)v->cells.columns, &v->strip);
        s->playback.strip = &v->strip;
    } else {
        s->frame = live_frame(v->live);
        s->before = live_before(v->live);
        s->interval_ns = v->options->live->interval_ns;
    }
    choose_window(v);
    fill_series(v);
}

static int draw(struct view *v, struct error *err) {
    int columns = 0, rows = 0;
    terminal_size(v->terminal, &columns, &rows);
    v->cells.ascii = terminal_ascii(v->terminal);
    int code = cells_resize(&v->cells, columns, rows, err);
    if (code < 0)
        return code;
    v->changed = false;
    make_scene(v);
    screen_settle(&v->state, &v->scene, &v->cells);
    screen_render(&v->state, &v->scene, &v->cells);
    terminal_show(v->terminal, &v->cells);
    v->changed = !v->series_whole;
    v->shown_mono_ns = clock_mono_ns();
    return 0;
}

static void remember_filter(struct view_state *s) {
    if (s->line.len == 0 || text_is(text_of(s->recall[0]), s->line.text))
        return;
    memmove(s->recall[1], s->recall[0], sizeof s->recall - sizeof s->recall[0]);
    (void)snprintf(s->recall[0], sizeof s->recall[0], "%s", s->line.text);
}

static void set_filter(struct view *v) {
    struct view_state *s = &v->state;
    struct filter *filter = NULL;
    struct error err = {0};
    struct text t = text_trim((struct text){s->line.text, s->line.len});
    if (t.len > 0 && filter_parse(t, &filter, &err) < 0) {
        (void)snprintf(s->edit_error, sizeof s->edit_error, "%.*s", NOTICE_MAX - 1, err.text);
        return;
    }
    filter_destroy(v->filter);
    v->filter = filter;
    (void)snprintf(s->filter, sizeof s->filter, "%s", s->line.text);
    s->edit = EDIT_NONE;
    remember_filter(s);
}

static int go_to(struct view *v, struct error *err) {
    struct view_state *s = &v->state;
    struct error why = {0};
    int code = player_goto(v->player, (struct text){s->line.text, s->line.len}, clock_mono_ns(), &why);
    if (code == -ERR_USAGE) {
        (void)snprintf(s->edit_error, sizeof s->edit_error, "%.*s", NOTICE_MAX - 1, why.text);
        return 0;
    }
    s->edit = EDIT_NONE;
    if (code < 0 && err)
        *err = why;
    return code;
}

static int click(struct view *v, const struct asked *asked, struct error *err) {
    struct layout l;
    make_scene(v); /* its frame may have gone since it was drawn */
    screen_layout(&v->state, &v->scene, &v->cells, &l);
    int y = asked->y - l.strip.y;
    if (!v->player || y < 0 || y >= l.strip.rows)
        return 0;
    return player_seek(v->player, strip_time(l.strip, &v->scene, asked->x - l.strip.x), clock_mono_ns(), err);
}

static void export_rows(struct view *v) {
    char name[EXPORT_NAME_MAX];
    struct error why = {0};
    make_scene(v); /* its frame may have gone since it was drawn */
    if (export_save(&v->state, &v->scene, name, &why) == 0)
        (void)snprintf(v->state.notice, sizeof v->state.notice, "written: %s", name);
    else
        (void)snprintf(v->state.notice, sizeof v->state.notice, "%.*s", NOTICE_MAX - 1, why.text);
    show_notice(v);
}

static int press(struct view *v, const struct key *key, struct error *err) {
    int64_t mono_ns = clock_mono_ns();
    struct asked asked = keys_press(&v->state, key, v->player != NULL);
    int code = 0;
    v->changed = v->changed || asked.request != REQUEST_NONE;
    if (asked.request == REQUEST_LEAVE)
        v->leave = true;
    else if (asked.request == REQUEST_FILTER)
        set_filter(v);
    else if (asked.request == REQUEST_EXPORT)
        export_rows(v);
    else if (asked.request == REQUEST_CLICK)
        code = click(v, &asked, err);
    else if (asked.request == REQUEST_PLAYER)
        code = player_do(v->player, (enum player_action)asked.action, mono_ns, err);
    else if (asked.request == REQUEST_JUMP)
        code = player_jump(v->player, asked.by_ns, mono_ns, err);
    else if (asked.request == REQUEST_GOTO)
        code = go_to(v, err);
    if (code == 1)
        code = take_frame(v, player_frame(v->player), err);
    if (v->player && player_notice(v->player, v->state.notice))
        show_notice(v);
    return code;
}

static int advance(struct view *v, bool fed, struct error *err) {
    int code = 0;
    if (v->player) {
        code = player_tick(v->player, clock_mono_ns(), err);
        return code == 1 ? take_frame(v, player_frame(v->player), err) : code;
    }
    const struct live_feed *feed = v->options->live;
    if (!fed || !feed)
        return 0;
    while (code == 0 && (code = feed->take(feed->self, live_next(v->live), err)) == 1) {
        code = live_taken(v->live, err);
        if (code == 0)
            code = take_frame(v, live_frame(v->live), err);
    }
    return code;
}

static int wait_ms(const struct view *v) {
    int64_t now_ns = clock_mono_ns();
    int64_t until_ns = v->player ? player_due(v->player, now_ns) : INT64_MAX;
    if (v->state.notice[0] && v->state.notice_until_mono_ns < until_ns && v->state.notice_until_mono_ns > now_ns)
        until_ns = v->state.notice_until_mono_ns;
    if (until_ns == INT64_MAX)
        return -1;
    int64_t ms = (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

static int run(struct view *v, struct error *err) {
    struct pollfd fds[] = {{.fd = terminal_fd(v->terminal), .events = POLLIN},
        {.fd = v->options->live ? v->options->live->fd : -1, .events = POLLIN},
        {.fd = v->options->stop_fd, .events = POLLIN}};
    int code = 0;
    v->changed = true;
    while (code >= 0 && !v->leave) {
        bool soon = v->changed && clock_mono_ns() - v->shown_mono_ns >= REDRAW_NS;
        int timeout = v->changed ? (int)(REDRAW_NS / NS_PER_MS) : wait_ms(v);
        int ready = poll(fds, 3, soon || v->shown_mono_ns == 0 ? 0 : timeout);
        if (ready < 0 && errno != EINTR)
            return error_os(err, errno, "waiting for keys");
        if (ready < 0)
            fds[0].revents = POLLIN; /* a signal: the terminal's size, or it comes back from being stopped */
        if (ready > 0 && (fds[2].revents || (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))))
            return 0;
        bool pressed = false;
        for (struct key key; code >= 0 && !v->leave && terminal_key(v->terminal, &key); pressed = true)
            code = press(v, &key, err);
        if (code >= 0)
            code = advance(v, ready > 0 && fds[1].revents, err);
        if (v->state.notice[0] && clock_mono_ns() >= v->state.notice_until_mono_ns) {
            v->state.notice[0] = '\0';
            v->changed = true;
        }
        if (code >= 0 && v->changed && (pressed || clock_mono_ns() - v->shown_mono_ns >= REDRAW_NS))
            code = draw(v, err);
    }
    return code < 0 ? code : 0;
}

static int open_view(struct view *v, struct error *err) {
    const struct view_options *o = v->options;
    int code = alerts_create(&v->alerts, err);
    if (code == 0 && o->replay)
        code = player_create(o->replay, clock_mono_ns(), &v->player, err);
    else if (code == 0)
        code = live_create(&v->live, err);
    if (code < 0)
        return code;
    for (size_t i = 0; v->player && i < player_header(v->player)->n_hosts; i++)
        hosts_add(&v->hosts, player_header(v->player)->hosts[i]);
    code = terminal_open(o->colours, &v->terminal, err);
    if (code == 0 && v->player && player_notice(v->player, v->state.notice))
        show_notice(v);
    return code == 0 && v->player ? take_frame(v, player_frame(v->player), err) : code;
}

int view_run(const struct view_options *o, struct error *err) {
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return error_set(err, ERR_NOMEM, "screen");
    v->options = o;
    v->state.focus = PANE_PROCESSES;
    int code = open_view(v, err);
    if (code == 0)
        code = run(v, err);
    terminal_close(v->terminal);
    player_destroy(v->player);
    live_destroy(v->live);
    filter_destroy(v->filter);
    alerts_destroy(v->alerts);
    series_done(&v->series);
    hosts_done(&v->hosts);
    cells_done(&v->cells);
    free(v);
    return code;
}
