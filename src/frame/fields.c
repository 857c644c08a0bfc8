/* frame/fields.c: one line per reading: its key, type, form in the file, unit and meaning (schema 1). */
#include "frame/field.h"
#include "frame/frame.h"

/* The offset of member `m`, checked at compile time to be of type T. */
#define OFFSET(m, T)                                                                                                   \
    (uint16_t)(offsetof(OWNER, m) + 0 * sizeof(struct {                                                                \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((OWNER *)0)->m), T), #m " is no " #T);                 \
        int unused;                                                                                                    \
    }))
/* clang-format off */
#define KEY(m) .key = {#m, sizeof(#m) - 1}, .json = {",\"" #m "\":", sizeof(#m) + 3}
#define ROW(m, T, kind, form, unit_, says_, ...)                                                                       \
    {KEY(m), .type = (kind), .presence = (form), .offset = OFFSET(m, T), .unit = (unit_), .says = (says_), __VA_ARGS__}
#define LIST_ROW(m, kind, form, says_, ...)                                                                            \
    {KEY(m), .type = (kind), .presence = (form), .offset = (uint16_t)offsetof(OWNER, m), .unit = "", .says = (says_),  \
        __VA_ARGS__}
/* clang-format on */

#define U64_MAX (UINT64_MAX - 1) /* UINT64_MAX itself means unknown */

#define TEXTF(m, form, says, ...) ROW(m, struct text, FIELD_TEXT, form, "", says, __VA_ARGS__)
#define U64(m, form, unit, says, ...) ROW(m, uint64_t, FIELD_U64, form, unit, says, .max = U64_MAX, __VA_ARGS__)
#define U32(m, form, unit, says, ...) ROW(m, uint64_t, FIELD_U64, form, unit, says, .max = UINT32_MAX, __VA_ARGS__)
#define U8(m, form, unit, says, ...) ROW(m, uint64_t, FIELD_U64, form, unit, says, .max = UINT8_MAX, __VA_ARGS__)
#define I32(m, form, unit, says, ...) ROW(m, int64_t, FIELD_I64, form, unit, says, .max = INT32_MAX, __VA_ARGS__)
#define F64(m, form, unit, says, ...) ROW(m, double, FIELD_F64, form, unit, says, __VA_ARGS__)
#define BOOLF(m, form, says, ...) ROW(m, enum yes_no, FIELD_BOOL, form, "", says, __VA_ARGS__)
#define OBJECT(m, T, form, says, table_) ROW(m, T, FIELD_OBJECT, form, "", says, .of = &(table_))
#define LIST(m, form, says, table_) LIST_ROW(m, FIELD_LIST, form, says, .of = &(table_))
#define TEXTS(m, form, says, ...) LIST_ROW(m, FIELD_TEXTS, form, says, __VA_ARGS__)
#define DETAIL(m, form, says) LIST_ROW(m, FIELD_DETAIL, form, says)

#define PERCENT FIELD_SENTINEL, "%"
#define UNKNOWN_IS_MINUS_1 .sentinel = -1.0
#define COUNTER .counter = true
#define NAMES .identity = true

#define TABLE(variable, type, name_, rows, ...)                                                                        \
    const struct field_table variable = {                                                                              \
        .name = (name_), .size = sizeof(type), .fields = (rows), .n = COUNT_OF(rows), .blank = &(type){}, __VA_ARGS__}

static const char *const device_types[] = {"GPU", "NPU", "TPU", NULL};
static const char *const link_types[] = {"unknown", "gpu", "ibmnpu", "switch", NULL};
static const char *const core_types[] = {"Standard", "Super", "Performance", "Efficiency", NULL};
static const char *const psu_states[] = {"Unknown", "Ok", "Degraded", "Failed", "NotPresent", NULL};
static const char *const platforms[] = {"Intel", "Amd", "AppleSilicon", "Arm", NULL};

#define OWNER struct nvlink
static const struct field nvlink_fields[] = {
    U32(link_index, FIELD_REQUIRED, "", "number of the link", NAMES),
    TEXTF(remote_type, FIELD_REQUIRED, "what is at the other end", .words = link_types),
    U32(bandwidth_mb_s, FIELD_NULLABLE, "MB/s", "bandwidth of the link"),
};
TABLE(nvlink_table, struct nvlink, "nvlink_remote_devices", nvlink_fields);
#undef OWNER

#define OWNER struct gpm
static const struct field gpm_fields[] = {
    F64(sm_occupancy, FIELD_NULLABLE, "share", "warps resident on the multiprocessors, 0-1"),
    F64(memory_bandwidth_utilization, FIELD_NULLABLE, "share", "memory bandwidth used, 0-1"),
};
static TABLE(gpm_table, struct gpm, "gpm_metrics", gpm_fields);
#undef OWNER

#define OWNER struct mig_instance
static const struct field mig_fields[] = {
    TEXTF(uuid, FIELD_REQUIRED, "device id of the instance", NAMES),
    TEXTF(profile, FIELD_OPTIONAL, "MIG profile, as 1g.10gb"),
    U64(used_memory, FIELD_OPTIONAL, "bytes", "memory in use"),
    U64(total_memory, FIELD_OPTIONAL, "bytes", "memory of the instance"),
    F64(utilization, FIELD_OPTIONAL, "%", "share of time with work on the instance"),
};
TABLE(mig_table, struct mig_instance, "mig_instances", mig_fields);
#undef OWNER

#define OWNER struct gpu
static const struct field gpu_fields[] = {
    TEXTF(uuid, FIELD_REQUIRED, "device id; unique across hosts", NAMES),
    TEXTF(time, FIELD_REQUIRED, "local time of the reading"),
    TEXTF(name, FIELD_REQUIRED, "product name"),
    TEXTF(device_type, FIELD_REQUIRED, "GPU, NPU or TPU", .words = device_types),
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(hostname, FIELD_REQUIRED, "host name for people"),
    TEXTF(instance, FIELD_REQUIRED, "Prometheus instance"),
    F64(utilization, PERCENT, "share of time with work on the device", UNKNOWN_IS_MINUS_1),
    F64(ane_utilization, FIELD_SENTINEL, "mW", "power of the Apple Neural Engine"),
    F64(dla_utilization, FIELD_NULLABLE, "%", "deep learning accelerator"),
    F64(tensorcore_utilization, FIELD_NULLABLE, "%", "tensor cores"),
    U32(temperature, FIELD_SENTINEL, "\302\260C", "core temperature"),
    U64(used_memory, FIELD_SENTINEL, "bytes", "memory in use"),
    U64(total_memory, FIELD_SENTINEL, "bytes", "memory of the device"),
    U32(frequency, FIELD_SENTINEL, "MHz", "core clock"),
    F64(power_consumption, FIELD_SENTINEL, "W", "power drawn", UNKNOWN_IS_MINUS_1),
    U32(gpu_core_count, FIELD_NULLABLE, "", "number of cores"),
    U32(temperature_threshold_slowdown, FIELD_NULLABLE, "\302\260C", "the device slows down at"),
    U32(temperature_threshold_shutdown, FIELD_NULLABLE, "\302\260C", "the device shuts down at"),
    U32(temperature_threshold_max_operating, FIELD_NULLABLE, "\302\260C", "highest operating temperature"),
    U32(temperature_threshold_acoustic, FIELD_NULLABLE, "\302\260C", "acoustic limit"),
    U32(performance_state, FIELD_NULLABLE, "", "P-state, 0 (fastest) to 15"),
    U32(fan_speed_rpm, FIELD_NULLABLE, "rpm", "fan speed"),
    I32(numa_node_id, FIELD_NULLABLE, "", "NUMA node of the device"),
    U8(gsp_firmware_mode, FIELD_NULLABLE, "", "GSP firmware: 0 off, 1 on, 2 default"),
    TEXTF(gsp_firmware_version, FIELD_NULLABLE, "GSP firmware version"),
    LIST(nvlink_remote_devices, FIELD_REQUIRED, "NVLink peers", nvlink_table),
    OBJECT(gpm_metrics, struct gpm, FIELD_NULLABLE, "GPU performance monitoring", gpm_table),
    DETAIL(detail, FIELD_REQUIRED, "what the vendor says about the device"),
    U32(index, FIELD_OPTIONAL, "", "number of the device on its host"),
    TEXTF(pci_bus_id, FIELD_OPTIONAL, "PCI address"),
    TEXTF(vendor, FIELD_OPTIONAL, "nvidia, amd, intel or other"),
    F64(memory_utilization, FIELD_OPTIONAL, "%", "share of time the memory controller was busy"),
    U32(memory_frequency_mhz, FIELD_OPTIONAL, "MHz", "memory clock"),
    U32(sm_frequency_mhz, FIELD_OPTIONAL, "MHz", "multiprocessor clock"),
    U32(memory_temperature, FIELD_OPTIONAL, "\302\260C", "memory temperature"),
    U32(fan_speed_percent, FIELD_OPTIONAL, "%", "fan speed, share of the highest"),
    F64(power_limit_watts, FIELD_OPTIONAL, "W", "enforced power limit"),
    F64(energy_joules, FIELD_OPTIONAL, "J", "energy used", COUNTER),
    F64(encoder_utilization, FIELD_OPTIONAL, "%", "video encoder"),
    F64(decoder_utilization, FIELD_OPTIONAL, "%", "video decoder"),
    F64(jpeg_utilization, FIELD_OPTIONAL, "%", "JPEG decoder"),
    F64(ofa_utilization, FIELD_OPTIONAL, "%", "optical flow accelerator"),
    U32(pcie_generation, FIELD_OPTIONAL, "", "present PCIe generation"),
    U32(pcie_width, FIELD_OPTIONAL, "lanes", "present PCIe width"),
    U64(pcie_rx_bytes_per_second, FIELD_OPTIONAL, "bytes/s", "PCIe received, sampled by the driver"),
    U64(pcie_tx_bytes_per_second, FIELD_OPTIONAL, "bytes/s", "PCIe sent, sampled by the driver"),
    U64(nvlink_rx_bytes, FIELD_OPTIONAL, "bytes", "NVLink received", COUNTER),
    U64(nvlink_tx_bytes, FIELD_OPTIONAL, "bytes", "NVLink sent", COUNTER),
    TEXTS(throttle_reasons, FIELD_OPTIONAL,
        "why the clock is held back: power_cap, thermal, hw_slowdown, idle \342\200\246"),
    U64(ecc_corrected, FIELD_OPTIONAL, "", "corrected memory errors since the driver was loaded", COUNTER),
    U64(ecc_uncorrected, FIELD_OPTIONAL, "", "uncorrected memory errors since the driver was loaded", COUNTER),
    U32(retired_pages, FIELD_OPTIONAL, "", "memory pages taken out of use"),
    U32(remapped_rows, FIELD_OPTIONAL, "", "memory rows remapped"),
    U32(last_xid, FIELD_OPTIONAL, "", "last NVIDIA driver error (XID)"),
    LIST(mig_instances, FIELD_OPTIONAL, "multi-instance GPU parts", mig_table),
    TEXTF(compute_mode, FIELD_OPTIONAL, "who may compute on the device"),
    TEXTF(persistence_mode, FIELD_OPTIONAL, "does the driver stay loaded"),
};
TABLE(gpu_table, struct gpu, "gpus", gpu_fields);
#undef OWNER

#define OWNER struct cpu_socket
static const struct field socket_fields[] = {
    U32(socket_id, FIELD_REQUIRED, "", "number of the socket", NAMES),
    F64(utilization, PERCENT, "share of time not idle", UNKNOWN_IS_MINUS_1),
    U32(cores, FIELD_SENTINEL, "", "cores of the socket"),
    U32(threads, FIELD_SENTINEL, "", "hardware threads of the socket"),
    U32(temperature, FIELD_NULLABLE, "\302\260C", "package temperature"),
    U32(frequency_mhz, FIELD_SENTINEL, "MHz", "mean clock of its cores"),
};
TABLE(socket_table, struct cpu_socket, "per_socket_info", socket_fields);
#undef OWNER

#define OWNER struct cpu_core
static const struct field core_fields[] = {
    U32(core_id, FIELD_REQUIRED, "", "number of the hardware thread, as the kernel counts", NAMES),
    TEXTF(core_type, FIELD_REQUIRED, "kind of core", .words = core_types),
    F64(utilization, PERCENT, "share of time not idle", UNKNOWN_IS_MINUS_1),
    U32(frequency_mhz, FIELD_OPTIONAL, "MHz", "present clock"),
};
TABLE(core_table, struct cpu_core, "per_core_utilization", core_fields);
#undef OWNER

#define OWNER struct apple_silicon
static const struct field apple_fields[] = {
    U32(s_core_count, FIELD_REQUIRED, "", "super cores"),
    U32(p_core_count, FIELD_REQUIRED, "", "performance cores"),
    U32(e_core_count, FIELD_REQUIRED, "", "efficiency cores"),
    U32(gpu_core_count, FIELD_REQUIRED, "", "GPU cores"),
    F64(s_core_utilization, FIELD_REQUIRED, "%", "super cores"),
    F64(p_core_utilization, FIELD_REQUIRED, "%", "performance cores"),
    F64(e_core_utilization, FIELD_REQUIRED, "%", "efficiency cores"),
    F64(ane_ops_per_second, FIELD_NULLABLE, "1/s", "operations of the neural engine"),
    U32(s_cluster_frequency_mhz, FIELD_NULLABLE, "MHz", "super cluster"),
    U32(p_cluster_frequency_mhz, FIELD_NULLABLE, "MHz", "performance cluster"),
    U32(e_cluster_frequency_mhz, FIELD_NULLABLE, "MHz", "efficiency cluster"),
    U32(s_core_l2_cache_mb, FIELD_NULLABLE, "MiB", "L2 cache of a super core"),
    U32(p_core_l2_cache_mb, FIELD_NULLABLE, "MiB", "L2 cache of a performance core"),
    U32(e_core_l2_cache_mb, FIELD_NULLABLE, "MiB", "L2 cache of an efficiency core"),
};
static TABLE(apple_table, struct apple_silicon, "apple_silicon_info", apple_fields);
#undef OWNER

#define OWNER struct stall
static const struct field stall_fields[] = {
    F64(some_avg10, FIELD_OPTIONAL, "%", "share of the last 10 s in which some task waited"),
    U64(some_total_us, FIELD_OPTIONAL, "\302\265s", "time in which some task waited", COUNTER),
    F64(full_avg10, FIELD_OPTIONAL, "%", "share of the last 10 s in which all tasks waited"),
    U64(full_total_us, FIELD_OPTIONAL, "\302\265s", "time in which all tasks waited", COUNTER),
};
static TABLE(stall_table, struct stall, "stall", stall_fields);
#undef OWNER

#define OWNER struct pressure
static const struct field pressure_fields[] = {
    OBJECT(cpu, struct stall, FIELD_OPTIONAL, "waiting for a processor", stall_table),
    OBJECT(memory, struct stall, FIELD_OPTIONAL, "waiting for memory", stall_table),
    OBJECT(io, struct stall, FIELD_OPTIONAL, "waiting for input and output", stall_table),
};
static TABLE(pressure_table, struct pressure, "pressure", pressure_fields);
#undef OWNER

#define OWNER struct cpu
static const struct field cpu_fields[] = {
    U32(index, FIELD_REQUIRED, "", "0", NAMES),
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(hostname, FIELD_REQUIRED, "host name for people"),
    TEXTF(instance, FIELD_REQUIRED, "Prometheus instance"),
    TEXTF(cpu_model, FIELD_REQUIRED, "product name"),
    TEXTF(architecture, FIELD_REQUIRED, "as uname says"),
    TEXTF(platform_type, FIELD_REQUIRED, "maker", .words = platforms, .other_words = true),
    U32(socket_count, FIELD_SENTINEL, "", "sockets"),
    U32(total_cores, FIELD_SENTINEL, "", "cores"),
    U32(total_threads, FIELD_SENTINEL, "", "hardware threads"),
    U32(base_frequency_mhz, FIELD_SENTINEL, "MHz", "base clock"),
    U32(max_frequency_mhz, FIELD_SENTINEL, "MHz", "highest clock"),
    U32(cache_size_mb, FIELD_SENTINEL, "MiB", "last-level cache"),
    F64(utilization, PERCENT, "share of time not idle, all cores", UNKNOWN_IS_MINUS_1),
    U32(temperature, FIELD_NULLABLE, "\302\260C", "package temperature"),
    F64(power_consumption, FIELD_NULLABLE, "W", "power drawn"),
    LIST(per_socket_info, FIELD_REQUIRED, "sockets", socket_table),
    OBJECT(apple_silicon_info, struct apple_silicon, FIELD_NULLABLE, "Apple silicon", apple_table),
    LIST(per_core_utilization, FIELD_REQUIRED, "hardware threads", core_table),
    TEXTF(time, FIELD_REQUIRED, "local time of the reading"),
    F64(user, FIELD_OPTIONAL, "%", "share of time in user code, nice and guests left out"),
    F64(system, FIELD_OPTIONAL, "%", "share of time in the kernel"),
    F64(nice, FIELD_OPTIONAL, "%", "share of time in user code of low priority"),
    F64(iowait, FIELD_OPTIONAL, "%", "share of time idle with input or output under way"),
    F64(irq, FIELD_OPTIONAL, "%", "share of time in interrupts"),
    F64(softirq, FIELD_OPTIONAL, "%", "share of time in soft interrupts"),
    F64(steal, FIELD_OPTIONAL, "%", "share of time taken by the hypervisor"),
    F64(guest, FIELD_OPTIONAL, "%", "share of time running guests"),
    F64(load_1, FIELD_OPTIONAL, "", "load average of one minute"),
    F64(load_5, FIELD_OPTIONAL, "", "load average of five minutes"),
    F64(load_15, FIELD_OPTIONAL, "", "load average of fifteen minutes"),
    U32(processes_running, FIELD_OPTIONAL, "", "runnable tasks"),
    U32(processes_blocked, FIELD_OPTIONAL, "", "tasks that wait for input or output"),
    U64(context_switches, FIELD_OPTIONAL, "", "context switches", COUNTER),
    U64(interrupts, FIELD_OPTIONAL, "", "interrupts", COUNTER),
    U64(forks, FIELD_OPTIONAL, "", "processes and threads begun", COUNTER),
    F64(energy_joules, FIELD_OPTIONAL, "J", "energy used by the packages", COUNTER),
    OBJECT(pressure, struct pressure, FIELD_OPTIONAL, "pressure stall information", pressure_table),
    F64(uptime_seconds, FIELD_OPTIONAL, "s", "time since boot"),
    TEXTF(kernel, FIELD_OPTIONAL, "kernel release"),
};
TABLE(cpu_table, struct cpu, "cpus", cpu_fields);
#undef OWNER

#define OWNER struct numa_node
static const struct field numa_fields[] = {
    U32(node, FIELD_REQUIRED, "", "number of the node", NAMES),
    U64(total_bytes, FIELD_OPTIONAL, "bytes", "memory of the node"),
    U64(free_bytes, FIELD_OPTIONAL, "bytes", "free memory of the node"),
};
TABLE(numa_table, struct numa_node, "numa", numa_fields);
#undef OWNER

#define OWNER struct memory
static const struct field memory_fields[] = {
    U32(index, FIELD_REQUIRED, "", "0", NAMES),
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(hostname, FIELD_REQUIRED, "host name for people"),
    TEXTF(instance, FIELD_REQUIRED, "Prometheus instance"),
    U64(total_bytes, FIELD_SENTINEL, "bytes", "usable memory"),
    U64(used_bytes, FIELD_REQUIRED, "bytes", "total less available"),
    U64(available_bytes, FIELD_REQUIRED, "bytes", "what new work could have without swapping"),
    U64(free_bytes, FIELD_REQUIRED, "bytes", "unused"),
    U64(buffers_bytes, FIELD_REQUIRED, "bytes", "block device buffers"),
    U64(cached_bytes, FIELD_REQUIRED, "bytes", "page cache"),
    U64(swap_total_bytes, FIELD_REQUIRED, "bytes", "swap space"),
    U64(swap_used_bytes, FIELD_REQUIRED, "bytes", "swap in use"),
    U64(swap_free_bytes, FIELD_REQUIRED, "bytes", "swap free"),
    F64(utilization, PERCENT, "used share of the total", UNKNOWN_IS_MINUS_1),
    TEXTF(time, FIELD_REQUIRED, "local time of the reading"),
    U64(shared_bytes, FIELD_OPTIONAL, "bytes", "shared memory and tmpfs"),
    U64(dirty_bytes, FIELD_OPTIONAL, "bytes", "waiting to be written to disk"),
    U64(slab_bytes, FIELD_OPTIONAL, "bytes", "kernel data structures"),
    U64(hugepages_total, FIELD_OPTIONAL, "", "huge pages set aside"),
    U64(hugepages_free, FIELD_OPTIONAL, "", "huge pages not in use"),
    U64(hugepage_bytes, FIELD_OPTIONAL, "bytes", "size of a huge page"),
    U64(page_faults_major, FIELD_OPTIONAL, "", "page faults that read from disk", COUNTER),
    U64(oom_kills, FIELD_OPTIONAL, "", "processes killed for want of memory", COUNTER),
    U64(swap_in_pages, FIELD_OPTIONAL, "", "pages read from swap", COUNTER),
    U64(swap_out_pages, FIELD_OPTIONAL, "", "pages written to swap", COUNTER),
    LIST(numa, FIELD_OPTIONAL, "NUMA nodes", numa_table),
};
TABLE(memory_table, struct memory, "memory", memory_fields);
#undef OWNER

#define OWNER struct fan
static const struct field fan_fields[] = {
    U32(id, FIELD_REQUIRED, "", "number of the fan", NAMES),
    TEXTF(name, FIELD_REQUIRED, "name of the fan"),
    U32(speed_rpm, FIELD_REQUIRED, "rpm", "speed"),
    U32(max_rpm, FIELD_SENTINEL, "rpm", "highest speed"),
};
TABLE(fan_table, struct fan, "fan_speeds", fan_fields);
#undef OWNER

#define OWNER struct psu
static const struct field psu_fields[] = {
    U32(id, FIELD_REQUIRED, "", "number of the power supply", NAMES),
    TEXTF(name, FIELD_REQUIRED, "name of the power supply"),
    TEXTF(status, FIELD_REQUIRED, "state", .words = psu_states),
    F64(power_watts, FIELD_NULLABLE, "W", "power drawn"),
};
TABLE(psu_table, struct psu, "psu_status", psu_fields);
#undef OWNER

#define OWNER struct temperature
static const struct field temperature_fields[] = {
    TEXTF(chip, FIELD_REQUIRED, "sensor chip", NAMES),
    TEXTF(label, FIELD_REQUIRED, "what it measures", NAMES),
    F64(celsius, FIELD_OPTIONAL, "\302\260C", "temperature"),
};
TABLE(temperature_table, struct temperature, "temperatures", temperature_fields);
#undef OWNER

#define OWNER struct chassis
static const struct field chassis_fields[] = {
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(hostname, FIELD_REQUIRED, "host name for people"),
    TEXTF(instance, FIELD_REQUIRED, "Prometheus instance"),
    F64(total_power_watts, FIELD_NULLABLE, "W", "power drawn by the machine"),
    F64(inlet_temperature, FIELD_NULLABLE, "\302\260C", "air going in"),
    F64(outlet_temperature, FIELD_NULLABLE, "\302\260C", "air going out"),
    TEXTF(thermal_pressure, FIELD_NULLABLE, "how much heat holds the machine back"),
    LIST(fan_speeds, FIELD_REQUIRED, "fans", fan_table),
    LIST(psu_status, FIELD_REQUIRED, "power supplies", psu_table),
    DETAIL(detail, FIELD_REQUIRED, "what the firmware says about the machine"),
    TEXTF(time, FIELD_REQUIRED, "local time of the reading"),
    LIST(temperatures, FIELD_OPTIONAL, "temperature sensors", temperature_table),
    TEXTF(power_source, FIELD_OPTIONAL, "what total_power_watts is made of: ipmi, hwmon, rapl+gpu, rapl, gpu"),
};
TABLE(chassis_table, struct chassis, "chassis", chassis_fields);
#undef OWNER

#define OWNER struct process
static const struct field process_fields[] = {
    U32(device_id, FIELD_REQUIRED, "", "number of the GPU; 0 without one"),
    TEXTF(device_uuid, FIELD_REQUIRED, "device id of the GPU; empty without one", NAMES),
    U32(pid, FIELD_REQUIRED, "", "process id", NAMES),
    TEXTF(process_name, FIELD_REQUIRED, "name, as the kernel has it"),
    U64(used_memory, FIELD_REQUIRED, "bytes", "GPU memory in use"),
    F64(cpu_percent, PERCENT, "CPU time over the last cycle; 100 is one core", UNKNOWN_IS_MINUS_1),
    F64(memory_percent, PERCENT, "resident share of the machine's memory", UNKNOWN_IS_MINUS_1),
    U64(memory_rss, FIELD_REQUIRED, "bytes", "resident set size"),
    U64(memory_vms, FIELD_REQUIRED, "bytes", "virtual memory size"),
    TEXTF(user, FIELD_REQUIRED, "who runs it"),
    TEXTF(state, FIELD_REQUIRED, "R running, S sleeping, D waiting for a device, I idle, T stopped, Z zombie, X dead"),
    TEXTF(start_time, FIELD_REQUIRED, "seconds since 1970, as text"),
    U64(cpu_time, FIELD_REQUIRED, "s", "CPU time used", COUNTER),
    TEXTF(command, FIELD_REQUIRED, "command line"),
    U32(ppid, FIELD_REQUIRED, "", "process id of the parent"),
    U32(threads, FIELD_REQUIRED, "", "threads"),
    BOOLF(uses_gpu, FIELD_REQUIRED, "does it use a GPU"),
    I32(priority, FIELD_REQUIRED, "", "kernel scheduling priority"),
    I32(nice_value, FIELD_REQUIRED, "", "nice value"),
    F64(gpu_utilization, PERCENT, "share of time with its work on the GPU", UNKNOWN_IS_MINUS_1),
    TEXTF(host_id, FIELD_OPTIONAL, "the host as configured, or its name", NAMES),
    U64(io_read_bytes, FIELD_OPTIONAL, "bytes", "read from storage", COUNTER),
    U64(io_write_bytes, FIELD_OPTIONAL, "bytes", "written to storage", COUNTER),
    TEXTF(gpu_memory_kind, FIELD_OPTIONAL, "what used_memory counts"),
    TEXTF(unit, FIELD_OPTIONAL, "systemd unit"),
    TEXTF(cgroup, FIELD_OPTIONAL, "control group"),
    TEXTF(container, FIELD_OPTIONAL, "container id"),
    TEXTF(job, FIELD_OPTIONAL, "Slurm job or Kubernetes pod"),
    BOOLF(exited, FIELD_OPTIONAL, "seen to end since the last frame; its memory is the most it had"),
    I32(exit_code, FIELD_OPTIONAL, "", "exit status, or minus the number of the signal that ended it"),
    U64(start_ticks, FIELD_OPTIONAL, "ticks", "start after boot; with the pid it names the process", NAMES),
};
TABLE(process_table, struct process, "processes", process_fields);
#undef OWNER

#define OWNER struct storage
static const struct field storage_fields[] = {
    TEXTF(mount_point, FIELD_REQUIRED, "where it is mounted", NAMES),
    U64(total_bytes, FIELD_REQUIRED, "bytes", "size"),
    U64(available_bytes, FIELD_REQUIRED, "bytes", "free for ordinary users"),
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(hostname, FIELD_REQUIRED, "host name for people"),
    U32(index, FIELD_REQUIRED, "", "number in this list"),
    TEXTF(device, FIELD_OPTIONAL, "device or remote share"),
    TEXTF(filesystem, FIELD_OPTIONAL, "kind of file system"),
    U64(read_bytes, FIELD_OPTIONAL, "bytes", "read from the device", COUNTER),
    U64(write_bytes, FIELD_OPTIONAL, "bytes", "written to the device", COUNTER),
    U64(reads, FIELD_OPTIONAL, "", "reads completed", COUNTER),
    U64(writes, FIELD_OPTIONAL, "", "writes completed", COUNTER),
    U64(io_time_ms, FIELD_OPTIONAL, "ms", "time with requests under way", COUNTER),
    U64(inodes_total, FIELD_OPTIONAL, "", "inodes"),
    U64(inodes_free, FIELD_OPTIONAL, "", "free inodes"),
};
TABLE(storage_table, struct storage, "storage", storage_fields);
#undef OWNER

#define OWNER struct network
static const struct field network_fields[] = {
    TEXTF(host_id, FIELD_REQUIRED, "the host as configured, or its name", NAMES),
    TEXTF(name, FIELD_REQUIRED, "interface, or InfiniBand device and port", NAMES),
    U64(rx_bytes, FIELD_OPTIONAL, "bytes", "received", COUNTER),
    U64(tx_bytes, FIELD_OPTIONAL, "bytes", "sent", COUNTER),
    U64(rx_packets, FIELD_OPTIONAL, "", "packets received", COUNTER),
    U64(tx_packets, FIELD_OPTIONAL, "", "packets sent", COUNTER),
    U64(rx_errors, FIELD_OPTIONAL, "", "receive errors", COUNTER),
    U64(tx_errors, FIELD_OPTIONAL, "", "send errors", COUNTER),
    U64(rx_drops, FIELD_OPTIONAL, "", "received packets dropped", COUNTER),
    U64(tx_drops, FIELD_OPTIONAL, "", "packets to send dropped", COUNTER),
    U32(speed_mbps, FIELD_OPTIONAL, "Mbit/s", "link speed"),
    BOOLF(up, FIELD_OPTIONAL, "is the link up"),
    TEXTF(kind, FIELD_OPTIONAL, "ethernet, infiniband, loopback or other"),
};
TABLE(network_table, struct network, "networks", network_fields);
#undef OWNER

#define OWNER struct frame_error
static const struct field error_fields[] = {
    TEXTF(section, FIELD_REQUIRED, "which section could not be read whole"),
    TEXTF(kind, FIELD_REQUIRED, "timeout, error or panic"),
    TEXTF(message, FIELD_REQUIRED, "what went wrong"),
    TEXTF(host, FIELD_OPTIONAL, "on which host"),
};
TABLE(error_table, struct frame_error, "errors", error_fields, .plain = &error_fields[2]);
#undef OWNER

const struct section_info sections[SECTION_COUNT] = {
    [SECTION_GPU] = {"gpus", "gpu", offsetof(struct frame, gpus), &gpu_table},
    [SECTION_CPU] = {"cpus", "cpu", offsetof(struct frame, cpus), &cpu_table},
    [SECTION_MEMORY] = {"memory", "memory", offsetof(struct frame, memory), &memory_table},
    [SECTION_CHASSIS] = {"chassis", "chassis", offsetof(struct frame, chassis), &chassis_table},
    [SECTION_PROCESS] = {"processes", "process", offsetof(struct frame, processes), &process_table},
    [SECTION_STORAGE] = {"storage", "storage", offsetof(struct frame, storage), &storage_table},
    [SECTION_NETWORK] = {"networks", "network", offsetof(struct frame, networks), &network_table},
    [SECTION_ERROR] = {"errors", NULL, offsetof(struct frame, errors), &error_table},
};
