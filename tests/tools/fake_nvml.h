/* tools/fake_nvml.h: what the parts of the stand-in for NVIDIA's library share. */
#ifndef TACHO_TESTS_FAKE_NVML_H
#define TACHO_TESTS_FAKE_NVML_H

#include "fake_nvml_script.h"

#include <stddef.h>

#include "collect/gpu/nvml.h"

#define EXPORT __attribute__((visibility("default")))
#define MIB UINT64_C(1048576)

enum { FAKE_CARDS = 64, FAKE_MIGS = 8 };

struct nvml_device_handle {
    int card, mig; /* mig -1: the card itself */
};
extern struct nvml_device_handle fake_handles[FAKE_CARDS][1 + FAKE_MIGS];

struct fake_part { /* a MIG instance as the script has it */
    char profile[32], uuid[64];
    unsigned instance;
    unsigned long long total_mib, used_mib;
};
bool fake_part(int card, unsigned which, struct fake_part *ret);
bool fake_divided(nvml_device d);

/* What the script says of a call: NVML_OK, or what it is to return. Sleeps when it says so. */
int fake_begin(nvml_device d, const char *call);
#define BEGIN(device)                                                                                                  \
    do {                                                                                                               \
        int result_ = fake_begin((device), __func__);                                                                  \
        if (result_ != NVML_OK)                                                                                        \
            return result_;                                                                                            \
    } while (0)

void fake_sleep(uint64_t ms);
/* The value of a card, or of an instance: "mig0.used". */
bool fake_value(nvml_device d, const char *key, uint64_t otherwise, uint64_t *ret);
int fake_answer(nvml_device d, const char *key, uint64_t otherwise, unsigned *ret);
int fake_answer_text(nvml_device d, const char *key, const char *otherwise, char *out, unsigned size);
int fake_memory(nvml_device d, uint64_t *total, uint64_t *used);
/* Processes: "pid:MiB" words. `bytes`: of an entry. */
int fake_processes(nvml_device d, const char *key, size_t bytes, unsigned *n, char *out);

#define U32(function, key, otherwise)                                                                                  \
    EXPORT int function(nvml_device d, unsigned *out) {                                                                \
        BEGIN(d);                                                                                                      \
        return fake_answer(d, key, otherwise, out);                                                                    \
    }
#define PAIR(function, key, otherwise, key2, otherwise2)                                                               \
    EXPORT int function(nvml_device d, unsigned *out, unsigned *out2) {                                                \
        BEGIN(d);                                                                                                      \
        int result = fake_answer(d, key, otherwise, out);                                                              \
        return result == NVML_OK ? fake_answer(d, key2, otherwise2, out2) : result;                                    \
    }
#define ENGINE(function, key, otherwise)                                                                               \
    EXPORT int function(nvml_device d, unsigned *out, unsigned *period) {                                              \
        BEGIN(d);                                                                                                      \
        *period = 167000;                                                                                              \
        return fake_divided(d) ? NVML_NOT_SUPPORTED : fake_answer(d, key, otherwise, out);                             \
    }
#define LIST(function, key, bytes)                                                                                     \
    EXPORT int function(nvml_device d, unsigned *n, void *out) {                                                       \
        BEGIN(d);                                                                                                      \
        return fake_processes(d, key, (bytes), n, out);                                                                \
    }

#endif
