#!/usr/bin/env bash
# tests/e2e/test_snapshot.sh TACHO: one look at the machine, in every form it is printed in.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

one_line() { (($(wc -l <"$dir/out") == 1)); }
rows() { tail -n +2 "$dir/out"; }
columns_everywhere() { python3 -c 'import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
assert len(rows) > 1 and all(len(r) == len(rows[0]) for r in rows), [r for r in rows if len(r) != len(rows[0])][:3]' "$dir/out"; }

json() {
    runs 0 snapshot
    check 'one object on one line' one_line
    check 'JSON, schema 1' jq -e '.schema == 1 and .seq == 0 and .source == "local" and .t == .timestamp' "$dir/out"
    check 'every section' jq -e 'all(.gpus, .cpus, .memory, .chassis, .processes, .storage, .networks; type == "array")' "$dir/out"
    check 'schema, t, seq come first' grep -qE '^\{"schema":1,"t":"20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z","seq":0,' "$dir/out"
    check 'rates are known in the first sample' jq -e '.cpus[0].utilization >= 0' "$dir/out"
    runs 0 snapshot --include memory
    check 'only what was asked for' jq -e 'has("memory") and (has("cpus") or has("processes") | not)' "$dir/out"
    runs 0 snapshot --include gpu,memory --sysfs "$dir/empty" --nvml none
    check 'no graphics cards: none, and no error' jq -e '.gpus == [] and (has("errors") | not)' "$dir/out"
    runs 0 snapshot --include memory --pretty
    check 'pretty: many lines' test "$(wc -l <"$dir/out")" -gt 20
    check 'pretty: indented by two' grep -q '^      "total_bytes": [0-9]*,$' "$dir/out"
    check 'pretty: JSON' jq -e '.memory[0].total_bytes > 0' "$dir/out"
    check 'pretty: as jq does it' diff <(jq . "$dir/out") "$dir/out"
    runs 0 snapshot --samples 3 -i 0.1 --include memory
    check 'samples: one array' jq -e 'type == "array" and length == 3 and map(.seq) == [0, 1, 2]' "$dir/out"
    runs 0 snapshot --samples 2 -i 0.1 --include memory --pretty
    check 'samples, pretty: one array' jq -e 'type == "array" and length == 2' "$dir/out"
    runs 0 snapshot --samples 3 -i 0.1 --include memory -f ndjson
    check 'ndjson: a line for each' test "$(wc -l <"$dir/out")" = 3
    check 'ndjson: JSON' rising_from 0 <"$dir/out"
    check 'ndjson: samples are an interval apart' jq -nre '[inputs | .t[20:23] | tonumber] |
        ((.[1] - .[0] + 1000) % 1000) as $d | $d > 50 and $d < 900' "$dir/out"
}

# The very frame that record writes: the same keys in the same order.
as_recorded() {
    local shape='[paths(type != "object" and type != "array") | map(if type == "number" then 0 else . end) | tojson] | unique'
    runs 0 snapshot --include cpu,memory,chassis,network
    cp "$dir/out" shot
    runs 0 record -o rec.ndjson -i 0.1 --duration 0.3s --include cpu,memory,chassis,network -q
    check 'the same fields as in a recording' diff <(tail -n 1 rec.ndjson | jq -c "$shape") <(jq -c "$shape" shot)
    check 'in the same order' diff <(tail -n 1 rec.ndjson | jq -c keys_unsorted) <(jq -c keys_unsorted shot)
}

csv() {
    runs 0 snapshot -f csv
    check 'csv: its first columns' grep -q '^t,host,gpus\.index,' "$dir/out"
    check 'csv: as many cells in each row' columns_everywhere
    runs 0 snapshot --format csv --query memory.total_bytes,cpus.total_threads
    check 'csv: the columns asked for' test "$(head -n 1 "$dir/out")" = 't,host,memory.total_bytes,cpus.total_threads'
    check 'csv: their values' test "$(rows | cut -d, -f 3,4)" = \
        "$(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo),$(getconf _NPROCESSORS_ONLN)"
    runs 0 snapshot -f csv --query processes.pid,processes.command,memory.total_bytes --processes all
    check 'csv: a row for each process' test "$(rows | wc -l)" -gt 1
    check 'csv: as many cells in each row' columns_everywhere
    check 'csv: this very shell is among them' grep -q ",$$," "$dir/out"
    runs 0 snapshot -f csv --query networks.name,networks.rx_bytes/s --samples 2 -i 0.2
    check 'csv: rates' grep -qE '^[^,]+,[^,]+,lo,[0-9]+\.[0-9]+$' "$dir/out"
    check 'csv: one head for all samples' test "$(grep -c '^t,host' "$dir/out")" = 1
    runs 2 snapshot -f csv --query nope.nope
    runs 2 snapshot -f csv --query cpus.nope
    runs 2 snapshot -f csv --query ''
    runs 2 snapshot -f csv --query cpus.utilization/s
    refuses 2 'tacho snapshot: --query chooses the columns of --format csv' snapshot --query cpus.utilization
    refuses 2 'tacho snapshot: --pretty goes with --format json' snapshot --pretty -f csv
    refuses 2 'tacho snapshot: --pretty goes with --format json' snapshot --pretty -f ndjson
}

hostile_command_lines() {
    local name
    name=$'evil"\e[31m,\n\\\xff\xc3\x28 \xe2\x80\xae'
    cp "$(command -v sleep)" ./sleeper
    (exec -a "$name" ./sleeper 60) &
    pid=$!
    until_true grep -q evil "/proc/$pid/cmdline"
    runs 0 snapshot --include process --processes all
    check 'hostile: JSON' jq -e "any(.processes[]; .pid == $pid and (.command | startswith(\"evil\")))" "$dir/out"
    check 'hostile: UTF-8' iconv -f UTF-8 -t UTF-8 "$dir/out"
    check 'hostile: no raw control bytes' not grep -q $'[\x01-\x08\x0b-\x1f]' "$dir/out"
    runs 0 snapshot -f csv --query processes.pid,processes.command --processes all
    check 'hostile: a table all the same' columns_everywhere
    check 'hostile: its row is escaped' printed '\x1b[31m'
    check 'hostile: no control bytes in the table' not grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$dir/out"
    kill "$pid"
    wait "$pid" 2>/dev/null
}

files() {
    runs 0 snapshot --include memory -o out.json
    check '-o: JSON' jq -e .memory out.json
    check '-o: nothing on stdout' not test -s "$dir/out"
    check '-o: mode 0600' test "$(stat -c %a out.json)" = 600
    runs 0 snapshot --include cpu -o out.json
    check '-o replaces' jq -e 'has("cpus") and (has("memory") | not)' out.json
    check '-o leaves nothing behind' test "$(find . -name 'out*' | wc -l)" = 1
    runs 0 snapshot --include memory -o -
    check '-o - is stdout' jq -e .memory "$dir/out"
    echo precious >target
    ln -s target link.json
    refuses 1 'tacho snapshot: link.json is a symbolic link; name the file that it points to' snapshot -o link.json
    check 'what it points to is untouched' test "$(<target)" = precious
    mkdir -p folder
    runs 1 snapshot -o folder
    runs 1 snapshot -o no/such/file
    if [[ -c /dev/full ]]; then
        refuses 1 'tacho snapshot: write /dev/full: No space left on device' snapshot --include memory -o /dev/full
        check 'a device stays' test -c /dev/full
        "$tacho" snapshot --include memory >/dev/full 2>"$dir/err"
        check 'a full disk behind stdout is a failure' test $? = 1
        check 'that is told' said 'No space left on device'
    fi
    "$tacho" snapshot 2>"$dir/err" | head -c 1 >/dev/null
    check 'snapshot | head is quiet' quiet
}

# A machine that is not this one: two processors, 1000 kB of memory.
other_roots() {
    mkdir -p proc/sys/kernel sys
    printf 'cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400 0 0 0 0 0 0\ncpu1 50 0 50 400 0 0 0 0 0 0\nctxt 4711\nbtime 1700000000\nprocesses 42\nprocs_running 3\nprocs_blocked 1\n' >proc/stat
    printf 'MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\nBuffers: 10 kB\nCached: 20 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n' >proc/meminfo
    echo '0.50 0.25 0.10 1/100 4711' >proc/loadavg
    runs 0 snapshot --procfs proc --sysfs sys --include cpu,memory
    check 'a fixture: memory' jq -e '.memory[0] | .total_bytes == 1024000 and .used_bytes == 409600 and .utilization == 40' "$dir/out"
    check 'a fixture: processors' jq -e '.cpus[0] | .total_threads == 2 and .load_1 == 0.5 and .context_switches == 4711 and
        .processes_running == 3 and .forks == 42' "$dir/out"
    check 'a fixture: no time has passed there' jq -e '.cpus[0].utilization | . == -1 or . == 0' "$dir/out"
    runs 1 snapshot --procfs "$dir/empty" --sysfs "$dir/empty" --include cpu,memory
    check 'an empty machine: it says so' said 'nothing at all could be read'
    check 'an empty machine: JSON all the same' jq -e '.schema == 1' "$dir/out"
    runs 1 snapshot --procfs "$dir/missing" --sysfs "$dir/missing" --include cpu,memory
    check 'a missing one too' said 'nothing at all could be read'
    runs 1 snapshot --procfs "$dir/empty" --sysfs "$dir/empty" --rootfs "$dir/empty" --nvml none
    check 'all sections of an empty machine' test "$(<"$dir/err")" = 'tacho snapshot: nothing at all could be read'
    check 'all sections: a platform alone is no chassis' jq -e '.chassis == []' "$dir/out"
    runs 0 snapshot --include gpu,chassis --sysfs "$dir/empty" --nvml none
    check 'no graphics cards, no chassis: that is fine' jq -e '.gpus == [] and .chassis == []' "$dir/out"
    rm proc/meminfo
    mkdir proc/meminfo
    runs 0 snapshot --procfs proc --sysfs sys --include cpu,memory
    check 'half a machine: what could be read' jq -e '.cpus[0].total_threads == 2' "$dir/out"
    check 'half a machine: and what went wrong' jq -e '.errors | length == 1 and .[0].section == "memory" and .[0].kind == "error" and
        (.[0].message | contains("meminfo"))' "$dir/out"
    head -c 100000 /dev/urandom >proc/stat
    runs 1 snapshot --procfs proc --sysfs sys --include cpu,memory
    check 'rubbish: errors for both' jq -e '[.errors[].section] | sort == ["cpu", "memory"]' "$dir/out"
}

wrong_use() {
    runs 2 snapshot --format xml
    runs 2 snapshot --samples 0
    runs 2 snapshot --samples 2 --interval 0
    runs 2 snapshot --timeout-ms 0
    runs 2 snapshot --include nothing
    runs 2 snapshot extra
}

# Interrupted between samples, it ends what it has begun.
interrupted() {
    start snapshot --samples 1000 -i 0.1 --include memory
    until_true grep -q '"seq":2,' "$dir/bg.out"
    kill -INT "$pid"
    ended
    check 'interrupted: a whole array' jq -e 'length >= 3' "$dir/out"
    check 'interrupted: a good end' test "$code" = 0
}

json
as_recorded
csv
hostile_command_lines
files
other_roots
wrong_use
interrupted
finish
