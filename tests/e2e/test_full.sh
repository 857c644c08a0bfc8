#!/usr/bin/env bash
# tests/e2e/test_full.sh TACHO: a full disk. The recorder stays, says so once, makes room where it may, counts what it lost, and
# tells of it in the recording. Runs on a small file system of its own, which takes root or user namespaces.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
if [[ -z ${OWN_MOUNTS:-} ]]; then
    export OWN_MOUNTS=1
    if unshare -m true 2>/dev/null; then
        exec unshare -m bash "$0" "$@"
    elif unshare -rm true 2>/dev/null; then
        exec unshare -rm bash "$0" "$@"
    fi
    echo 'skipped: no file system can be mounted here'
    exit 77
fi
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

unmount() {
    cd /
    umount "$dir"/work/* 2>/dev/null
}
cleanups+=(unmount)

# An empty file system of that many KiB, and in it.
disk() {
    mkdir "$dir/work/$1"
    mount -t tmpfs -o "size=${2}k,mode=700" tmpfs "$dir/work/$1" 2>/dev/null || skip 'no tmpfs can be mounted here'
    cd "$dir/work/$1" || exit 1
}
fill() { head -c 100M /dev/zero >filler 2>/dev/null; } # all that is left
told() { grep -q "$1" "$dir/bg.err"; }
exported() { "$tacho" export "$1" 2>/dev/null; }
sound() { "$tacho" verify -q "$1"; }

# Room goes while it records, and comes back.
room_comes_back() {
    local name=$1 before
    disk "back-$name" 2000
    start record -o "$name" -i 0.1
    check "$name: frames come" until_true at_least_frames "$name" 3
    fill
    check "$name: it says that the disk is full" until_true told 'No space left on device'
    before=$(exported "$name" | grep -c '"seq":')
    sleep 1
    check "$name: it stays" kill -0 "$pid"
    check "$name: it says so once" test "$(grep -c 'No space left' "$dir/bg.err")" = 1
    check "$name: what was there is readable" test "$before" -ge 3
    rm filler
    check "$name: it says that writing works again" until_true told 'writing works again'
    check "$name: frames come again" until_true more_than "$name" $((before + 4))
    kill -TERM "$pid"
    ended
    check "$name: ends with 1, for frames were lost" test "$code" = 1
    check "$name: and says how many" grep -qE '^tacho record: [0-9]+ frames were lost: ' "$dir/err"
    check "$name: the status line has them" grep -qE '^END .* \| [0-9]+ LOST \| ' "$dir/err"
    exported "$name" >"$dir/all"
    check "$name: sound" sound "$name"
    check "$name: seq has no hole" rising_from 0 <"$dir/all"
    check "$name: a frame tells of it, once" test "$(jq -c '.errors[]? | select(.section == "recording")' "$dir/all" | wc -l)" = 1
    check "$name: with the number that the program tells" jq -ne --arg n "$(lost)" '[inputs.errors[]? | .kind == "error" and
        (.message | startswith($n + " frames could not be written: ") and endswith("No space left on device"))] == [true]' "$dir/all"
    check "$name: many were lost" test "$(lost)" -ge 3
    runs 0 info --json "$name"
    check "$name: info counts error and gap" jq -e '.errors == 1 and .gaps >= 1' "$dir/out"
    [[ $name != *.zst ]] || check "$name: whole" zstd -tq "$name"
    [[ $name != *.gz ]] || check "$name: whole" gzip -t "$name"
    cd "$dir/work" || exit 1
}
more_than() { (($(exported "$1" | grep -c '"seq":') > $2)); }
lost() { sed -nE 's/^tacho record: ([0-9]+) frames were lost: .*/\1/p' "$dir/err"; }

# Room never comes back: nothing that is there suffers.
stays_full() {
    local name=$1
    disk "stays-$name" 1000
    start record -o "$name" -i 0.1
    until_true at_least_frames "$name" 3
    fill
    until_true told 'No space left on device'
    sleep 0.6
    kill -TERM "$pid"
    ended
    check "$name: ends with 1" test "$code" = 1
    exported "$name" >"$dir/all"
    check "$name: all that was written is readable" rising_from 0 <"$dir/all"
    check "$name: three frames at least" test "$(wc -l <"$dir/all")" -ge 4
    rm filler
    runs 0 record -o "$name" -i 0.1 --duration 0.3s --include cpu,memory -q --append
    check "$name: it can be continued" rising_from 0 < <(exported "$name")
    check "$name: and is sound" sound "$name"
    cd "$dir/work" || exit 1
}

# With older segments there is room to make: nothing is lost but the oldest.
oldest_goes() {
    local name=$1 first
    disk "oldest-$name" 40
    start record -o "$name" -i 0.1 --include cpu,memory --max-size 1K --max-files 1000
    check "$name: it goes round" until_true evicted "$name"
    check "$name: and on" until_true newest_after "$name" 25
    kill -TERM "$pid"
    ended
    check "$name: nothing was lost: a good end" test "$code" = 0
    exported "$name" >"$dir/all"
    first=$(jq -c 'select(has("seq")).seq' "$dir/all" | sed -n 1p)
    check "$name: the oldest frames went" test "$first" -gt 0
    check "$name: the others are there without a hole" rising_from "$first" <"$dir/all"
    check "$name: sound" sound "$name"
    cd "$dir/work" || exit 1
}
evicted() { compgen -G "${1/./.*[0-9].}" >/dev/null && [[ ! -e ${1/./.0001.} ]]; }
newest_after() { (($(exported "$1" | jq -c 'select(has("seq")).seq' | tail -n 1) > $2)); }

# One segment alone may not be dropped.
only_one() {
    disk one 60
    start record -o run.ndjson -i 0.1 --include cpu,memory --max-size 1G --max-files 1
    check 'one segment: it says that the disk is full' until_true told 'No space left on device'
    kill -TERM "$pid"
    ended
    check 'one segment: it stays' rising_from 0 < <(exported run.ndjson)
    check 'one segment: sound' sound run.ndjson
    cd "$dir/work" || exit 1
}

# Nothing can be begun on a disk that is full already.
full_from_the_start() {
    disk start 40
    fill
    runs 1 record -o run.ndjson -i 0.1 --duration 0.5s --include cpu
    check 'full from the start: says why' said 'No space left on device'
    runs 1 snapshot -o shot.json
    check 'snapshot -o: nothing half is left' test ! -e shot.json
    check 'snapshot -o: nothing is left beside it' test "$(find . -name 'shot*' | wc -l)" = 0
    rm -f filler
    runs 0 record -o run.ndjson -i 0.1 --duration 0.5s --include cpu --append
    cd "$dir/work" || exit 1
}

# The file may not grow any more: a limit of the process.
size_limit() {
    (
        ulimit -f 8 # KiB
        trap '' XFSZ
        exec timeout -s KILL 60 "$tacho" record -o limited.ndjson -i 0.1 --duration 2s --include cpu,memory
    ) >"$dir/out" 2>"$dir/err"
    code=$?
    check 'a limit of file size is a full disk' test "$code" = 1
    check 'and named' said 'the limit on the size of files is reached'
    check 'what is there is readable' rising_from 0 < <(exported limited.ndjson)
    check 'and sound' sound limited.ndjson
}

for name in run.ndjson run.ndjson.gz run.ndjson.zst; do
    room_comes_back "$name"
    stays_full "$name"
    oldest_goes "$name"
done
only_one
full_from_the_start
size_limit
finish
