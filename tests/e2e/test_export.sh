#!/usr/bin/env bash
# tests/e2e/test_export.sh TACHO: what export prints: all of it, a stretch of it, some fields, one host; while it is written.
# shellcheck disable=SC2002,SC2016,SC2317 # a pipe is what is tested; jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2154 # lib.sh sets it
all_smi=$data/all_smi.ndjson

# Forty frames, a second apart, from 12:00:00 of a day on, with a mark between; the same in three codecs.
make_recording() {
    local i t
    echo '{"schema":1,"header":true,"interval_ms":1000,"hosts":["a","b"],"tacho_version":"0.1.0","all_smi_version":"0.21.0","source":"local"}'
    for ((i = 0; i < 40; i++)); do
        t=$(printf '2026-04-18T12:00:%02d.000Z' "$i")
        printf '{"schema":1,"t":"%s","seq":%d,"source":"local","timestamp":"%s","hostname":"a","networks":[{"host_id":"a","name":"eth0","rx_bytes":%d},{"host_id":"b","name":"eth\\"1,\\u001b","rx_bytes":%d}]}\n' \
            "$t" "$i" "$t" $((i * 1000)) $((i * i))
        ((i != 9)) || echo '{"schema":1,"t":"2026-04-18T12:00:09.500Z","mark":"deploy v2"}'
    done
}
make_recording >plain.ndjson
make_recording | zstd -q >zst.ndjson.zst
make_recording | gzip >gz.ndjson.gz

seqs() { grep '"seq":' "$dir/out" | jq -c .seq | tr '\n' ' '; }
range() { seq -s ' ' "$1" "$2" | sed 's/$/ /'; }
# The frames that an export gives: first, last, words…
gives() {
    local first=$1 last=$2
    shift 2
    runs 0 export "$@"
    check "export $*: frames $first to $last" test "$(seqs)" = "$(range "$first" "$last")"
}

times() {
    local file
    for file in plain.ndjson zst.ndjson.zst gz.ndjson.gz; do
        gives 0 39 "$file"
        gives 5 39 "$file" --from 5
        gives 0 5 "$file" --to 5
        gives 5 7 "$file" --from 5 --to 7 # both ends included
        gives 5 5 "$file" --from 5 --to 5
        gives 6 7 "$file" --from 5.001 --to 7.999
        gives 5 7 "$file" --from 00:05 --to 00:07
        gives 5 7 "$file" --from 0:00:05 --to 00:00:07
        gives 5 7 "$file" --from +5 --to +2
        gives 5 7 "$file" --from +5s --to +2s
        gives 35 39 "$file" --from -4s
        gives 35 37 "$file" --from -4s --to -2s
        gives 0 37 "$file" --to -2s
        gives 5 7 "$file" --from @2026-04-18T12:00:05Z --to @2026-04-18T12:00:07.000Z
        gives 5 7 "$file" --from @2026-04-18T14:00:05+02:00 --to '@2026-04-18 12:00:07'
        gives 5 7 "$file" --from @12:00:05 --to @12:00:07
        gives 0 39 "$file" --from @12:00 --to @12:01
        gives 39 39 "$file" --from 39
        gives 0 0 "$file" --to 0
        gives 0 39 "$file" --from @2020-01-01T00:00:00Z --to @2030-01-01T00:00:00Z
        runs 0 export "$file" --from 40
        check "$file: nothing behind the end" test "$(grep -c '"seq":' "$dir/out")" = 0
        runs 0 export "$file" --from 1:00:00 --to 2:00:00
        check "$file: nothing far behind the end" test "$(grep -c '"seq":' "$dir/out")" = 0
        runs 0 export "$file" --to @2020-01-01T00:00:00Z
        check "$file: nothing before the start" test "$(grep -c '"seq":' "$dir/out")" = 0
    done
    # A time of day is that of the time zone.
    TZ=Asia/Tokyo gives 5 7 zst.ndjson.zst --from @21:00:05 --to '@2026-04-18 21:00:07'
    TZ=UTC-9 gives 5 7 zst.ndjson.zst --from @21:00:05 --to @21:00:07
}

wrong_times() {
    local time
    for time in soon '' 5x 1:2:3:4 1:60 @25:00 @2026-13-01 -1:00 +-5 @ 'now' '1e999'; do
        runs 2 export plain.ndjson --from "$time"
        check "--from '$time' is named" said "--from: '$time' is not a time"
    done
    refuses 2 'tacho export: --to is before --from' export plain.ndjson --from 5 --to 4
    runs 2 export plain.ndjson --step x
    runs 2 export plain.ndjson --step -1s
}

steps() {
    gives 0 39 plain.ndjson --step 0
    gives 0 39 plain.ndjson --step 1s
    gives 0 39 plain.ndjson --step 0.5s
    runs 0 export zst.ndjson.zst --step 10s
    check 'one frame in ten seconds' test "$(seqs)" = '0 10 20 30 '
    runs 0 export zst.ndjson.zst --step 10s --from 5
    check 'counted from --from' test "$(seqs)" = '5 15 25 35 '
    runs 0 export zst.ndjson.zst --step 1h
    check 'a step beyond the end' test "$(seqs)" = '0 '
    check 'marks are never stepped over' printed '"mark":"deploy v2"'
}

the_same_lines() {
    local file
    for file in plain.ndjson zst.ndjson.zst gz.ndjson.gz; do
        runs 0 export "$file"
        check "$file: the same lines" cmp "$dir/out" plain.ndjson
        runs 0 export --format ndjson "$file"
        check "$file: the same lines" cmp "$dir/out" plain.ndjson
    done
    runs 0 export zst.ndjson.zst --from 9 --to 10
    check 'marks go with their stretch' test "$(jq -c '.seq // .mark' "$dir/out" | tr '\n' ' ')" = 'null 9 "deploy v2" 10 '
    runs 0 export zst.ndjson.zst --from 9.2 --to 10
    check 'a mark just before the first frame too' test "$(jq -c '.seq // .mark' "$dir/out" | tr '\n' ' ')" = 'null "deploy v2" 10 '
    (head -n 1 plain.ndjson && echo '{"schema":1,"t":"2026-04-18T11:59:59.000Z","mark":"early"}' && tail -n +2 plain.ndjson) >early.ndjson
    runs 0 export early.ndjson
    check 'and one before the first of all' cmp "$dir/out" early.ndjson
    runs 0 record -o real.ndjson.zst -i 0.1 --duration 0.6s -q
    runs 0 export real.ndjson.zst
    check 'a real recording: the same lines' diff "$dir/out" <(text_of real.ndjson.zst)
    # Index lines are about the file that they stand in, and are left out.
    (
        sed -n 1p plain.ndjson
        jq -nc 'range(2100) | {schema: 1, t: (1776513600 + . | todate), seq: ., source: "local", hostname: "a"},
            if . > 0 and . % 1000 == 0 then {schema: 1, index: true, seq: .} else empty end'
    ) >many.ndjson
    check 'index lines are there' test "$(grep -c '"index":true' many.ndjson)" = 2
    runs 0 export many.ndjson
    check 'thousands: all but the index' diff "$dir/out" <(grep -v '"index":true' many.ndjson)
    runs 0 export many.ndjson --from 1999 --to 2001
    check 'thousands: a stretch' test "$(seqs)" = '1999 2000 2001 '
}

output_file() {
    runs 0 export zst.ndjson.zst -o out.ndjson
    check '-o: the same lines' cmp out.ndjson plain.ndjson
    check '-o: nothing on stdout' not test -s "$dir/out"
    check '-o: mode 0600' test "$(stat -c %a out.ndjson)" = 600
    runs 0 verify out.ndjson
    runs 0 export zst.ndjson.zst -o out.ndjson --from 5 --to 6
    check '-o replaces' test "$(grep -c '"seq":' out.ndjson)" = 2
    check '-o leaves nothing behind' test "$(find . -name 'out*' | wc -l)" = 1
    echo precious >target
    ln -s target link.ndjson
    refuses 1 'tacho export: link.ndjson is a symbolic link; name the file that it points to' export plain.ndjson -o link.ndjson
    check 'what it points to is untouched' test "$(<target)" = precious
    cp plain.ndjson itself.ndjson
    refuses 2 'tacho export: --output: ./itself.ndjson is the recording itself' export itself.ndjson -o ./itself.ndjson --to 3
    check 'a recording is not replaced by a part of itself' cmp itself.ndjson plain.ndjson
    runs 1 export plain.ndjson -o no/such/folder
    cp target kept
    runs 1 export missing.ndjson -o kept
    check 'what fails replaces nothing' test "$(<kept)" = precious
    runs 0 export plain.ndjson -o -
    check '-o - is stdout' cmp "$dir/out" plain.ndjson
    mkfifo pipe
    cat pipe >from-pipe &
    runs 0 export plain.ndjson -o pipe
    wait $!
    check 'a pipe is written to' cmp from-pipe plain.ndjson
    check 'and stays' test -p pipe
    if [[ -c /dev/full ]]; then
        refuses 1 'tacho export: write /dev/full: No space left on device' export plain.ndjson -o /dev/full
        check 'a device stays' test -c /dev/full
    fi
}

tables() {
    runs 0 export zst.ndjson.zst -f csv --fields networks.name,networks.rx_bytes --from 3 --to 4
    check 'csv: rows' diff "$dir/out" <(printf '%s\n' 't,host,networks.name,networks.rx_bytes' \
        '2026-04-18T12:00:03.000Z,a,eth0,3000' '2026-04-18T12:00:03.000Z,b,"eth""1,\x1b",9' \
        '2026-04-18T12:00:04.000Z,a,eth0,4000' '2026-04-18T12:00:04.000Z,b,"eth""1,\x1b",16')
    runs 0 export zst.ndjson.zst -f csv --fields networks.name,networks.rx_bytes/s --from 3 --to 5 --host a
    check 'csv: rates and one host' diff "$dir/out" <(printf '%s\n' 't,host,networks.name,networks.rx_bytes/s' \
        '2026-04-18T12:00:03.000Z,a,eth0,' '2026-04-18T12:00:04.000Z,a,eth0,1000.0' '2026-04-18T12:00:05.000Z,a,eth0,1000.0')
    runs 0 export zst.ndjson.zst -f csv --fields networks.rx_bytes/s --step 10s --host b --to 20
    check 'csv: rates over a step' diff <(cut -d, -f 3 "$dir/out") <(printf '%s\n' networks.rx_bytes/s '' 10.0 30.0)
    runs 0 export zst.ndjson.zst --fields networks.rx_bytes --from 3 --to 3
    check 'json with fields' jq -e '.seq == 3 and .networks == [{"rx_bytes":3000},{"rx_bytes":9}]' "$dir/out"
    runs 0 export zst.ndjson.zst -f csv --fields memory.utilization --to 1
    check 'csv: what is not known is empty' diff "$dir/out" <(printf '%s\n' 't,host,memory.utilization' \
        '2026-04-18T12:00:00.000Z,a,' '2026-04-18T12:00:01.000Z,a,')
    refuses 2 'tacho export: --format csv takes --fields, as gpus.utilization,cpus.utilization' export plain.ndjson -f csv
    runs 2 export plain.ndjson -f csv --fields nope.nope
    check 'an unknown section is named' said "field 'nope.nope'"
    runs 2 export plain.ndjson --fields networks.nope
    check 'an unknown field is named' said "field 'networks.nope'"
    runs 2 export plain.ndjson -f csv --fields networks.name/s
    runs 2 export plain.ndjson -f csv --fields ''
    runs 2 export plain.ndjson -f csv --fields networks.name,processes.pid
    runs 2 export plain.ndjson --format xml
}

hosts() {
    runs 0 export plain.ndjson --host b --to 1
    check 'one host: its rows' jq -nc --exit-status '[inputs | select(has("seq")) | [.networks[].host_id] == ["b"]] | length == 2 and all' "$dir/out"
    runs 0 export plain.ndjson --host nobody
    check 'a host that is nowhere: no frames' test "$(grep -c '"seq":' "$dir/out")" = 0
    check 'and it is told' said "no frame has anything of host 'nobody'"
}

# What all-smi wrote: zstd under a plain name, no header, whole seconds, sentinels, one object for a list, texts for errors.
from_all_smi() {
    zstd -q "$all_smi" -o foreign.ndjson
    runs 0 info --json foreign.ndjson
    check 'all-smi: frames' jq -e '.frames == 4 and .errors == 2 and .interval_ms == null and .duration_seconds == 6.0' "$dir/out"
    check 'all-smi: its codec' jq -e '.segments[0].codec == "zstd"' "$dir/out"
    check 'all-smi: no damage but the missing header' jq -e '.damage == {"missing header":1}' "$dir/out"
    runs 0 export foreign.ndjson
    check 'all-smi: the same lines' diff "$dir/out" <(grep -v '"index":true' "$all_smi")
    runs 0 export foreign.ndjson -f csv --fields gpus.uuid,gpus.utilization,gpus.power_consumption,gpus.temperature,gpus.used_memory --to 0
    check 'all-smi: -1 and 0 are not known' test "$(sed -n 3p "$dir/out")" = '2026-04-18T12:00:00.000Z,dgx-01,GPU-2,,,,'
    check 'all-smi: a reading is one' test "$(sed -n 2p "$dir/out")" = '2026-04-18T12:00:00.000Z,dgx-01,GPU-1,97.0,412.5,61,81604378624'
    runs 0 export foreign.ndjson -f csv --fields gpus.utilization --from 3 --to 3
    check 'all-smi: 0 % is not unknown' test "$(sed -n 2p "$dir/out")" = '2026-04-18T12:00:03.000Z,dgx-01,0.0'
    runs 0 export foreign.ndjson -f csv --fields memory.used_bytes --from 3 --to 3
    check 'all-smi: one object for a list; two frames in a second' test "$(sed -n 3p "$dir/out")" = '2026-04-18T12:00:03.000Z,dgx-01,163957661696'
    runs 0 export foreign.ndjson -f csv --fields errors.message --from 3 --to 3
    check 'all-smi: a text for an error' printed '2026-04-18T12:00:03.000Z,dgx-01,nvidia: NotSupported'
    runs 0 export foreign.ndjson --host dgx-02:9090
    check 'all-smi: one host of a cluster' jq -e '[.gpus[].uuid] == ["GPU-9"]' "$dir/out"
    runs 0 info foreign.ndjson
    check 'all-smi: devices' printed 'NVIDIA A100'
}

frames_out() { (($(grep -c '"seq":' "$dir/bg.out") >= $1)); }

following() {
    local name=$1 recorder out
    shift
    "$tacho" record -o "$name" -i 0.1 --include cpu,memory -q "$@" &
    recorder=$!
    until_true at_least_frames "$name" 1
    start export --follow "$name"
    check "$name: frames come as they are written" until_true frames_out 12
    kill -TERM "$recorder"
    wait "$recorder"
    "$tacho" export "$name" >all
    out=$(grep -c '"seq":' all)
    check "$name: to the last" until_true frames_out "$out"
    kill -INT "$pid"
    ended
    check "$name: an interrupt ends it well" test "$code" = 0
    check "$name: the same lines" diff "$dir/out" all
    check "$name: seq is 0, 1, 2 …" rising_from 0 <"$dir/out"
}

following_a_stretch() {
    local recorder
    "$tacho" record -o stretch.ndjson -i 0.1 --include memory -q &
    recorder=$!
    until_true at_least_frames stretch.ndjson 5
    start export --follow stretch.ndjson --from -0.2s -f csv --fields memory.used_bytes
    check 'rows come' until_true grep -q '^20' "$dir/bg.out"
    kill -TERM "$pid"
    ended
    kill -TERM "$recorder"
    wait "$recorder"
    check 'SIGTERM ends it too' test "$code" = 0
    check 'it began near the end' not grep -q "^$(grep '"seq":0,' stretch.ndjson | jq -r .t)," "$dir/out"
    runs 2 export --follow stretch.ndjson plain.ndjson
    runs 2 export --follow --no-chain stretch.ndjson
}

# A recording bigger than any pipe, for what ends early.
endings() {
    local i
    for ((i = 0; i < 60; i++)); do
        sed -n '2,41p' plain.ndjson
    done >>big.text
    (sed -n 1p plain.ndjson && cat big.text big.text big.text) >big.ndjson
    "$tacho" export big.ndjson 2>"$dir/err" | head -n 1 >/dev/null
    check 'export | head is quiet' quiet
    "$tacho" export -f csv --fields networks.rx_bytes big.ndjson 2>"$dir/err" | head -n 1 >/dev/null
    check 'also as a table' quiet
    # Blocked in a pipe that nobody reads, it ends by a signal.
    mkfifo nobody
    exec 8<>nobody
    "$tacho" export big.ndjson >&8 2>"$dir/bg.err" &
    pid=$!
    sleep 0.5
    kill -TERM "$pid"
    check 'a signal ends what is blocked' until_true not kill -0 "$pid"
    wait "$pid"
    check 'by that signal' test $? = 143
    exec 8>&-
    # Interrupted, a file does not appear.
    start export big.ndjson -o partial.ndjson --follow
    check 'what is under way is beside its place' until_true beside partial.ndjson
    kill -TERM "$pid"
    ended
    check 'a followed export is kept when it ends' test "$code" = 0 -a -s partial.ndjson
    "$tacho" export missing.ndjson 2>/dev/null | head -n 1
    runs 1 export missing.ndjson
}
beside() { compgen -G "$1.*" >/dev/null; }

several_files() {
    (sed -n 1p plain.ndjson && sed -n '2,11p' plain.ndjson) >one.ndjson
    (sed -n 1p plain.ndjson && sed -n '13,42p' plain.ndjson) >two.ndjson
    gives 0 39 one.ndjson two.ndjson
    gives 0 39 two.ndjson one.ndjson
    gives 8 12 two.ndjson one.ndjson --from 8 --to 12
    runs 1 export one.ndjson missing.ndjson
}

through_standard_input() {
    "$tacho" export - --from 5 --to 7 <zst.ndjson.zst >"$dir/out"
    check 'a file as standard input' test "$(seqs)" = "$(range 5 7)"
    cat zst.ndjson.zst | "$tacho" export - --from 5 --to 7 >"$dir/out"
    check 'a pipe as standard input' test "$(seqs)" = "$(range 5 7)"
    check 'info of a pipe' test "$(cat gz.ndjson.gz | "$tacho" info --json - | jq .frames)" = 40
    check 'a pipe is verified' eval 'cat plain.ndjson | "$tacho" verify -q -'
    runs 0 info -
}

times
through_standard_input
wrong_times
steps
the_same_lines
output_file
tables
hosts
from_all_smi
following follow.ndjson
following follow.ndjson.zst
following follow.ndjson.gz
following rotated.ndjson --max-size 3K --max-files 1000
following rotated.ndjson.zst --max-size 3K --max-files 1000
following_a_stretch
endings
several_files
finish
