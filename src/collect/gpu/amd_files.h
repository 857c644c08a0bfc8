/* collect/gpu/amd_files.h: kept handles on the files of one card in sysfs that are read again and again. */
#ifndef TACHO_COLLECT_GPU_AMD_FILES_H
#define TACHO_COLLECT_GPU_AMD_FILES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

enum amd_file {
    AMD_RUNTIME_STATUS,
    AMD_VRAM_USED,
    AMD_BUSY, /* what the chip itself has to answer, from here on */
    AMD_MEM_BUSY,
    AMD_METRICS,
    AMD_EDGE, /* from here on of hwmon */
    AMD_JUNCTION,
    AMD_MEMORY,
    AMD_POWER_AVERAGE,
    AMD_POWER_INPUT,
    AMD_FAN,
    AMD_PWM,
    AMD_SCLK,
    AMD_MCLK,
    AMD_FILES,
};

enum {
    AMD_HANDLES_MAX = 128, /* kept open of all cards together; more are opened for each reading */
    AMD_FILE_MAX = 8192,   /* bytes read of a file; sysfs makes no larger ones */
};

/* One owner, but `handles`. */
struct amd_files {
    int device_fd, hwmon_fd;  /* directories; hwmon_fd is -1 without sensors */
    int fd[AMD_FILES];        /* or one of the states below */
    atomic_int *handles;      /* borrowed, shared by all cards: how many are kept */
    unsigned answered, failed; /* of what the chip has to answer, since amd_files_begin */
    int os_errno;             /* of the newest failure */
    bool denied;              /* we may not read what is there */
};

/* Opens the directories of a card below its node, ".../class/drm/card0". -ERR_ABSENT, -ERR_OS. */
int amd_files_open(struct amd_files *f, int card_fd, atomic_int *handles, struct error *err) NODISCARD;
void amd_files_close(struct amd_files *f);

/* Starts a round of readings; `again`: also of files that were not there the last time. */
void amd_files_begin(struct amd_files *f, bool again);
/* Reads a file whole into `buf`, at most `cap` bytes: one system call once it is open. Unknown (NULL) when it cannot be read. */
struct text amd_files_read(struct amd_files *f, enum amd_file which, char *buf, size_t cap);
/* The number in it; U64_UNKNOWN when it cannot be read or is no number. */
uint64_t amd_files_u64(struct amd_files *f, enum amd_file which);

#endif
