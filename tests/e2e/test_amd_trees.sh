#!/usr/bin/env bash
# tests/e2e/test_amd_trees.sh TACHO: AMD cards out of trees that were read off real machines, where they are beside the checkout.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

trees=$(realpath -m "$data/../../../shared/fixtures/sysfs")
[[ -d $trees ]] || skip "no $trees"

# A card's readings, as somebody read them off its files: what is not in the list must be unknown.
card() {
    local tree=$1 expected=$2 try
    [[ -d $trees/$tree ]] || return
    for ((try = 0; try < 5; try++)); do # a loaded machine may not answer in the time that a frame takes
        runs 0 snapshot --include gpu --nvml none --sysfs "$trees/$tree" --rootfs "$dir/empty" --samples 3 -i 0.2
        grep -q '"kind":"timeout"' "$dir/out" || break
    done
    check "$tree: no errors, one card, the same each time" jq -e 'length == 3 and all(.[]; has("errors") | not) and
        all(.[]; .gpus | length == 1) and (map(.gpus[0] | del(.time)) | unique | length == 1)' "$dir/out"
    check "$tree: its readings, and no others" jq -e --argjson expected "$expected" '.[2].gpus[0] |
        {pci: .pci_bus_id, name, busy: .utilization, memory_busy: .memory_utilization, used: .used_memory,
         total: .total_memory, edge: .temperature, memory: .memory_temperature,
         slowdown: .temperature_threshold_slowdown, shutdown: .temperature_threshold_shutdown, watts: .power_consumption,
         limit: .power_limit_watts, mhz: .frequency, memory_mhz: .memory_frequency_mhz, rpm: .fan_speed_rpm,
         fan: .fan_speed_percent, link: "\(.pcie_generation) x\(.pcie_width)", reasons: .throttle_reasons,
         energy: .energy_joules, ecc: .ecc_corrected, numa: .numa_node_id, limit_max: .detail.power_limit_max,
         vbios: .detail.vbios_version, level: .detail.performance_level, driver: .detail.driver} |
        if . == $expected then true else {is: ., expected: $expected} | tojson | error end' "$dir/out"
}

card rx580 '{"pci": "0000:09:00.0", "name": "AMD GPU [1002:67df]", "busy": 11, "memory_busy": 2, "used": 536870912,
    "total": 4294967296, "edge": 44, "memory": null, "slowdown": 94, "shutdown": null, "watts": 41.045, "limit": 155,
    "mhz": 798, "memory_mhz": 1750, "rpm": 595, "fan": 14, "link": "3 x16", "reasons": null, "energy": null, "ecc": null,
    "numa": null, "limit_max": "201.00", "vbios": "113-1E3871U-O4C", "level": "auto", "driver": "amdgpu"}'
# Its tree has no sizes of memory (0 stands for unknown in a line), and its fan turns while the driver says a duty of 0. The port
# is x16, the card x8.
card rx6600 '{"pci": "0000:12:00.0", "name": "AMD GPU [1002:73ff]", "busy": 0, "memory_busy": null, "used": 0, "total": 0,
    "edge": 28, "memory": 26, "slowdown": 100, "shutdown": 105, "watts": 3, "limit": 120, "mhz": 20, "memory_mhz": 96,
    "rpm": 1395, "fan": null, "link": "3 x8", "reasons": null, "energy": null, "ecc": null, "numa": null,
    "limit_max": "120.00", "vbios": "113-D534-R66E", "level": null, "driver": "amdgpu"}'
# The only one with a gpu_metrics table, of 1.3: link and reasons are out of it.
card rx6900xt '{"pci": "0000:0c:00.0", "name": "AMD GPU [1002:73bf]", "busy": 3, "memory_busy": 0, "used": 668274688,
    "total": 17163091968, "edge": 56, "memory": 54, "slowdown": 100, "shutdown": 105, "watts": 36, "limit": 289,
    "mhz": 500, "memory_mhz": 1000, "rpm": 0, "fan": 0, "link": "4 x16", "reasons": [], "energy": null, "ecc": null,
    "numa": null, "limit_max": "332.00", "vbios": "113-D4121EXT-CO1", "level": "auto", "driver": "amdgpu"}'
card rx7900xtx '{"pci": "0000:03:00.0", "name": "AMD GPU [1002:744c]", "busy": 3, "memory_busy": null, "used": 0,
    "total": 0, "edge": 53, "memory": 68, "slowdown": 100, "shutdown": 105, "watts": 68, "limit": 290, "mhz": 31,
    "memory_mhz": 1249, "rpm": 0, "fan": 0, "link": "4 x16", "reasons": null, "energy": null, "ecc": null, "numa": null,
    "limit_max": "333.00", "vbios": "113-D70401XT-N11", "level": "auto", "driver": "amdgpu"}'
card vega56 '{"pci": "0000:0b:00.0", "name": "AMD GPU [1002:687f]", "busy": 0, "memory_busy": null, "used": 16613376,
    "total": 8573157376, "edge": 38, "memory": 39, "slowdown": 85, "shutdown": 90, "watts": 8, "limit": 260, "mhz": 26,
    "memory_mhz": 167, "rpm": 5, "fan": null, "link": "3 x16", "reasons": null, "energy": null, "ecc": null, "numa": null,
    "limit_max": "390.00", "vbios": "115-D050PIL-100", "level": "auto", "driver": "amdgpu"}'
finish
