#!/usr/bin/env bash
# tests/e2e/test_record.sh TACHO: record writes what it should, where it should, and ends well.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

header_first() { text_of "$1" | sed -n 1p | jq -e '.header == true and .schema == 1 and .interval_ms == 100 and (.hosts | length) == 1'; }
private() { [[ $(stat -c %a "$1") == 600 ]]; }
one_time_order() { text_of "$1" | jq -nre '[inputs | select(has("seq")) | .t] | . == sort'; }
sound() { "$tacho" verify -q "$1"; }

three_codecs() {
    local codec name
    for codec in none gzip zstd; do
        name=a.ndjson
        [[ $codec == none ]] || name+=.${codec/gzip/gz}
        name=${name/zstd/zst}
        runs 0 record -o "$name" -i 0.1 --duration 2s
        check "$codec: the summary names the file" said "| $name"
        check "$codec: at least 10 frames" at_least_frames "$name" 10
        check "$codec: at most 20 frames" not at_least_frames "$name" 21
        check "$codec: every line is JSON" all_json "$name"
        check "$codec: the header is the first line" header_first "$name"
        check "$codec: seq is 0, 1, 2 …" rising_from 0 < <(text_of "$name")
        check "$codec: times rise" one_time_order "$name"
        check "$codec: mode 0600" private "$name"
        check "$codec: the last line is whole" ends_with_newline "$name"
        check "$codec: sound" sound "$name"
    done
    runs 0 record -o flushed.ndjson.zst -i 0.1 --duration 0.5s --flush 1h
    check 'the last status line knows the size' not said '-> 0 B'
    check 'the content of .zst is whole' zstd -tq a.ndjson.zst
    check 'the content of .gz is whole' gzip -t a.ndjson.gz
    check 'a finished .zst has a seek table' has_seek_table a.ndjson.zst
    check 'one gzip member' one_member a.ndjson.gz
    runs 0 info --json a.ndjson.zst
    check 'info finds the seek table' jq -e '.segments[0].seek_table and .damage == {} and .frames >= 10' "$dir/out"
}

one_member() { python3 -c 'import sys, zlib
d = zlib.decompressobj(31)
d.decompress(open(sys.argv[1], "rb").read())
assert d.eof and not d.unused_data' "$1"; }

sections() {
    check 'each frame has every section' jq -ne '[inputs | select(has("seq")) |
        all(.cpus, .memory, .chassis, .processes, .storage, .networks; type == "array")] | length >= 10 and all' a.ndjson
    check 'one processor, memory and chassis, and some processes' jq -ne '[inputs | select(has("seq")) |
        (.cpus | length) == 1 and (.memory | length) == 1 and (.chassis | length) <= 1 and (.processes | length) > 1] | all' a.ndjson
    check 'no errors on a sound machine' jq -ne '[inputs | select(has("errors"))] == []' a.ndjson
    runs 0 record -o few.ndjson -i 0.1 --duration 0.3s --include memory,network
    check 'only the sections asked for' jq -ne '[inputs | select(has("seq")) | keys] | length > 0 and all(. ==
        ["hostname", "memory", "networks", "schema", "seq", "source", "t", "timestamp"])' few.ndjson
}

# What is recorded is what the machine says.
plausible() {
    local threads
    threads=$(getconf _NPROCESSORS_ONLN)
    check 'the processor has as many threads as the machine' \
        jq -ne "[inputs | select(has(\"seq\")) | .cpus[0].total_threads == $threads] | all" a.ndjson
    check 'memory is that of the machine' jq -ne "[inputs | select(has(\"seq\")) | .memory[0].total_bytes == \
        $(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)] | all" a.ndjson
    check 'used memory is total less available' jq -ne '[inputs | select(has("seq")) | .memory[0] |
        .used_bytes == .total_bytes - .available_bytes] | all' a.ndjson
    check 'utilization is a share, unknown in the first frame at most' jq -ne '[inputs | select(has("seq")) |
        .cpus[0].utilization] | .[1:] | all(. >= 0 and . <= 100)' a.ndjson
    check 'counters never fall' jq -ne '[inputs | select(has("seq")) | .cpus[0].context_switches] | . == sort and .[-1] > .[0]' a.ndjson
    check 'uptime grows as time does' jq -ne '[inputs | select(has("seq"))] |
        ((.[-1].t | .[:19] + "Z" | fromdate) - (.[0].t | .[:19] + "Z" | fromdate)) as $dt |
        (.[-1].cpus[0].uptime_seconds - .[0].cpus[0].uptime_seconds) as $du | ($du - $dt) | . < 1.2 and . > -1.2' a.ndjson
}

# A busy process between two frames is seen to use a processor, traffic on the loopback to be traffic.
rates() {
    local busy at
    start record -o rates.ndjson -i 0.5 --include cpu,process,network --processes all
    until_true at_least_frames rates.ndjson 1
    (while :; do :; done) &
    busy=$!
    check 'frames come' until_true at_least_frames rates.ndjson 5
    kill -KILL "$busy"
    wait "$busy" 2>/dev/null
    kill -TERM "$pid"
    ended
    check 'a busy process uses a processor' jq -ne "[inputs | .processes[]? | select(.pid == $busy) | .cpu_percent] |
        max > 20 and max <= 115" rates.ndjson
    check 'the processor is not idle then' jq -ne '[inputs | .cpus[]?.utilization] | max > 5' rates.ndjson
    at=$(jq -s '[.[] | select(has("seq")) | .cpus[0].context_switches] | .[-1] - .[0]' rates.ndjson)
    check 'the machine switches' test "$at" -gt 0
}

# A signal in the middle of a recording ends it well.
signals() {
    local signal name
    for signal in TERM INT HUP; do
        for name in "$signal".ndjson "$signal".ndjson.gz "$signal".ndjson.zst; do
            start record -o "$name" -i 0.1 --include cpu,memory
            check "$name grows" until_true at_least_frames "$name" 3
            kill -"$signal" "$pid"
            ended
            check "$name: SIG$signal is a good end" test "$code" = 0
            check "$name: every line is JSON" all_json "$name"
            check "$name: the last line is whole" ends_with_newline "$name"
            check "$name: sound" sound "$name"
            check "$name: seq is 0, 1, 2 …" rising_from 0 < <(text_of "$name")
        done
        check "SIG$signal: the content of .zst is whole" zstd -tq "$signal".ndjson.zst
        check "SIG$signal: seek table" has_seek_table "$signal".ndjson.zst
        check "SIG$signal: the content of .gz is whole" gzip -t "$signal".ndjson.gz
    done
}

# A long interval does not make it deaf.
signal_while_waiting() {
    start record -o slow.ndjson -i 1h
    check 'the first frame is there at once' until_true at_least_frames slow.ndjson 1
    kill -INT "$pid"
    ended
    check 'ended while waiting' test "$code" = 0
    check 'one frame' test "$(frames_of slow.ndjson)" = 1
}

# Two signals at once: one may end it well, two leave at once; either way the file is readable up to the last flush.
second_interrupt() {
    local i name
    for i in 1 2 3 4 5 6; do
        name=twice$i.ndjson.zst
        start record -o "$name" -i 0.1 --include cpu,memory
        until_true at_least_frames "$name" 3
        kill -INT "$pid"
        kill -INT "$pid" 2>/dev/null
        ended
        check 'two interrupts end it with 0 or 130' test "$code" = 0 -o "$code" = 130
        check 'and the file is readable' rising_from 0 < <("$tacho" export "$name" 2>/dev/null)
        check 'to the last flush' test "$("$tacho" export "$name" 2>/dev/null | grep -c '"seq"')" -ge 3
    done
    # One that cannot finish: its summary goes into a pipe that is full.
    mkfifo full
    exec 9<>full
    head -c 65536 /dev/zero >&9
    set -m
    "$tacho" record -o stuck.ndjson.zst -i 0.1 --include cpu 2>&9 </dev/null &
    pid=$!
    set +m
    until_true at_least_frames stuck.ndjson.zst 3
    for ((i = 0; i < 600; i++)); do
        kill -INT "$pid" 2>/dev/null || break
        sleep 0.05
    done
    wait "$pid"
    check 'a second interrupt leaves at once' test $? = 130
    exec 9>&-
    check 'with the file valid to the last flush' rising_from 0 < <("$tacho" export stuck.ndjson.zst 2>/dev/null)
    check 'and nothing lost' test "$("$tacho" export stuck.ndjson.zst 2>/dev/null | grep -c '"seq"')" -ge 3
}

hangup_under_nohup() {
    set -m
    (
        trap '' HUP
        exec "$tacho" record -o nohup.ndjson -i 0.1 --include cpu -q
    ) &
    pid=$!
    set +m
    until_true at_least_frames nohup.ndjson 2
    kill -HUP "$pid"
    check 'under nohup a hang-up ends nothing' until_true at_least_frames nohup.ndjson 6
    kill -TERM "$pid"
    wait "$pid"
    check 'but SIGTERM does, well' test $? = 0
}

# On a terminal one line that is drawn over and over; elsewhere a summary at the end, and nothing with --quiet.
status_line() {
    local lines
    runs 0 record -o piped.ndjson -i 0.1 --duration 0.5s --include cpu
    check 'piped: one line' test "$(wc -l <"$dir/err")" = 1
    check 'piped: no control characters' not grep -q $'[\r\e]' "$dir/err"
    check 'piped: the summary' grep -qxE 'END 00:00:00 \| [0-9]+ frames \| [0-9.]+ [KM]?i?B -> [0-9.]+ [KM]?i?B \| 0\.1 s \| 0 errors \| piped\.ndjson' "$dir/err"
    check 'piped: nothing on stdout' not test -s "$dir/out"
    runs 0 record -o silent.ndjson -i 0.1 --duration 0.3s --include cpu --quiet
    check 'quiet: nothing' quiet
    runs 0 record -o silent2.ndjson -i 0.1 --duration 0.3s --include cpu -q
    check 'quiet: nothing' quiet
    script -qec "$tacho record -o tty.ndjson -i 0.1 --duration 0.6s --include cpu" tty.log >/dev/null </dev/null
    check 'terminal: ended well' test $? = 0
    lines=$(tr '\r' '\n' <tty.log | grep -cE $'^\e\\[KREC 00:00:00 \\| [0-9]+ frames \\| .* \\| 0\\.1 s \\| 0 errors \\| tty\\.ndjson$')
    check 'terminal: a line for each frame' test "$lines" -ge 3
    check 'terminal: it ends with the summary' grep -qF 'END 00:00:00 | ' tty.log
    script -qec "$tacho record -o tty2.ndjson -i 0.1 --duration 0.3s --include cpu -q" tty2.log >/dev/null </dev/null
    check 'terminal and quiet: nothing' not grep -qE 'REC|END' tty2.log
    runs 0 record -o $'esc\e[31m.ndjson' -i 0.1 --duration 0.2s --include cpu
    check 'a hostile file name is no command to the terminal' not grep -q $'\e' "$dir/err"
}

default_path() {
    local file
    runs 0 record -i 0.1 --duration 0.3s --include cpu
    file=$(find "$XDG_STATE_HOME" -name '*.ndjson.zst')
    check 'one file below XDG_STATE_HOME' test "$(find "$XDG_STATE_HOME" -type f | wc -l)" = 1
    check 'named after host and time' grep -qE "^$XDG_STATE_HOME/tacho/recordings/[A-Za-z0-9-]+-20[0-9]{6}-[0-9]{6}\.ndjson\.zst\$" <<<"$file"
    check 'it is zstd' test "$(head -c 4 "$file" | od -An -tx1)" = ' 28 b5 2f fd'
    check 'mode 0600' private "$file"
    (
        unset XDG_STATE_HOME
        "$tacho" record -i 0.1 --duration 0.2s --include cpu -q --compress gzip
    )
    check 'without XDG_STATE_HOME below ~/.local/state' test "$(find "$HOME/.local/state/tacho/recordings" -name '*.ndjson.gz' | wc -l)" = 1
    (unset XDG_STATE_HOME HOME && "$tacho" record --duration 1s 2>"$dir/err")
    check 'without a home it is wrong use' test $? = 2
    check 'and says what to do' said 'name a file with -o'
}

# A frame that cannot be read whole still is one, and says what is missing.
broken_machine() {
    mkdir -p proc
    echo 'this is no statistic' >proc/stat
    echo 'nor is this memory' >proc/meminfo
    runs 0 record -o broken.ndjson -i 0.1 --duration 0.3s --procfs proc --sysfs "$dir/empty" --include cpu,memory
    check 'each frame says what went wrong' jq -ne '[inputs | select(has("seq")) | (.errors | length) > 0 and
        all(.errors[]; (.section | IN("cpu", "memory")) and .kind == "error" and (.message | length) > 0)] |
        length > 0 and all' broken.ndjson
    check 'errors are counted' not said '| 0 errors |'
    runs 0 info --json broken.ndjson
    check 'info counts them too' jq -e '.errors > 0' "$dir/out"
    runs 0 record -o nothing.ndjson -i 0.1 --duration 0.3s --procfs "$dir/empty" --sysfs "$dir/empty"
    check 'a machine without anything gives frames all the same' at_least_frames nothing.ndjson 2
    check 'of JSON' all_json nothing.ndjson
}

# A FIFO that nobody writes to hangs who opens it, as a dead file system would.
hanging_reader() {
    mkdir -p hung/proc/1
    mkfifo hung/proc/1/stat
    printf 'MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\n' >hung/proc/meminfo
    runs 0 record -o hung.ndjson -i 0.1 --duration 0.3s --procfs hung/proc --include memory,process -q
    check 'the others go on' jq -ne '[inputs | select(has("memory"))] | length > 0' hung.ndjson
    check 'one is told at the end' test "$(<"$dir/err")" = 'tacho record: 1 reader hung at the end, and left behind'
}

wrong_use() {
    refuses 2 'tacho record: --interval: at least 0.1 seconds' record -o x.ndjson -i 0.09
    refuses 2 'tacho record: --interval: at least 0.1 seconds' record -o x.ndjson -i 0
    refuses 2 'tacho record: --append and --force contradict each other: choose one' record -o x.ndjson --append --force
    runs 2 record -o -
    check '-o - names snapshot' said 'tacho snapshot'
    runs 2 record -o ''
    refuses 2 'tacho record: --processes gpu: who uses a GPU is known with --include gpu,process' \
        record -o x.ndjson --include process --processes gpu
    runs 2 record -o x.ndjson --processes gpus
    check 'an unknown choice of processes is named' said "'gpus' is none of notable, all, gpu, top:N"
    runs 2 record -o x.ndjson --include cpu,nonsense
    check 'an unknown section is named' said "'nonsense' is no section"
    runs 2 record -o x.ndjson --include ''
    runs 2 record -o x.ndjson --max-files 0
    runs 2 record -o x.ndjson --level 99
    runs 2 record -o x.ndjson --processes top:0
    runs 2 record -o x.ndjson -i 1e400
    runs 2 record -o x.ndjson -i nan
    runs 2 record -o x.ndjson -i -1
    runs 2 record -o x.ndjson --duration 99999999999999999999
    runs 2 record -o x.ndjson extra
    check 'wrong use makes no file' not test -e x.ndjson
}

three_codecs
sections
plausible
rates
signals
signal_while_waiting
second_interrupt
hangup_under_nohup
status_line
default_path
broken_machine
hanging_reader
wrong_use
finish
