/* tests/tools/validate_lines.c: checks the lines of a recording on standard input against schema 1, by its own table.
 *
 * Independent of src/frame on purpose: what that writes is what this judges. Prints "line N: PATH: what is wrong" for each
 * fault and exits 1 when there is any, or when there is no line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum kind {
    U8,
    U32,
    U64,
    I32,
    F64, /* written with a point or exponent, never null */
    BOOL,
    TEXT_,
    WORD,   /* one of `words` */
    STAMP,  /* UTC with milliseconds */
    LOCAL,  /* YYYY-MM-DD HH:MM:SS */
    EPOCH,  /* digits in a text */
    NAMED,  /* object of texts */
    LIST,   /* array of objects of `of` */
    OBJECT, /* of `of` */
    TEXTS,  /* array of texts */
    PLATFORM,
    NOTHING, /* null */
};

enum need {
    REQUIRED,
    NULLABLE,
    OPTIONAL
}; /* NULLABLE: always there, may be null; OPTIONAL: may be absent, never null */

struct rule {
    const char *key;
    enum kind kind;
    enum need need;
    const struct rule *of;
    const char *words; /* " a b c " */
};

#define END                                                                                                            \
    { NULL, U8, OPTIONAL, NULL, NULL }
#define R(key, kind)                                                                                                   \
    { key, kind, REQUIRED, NULL, NULL }
#define N(key, kind)                                                                                                   \
    { key, kind, NULLABLE, NULL, NULL }
#define O(key, kind)                                                                                                   \
    { key, kind, OPTIONAL, NULL, NULL }
#define W(key, words)                                                                                                  \
    { key, WORD, REQUIRED, NULL, words }
#define L(key, of)                                                                                                     \
    { key, LIST, REQUIRED, of, NULL }

static const struct rule links[] = {
    R("link_index", U32), W("remote_type", " gpu ibmnpu switch unknown "), N("bandwidth_mb_s", U32), END};
static const struct rule gpm[] = {N("sm_occupancy", F64), N("memory_bandwidth_utilization", F64), END};
static const struct rule migs[] = {
    R("uuid", TEXT_), O("profile", TEXT_), O("used_memory", U64), O("total_memory", U64), O("utilization", F64), END};
static const struct rule gpus[] = {R("uuid", TEXT_), R("time", LOCAL), R("name", TEXT_),
    W("device_type", " GPU NPU TPU "), R("host_id", TEXT_), R("hostname", TEXT_), R("instance", TEXT_),
    R("utilization", F64), R("ane_utilization", F64), N("dla_utilization", F64), N("tensorcore_utilization", F64),
    R("temperature", U32), R("used_memory", U64), R("total_memory", U64), R("frequency", U32),
    R("power_consumption", F64), N("gpu_core_count", U32), N("temperature_threshold_slowdown", U32),
    N("temperature_threshold_shutdown", U32), N("temperature_threshold_max_operating", U32),
    N("temperature_threshold_acoustic", U32), N("performance_state", U32), N("fan_speed_rpm", U32),
    N("numa_node_id", I32), N("gsp_firmware_mode", U8), N("gsp_firmware_version", TEXT_),
    L("nvlink_remote_devices", links), {"gpm_metrics", OBJECT, NULLABLE, gpm, NULL}, R("detail", NAMED),
    O("index", U32), O("pci_bus_id", TEXT_), {"vendor", WORD, OPTIONAL, NULL, " nvidia amd intel other "},
    O("memory_utilization", F64), O("memory_frequency_mhz", U32), O("sm_frequency_mhz", U32),
    O("memory_temperature", U32), O("fan_speed_percent", U32), O("power_limit_watts", F64), O("energy_joules", F64),
    O("encoder_utilization", F64), O("decoder_utilization", F64), O("jpeg_utilization", F64), O("ofa_utilization", F64),
    O("pcie_generation", U32), O("pcie_width", U32), O("pcie_rx_bytes_per_second", U64),
    O("pcie_tx_bytes_per_second", U64), O("nvlink_rx_bytes", U64), O("nvlink_tx_bytes", U64),
    O("throttle_reasons", TEXTS), O("ecc_corrected", U64), O("ecc_uncorrected", U64), O("retired_pages", U32),
    O("remapped_rows", U32), O("last_xid", U32), {"mig_instances", LIST, OPTIONAL, migs, NULL},
    O("compute_mode", TEXT_), O("persistence_mode", TEXT_), END};
static const struct rule sockets[] = {R("socket_id", U32), R("utilization", F64), R("cores", U32), R("threads", U32),
    N("temperature", U32), R("frequency_mhz", U32), END};
static const struct rule cores[] = {R("core_id", U32), W("core_type", " Super Performance Efficiency Standard "),
    R("utilization", F64), O("frequency_mhz", U32), END};
static const struct rule stall[] = {
    O("some_avg10", F64), O("some_total_us", U64), O("full_avg10", F64), O("full_total_us", U64), END};
static const struct rule pressure[] = {{"cpu", OBJECT, OPTIONAL, stall, NULL},
    {"memory", OBJECT, OPTIONAL, stall, NULL}, {"io", OBJECT, OPTIONAL, stall, NULL}, END};
static const struct rule cpus[] = {R("index", U32), R("host_id", TEXT_), R("hostname", TEXT_), R("instance", TEXT_),
    R("cpu_model", TEXT_), R("architecture", TEXT_), R("platform_type", PLATFORM), R("socket_count", U32),
    R("total_cores", U32), R("total_threads", U32), R("base_frequency_mhz", U32), R("max_frequency_mhz", U32),
    R("cache_size_mb", U32), R("utilization", F64), N("temperature", U32), N("power_consumption", F64),
    L("per_socket_info", sockets), R("apple_silicon_info", NOTHING), L("per_core_utilization", cores), R("time", LOCAL),
    O("user", F64), O("system", F64), O("nice", F64), O("iowait", F64), O("irq", F64), O("softirq", F64),
    O("steal", F64), O("guest", F64), O("load_1", F64), O("load_5", F64), O("load_15", F64),
    O("processes_running", U32), O("processes_blocked", U32), O("context_switches", U64), O("interrupts", U64),
    O("forks", U64), O("energy_joules", F64), {"pressure", OBJECT, OPTIONAL, pressure, NULL}, O("uptime_seconds", F64),
    O("kernel", TEXT_), END};
static const struct rule numa[] = {R("node", U32), R("total_bytes", U64), R("free_bytes", U64), END};
static const struct rule memory[] = {R("index", U32), R("host_id", TEXT_), R("hostname", TEXT_), R("instance", TEXT_),
    R("total_bytes", U64), R("used_bytes", U64), R("available_bytes", U64), R("free_bytes", U64),
    R("buffers_bytes", U64), R("cached_bytes", U64), R("swap_total_bytes", U64), R("swap_used_bytes", U64),
    R("swap_free_bytes", U64), R("utilization", F64), R("time", LOCAL), O("shared_bytes", U64), O("dirty_bytes", U64),
    O("slab_bytes", U64), O("hugepages_total", U64), O("hugepages_free", U64), O("hugepage_bytes", U64),
    O("page_faults_major", U64), O("oom_kills", U64), O("swap_in_pages", U64), O("swap_out_pages", U64),
    {"numa", LIST, OPTIONAL, numa, NULL}, END};
static const struct rule fans[] = {R("id", U32), R("name", TEXT_), R("speed_rpm", U32), R("max_rpm", U32), END};
static const struct rule psus[] = {
    R("id", U32), R("name", TEXT_), W("status", " Unknown Ok Degraded Failed NotPresent "), N("power_watts", F64), END};
static const struct rule sensors[] = {R("chip", TEXT_), R("label", TEXT_), O("celsius", F64), END};
static const struct rule chassis[] = {R("host_id", TEXT_), R("hostname", TEXT_), R("instance", TEXT_),
    N("total_power_watts", F64), N("inlet_temperature", F64), N("outlet_temperature", F64),
    N("thermal_pressure", TEXT_), L("fan_speeds", fans), L("psu_status", psus), R("detail", NAMED), R("time", LOCAL),
    {"temperatures", LIST, OPTIONAL, sensors, NULL}, O("power_source", TEXT_), END};
static const struct rule processes[] = {R("device_id", U32), R("device_uuid", TEXT_), R("pid", U32),
    R("process_name", TEXT_), R("used_memory", U64), R("cpu_percent", F64), R("memory_percent", F64),
    R("memory_rss", U64), R("memory_vms", U64), R("user", TEXT_), W("state", " R S D I T Z X "), R("start_time", EPOCH),
    R("cpu_time", U64), R("command", TEXT_), R("ppid", U32), R("threads", U32), R("uses_gpu", BOOL), R("priority", I32),
    R("nice_value", I32), R("gpu_utilization", F64), O("host_id", TEXT_), O("io_read_bytes", U64),
    O("io_write_bytes", U64), O("gpu_memory_kind", TEXT_), O("unit", TEXT_), O("cgroup", TEXT_), O("container", TEXT_),
    O("job", TEXT_), O("exited", BOOL), O("exit_code", I32), O("start_ticks", U64), END};
static const struct rule storage[] = {R("mount_point", TEXT_), R("total_bytes", U64), R("available_bytes", U64),
    R("host_id", TEXT_), R("hostname", TEXT_), R("index", U32), O("device", TEXT_), O("filesystem", TEXT_),
    O("read_bytes", U64), O("write_bytes", U64), O("reads", U64), O("writes", U64), O("io_time_ms", U64),
    O("inodes_total", U64), O("inodes_free", U64), END};
static const struct rule networks[] = {R("host_id", TEXT_), R("name", TEXT_), O("rx_bytes", U64), O("tx_bytes", U64),
    O("rx_packets", U64), O("tx_packets", U64), O("rx_errors", U64), O("tx_errors", U64), O("rx_drops", U64),
    O("tx_drops", U64), O("speed_mbps", U32), O("up", BOOL),
    {"kind", WORD, OPTIONAL, NULL, " ethernet infiniband loopback other "}, END};
static const struct rule errors[] = {
    R("section", TEXT_), W("kind", " timeout error panic "), R("message", TEXT_), O("host", TEXT_), END};

static const struct rule header[] = {R("schema", U32), R("header", BOOL), R("interval_ms", U64), R("hosts", TEXTS),
    R("tacho_version", TEXT_), R("all_smi_version", TEXT_), W("source", " local remote "), O("started", STAMP),
    O("boot_id", TEXT_), END};
static const struct rule index_line[] = {R("schema", U32), R("index", BOOL), R("seq", U64), R("byte_offset", U64),
    O("t", STAMP), O("compressed_offset", U64), END};
static const struct rule mark_line[] = {R("schema", U32), R("t", STAMP), R("mark", TEXT_), END};
#define S(key, of)                                                                                                     \
    { key, LIST, OPTIONAL, of, NULL }
static const struct rule frame[] = {R("schema", U32), R("t", STAMP), R("seq", U64), W("source", " local remote "),
    R("timestamp", STAMP), R("hostname", TEXT_), S("gpus", gpus), S("cpus", cpus), S("memory", memory),
    S("chassis", chassis), S("processes", processes), S("storage", storage), S("networks", networks),
    S("errors", errors), END};

enum { LINE_MOST = 16 << 20, PATH_MOST = 300 };
static unsigned long line_number, faults;

static void fault(const char *path, const char *fmt, ...) PRINTF(2, 3);
static void fault(const char *path, const char *fmt, ...) {
    va_list args;
    faults++;
    (void)printf("line %lu: %s: ", line_number, path);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

static const char *const type_names[] = {"null", "a bool", "an integer", "a float", "a text", "an array", "an object"};

static bool is_type(struct json_value v, enum json_type wanted, const char *path) {
    if (json_type(v) == wanted)
        return true;
    fault(path, "is %s, not %s", type_names[json_type(v)], type_names[wanted]);
    return false;
}

/* Digits where the pattern has 0, the same character elsewhere. */
static bool has_pattern(struct text t, const char *pattern) {
    if (t.len != strlen(pattern))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (pattern[i] == '0' ? t.at[i] < '0' || t.at[i] > '9' : t.at[i] != pattern[i])
            return false;
    return true;
}

static void check_text(struct json_value v, const struct rule *rule, const char *path) {
    struct text t;
    if (!is_type(v, JSON_TEXT, path) || !json_text(v, &t))
        return;
    if (rule->kind == STAMP && !has_pattern(t, "0000-00-00T00:00:00.000Z"))
        fault(path, "'%.*s' is not a time in UTC with milliseconds", TEXT_ARG(t));
    if (rule->kind == LOCAL && !has_pattern(t, "0000-00-00 00:00:00"))
        fault(path, "'%.*s' is not a local time", TEXT_ARG(t));
    if (rule->kind == EPOCH && (t.len == 0 || strspn(t.at, "0123456789") < t.len))
        fault(path, "'%.*s' is not seconds as text", TEXT_ARG(t));
    if (rule->kind == WORD) {
        char padded[64];
        (void)snprintf(padded, sizeof padded, " %.*s ", t.len < 60 ? (int)t.len : 60, t.at);
        if (t.len == 0 || !strstr(rule->words, padded))
            fault(path, "'%.*s' is none of%s", TEXT_ARG(t), rule->words);
    }
}

static void check_integer(struct json_value v, uint64_t most, const char *path) {
    uint64_t value = 0;
    if (is_type(v, JSON_INTEGER, path) && (!json_u64(v, &value) || value > most))
        fault(path, "is out of range");
}

static void check_object(struct json_value v, const struct rule *rules, const char *path);

static void check_list(struct json_value v, const struct rule *rule, const char *path) {
    struct json_walk walk;
    struct json_value item;
    char below[PATH_MOST];
    size_t n = 0;
    if (!is_type(v, JSON_ARRAY, path) || !json_array_begin(v, &walk))
        return;
    while (json_array_next(&walk, &item)) {
        (void)snprintf(below, sizeof below, "%.200s[%zu]", path, n++);
        if (rule->kind == LIST)
            check_object(item, rule->of, below);
        else
            (void)is_type(item, JSON_TEXT, below);
    }
}

static void check_platform(struct json_value v, const char *path) {
    static const struct rule known = {"", WORD, REQUIRED, NULL, " Intel Amd AppleSilicon Arm "};
    static const struct rule other[] = {R("Other", TEXT_), END};
    if (json_type(v) == JSON_OBJECT)
        check_object(v, other, path);
    else
        check_text(v, &known, path);
}

static void check_named(struct json_value v, const char *path) {
    struct json_walk walk;
    struct json_value item;
    struct text key;
    if (!is_type(v, JSON_OBJECT, path) || !json_object_begin(v, &walk))
        return;
    while (json_object_next(&walk, &key, &item)) {
        char below[PATH_MOST];
        (void)snprintf(below, sizeof below, "%.200s.%.*s", path, key.len < 60 ? (int)key.len : 60, key.at);
        (void)is_type(item, JSON_TEXT, below);
    }
}

static void check_value(struct json_value v, const struct rule *rule, const char *path) {
    int64_t i = 0;
    if (json_type(v) == JSON_NULL && rule->need == NULLABLE)
        return;
    switch (rule->kind) {
    case U8: check_integer(v, UINT8_MAX, path); break;
    case U32: check_integer(v, UINT32_MAX, path); break;
    case U64: check_integer(v, UINT64_MAX, path); break;
    case I32:
        if (is_type(v, JSON_INTEGER, path) && (!json_i64(v, &i) || i < INT32_MIN || i > INT32_MAX))
            fault(path, "is out of range");
        break;
    case F64: (void)is_type(v, JSON_FLOAT, path); break;
    case BOOL: (void)is_type(v, JSON_BOOL, path); break;
    case NOTHING: (void)is_type(v, JSON_NULL, path); break;
    case TEXT_:
    case WORD:
    case STAMP:
    case LOCAL:
    case EPOCH: check_text(v, rule, path); break;
    case NAMED: check_named(v, path); break;
    case LIST:
    case TEXTS: check_list(v, rule, path); break;
    case OBJECT: check_object(v, rule->of, path); break;
    case PLATFORM: check_platform(v, path); break;
    }
}

static void check_object(struct json_value v, const struct rule *rules, const char *path) {
    struct json_walk walk;
    struct json_value item, same;
    struct text key, seen[512];
    size_t n = 0;
    char below[PATH_MOST];
    if (!is_type(v, JSON_OBJECT, path) || !json_object_begin(v, &walk))
        return;
    while (json_object_next(&walk, &key, &item)) {
        for (size_t i = 0; i < n; i++)
            if (text_equal(seen[i], key))
                fault(path, "has '%.*s' twice", TEXT_ARG(key));
        if (n < COUNT_OF(seen))
            seen[n++] = key;
    }
    for (const struct rule *r = rules; r->key; r++) {
        (void)snprintf(below, sizeof below, "%.200s%s%s", path, *path ? "." : "", r->key);
        if (json_get(v, r->key, &same))
            check_value(same, r, below);
        else if (r->need != OPTIONAL)
            fault(below, "is missing");
    }
}

/* Keys whose types hold on every line, whatever it is. */
static void check_reserved(struct json_value v) {
    static const struct rule reserved[] = {O("header", BOOL), O("index", BOOL), O("interval_ms", U64),
        O("hosts", TEXTS), O("all_smi_version", TEXT_), END};
    check_object(v, reserved, "");
}

static void check_line(struct json_parser *parser, const char *line, size_t len) {
    struct json_value root, v;
    struct error err;
    uint64_t schema = 0;
    if (len + 1 > LINE_MOST)
        fault("line", "is longer than 16 MiB");
    if (json_parse(parser, line, len, false, &root, &err) < 0) {
        fault("line", "is no JSON: %s", err.text);
        return;
    }
    if (!is_type(root, JSON_OBJECT, "line"))
        return;
    check_reserved(root);
    if (!json_get(root, "schema", &v) || !json_u64(v, &schema) || schema != 1)
        fault("schema", "is not 1");
    if (json_get(root, "header", &v)) {
        check_object(root, header, "");
        if (line_number != 1)
            fault("header", "is not the first line");
    } else if (json_get(root, "index", &v)) {
        check_object(root, index_line, "");
    } else if (json_get(root, "mark", &v)) {
        check_object(root, mark_line, "");
    } else {
        struct text t, timestamp;
        check_object(root, frame, "");
        if (!text_starts((struct text){line, len}, "{\"schema\":1,\"t\":\"") || len < 48 ||
            memcmp(line + 41, "\",\"seq\":", 8) != 0)
            fault("line", "does not begin with schema, t and seq");
        if (json_get(root, "t", &v) && json_text(v, &t) && json_get(root, "timestamp", &v) &&
            json_text(v, &timestamp) && !text_equal(t, timestamp))
            fault("timestamp", "is not t");
    }
}

int main(void) {
    struct json_parser *parser = NULL;
    struct error err;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    if (json_parser_create(&parser, &err) < 0) {
        (void)fprintf(stderr, "validate_lines: %s\n", err.text);
        return 2;
    }
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line_number++;
        if (line[len - 1] != '\n')
            fault("line", "has no end");
        check_line(parser, line, (size_t)(line[len - 1] == '\n' ? len - 1 : len));
    }
    json_parser_destroy(parser);
    free(line);
    if (line_number == 0)
        (void)puts("no line at all");
    return line_number == 0 || faults > 0;
}
