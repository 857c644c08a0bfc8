/* rules/alerts.c: rules over frames that say when something is wrong. */
#include "rules/alerts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "rules/filter.h"

enum { NAME_LEN = 256, SUBJECT_LEN = 32, RULE_LEN = 32 };

enum rule {
    RULE_TEMPERATURE,
    RULE_IDLE,
    RULE_POWER,
    RULE_MEMORY,
    RULE_THROTTLE,
    RULE_ECC,
    RULE_XID,
    RULE_UNREACHABLE,
    RULE_OWN
};
enum { RULES_MAX = RULE_OWN + ALERTS_RULES_MAX };

struct rule_spec {
    const char *name;
    double warn, critical; /* above these; NAN: never */
    double hysteresis;     /* how far below it has to fall again */
    int64_t hold_ns;       /* how long it has to last */
};
static const struct rule_spec specs[RULE_OWN] = {
    [RULE_TEMPERATURE] = {"temperature", 80, 90, 2, 0},
    [RULE_IDLE] = {"idle", 95 - 1e-9, NAN, 0, 900 * NS_PER_SECOND}, /* % of the time without work: 5 % at most */
    [RULE_POWER] = {"power", 105, 120, 2, 0},                       /* % of the limit */
    [RULE_MEMORY] = {"memory", 95, NAN, 1, 0},
    [RULE_THROTTLE] = {"throttle", 0.5, NAN, 0, 0},
    [RULE_ECC] = {"ecc", NAN, 0.5, 0, 0},
    [RULE_XID] = {"xid", NAN, 0.5, 0, 0},
    [RULE_UNREACHABLE] = {"unreachable", NAN, 0.5, 0, 0},
};

struct own_rule {
    char name[RULE_LEN];
    struct filter *filter;
    int64_t hold_ns;
};

struct condition {             /* one rule about one thing */
    enum severity now, coming; /* `coming` since `since_ns`, not yet for as long as the rule asks */
    int64_t since_ns;
};

struct watched {            /* a card; or a host, with an empty uuid */
    struct text host, uuid; /* in `names` */
    char subject[SUBJECT_LEN];
    struct condition conditions[RULES_MAX];
    uint64_t ecc, xid;      /* as of the last frame; or U64_UNKNOWN */
    int64_t ecc_ns, xid_ns; /* when they changed; INT64_MIN: not since */
};

struct logged {
    struct alert_event event;
    char host[NAME_LEN], subject[SUBJECT_LEN], rule[RULE_LEN];
};

struct alerts {
    struct watched **watched;
    size_t n_watched, cap;
    struct arena names;
    struct own_rule own[ALERTS_RULES_MAX];
    size_t n_own;
    struct logged log[ALERTS_HISTORY_MAX]; /* a ring */
    size_t n_logged;
    size_t counts[SEVERITY_CRITICAL + 1];
};

int alerts_create(struct alerts **ret, struct error *err) {
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : error_set(err, ERR_NOMEM, "alerts");
}

void alerts_destroy(struct alerts *a) {
    if (!a)
        return;
    for (size_t i = 0; i < a->n_watched; i++)
        free(a->watched[i]);
    for (size_t i = 0; i < a->n_own; i++)
        filter_destroy(a->own[i].filter);
    free(a->watched);
    arena_done(&a->names);
    free(a);
}

int alerts_add_rule(struct alerts *a, struct text rule, struct error *err) {
    struct text rest = rule, name;
    if (a->n_own == ALERTS_RULES_MAX)
        return error_set(err, ERR_LIMIT, "at most %d rules", ALERTS_RULES_MAX);
    struct own_rule *own = &a->own[a->n_own];
    *own = (struct own_rule){.hold_ns = 0};
    if (!text_cut(&rest, ':', &name) || !rest.at || text_trim(name).len == 0 || text_trim(name).len >= RULE_LEN)
        return error_set(err, ERR_USAGE, "a rule is 'NAME: FILTER' or 'NAME: FILTER for 30s'");
    name = text_trim(name);
    rest = text_trim(rest);
    for (size_t i = rest.len; i > 5; i--) { /* the last " for " */
        struct text tail = {rest.at + i - 5, 5};
        if (!text_is(tail, " for "))
            continue;
        struct text duration = text_trim((struct text){rest.at + i, rest.len - i});
        if (quantity_parse_duration(duration, &own->hold_ns, NULL) == 0)
            rest.len = i - 5;
        break;
    }
    int code = filter_parse(rest, &own->filter, err);
    if (code < 0)
        return code;
    (void)snprintf(own->name, sizeof own->name, "%.*s", TEXT_ARG(name));
    a->n_own++;
    return 0;
}

static struct watched *watch(struct alerts *a, struct text host, struct text uuid, size_t *hint) {
    for (size_t i = 0; i < a->n_watched; i++) {
        size_t at = (*hint + i) % a->n_watched;
        struct watched *w = a->watched[at];
        if (text_equal(w->uuid, uuid) && text_equal(w->host, host)) {
            *hint = at + 1;
            return w;
        }
    }
    if (a->n_watched == ALERTS_WATCHED_MAX)
        return NULL;
    if (a->n_watched == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 16;
        struct watched **watched = realloc(a->watched, cap * sizeof(struct watched *));
        if (!watched)
            return NULL;
        a->watched = watched;
        a->cap = cap;
    }
    struct watched *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->host = arena_text(&a->names, host);
    w->uuid = arena_text(&a->names, uuid);
    w->ecc = w->xid = U64_UNKNOWN;
    w->ecc_ns = w->xid_ns = INT64_MIN;
    *hint = a->n_watched + 1;
    return a->watched[a->n_watched++] = w;
}

static void log_change(struct alerts *a, const struct watched *w, const char *rule, enum severity from,
    enum severity to, int64_t wall_ns, double value, double threshold) {
    struct logged *l = &a->log[a->n_logged++ % ALERTS_HISTORY_MAX];
    (void)snprintf(l->host, sizeof l->host, "%.*s", TEXT_ARG(w->host));
    (void)snprintf(l->subject, sizeof l->subject, "%s", w->subject);
    (void)snprintf(l->rule, sizeof l->rule, "%s", rule);
    l->event = (struct alert_event){
        wall_ns, text_of(l->host), text_of(l->subject), text_of(l->rule), from, to, value, threshold};
}

/* What a reading would make of a rule, given what it is now. */
static enum severity severity_of(const struct rule_spec *s, double value, enum severity now) {
    double slack = now == SEVERITY_OK ? 0 : s->hysteresis;
    if (value > s->critical - (now == SEVERITY_CRITICAL ? slack : 0))
        return SEVERITY_CRITICAL;
    return value > s->warn - slack ? SEVERITY_WARN : SEVERITY_OK;
}

static void judge(
    struct alerts *a, struct watched *w, enum rule rule, const struct rule_spec *s, double value, int64_t wall_ns) {
    struct condition *c = &w->conditions[rule];
    enum severity to = isnan(value) ? c->now : severity_of(s, value, c->now); /* not known: as it was */
    if (to != c->coming) {
        c->coming = to;
        c->since_ns = wall_ns;
    }
    if (to == c->now || (to > c->now && wall_ns - c->since_ns < s->hold_ns))
        return;
    double threshold = to == SEVERITY_CRITICAL || isnan(s->warn) ? s->critical : s->warn;
    log_change(a, w, s->name, c->now, to, wall_ns, value, threshold);
    c->now = to;
}

static double share(uint64_t part, uint64_t whole) {
    return known_u64(part) && known_u64(whole) && whole > 0 ? 100 * (double)part / (double)whole : (double)NAN;
}

static double throttled(const struct gpu *g) {
    static const char *const grave[] = {"thermal", "hw_slowdown", "hw_thermal", "sw_thermal", "power_brake"};
    if (!g->throttle_reasons.asked)
        return NAN;
    for (size_t i = 0; i < g->throttle_reasons.n; i++)
        for (size_t k = 0; k < COUNT_OF(grave); k++)
            if (text_is(g->throttle_reasons.at[i], grave[k]))
                return 1;
    return 0;
}

/* 1 for some time after the number has grown (or, of error codes, changed). */
static double happened(uint64_t now, bool any_change, uint64_t *before, int64_t *when_ns, int64_t wall_ns) {
    if (!known_u64(now))
        return NAN;
    bool news = known_u64(*before) && (any_change ? now != *before && now != 0 : now > *before);
    *before = now;
    if (news)
        *when_ns = wall_ns;
    return *when_ns != INT64_MIN && wall_ns >= *when_ns && wall_ns - *when_ns < ALERTS_MOMENT_NS;
}

static void judge_gpu(struct alerts *a, const struct frame *f, const struct gpu *g, struct watched *w) {
    int64_t t = f->wall_ns;
    if (known_u64(g->index))
        (void)snprintf(w->subject, sizeof w->subject, "GPU %llu", (unsigned long long)g->index);
    else
        (void)snprintf(w->subject, sizeof w->subject, "%.*s", (int)(g->uuid.len < 20 ? g->uuid.len : 20), g->uuid.at);
    const double values[RULE_UNREACHABLE] = {
        [RULE_TEMPERATURE] = known_u64(g->temperature) ? (double)g->temperature : (double)NAN,
        [RULE_IDLE] = 100 - g->utilization,
        [RULE_POWER] = g->power_limit_watts > 0 ? 100 * g->power_consumption / g->power_limit_watts : (double)NAN,
        [RULE_MEMORY] = share(g->used_memory, g->total_memory),
        [RULE_THROTTLE] = throttled(g),
        [RULE_ECC] = happened(g->ecc_uncorrected, false, &w->ecc, &w->ecc_ns, t),
        [RULE_XID] = happened(g->last_xid, true, &w->xid, &w->xid_ns, t),
    };
    for (enum rule r = RULE_TEMPERATURE; r < RULE_UNREACHABLE; r++)
        judge(a, w, r, &specs[r], values[r], t);
    for (size_t i = 0; i < a->n_own; i++) {
        struct rule_spec s = {a->own[i].name, 0.5, NAN, 0, a->own[i].hold_ns};
        judge(a, w, (enum rule)(RULE_OWN + i), &s, filter_matches_gpu(a->own[i].filter, f, g), t);
    }
}

static bool has_readings(const struct frame *f, struct text host) {
    for (size_t i = 0; i < f->cpus.n; i++)
        if (text_equal(f->cpus.at[i].host_id, host))
            return true;
    for (size_t i = 0; i < f->memory.n; i++)
        if (text_equal(f->memory.at[i].host_id, host))
            return true;
    for (size_t i = 0; i < f->gpus.n; i++)
        if (text_equal(f->gpus.at[i].host_id, host))
            return true;
    return false;
}

/* Hosts that were down before, or that an error names. */
static void judge_hosts(struct alerts *a, const struct frame *f) {
    size_t hint = 0;
    for (size_t i = 0; i < f->errors.n; i++)
        if (f->errors.at[i].host.len > 0 && !has_readings(f, f->errors.at[i].host))
            (void)watch(a, f->errors.at[i].host, TEXT(""), &hint);
    for (size_t i = 0; i < a->n_watched; i++) {
        struct watched *w = a->watched[i];
        if (w->uuid.len > 0)
            continue;
        bool named = false;
        for (size_t k = 0; k < f->errors.n && !named; k++)
            named = text_equal(f->errors.at[k].host, w->host);
        bool up = has_readings(f, w->host);
        judge(a, w, RULE_UNREACHABLE, &specs[RULE_UNREACHABLE], up ? 0 : named ? 1 : (double)NAN, f->wall_ns);
    }
}

int alerts_take(struct alerts *a, const struct frame *f, struct error *err) {
    size_t hint = 0;
    for (size_t i = 0; i < f->gpus.n; i++) {
        struct watched *w = f->gpus.at[i].uuid.len ? watch(a, f->gpus.at[i].host_id, f->gpus.at[i].uuid, &hint) : NULL;
        if (w)
            judge_gpu(a, f, &f->gpus.at[i], w);
    }
    judge_hosts(a, f);
    memset(a->counts, 0, sizeof a->counts);
    for (size_t i = 0; i < a->n_watched; i++)
        for (size_t r = 0; r < RULES_MAX; r++)
            a->counts[a->watched[i]->conditions[r].now]++;
    (void)err;
    return 0;
}

void alerts_forget(struct alerts *a) {
    for (size_t i = 0; i < a->n_watched; i++) {
        struct watched *w = a->watched[i];
        memset(w->conditions, 0, sizeof w->conditions);
        w->ecc = w->xid = U64_UNKNOWN;
        w->ecc_ns = w->xid_ns = INT64_MIN;
    }
}

const struct alert_event *alerts_event(const struct alerts *a, size_t newest) {
    size_t there = a->n_logged < ALERTS_HISTORY_MAX ? a->n_logged : ALERTS_HISTORY_MAX;
    return newest < there ? &a->log[(a->n_logged - 1 - newest) % ALERTS_HISTORY_MAX].event : NULL;
}

size_t alerts_count(const struct alerts *a, enum severity severity) {
    return a->counts[severity];
}

enum severity alerts_of_gpu(const struct alerts *a, struct text host, struct text uuid, const char **ret_rule) {
    enum severity worst = SEVERITY_OK;
    for (size_t i = 0; i < a->n_watched; i++) {
        const struct watched *w = a->watched[i];
        if (!text_equal(w->uuid, uuid) || !text_equal(w->host, host))
            continue;
        for (size_t r = 0; r < RULES_MAX; r++)
            if (w->conditions[r].now > worst) {
                worst = w->conditions[r].now;
                if (ret_rule)
                    *ret_rule = r < RULE_OWN ? specs[r].name : a->own[r - RULE_OWN].name;
            }
    }
    return worst;
}

bool alerts_host_down(const struct alerts *a, struct text host) {
    for (size_t i = 0; i < a->n_watched; i++)
        if (a->watched[i]->uuid.len == 0 && text_equal(a->watched[i]->host, host))
            return a->watched[i]->conditions[RULE_UNREACHABLE].now == SEVERITY_CRITICAL;
    return false;
}
