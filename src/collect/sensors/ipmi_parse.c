/* collect/sensors/ipmi_parse.c: what a BMC answers, after IPMI v2.0 and DCMI v1.5. */
#include "collect/sensors/ipmi_parse.h"

#include <math.h>
#include <string.h>

#include "collect/sensors/names.h"

enum {
    SDR_VERSION = 0x51,
    SDR_FULL = 0x01,
    SDR_COMPACT = 0x02,
    SENSOR_TYPE_SUPPLY = 0x08,
    READING_THRESHOLD = 0x01,
    READING_SENSOR_SPECIFIC = 0x6F,
    UNIT_CELSIUS = 1,
    UNIT_FAHRENHEIT = 2,
    UNIT_KELVIN = 3,
    UNIT_WATTS = 6,
    UNIT_RPM = 18,
    FORMAT_NONE = 3,
};

/* Places in a record, counted from the start of its header; the specification counts from 1. */
enum {
    AT_VERSION = 2,
    AT_TYPE = 3,
    AT_LENGTH = 4,
    AT_OWNER = 5,
    AT_LUN = 6,
    AT_NUMBER = 7,
    AT_ENTITY = 8,
    AT_INSTANCE = 9,
    AT_SENSOR_TYPE = 12,
    AT_READING_TYPE = 13,
    AT_UNITS = 20,
    AT_BASE_UNIT = 21,
    AT_LINEARIZATION = 23, /* full records */
    AT_M = 24,
    AT_B = 26,
    AT_EXPONENTS = 29,
    AT_FULL_NAME = 47,
    AT_SHARE = 23, /* compact records */
    AT_SHARE_OFFSET = 24,
    AT_COMPACT_NAME = 31,
};

static unsigned u16(const uint8_t *p) {
    return p[0] | (unsigned)p[1] << 8;
}

/* A two's complement number of `bits` bits. */
static int sign_extend(unsigned value, unsigned bits) {
    unsigned sign = 1U << (bits - 1);
    return (int)(value ^ sign) - (int)sign;
}

double dcmi_parse_power(struct bytes reply) {
    enum { SIZE = 18, AT_CURRENT = 1, AT_STATE = 17, MEASURING = 0x40, WATTS_MAX = 60000 };
    if (reply.n < SIZE || reply.at[0] != DCMI_GROUP || !(reply.at[AT_STATE] & MEASURING))
        return NAN;
    unsigned watts = u16(reply.at + AT_CURRENT);
    return watts > 0 && watts <= WATTS_MAX ? (double)watts : (double)NAN;
}

static void put_latin1(char *out, size_t *n, unsigned c) {
    if (c < 0x80 && *n + 1 < IPMI_NAME_MAX) {
        out[(*n)++] = (char)c;
    } else if (c >= 0x80 && *n + 2 < IPMI_NAME_MAX) {
        out[(*n)++] = (char)(0xC0 | c >> 6);
        out[(*n)++] = (char)(0x80 | (c & 0x3F));
    }
}

/* The name behind its type and length byte (§43.15); "" when it is missing or in Unicode, which nobody writes. */
static void parse_name(struct bytes t, char out[IPMI_NAME_MAX]) {
    static const char bcd_plus[] = "0123456789 -.:,_";
    size_t n = 0;
    memset(out, 0, IPMI_NAME_MAX);
    if (t.n == 0)
        return;
    size_t len = t.at[0] & 0x1F;
    unsigned encoding = t.at[0] >> 6;
    const uint8_t *p = t.at + 1;
    len = len < t.n - 1 ? len : t.n - 1;
    if (encoding == 3)
        for (size_t i = 0; i < len && p[i] != 0; i++)
            put_latin1(out, &n, p[i]);
    if (encoding == 1)
        for (size_t i = 0; i < len; i++) {
            put_latin1(out, &n, (unsigned char)bcd_plus[p[i] >> 4]);
            put_latin1(out, &n, (unsigned char)bcd_plus[p[i] & 0x0F]);
        }
    if (encoding == 2) /* six bits for a character, the lowest first */
        for (size_t i = 0; i < len * 8 / 6; i++) {
            size_t bit = i * 6;
            unsigned both = p[bit / 8] | (bit / 8 + 1 < len ? (unsigned)p[bit / 8 + 1] << 8 : 0);
            put_latin1(out, &n, 0x20 + (both >> bit % 8 & 0x3F));
        }
    while (n > 0 && out[n - 1] == ' ')
        out[--n] = '\0';
}

static enum bmc_kind kind_of(struct bytes r) {
    uint8_t reading = r.at[AT_READING_TYPE];
    if (r.at[AT_SENSOR_TYPE] == SENSOR_TYPE_SUPPLY && reading == READING_SENSOR_SPECIFIC)
        return BMC_SUPPLY;
    /* Analog ones only, and of plain units: no percentages, no units per second or of two together. */
    if (r.at[AT_TYPE] != SDR_FULL || reading != READING_THRESHOLD || r.at[AT_UNITS] >> 6 == FORMAT_NONE ||
        (r.at[AT_UNITS] & 0x3F) != 0)
        return BMC_OTHER;
    switch (r.at[AT_BASE_UNIT]) {
    case UNIT_CELSIUS:
    case UNIT_FAHRENHEIT:
    case UNIT_KELVIN: return BMC_TEMPERATURE;
    case UNIT_RPM: return BMC_FAN;
    case UNIT_WATTS: return BMC_POWER;
    default: return BMC_OTHER;
    }
}

static void parse_factors(struct bytes r, struct bmc_sensor *s) {
    s->format = r.at[AT_UNITS] >> 6;
    s->unit = r.at[AT_BASE_UNIT];
    s->linearization = r.at[AT_LINEARIZATION] & 0x7F;
    s->m = (int16_t)sign_extend(r.at[AT_M] | (unsigned)(r.at[AT_M + 1] & 0xC0) << 2, 10);
    s->b = (int16_t)sign_extend(r.at[AT_B] | (unsigned)(r.at[AT_B + 1] & 0xC0) << 2, 10);
    s->r_exp = (int8_t)sign_extend(r.at[AT_EXPONENTS] >> 4, 4);
    s->b_exp = (int8_t)sign_extend(r.at[AT_EXPONENTS] & 0x0F, 4);
}

/* Sensors that share a record follow each other in number, name and, if so marked, entity instance (§43.2). */
static size_t share(struct bytes r, struct bmc_sensor ret[IPMI_SHARED_MAX]) {
    size_t count = r.at[AT_SHARE] & 0x0F;
    unsigned offset = r.at[AT_SHARE_OFFSET] & 0x7F;
    bool letters = (r.at[AT_SHARE] >> 4 & 3) == 1;
    bool instances = r.at[AT_SHARE_OFFSET] & 0x80;
    for (size_t i = 1; i < count; i++)
        ret[i] = ret[0];
    for (size_t i = 0; i < count && count > 1; i++) {
        size_t n = strlen(ret[i].name);
        unsigned suffix = offset + (unsigned)i;
        ret[i].number = (uint8_t)(ret[0].number + i);
        if (instances)
            ret[i].instance = (uint8_t)(ret[0].instance + i);
        if (n + 4 > IPMI_NAME_MAX)
            continue;
        if (letters) {
            ret[i].name[n] = (char)('A' + suffix % 26);
            continue;
        }
        if (suffix >= 100)
            ret[i].name[n++] = (char)('0' + suffix / 100);
        if (suffix >= 10)
            ret[i].name[n++] = (char)('0' + suffix / 10 % 10);
        ret[i].name[n] = (char)('0' + suffix % 10);
    }
    return count > 0 ? count : 1;
}

size_t sdr_parse(struct bytes r, struct bmc_sensor ret[IPMI_SHARED_MAX]) {
    if (r.n < IPMI_SDR_HEADER_SIZE || r.at[AT_VERSION] != SDR_VERSION)
        return 0;
    size_t name = r.at[AT_TYPE] == SDR_FULL ? AT_FULL_NAME : AT_COMPACT_NAME;
    size_t says = IPMI_SDR_HEADER_SIZE + r.at[AT_LENGTH];
    r.n = r.n < says ? r.n : says;
    if ((r.at[AT_TYPE] != SDR_FULL && r.at[AT_TYPE] != SDR_COMPACT) || r.n <= name)
        return 0;
    enum bmc_kind kind = kind_of(r);
    /* Sensors of other controllers are behind bridges: what these cost a busy BMC is not worth what they tell. */
    if (kind == BMC_OTHER || r.at[AT_OWNER] != IPMI_BMC_ADDRESS || r.at[AT_LUN] >> 4 != 0)
        return 0;
    ret[0] = (struct bmc_sensor){
        .kind = kind,
        .owner = r.at[AT_OWNER],
        .lun = r.at[AT_LUN] & 3,
        .number = r.at[AT_NUMBER],
        .entity = r.at[AT_ENTITY],
        .instance = r.at[AT_INSTANCE] & 0x7F,
    };
    parse_name((struct bytes){r.at + name, r.n - name}, ret[0].name);
    if (kind != BMC_SUPPLY)
        parse_factors(r, &ret[0]);
    return r.at[AT_TYPE] == SDR_COMPACT ? share(r, ret) : 1;
}

/* The function named L in §36.3; NAN for tables of the vendor's own. */
static double linearize(unsigned function, double y) {
    switch (function) {
    case 0: return y;
    case 1: return log(y);
    case 2: return log10(y);
    case 3: return log2(y);
    case 4: return exp(y);
    case 5: return pow(10, y);
    case 6: return exp2(y);
    case 7: return 1 / y;
    case 8: return y * y;
    case 9: return y * y * y;
    case 10: return sqrt(y);
    case 11: return cbrt(y);
    default: return NAN;
    }
}

double bmc_convert(const struct bmc_sensor *s, uint8_t raw) {
    int x = raw;
    if (s->format == 1 && raw & 0x80)
        x = -(~raw & 0x7F);
    if (s->format == 2)
        x = sign_extend(raw, 8);
    double y = linearize(s->linearization, (s->m * x + s->b * pow(10, s->b_exp)) * pow(10, s->r_exp));
    if (s->unit == UNIT_FAHRENHEIT)
        y = (y - 32) / 1.8;
    if (s->unit == UNIT_KELVIN)
        y -= 273.15;
    enum sensor_kind kind = s->kind == BMC_FAN ? SENSOR_FAN : s->kind == BMC_POWER ? SENSOR_POWER : SENSOR_TEMPERATURE;
    return sensor_plausible(kind, y) ? y : NAN;
}

/* §35.14: the second byte says that the sensor is scanned, and that its reading is there. */
static bool is_scanned(struct bytes reply) {
    enum { SCANNING = 0x40, UNAVAILABLE = 0x20 };
    return reply.n >= 2 && reply.at[1] & SCANNING && !(reply.at[1] & UNAVAILABLE);
}

double bmc_parse_reading(const struct bmc_sensor *s, struct bytes reply) {
    return is_scanned(reply) ? bmc_convert(s, reply.at[0]) : NAN;
}

struct text bmc_parse_supply(struct bytes reply) {
    enum {
        PRESENT = 1 << 0,
        FAILURE = 1 << 1,
        PREDICTED = 1 << 2,
        INPUT_LOST = 1 << 3,
        INPUT_LOST_OR_WRONG = 1 << 4,
        INPUT_WRONG = 1 << 5,
        CONFIGURATION = 1 << 6,
    };
    if (!is_scanned(reply) || reply.n < 3)
        return TEXT("Unknown");
    unsigned state = reply.at[2];
    if (!(state & PRESENT))
        return TEXT("NotPresent");
    if (state & (FAILURE | INPUT_LOST | INPUT_LOST_OR_WRONG))
        return TEXT("Failed");
    return state & (PREDICTED | INPUT_WRONG | CONFIGURATION) ? TEXT("Degraded") : TEXT("Ok");
}

bool bmc_is_inlet(const struct bmc_sensor *s) {
    enum { AIR_INLET_ENTITY = 0x37, AIR_INLET_OF_DCMI = 0x40 };
    return s->kind == BMC_TEMPERATURE && (s->entity == AIR_INLET_ENTITY || s->entity == AIR_INLET_OF_DCMI ||
                                             sensor_air(text_of(s->name)) == AIR_INLET);
}

bool bmc_is_outlet(const struct bmc_sensor *s) {
    return s->kind == BMC_TEMPERATURE && sensor_air(text_of(s->name)) == AIR_OUTLET;
}
