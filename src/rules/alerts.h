/* rules/alerts.h: rules over frames that say when something is wrong, and the history of what they said. */
#ifndef TACHO_RULES_ALERTS_H
#define TACHO_RULES_ALERTS_H

#include "base/error.h"
#include "frame/frame.h"

struct alerts; /* opaque; one owner thread */

enum severity { SEVERITY_OK, SEVERITY_WARN, SEVERITY_CRITICAL };

enum { ALERTS_HISTORY_MAX = 500 };

struct alert_event { /* a rule changed its mind about something */
    int64_t wall_ns;       /* of the frame */
    struct text host;      /* and what it is about: */
    struct text subject;   /* "GPU 2", "memory", or "" for the host */
    struct text rule;      /* "temperature" … */
    enum severity from, to;
    double value, threshold;
};

/* The built-in rules, each by card but the last (docs: what they say and when):
 *   temperature  above 80 degrees warns, above 90 is critical; until 2 degrees below
 *   idle         at most 5 % for 15 minutes
 *   power        more than 5 % above the card's limit, more than 20 % is critical
 *   memory       more than 95 % used
 *   throttle     held back by heat or by the hardware
 *   ecc          uncorrected errors have grown; for ALERTS_MOMENT_NS
 *   xid          the driver reported another error; for ALERTS_MOMENT_NS
 *   unreachable  the frame has an error of a host and none of its readings
 * -ERR_NOMEM. */
int alerts_create(struct alerts **ret, struct error *err) NODISCARD;
void alerts_destroy(struct alerts *a); /* NULL is fine */
/* A rule of the user's own, about cards: "NAME: FILTER" or "NAME: FILTER for 30s"; warns. -ERR_USAGE, -ERR_LIMIT past
 * ALERTS_RULES_MAX, -ERR_NOMEM. */
int alerts_add_rule(struct alerts *a, struct text rule, struct error *err) NODISCARD;
enum { ALERTS_RULES_MAX = 32, ALERTS_WATCHED_MAX = 1 << 16 };
#define ALERTS_MOMENT_NS (INT64_C(600) * 1000000000) /* how long something that happened once is shown */

/* Judges a frame. Frames come in the order of time; after a jump (a seek), call alerts_forget first: what lasts is judged anew,
 * and the history stays. -ERR_NOMEM. */
int alerts_take(struct alerts *a, const struct frame *f, struct error *err) NODISCARD;
void alerts_forget(struct alerts *a);

/* What changed, newest first: 0 is the newest. NULL past the last. Good until the next call that changes it. */
const struct alert_event *alerts_event(const struct alerts *a, size_t newest);
/* How many things are that wrong now. */
size_t alerts_count(const struct alerts *a, enum severity severity);
/* The worst that is wrong with a card now; `ret_rule` (may be NULL) says what. */
enum severity alerts_of_gpu(const struct alerts *a, struct text host, struct text uuid, const char **ret_rule);
bool alerts_host_down(const struct alerts *a, struct text host);

#endif
