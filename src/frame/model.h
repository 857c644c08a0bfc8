/* frame/model.h: what a frame holds: everything known about one machine, or one cluster, at one moment. */
#ifndef TACHO_FRAME_MODEL_H
#define TACHO_FRAME_MODEL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/*
 * Every member can be unknown, and unknown is not zero. What each member means, its unit and its form in a file is one line
 * in the tables of frame/fields.c; the members here are named after their JSON keys.
 *   double NAN · uint64_t U64_UNKNOWN · int64_t I64_UNKNOWN · struct text with NULL `at` · enum yes_no UNKNOWN
 * An item made by frame_add() starts with every member unknown and every list not asked for.
 */
#define U64_UNKNOWN UINT64_MAX
#define I64_UNKNOWN INT64_MIN

enum yes_no { NO = 0, YES = 1, UNKNOWN = 2 };

static inline bool known_f64(double v) {
    return !isnan(v);
}
static inline bool known_u64(uint64_t v) {
    return v != U64_UNKNOWN;
}
static inline bool known_i64(int64_t v) {
    return v != I64_UNKNOWN;
}
static inline bool known_text(struct text t) {
    return t.at != NULL;
}

/* A list of items that the frame's arena owns. `asked` with n == 0 is written as []; not asked for is absent. */
struct list {
    void *at;
    size_t n, cap;
    bool asked;
};
#define LIST_OF(type)                                                                                                  \
    union {                                                                                                            \
        struct list list; /* what generic code sees */                                                                 \
        struct {                                                                                                       \
            type *at;                                                                                                  \
            size_t n, cap;                                                                                             \
            bool asked;                                                                                                \
        };                                                                                                             \
    }

struct detail { /* one entry of an object of strings */
    struct text key, value;
};

struct nvlink {
    uint64_t link_index;
    struct text remote_type;
    uint64_t bandwidth_mb_s;
};

struct gpm {
    double sm_occupancy, memory_bandwidth_utilization;
};

struct mig_instance {
    struct text uuid, profile;
    uint64_t used_memory, total_memory;
    double utilization;
};

struct gpu {
    struct text uuid, time, name, device_type, host_id, hostname, instance;
    double utilization, ane_utilization, dla_utilization, tensorcore_utilization;
    uint64_t temperature, used_memory, total_memory, frequency;
    double power_consumption;
    uint64_t gpu_core_count;
    uint64_t temperature_threshold_slowdown, temperature_threshold_shutdown, temperature_threshold_max_operating,
        temperature_threshold_acoustic;
    uint64_t performance_state, fan_speed_rpm;
    int64_t numa_node_id;
    uint64_t gsp_firmware_mode;
    struct text gsp_firmware_version;
    LIST_OF(struct nvlink) nvlink_remote_devices;
    struct gpm gpm_metrics;
    LIST_OF(struct detail) detail;
    /* tacho adds */
    uint64_t index;
    struct text pci_bus_id, vendor;
    double memory_utilization;
    uint64_t memory_frequency_mhz, sm_frequency_mhz, memory_temperature, fan_speed_percent;
    double power_limit_watts, energy_joules;
    double encoder_utilization, decoder_utilization, jpeg_utilization, ofa_utilization;
    uint64_t pcie_generation, pcie_width, pcie_rx_bytes_per_second, pcie_tx_bytes_per_second;
    uint64_t nvlink_rx_bytes, nvlink_tx_bytes;
    LIST_OF(struct text) throttle_reasons;
    uint64_t ecc_corrected, ecc_uncorrected, retired_pages, remapped_rows, last_xid;
    LIST_OF(struct mig_instance) mig_instances;
    struct text compute_mode, persistence_mode;
};

struct cpu_socket {
    uint64_t socket_id;
    double utilization;
    uint64_t cores, threads, temperature, frequency_mhz;
};

struct cpu_core {
    uint64_t core_id;
    struct text core_type;
    double utilization;
    uint64_t frequency_mhz;
};

struct apple_silicon {
    uint64_t s_core_count, p_core_count, e_core_count, gpu_core_count;
    double s_core_utilization, p_core_utilization, e_core_utilization, ane_ops_per_second;
    uint64_t s_cluster_frequency_mhz, p_cluster_frequency_mhz, e_cluster_frequency_mhz;
    uint64_t s_core_l2_cache_mb, p_core_l2_cache_mb, e_core_l2_cache_mb;
};

struct stall { /* one resource of pressure stall information (PSI) */
    double some_avg10;
    uint64_t some_total_us;
    double full_avg10;
    uint64_t full_total_us;
};

struct pressure {
    struct stall cpu, memory, io;
};

struct cpu { /* one per machine; sockets inside */
    uint64_t index;
    struct text host_id, hostname, instance, cpu_model, architecture;
    struct text platform_type; /* Intel, Amd, AppleSilicon, Arm; any other text goes out as {"Other":text} */
    uint64_t socket_count, total_cores, total_threads, base_frequency_mhz, max_frequency_mhz, cache_size_mb;
    double utilization;
    uint64_t temperature;
    double power_consumption;
    LIST_OF(struct cpu_socket) per_socket_info;
    struct apple_silicon apple_silicon_info;
    LIST_OF(struct cpu_core) per_core_utilization;
    struct text time;
    /* tacho adds */
    double user, system, nice, iowait, irq, softirq, steal, guest;
    double load_1, load_5, load_15;
    uint64_t processes_running, processes_blocked, context_switches, interrupts, forks;
    double energy_joules;
    struct pressure pressure;
    double uptime_seconds;
    struct text kernel;
};

struct numa_node {
    uint64_t node, total_bytes, free_bytes;
};

struct memory {
    uint64_t index;
    struct text host_id, hostname, instance;
    uint64_t total_bytes, used_bytes, available_bytes, free_bytes, buffers_bytes, cached_bytes;
    uint64_t swap_total_bytes, swap_used_bytes, swap_free_bytes;
    double utilization;
    struct text time;
    /* tacho adds */
    uint64_t shared_bytes, dirty_bytes, slab_bytes, hugepages_total, hugepages_free, hugepage_bytes;
    uint64_t page_faults_major, oom_kills, swap_in_pages, swap_out_pages;
    LIST_OF(struct numa_node) numa;
};

struct fan {
    uint64_t id;
    struct text name;
    uint64_t speed_rpm, max_rpm;
};

struct psu {
    uint64_t id;
    struct text name, status;
    double power_watts;
};

struct temperature {
    struct text chip, label;
    double celsius;
};

struct chassis {
    struct text host_id, hostname, instance;
    double total_power_watts, inlet_temperature, outlet_temperature;
    struct text thermal_pressure;
    LIST_OF(struct fan) fan_speeds;
    LIST_OF(struct psu) psu_status;
    LIST_OF(struct detail) detail;
    struct text time;
    /* tacho adds */
    LIST_OF(struct temperature) temperatures;
    struct text power_source;
};

struct process {
    uint64_t device_id;
    struct text device_uuid;
    uint64_t pid;
    struct text process_name;
    uint64_t used_memory;
    double cpu_percent, memory_percent;
    uint64_t memory_rss, memory_vms;
    struct text user, state, start_time;
    uint64_t cpu_time;
    struct text command;
    uint64_t ppid, threads;
    enum yes_no uses_gpu;
    int64_t priority, nice_value;
    double gpu_utilization;
    /* tacho adds */
    struct text host_id;
    uint64_t io_read_bytes, io_write_bytes;
    struct text gpu_memory_kind, unit, cgroup, container, job;
    enum yes_no exited;
    int64_t exit_code;
    uint64_t start_ticks;
};

struct storage {
    struct text mount_point;
    uint64_t total_bytes, available_bytes;
    struct text host_id, hostname;
    uint64_t index;
    /* tacho adds */
    struct text device, filesystem;
    uint64_t read_bytes, write_bytes, reads, writes, io_time_ms, inodes_total, inodes_free;
};

struct network {
    struct text host_id, name;
    uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_errors, tx_errors, rx_drops, tx_drops;
    uint64_t speed_mbps;
    enum yes_no up;
    struct text kind;
};

struct frame_error { /* what could not be read, and why */
    struct text section, kind, message, host;
};

struct frame {
    int64_t wall_ns;         /* `t`: UTC, cut to milliseconds in the file */
    uint64_t seq;            /* label, counted from 0; U64_UNKNOWN when the line has none */
    uint32_t part, parts;    /* which of a frame's lines this is, when it was split by host; 0 of 0: whole */
    struct text source;      /* local or remote */
    struct text hostname;
    LIST_OF(struct gpu) gpus;
    LIST_OF(struct cpu) cpus;
    LIST_OF(struct memory) memory;
    LIST_OF(struct chassis) chassis;
    LIST_OF(struct process) processes;
    LIST_OF(struct storage) storage;
    LIST_OF(struct network) networks;
    LIST_OF(struct frame_error) errors;
    struct arena arena;      /* owns every text and list above; one free for all */
};

#endif
