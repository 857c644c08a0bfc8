/* collect/explain.c: asks every reader what it can read on this machine. */
#include "collect/explain.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/thread.h"

struct job { /* freed by whoever leaves it last */
    explain_fn explain;
    struct collect_options options;
    struct report report;
    pthread_mutex_t lock; /* over the rest */
    pthread_cond_t changed;
    bool done, abandoned;
};

static void free_job(struct job *job) {
    report_done(&job->report);
    (void)pthread_cond_destroy(&job->changed);
    (void)pthread_mutex_destroy(&job->lock);
    free(job);
}

static void *run(void *arg) {
    struct job *job = arg;
    job->explain(&job->options, &job->report);
    (void)pthread_mutex_lock(&job->lock);
    job->done = true;
    bool abandoned = job->abandoned;
    (void)pthread_cond_broadcast(&job->changed);
    (void)pthread_mutex_unlock(&job->lock);
    if (abandoned)
        free_job(job);
    return NULL;
}

void explain_within(explain_fn explain, const char *name, enum section section, int64_t limit_ns,
    const struct collect_options *options, struct report *report) {
    struct job *job = calloc(1, sizeof *job);
    struct error err;
    pthread_t thread;
    if (!job)
        return;
    *job = (struct job){.explain = explain, .options = *options, .report = {.identifiers = report->identifiers}};
    (void)pthread_mutex_init(&job->lock, NULL);
    thread_condition_init(&job->changed);
    if (thread_start(&thread, name, run, job, &err) < 0) {
        report_add(report, section, DENIED, name, NULL, "%s", err.text);
        free_job(job);
        return;
    }
    limit_ns = limit_ns > 0 ? limit_ns : EXPLAIN_LIMIT_NS;
    int64_t deadline_ns = clock_mono_ns() + limit_ns;
    (void)pthread_mutex_lock(&job->lock);
    while (!job->done)
        if (!thread_wait_until(&job->changed, &job->lock, deadline_ns))
            break;
    bool done = job->done;
    job->abandoned = !done;
    (void)pthread_mutex_unlock(&job->lock);
    if (!done) {
        (void)pthread_detach(thread);
        report_add(report, section, DENIED, name, "see what the kernel's log says of it (dmesg)",
            "does not answer within %lld ms", (long long)(limit_ns / NS_PER_MS));
        return;
    }
    (void)pthread_join(thread, NULL);
    report_adopt(report, &job->report);
    free_job(job);
}

void explain_machine(const struct collector *const *list, const struct collect_options *options, int64_t limit_ns,
    struct report *report) {
    explain_within(explain_system, "system", REPORT_SYSTEM, limit_ns, options, report);
    explain_within(explain_files, "kernel", REPORT_SYSTEM, limit_ns, options, report);
    for (size_t i = 0; list[i]; i++)
        if (list[i]->explain)
            explain_within(list[i]->explain, list[i]->name, list[i]->section, limit_ns, options, report);
}
