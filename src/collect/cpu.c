/* collect/cpu.c: the processors: shares of time, load, counters, pressure, clocks and what they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/cpu_identity.h"
#include "collect/cpu_stat.h"
#include "collect/kernel_file.h"
#include "collect/pressure.h"
#include "frame/merge.h"

enum {
    STAT_MAX = 4 << 20,     /* bytes of /proc/stat; ~100 per processor and ~4 per interrupt number */
    CPUINFO_MAX = 32 << 20, /* bytes of /proc/cpuinfo; ~1.5 KiB per processor */
    SMALL_MAX = 8192,
    INTERVAL_MIN_MS = 40,       /* the kernel counts in ticks of 10 ms: shares of less would be noise */
    CPUINFO_EVERY = 30,         /* cycles; the file is dear, and without cpufreq its clocks hardly change */
    FREQUENCIES_PER_CYCLE = 16, /* cpufreq files read per cycle, in turn: some drivers take microseconds for each */
};

struct cpu_reader {
    int proc_fd, sys_fd; /* sys_fd: -1 where there is none */
    struct kernel_file stat, cpuinfo, loadavg, uptime, pressure_cpu, pressure_memory, pressure_io;
    struct cpu_stat now, before;
    int64_t before_mono_ns;
    struct cpu_identity identity;
    size_t next_frequency; /* whose turn it is */
    unsigned cpuinfo_age;  /* cycles since it was read */
    struct utsname system;
};

static void cpu_close(void *self) {
    struct cpu_reader *r = self;
    if (!r)
        return;
    struct kernel_file *files[] = {
        &r->stat, &r->cpuinfo, &r->loadavg, &r->uptime, &r->pressure_cpu, &r->pressure_memory, &r->pressure_io};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        kernel_file_done(files[i]);
    cpu_stat_done(&r->now);
    cpu_stat_done(&r->before);
    cpu_identity_done(&r->identity);
    file_close(&r->proc_fd);
    file_close(&r->sys_fd);
    free(r);
}

static int read_stat(struct cpu_reader *r, struct cpu_stat *into, struct error *err) {
    struct text text;
    int status = kernel_file_read(&r->stat, r->proc_fd, &text, err);
    return status < 0 ? status : cpu_stat_parse(text, into, err);
}

static struct text read_cpuinfo(struct cpu_reader *r) {
    struct text text = {NULL, 0};
    r->cpuinfo_age = 0;
    return kernel_file_read(&r->cpuinfo, r->proc_fd, &text, NULL) == 0 ? text : (struct text){NULL, 0};
}

static int cpu_open(const struct collect_options *options, void **ret, struct error *err) {
    struct cpu_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "processor reader");
    *r = (struct cpu_reader){
        .proc_fd = -1,
        .sys_fd = -1,
        .stat = KERNEL_FILE("stat", STAT_MAX),
        .cpuinfo = KERNEL_FILE("cpuinfo", CPUINFO_MAX),
        .loadavg = KERNEL_FILE("loadavg", SMALL_MAX),
        .uptime = KERNEL_FILE("uptime", SMALL_MAX),
        .pressure_cpu = KERNEL_FILE("pressure/cpu", SMALL_MAX),
        .pressure_memory = KERNEL_FILE("pressure/memory", SMALL_MAX),
        .pressure_io = KERNEL_FILE("pressure/io", SMALL_MAX),
    };
    int status = kernel_dir_open(options->roots.procfs, &r->proc_fd, err);
    if (status == 0 && kernel_dir_open(options->roots.sysfs, &r->sys_fd, NULL) < 0)
        r->sys_fd = -1;
    /* The first reading is taken here, so that the first frame may have shares of time already. */
    if (status == 0)
        status = read_stat(r, &r->before, err);
    if (status == 0)
        status = cpu_identity_read(&r->identity, &r->before, read_cpuinfo(r), r->sys_fd, err);
    if (status < 0) {
        cpu_close(r);
        return status;
    }
    r->before_mono_ns = clock_mono_ns();
    (void)uname(&r->system);
    *ret = r;
    return 0;
}

static void put_shares(struct cpu_reader *r, const struct cycle *cycle, struct cpu *cpu) {
    if (cycle->mono_ns - r->before_mono_ns < INTERVAL_MIN_MS * NS_PER_MS)
        return;
    struct cpu_shares s = cpu_shares(&r->before.all, &r->now.all);
    cpu->utilization = s.busy;
    cpu->user = s.percent[CPU_USER];
    cpu->nice = s.percent[CPU_NICE];
    cpu->system = s.percent[CPU_SYSTEM];
    cpu->iowait = s.percent[CPU_IOWAIT];
    cpu->irq = s.percent[CPU_IRQ];
    cpu->softirq = s.percent[CPU_SOFTIRQ];
    cpu->steal = s.percent[CPU_STEAL];
    cpu->guest = number_round(s.percent[CPU_GUEST] + s.percent[CPU_GUEST_NICE], 2);
}

/* The earlier reading of the same thread; NULL when it was not online. Both lists ascend. */
static const struct cpu_times *earlier(const struct cpu_stat *before, size_t *at, uint64_t id) {
    while (*at < before->n && before->threads[*at].id < id)
        ++*at;
    return *at < before->n && before->threads[*at].id == id ? &before->threads[*at].times : NULL;
}

static bool put_threads(struct cpu_reader *r, const struct cycle *cycle, struct cpu *cpu, struct arena *arena) {
    bool rates = cycle->mono_ns - r->before_mono_ns >= INTERVAL_MIN_MS * NS_PER_MS;
    size_t at = 0;
    for (size_t i = 0; i < r->now.n; i++) {
        const struct cpu_thread *t = &r->identity.threads[i];
        struct cpu_core *core = frame_add(arena, &cpu->per_core_utilization.list, &core_table);
        if (!core)
            return false;
        const struct cpu_times *before = earlier(&r->before, &at, t->id);
        core->core_id = t->id;
        core->core_type = t->core_type;
        core->frequency_mhz = t->frequency_mhz;
        if (rates && before)
            core->utilization = cpu_shares(before, &r->now.threads[i].times).busy;
    }
    return true;
}

struct socket_sum {
    uint64_t socket_id, cores, threads, mhz, mhz_threads;
    struct cpu_times zero, grown;
};

/* Sockets are few and their numbers need not be dense: a list that is searched. */
static struct socket_sum *socket_of(struct socket_sum *sums, size_t *n, uint64_t socket_id) {
    for (size_t i = 0; i < *n; i++)
        if (sums[i].socket_id == socket_id)
            return &sums[i];
    if (*n == CPU_SOCKETS_MAX)
        return NULL;
    sums[*n] = (struct socket_sum){.socket_id = socket_id};
    return &sums[(*n)++];
}

static bool put_sockets(struct cpu_reader *r, const struct cycle *cycle, struct cpu *cpu, struct arena *arena) {
    bool rates = cycle->mono_ns - r->before_mono_ns >= INTERVAL_MIN_MS * NS_PER_MS;
    size_t n = 0;
    size_t at = 0;
    struct socket_sum *sums = arena_alloc(arena, CPU_SOCKETS_MAX * sizeof *sums);
    if (!sums)
        return false;
    for (size_t i = 0; i < r->now.n; i++) {
        const struct cpu_thread *t = &r->identity.threads[i];
        struct socket_sum *sum = socket_of(sums, &n, t->socket_id);
        const struct cpu_times *before = earlier(&r->before, &at, t->id);
        if (!sum)
            continue;
        sum->threads++;
        sum->cores += t->first_of_core;
        if (known_u64(t->frequency_mhz)) {
            sum->mhz += t->frequency_mhz;
            sum->mhz_threads++;
        }
        if (before)
            cpu_times_add_growth(&sum->grown, before, &r->now.threads[i].times);
    }
    for (size_t i = 0; i < n; i++) {
        struct cpu_socket *socket = frame_add(arena, &cpu->per_socket_info.list, &socket_table);
        if (!socket)
            return false;
        socket->socket_id = sums[i].socket_id;
        socket->cores = sums[i].cores;
        socket->threads = sums[i].threads;
        if (sums[i].mhz_threads)
            socket->frequency_mhz = sums[i].mhz / sums[i].mhz_threads;
        if (rates)
            socket->utilization = cpu_shares(&sums[i].zero, &sums[i].grown).busy;
    }
    cpu->socket_count = n;
    return true;
}

/* The newest clocks: a few cpufreq files per cycle, or now and then /proc/cpuinfo. */
static void refresh_frequencies(struct cpu_reader *r) {
    struct cpu_identity *id = &r->identity;
    if (!id->has_cpufreq) {
        if (++r->cpuinfo_age >= CPUINFO_EVERY)
            cpu_identity_take_mhz(id, read_cpuinfo(r));
        return;
    }
    for (size_t i = 0; i < FREQUENCIES_PER_CYCLE && i < id->n; i++) {
        struct cpu_thread *t = &id->threads[r->next_frequency++ % id->n];
        uint64_t khz = kernel_u64(r->sys_fd, "devices/system/cpu/cpu%" PRIu64 "/cpufreq/scaling_cur_freq", t->id);
        t->frequency_mhz = known_u64(khz) ? khz / 1000 : U64_UNKNOWN;
    }
}

static void put_small_files(struct cpu_reader *r, struct cpu *cpu) {
    struct text text;
    struct text word;
    if (kernel_file_read(&r->loadavg, r->proc_fd, &text, NULL) == 0) {
        double *loads[] = {&cpu->load_1, &cpu->load_5, &cpu->load_15};
        for (size_t i = 0; i < COUNT_OF(loads) && text_word(&text, &word); i++)
            (void)text_f64(word, loads[i]);
    }
    if (kernel_file_read(&r->uptime, r->proc_fd, &text, NULL) == 0 && text_word(&text, &word))
        (void)text_f64(word, &cpu->uptime_seconds);
    if (kernel_file_read(&r->pressure_cpu, r->proc_fd, &text, NULL) == 0)
        cpu->pressure.cpu = pressure_parse(text);
    if (kernel_file_read(&r->pressure_memory, r->proc_fd, &text, NULL) == 0)
        cpu->pressure.memory = pressure_parse(text);
    if (kernel_file_read(&r->pressure_io, r->proc_fd, &text, NULL) == 0)
        cpu->pressure.io = pressure_parse(text);
}

static void put_identity(const struct cpu_reader *r, struct cpu *cpu, struct arena *arena) {
    char buf[KERNEL_VALUE_MAX];
    const struct cpu_identity *id = &r->identity;
    if (id->model[0])
        cpu->cpu_model = arena_text(arena, text_of(id->model));
    cpu->architecture = arena_text(arena, text_of(r->system.machine));
    cpu->platform_type = arena_text(arena, cpu_identity_platform(id, cpu->architecture));
    cpu->total_threads = r->now.n > 0 ? r->now.n : U64_UNKNOWN;
    cpu->total_cores = id->cores;
    cpu->base_frequency_mhz = id->base_mhz;
    cpu->max_frequency_mhz = id->max_mhz;
    cpu->cache_size_mb = known_u64(id->cache_kib) ? id->cache_kib / 1024 : U64_UNKNOWN;
    struct text release = kernel_text(r->proc_fd, buf, "sys/kernel/osrelease");
    cpu->kernel = arena_text(arena, known_text(release) ? release : text_of(r->system.release));
}

static int cpu_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct cpu_reader *r = self;
    int status = read_stat(r, &r->now, err);
    if (status < 0)
        return status;
    if (!cpu_identity_matches(&r->identity, &r->now)) {
        status = cpu_identity_read(&r->identity, &r->now, read_cpuinfo(r), r->sys_fd, err);
        if (status < 0)
            return status;
    }
    refresh_frequencies(r);

    struct cpu *cpu = frame_add(&into->arena, &into->cpus.list, &cpu_table);
    if (!cpu)
        return error_set(err, ERR_NOMEM, "processors of a frame");
    cpu->index = 0;
    cpu->host_id = cpu->hostname = cpu->instance = cycle->host_id;
    cpu->time = cycle->time;
    cpu->processes_running = r->now.running;
    cpu->processes_blocked = r->now.blocked;
    cpu->context_switches = r->now.context_switches;
    cpu->interrupts = r->now.interrupts;
    cpu->forks = r->now.forks;
    put_shares(r, cycle, cpu);
    put_identity(r, cpu, &into->arena);
    put_small_files(r, cpu);
    if (!put_threads(r, cycle, cpu, &into->arena) ||
        (r->identity.has_topology && !put_sockets(r, cycle, cpu, &into->arena)))
        return error_set(err, ERR_NOMEM, "processors of a frame");

    if (cycle->mono_ns - r->before_mono_ns >= INTERVAL_MIN_MS * NS_PER_MS) {
        struct cpu_stat older = r->before;
        r->before = r->now;
        r->now = older;
        r->before_mono_ns = cycle->mono_ns;
    }
    return 0;
}

/* The sensors' reader tells of the same processors. */
static void cpu_complete(struct frame *whole) {
    frame_merge_all(&whole->arena, &cpu_table, &whole->cpus.list);
}

const struct collector cpu_collector = {
    .name = "processor",
    .section = SECTION_CPU,
    .open = cpu_open,
    .sample = cpu_sample,
    .close = cpu_close,
    .complete = cpu_complete,
};
