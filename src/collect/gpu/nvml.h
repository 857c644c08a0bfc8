/* collect/gpu/nvml.h: the part of NVIDIA's management library (NVML) that is used here: its public binary interface, loaded at
 * run time. */
#ifndef TACHO_COLLECT_GPU_NVML_H
#define TACHO_COLLECT_GPU_NVML_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

/* Handles are the library's; none is valid after nvmlShutdown, and one of a lost card not any more. */
typedef struct nvml_device_handle *nvml_device;
typedef struct nvml_event_set_handle *nvml_event_set;
typedef struct nvml_gpm_sample_handle *nvml_gpm_sample;

enum nvml_result {
    NVML_OK = 0,
    NVML_UNINITIALIZED = 1,
    NVML_INVALID_ARGUMENT = 2,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_INSUFFICIENT_SIZE = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_TIMEOUT = 10,
    NVML_IRQ_ISSUE = 11,
    NVML_LIBRARY_NOT_FOUND = 12,
    NVML_FUNCTION_NOT_FOUND = 13,
    NVML_GPU_IS_LOST = 15,
    NVML_RESET_REQUIRED = 16,
    NVML_OPERATING_SYSTEM = 17,
    NVML_VERSION_MISMATCH = 18,
    NVML_ARGUMENT_VERSION_MISMATCH = 25,
    NVML_DEPRECATED = 26,
    NVML_NOT_READY = 27,
    NVML_GPU_NOT_FOUND = 28,
    NVML_UNKNOWN_ERROR = 999,
};

enum {
    NVML_NAME_BYTES = 96,    /* at least what the library wants for names, UUIDs and versions */
    NVML_GSP_BYTES = 256,    /* of a version without a length of its own: the library writes up to 64 */
    NVML_LINKS_MAX = 36,     /* NVLinks of a card */
    NVML_GPM_METRICS = 333,  /* entries in the library's newest structure; older libraries know fewer */
    NVML_ALL_LINKS = -1,     /* scope of a field: the sum of all links */
};

enum { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1, NVML_CLOCK_MEMORY = 2 };
enum { NVML_SENSOR_GPU = 0 };
enum { NVML_THRESHOLD_SHUTDOWN = 0, NVML_THRESHOLD_SLOWDOWN = 1, NVML_THRESHOLD_GPU_MAX = 3, NVML_THRESHOLD_ACOUSTIC = 5 };
enum { NVML_ECC_CORRECTED = 0, NVML_ECC_UNCORRECTED = 1 };
enum { NVML_ECC_VOLATILE = 0 };
enum { NVML_LINK_TO_GPU = 0, NVML_LINK_TO_IBMNPU = 1, NVML_LINK_TO_SWITCH = 2 };
#define NVML_EVENT_XID 8ULL

enum nvml_field { /* what nvmlDeviceGetFieldValues is asked for */
    NVML_FIELD_ECC_CORRECTED = 3,        /* volatile totals */
    NVML_FIELD_ECC_UNCORRECTED = 4,
    NVML_FIELD_RETIRED_SBE = 29,         /* pages, after several single bit errors and after a double bit error */
    NVML_FIELD_RETIRED_DBE = 30,
    NVML_FIELD_MEMORY_TEMPERATURE = 82,  /* °C */
    NVML_FIELD_ENERGY = 83,              /* mJ */
    NVML_FIELD_NVLINK_TX_KIB = 138,      /* data of the link that the scope names, or of NVML_ALL_LINKS */
    NVML_FIELD_NVLINK_RX_KIB = 139,
    NVML_FIELD_REMAPPED_CORRECTABLE = 142,
    NVML_FIELD_REMAPPED_UNCORRECTABLE = 143,
    NVML_FIELD_NVLINK_SPEED = 164,       /* MB/s of the link that the scope names */
    NVML_FIELD_NVLINK_STATE = 165,       /* 1: active */
    NVML_FIELD_POWER_INSTANT = 186,      /* mW; scope 0 is the GPU without its module */
    NVML_FIELD_POWER_LIMIT = 190,        /* mW, as enforced */
    NVML_FIELD_PCIE_TX_BYTES = 197,      /* counters; may wrap */
    NVML_FIELD_PCIE_RX_BYTES = 198,
    NVML_FIELD_NVLINK5_TX_BYTES = 202,   /* of one link */
    NVML_FIELD_NVLINK5_RX_BYTES = 204,
};

enum nvml_value_type {
    NVML_VALUE_DOUBLE = 0, NVML_VALUE_UINT = 1, NVML_VALUE_ULONG = 2, NVML_VALUE_ULONGLONG = 3, NVML_VALUE_LONGLONG = 4,
    NVML_VALUE_INT = 5, NVML_VALUE_USHORT = 6,
};

enum nvml_gpm_metric { /* percent, but for PCIe: MiB/s */
    NVML_GPM_GRAPHICS_UTIL = 1, NVML_GPM_SM_OCCUPANCY = 3, NVML_GPM_DRAM_BANDWIDTH = 10, NVML_GPM_PCIE_TX = 20,
    NVML_GPM_PCIE_RX = 21,
};

/* The library tells structures of different generations apart by their size. */
#define NVML_VERSION_OF(type, generation) ((unsigned)sizeof(type) | (unsigned)(generation) << 24)
#define NVML_IF_64(size) (sizeof(void *) != 8 || (size)) /* elsewhere the platform's own rules lay them out */
#define NVML_LAYOUT(type, size) _Static_assert(NVML_IF_64(sizeof(type) == (size)), "size of " #type)
#define NVML_PLACE(type, member, offset) _Static_assert(NVML_IF_64(offsetof(type, member) == (offset)), #type "." #member)

struct nvml_pci_info { /* of version 3; its start is that of the older ones, which are shorter */
    char bus_id_legacy[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char bus_id[32];
};
NVML_LAYOUT(struct nvml_pci_info, 68);
NVML_PLACE(struct nvml_pci_info, domain, 16);

struct nvml_utilization {
    unsigned gpu, memory;
};
NVML_LAYOUT(struct nvml_utilization, 8);

struct nvml_memory {
    unsigned long long total, free, used; /* bytes; used includes what the driver keeps for itself */
};
NVML_LAYOUT(struct nvml_memory, 24);

struct nvml_memory_v2 {
    unsigned version; /* NVML_VERSION_OF(…, 2) */
    unsigned long long total, reserved, free, used;
};
NVML_LAYOUT(struct nvml_memory_v2, 40);
NVML_PLACE(struct nvml_memory_v2, used, 32);

struct nvml_temperature {
    unsigned version; /* NVML_VERSION_OF(…, 1) */
    unsigned sensor;
    int celsius;
};
NVML_LAYOUT(struct nvml_temperature, 12);

struct nvml_fan_speed {
    unsigned version; /* NVML_VERSION_OF(…, 1) */
    unsigned fan, rpm;
};
NVML_LAYOUT(struct nvml_fan_speed, 12);

struct nvml_field_value {
    unsigned field, scope; /* in */
    long long timestamp_us, latency_us;
    unsigned type;         /* enum nvml_value_type */
    unsigned result;       /* enum nvml_result of this field */
    union {
        double f64;
        unsigned u32;
        unsigned long ulong;
        unsigned long long u64;
        long long i64;
        int i32;
        unsigned short u16;
    } value;
};
NVML_LAYOUT(struct nvml_field_value, 40);
NVML_PLACE(struct nvml_field_value, type, 24);
NVML_PLACE(struct nvml_field_value, value, 32);

struct nvml_process_v1 {
    unsigned pid;
    unsigned long long memory; /* bytes; all ones: not known */
};
NVML_LAYOUT(struct nvml_process_v1, 16);

struct nvml_process_v2 { /* of the calls named _v2, and of those named _v3 … */
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};
NVML_LAYOUT(struct nvml_process_v2, 24);
NVML_PLACE(struct nvml_process_v2, memory, 8);

struct nvml_process_protected { /* … but for some drivers 535, whose _v3 writes these: no place for an entry may be smaller */
    struct nvml_process_v2 process;
    unsigned long long protected_memory;
};
NVML_LAYOUT(struct nvml_process_protected, 32);

struct nvml_process_utilization {
    unsigned pid;
    unsigned long long timestamp_us;
    unsigned sm, memory, encoder, decoder; /* percent */
};
NVML_LAYOUT(struct nvml_process_utilization, 32);
NVML_PLACE(struct nvml_process_utilization, sm, 16);

struct nvml_attributes { /* of a MIG instance */
    unsigned multiprocessors, copy_engines, decoders, encoders, jpeg_engines, ofa_engines;
    unsigned gpu_slices, compute_slices;
    unsigned long long memory_mib;
};
NVML_LAYOUT(struct nvml_attributes, 40);
NVML_PLACE(struct nvml_attributes, gpu_slices, 24);

struct nvml_event { /* the first version of the call fills the first three members only */
    nvml_device device;
    unsigned long long type, data;
    unsigned gpu_instance, compute_instance;
};
NVML_LAYOUT(struct nvml_event, 32);

struct nvml_gpm_support {
    unsigned version; /* 1 */
    unsigned supported;
};
NVML_LAYOUT(struct nvml_gpm_support, 8);

struct nvml_gpm_value {
    unsigned metric; /* in */
    unsigned result;
    double value;
    const char *short_name, *long_name, *unit;
};
NVML_LAYOUT(struct nvml_gpm_value, 40);

struct nvml_gpm_query {
    unsigned version; /* 1 */
    unsigned n;
    nvml_gpm_sample older, newer;
    struct nvml_gpm_value values[NVML_GPM_METRICS];
};
NVML_PLACE(struct nvml_gpm_query, values, 24);
NVML_LAYOUT(struct nvml_gpm_query, 24 + 40 * NVML_GPM_METRICS);

/* The library's calls; NULL where it has no such one. All return enum nvml_result, may block, and are safe from any thread. */
struct nvml {
    void *library;
    int (*init)(void);
    int (*shutdown)(void);
    int (*driver_version)(char *, unsigned);
    int (*cuda_version)(int *);
    int (*device_count)(unsigned *);
    int (*device_by_index)(unsigned, nvml_device *);
    int (*device_by_pci)(const char *, nvml_device *);

    int (*name)(nvml_device, char *, unsigned);
    int (*uuid)(nvml_device, char *, unsigned);
    int (*pci_info)(nvml_device, struct nvml_pci_info *);
    int (*vbios_version)(nvml_device, char *, unsigned);
    int (*gsp_version)(nvml_device, char *);
    int (*gsp_mode)(nvml_device, unsigned *enabled, unsigned *by_default);
    int (*architecture)(nvml_device, unsigned *);
    int (*core_count)(nvml_device, unsigned *);
    int (*numa_node)(nvml_device, unsigned *);
    int (*compute_mode)(nvml_device, unsigned *);
    int (*persistence_mode)(nvml_device, unsigned *);
    int (*ecc_mode)(nvml_device, unsigned *current, unsigned *pending);
    int (*mig_mode)(nvml_device, unsigned *current, unsigned *pending);
    int (*power_limits)(nvml_device, unsigned *min_mw, unsigned *max_mw);
    int (*power_limit_default)(nvml_device, unsigned *mw);
    int (*pcie_generation)(nvml_device, unsigned *);
    int (*pcie_width)(nvml_device, unsigned *);

    int (*utilization)(nvml_device, struct nvml_utilization *);
    int (*memory)(nvml_device, struct nvml_memory *);
    int (*memory_v2)(nvml_device, struct nvml_memory_v2 *);
    int (*temperature)(nvml_device, unsigned sensor, unsigned *celsius);
    int (*temperature_v)(nvml_device, struct nvml_temperature *);
    int (*temperature_threshold)(nvml_device, unsigned which, unsigned *celsius);
    int (*power_usage)(nvml_device, unsigned *mw);
    int (*power_limit)(nvml_device, unsigned *mw);
    int (*energy)(nvml_device, unsigned long long *mj);
    int (*clock)(nvml_device, unsigned which, unsigned *mhz);
    int (*clock_reasons)(nvml_device, unsigned long long *bits);
    int (*performance_state)(nvml_device, unsigned *);
    int (*fan_count)(nvml_device, unsigned *);
    int (*fan_percent)(nvml_device, unsigned *);
    int (*fan_percent_of)(nvml_device, unsigned fan, unsigned *);
    int (*fan_speed)(nvml_device, struct nvml_fan_speed *);
    int (*encoder)(nvml_device, unsigned *percent, unsigned *period_us);
    int (*decoder)(nvml_device, unsigned *percent, unsigned *period_us);
    int (*jpeg)(nvml_device, unsigned *percent, unsigned *period_us);
    int (*ofa)(nvml_device, unsigned *percent, unsigned *period_us);
    int (*ecc_errors)(nvml_device, unsigned type, unsigned counter, unsigned long long *);
    int (*field_values)(nvml_device, int n, struct nvml_field_value *);
    int (*nvlink_state)(nvml_device, unsigned link, unsigned *);
    int (*nvlink_remote)(nvml_device, unsigned link, unsigned *);

    int (*event_set_create)(nvml_event_set *);
    int (*event_set_free)(nvml_event_set);
    int (*event_wait)(nvml_event_set, struct nvml_event *, unsigned ms);
    int (*register_events)(nvml_device, unsigned long long types, nvml_event_set);

    int (*mig_count)(nvml_device, unsigned *);
    int (*mig_by_index)(nvml_device, unsigned, nvml_device *);
    int (*gpu_instance)(nvml_device mig, unsigned *);
    int (*attributes)(nvml_device mig, struct nvml_attributes *);

    /* *n: places in, entries out. Entries of calls that end in _v1 are nvml_process_v1. */
    int (*compute_processes)(nvml_device, unsigned *n, void *);
    int (*compute_processes_v1)(nvml_device, unsigned *n, void *);
    int (*graphics_processes)(nvml_device, unsigned *n, void *);
    int (*graphics_processes_v1)(nvml_device, unsigned *n, void *);
    int (*mps_processes)(nvml_device, unsigned *n, void *);
    int (*mps_processes_v1)(nvml_device, unsigned *n, void *);
    int (*process_utilization)(nvml_device, struct nvml_process_utilization *, unsigned *n, unsigned long long since_us);

    int (*gpm_support)(nvml_device, struct nvml_gpm_support *);
    int (*gpm_alloc)(nvml_gpm_sample *);
    int (*gpm_free)(nvml_gpm_sample);
    int (*gpm_take)(nvml_device, nvml_gpm_sample);
    int (*gpm_take_mig)(nvml_device, unsigned gpu_instance, nvml_gpm_sample);
    int (*gpm_metrics)(struct nvml_gpm_query *);
};

/* Loads the library; `path` NULL: the system's. Does not initialise it. -ERR_ABSENT when the system has none, -ERR_FORMAT when
 * it lacks calls that nothing goes without, -ERR_OS when a `path` that was named cannot be loaded. End with nvml_unload. */
int nvml_load(const char *path, struct nvml *ret, struct error *err) NODISCARD;
void nvml_unload(struct nvml *nvml); /* no call may be under way */

const char *nvml_words(int result); /* what a result means, in lower case */

#endif
