/* fuzz/fuzz_collect_amd_tree.c: an AMD card in a sysfs of the input's making: pieces of a file's number, a length and bytes. */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "collect/gpu/drivers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVICE "class/drm/card0/device/"
#define HWMON DEVICE "hwmon/hwmon1/"
#define KFD "class/kfd/kfd/"
static const char *const files[] = {DEVICE "uevent", DEVICE "revision", DEVICE "gpu_busy_percent",
    DEVICE "mem_busy_percent", DEVICE "mem_info_vram_total", DEVICE "mem_info_vram_used", DEVICE "mem_info_gtt_total",
    DEVICE "gpu_metrics", DEVICE "pp_dpm_pcie", DEVICE "pp_dpm_sclk", DEVICE "pp_dpm_mclk", DEVICE "current_link_speed",
    DEVICE "current_link_width", DEVICE "max_link_speed", DEVICE "max_link_width", DEVICE "numa_node",
    DEVICE "unique_id", DEVICE "vbios_version", DEVICE "product_name", DEVICE "power/runtime_status",
    DEVICE "ras/umc_err_count", DEVICE "ras/gpu_vram_bad_pages", DEVICE "current_compute_partition", HWMON "name",
    HWMON "temp1_input", HWMON "temp1_crit", HWMON "temp2_input", HWMON "temp3_input", HWMON "power1_average",
    HWMON "power1_input", HWMON "power1_cap", HWMON "fan1_input", HWMON "pwm1", HWMON "freq1_input",
    HWMON "freq2_input", KFD "topology/nodes/1/gpu_id", KFD "topology/nodes/1/properties", KFD "proc/4711/vram_51140"};

static char root[] = "/dev/shm/tacho-fuzz-XXXXXX";
static int root_fd = -1;

static void check(bool holds) {
    if (!holds)
        abort();
}

static void remove_tree(void) {
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0) /* NOLINT(cert-env33-c): a folder of our own naming */
        (void)fprintf(stderr, "%s stays\n", root);
}

static void make_tree(void) {
    check(mkdtemp(root) != NULL && atexit(remove_tree) == 0);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", root, files[i]);
        check(file_make_parents(path, NULL) == 0);
    }
    char proc[64];
    (void)snprintf(proc, sizeof proc, "%s/2/comm", root); /* procfs and sysfs are one here */
    check(file_make_parents(proc, NULL) == 0);
    root_fd = open(root, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    check(root_fd >= 0);
}

static void write_file(const char *name, const void *bytes, size_t n) {
    int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    file_close(&fd);
}

static void fill_tree(const uint8_t *data, size_t size) {
    static const char card[] = "DRIVER=amdgpu\nPCI_ID=1002:73BF\nPCI_SLOT_NAME=0000:0c:00.0\n";
    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlinkat(root_fd, files[i], 0);
    write_file(files[0], card, sizeof card - 1);
    write_file("2/comm", "kthreadd", 8);
    while (size >= 3) {
        size_t n = data[1] | (size_t)(data[2] & 0x1f) << 8;
        if (n > size - 3)
            n = size - 3;
        write_file(files[data[0] % COUNT_OF(files)], data + 3, n);
        data += 3 + n;
        size -= 3 + n;
    }
}

static void check_gpu(const struct gpu *gpu) {
    check(known_text(gpu->uuid) && gpu->uuid.len > 0 && known_text(gpu->name) && gpu->name.len > 0);
    check(isnan(gpu->utilization) || (gpu->utilization >= 0 && gpu->utilization <= 100));
    check(!known_u64(gpu->temperature) || gpu->temperature <= 250);
    check(!known_u64(gpu->used_memory) || !known_u64(gpu->total_memory) || gpu->used_memory <= gpu->total_memory);
    check(isnan(gpu->power_consumption) || (gpu->power_consumption >= 0 && gpu->power_consumption <= 10000));
    check(!known_u64(gpu->fan_speed_percent) || gpu->fan_speed_percent <= 100);
    check(!known_u64(gpu->pcie_width) || (gpu->pcie_width >= 1 && gpu->pcie_width <= 32));
    for (size_t i = 0; i < gpu->detail.n; i++)
        check(known_text(gpu->detail.at[i].value) && gpu->detail.at[i].value.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char keys[GPU_CARDS_MAX][GPU_KEY_MAX];
    struct error err;
    struct cycle cycle = {.host_id = TEXT("node-07"), .mono_ns = 1};
    void *driver = NULL;
    void *card = NULL;
    if (root_fd < 0)
        make_tree();
    fill_tree(data, size);
    struct collect_options options = {.roots = {root, root, root}};
    if (amd_driver.open(&options, &driver, &err) < 0)
        return 0;
    int n = amd_driver.list(driver, keys, GPU_CARDS_MAX, &err);
    if (n == 1 && amd_driver.attach(driver, keys[0], &card, &err) == 0) {
        struct frame frame;
        frame_init(&frame);
        for (int i = 0; i < 2; i++, cycle.mono_ns++) {
            frame_reset(&frame);
            (void)amd_driver.sample(card, &cycle, &frame, &err);
            check(frame.gpus.n == 1 && frame.processes.n <= 1);
            check_gpu(&frame.gpus.at[0]);
        }
        struct buffer json = {.limit = 1 << 20};
        check(frame_write_json(&frame, &json, &err) == 0);
        buffer_done(&json);
        frame_done(&frame);
        amd_driver.detach(card);
    }
    amd_driver.close(driver);
    struct report report = {.identifiers = false};
    amd_driver.explain(&options, &report);
    report_done(&report);
    return 0;
}
