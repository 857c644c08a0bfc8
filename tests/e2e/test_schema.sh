#!/usr/bin/env bash
# tests/e2e/test_schema.sh TACHO VALIDATE_LINES: every line that is written holds to schema 1, to the type; so do lines that were
# read and written again. The judge is judged first: it must see each kind of fault.
# shellcheck disable=SC2016,SC2154,SC2317 # jq has its own $names; lib.sh sets data; check calls functions by their names
validate=$(realpath "$2")
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

valid() { "$validate" <"$1"; }

# A frame with something in every section, as tacho writes it.
full_frame() {
    runs 0 export "$data/all_smi.ndjson" --host dgx-01 --to 0
    sed 's/,"source":/,"seq":7,"source":/' "$dir/out" >frame.ndjson
    check 'a frame that was read and written again' valid frame.ndjson
    check 'with every section of the fixture' jq -e '[.gpus, .cpus, .memory, .chassis, .processes, .storage] | all(length > 0)' frame.ndjson
    check 'what was not known still is not' jq -e '.gpus[1] | .utilization == -1 and .temperature == 0 and .power_consumption == -1' frame.ndjson
    check '-1 as a float' grep -q '"utilization":-1\.0,' frame.ndjson
}

# The judge must refuse the frame with one thing changed: what it says, then a sed script.
doctored() {
    local says=$1 script=$2
    sed -E "$script" frame.ndjson >doctored.ndjson
    check "changed: $script" not cmp -s frame.ndjson doctored.ndjson
    check "refused: $script" not valid doctored.ndjson
    check "for the right reason: $script" grep -qF -- "$says" <("$validate" <doctored.ndjson)
}

the_judge() {
    # Floats, integers, null.
    doctored 'gpus[0].utilization: is an integer, not a float' 's/"utilization":97\.0/"utilization":97/'
    doctored 'gpus[0].utilization: is null, not a float' 's/"utilization":97\.0/"utilization":null/'
    doctored 'gpus[0].utilization: is a text, not a float' 's/"utilization":97\.0/"utilization":"97.0"/'
    doctored 'gpus[0].temperature: is a float, not an integer' 's/"temperature":61/"temperature":61.0/'
    doctored 'gpus[0].temperature: is a float, not an integer' 's/"temperature":61/"temperature":6.1e1/'
    doctored 'gpus[0].temperature: is null, not an integer' 's/"temperature":61/"temperature":null/'
    doctored 'gpus[0].temperature: is out of range' 's/"temperature":61/"temperature":-1/'
    doctored 'gpus[0].temperature: is out of range' 's/"temperature":61/"temperature":4294967296/'
    doctored 'gpus[0].gsp_firmware_mode: is out of range' 's/"gsp_firmware_mode":1/"gsp_firmware_mode":256/'
    doctored 'gpus[0].numa_node_id: is out of range' 's/"numa_node_id":0/"numa_node_id":-2147483649/'
    doctored 'memory[0].used_bytes: is a float, not an integer' 's/"used_bytes":263957661696/"used_bytes":263957661696.0/'
    doctored 'line: is no JSON' 's/"used_bytes":263957661696/"used_bytes":36893488147419103232/' # no reader takes it
    doctored 'cpus[0].utilization: is an integer, not a float' 's/"utilization":6\.2,"temp/"utilization":6,"temp/'
    doctored 'gpus[0].ane_utilization: is null, not a float' 's/"ane_utilization":0\.0/"ane_utilization":null/'
    # Nullable ones: null is fine, another type is not, and they must be there.
    doctored 'gpus[0].dla_utilization: is an integer, not a float' 's/"dla_utilization":null/"dla_utilization":3/'
    doctored 'gpus[0].dla_utilization: is missing' 's/"dla_utilization":null,//'
    doctored 'cpus[0].temperature: is a float, not an integer' 's/"temperature":52/"temperature":52.0/'
    doctored 'cpus[0].apple_silicon_info: is an object, not null' 's/"apple_silicon_info":null/"apple_silicon_info":{}/'
    sed 's/"temperature":52/"temperature":null/; s/"dla_utilization":null/"dla_utilization":0.5/' frame.ndjson >allowed.ndjson
    check 'null where it is allowed' valid allowed.ndjson
    # What must be there, and once.
    doctored 'gpus[0].uuid: is missing' 's/"uuid":"GPU-1",//'
    doctored 'gpus[0].detail: is missing' 's/,"detail":\{"CUDA[^}]*\}//'
    doctored 'hostname: is missing' 's/,"hostname":"dgx-01","gpus"/,"gpus"/'
    doctored 'seq: is missing' 's/,"seq":7//'
    doctored 'timestamp: is missing' 's/,"timestamp":"[^"]*"//'
    doctored 'processes[0].nice_value: is missing' 's/,"nice_value":0//'
    doctored 'storage[0].index: is missing' 's/,"index":0\}\]/}]/'
    doctored "has 'seq' twice" 's/,"seq":7/,"seq":7,"seq":7/'
    doctored "gpus[0]: has 'name' twice" 's/"name":"NVIDIA H200"/"name":"NVIDIA H200","name":"x"/'
    doctored "gpus[0].detail: is an array, not an object" 's/"detail":\{"CUDA[^}]*\}/"detail":[]/'
    doctored 'gpus[0].detail.power_limit_max: is a float, not a text' 's/"power_limit_max":"700.00"/"power_limit_max":700.00/'
    doctored 'gpus: is an object, not an array' 's/"gpus":\[.*\],"cpus"/"gpus":{},"cpus"/'
    doctored 'gpus[0]: is null, not an object' 's/"gpus":\[.*\],"cpus"/"gpus":[null],"cpus"/'
    # Words.
    doctored "gpus[0].device_type: 'gpu' is none of" 's/"device_type":"GPU"/"device_type":"gpu"/'
    doctored "remote_type: 'NVSwitch' is none of" 's/"remote_type":"switch"/"remote_type":"NVSwitch"/'
    doctored "source: 'both' is none of" 's/"source":"local"/"source":"both"/'
    doctored "core_type: '' is none of" 's/"core_type":"Standard"/"core_type":""/'
    doctored "psu_status[0].status: 'OK' is none of" 's/"status":"Ok"/"status":"OK"/'
    doctored "processes[0].state: 'running' is none of" 's/"state":"R"/"state":"running"/'
    doctored "platform_type: 'intel' is none of" 's/"platform_type":"Intel"/"platform_type":"intel"/'
    doctored 'platform_type.Other: is missing' 's/"platform_type":"Intel"/"platform_type":{"other":"x"}/'
    sed 's/"platform_type":"Intel"/"platform_type":{"Other":"RISC-V"}/' frame.ndjson >allowed.ndjson
    check 'another platform in an object' valid allowed.ndjson
    # Times, and texts that are numbers.
    doctored 'is not a time in UTC with milliseconds' 's/"t":"2026-04-18T12:00:00\.000Z"/"t":"2026-04-18T12:00:00Z"/'
    doctored 'is not a time in UTC with milliseconds' 's/"t":"2026-04-18T12:00:00\.000Z"/"t":"2026-04-18T12:00:00.000+00:00"/'
    doctored 'timestamp: is not t' 's/"timestamp":"2026-04-18T12:00:00\.000Z"/"timestamp":"2026-04-18T12:00:01.000Z"/'
    doctored 'cpus[0].time:' 's/("cpus".*)"time":"2026-04-18 21:00:00"/\1"time":"2026-04-18T21:00:00"/;s/("per_core_utilization":[^]]*\],"time":"2026-04-18) /\1T/'
    doctored 'processes[0].start_time: is an integer, not a text' 's/"start_time":"1786024800"/"start_time":1786024800/'
    doctored 'processes[0].start_time:' 's/"start_time":"1786024800"/"start_time":"yesterday"/'
    doctored 'processes[0].uses_gpu: is an integer, not a bool' 's/"uses_gpu":true/"uses_gpu":1/'
    # The line.
    doctored 'schema: is not 1' 's/"schema":1/"schema":2/'
    doctored 'schema: is a float, not an integer' 's/"schema":1/"schema":1.0/'
    doctored 'line: does not begin with schema, t and seq' 's/^\{"schema":1,("t":"[^"]*"),/{\1,"schema":1,/'
    doctored 'line: is no JSON' 's/\}$//'
    doctored 'line: is no JSON' 's/NVIDIA H200/\xff\xfe/'
    doctored 'line: is an array, not an object' 's/.*/[&]/'
    doctored 'interval_ms: is a float, not an integer' 's/\}$/,"interval_ms":1.5}/'
    doctored 'hosts: is a text, not an array' 's/\}$/,"hosts":"dgx-01"}/'
    doctored 'header: is a text, not a bool' 's/\}$/,"header":"no"}/'
    doctored 'all_smi_version: is an integer, not a text' 's/\}$/,"all_smi_version":21}/'
    # What tacho adds.
    doctored 'gpus[0].power_limit_watts: is an integer, not a float' 's/"uuid":"GPU-1"/"uuid":"GPU-1","power_limit_watts":700/'
    doctored 'gpus[0].vendor: '\''Nvidia'\'' is none of' 's/"uuid":"GPU-1"/"uuid":"GPU-1","vendor":"Nvidia"/'
    doctored 'gpus[0].throttle_reasons[0]: is an integer, not a text' 's/"uuid":"GPU-1"/"uuid":"GPU-1","throttle_reasons":[1]/'
    doctored 'cpus[0].pressure.io.some_total_us: is a float, not an integer' 's/"cpu_model"/"pressure":{"io":{"some_total_us":1.5}},"cpu_model"/'
    doctored 'storage[0].read_bytes: is null, not an integer' 's/"mount_point"/"read_bytes":null,"mount_point"/'
    doctored 'networks[0].name: is missing' 's/\}$/,"networks":[{"host_id":"x"}]}/'
    doctored "errors[0].kind: 'bad' is none of" 's/\}$/,"errors":[{"section":"gpu","kind":"bad","message":"x"}]}/'
    doctored 'errors[0]: is a text, not an object' 's/\}$/,"errors":["plain"]}/'
    head -c -1 frame.ndjson >doctored.ndjson
    check 'a line without its end' not valid doctored.ndjson
    : >doctored.ndjson
    check 'nothing at all' not valid doctored.ndjson
    (cat frame.ndjson && echo '{"schema":1,"header":true,"interval_ms":1,"hosts":[],"tacho_version":"","all_smi_version":"","source":"local"}') >doctored.ndjson
    check 'a header that is not the first line' not valid doctored.ndjson
    (head -c -2 frame.ndjson && printf ',"x":"' && head -c 16777216 /dev/zero | tr '\0' x && echo '"}') >doctored.ndjson
    check 'a line above 16 MiB' grep -q 'longer than 16 MiB' <("$validate" <doctored.ndjson)
    rm doctored.ndjson
}

# What this machine gives, in every codec, whole and in parts.
real_recordings() {
    local name
    for name in real.ndjson real.ndjson.gz real.ndjson.zst; do
        runs 0 record -o "$name" -i 0.1 --duration 0.6s --processes all -q
        runs 0 mark 'a mark' "$name"
        text_of "$name" >text
        check "$name: every line holds to the schema" valid text
        check "$name: there are some" test "$(wc -l <text)" -gt 5
    done
    runs 0 record -o parts.ndjson -i 0.1 --duration 0.3s --include storage,network -q
    check 'sections that were asked for alone' valid parts.ndjson
    runs 0 snapshot --samples 2 -i 0.1 -f ndjson --processes all
    check 'snapshots are the same' valid "$dir/out"
    runs 0 export real.ndjson --host "$(jq -r '.hosts[0]' <(sed -n 1p real.ndjson))"
    check 'frames read and written again' valid "$dir/out"
    check 'to the byte' diff <(grep '"seq":' "$dir/out") <(grep '"seq":' real.ndjson)
}

# A machine that gives nothing, or rubbish, must not bend the schema either.
broken_machines() {
    mkdir -p proc/1 sys
    head -c 2000 /dev/urandom >proc/stat
    printf 'MemTotal: 18446744073709551615 kB\nMemAvailable: -5 kB\nMemFree: x\n' >proc/meminfo
    printf '1 (a b) c) S 0 -1 99999999999999999999\n' >proc/1/stat
    runs 0 record -o empty.ndjson -i 0.1 --duration 0.3s --procfs "$dir/empty" --sysfs "$dir/empty" -q
    check 'an empty machine' valid empty.ndjson
    runs 0 record -o rubbish.ndjson -i 0.1 --duration 0.3s --procfs proc --sysfs sys -q
    check 'rubbish' valid rubbish.ndjson
}

# A thousand frames: the index line too.
index_lines() {
    runs 0 record -o long.ndjson -i 0.1 --duration 0.2s --include memory -q
    # seq goes on where the file ends: it is told to end at 999.
    sed -i '$s/"seq":[0-9]*/"seq":999/' long.ndjson
    runs 0 record -o long.ndjson -i 0.1 --duration 0.3s --include memory -q --append
    check 'seq 1000 is followed by an index line' grep -q '^{"schema":1,"index":true,"seq":1000,' long.ndjson
    check 'its offset is its own' test "$(grep '"index":true' long.ndjson | jq .byte_offset)" = "$(grep -b '"index":true' long.ndjson | cut -d: -f 1)"
    check 'which holds to the schema' valid long.ndjson
}

full_frame
the_judge
real_recordings
broken_machines
index_lines
finish
