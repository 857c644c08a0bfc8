/* collect/gpu/amd_files.c: kept handles on the files of one card in sysfs. */
#include "collect/gpu/amd_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/gpu/amd_parse.h"
#include "collect/kernel_file.h"

enum { NOT_OPEN = -1, NOT_THERE = -2 };

static const char *const names[AMD_FILES] = {
    [AMD_RUNTIME_STATUS] = "power/runtime_status",
    [AMD_VRAM_USED] = "mem_info_vram_used",
    [AMD_BUSY] = "gpu_busy_percent",
    [AMD_MEM_BUSY] = "mem_busy_percent",
    [AMD_METRICS] = "gpu_metrics",
    [AMD_EDGE] = "temp1_input",
    [AMD_JUNCTION] = "temp2_input",
    [AMD_MEMORY] = "temp3_input",
    [AMD_POWER_AVERAGE] = "power1_average",
    [AMD_POWER_INPUT] = "power1_input",
    [AMD_FAN] = "fan1_input",
    [AMD_PWM] = "pwm1",
    [AMD_SCLK] = "freq1_input",
    [AMD_MCLK] = "freq2_input",
};

/* The sensors of the graphics driver; other drivers may hang theirs below the same device. */
static int open_hwmon(int device_fd) {
    int fd CLEANUP(file_close) = -1;
    int found = -1;
    if (kernel_dir_open_at(device_fd, "hwmon", &fd, NULL) < 0)
        return -1;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return -1;
    (void)file_steal(&fd);
    for (const struct dirent *entry; found < 0 && (entry = readdir(dir));) {
        char buf[KERNEL_VALUE_MAX];
        if (strncmp(entry->d_name, "hwmon", 5) != 0)
            continue;
        struct text name = amd_value(kernel_text(dirfd(dir), buf, "%s/name", entry->d_name));
        if ((text_is(name, "amdgpu") || text_is(name, "radeon")) &&
            kernel_dir_open_at(dirfd(dir), entry->d_name, &found, NULL) < 0)
            found = -1;
    }
    (void)closedir(dir);
    return found;
}

int amd_files_open(struct amd_files *f, int card_fd, atomic_int *handles, struct error *err) {
    int device_fd = -1;
    int status = kernel_dir_open_at(card_fd, "device", &device_fd, err);
    if (status < 0)
        return status;
    *f = (struct amd_files){.device_fd = device_fd, .hwmon_fd = open_hwmon(device_fd), .handles = handles};
    for (size_t i = 0; i < AMD_FILES; i++)
        f->fd[i] = NOT_OPEN;
    return 0;
}

static void let_go(struct amd_files *f, enum amd_file which, int state) {
    if (f->fd[which] >= 0) {
        (void)close(f->fd[which]);
        (void)atomic_fetch_sub(f->handles, 1);
    }
    f->fd[which] = state;
}

void amd_files_close(struct amd_files *f) {
    for (size_t i = 0; i < AMD_FILES; i++)
        let_go(f, (enum amd_file)i, NOT_OPEN);
    file_close(&f->device_fd);
    file_close(&f->hwmon_fd);
}

void amd_files_begin(struct amd_files *f, bool again) {
    f->answered = f->failed = 0;
    f->os_errno = 0;
    f->denied = false;
    if (!again)
        return;
    if (f->hwmon_fd < 0)
        f->hwmon_fd = open_hwmon(f->device_fd);
    for (size_t i = 0; i < AMD_FILES; i++)
        if (f->fd[i] == NOT_THERE)
            f->fd[i] = NOT_OPEN;
}

static bool is_missing(int os_errno) {
    return os_errno == ENOENT || os_errno == ENOTDIR || os_errno == EISDIR || os_errno == ELOOP;
}

static void note_failure(struct amd_files *f, enum amd_file which, int os_errno) {
    f->denied |= os_errno == EACCES;
    if (os_errno == EACCES || os_errno == EMFILE || os_errno == ENFILE)
        return; /* our own trouble, not the card's */
    f->failed += which >= AMD_BUSY;
    f->os_errno = os_errno;
}

struct text amd_files_read(struct amd_files *f, enum amd_file which, char *buf, size_t cap) {
    int dir_fd = which >= AMD_EDGE ? f->hwmon_fd : f->device_fd;
    int fd = f->fd[which];
    if (fd == NOT_THERE || dir_fd < 0)
        return (struct text){NULL, 0};
    if (fd == NOT_OPEN)
        fd = openat(dir_fd, names[which], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (is_missing(errno))
            f->fd[which] = NOT_THERE;
        else
            note_failure(f, which, errno);
        return (struct text){NULL, 0};
    }
    ssize_t n = pread(fd, buf, cap, 0);
    int os_errno = errno;
    if (f->fd[which] == NOT_OPEN) {
        if (atomic_fetch_add(f->handles, 1) < AMD_HANDLES_MAX) {
            f->fd[which] = fd;
        } else {
            (void)atomic_fetch_sub(f->handles, 1);
            (void)close(fd);
        }
    }
    if (n >= 0) {
        f->answered += which >= AMD_BUSY;
        return (struct text){buf, (size_t)n};
    }
    if (os_errno == EOPNOTSUPP || os_errno == EINVAL || is_missing(os_errno)) /* the chip has no such sensor */
        let_go(f, which, NOT_THERE);
    else
        note_failure(f, which, os_errno);
    return (struct text){NULL, 0};
}

uint64_t amd_files_u64(struct amd_files *f, enum amd_file which) {
    char buf[KERNEL_VALUE_MAX];
    uint64_t number = 0;
    struct text value = amd_value(amd_files_read(f, which, buf, sizeof buf));
    return known_text(value) && text_u64(value, &number) ? number : U64_UNKNOWN;
}
