#!/usr/bin/env bash
# tests/e2e/test_gpu_fixtures.sh TACHO VALIDATE: graphics cards out of trees of files, in exact figures.
# Trees read off real machines are looked at too, where a folder of them is beside the checkout, or named by DEVICE_TREES.
# shellcheck disable=SC2317 # check calls functions by their names
here=$(realpath "$(dirname "$0")")
validate=$(realpath "$2") # before lib.sh goes to a folder of its own
# shellcheck source=tests/e2e/lib.sh
source "$here/lib.sh"

trees=${DEVICE_TREES:-$(realpath -m "$here/../../../shared/fixtures/sysfs")}

# put FILE TEXT: below ./sys
put() {
    mkdir -p "sys/$(dirname "$1")"
    printf '%s\n' "$2" >"sys/$1"
}
shot() { runs 0 snapshot --sysfs "$PWD/sys" --rootfs "$dir/empty" --nvml none --include gpu "$@"; }
keeps_the_schema() { "$validate" <"$dir/out"; }
card() { check "$1" jq -e ".gpus[0] | $2" "$dir/out"; }

npu() {
    rm -rf sys
    local device=class/accel/accel0/device
    put $device/uevent $'DRIVER=intel_vpu\nPCI_ID=8086:7D1D\nPCI_SLOT_NAME=0000:00:0b.0'
    put $device/npu_busy_time_us 1000
    put $device/npu_memory_utilization 4096
    put $device/npu_current_frequency_mhz 1400
    shot
    check 'npu: one' jq -e '.gpus | length == 1' "$dir/out"
    check 'npu: as the schema has it' keeps_the_schema
    check 'npu: no errors' jq -e 'has("errors") | not' "$dir/out"
    card 'npu: who it is' '.name == "Intel NPU" and .device_type == "NPU" and .vendor == "intel" and .pci_bus_id == "0000:00:0b.0" and .index == 0'
    card 'npu: its readings' '.utilization == 0 and .used_memory == 4096 and .frequency == 1400'
    card 'npu: nothing invented' '.temperature == 0 and .power_consumption == -1 and .ane_utilization == 0 and .unknown == null and .fan_speed_rpm == null'
    shot --pretty
    check 'npu: pretty' grep -q '^      "used_memory": 4096,$' "$dir/out"
    shot -f csv --query gpus.name,gpus.utilization,gpus.used_memory
    check 'npu: a table' grep -qE ',Intel NPU,0(\.0)?,4096$' "$dir/out"
    runs 0 doctor --sysfs "$PWD/sys" --nvml none
    check 'npu: doctor' grep -qE '^  ok +npu 0000:00:0b\.0 +utilization, memory in use, clock$' "$dir/out"
}

amd() {
    rm -rf sys
    local device=class/drm/card1/device hwmon=class/drm/card1/device/hwmon/hwmon3
    put class/drm/card1/dev 226:1
    put $device/uevent $'DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:73BF\nPCI_SUBSYS_ID=1043:04F0\nPCI_SLOT_NAME=0000:0b:00.0'
    put $device/gpu_busy_percent 37
    put $device/mem_busy_percent 12
    put $device/mem_info_vram_total 17163091968
    put $device/mem_info_vram_used 1000000000
    put $device/current_link_speed '16.0 GT/s PCIe'
    put $device/current_link_width 16
    put $device/pp_dpm_sclk $'0: 500Mhz\n1: 2300Mhz *'
    put $device/pp_dpm_mclk $'0: 96Mhz *\n1: 1000Mhz'
    put $device/vbios_version 113-D4120100-100
    put $hwmon/name amdgpu
    put $hwmon/temp1_input 54000
    put $hwmon/temp1_label edge
    put $hwmon/temp3_input 62000
    put $hwmon/temp3_label mem
    put $hwmon/power1_average 123000000
    put $hwmon/power1_cap 255000000
    put $hwmon/fan1_input 1200
    shot
    check 'amd: one, without errors' jq -e '(.gpus | length == 1) and (has("errors") | not)' "$dir/out"
    check 'amd: as the schema has it' keeps_the_schema
    card 'amd: who it is' '.vendor == "amd" and .pci_bus_id == "0000:0b:00.0" and .device_type == "GPU" and .detail.vbios_version == "113-D4120100-100"'
    card 'amd: how busy it is' '.utilization == 37 and .memory_utilization == 12 and .used_memory == 1000000000 and .total_memory == 17163091968'
    card 'amd: its sensors' '.temperature == 54 and .memory_temperature == 62 and .power_consumption == 123 and .power_limit_watts == 255 and .fan_speed_rpm == 1200'
    card 'amd: its clocks' '.frequency == 2300 and .memory_frequency_mhz == 96'
    card 'amd: its link' '.pcie_generation == 4 and .pcie_width == 16'
    put $device/mem_info_vram_used 99999999999999
    put $hwmon/fan1_input 200000
    put $hwmon/temp1_input 900000
    put $hwmon/power1_average -5
    put $device/gpu_busy_percent 640
    shot
    card 'amd: what is absurd is unknown' '.utilization == -1 and .used_memory == 0 and .temperature == 0 and .power_consumption == -1 and .fan_speed_rpm == null'
}

# Whatever the files hold, the frame is one.
hostile() {
    local file
    rm -rf sys
    for file in npu_busy_time_us npu_memory_utilization npu_current_frequency_mhz numa_node; do
        put class/accel/accel0/device/$file x
        head -c 100000 /dev/urandom >sys/class/accel/accel0/device/$file
    done
    put class/accel/accel0/device/uevent $'DRIVER=intel_vpu\nPCI_SLOT_NAME=evil\e[31m\x9b'
    shot
    check 'hostile: no raw control bytes' not grep -q $'[\x01-\x09\x0b-\x1f]' "$dir/out"
    check 'hostile: as the schema has it' keeps_the_schema
    card 'hostile: nothing invented' '.utilization == -1 and .used_memory == 0 and .frequency == 0'
    runs 0 doctor --sysfs "$PWD/sys" --nvml none
    check 'hostile: doctor escapes it' not grep -q $'\e' "$dir/out"
}

# Trees of real cards, where they are at hand: each gives a card with a name and sensible figures.
real_ones() {
    local tree
    for tree in "$trees"/*/; do
        grep -qsE '^DRIVER=(amdgpu|i915|xe)$' "$tree"/class/drm/card*/device/uevent || continue
        runs 0 snapshot --sysfs "$tree" --rootfs "$dir/empty" --nvml none --include gpu
        check "$tree: cards" jq -e '.gpus | length > 0 and all(.name != "" and .uuid != "" and .utilization <= 100 and
            .temperature < 250 and .power_consumption < 10000 and (.total_memory == 0 or .used_memory <= .total_memory))' "$dir/out"
        check "$tree: as the schema has it" keeps_the_schema
        runs 0 doctor --sysfs "$tree" --nvml none
        check "$tree: doctor names a card" grep -qE '^  (ok|partly|denied) ' "$dir/out"
    done
}

npu
amd
hostile
real_ones
finish
