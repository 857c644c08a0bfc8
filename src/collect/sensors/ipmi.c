/* collect/sensors/ipmi.c: asks the BMC on a slow thread of its own. */
#include "collect/sensors/ipmi.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/sensors/bmc.h"
#include "collect/thread.h"

/* A message takes a BMC milliseconds to tens of milliseconds, and the kernel a part of a core meanwhile. */
const struct ipmi_times ipmi_usual_times = {
    .power_every = 10 * NS_PER_SECOND,
    .sensors_every = 30 * NS_PER_SECOND,
    .load_every = 600 * NS_PER_SECOND,
    .rest = 60 * NS_PER_SECOND,
    .power_age = 35 * NS_PER_SECOND,
    .sensors_age = 100 * NS_PER_SECOND,
};

#define CLOSE_NS (200 * NS_PER_MS) /* how long the end of a message is waited for */

struct answers { /* what the BMC told, and when */
    double watts;
    int64_t watts_mono_ns, sensors_mono_ns;
    struct bmc_sensor sensors[BMC_SENSORS_MAX];
    struct bmc_value values[BMC_SENSORS_MAX];
    size_t n;
};

struct ipmi {
    const struct ipmi_link *link;
    struct ipmi_times times;
    char *rootfs;
    struct bmc bmc; /* the thread's, and the three below */
    int64_t sensors_due, load_due;
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    bool quit, ended, abandoned;
    struct answers answers;
    int status; /* of the newest round */
    struct error why;
};

static void free_ipmi(struct ipmi *p) {
    p->link->close(p->bmc.self);
    (void)pthread_cond_destroy(&p->changed);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->rootfs);
    free(p);
}

static void publish_power(struct ipmi *p, double watts) {
    if (isnan(watts))
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->answers.watts = watts;
    p->answers.watts_mono_ns = clock_mono_ns();
    (void)pthread_mutex_unlock(&p->lock);
}

static void publish_sensors(struct ipmi *p) {
    (void)pthread_mutex_lock(&p->lock);
    p->answers.n = p->bmc.n;
    memcpy(p->answers.sensors, p->bmc.sensors, p->bmc.n * sizeof *p->bmc.sensors);
    memcpy(p->answers.values, p->bmc.values, p->bmc.n * sizeof *p->bmc.values);
    p->answers.sensors_mono_ns = clock_mono_ns();
    (void)pthread_mutex_unlock(&p->lock);
}

/* One turn: power always, sensors when due, and now and then a look whether there are others than before. */
static int ask_all(struct ipmi *p, struct error *err) {
    int64_t now = clock_mono_ns();
    double watts = NAN;
    int status = 0;
    if (!p->bmc.self) {
        status = p->link->open(p->rootfs, &p->bmc.self, err);
        if (status < 0)
            return status;
        p->load_due = p->sensors_due = 0;
    }
    status = bmc_read_power(&p->bmc, &watts, err);
    if (status < 0)
        return status;
    publish_power(p, watts);
    if (now >= p->load_due) {
        status = bmc_load(&p->bmc, err);
        if (status < 0)
            return status;
        p->load_due = now + p->times.load_every;
    }
    if (now >= p->sensors_due) {
        status = bmc_read_sensors(&p->bmc, err);
        publish_sensors(p); /* what was read before a failure counts */
        if (isnan(watts))
            publish_power(p, bmc_named_power(&p->bmc));
        p->sensors_due = now + p->times.sensors_every;
    }
    return status;
}

static bool quits(struct ipmi *p) {
    (void)pthread_mutex_lock(&p->lock);
    bool quit = p->quit;
    (void)pthread_mutex_unlock(&p->lock);
    return quit;
}

static void end_turn(struct ipmi *p, int status, const struct error *why) {
    (void)pthread_mutex_lock(&p->lock);
    p->status = status;
    p->why = *why;
    int64_t until = clock_mono_ns() + (status < 0 ? p->times.rest : p->times.power_every);
    while (!p->quit && clock_mono_ns() < until)
        (void)!thread_wait_until(&p->changed, &p->lock, until);
    (void)pthread_mutex_unlock(&p->lock);
}

static void *run(void *arg) {
    struct ipmi *p = arg;
    while (!quits(p)) {
        struct error why = {.text = ""};
        int status = ask_all(p, &why);
        if (status < 0 && p->bmc.self) { /* the driver may have been loaded anew */
            p->link->close(p->bmc.self);
            p->bmc.self = NULL;
        }
        end_turn(p, status, &why);
    }
    (void)pthread_mutex_lock(&p->lock);
    p->ended = true;
    bool abandoned = p->abandoned;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
    if (abandoned)
        free_ipmi(p);
    return NULL;
}

int ipmi_create(const struct ipmi_link *link, const char *rootfs, const struct ipmi_times *times, struct ipmi **ret,
    struct error *err) {
    struct ipmi *p = calloc(1, sizeof *p);
    char *copy = strdup(rootfs);
    if (!p || !copy) {
        free(p);
        free(copy);
        return error_set(err, ERR_NOMEM, "reader of the BMC");
    }
    p->link = link;
    p->times = *times;
    p->rootfs = copy;
    p->bmc.link = link;
    (void)pthread_mutex_init(&p->lock, NULL);
    thread_condition_init(&p->changed);
    int status = thread_start(&p->thread, "ipmi", run, p, err);
    if (status < 0) {
        free_ipmi(p);
        return status;
    }
    *ret = p;
    return 0;
}

bool ipmi_destroy(struct ipmi *p) {
    if (!p)
        return true;
    int64_t deadline = clock_mono_ns() + CLOSE_NS;
    (void)pthread_mutex_lock(&p->lock);
    p->quit = true;
    (void)pthread_cond_broadcast(&p->changed);
    while (!p->ended)
        if (!thread_wait_until(&p->changed, &p->lock, deadline))
            break;
    bool ended = p->ended;
    p->abandoned = !ended;
    pthread_t thread = p->thread;
    (void)pthread_mutex_unlock(&p->lock);
    if (!ended) {
        (void)pthread_detach(thread);
        return false;
    }
    (void)pthread_join(thread, NULL);
    free_ipmi(p);
    return true;
}

static bool put_temperature(struct chassis *c, const struct bmc_sensor *s, double celsius, struct arena *arena) {
    if (isnan(celsius))
        return true;
    struct temperature *t = frame_add(arena, &c->temperatures.list, &temperature_table);
    if (!t)
        return false;
    t->chip = TEXT("ipmi");
    t->label = arena_text(arena, text_of(s->name));
    t->celsius = number_round(celsius, 1);
    if (bmc_is_inlet(s) && !known_f64(c->inlet_temperature))
        c->inlet_temperature = t->celsius;
    if (bmc_is_outlet(s) && !known_f64(c->outlet_temperature))
        c->outlet_temperature = t->celsius;
    return true;
}

/* The BMC's numbers are behind those of the kernel's own sensors, and the same in every frame. */
static uint64_t id_of(const struct bmc_sensor *s) {
    enum { FIRST = 1000 };
    return FIRST + s->lun * 256U + s->number;
}

static bool put_fan(struct chassis *c, const struct bmc_sensor *s, double rpm, struct arena *arena) {
    struct fan *fan = frame_add(arena, &c->fan_speeds.list, &fan_table);
    if (!fan)
        return false;
    fan->id = id_of(s);
    fan->name = arena_text(arena, text_of(s->name));
    if (!isnan(rpm))
        fan->speed_rpm = (uint64_t)rpm;
    return true;
}

/* Of the powers that a supply tells the highest is what comes in. */
static double supply_power(const struct answers *a, const struct bmc_sensor *supply) {
    double watts = NAN;
    for (size_t i = 0; i < a->n; i++)
        if (a->sensors[i].kind == BMC_POWER && a->sensors[i].entity == supply->entity &&
            a->sensors[i].instance == supply->instance && (isnan(watts) || a->values[i].value > watts))
            watts = a->values[i].value;
    return watts;
}

static bool put_supply(struct chassis *c, const struct answers *a, size_t i, struct arena *arena) {
    const struct bmc_sensor *s = &a->sensors[i];
    struct psu *psu = frame_add(arena, &c->psu_status.list, &psu_table);
    if (!psu)
        return false;
    psu->id = id_of(s);
    psu->name = arena_text(arena, text_of(s->name));
    psu->status = a->values[i].supply;
    psu->power_watts = supply_power(a, s);
    return true;
}

static bool put_sensors(struct chassis *c, const struct answers *a, struct arena *arena) {
    bool fits = true;
    for (size_t i = 0; i < a->n && fits; i++) {
        const struct bmc_sensor *s = &a->sensors[i];
        if (s->kind == BMC_TEMPERATURE)
            fits = put_temperature(c, s, a->values[i].value, arena);
        else if (s->kind == BMC_FAN)
            fits = put_fan(c, s, a->values[i].value, arena);
        else if (s->kind == BMC_SUPPLY)
            fits = put_supply(c, a, i, arena);
    }
    return fits;
}

/* With the lock. */
static int put_answers(struct ipmi *p, const struct cycle *cycle, struct frame *into, struct error *err) {
    int64_t now = clock_mono_ns();
    struct answers *a = &p->answers;
    bool sensors = a->sensors_mono_ns > 0 && now - a->sensors_mono_ns <= p->times.sensors_age && a->n > 0;
    bool power = a->watts_mono_ns > 0 && now - a->watts_mono_ns <= p->times.power_age;
    if (!sensors && !power)
        return 0;
    struct chassis *c = frame_add(&into->arena, &into->chassis.list, &chassis_table);
    if (!c || (sensors && !put_sensors(c, a, &into->arena)))
        return error_set(err, ERR_NOMEM, "chassis of a frame");
    c->host_id = c->hostname = c->instance = cycle->host_id;
    c->time = cycle->time;
    if (power) {
        c->total_power_watts = a->watts;
        c->power_source = TEXT("ipmi");
    }
    return 0;
}

int ipmi_sample(struct ipmi *p, const struct cycle *cycle, struct frame *into, struct error *err) {
    (void)pthread_mutex_lock(&p->lock);
    int status = put_answers(p, cycle, into, err);
    if (status == 0 && p->status < 0) {
        status = p->status;
        if (err)
            *err = p->why;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return status;
}

static int collector_open(const struct collect_options *options, void **ret, struct error *err) {
    struct ipmi *p = NULL;
    int status = ipmi_find_device(options->roots.rootfs, err);
    if (status == 0)
        status = ipmi_create(&ipmi_kernel_link, options->roots.rootfs, &ipmi_usual_times, &p, err);
    if (status == 0)
        *ret = p;
    return status;
}

static int collector_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    return ipmi_sample(self, cycle, into, err);
}

static void collector_close(void *self) {
    (void)ipmi_destroy(self);
}

static void explain_bmc(const struct collect_options *options, struct report *report) {
    struct bmc *b = calloc(1, sizeof *b);
    struct error why = {.text = ""};
    double watts = NAN;
    if (!b)
        return;
    b->link = &ipmi_kernel_link;
    int status = b->link->open(options->roots.rootfs, &b->self, &why);
    if (status == 0)
        status = bmc_read_power(b, &watts, &why);
    if (status < 0)
        report_add(report, SECTION_CHASSIS, DENIED, "ipmi",
            "restart the BMC (ipmitool mc reset cold, from elsewhere too)", "%s", why.text);
    else if (isnan(watts))
        report_add(report, SECTION_CHASSIS, PARTLY, "ipmi", NULL,
            "sensors of the BMC; it does not tell the power of the machine by DCMI");
    else
        report_add(
            report, SECTION_CHASSIS, READABLE, "ipmi", NULL, "power of the machine (DCMI) and sensors of the BMC");
    b->link->close(b->self);
    free(b);
}

static void collector_explain(const struct collect_options *options, struct report *report) {
    struct error why = {.text = ""};
    if (ipmi_find_device(options->roots.rootfs, &why) == 0)
        explain_bmc(options, report);
    else if (why.os_errno == ENOENT)
        report_add(report, SECTION_CHASSIS, MISSING, "ipmi",
            "on a machine with a BMC: modprobe ipmi_si ipmi_devintf; virtual machines have none",
            "power and sensors of the BMC: no %s", "/dev/ipmi0");
    else
        report_add(report, SECTION_CHASSIS, DENIED, "ipmi",
            "run as root, or let a udev rule give /dev/ipmi0 to a group of yours", "power and sensors of the BMC: %s",
            why.text);
}

const struct collector ipmi_collector = {
    .name = "ipmi",
    .section = SECTION_CHASSIS,
    .open = collector_open,
    .sample = collector_sample,
    .close = collector_close,
    .explain = collector_explain,
};
