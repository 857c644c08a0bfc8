/* cli/view.c: tacho view: the screen, live or of a recorded moment. */
#include "view/view.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/feed.h"
#include "cli/sections.h"

struct values {
    struct collect_values collect;
    int64_t interval_ns;
    const char *replay, *start;
    double speed;
    bool paused, loop, skip_gaps, follow, no_chain;
    int colours;
};

static const char *const colour_words[] = {"auto", "none", "16", "256", NULL}; /* in the order of enum colours */

static const struct option_spec options[] = {
    {"interval", 'i', OPTION_DURATION, offsetof(struct values, interval_ns), "SECS",
        "time between readings of a live screen, at least 0.1 seconds", .initial = "2"},
    {"replay", 0, OPTION_TEXT, offsetof(struct values, replay), "FILE",
        "play a recording; further ones may follow as FILE", .no_config = true},
    {"speed", 0, OPTION_NUMBER, offsetof(struct values, speed), "F", "how fast to play, from 0.05 to 16 times",
        .initial = "1"},
    {"start", 0, OPTION_TEXT, offsetof(struct values, start), "T",
        "begin there: 00:12:34 from the start, @14:32 on the clock, @2026-04-18 14:32:07", .no_config = true},
    {"paused", 0, OPTION_FLAG, offsetof(struct values, paused), NULL, "wait for SPACE", .no_config = true},
    {"loop", 0, OPTION_FLAG, offsetof(struct values, loop), NULL, "begin again at the end"},
    {"skip-gaps", 0, OPTION_FLAG, offsetof(struct values, skip_gaps), NULL, "jump over stretches without frames"},
    {"follow", 0, OPTION_FLAG, offsetof(struct values, follow), NULL, "go on as the recording grows",
        .no_config = true},
    {"no-chain", 0, OPTION_FLAG, offsetof(struct values, no_chain), NULL, "one segment alone, not its rotated siblings",
        .no_config = true},
    {"colour", 0, OPTION_WORD, offsetof(struct values, colours), NULL, "how many colours to use", .words = colour_words,
        .initial = "auto"},
    COLLECT_OPTIONS(struct values),
};

static const struct example examples[] = {
    {"tacho view", "this machine, live; so does tacho alone"},
    {"tacho view run.ndjson.zst", "play a recording"},
    {"tacho view --replay run.ndjson.zst --start @14:32 --paused", "what it looked like at 14:32"},
    {"tacho view --replay run.ndjson.zst --speed 8 --skip-gaps", "eight times as fast, without the gaps"},
    {NULL, NULL},
};

static int check(const struct values *v, const struct invocation *in, struct error *err) {
    bool replay = v->replay || in->n_args > 0;
    if (!(v->speed >= PLAYER_SPEED_MIN && v->speed <= PLAYER_SPEED_MAX)) /* not a number fails too */
        return error_set(err, ERR_USAGE, "--speed: from %g to %g", PLAYER_SPEED_MIN, PLAYER_SPEED_MAX);
    if (v->interval_ns < NS_PER_SECOND / 10)
        return error_set(err, ERR_USAGE, "--interval: at least 0.1 seconds");
    if (!replay && (v->start || v->paused || v->follow || v->no_chain))
        return error_set(err, ERR_USAGE, "%s goes with --replay FILE",
            v->start    ? "--start"
            : v->paused ? "--paused"
            : v->follow ? "--follow"
                        : "--no-chain");
    return 0;
}

/* The signals that end a program well, as something to poll; blocked for every thread that is started from now on. */
static int open_stop_fd(int *ret, struct error *err) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    *ret = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret < 0 ? error_os(err, errno, "signalfd") : 0;
}

static int play(const struct values *v, const struct invocation *in, int stop_fd, struct error *err) {
    enum { PATHS_MAX = 256 };
    const char *paths[PATHS_MAX];
    size_t n = 0;
    if (v->replay)
        paths[n++] = v->replay;
    for (int i = 0; i < in->n_args && n < PATHS_MAX; i++)
        paths[n++] = in->args[i];
    const struct player_options o = {.paths = paths,
        .n_paths = n,
        .chain = !v->no_chain,
        .paused = v->paused,
        .loop = v->loop,
        .skip_gaps = v->skip_gaps,
        .follow = v->follow,
        .speed = v->speed,
        .start = text_of(v->start)};
    return view_run(&(struct view_options){.replay = &o, .colours = (enum colours)v->colours, .stop_fd = stop_fd}, err);
}

static int watch(const struct values *v, int stop_fd, struct error *err) {
    struct collect_options o = {0};
    struct feed *feed = NULL;
    int code = collect_values_read(&v->collect, &o, err);
    if (code == 0)
        code = feed_start(&o, v->interval_ns, &feed, err);
    if (code < 0)
        return code;
    const struct live_feed live = {.self = feed, .fd = feed_fd(feed), .take = feed_take, .interval_ns = v->interval_ns};
    code =
        view_run(&(struct view_options){.live = &live, .colours = (enum colours)v->colours, .stop_fd = stop_fd}, err);
    feed_stop(feed);
    return code;
}

static int run(void *values, const struct invocation *in) {
    const struct values *v = values;
    struct error err = {0};
    int stop_fd CLEANUP(file_close) = -1;
    int code = check(v, in, &err);
    if (code == 0)
        code = open_stop_fd(&stop_fd, &err);
    if (code == 0)
        code = v->replay || in->n_args > 0 ? play(v, in, stop_fd, &err) : watch(v, stop_fd, &err);
    return code < 0 ? complain_error(&view_command, &err) : 0;
}

const struct command view_command = {
    .name = "view",
    .summary = "watch this machine (as tacho alone does), or any recorded moment",
    .takes = "[FILE…]",
    .max_args = -1,
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details =
        "Without a recording the screen is live. With one it is the same screen at any recorded moment: SPACE plays "
        "and "
        "pauses, [ and ] step, j and k move by ten seconds, g goes to a time, < and > to the event before and the next "
        "one, and a click on the time line seeks. h shows all keys.\n\n"
        "Replay reads nothing of the machine that it runs on.",
    .examples = examples,
    .run = run,
};
