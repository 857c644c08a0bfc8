/* collect/cpu_stat.c: parses /proc/stat and makes shares of time out of two readings. */
#include "collect/cpu_stat.h"

#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "collect/kernel_file.h"

static struct cpu_times parse_times(struct text rest) {
    struct cpu_times times = {{0}};
    struct text word;
    /* Old kernels have fewer columns: what they do not count took no time of its own. */
    for (size_t i = 0; i < CPU_STATES && text_word(&rest, &word); i++)
        if (!text_u64(word, &times.ticks[i]))
            break;
    return times;
}

static int add_thread(struct cpu_stat *s, uint64_t id, struct text rest, struct error *err) {
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        struct cpu_thread_times *grown = realloc(s->threads, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERR_NOMEM, "times of %zu processors", cap);
        s->threads = grown;
        s->cap = cap;
    }
    s->threads[s->n++] = (struct cpu_thread_times){.id = id, .times = parse_times(rest)};
    return 0;
}

static void parse_count(struct text rest, uint64_t *ret) {
    struct text word;
    if (text_word(&rest, &word))
        (void)text_u64(word, ret);
}

int cpu_stat_parse(struct text text, struct cpu_stat *ret, struct error *err) {
    bool whole_machine = false;
    ret->n = 0;
    ret->interrupts = ret->context_switches = ret->boot_time_s = U64_UNKNOWN;
    ret->forks = ret->running = ret->blocked = U64_UNKNOWN;
    for (struct text line, key; kernel_line(&text, &line);) {
        uint64_t id = 0;
        if (!text_word(&line, &key))
            continue;
        if (text_is(key, "cpu")) {
            ret->all = parse_times(line);
            whole_machine = true;
        } else if (text_starts(key, "cpu") && text_u64((struct text){key.at + 3, key.len - 3}, &id)) {
            int r = ret->n < CPU_THREADS_MAX ? add_thread(ret, id, line, err) : 0;
            if (r < 0)
                return r;
        } else if (text_is(key, "intr")) {
            parse_count(line, &ret->interrupts);
        } else if (text_is(key, "ctxt")) {
            parse_count(line, &ret->context_switches);
        } else if (text_is(key, "btime")) {
            parse_count(line, &ret->boot_time_s);
        } else if (text_is(key, "processes")) {
            parse_count(line, &ret->forks);
        } else if (text_is(key, "procs_running")) {
            parse_count(line, &ret->running);
        } else if (text_is(key, "procs_blocked")) {
            parse_count(line, &ret->blocked);
        }
    }
    return whole_machine ? 0 : error_set(err, ERR_FORMAT, "stat: no line of the whole machine (\"cpu\")");
}

void cpu_stat_done(struct cpu_stat *s) {
    free(s->threads);
    *s = (struct cpu_stat){.n = 0};
}

static uint64_t saturating_add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void cpu_times_add_growth(struct cpu_times *into, const struct cpu_times *before, const struct cpu_times *after) {
    for (size_t i = 0; i < CPU_STATES; i++)
        if (after->ticks[i] > before->ticks[i])
            into->ticks[i] = saturating_add(into->ticks[i], after->ticks[i] - before->ticks[i]);
}

struct cpu_shares cpu_shares(const struct cpu_times *before, const struct cpu_times *after) {
    struct cpu_times grown = {{0}};
    cpu_times_add_growth(&grown, before, after);

    double ticks[CPU_STATES];
    double total = 0;
    for (size_t i = 0; i < CPU_STATES; i++)
        ticks[i] = (double)grown.ticks[i];
    for (size_t i = 0; i < CPU_GUEST; i++)
        total += ticks[i];
    ticks[CPU_USER] = fmax(0, ticks[CPU_USER] - ticks[CPU_GUEST]);
    ticks[CPU_NICE] = fmax(0, ticks[CPU_NICE] - ticks[CPU_GUEST_NICE]);

    struct cpu_shares shares;
    for (size_t i = 0; i < CPU_STATES; i++)
        shares.percent[i] = total > 0 ? number_round(fmin(100, 100 * ticks[i] / total), 2) : NAN;
    double idle = (double)grown.ticks[CPU_IDLE] + (double)grown.ticks[CPU_IOWAIT];
    shares.busy = total > 0 ? number_round(fmax(0, 100 * (total - idle) / total), 2) : NAN;
    return shares;
}
