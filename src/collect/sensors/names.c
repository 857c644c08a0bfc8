/* collect/sensors/names.c: what the names, labels and values of sensors mean. */
#include "collect/sensors/names.h"

#include <math.h>

#include "base/attr.h"

bool sensor_plausible(enum sensor_kind kind, double value) {
    static const struct {
        double least, most;
    } limits[SENSOR_KINDS] = {
        [SENSOR_TEMPERATURE] = {-50, 250},
        [SENSOR_FAN] = {0, 1e5},
        [SENSOR_POWER] = {0, 1e5},
        [SENSOR_VOLTAGE] = {-1000, 1000},
    };
    return value >= limits[kind].least && value <= limits[kind].most;
}

double sensor_parse(enum sensor_kind kind, struct text t) {
    static const double per_unit[SENSOR_KINDS] = {1e3, 1, 1e6, 1e3};
    int64_t number = 0;
    if (!text_i64(t, &number))
        return NAN;
    double value = (double)number / per_unit[kind];
    return sensor_plausible(kind, value) ? value : NAN;
}

bool sensor_parse_attribute(struct text name, struct sensor_attribute *ret) {
    static const struct {
        const char *prefix;
        size_t len;
    } kinds[SENSOR_KINDS] = {{"temp", 4}, {"fan", 3}, {"power", 5}, {"in", 2}};
    static const char *const properties[] = {"input", "average", "label", "fault", "max"};
    struct text number;
    uint64_t channel = 0;
    for (unsigned kind = 0; kind < SENSOR_KINDS; kind++) {
        if (!text_starts(name, kinds[kind].prefix))
            continue;
        struct text rest = {name.at + kinds[kind].len, name.len - kinds[kind].len};
        if (!text_cut(&rest, '_', &number) || !text_u64(number, &channel) || channel > SENSOR_CHANNEL_MAX || !rest.at)
            return false;
        *ret = (struct sensor_attribute){(enum sensor_kind)kind, (unsigned)channel, rest};
        for (size_t i = 0; i < COUNT_OF(properties); i++)
            if (text_is(rest, properties[i]))
                return true;
        return false;
    }
    return false;
}

enum chip_side chip_side_of(struct text chip) {
    static const char *const gpus[] = {"amdgpu", "radeon", "i915", "xe", "nouveau"};
    static const char *const cpus[] = {
        "coretemp", "k10temp", "k8temp", "zenpower", "cpu_thermal", "x86_pkg_temp", "soc_thermal"};
    for (size_t i = 0; i < COUNT_OF(gpus); i++)
        if (text_is(chip, gpus[i]))
            return CHIP_GPU;
    for (size_t i = 0; i < COUNT_OF(cpus); i++)
        if (text_is(chip, cpus[i]))
            return CHIP_CPU;
    /* Boards name the thermal zones of their clusters as they like: cpu0_thermal, cpu-thermal, cpu_big_thermal. */
    return text_starts(chip, "cpu") && text_ends(chip, "thermal") ? CHIP_CPU : CHIP_CHASSIS;
}

bool sensor_package_id(struct text label, uint64_t *ret) {
    static const char *const words[] = {"Package id ", "Physical id "};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);
        if (text_starts(label, words[i]))
            return text_u64((struct text){label.at + n, label.len - n}, ret);
    }
    return false;
}

bool sensor_is_package(struct text chip, struct text label) {
    uint64_t id = 0;
    if (text_is(chip, "coretemp"))
        return sensor_package_id(label, &id);
    if (text_is(chip, "k10temp") || text_is(chip, "zenpower"))
        return label.len == 0 || text_is(label, "Tctl") || text_is(label, "Tdie");
    return true;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_word(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* How many bytes of `t` the phrase takes at its start; 0 when it is not there. */
static size_t phrase_at(struct text t, const char *phrase) {
    size_t at = 0;
    for (; *phrase; phrase++) {
        if (*phrase == ' ') {
            while (at < t.len && !is_word(t.at[at]))
                at++;
        } else if (at < t.len && lower(t.at[at]) == *phrase) {
            at++;
        } else {
            return 0;
        }
    }
    return at;
}

bool sensor_says(struct text t, const char *phrase) {
    for (size_t i = 0; i < t.len; i++)
        if ((i == 0 || !is_word(t.at[i - 1])) && phrase_at((struct text){t.at + i, t.len - i}, phrase) > 0)
            return true;
    return false;
}

enum air sensor_air(struct text label) {
    static const char *const others[] = {"ps", "psu", "gpu", "pcie", "nvme", "dimm", "cpu", "hdd", "nic", "ocp"};
    static const char *const in[] = {"inlet", "intake", "ambient", "air in"};
    static const char *const out[] = {"outlet", "exhaust", "air out"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (sensor_says(label, others[i]))
            return AIR_NEITHER;
    for (size_t i = 0; i < COUNT_OF(in); i++)
        if (sensor_says(label, in[i]))
            return AIR_INLET;
    for (size_t i = 0; i < COUNT_OF(out); i++)
        if (sensor_says(label, out[i]))
            return AIR_OUTLET;
    return AIR_NEITHER;
}
