/* recording/survey.c: goes over a whole recording on a thread of its own. */
#include "recording/survey.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "recording/cursor.h"
#include "recording/join.h"
#include "recording/segment.h"

enum { PIECES_MAX = 1 << 20, COARSE_PIECE = 64 };

struct piece { /* some frames that follow one another; none: it was replaced */
    int64_t first_ns, last_ns;
    uint32_t frames, errors, gaps, marks;
    float figure[FIGURE_COUNT];
};

struct survey {
    char **paths;
    size_t n_paths;
    bool chain;
    pthread_t thread;
    bool started;
    atomic_bool quit;
    pthread_mutex_t lock; /* over all below */
    struct survey_facts facts;
    bool ends_known;
    int64_t interval_ns; /* what a frame stands for, when the next one is not late */
    struct piece *pieces;
    size_t n, cap;
    struct event *events; /* ascending */
    size_t n_events, events_cap;
};

/* What the thread alone knows. */
struct pass {
    struct survey *survey;
    struct recording *recording;
    struct json_parser *parser;
    struct frame frame;
    int64_t previous_ns, interval_ns;
    size_t per_piece; /* frames of a decoded stretch that make a piece */
};

static void piece_from(struct piece *p, const struct overview *o) {
    *p = (struct piece){
        o->first_ns, o->last_ns, (uint32_t)o->frames, (uint32_t)o->errors, (uint32_t)o->gaps, (uint32_t)o->marks, {0}};
    for (int i = 0; i < FIGURE_COUNT; i++)
        p->figure[i] = o->figures[i].count ? (float)(o->figures[i].sum / (double)o->figures[i].count) : NAN;
}

static void add_piece(struct survey *s, const struct overview *o) {
    if (o->frames == 0 || s->n == PIECES_MAX)
        return;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1024;
        struct piece *pieces = realloc(s->pieces, cap * sizeof *pieces);
        if (!pieces)
            return;
        s->pieces = pieces;
        s->cap = cap;
    }
    piece_from(&s->pieces[s->n++], o);
    if (s->ends_known)
        return;
    if (s->facts.first_ns == TIME_UNKNOWN || o->first_ns < s->facts.first_ns) {
        s->facts.first_ns = o->first_ns;
        s->facts.first_seq = o->first_seq;
    }
    if (s->facts.last_ns == TIME_UNKNOWN || o->last_ns > s->facts.last_ns)
        s->facts.last_ns = o->last_ns;
}

static void add_event(struct survey *s, int64_t wall_ns, enum event_kind kind) {
    if (s->n_events == SURVEY_EVENTS_MAX)
        return;
    if (s->n_events == s->events_cap) {
        size_t cap = s->events_cap ? s->events_cap * 2 : 64;
        struct event *events = realloc(s->events, cap * sizeof *events);
        if (!events)
            return;
        s->events = events;
        s->events_cap = cap;
    }
    size_t i = s->n_events++;
    for (; i > 0 && s->events[i - 1].wall_ns > wall_ns; i--)
        s->events[i] = s->events[i - 1];
    s->events[i] = (struct event){wall_ns, kind};
}

static void lock(struct survey *s) {
    (void)pthread_mutex_lock(&s->lock);
}

static void unlock(struct survey *s) {
    (void)pthread_mutex_unlock(&s->lock);
}

/* A line of a page: a frame's figures into `o`, and what is an event. The caller holds no lock. */
static void take_line(struct pass *p, const struct page *page, const struct page_line *line, struct overview *o) {
    struct survey *s = p->survey;
    const char *at = page->text.at + line->offset;
    struct join_damage broken;
    if (line->kind == RECORDING_MARK) {
        o->marks++;
        lock(s);
        add_event(s, line->wall_ns, EVENT_MARK);
        unlock(s);
    }
    if (line->kind != RECORDING_FRAME ||
        join_lines(p->parser, (struct text){at, line->len}, &p->frame, &broken, NULL) < 0)
        return;
    uint64_t errors = o->errors, gaps = o->gaps;
    overview_add_time(o, line->wall_ns, line->seq, p->previous_ns, p->interval_ns);
    overview_add_frame(o, &p->frame);
    p->previous_ns = line->wall_ns;
    lock(s);
    if (o->errors > errors)
        add_event(s, line->wall_ns, EVENT_ERROR);
    if (o->gaps > gaps)
        add_event(s, line->wall_ns, EVENT_GAP);
    unlock(s);
}

/* Ends a piece that was decoded. What happened in it stands among the events already, at its very time. */
static void end_piece(struct pass *p, struct overview *piece, struct overview *all) {
    overview_merge(all, piece);
    piece->errors = piece->gaps = piece->marks = 0;
    lock(p->survey);
    add_piece(p->survey, piece);
    unlock(p->survey);
    overview_init(piece);
}

/* Decodes a stretch: its pieces are added, and `all` told what they amount to. */
static int decode_stretch(struct pass *p, size_t segment, size_t stretch, struct overview *all, struct error *err) {
    struct overview piece;
    overview_init(&piece);
    overview_init(all);
    for (size_t number = 0;; number++) {
        struct page *page = NULL;
        int code = segment_page(p->recording, segment, stretch, number, &page, err);
        if (code < 0)
            return code;
        for (size_t i = 0; i < page->n && !atomic_load(&p->survey->quit); i++) {
            take_line(p, page, &page->lines[i], &piece);
            if (piece.frames >= p->per_piece)
                end_piece(p, &piece, all);
        }
        lock(p->survey);
        p->survey->facts.version++;
        unlock(p->survey);
        if (page->last || atomic_load(&p->survey->quit))
            break;
    }
    end_piece(p, &piece, all);
    lock(p->survey);
    p->survey->facts.version++;
    unlock(p->survey);
    return 0;
}

static bool note_of(struct pass *p, size_t segment, size_t stretch, struct overview *ret) {
    struct text note = p->recording->segments[segment].stretches[stretch].note;
    return note.at && overview_parse(p->parser, note, ret, NULL) == 0;
}

/* Takes what the notes say, at once; returns how many stretches there are, and how many of them have one. */
static int take_notes(struct pass *p, size_t *ret_stretches, size_t *ret_noted, struct error *err) {
    struct survey *s = p->survey;
    *ret_stretches = *ret_noted = 0;
    for (size_t i = 0; i < recording_segments(p->recording) && !atomic_load(&s->quit); i++) {
        int code = segment_list(p->recording, i, err);
        if (code < 0)
            return code;
        size_t n = p->recording->segments[i].n_stretches;
        *ret_stretches += n;
        lock(s);
        for (size_t k = 0; k < n; k++) {
            struct overview o;
            if (!note_of(p, i, k, &o))
                continue;
            (*ret_noted)++;
            add_piece(s, &o);
            overview_merge(&s->facts.all, &o);
        }
        s->facts.version++;
        unlock(s);
    }
    return 0;
}

/* The piece that stands for a stretch's note goes: its frames' own pieces have come. */
static void drop_note(struct survey *s, const struct overview *note, size_t before) {
    for (size_t i = 0; i < before; i++)
        if (s->pieces[i].first_ns == note->first_ns && s->pieces[i].frames == note->frames) {
            s->pieces[i].frames = 0;
            return;
        }
}

/* Decodes what has no note, what has events, and with `everything` all. Of what was decoded, the notes do not count. */
static int decode(struct pass *p, bool everything, struct error *err) {
    struct survey *s = p->survey;
    struct overview sum;
    overview_init(&sum);
    for (size_t i = 0; i < recording_segments(p->recording); i++) {
        int listed = segment_list(p->recording, i, err); /* it may have been parked */
        if (listed < 0)
            return listed;
        for (size_t k = 0; k < p->recording->segments[i].n_stretches; k++) {
            struct overview note, found;
            bool noted = note_of(p, i, k, &note);
            if (atomic_load(&s->quit))
                return 0;
            if (noted && !everything && note.errors + note.gaps + note.marks == 0) {
                p->previous_ns = note.frames ? note.last_ns : p->previous_ns;
                overview_merge(&sum, &note);
                continue;
            }
            lock(s);
            size_t before = s->n;
            unlock(s);
            int code = decode_stretch(p, i, k, &found, err);
            segment_drop_pages(p->recording, i); /* nobody comes back to them */
            if (code < 0)
                return code;
            overview_merge(&sum, &found);
            lock(s);
            if (noted)
                drop_note(s, &note, before);
            else
                overview_merge(&s->facts.all, &found);
            unlock(s);
        }
    }
    lock(s);
    s->facts.all = sum;
    unlock(s);
    return 0;
}

/* The ends of the recording, where they can be had at once: not in a stream that has to be decoded to its end. */
static int find_ends(struct pass *p, struct error *err) {
    struct survey *s = p->survey;
    const struct segment *tail = &p->recording->segments[p->recording->n_segments - 1];
    if (tail->facts.codec != CODEC_PLAIN && tail->n_stretches < 2 && !tail->noted)
        return 0;
    struct cursor *c = NULL;
    int code = cursor_create(p->recording, &c, err);
    int first = code == 0 ? cursor_first(c, err) : code;
    int64_t first_ns = first == 1 ? cursor_time(c) : TIME_UNKNOWN;
    uint64_t first_seq = first == 1 ? cursor_frame(c)->seq : UINT64_MAX;
    int last = first == 1 ? cursor_last(c, err) : first;
    if (last == 1) {
        lock(s);
        s->facts.first_ns = first_ns;
        s->facts.first_seq = first_seq;
        s->facts.last_ns = cursor_time(c) > first_ns ? cursor_time(c) : first_ns;
        s->facts.last_seq = cursor_frame(c)->seq;
        s->ends_known = true;
        s->facts.version++;
        unlock(s);
    }
    cursor_destroy(c);
    return last < 0 ? last : 0;
}

static uint64_t text_bytes(const struct recording *r) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < r->n_segments; i++) {
        uint64_t size = r->segments[i].facts.text_size;
        bytes += size == LINE_OFFSET_UNKNOWN || size == 0 ? r->segments[i].facts.size * 10 : size;
    }
    return bytes;
}

static void start_over(struct pass *p) {
    struct survey *s = p->survey;
    lock(s);
    s->n = s->n_events = 0;
    s->ends_known = false;
    s->facts.first_ns = s->facts.last_ns = p->previous_ns = TIME_UNKNOWN;
    s->facts.first_seq = s->facts.last_seq = UINT64_MAX;
    overview_init(&s->facts.all);
    unlock(s);
}

static int go_over(struct pass *p, struct error *err) {
    struct survey *s = p->survey;
    size_t stretches = 0, noted = 0;
    uint64_t distrusted = recording_damage(p->recording).distrusted;
    start_over(p);
    int code = take_notes(p, &stretches, &noted, err);
    lock(s);
    s->facts.counted = code == 0 && noted == stretches;
    unlock(s);
    if (code == 0)
        code = find_ends(p, err);
    if (code == 0 && recording_damage(p->recording).distrusted != distrusted)
        return -ERR_STALE; /* the notes that were taken are no longer believed */
    bool everything = stretches < SURVEY_FINE && text_bytes(p->recording) < (uint64_t)SURVEY_FINE_MIB << 20;
    p->per_piece = everything ? 1 : COARSE_PIECE;
    return code == 0 ? decode(p, everything, err) : code;
}

static void *run(void *arg) {
    struct survey *s = arg;
    struct pass p = {.survey = s, .previous_ns = TIME_UNKNOWN};
    struct error err = {0};
    frame_init(&p.frame);
    int code = recording_open((const char *const *)(void *)s->paths, s->n_paths, s->chain, &p.recording, &err);
    if (code == 0)
        code = json_parser_create(&p.parser, &err);
    p.interval_ns = code == 0 ? recording_header(p.recording)->interval_ns : 0;
    lock(s);
    s->interval_ns = p.interval_ns;
    unlock(s);
    for (int stale = code == 0 ? -ERR_STALE : code; stale == -ERR_STALE; stale = code)
        code = go_over(&p, &err); /* again without each index that turned out untrue */
    lock(s);
    s->facts.done = true;
    s->facts.counted = code == 0;
    s->facts.failed = code < 0;
    s->facts.why = err;
    s->facts.version++;
    unlock(s);
    frame_done(&p.frame);
    json_parser_destroy(p.parser);
    recording_close(p.recording);
    return NULL;
}

static int copy_paths(struct survey *s, const char *const *paths, size_t n) {
    s->paths = calloc(n + 1, sizeof *s->paths);
    for (size_t i = 0; s->paths && i < n; i++) {
        s->paths[i] = strdup(paths[i]);
        if (!s->paths[i])
            return -ERR_NOMEM;
        s->n_paths++;
    }
    return s->paths ? 0 : -ERR_NOMEM;
}

int survey_start(const char *const *paths, size_t n, bool chain, struct survey **ret, struct error *err) {
    struct survey *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_NOMEM, "survey of a recording");
    s->chain = chain;
    s->facts.first_ns = s->facts.last_ns = TIME_UNKNOWN;
    overview_init(&s->facts.all);
    (void)pthread_mutex_init(&s->lock, NULL);
    int code = copy_paths(s, paths, n);
    int failed = code == 0 ? pthread_create(&s->thread, NULL, run, s) : 0;
    if (code < 0 || failed) {
        survey_stop(s);
        return code < 0 ? error_set(err, ERR_NOMEM, "survey of a recording")
                        : error_os(err, failed, "thread of the survey");
    }
    s->started = true;
    *ret = s;
    return 0;
}

void survey_stop(struct survey *s) {
    if (!s)
        return;
    atomic_store(&s->quit, true);
    if (s->started)
        (void)pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->n_paths; i++)
        free(s->paths[i]);
    free(s->paths);
    free(s->pieces);
    free(s->events);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

void survey_facts(struct survey *s, struct survey_facts *ret) {
    lock(s);
    *ret = s->facts;
    unlock(s);
}

bool survey_event(struct survey *s, int64_t wall_ns, bool forward, struct event *ret) {
    bool found = false;
    lock(s);
    for (size_t i = 0; i < s->n_events && !(found && forward); i++)
        if (forward ? s->events[i].wall_ns > wall_ns : s->events[i].wall_ns < wall_ns) {
            *ret = s->events[i];
            found = true;
        }
    unlock(s);
    return found;
}

struct tally { /* of one column */
    double sum[FIGURE_COUNT];
    double weight[FIGURE_COUNT];
};

static void tally_piece(struct tally *t, struct survey_column *c, const struct piece *p) {
    c->frames = true;
    c->error |= p->errors > 0;
    c->gap |= p->gaps > 0;
    c->mark |= p->marks > 0;
    for (int i = 0; i < FIGURE_COUNT; i++)
        if (!isnan(p->figure[i])) {
            t->sum[i] += (double)p->figure[i] * p->frames;
            t->weight[i] += p->frames;
        }
}

static size_t column_of(int64_t wall_ns, int64_t first_ns, int64_t last_ns, size_t n) {
    double share = last_ns > first_ns ? ((double)wall_ns - (double)first_ns) / ((double)last_ns - (double)first_ns) : 0;
    return share <= 0 ? 0 : share >= 1 ? n - 1 : (size_t)(share * (double)n);
}

void survey_columns(struct survey *s, struct survey_column *ret, size_t n) {
    struct tally *tallies = n ? calloc(n, sizeof *tallies) : NULL;
    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct survey_column){.frames = false};
        for (int k = 0; k < FIGURE_COUNT; k++)
            ret[i].figure[k] = NAN;
    }
    if (!tallies)
        return;
    lock(s);
    int64_t first_ns = s->facts.first_ns, last_ns = s->facts.last_ns;
    for (size_t i = 0; i < s->n && first_ns != TIME_UNKNOWN; i++) {
        const struct piece *p = &s->pieces[i];
        if (p->frames == 0)
            continue;
        size_t to = column_of(p->last_ns + s->interval_ns, first_ns, last_ns, n);
        for (size_t c = column_of(p->first_ns, first_ns, last_ns, n); c <= to; c++)
            tally_piece(&tallies[c], &ret[c], p);
    }
    for (size_t i = 0; i < s->n_events && first_ns != TIME_UNKNOWN; i++) {
        struct survey_column *c = &ret[column_of(s->events[i].wall_ns, first_ns, last_ns, n)];
        c->error |= s->events[i].kind == EVENT_ERROR;
        c->gap |= s->events[i].kind == EVENT_GAP;
        c->mark |= s->events[i].kind == EVENT_MARK;
    }
    unlock(s);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < FIGURE_COUNT; k++)
            if (tallies[i].weight[k] > 0)
                ret[i].figure[k] = (float)(tallies[i].sum[k] / tallies[i].weight[k]);
    free(tallies);
}
