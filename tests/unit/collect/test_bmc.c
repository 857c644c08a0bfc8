/* tests/unit/collect/test_bmc.c: a BMC that is played: its records, readings, refusals and silences. */
#include "fixture.h"

#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "collect/sensors/bmc.h"
#include "collect/sensors/ipmi.h"

static struct error err;

enum { RECORDS = 8, RECORD_MAX = 80 };

struct played { /* what the BMC has and how it behaves */
    uint8_t records[RECORDS][RECORD_MAX];
    size_t n;
    uint8_t readings[256][4]; /* behind the completion code: reading, flags, states */
    uint8_t refuses[256];     /* completion code of a sensor's reading */
    uint8_t power[19];        /* reply of Get Power Reading, completion code first */
    size_t power_n;
    uint8_t most;     /* bytes that Get SDR returns at most */
    unsigned cancels; /* reservations that it still breaks */
    uint8_t added;    /* when the repository was changed */
    uint16_t reservation;
    bool circle, silent, short_replies, open_fails;
    unsigned called, asked, loads;
    pthread_mutex_t gate; /* while it is held, every message hangs */
};

/* §43.1: a full record of an analog sensor. */
static void add_analog(struct played *p, uint8_t number, uint8_t unit, const char *name, int m, int r_exp) {
    uint8_t *r = p->records[p->n];
    size_t len = strlen(name);
    memset(r, 0, RECORD_MAX);
    r[0] = (uint8_t)p->n++;
    r[2] = 0x51;
    r[3] = 0x01;
    r[4] = (uint8_t)(43 + len);
    r[5] = 0x20;
    r[7] = number;
    r[8] = 7;
    r[12] = unit == 18 ? 4 : 1;
    r[13] = 0x01;
    r[21] = unit;
    r[24] = (uint8_t)m;
    r[25] = (uint8_t)((m >> 8 & 3) << 6);
    r[29] = (uint8_t)((r_exp & 0x0F) << 4);
    r[47] = (uint8_t)(0xC0 | len);
    memcpy(r + 48, name, len);
}

/* §43.2: a compact record of power supplies that follow each other. */
static void add_supplies(struct played *p, uint8_t number, uint8_t count) {
    uint8_t *r = p->records[p->n];
    memset(r, 0, RECORD_MAX);
    r[0] = (uint8_t)p->n++;
    r[2] = 0x51;
    r[3] = 0x02;
    r[4] = 27 + 3;
    r[5] = 0x20;
    r[7] = number;
    r[8] = 10;
    r[9] = 1;
    r[12] = 0x08;
    r[13] = 0x6F;
    r[20] = 0xC0;
    r[23] = count;
    r[24] = 0x80 | 1; /* instances follow each other, names from 1 */
    r[31] = 0xC3;
    memcpy(r + 32, "PSU", 3);
}

static void set_reading(struct played *p, uint8_t number, uint8_t raw, uint8_t state) {
    p->readings[number][0] = raw;
    p->readings[number][1] = 0xC0;
    p->readings[number][2] = state;
}

static void play(struct played *p) {
    *p = (struct played){.most = 255, .gate = PTHREAD_MUTEX_INITIALIZER};
    add_analog(p, 1, 1, "Inlet Temp", 1, 0);
    add_analog(p, 2, 18, "FAN1", 100, 0);
    add_analog(p, 3, 6, "Sys Power", 8, 0);
    add_supplies(p, 16, 2);
    add_analog(p, 4, 6, "PS1 Input Power", 4, 0);
    p->records[4][8] = 10;
    p->records[4][9] = 1;
    set_reading(p, 1, 28, 0);
    set_reading(p, 2, 124, 0);
    set_reading(p, 3, 101, 0);
    set_reading(p, 4, 103, 0);
    set_reading(p, 16, 0, 0x01);
    set_reading(p, 17, 0, 0x09);
    const uint8_t power[] = {0, 0xDC, 0x2C, 0x03, 1, 0, 9, 9, 5, 0, 0, 0, 0, 0, 0xE8, 3, 0, 0, 0x40};
    memcpy(p->power, power, sizeof power);
    p->power_n = sizeof power;
}

static ssize_t get_sdr(struct played *p, const struct ipmi_request *q, uint8_t *reply) {
    size_t id = q->data[2] | (size_t)q->data[3] << 8;
    size_t offset = q->data[4];
    size_t want = q->data[5];
    p->loads += offset == 0 && id == 0;
    reply[0] = 0;
    if (offset > 0 && (q->data[0] | q->data[1] << 8) != p->reservation)
        reply[0] = IPMI_RESERVATION_CANCELLED;
    else if (offset > 0 && p->cancels > 0) {
        p->cancels--;
        p->reservation++;
        reply[0] = IPMI_RESERVATION_CANCELLED;
    } else if (want > p->most)
        reply[0] = IPMI_CANNOT_RETURN_SO_MANY;
    else if (id >= p->n || offset + want > RECORD_MAX)
        reply[0] = 0xCB;
    if (reply[0])
        return 1;
    size_t next = id + 1 < p->n ? id + 1 : p->circle ? 0 : 0xFFFF;
    reply[1] = (uint8_t)next;
    reply[2] = (uint8_t)(next >> 8);
    memcpy(reply + 3, p->records[id] + offset, want);
    return p->short_replies ? 4 : (ssize_t)(3 + want);
}

static ssize_t ask(void *self, const struct ipmi_request *q, uint8_t reply[IPMI_REPLY_MAX], struct error *e) {
    struct played *p = self;
    __atomic_add_fetch(&p->called, 1, __ATOMIC_SEQ_CST);
    (void)pthread_mutex_lock(&p->gate);
    (void)pthread_mutex_unlock(&p->gate);
    __atomic_add_fetch(&p->asked, 1, __ATOMIC_SEQ_CST);
    memset(reply, 0, IPMI_REPLY_MAX);
    if (p->silent)
        return error_set(e, ERR_TIMEOUT, "the BMC did not answer in 5000 ms");
    if (q->netfn == IPMI_NETFN_GROUP && q->cmd == DCMI_GET_POWER_READING) {
        memcpy(reply, p->power, p->power_n);
        return (ssize_t)p->power_n;
    }
    if (q->netfn == IPMI_NETFN_STORAGE && q->cmd == IPMI_GET_SDR_INFO) {
        reply[1] = 0x51;
        reply[6] = p->added;
        return 15;
    }
    if (q->netfn == IPMI_NETFN_STORAGE && q->cmd == IPMI_RESERVE_SDR) {
        p->reservation++;
        reply[1] = (uint8_t)p->reservation;
        reply[2] = (uint8_t)(p->reservation >> 8);
        return 3;
    }
    if (q->netfn == IPMI_NETFN_STORAGE && q->cmd == IPMI_GET_SDR)
        return get_sdr(p, q, reply);
    if (q->netfn == IPMI_NETFN_SENSOR && q->cmd == IPMI_GET_SENSOR_READING && q->n == 1) {
        reply[0] = p->refuses[q->data[0]];
        memcpy(reply + 1, p->readings[q->data[0]], 4);
        return reply[0] ? 1 : 5;
    }
    reply[0] = IPMI_INVALID_COMMAND;
    return 1;
}

static struct played *table; /* whom the next open reaches */

static int open_played(const char *rootfs, void **ret, struct error *e) {
    (void)rootfs;
    if (table->open_fails)
        return error_set(e, ERR_OS, "open: busy");
    *ret = table;
    return 0;
}

static void close_played(void *self) {
    (void)self;
}

static const struct ipmi_link played_link = {open_played, ask, close_played};

static struct bmc *talk(struct played *p) {
    static struct bmc b;
    b = (struct bmc){.link = &played_link, .self = p};
    return &b;
}

static void records_become_sensors(void **state) {
    (void)state;
    struct played p;
    play(&p);
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(b->n, 6);
    assert_string_equal(b->sensors[0].name, "Inlet Temp");
    assert_int_equal(b->sensors[0].kind, BMC_TEMPERATURE);
    assert_true(bmc_is_inlet(&b->sensors[0]));
    assert_int_equal(b->sensors[1].kind, BMC_FAN);
    assert_string_equal(b->sensors[3].name, "PSU1");
    assert_string_equal(b->sensors[4].name, "PSU2");
    assert_int_equal(b->sensors[4].number, 17);
    assert_int_equal(b->sensors[4].instance, 2);

    assert_ok(bmc_read_sensors(b, &err), err);
    assert_true(b->values[0].value == 28.0);
    assert_true(b->values[1].value == 12400.0);
    assert_true(b->values[2].value == 808.0);
    assert_text(b->values[3].supply, "Ok");
    assert_text(b->values[4].supply, "Failed");
    assert_true(b->values[5].value == 412.0);
    assert_true(bmc_named_power(b) == 808.0);
}

static void a_repository_is_read_once(void **state) {
    (void)state;
    struct played p;
    play(&p);
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(p.loads, 1);
    p.added = 1;
    p.n = 2;
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(p.loads, 2);
    assert_int_equal(b->n, 2);
}

static void narrow_interfaces(void **state) {
    (void)state;
    struct played p;
    play(&p);
    p.most = 9; /* half of half of what is tried first does not fit */
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(b->n, 6);
    assert_string_equal(b->sensors[5].name, "PS1 Input Power");
    p.most = 3;
    b = talk(&p);
    assert_int_equal(bmc_load(b, &err), -ERR_FORMAT);
    assert_string_equal(err.text, "the BMC answers Get SDR with completion code CAh");
    assert_false(b->loaded);
}

static void cancelled_reservations(void **state) {
    (void)state;
    struct played p;
    play(&p);
    p.cancels = 5;
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(b->n, 6);
    p.cancels = UINT32_MAX; /* somebody writes to it all the time */
    b = talk(&p);
    assert_int_equal(bmc_load(b, &err), -ERR_FORMAT);
}

static void malformed_repositories(void **state) {
    (void)state;
    struct played p;
    play(&p);
    p.circle = true;
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    assert_int_equal(b->n, BMC_SENSORS_MAX);
    play(&p);
    p.short_replies = true;
    b = talk(&p);
    assert_int_equal(bmc_load(b, &err), -ERR_FORMAT);
    play(&p);
    p.n = 0;
    b = talk(&p);
    assert_int_equal(bmc_load(b, &err), -ERR_FORMAT);
}

static void what_fails_is_unknown(void **state) {
    (void)state;
    struct played p;
    play(&p);
    struct bmc *b = talk(&p);
    p.refuses[1] = 0xCB;
    p.readings[2][1] = 0xE0; /* no reading now */
    p.readings[3][1] = 0x80; /* not scanned */
    p.readings[17][2] = 0;   /* nobody there */
    assert_ok(bmc_load(b, &err), err);
    assert_ok(bmc_read_sensors(b, &err), err);
    assert_true(isnan(b->values[0].value) && isnan(b->values[1].value) && isnan(b->values[2].value));
    assert_true(isnan(bmc_named_power(b)));
    assert_text(b->values[4].supply, "NotPresent");
    assert_true(b->values[5].value == 412.0);
}

static void silence_is_not_waited_for_long(void **state) {
    (void)state;
    struct played p;
    double watts = 1;
    play(&p);
    struct bmc *b = talk(&p);
    assert_ok(bmc_load(b, &err), err);
    p.silent = true;
    p.asked = 0;
    assert_int_equal(bmc_read_sensors(b, &err), -ERR_TIMEOUT);
    assert_int_equal(p.asked, BMC_SILENCES_MAX + 1);
    assert_int_equal(bmc_read_power(b, &watts, &err), -ERR_TIMEOUT);
    assert_true(watts == 1.0);
}

static void power_of_the_machine(void **state) {
    (void)state;
    struct played p;
    double watts = NAN;
    play(&p);
    struct bmc *b = talk(&p);
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(watts == 812.0);
    p.power[18] = 0; /* not measuring */
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
    p.power[18] = 0x40;
    p.power[2] = p.power[3] = 0;
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
    p.power[2] = p.power[3] = 0xFF;
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
    p.power[0] = IPMI_INVALID_COMMAND;
    p.power_n = 1;
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
    p.power[0] = 0;
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
    p.power_n = 0;
    assert_ok(bmc_read_power(b, &watts, &err), err);
    assert_true(isnan(watts));
}

static void readings_are_converted(void **state) {
    (void)state;
    struct bmc_sensor s = {.kind = BMC_TEMPERATURE, .unit = 1, .m = 1};
    assert_true(bmc_convert(&s, 200) == 200.0);
    s.format = 2;
    assert_true(bmc_convert(&s, 0xF6) == -10.0);
    s.format = 1;
    assert_true(bmc_convert(&s, 0xF5) == -10.0);
    s.format = 0;
    s.b = 5;
    s.b_exp = 1;
    assert_true(bmc_convert(&s, 10) == 60.0);
    s = (struct bmc_sensor){.kind = BMC_TEMPERATURE, .unit = 1, .m = 25, .r_exp = -2};
    assert_true(fabs(bmc_convert(&s, 100) - 25.0) < 1e-9);
    s = (struct bmc_sensor){.kind = BMC_TEMPERATURE, .unit = 2, .m = 1};
    assert_true(fabs(bmc_convert(&s, 212) - 100.0) < 1e-9);
    s = (struct bmc_sensor){.kind = BMC_TEMPERATURE, .unit = 3, .m = 2};
    assert_true(fabs(bmc_convert(&s, 150) - 26.85) < 1e-9);
    s = (struct bmc_sensor){.kind = BMC_FAN, .unit = 18, .m = 1, .linearization = 7, .r_exp = -4};
    assert_true(fabs(bmc_convert(&s, 2) - 5000) < 1e-6);
    assert_true(isnan(bmc_convert(&s, 0))); /* one by nothing */
    s.linearization = 0x70;
    assert_true(isnan(bmc_convert(&s, 2)));
    s = (struct bmc_sensor){.kind = BMC_FAN, .unit = 18, .m = 511, .r_exp = 7};
    assert_true(isnan(bmc_convert(&s, 255)));
    s = (struct bmc_sensor){.kind = BMC_POWER, .unit = 6, .m = -1};
    assert_true(isnan(bmc_convert(&s, 5)));
}

static void records_of_other_things(void **state) {
    (void)state;
    struct played p;
    struct bmc_sensor s[IPMI_SHARED_MAX];
    play(&p);
    uint8_t *r = p.records[0];
    for (size_t n = 0; n < 48; n++)
        assert_int_equal(sdr_parse((struct bytes){r, n}, s), n > 47);
    assert_int_equal(sdr_parse((struct bytes){r, 48}, s), 1); /* cut before its name */
    assert_string_equal(s[0].name, "");
    assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 1);
    r[24] = 0xFF;
    r[25] = 0xC0;
    r[29] = 0xF8;
    assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 1);
    assert_int_equal(s[0].m, -1);
    assert_int_equal(s[0].r_exp, -1);
    assert_int_equal(s[0].b_exp, -8);
    r[47] = 0x83; /* six bits a character: "IPMI" */
    memcpy(r + 48, "\x29\xdc\xa6", 3);
    assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 1);
    assert_string_equal(s[0].name, "IPMI");
    r[47] = 0x42; /* digits */
    memcpy(r + 48, "\x12\xc3", 2);
    assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 1);
    assert_string_equal(s[0].name, "12.3");
    r[47] = 0xC3;
    memcpy(r + 48, "T\xb0\x1b", 3);
    assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 1);
    assert_string_equal(s[0].name, "T\xc2\xb0\x1b");
    const struct {
        size_t at;
        uint8_t value;
    } others[] = {{2, 0x50}, {3, 0xC0}, {3, 0x03}, {5, 0x2C}, {13, 0x6F}, {20, 0xC0}, {20, 0x01}, {21, 4}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        uint8_t before = r[others[i].at];
        r[others[i].at] = others[i].value;
        assert_int_equal(sdr_parse((struct bytes){r, RECORD_MAX}, s), 0);
        r[others[i].at] = before;
    }
}

static const struct ipmi_times quick = {.power_every = NS_PER_MS,
    .sensors_every = NS_PER_MS,
    .load_every = NS_PER_MS,
    .rest = NS_PER_MS,
    .power_age = 600 * NS_PER_SECOND,
    .sensors_age = 600 * NS_PER_SECOND};

/* Samples until `wanted` holds of what came; fails after a long time. */
static void sample_until(struct ipmi *p, struct frame *f, bool (*wanted)(const struct frame *f, int status)) {
    struct cycle cycle = {.host_id = TEXT("node-07"), .time = TEXT("now")};
    for (int i = 0; i < 4000; i++) {
        frame_reset(f);
        int status = ipmi_sample(p, &cycle, f, &err);
        if (wanted(f, status))
            return;
        nap_ms(5);
    }
    fail_msg("the BMC's answers did not come");
}

static bool all_is_there(const struct frame *f, int status) {
    return status == 0 && f->chassis.n == 1 && known_f64(f->chassis.at[0].total_power_watts) &&
           f->chassis.at[0].fan_speeds.n == 1;
}

static bool failed(const struct frame *f, int status) {
    return status < 0 && f->chassis.n == 1;
}

static void a_thread_asks(void **state) {
    (void)state;
    static struct played p;
    struct ipmi *reader = NULL;
    struct frame f;
    frame_init(&f);
    play(&p);
    table = &p;
    assert_ok(ipmi_create(&played_link, "/", &quick, &reader, &err), err);
    sample_until(reader, &f, all_is_there);
    const struct chassis *c = &f.chassis.at[0];
    assert_float_equal(c->total_power_watts, 812.0, 1e-9);
    assert_text(c->power_source, "ipmi");
    assert_text(c->host_id, "node-07");
    assert_float_equal(c->inlet_temperature, 28.0, 1e-9);
    assert_text(c->temperatures.at[0].chip, "ipmi");
    assert_text(c->fan_speeds.at[0].name, "FAN1");
    assert_int_equal(c->fan_speeds.at[0].id, 1002);
    assert_int_equal(c->fan_speeds.at[0].speed_rpm, 12400);
    assert_int_equal(c->psu_status.n, 2);
    assert_text(c->psu_status.at[0].status, "Ok");
    assert_float_equal(c->psu_status.at[0].power_watts, 412.0, 1e-9);
    assert_false(known_f64(c->psu_status.at[1].power_watts));

    /* While a message hangs, frames get what came before it, at once; and the thread is left behind. */
    (void)pthread_mutex_lock(&p.gate);
    for (int i = 0; i < 100; i++)
        sample_until(reader, &f, all_is_there);
    bool hangs = false;
    for (int i = 0; i < 4000 && !hangs; i++) {
        nap_ms(5);
        hangs = __atomic_load_n(&p.called, __ATOMIC_SEQ_CST) > __atomic_load_n(&p.asked, __ATOMIC_SEQ_CST);
    }
    assert_true(hangs);
    sample_until(reader, &f, all_is_there);
    assert_false(ipmi_destroy(reader));
    unsigned asked = __atomic_load_n(&p.asked, __ATOMIC_SEQ_CST);
    (void)pthread_mutex_unlock(&p.gate);
    for (int i = 0; i < 1000 && __atomic_load_n(&p.asked, __ATOMIC_SEQ_CST) == asked; i++)
        nap_ms(5);
    nap_ms(50); /* it ends by itself; the leak checker and the thread checker look at that */
    frame_done(&f);
}

static void a_bmc_that_falls_silent(void **state) {
    (void)state;
    static struct played p;
    static struct played dumb;
    struct ipmi *reader = NULL;
    struct frame f;
    frame_init(&f);
    play(&p);
    play(&dumb);
    dumb.silent = true;
    table = &p;
    struct ipmi_times old = quick;
    old.power_age = old.sensors_age = 0;
    assert_ok(ipmi_create(&played_link, "/", &old, &reader, &err), err);
    for (int i = 0; i < 1000 && __atomic_load_n(&p.asked, __ATOMIC_SEQ_CST) < 40; i++)
        nap_ms(5);
    struct cycle cycle = {.host_id = TEXT("node-07"), .time = TEXT("now")};
    assert_ok(ipmi_sample(reader, &cycle, &f, &err), err);
    assert_false(f.chassis.asked); /* too old to be used */
    assert_true(ipmi_destroy(reader));

    table = &dumb;
    assert_ok(ipmi_create(&played_link, "/", &quick, &reader, &err), err);
    int status = 0;
    for (int i = 0; i < 1000 && status == 0; i++) {
        nap_ms(5);
        status = ipmi_sample(reader, &cycle, &f, &err);
    }
    assert_int_equal(status, -ERR_TIMEOUT);
    assert_string_equal(err.text, "the BMC did not answer in 5000 ms");
    assert_true(ipmi_destroy(reader));
    assert_true(ipmi_destroy(NULL));
    frame_done(&f);
}

static void power_by_name(void **state) {
    (void)state;
    static struct played p;
    struct ipmi *reader = NULL;
    struct frame f;
    frame_init(&f);
    play(&p);
    p.power[0] = IPMI_INVALID_COMMAND;
    p.power_n = 1;
    table = &p;
    assert_ok(ipmi_create(&played_link, "/", &quick, &reader, &err), err);
    sample_until(reader, &f, all_is_there);
    assert_float_equal(f.chassis.at[0].total_power_watts, 808.0, 1e-9);
    assert_text(f.chassis.at[0].power_source, "ipmi");
    assert_true(ipmi_destroy(reader));

    /* Everything but the repository answers: power stays, and the error says what is wrong. */
    play(&p);
    p.short_replies = true;
    assert_ok(ipmi_create(&played_link, "/", &quick, &reader, &err), err);
    sample_until(reader, &f, failed);
    assert_float_equal(f.chassis.at[0].total_power_watts, 812.0, 1e-9);
    assert_false(f.chassis.at[0].fan_speeds.asked);
    assert_string_equal(err.text, "the BMC answers Get SDR with 3 bytes of 7");
    assert_true(ipmi_destroy(reader));
    frame_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_become_sensors),
        cmocka_unit_test(a_repository_is_read_once),
        cmocka_unit_test(narrow_interfaces),
        cmocka_unit_test(cancelled_reservations),
        cmocka_unit_test(malformed_repositories),
        cmocka_unit_test(what_fails_is_unknown),
        cmocka_unit_test(silence_is_not_waited_for_long),
        cmocka_unit_test(power_of_the_machine),
        cmocka_unit_test(readings_are_converted),
        cmocka_unit_test(records_of_other_things),
        cmocka_unit_test(a_thread_asks),
        cmocka_unit_test(a_bmc_that_falls_silent),
        cmocka_unit_test(power_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
