/* collect/sensors/bmc.c: the conversation with a BMC. */
#include "collect/sensors/bmc.h"

#include <math.h>
#include <string.h>

#include "collect/sensors/names.h"

enum { CHUNK_MOST = 32, CHUNK_LEAST = 8, LAST_RECORD = 0xFFFF };

/* Asks; the bytes behind an OK in `*ret`. Another completion code is returned as it is, above 0. */
static int ask(struct bmc *b, const struct ipmi_request *request, uint8_t reply[IPMI_REPLY_MAX], struct bytes *ret,
    struct error *err) {
    ssize_t n = b->link->ask(b->self, request, reply, err);
    bool silent = n == -ERR_TIMEOUT || (n > 0 && reply[0] == IPMI_TIMEOUT);
    b->silences = silent ? b->silences + 1 : 0;
    if (n < 0)
        return (int)n;
    if (n == 0)
        return error_set(err, ERR_FORMAT, "the BMC answered with nothing");
    *ret = (struct bytes){reply + 1, (size_t)n - 1};
    return reply[0];
}

static int refuse(int code, const char *what, struct error *err) {
    return code < 0 ? code
                    : error_set(err, code == IPMI_TIMEOUT ? ERR_TIMEOUT : ERR_FORMAT,
                          "the BMC answers %s with completion code %02Xh", what, (unsigned)code);
}

int bmc_read_power(struct bmc *b, double *ret_watts, struct error *err) {
    const struct ipmi_request request = {.netfn = IPMI_NETFN_GROUP,
        .cmd = DCMI_GET_POWER_READING,
        .n = 4,
        .data = {DCMI_GROUP, 0x01, 0x00, 0x00}}; /* mode 1: system power statistics */
    uint8_t reply[IPMI_REPLY_MAX];
    struct bytes data = {NULL, 0};
    int code = ask(b, &request, reply, &data, err);
    if (code == -ERR_OS || b->silences > BMC_SILENCES_MAX)
        return refuse(code, "Get Power Reading", err);
    *ret_watts = code == IPMI_OK ? dcmi_parse_power(data) : NAN;
    return 0;
}

static void put_u16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static uint32_t u32(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int reserve(struct bmc *b, uint16_t *ret, struct error *err) {
    const struct ipmi_request request = {.netfn = IPMI_NETFN_STORAGE, .cmd = IPMI_RESERVE_SDR};
    uint8_t reply[IPMI_REPLY_MAX];
    struct bytes data = {NULL, 0};
    int code = ask(b, &request, reply, &data, err);
    if (code == IPMI_INVALID_COMMAND) { /* optional; only parts of records want one */
        *ret = 0;
        return 0;
    }
    if (code != IPMI_OK || data.n < 2)
        return refuse(code, "Reserve SDR Repository", err);
    *ret = (uint16_t)(data.at[0] | data.at[1] << 8);
    return 0;
}

struct record {
    uint16_t id, next;
    uint8_t bytes[IPMI_SDR_MAX];
    size_t have, size;
};

/* The next part of a record. 0, a completion code, or an error. */
static int read_part(struct bmc *b, struct record *r, uint16_t reservation, size_t chunk, struct error *err) {
    size_t left = r->have < IPMI_SDR_HEADER_SIZE ? IPMI_SDR_HEADER_SIZE : r->size - r->have;
    size_t want = left < chunk ? left : chunk;
    struct ipmi_request request = {.netfn = IPMI_NETFN_STORAGE, .cmd = IPMI_GET_SDR, .n = 6};
    put_u16(request.data, reservation);
    put_u16(request.data + 2, r->id);
    request.data[4] = (uint8_t)r->have;
    request.data[5] = (uint8_t)want;
    uint8_t reply[IPMI_REPLY_MAX];
    struct bytes data = {NULL, 0};
    int code = ask(b, &request, reply, &data, err);
    if (code != IPMI_OK)
        return code;
    if (data.n < 2 + want)
        return error_set(err, ERR_FORMAT, "the BMC answers Get SDR with %zu bytes of %zu", data.n, 2 + want);
    r->next = (uint16_t)(data.at[0] | data.at[1] << 8);
    memcpy(r->bytes + r->have, data.at + 2, want);
    if (r->have < IPMI_SDR_HEADER_SIZE)
        r->size = IPMI_SDR_HEADER_SIZE + r->bytes[4];
    r->have += want;
    return 0;
}

/* A record in parts: the interface of most BMCs is too narrow for a whole one, and how narrow is to be found out. */
static int read_record(struct bmc *b, struct record *r, uint16_t *reservation, size_t *chunk, struct error *err) {
    r->have = 0;
    r->size = IPMI_SDR_MAX;
    for (unsigned tries = 0; r->have < r->size;) {
        int code = read_part(b, r, *reservation, *chunk, err);
        if (code < 0 || (code > 0 && ++tries > BMC_TRIES))
            return refuse(code, "Get SDR", err);
        if (code == IPMI_RESERVATION_CANCELLED) {
            r->have = 0;
            int status = reserve(b, reservation, err);
            if (status < 0)
                return status;
        } else if ((code == IPMI_CANNOT_RETURN_SO_MANY || code == IPMI_LENGTH_EXCEEDED || code == IPMI_LENGTH_INVALID ||
                       code == 0xFF) &&
                   *chunk > CHUNK_LEAST) {
            *chunk /= 2;
        } else if (code != 0 && code != IPMI_BUSY && code != IPMI_TIMEOUT) {
            return refuse(code, "Get SDR", err);
        }
    }
    return 0;
}

/* Adds the sensors of a record. */
static void take_record(struct bmc *b, const struct record *r) {
    struct bmc_sensor sensors[IPMI_SHARED_MAX];
    size_t n = sdr_parse((struct bytes){r->bytes, r->have}, sensors);
    for (size_t i = 0; i < n && b->n < BMC_SENSORS_MAX; i++) {
        b->values[b->n] = (struct bmc_value){.value = NAN, .supply = TEXT("Unknown")};
        b->sensors[b->n++] = sensors[i];
    }
}

/* 1: it was changed since it was read, or it cannot be told. */
static int is_changed(struct bmc *b, struct error *err) {
    enum { SIZE = 13, AT_ADDED = 5, AT_ERASED = 9 };
    const struct ipmi_request request = {.netfn = IPMI_NETFN_STORAGE, .cmd = IPMI_GET_SDR_INFO};
    uint8_t reply[IPMI_REPLY_MAX];
    struct bytes data = {NULL, 0};
    int code = ask(b, &request, reply, &data, err);
    if (code < 0 || code == IPMI_TIMEOUT)
        return refuse(code, "Get SDR Repository Info", err);
    if (code != IPMI_OK || data.n < SIZE)
        return !b->loaded;
    bool same = b->loaded && b->added == u32(data.at + AT_ADDED) && b->erased == u32(data.at + AT_ERASED);
    b->added = u32(data.at + AT_ADDED);
    b->erased = u32(data.at + AT_ERASED);
    return !same;
}

int bmc_load(struct bmc *b, struct error *err) {
    struct record record = {.id = 0};
    uint16_t reservation = 0;
    size_t chunk = CHUNK_MOST;
    int status = is_changed(b, err);
    if (status <= 0)
        return status;
    b->loaded = false;
    b->n = 0;
    status = reserve(b, &reservation, err);
    for (unsigned i = 0; status == 0 && i < BMC_RECORDS_MAX && record.id != LAST_RECORD; i++) {
        status = read_record(b, &record, &reservation, &chunk, err);
        if (status == 0)
            take_record(b, &record);
        record.id = record.next;
    }
    b->loaded = status == 0;
    return status;
}

int bmc_read_sensors(struct bmc *b, struct error *err) {
    for (size_t i = 0; i < b->n; i++) {
        const struct bmc_sensor *s = &b->sensors[i];
        const struct ipmi_request request = {
            .lun = s->lun, .netfn = IPMI_NETFN_SENSOR, .cmd = IPMI_GET_SENSOR_READING, .n = 1, .data = {s->number}};
        uint8_t reply[IPMI_REPLY_MAX];
        struct bytes data = {NULL, 0};
        int code = ask(b, &request, reply, &data, err);
        if (code == -ERR_OS || b->silences > BMC_SILENCES_MAX)
            return refuse(code, "Get Sensor Reading", err);
        bool read = code == IPMI_OK;
        b->values[i].value = read && s->kind != BMC_SUPPLY ? bmc_parse_reading(s, data) : NAN;
        b->values[i].supply = read && s->kind == BMC_SUPPLY ? bmc_parse_supply(data) : TEXT("Unknown");
    }
    return 0;
}

/* "CPU Power Consumption" is not the machine's. */
static bool is_of_a_part(const struct bmc_sensor *s) {
    static const char *const parts[] = {"cpu", "gpu", "mem", "dimm", "fan", "hdd", "pcie", "ps", "psu"};
    enum { ENTITY_SUPPLY = 10 };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (sensor_says(text_of(s->name), parts[i]))
            return true;
    return s->entity == ENTITY_SUPPLY;
}

double bmc_named_power(const struct bmc *b) {
    static const char *const names[] = {"system power", "sys power", "total power", "pwr consumption",
        "power consumption", "power meter", "system level", "total pwr"};
    for (size_t k = 0; k < COUNT_OF(names); k++)
        for (size_t i = 0; i < b->n; i++)
            if (b->sensors[i].kind == BMC_POWER && b->values[i].value > 0 &&
                sensor_says(text_of(b->sensors[i].name), names[k]) && !is_of_a_part(&b->sensors[i]))
                return b->values[i].value;
    return NAN;
}
