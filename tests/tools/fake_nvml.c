/* tools/fake_nvml.c: a stand-in for NVIDIA's management library, written after its public interface: it answers as its script
 * says (see fake_nvml_script.h). FAKE_OLD makes the library of an old driver, which has the first names only; FAKE_BARE one
 * that has but what nothing goes without. */
#include "fake_nvml.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef FAKE_OLD
#define NAME(new, old) old
#else
#define NAME(new, old) new
#endif

struct nvml_device_handle fake_handles[FAKE_CARDS][1 + FAKE_MIGS];
static atomic_int initialised;
static atomic_bool stuck[FAKE_CARDS]; /* lost until nvmlInit */

void fake_sleep(uint64_t ms) {
    struct timespec nap = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&nap, NULL);
}

/* What the script says of a call as such. */
static int scripted(int card, const char *call) {
    char text[FAKE_TEXT];
    int result = 0;
    unsigned ms = 0;
    for (unsigned i = 0; fake_line(card, call, i, text); i++) {
        if (sscanf(text, "error %d", &result) == 1)
            return result;
        if (sscanf(text, "sleep %u", &ms) == 1)
            fake_sleep(ms);
    }
    return NVML_OK;
}

int fake_begin(nvml_device d, const char *call) {
    char text[FAKE_TEXT];
    fake_refresh();
    if (atomic_load(&initialised) <= 0)
        return NVML_UNINITIALIZED;
    if (!d)
        return scripted(FAKE_NO_CARD, call);
    if (fake_text(d->card, "lost-until-init", text))
        stuck[d->card] = true;
    if (stuck[d->card] || fake_text(d->card, "lost", text))
        return NVML_GPU_IS_LOST;
    return scripted(d->card, call);
}

bool fake_value(nvml_device d, const char *key, uint64_t otherwise, uint64_t *ret) {
    char name[64];
    if (d->mig < 0)
        return fake_number(d->card, key, otherwise, ret, NULL);
    (void)snprintf(name, sizeof name, "mig%d.%s", d->mig, key);
    return fake_number(d->card, name, otherwise, ret, NULL);
}
int fake_answer(nvml_device d, const char *key, uint64_t otherwise, unsigned *ret) {
    uint64_t value = 0;
    if (!fake_value(d, key, otherwise, &value))
        return NVML_NOT_SUPPORTED;
    *ret = (unsigned)value;
    return NVML_OK;
}
int fake_answer_text(nvml_device d, const char *key, const char *otherwise, char *out, unsigned size) {
    char text[FAKE_TEXT];
    if (!fake_text(d ? d->card : FAKE_NO_CARD, key, text))
        (void)snprintf(text, sizeof text, "%s", otherwise);
    if (strcmp(text, "none") == 0)
        return NVML_NOT_SUPPORTED;
    if (strlen(text) >= size)
        return NVML_INSUFFICIENT_SIZE;
    memcpy(out, text, strlen(text) + 1);
    return NVML_OK;
}

bool fake_part(int card, unsigned which, struct fake_part *ret) {
    char text[FAKE_TEXT];
    return fake_line(card, "mig", which, text) && sscanf(text, "%31s %u %llu %llu %63s", ret->profile, &ret->instance,
                                                      &ret->total_mib, &ret->used_mib, ret->uuid) == 5;
}
bool fake_divided(nvml_device d) {
    struct fake_part part;
    return d->mig >= 0 || fake_part(d->card, 0, &part);
}

EXPORT int NAME(nvmlInit_v2, nvmlInit)(void) {
    char text[FAKE_TEXT];
    int result = 0;
    fake_refresh();
    if (fake_text(FAKE_NO_CARD, "init", text) && sscanf(text, "error %d", &result) == 1)
        return result;
    for (int c = 0; c < FAKE_CARDS; c++) {
        stuck[c] = false;
        for (int m = 0; m <= FAKE_MIGS; m++)
            fake_handles[c][m] = (struct nvml_device_handle){c, m - 1};
    }
    atomic_fetch_add(&initialised, 1);
    return NVML_OK;
}
EXPORT int nvmlShutdown(void) {
    return atomic_fetch_sub(&initialised, 1) > 0 ? NVML_OK : NVML_UNINITIALIZED;
}
static unsigned card_count(void) {
    uint64_t n = 0;
    (void)fake_number(FAKE_NO_CARD, "count", 8, &n, NULL);
    return n < FAKE_CARDS ? (unsigned)n : FAKE_CARDS;
}
EXPORT int NAME(nvmlDeviceGetCount_v2, nvmlDeviceGetCount)(unsigned *n) {
    BEGIN(NULL);
    *n = card_count();
    return NVML_OK;
}
static int hand_out(unsigned index, const char *call, nvml_device *ret) {
    int result = fake_begin(NULL, call);
    if (result == NVML_OK)
        result = index < card_count() ? fake_begin(&fake_handles[index][0], call) : NVML_INVALID_ARGUMENT;
    if (result == NVML_OK)
        *ret = &fake_handles[index][0];
    return result;
}
EXPORT int NAME(nvmlDeviceGetHandleByIndex_v2, nvmlDeviceGetHandleByIndex)(unsigned index, nvml_device *ret) {
    return hand_out(index, __func__, ret);
}
/* Card n is at 0000:n+1:00.0. */
EXPORT int NAME(nvmlDeviceGetHandleByPciBusId_v2, nvmlDeviceGetHandleByPciBusId)(const char *bus_id, nvml_device *ret) {
    unsigned domain = 0;
    unsigned bus = 0;
    if (sscanf(bus_id, "%x:%x:", &domain, &bus) != 2 || bus == 0)
        return NVML_NOT_FOUND;
    return hand_out(bus - 1, __func__, ret);
}
EXPORT int nvmlDeviceGetUUID(nvml_device d, char *out, unsigned size) {
    struct fake_part part;
    char uuid[64];
    BEGIN(d);
    if (d->mig >= 0)
        return fake_part(d->card, (unsigned)d->mig, &part) ? (void)snprintf(out, size, "%s", part.uuid),
               NVML_OK                                     : NVML_NOT_FOUND;
    (void)snprintf(uuid, sizeof uuid, "GPU-%08d-0000-0000-0000-000000000000", d->card);
    return fake_answer_text(d, "uuid", uuid, out, size);
}
EXPORT int NAME(nvmlDeviceGetPciInfo_v3, nvmlDeviceGetPciInfo_v2)(nvml_device d, struct nvml_pci_info *info) {
    BEGIN(d);
    info->domain = 0;
    info->bus = (unsigned)d->card + 1;
    info->device = 0;
    (void)snprintf(info->bus_id_legacy, sizeof info->bus_id_legacy, "0000:%02X:00.0", info->bus & 0xff);
#ifndef FAKE_OLD
    (void)snprintf(info->bus_id, sizeof info->bus_id, "00000000:%02X:00.0", info->bus & 0xff);
#endif
    return NVML_OK;
}

#ifndef FAKE_BARE
EXPORT int nvmlSystemGetDriverVersion(char *out, unsigned size) {
    BEGIN(NULL);
    return fake_answer_text(NULL, "driver", "570.124.06", out, size);
}
EXPORT int NAME(nvmlSystemGetCudaDriverVersion_v2, nvmlSystemGetCudaDriverVersion)(int *out) {
    uint64_t value = 0;
    BEGIN(NULL);
    (void)fake_number(FAKE_NO_CARD, "cuda", 12080, &value, NULL);
    *out = (int)value;
    return NVML_OK;
}
EXPORT int nvmlDeviceGetName(nvml_device d, char *out, unsigned size) {
    struct fake_part part;
    BEGIN(d);
    if (d->mig < 0)
        return fake_answer_text(d, "name", "NVIDIA H100 80GB HBM3", out, size);
    if (!fake_part(d->card, (unsigned)d->mig, &part) || strcmp(part.profile, "-") == 0)
        return NVML_NOT_SUPPORTED;
    (void)snprintf(out, size, "NVIDIA H100 80GB HBM3 MIG %s", part.profile);
    return NVML_OK;
}
EXPORT int nvmlDeviceGetVbiosVersion(nvml_device d, char *out, unsigned size) {
    BEGIN(d);
    return fake_answer_text(d, "vbios", "96.00.89.00.01", out, size);
}

U32(nvmlDeviceGetComputeMode, "compute_mode", 0)
U32(nvmlDeviceGetPersistenceMode, "persistence", 1)
U32(nvmlDeviceGetCurrPcieLinkGeneration, "pcie_generation", 5)
U32(nvmlDeviceGetCurrPcieLinkWidth, "pcie_width", 16)
U32(nvmlDeviceGetPowerManagementDefaultLimit, "limit_default", 650000)
U32(nvmlDeviceGetEnforcedPowerLimit, "limit", 600000)
U32(nvmlDeviceGetPowerUsage, "power", 300000)
U32(nvmlDeviceGetPerformanceState, "pstate", 0)
PAIR(nvmlDeviceGetPowerManagementLimitConstraints, "limit_min", 200000, "limit_max", 700000)
PAIR(nvmlDeviceGetEccMode, "ecc_mode", 1, "ecc_pending", 1)
ENGINE(nvmlDeviceGetEncoderUtilization, "encoder", 11)
ENGINE(nvmlDeviceGetDecoderUtilization, "decoder", 12)
EXPORT int nvmlDeviceGetUtilizationRates(nvml_device d, struct nvml_utilization *out) {
    BEGIN(d);
    if (fake_divided(d))
        return NVML_NOT_SUPPORTED;
    int result = fake_answer(d, "utilization", 97, &out->gpu);
    return result == NVML_OK ? fake_answer(d, "memory_utilization", 41, &out->memory) : result;
}
/* An instance has what the script gives it; a card 80 GiB, 10 of them used and 1 for the driver itself. */
int fake_memory(nvml_device d, uint64_t *total, uint64_t *used) {
    struct fake_part part = {.total_mib = 0};
    if (d->mig >= 0 && !fake_part(d->card, (unsigned)d->mig, &part))
        return NVML_NOT_FOUND;
    return fake_value(d, "total", d->mig >= 0 ? part.total_mib * MIB : 81920 * MIB, total) &&
                   fake_value(d, "used", d->mig >= 0 ? part.used_mib * MIB : 10240 * MIB, used)
               ? NVML_OK
               : NVML_NOT_SUPPORTED;
}
EXPORT int nvmlDeviceGetMemoryInfo(nvml_device d, struct nvml_memory *out) {
    uint64_t total = 0;
    uint64_t used = 0;
    BEGIN(d);
    int result = fake_memory(d, &total, &used);
    *out = (struct nvml_memory){total, total - used - 1024 * MIB, used + 1024 * MIB};
    return result;
}
EXPORT int nvmlDeviceGetTemperature(nvml_device d, unsigned sensor, unsigned *out) {
    BEGIN(d);
    return sensor == NVML_SENSOR_GPU ? fake_answer(d, "temperature", 61, out) : NVML_INVALID_ARGUMENT;
}
EXPORT int nvmlDeviceGetTemperatureThreshold(nvml_device d, unsigned which, unsigned *out) {
    static const char *const keys[] = {"shutdown", "slowdown", "memory_max", "gpu_max", "acoustic_min", "acoustic"};
    static const unsigned degrees[] = {95, 92, 105, 88, 60, 84};
    BEGIN(d);
    return which < 6 ? fake_answer(d, keys[which], degrees[which], out) : NVML_INVALID_ARGUMENT;
}
EXPORT int nvmlDeviceGetTotalEnergyConsumption(nvml_device d, unsigned long long *out) {
    uint64_t value = 0;
    BEGIN(d);
    bool known = fake_value(d, "energy", 5000000, &value);
    *out = value;
    return known ? NVML_OK : NVML_NOT_SUPPORTED;
}
EXPORT int nvmlDeviceGetClockInfo(nvml_device d, unsigned which, unsigned *out) {
    static const char *const keys[] = {"clock", "sm_clock", "memory_clock"};
    static const unsigned mhz[] = {1980, 1965, 2619};
    BEGIN(d);
    return which < 3 ? fake_answer(d, keys[which], mhz[which], out) : NVML_INVALID_ARGUMENT;
}
EXPORT int NAME(nvmlDeviceGetCurrentClocksEventReasons, nvmlDeviceGetCurrentClocksThrottleReasons)(
    nvml_device d, unsigned long long *out) {
    uint64_t value = 0;
    BEGIN(d);
    bool known = fake_value(d, "reasons", 0x4, &value);
    *out = value;
    return known ? NVML_OK : NVML_NOT_SUPPORTED;
}
EXPORT int nvmlDeviceGetTotalEccErrors(nvml_device d, unsigned type, unsigned counter, unsigned long long *out) {
    uint64_t value = 0;
    BEGIN(d);
    bool known = counter == NVML_ECC_VOLATILE && fake_value(d, type == NVML_ECC_CORRECTED ? "corrected" : "uncorrected",
                                                     type == NVML_ECC_CORRECTED ? 7 : 1, &value);
    *out = value;
    return known ? NVML_OK : NVML_NOT_SUPPORTED;
}

int fake_processes(nvml_device d, const char *key, size_t bytes, unsigned *n, char *out) {
    char text[FAKE_TEXT];
    char name[64];
    char *rest = text;
    unsigned count = 0;
    unsigned pid = 0;
    if (d->mig < 0)
        (void)snprintf(name, sizeof name, "%s", key);
    else
        (void)snprintf(name, sizeof name, "mig%d.%s", d->mig, key);
    if (!fake_text(d->card, name, text))
        text[0] = '\0';
    for (char *word = NULL; (word = strtok_r(rest, " ", &rest)) != NULL && sscanf(word, "%u", &pid) == 1; count++) {
        const char *memory = strchr(word, ':');
        struct nvml_process_protected p = {{.pid = pid, .gpu_instance = ~0U, .compute_instance = ~0U}, 0xdeadbeef};
        p.process.memory = memory && strcmp(memory, ":unknown") != 0 ? strtoull(memory + 1, NULL, 0) * MIB : ~0ULL;
        if (count < *n)
            memcpy(out + count * bytes, &p, bytes);
    }
    int result = count > *n ? NVML_INSUFFICIENT_SIZE : NVML_OK;
    *n = count;
    return result;
}
#ifdef FAKE_OLD
LIST(nvmlDeviceGetComputeRunningProcesses, "compute", sizeof(struct nvml_process_v1))
LIST(nvmlDeviceGetGraphicsRunningProcesses, "graphics", sizeof(struct nvml_process_v1))
EXPORT int nvmlDeviceGetFanSpeed(nvml_device d, unsigned *out) {
    BEGIN(d);
    return fake_answer(d, "fan", 45, out);
}
#endif
#endif
