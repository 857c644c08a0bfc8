/* collect/report.c: what can be read on this machine and what cannot, as `tacho doctor` tells it. */
#include "collect/report.h"

#include <stdarg.h>
#include <stdio.h>

static bool add(struct report *r, const struct finding *finding) {
    if (r->findings.n == r->findings.cap) {
        size_t cap = r->findings.cap ? r->findings.cap * 2 : 64;
        struct finding *at = arena_alloc(&r->arena, cap * sizeof *at);
        if (!at)
            return false;
        if (r->findings.n)
            memcpy(at, r->findings.at, r->findings.n * sizeof *at);
        r->findings.at = at;
        r->findings.cap = cap;
    }
    r->findings.at[r->findings.n++] = *finding;
    return true;
}

void report_add(struct report *r, enum section section, enum readable state, const char *source, const char *remedy,
    const char *fmt, ...) {
    char says[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(says, sizeof says, fmt, args);
    va_end(args);
    (void)add(r, &(struct finding){
                     .section = section,
                     .source = arena_text(&r->arena, text_of(source)),
                     .state = state,
                     .says = arena_text(&r->arena, text_of(says)),
                     .remedy = arena_text(&r->arena, text_of(remedy)),
                 });
}

void report_adopt(struct report *into, struct report *from) {
    arena_adopt(&into->arena, &from->arena);
    for (size_t i = 0; i < from->findings.n; i++)
        if (!add(into, &from->findings.at[i]))
            break;
    report_done(from);
}

void report_done(struct report *r) {
    arena_done(&r->arena);
    *r = (struct report){.identifiers = r->identifiers};
}
