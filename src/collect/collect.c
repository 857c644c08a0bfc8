/* collect/collect.c: the local source: runs the collectors of this machine and makes frames of what they read. */
#include "collect/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "collect/kernel_file.h"
#include "collect/worker.h"

struct running { /* a collector that is asked at every cycle */
    const struct collector *collector;
    void *self;            /* inline collectors; NULL with a worker */
    struct worker *worker; /* owned; NULL for inline collectors */
    struct error open_err; /* why it could not be opened; reported in every frame */
    bool failed_to_open;
    int64_t wait_until_ns; /* monotonic: how long this cycle waits for the worker; 0: not at all */
};

struct collect {
    struct running *running;
    size_t n;
    int proc_fd;     /* -1 without procfs */
    bool first;      /* no frame yet */
    int64_t wait_ns; /* as the options have it */
};

static int start_collector(struct running *r, const struct collect_options *options, struct error *err) {
    void *self = NULL;
    struct error open_err;
    int status = r->collector->open(options, &self, &open_err);
    if (status == -ERR_ABSENT)
        return status;
    if (status < 0) {
        r->failed_to_open = true;
        r->open_err = open_err;
        return 0;
    }
    if (!r->collector->may_block) {
        r->self = self;
        return 0;
    }
    status = worker_create(r->collector, self, &r->worker, err);
    if (status < 0)
        r->collector->close(self);
    return status;
}

int collect_open(const struct collector *const *list, const struct collect_options *options, struct collect **ret,
    struct error *err) {
    size_t n = 0;
    while (list[n])
        n++;
    struct collect *c = calloc(1, sizeof *c);
    struct running *running = calloc(n + 1, sizeof *running);
    if (!c || !running) {
        free(c);
        free(running);
        return error_set(err, ERR_NOMEM, "collectors");
    }
    *c = (struct collect){.running = running, .proc_fd = -1, .first = true, .wait_ns = options->wait_ns};
    if (kernel_dir_open(options->roots.procfs, &c->proc_fd, NULL) < 0)
        c->proc_fd = -1;
    for (size_t i = 0; i < n; i++) {
        if (!(options->sections & 1U << list[i]->section))
            continue;
        running[c->n] = (struct running){.collector = list[i]};
        int status = start_collector(&running[c->n], options, err);
        if (status < 0 && status != -ERR_ABSENT) {
            collect_close(c);
            return status;
        }
        c->n += status == 0;
    }
    *ret = c;
    return 0;
}

static struct text host_name(const struct collect *c, struct arena *arena) {
    char buf[KERNEL_VALUE_MAX];
    struct text name = c->proc_fd >= 0 ? kernel_text(c->proc_fd, buf, "sys/kernel/hostname") : (struct text){NULL, 0};
    if (name.len == 0) {
        buf[0] = '\0';
        (void)gethostname(buf, sizeof buf - 1);
        buf[sizeof buf - 1] = '\0';
        name = buf[0] ? text_of(buf) : TEXT("localhost");
    }
    return arena_text(arena, name);
}

static int begin_frame(struct collect *c, struct frame *f, struct cycle *cycle, struct error *err) {
    char time[CLOCK_LOCAL_LEN];
    frame_reset(f);
    cycle->mono_ns = clock_mono_ns();
    cycle->wall_ns = clock_wall_ns();
    clock_format_local(cycle->wall_ns, time);
    cycle->host_id = host_name(c, &f->arena);
    cycle->time = arena_text(&f->arena, (struct text){time, sizeof time});
    if (!known_text(cycle->host_id) || !known_text(cycle->time))
        return error_set(err, ERR_NOMEM, "a frame");
    f->wall_ns = cycle->wall_ns;
    f->source = TEXT("local");
    f->hostname = cycle->host_id;
    return 0;
}

static void add_error(struct frame *f, const struct collector *collector, int status, const struct error *err) {
    if (status == -ERR_ABSENT)
        return;
    char message[sizeof err->text + 32];
    (void)snprintf(message, sizeof message, "%s reader: %s", collector->name, err->text);
    frame_add_error(f, sections[collector->section].name, "error", message, NULL);
}

static void add_timeout(struct frame *f, const struct collector *collector, int64_t waited_ns) {
    char message[128];
    (void)snprintf(message, sizeof message, "%s reader did not answer in %lld ms", collector->name,
        (long long)(waited_ns / NS_PER_MS));
    frame_add_error(f, sections[collector->section].name, "timeout", message, NULL);
}

/* One that hangs since an earlier cycle costs no further wait. */
static void ask(struct running *r, const struct cycle *cycle, int64_t wait_ns) {
    r->wait_until_ns = worker_ask(r->worker, cycle) ? clock_mono_ns() + wait_ns : 0;
}

static void sample_inline(struct running *r, const struct cycle *cycle, struct frame *into) {
    struct error why = {.text = ""};
    int status = 0;
    if (r->failed_to_open)
        add_error(into, r->collector, -ERR_OS, &r->open_err);
    else if (!r->worker && (status = r->collector->sample(r->self, cycle, into, &why)) < 0)
        add_error(into, r->collector, status, &why);
}

static void take(struct running *r, int64_t wait_ns, struct frame *into) {
    struct error why = {.text = ""};
    int status = worker_take(r->worker, r->wait_until_ns, into, &why);
    if (status == -ERR_TIMEOUT)
        add_timeout(into, r->collector, wait_ns);
    else if (status < 0)
        add_error(into, r->collector, status, &why);
}

/* What the readers of graphics cards tell of processes is for the process reader, which makes whole rows of it. */
static void hand_over_gpu_users(struct frame *f, struct cycle *cycle) {
    cycle->gpu_users = f->processes.at;
    cycle->n_gpu_users = f->processes.n;
    f->processes.list = (struct list){.at = NULL};
}

static bool comes_last(const struct running *r) {
    return r->collector->section == SECTION_PROCESS;
}

int collect_sample(struct collect *c, struct frame *ret, struct error *err) {
    struct cycle cycle = {.gpu_users = NULL};
    int status = begin_frame(c, ret, &cycle, err);
    if (status < 0)
        return status;
    int64_t wait_ns = c->wait_ns > 0 ? c->wait_ns : c->first ? COLLECT_FIRST_WAIT_NS : COLLECT_WAIT_NS;
    cycle.wait_until_ns = cycle.mono_ns + wait_ns;
    c->first = false;
    for (size_t i = 0; i < c->n; i++) {
        struct running *r = &c->running[i];
        if (r->worker && !comes_last(r))
            ask(r, &cycle, wait_ns);
        else if (r->self && r->collector->begin)
            r->collector->begin(r->self, &cycle);
    }
    for (size_t i = 0; i < c->n; i++)
        if (!comes_last(&c->running[i]))
            sample_inline(&c->running[i], &cycle, ret);
    hand_over_gpu_users(ret, &cycle);
    for (size_t i = 0; i < c->n; i++)
        if (c->running[i].worker && comes_last(&c->running[i]))
            ask(&c->running[i], &cycle, wait_ns);
    for (size_t i = 0; i < c->n; i++) {
        if (comes_last(&c->running[i]))
            sample_inline(&c->running[i], &cycle, ret);
        if (c->running[i].worker)
            take(&c->running[i], wait_ns, ret);
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->running[i].collector->complete)
            c->running[i].collector->complete(ret);
    return 0;
}

unsigned collect_close(struct collect *c) {
    unsigned hanging = 0;
    if (!c)
        return 0;
    for (size_t i = 0; i < c->n; i++) {
        struct running *r = &c->running[i];
        if (r->worker)
            hanging += !worker_destroy(r->worker);
        else if (r->self)
            r->collector->close(r->self);
    }
    file_close(&c->proc_fd);
    free(c->running);
    free(c);
    return hanging;
}
