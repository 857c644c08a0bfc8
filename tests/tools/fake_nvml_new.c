/* tools/fake_nvml_new.c: the part of the stand-in for NVIDIA's library that an old driver does not have. */
#include "fake_nvml.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GPM_MAGIC = 0x47504d31, SETS_MAGIC = 0x45565431 };

struct nvml_gpm_sample_handle {
    int magic;
    bool filled;
};
struct nvml_event_set_handle {
    int magic, card;
};
static _Atomic uint64_t delivered[FAKE_CARDS]; /* the last XID of each card */

static size_t process_bytes(void) {
    uint64_t bytes = 0;
    (void)fake_number(FAKE_NO_CARD, "process_bytes", sizeof(struct nvml_process_v2), &bytes, NULL);
    return bytes;
}
LIST(nvmlDeviceGetComputeRunningProcesses_v3, "compute", process_bytes())
LIST(nvmlDeviceGetGraphicsRunningProcesses_v3, "graphics", process_bytes())
LIST(nvmlDeviceGetMPSComputeRunningProcesses_v3, "mps", process_bytes())
EXPORT int nvmlDeviceGetProcessUtilization(
    nvml_device d, struct nvml_process_utilization *out, unsigned *n, unsigned long long since_us) {
    char text[FAKE_TEXT];
    char *rest = text;
    struct timespec now;
    unsigned count = 0;
    unsigned pid = 0;
    unsigned sm = 0;
    long long at = 0;
    BEGIN(d);
    if (fake_divided(d))
        return NVML_NOT_SUPPORTED;
    if (!fake_text(d->card, "util", text))
        return NVML_NOT_FOUND;
    if (strcmp(text, "none") == 0)
        return NVML_NOT_SUPPORTED;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    for (char *word = NULL;
         (word = strtok_r(rest, " ", &rest)) != NULL && sscanf(word, "%u:%u@%lld", &pid, &sm, &at) == 3;) {
        long long time_us = at > 0 ? at : now.tv_sec * 1000000LL + now.tv_nsec / 1000 + at;
        if ((unsigned long long)time_us <= since_us)
            continue;
        if (count < *n)
            out[count] = (struct nvml_process_utilization){pid, (unsigned long long)time_us, sm, 0, 0, 0};
        count++;
    }
    int result = count > *n ? NVML_INSUFFICIENT_SIZE : count == 0 ? NVML_NOT_FOUND : NVML_OK;
    *n = count;
    return result;
}

U32(nvmlDeviceGetArchitecture, "architecture", 9)
U32(nvmlDeviceGetNumGpuCores, "cores", 16896)
U32(nvmlDeviceGetNumaNodeId, "numa", 1)
U32(nvmlDeviceGetNumFans, "fans", 0)
U32(nvmlDeviceGetMaxMigDeviceCount, "mig_count", 7)
PAIR(nvmlDeviceGetGspFirmwareMode, "gsp", 1, "gsp_default", 1)
ENGINE(nvmlDeviceGetJpgUtilization, "jpeg", 13)
ENGINE(nvmlDeviceGetOfaUtilization, "ofa", 14)
EXPORT int nvmlDeviceGetMigMode(nvml_device d, unsigned *current, unsigned *pending) {
    BEGIN(d);
    *pending = fake_divided(d);
    return fake_answer(d, "mig_mode", fake_divided(d), current);
}
EXPORT int nvmlDeviceGetGspFirmwareVersion(nvml_device d, char *out) {
    BEGIN(d);
    return fake_answer_text(d, "gsp_version", "570.124.06", out, 64);
}
EXPORT int nvmlDeviceGetMemoryInfo_v2(nvml_device d, struct nvml_memory_v2 *out) {
    uint64_t total = 0;
    uint64_t used = 0;
    BEGIN(d);
    if (out->version != (40 | 2 << 24))
        return NVML_ARGUMENT_VERSION_MISMATCH;
    int result = fake_memory(d, &total, &used);
    out->total = total;
    out->reserved = 1024 * MIB;
    out->used = used;
    out->free = total - used - 1024 * MIB;
    return result;
}
EXPORT int nvmlDeviceGetTemperatureV(nvml_device d, struct nvml_temperature *out) {
    unsigned celsius = 0;
    BEGIN(d);
    if (out->version != (12 | 1 << 24) || out->sensor != NVML_SENSOR_GPU)
        return NVML_ARGUMENT_VERSION_MISMATCH;
    int result = fake_answer(d, "temperature", 61, &celsius);
    out->celsius = (int)celsius;
    return result;
}
EXPORT int nvmlDeviceGetFanSpeed_v2(nvml_device d, unsigned fan, unsigned *out) {
    char key[32];
    BEGIN(d);
    (void)snprintf(key, sizeof key, "fan%u", fan);
    return fake_answer(d, key, 45 + fan, out);
}
EXPORT int nvmlDeviceGetFanSpeedRPM(nvml_device d, struct nvml_fan_speed *out) {
    char key[32];
    BEGIN(d);
    if (out->version != (12 | 1 << 24))
        return NVML_ARGUMENT_VERSION_MISMATCH;
    (void)snprintf(key, sizeof key, "rpm%u", out->fan);
    return fake_answer(d, key, 1500 + 100 * out->fan, &out->rpm);
}
EXPORT int nvmlDeviceGetFieldValues(nvml_device d, int n, struct nvml_field_value *values) {
    static const struct {
        unsigned field;
        uint64_t value;
    } defaults[] = {{3, 7}, {4, 1}, {29, 2}, {30, 3}, {82, 71}, {83, 5000000}, {138, 1000}, {139, 2000}, {142, 4},
        {143, 5}, {164, 26562}, {186, 412500}, {190, 600000}};
    BEGIN(d);
    for (int i = 0; i < n; i++) {
        struct nvml_field_value *v = &values[i];
        char key[40];
        char link[48];
        char text[FAKE_TEXT];
        int result = 0;
        uint64_t value = 0;
        uint64_t otherwise = 0;
        bool known = false;
        (void)snprintf(key, sizeof key, "field.%u", v->field);
        (void)snprintf(link, sizeof link, "%s.%u", key, v->scope);
        for (size_t k = 0; k < sizeof defaults / sizeof defaults[0]; k++)
            if (defaults[k].field == v->field) {
                known = true;
                otherwise = defaults[k].value;
            }
        if (v->field == NVML_FIELD_NVLINK_STATE && v->scope < 18) {
            known = true;
            otherwise = v->scope < 2;
        }
        const char *used = fake_text(d->card, link, text) ? link : key;
        bool said = fake_text(d->card, used, text);
        if (said && sscanf(text, "error %d", &result) == 1) {
            v->result = (unsigned)result;
            continue;
        }
        known = fake_number(d->card, used, otherwise, &value, &v->type) && (known || said);
        v->result = known ? NVML_OK : NVML_NOT_SUPPORTED;
        v->timestamp_us = v->latency_us = 1;
        if (v->type == NVML_VALUE_DOUBLE)
            v->value.f64 = (double)value;
        else
            v->value.u64 = value;
    }
    return NVML_OK;
}
EXPORT int nvmlDeviceGetNvLinkState(nvml_device d, unsigned link, unsigned *out) {
    BEGIN(d);
    if (link >= 18)
        return NVML_INVALID_ARGUMENT;
    return fake_answer(d, "link_state", link < 2, out);
}
EXPORT int nvmlDeviceGetNvLinkRemoteDeviceType(nvml_device d, unsigned link, unsigned *out) {
    char key[32];
    BEGIN(d);
    (void)snprintf(key, sizeof key, "remote%u", link);
    return fake_answer(d, key, NVML_LINK_TO_SWITCH, out);
}

EXPORT int nvmlEventSetCreate(nvml_event_set *out) {
    BEGIN(NULL);
    *out = calloc(1, sizeof **out);
    (*out)->magic = SETS_MAGIC;
    (*out)->card = -1;
    return NVML_OK;
}
EXPORT int nvmlEventSetFree(nvml_event_set set) {
    if (set->magic != SETS_MAGIC)
        abort();
    set->magic = 0;
    free(set);
    return NVML_OK;
}
EXPORT int nvmlDeviceRegisterEvents(nvml_device d, unsigned long long types, nvml_event_set set) {
    BEGIN(d);
    if (!(types & NVML_EVENT_XID))
        return NVML_NOT_SUPPORTED;
    set->card = d->card;
    return NVML_OK;
}
EXPORT int nvmlEventSetWait_v2(nvml_event_set set, struct nvml_event *out, unsigned ms) {
    uint64_t xid = 0;
    BEGIN(NULL);
    if (set->magic != SETS_MAGIC)
        abort();
    if (set->card >= 0 && fake_number(set->card, "xid", 0, &xid, NULL) && xid != 0 &&
        xid != atomic_load(&delivered[set->card])) {
        delivered[set->card] = xid;
        *out = (struct nvml_event){&fake_handles[set->card][0], NVML_EVENT_XID, xid, ~0U, ~0U};
        return NVML_OK;
    }
    fake_sleep(ms);
    return NVML_TIMEOUT;
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(nvml_device d, unsigned index, nvml_device *out) {
    struct fake_part part;
    BEGIN(d);
    if (index >= FAKE_MIGS || !fake_part(d->card, index, &part))
        return NVML_NOT_FOUND;
    *out = &fake_handles[d->card][1 + index];
    return NVML_OK;
}
EXPORT int nvmlDeviceGetGpuInstanceId(nvml_device d, unsigned *out) {
    struct fake_part part;
    BEGIN(d);
    if (d->mig < 0 || !fake_part(d->card, (unsigned)d->mig, &part))
        return NVML_INVALID_ARGUMENT;
    *out = part.instance;
    return NVML_OK;
}
EXPORT int nvmlDeviceGetAttributes_v2(nvml_device d, struct nvml_attributes *out) {
    struct fake_part part;
    BEGIN(d);
    if (d->mig < 0 || !fake_part(d->card, (unsigned)d->mig, &part))
        return NVML_INVALID_ARGUMENT;
    *out = (struct nvml_attributes){.multiprocessors = 16, .gpu_slices = 1, .memory_mib = part.total_mib};
    return NVML_OK;
}

EXPORT int nvmlGpmQueryDeviceSupport(nvml_device d, struct nvml_gpm_support *out) {
    BEGIN(d);
    if (out->version != 1)
        return NVML_ARGUMENT_VERSION_MISMATCH;
    return fake_answer(d, "gpm", 1, &out->supported);
}
EXPORT int nvmlGpmSampleAlloc(nvml_gpm_sample *out) {
    BEGIN(NULL);
    *out = calloc(1, sizeof **out);
    (*out)->magic = GPM_MAGIC;
    return NVML_OK;
}
EXPORT int nvmlGpmSampleFree(nvml_gpm_sample sample) {
    if (sample->magic != GPM_MAGIC)
        abort();
    sample->magic = 0;
    free(sample);
    return NVML_OK;
}
static int fill(nvml_device d, nvml_gpm_sample sample) {
    if (sample->magic != GPM_MAGIC)
        abort();
    sample->filled = true;
    (void)d;
    return NVML_OK;
}
EXPORT int nvmlGpmSampleGet(nvml_device d, nvml_gpm_sample sample) {
    BEGIN(d);
    return fill(d, sample);
}
EXPORT int nvmlGpmMigSampleGet(nvml_device d, unsigned instance, nvml_gpm_sample sample) {
    struct fake_part part;
    BEGIN(d);
    for (unsigned i = 0; fake_part(d->card, i, &part); i++)
        if (part.instance == instance)
            return fill(d, sample);
    return NVML_INVALID_ARGUMENT;
}
/* The numbers are those of no card: "gpm.3 55". */
EXPORT int nvmlGpmMetricsGet(struct nvml_gpm_query *q) {
    static const uint64_t values[] = {[1] = 90, [3] = 50, [10] = 25, [20] = 100, [21] = 200};
    BEGIN(NULL);
    if (q->version != 1 || q->n > NVML_GPM_METRICS || q->older == q->newer || !q->older->filled || !q->newer->filled)
        return NVML_INVALID_ARGUMENT;
    for (unsigned i = 0; i < q->n; i++) {
        struct nvml_gpm_value *v = &q->values[i];
        char key[32];
        uint64_t value = 0;
        (void)snprintf(key, sizeof key, "gpm.%u", v->metric);
        bool known = v->metric <= 21 && fake_number(FAKE_NO_CARD, key, values[v->metric], &value, NULL);
        v->result = known ? NVML_OK : NVML_NOT_SUPPORTED;
        v->value = (double)value;
    }
    return NVML_OK;
}
