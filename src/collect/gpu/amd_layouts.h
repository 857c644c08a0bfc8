/* collect/gpu/amd_layouts.h: the layouts of gpu_metrics tables, which are part of the kernel's interface, byte for byte. */
#ifndef TACHO_COLLECT_GPU_AMD_LAYOUTS_H
#define TACHO_COLLECT_GPU_AMD_LAYOUTS_H

#include <assert.h>
#include <stdint.h>

/* Some tables are a later one's beginning, so the later one stands for all of them: 1.3 for 1.1 and 1.2, 2.4 for 2.1 to 2.3. */

struct amd_header {
    uint16_t structure_size;
    uint8_t format_revision, content_revision;
};

struct amd_v1_0 {
    struct amd_header header;
    uint64_t system_clock;
    uint16_t temperature_edge, temperature_hotspot, temperature_mem, temperature_vrgfx, temperature_vrsoc, temperature_vrmem;
    uint16_t gfx_activity, umc_activity, mm_activity;
    uint16_t socket_power;
    uint32_t energy;
    uint16_t average_clocks[7];
    uint16_t gfxclk, socclk, uclk, vclk0, dclk0, vclk1, dclk1;
    uint32_t throttle_status;
    uint16_t fan_speed;
    uint8_t pcie_width, pcie_speed;
};
static_assert(sizeof(struct amd_v1_0) == 80, "gpu_metrics 1.0");

struct amd_v1_3 {
    struct amd_header header;
    uint16_t temperature_edge, temperature_hotspot, temperature_mem, temperature_vrgfx, temperature_vrsoc, temperature_vrmem;
    uint16_t gfx_activity, umc_activity, mm_activity;
    uint16_t socket_power;
    uint64_t energy;
    uint64_t system_clock;
    uint16_t average_clocks[7];
    uint16_t gfxclk, socclk, uclk, vclk0, dclk0, vclk1, dclk1;
    uint32_t throttle_status;
    uint16_t fan_speed;
    uint16_t pcie_width, pcie_speed;
    uint16_t padding;
    uint32_t gfx_activity_acc, mem_activity_acc;
    uint16_t temperature_hbm[4]; /* 1.1 ends here */
    uint64_t firmware_timestamp; /* and 1.2 here */
    uint16_t voltage_soc, voltage_gfx, voltage_mem, padding1;
    uint64_t indep_throttle_status;
};
static_assert(sizeof(struct amd_v1_3) == 120, "gpu_metrics 1.3");

/* Pieces that tables from 1.4 on have in common. */
struct amd_links {
    uint16_t pcie_width, pcie_speed, xgmi_width, xgmi_speed;
    uint32_t gfx_activity_acc, mem_activity_acc;
};
struct amd_clocks {
    uint16_t gfxclk[8], socclk[4], vclk0[4], dclk0[4], uclk, partitions;
};
struct amd_held {
    uint32_t accumulation_counter, prochot, ppt, socket_thm, vr_thm, hbm_thm;
};

struct amd_v1_4 {
    struct amd_header header;
    uint16_t temperature_hotspot, temperature_mem, temperature_vrsoc;
    uint16_t socket_power;
    uint16_t gfx_activity, umc_activity, vcn_activity[4];
    uint64_t energy;
    uint64_t system_clock;
    uint32_t throttle_status, gfxclk_lock_status;
    struct amd_links links;
    uint64_t pcie[5];
    uint64_t xgmi_read[8], xgmi_write[8];
    uint64_t firmware_timestamp;
    struct amd_clocks clocks;
};
static_assert(sizeof(struct amd_v1_4) == 288, "gpu_metrics 1.4");

struct amd_v1_5 {
    struct amd_header header;
    uint16_t temperature_hotspot, temperature_mem, temperature_vrsoc;
    uint16_t socket_power;
    uint16_t gfx_activity, umc_activity, vcn_activity[4], jpeg_activity[32];
    uint64_t energy;
    uint64_t system_clock;
    uint32_t throttle_status, gfxclk_lock_status;
    struct amd_links links;
    uint64_t pcie[5];
    uint32_t pcie_nak[2];
    uint64_t xgmi_read[8], xgmi_write[8];
    uint64_t firmware_timestamp;
    struct amd_clocks clocks;
};
static_assert(sizeof(struct amd_v1_5) == 360, "gpu_metrics 1.5");

struct amd_v1_6_first { /* of some kernels around 6.12; told from the later 1.6 by its size */
    struct amd_header header;
    uint16_t temperature_hotspot, temperature_mem, temperature_vrsoc;
    uint16_t socket_power;
    uint16_t gfx_activity, umc_activity, vcn_activity[4], jpeg_activity[32];
    uint64_t energy;
    uint64_t system_clock;
    struct amd_held held;
    uint32_t throttle_status, gfxclk_lock_status;
    struct amd_links links;
    uint64_t pcie[5];
    uint32_t pcie_nak[2];
    uint64_t xgmi_read[8], xgmi_write[8];
    uint64_t firmware_timestamp;
    struct amd_clocks clocks;
};
static_assert(sizeof(struct amd_v1_6_first) == 384, "gpu_metrics 1.6, first layout");

struct amd_partition_v1_6 {
    uint32_t gfx_busy[8];
    uint16_t jpeg_busy[32], vcn_busy[4];
    uint64_t gfx_busy_acc[8];
};
struct amd_v1_6 {
    struct amd_header header;
    uint16_t temperature_hotspot, temperature_mem, temperature_vrsoc;
    uint16_t socket_power;
    uint16_t gfx_activity, umc_activity;
    uint64_t energy;
    uint64_t system_clock;
    struct amd_held held;
    uint32_t gfxclk_lock_status;
    struct amd_links links;
    uint64_t pcie[5];
    uint32_t pcie_nak[2];
    uint64_t xgmi_read[8], xgmi_write[8];
    uint64_t firmware_timestamp;
    struct amd_clocks clocks;
    struct amd_partition_v1_6 partitions[8];
    uint32_t pcie_other_end_recovery;
};
static_assert(sizeof(struct amd_v1_6) == 1664, "gpu_metrics 1.6");

struct amd_partition_v1_7 {
    uint32_t gfx_busy[8];
    uint16_t jpeg_busy[32], vcn_busy[4];
    uint64_t gfx_busy_acc[8], gfx_below_host_limit_acc[8];
};
struct amd_partition_v1_8 {
    uint32_t gfx_busy[8];
    uint16_t jpeg_busy[40], vcn_busy[4];
    uint64_t gfx_busy_acc[8], gfx_below_host_limit_acc[3][8], gfx_low_utilization_acc[8];
};
/* 1.7 and 1.8 are the same up to their partitions. */
#define AMD_V1_7_HEAD                                                                                                  \
    struct amd_header header;                                                                                          \
    uint16_t temperature_hotspot, temperature_mem, temperature_vrsoc;                                                  \
    uint16_t socket_power;                                                                                             \
    uint16_t gfx_activity, umc_activity;                                                                               \
    uint64_t mem_max_bandwidth;                                                                                        \
    uint64_t energy;                                                                                                   \
    uint64_t system_clock;                                                                                             \
    struct amd_held held;                                                                                              \
    uint32_t gfxclk_lock_status;                                                                                       \
    struct amd_links links;                                                                                            \
    uint64_t pcie[5];                                                                                                  \
    uint32_t pcie_nak[2];                                                                                              \
    uint64_t xgmi_read[8], xgmi_write[8];                                                                              \
    uint16_t xgmi_link_status[8], padding;                                                                             \
    uint64_t firmware_timestamp;                                                                                       \
    struct amd_clocks clocks
struct amd_v1_7 {
    AMD_V1_7_HEAD;
    struct amd_partition_v1_7 partitions[8];
    uint32_t pcie_other_end_recovery;
};
static_assert(sizeof(struct amd_v1_7) == 2208, "gpu_metrics 1.7");
struct amd_v1_8 {
    AMD_V1_7_HEAD;
    struct amd_partition_v1_8 partitions[8];
    uint32_t pcie_other_end_recovery;
};
static_assert(sizeof(struct amd_v1_8) == 3872, "gpu_metrics 1.8");

struct amd_v2_0 {
    struct amd_header header;
    uint64_t system_clock;
    uint16_t temperature_gfx, temperature_soc, temperature_core[8], temperature_l3[2];
    uint16_t gfx_activity, mm_activity;
    uint16_t socket_power, cpu_power, soc_power, gfx_power, core_power[8];
    uint16_t average_clocks[6];
    uint16_t gfxclk, socclk, uclk, fclk, vclk, dclk, coreclk[8], l3clk[2];
    uint32_t throttle_status;
    uint16_t fan_pwm, padding;
};
static_assert(sizeof(struct amd_v2_0) == 120, "gpu_metrics 2.0");

struct amd_v2_4 {
    struct amd_header header;
    uint16_t temperature_gfx, temperature_soc, temperature_core[8], temperature_l3[2];
    uint16_t gfx_activity, mm_activity;
    uint64_t system_clock;
    uint16_t socket_power, cpu_power, soc_power, gfx_power, core_power[8];
    uint16_t average_clocks[6];
    uint16_t gfxclk, socclk, uclk, fclk, vclk, dclk, coreclk[8], l3clk[2];
    uint32_t throttle_status;
    uint16_t fan_pwm, padding[3];       /* 2.1 ends here */
    uint64_t indep_throttle_status;     /* 2.2 here */
    uint16_t average_temperature[12];   /* and 2.3 here */
    uint16_t voltage[3], current[3];
};
static_assert(sizeof(struct amd_v2_4) == 168, "gpu_metrics 2.4");

struct amd_v3_0 {
    struct amd_header header;
    uint16_t temperature_gfx, temperature_soc, temperature_core[16], temperature_skin;
    uint16_t gfx_activity, vcn_activity, ipu_activity[8], core_c0_activity[16];
    uint16_t dram_reads, dram_writes, ipu_reads, ipu_writes;
    uint64_t system_clock;
    uint32_t socket_power;
    uint16_t ipu_power;
    uint32_t apu_power, gfx_power, dgpu_power, all_core_power;
    uint16_t core_power[16], sys_power, stapm_limit, current_stapm_limit;
    uint16_t gfxclk, socclk, vpeclk, ipuclk, fclk, vclk, uclk, mpipu; /* filtered over time */
    uint16_t coreclk[16], core_maxfreq, gfx_maxfreq;
    uint32_t held_prochot, held_spl, held_fppt, held_sppt, held_thm_core, held_thm_gfx, held_thm_soc;
    uint32_t time_filter_alpha;
};
static_assert(sizeof(struct amd_v3_0) == 264, "gpu_metrics 3.0");

#endif
