/* collect/report.h: what can be read on this machine and what cannot, as `tacho doctor` tells it. */
#ifndef TACHO_COLLECT_REPORT_H
#define TACHO_COLLECT_REPORT_H

#include "base/arena.h"
#include "base/attr.h"
#include "frame/frame.h"

enum readable {
    READABLE, /* everything that this source has */
    PARTLY,   /* some of it */
    DENIED,   /* it is there, and we may not, or it does not answer */
    MISSING,  /* not on this machine */
};

/* The section of a finding about the machine as a whole: who we are, what we may do. */
#define REPORT_SYSTEM SECTION_COUNT

struct finding {
    enum section section;        /* or REPORT_SYSTEM */
    struct text source;          /* "nvidia: GPU 0 (NVIDIA H200)", "taskstats" */
    enum readable state;
    struct text says, remedy;    /* one line each; what is read or why not, and what would change it (or NULL) */
};

/* Zero-initialise; end with report_done. One owner. Holds no serial numbers, unless `identifiers` asks for them. */
struct report {
    struct arena arena;
    LIST_OF(struct finding) findings;
    bool identifiers;
};

/* Copies everything; `source` and the text may hold bytes from outside. `remedy` may be NULL. Out of memory: drops it. */
void report_add(struct report *r, enum section section, enum readable state, const char *source, const char *remedy,
    const char *fmt, ...) PRINTF(6, 7);
/* Moves all findings of `from` behind those of `into`. */
void report_adopt(struct report *into, struct report *from);
void report_done(struct report *r);

#endif
