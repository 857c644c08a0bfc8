/* recording/survey.h: goes over a whole recording on a thread of its own: totals, events, and the overview of all its time. */
#ifndef TACHO_RECORDING_SURVEY_H
#define TACHO_RECORDING_SURVEY_H

#include "recording/overview.h"
#include "recording/recording.h"

struct survey; /* opaque; one owner thread; reads the recording through a handle of its own */

/*
 * Begins to read. What chunks note of themselves is there within milliseconds, and so is the last frame where it can be had
 * without decoding everything before it. Then stretches without a note are decoded, those whose note tells of events, and,
 * where notes are coarser than SURVEY_FINE stretches, all others. -ERR_OS, -ERR_NOMEM; what goes wrong later is told by
 * survey_facts.
 */
int survey_start(const char *const *paths, size_t n, bool chain, struct survey **ret, struct error *err) NODISCARD;
void survey_stop(struct survey *s); /* waits for the thread, which looks up often; NULL is fine */

enum {
    SURVEY_FINE = 2048,         /* a recording of fewer noted stretches is decoded for a finer overview … */
    SURVEY_FINE_MIB = 256,      /* … unless it is larger than this, decoded */
    SURVEY_EVENTS_MAX = 1 << 16 /* events that are kept, in the order in which they are found */
};

struct survey_facts {
    bool done;            /* everything was read; nothing below changes any more */
    bool failed;          /* reading ended early: `why` */
    struct error why;
    uint64_t version;     /* changes whenever there is something new */
    bool counted;         /* `all` is of the whole recording */
    struct overview all;  /* of what was read so far */
    int64_t first_ns, last_ns;   /* of the recording, or TIME_UNKNOWN */
    uint64_t first_seq, last_seq; /* or UINT64_MAX */
};
void survey_facts(struct survey *s, struct survey_facts *ret);

enum event_kind { EVENT_ERROR, EVENT_GAP, EVENT_MARK };
struct event {
    int64_t wall_ns; /* of the frame, or of the mark; of a gap, where it ends */
    enum event_kind kind;
};
/* The first event after that time, or the last one before it. False when none is known. */
bool survey_event(struct survey *s, int64_t wall_ns, bool forward, struct event *ret);

/* The recording in `n` columns of equal time between its first frame and its last. */
struct survey_column {
    float figure[FIGURE_COUNT]; /* mean; NAN where not known */
    bool frames, error, gap, mark;
};
void survey_columns(struct survey *s, struct survey_column *ret, size_t n);

#endif
