/* collect/gpu/nvml.c: loads NVIDIA's management library (NVML) and finds its calls by name. */
#include "collect/gpu/nvml.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define SYSTEM_LIBRARY "libnvidia-ml.so.1"

#define CALL(member, ...)                                                                                              \
    {                                                                                                                  \
        offsetof(struct nvml, member), false, {                                                                        \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define NEEDED(member, ...)                                                                                            \
    {                                                                                                                  \
        offsetof(struct nvml, member), true, {                                                                         \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

static const struct symbol {
    size_t member;
    bool needed;
    const char *names[2]; /* the newest first; an older one of the same form, or NULL */
} symbols[] = {
    NEEDED(init, "nvmlInit_v2", "nvmlInit"),
    NEEDED(shutdown, "nvmlShutdown"),
    NEEDED(device_count, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"),
    NEEDED(device_by_index, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"),
    NEEDED(device_by_pci, "nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetHandleByPciBusId"),
    NEEDED(pci_info, "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"),
    NEEDED(uuid, "nvmlDeviceGetUUID"),
    CALL(name, "nvmlDeviceGetName"),
    CALL(driver_version, "nvmlSystemGetDriverVersion"),
    CALL(cuda_version, "nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"),
    CALL(vbios_version, "nvmlDeviceGetVbiosVersion"),
    CALL(gsp_version, "nvmlDeviceGetGspFirmwareVersion"),
    CALL(gsp_mode, "nvmlDeviceGetGspFirmwareMode"),
    CALL(architecture, "nvmlDeviceGetArchitecture"),
    CALL(core_count, "nvmlDeviceGetNumGpuCores"),
    CALL(numa_node, "nvmlDeviceGetNumaNodeId"),
    CALL(compute_mode, "nvmlDeviceGetComputeMode"),
    CALL(persistence_mode, "nvmlDeviceGetPersistenceMode"),
    CALL(ecc_mode, "nvmlDeviceGetEccMode"),
    CALL(mig_mode, "nvmlDeviceGetMigMode"),
    CALL(power_limits, "nvmlDeviceGetPowerManagementLimitConstraints"),
    CALL(power_limit_default, "nvmlDeviceGetPowerManagementDefaultLimit"),
    CALL(pcie_generation, "nvmlDeviceGetCurrPcieLinkGeneration"),
    CALL(pcie_width, "nvmlDeviceGetCurrPcieLinkWidth"),
    CALL(utilization, "nvmlDeviceGetUtilizationRates"),
    CALL(memory, "nvmlDeviceGetMemoryInfo"),
    CALL(memory_v2, "nvmlDeviceGetMemoryInfo_v2"),
    CALL(temperature, "nvmlDeviceGetTemperature"),
    CALL(temperature_v, "nvmlDeviceGetTemperatureV"),
    CALL(temperature_threshold, "nvmlDeviceGetTemperatureThreshold"),
    CALL(power_usage, "nvmlDeviceGetPowerUsage"),
    CALL(power_limit, "nvmlDeviceGetEnforcedPowerLimit"),
    CALL(energy, "nvmlDeviceGetTotalEnergyConsumption"),
    CALL(clock, "nvmlDeviceGetClockInfo"),
    CALL(clock_reasons, "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"),
    CALL(performance_state, "nvmlDeviceGetPerformanceState"),
    CALL(fan_count, "nvmlDeviceGetNumFans"),
    CALL(fan_percent, "nvmlDeviceGetFanSpeed"),
    CALL(fan_percent_of, "nvmlDeviceGetFanSpeed_v2"),
    CALL(fan_speed, "nvmlDeviceGetFanSpeedRPM"),
    CALL(encoder, "nvmlDeviceGetEncoderUtilization"),
    CALL(decoder, "nvmlDeviceGetDecoderUtilization"),
    CALL(jpeg, "nvmlDeviceGetJpgUtilization"),
    CALL(ofa, "nvmlDeviceGetOfaUtilization"),
    CALL(ecc_errors, "nvmlDeviceGetTotalEccErrors"),
    CALL(field_values, "nvmlDeviceGetFieldValues"),
    CALL(nvlink_state, "nvmlDeviceGetNvLinkState"),
    CALL(nvlink_remote, "nvmlDeviceGetNvLinkRemoteDeviceType"),
    CALL(event_set_create, "nvmlEventSetCreate"),
    CALL(event_set_free, "nvmlEventSetFree"),
    CALL(event_wait, "nvmlEventSetWait_v2", "nvmlEventSetWait"),
    CALL(register_events, "nvmlDeviceRegisterEvents"),
    CALL(mig_count, "nvmlDeviceGetMaxMigDeviceCount"),
    CALL(mig_by_index, "nvmlDeviceGetMigDeviceHandleByIndex"),
    CALL(gpu_instance, "nvmlDeviceGetGpuInstanceId"),
    CALL(attributes, "nvmlDeviceGetAttributes_v2"),
    CALL(compute_processes, "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"),
    CALL(compute_processes_v1, "nvmlDeviceGetComputeRunningProcesses"),
    CALL(graphics_processes, "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"),
    CALL(graphics_processes_v1, "nvmlDeviceGetGraphicsRunningProcesses"),
    CALL(mps_processes, "nvmlDeviceGetMPSComputeRunningProcesses_v3", "nvmlDeviceGetMPSComputeRunningProcesses_v2"),
    CALL(mps_processes_v1, "nvmlDeviceGetMPSComputeRunningProcesses"),
    CALL(process_utilization, "nvmlDeviceGetProcessUtilization"),
    CALL(gpm_support, "nvmlGpmQueryDeviceSupport"),
    CALL(gpm_alloc, "nvmlGpmSampleAlloc"),
    CALL(gpm_free, "nvmlGpmSampleFree"),
    CALL(gpm_take, "nvmlGpmSampleGet"),
    CALL(gpm_take_mig, "nvmlGpmMigSampleGet"),
    CALL(gpm_metrics, "nvmlGpmMetricsGet"),
};

static bool find(struct nvml *nvml, const struct symbol *s) {
    for (size_t i = 0; i < COUNT_OF(s->names) && s->names[i]; i++) {
        void *at = dlsym(nvml->library, s->names[i]);
        if (!at)
            continue;
        memcpy((char *)nvml + s->member, &at, sizeof at); /* C has no cast from an object's pointer to a function's */
        return true;
    }
    return false;
}

int nvml_load(const char *path, struct nvml *ret, struct error *err) {
    struct nvml nvml = {.library = dlopen(path ? path : SYSTEM_LIBRARY, RTLD_NOW | RTLD_LOCAL)};
    if (!nvml.library) {
        const char *why = dlerror();
        return error_set(
            err, path ? ERR_OS : ERR_ABSENT, "load NVIDIA's management library: %s", why ? why : "it fails");
    }
    for (size_t i = 0; i < COUNT_OF(symbols); i++) {
        if (find(&nvml, &symbols[i]) || !symbols[i].needed)
            continue;
        (void)dlclose(nvml.library);
        return error_set(err, ERR_FORMAT, "%s is no management library of NVIDIA's, or a very old one: it lacks %s",
            path ? path : SYSTEM_LIBRARY, symbols[i].names[0]);
    }
    *ret = nvml;
    return 0;
}

void nvml_unload(struct nvml *nvml) {
    if (nvml->library)
        (void)dlclose(nvml->library);
    *nvml = (struct nvml){.library = NULL};
}

const char *nvml_words(int result) {
    static const struct {
        int result;
        const char *words;
    } known[] = {
        {NVML_OK, "it works"},
        {NVML_UNINITIALIZED, "the library is not initialised"},
        {NVML_INVALID_ARGUMENT, "invalid argument"},
        {NVML_NOT_SUPPORTED, "not supported"},
        {NVML_NO_PERMISSION, "no permission"},
        {NVML_NOT_FOUND, "not found"},
        {NVML_INSUFFICIENT_SIZE, "more than there was room for"},
        {NVML_DRIVER_NOT_LOADED, "the kernel's driver is not loaded"},
        {NVML_TIMEOUT, "no answer in time"},
        {NVML_IRQ_ISSUE, "the kernel has trouble with the card's interrupts"},
        {NVML_LIBRARY_NOT_FOUND, "a library of the driver was not found"},
        {NVML_FUNCTION_NOT_FOUND, "the driver has no such function"},
        {NVML_GPU_IS_LOST, "the GPU is lost: it has fallen off the bus or does not answer any more"},
        {NVML_RESET_REQUIRED, "the GPU has to be reset"},
        {NVML_OPERATING_SYSTEM, "the operating system or a control group denies the device"},
        {NVML_VERSION_MISMATCH,
            "the versions of library and kernel module differ (a driver was installed since the start)"},
        {NVML_ARGUMENT_VERSION_MISMATCH, "the driver wants another version of the call"},
        {NVML_DEPRECATED, "the driver does not do this any more"},
        {NVML_NOT_READY, "not ready"},
        {NVML_GPU_NOT_FOUND, "no GPU"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].result == result)
            return known[i].words;
    return "unknown error of the driver";
}
