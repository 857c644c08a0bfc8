#!/usr/bin/env bash
# tests/e2e/test_kill.sh TACHO: kill -9 at any moment costs nothing that was flushed, in any codec, also while a segment is
# rotated or a torn tail mended. What zstd, gzip and cat read just before the kill is the witness.
# KILLS and SEED in the environment choose how many and which.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

kills=${KILLS:-200}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "SEED=$seed KILLS=$kills"
rounds_per_file=7

# The frames of a recording as other programs read them now: segments by age, the active one last; whole lines only.
witness() {
    local segment copy=$1.copy
    for segment in "$(dirname "$1")"/run.[0-9]*.ndjson* "$1"; do
        cp "$segment" "$copy" 2>/dev/null || continue
        text_of "$copy" >"$copy.text"
        if ends_with_newline "$copy.text"; then
            cat "$copy.text"
        else
            head -n -1 "$copy.text"
        fi
    done | grep '"seq":'
    rm -f "$copy" "$copy.text"
}
frames() { "$tacho" export "$1" 2>/dev/null | grep '"seq":'; }
state() { stat -c %i.%s "$1" 2>/dev/null; }

# Worker N: kills recorders of one codec, rotated often or never. Failures go to fail.N, one line for each kill to kills.N.
worker() {
    local number=$1 name=$2 rotate=$3 count=$4 round=0 file was tries here
    RANDOM=$((seed + number))
    shift 4
    fail() {
        printf '%s: round %d: %s\n' "$file" "$round" "$1" >>"fail.$number"
        "$tacho" verify "$file" >>"fail.$number" 2>&1
        cp -r "$here" "broken.$number.$round" 2>/dev/null
    }
    while ((round < count)); do
        here=files.$number.$((round / rounds_per_file))
        file=$here/$name
        if mkdir "$here" 2>/dev/null; then
            : >"after.$number"
        fi
        mv "after.$number" "before.$number"
        was=$(state "$file")
        "$tacho" record -o "$file" --append -i 0.1 --include cpu,memory -q --max-size "$rotate" --max-files 10000 \
            >"said.$number" 2>&1 </dev/null &
        recorder=$!
        # Two of three wait until it writes, so that the moment is not always the same.
        for ((tries = 0; round % 3 > 0 && tries < 600; tries++)); do
            [[ $(state "$file") != "$was" ]] && break
            sleep 0.03
        done
        sleep "0.$(printf %03d $((RANDOM % 350)))"
        witness "$file" >"witness.$number"
        kill -KILL "$recorder"
        wait "$recorder" 2>/dev/null
        frames "$file" >"after.$number"
        [[ ! -s said.$number ]] || fail "the recorder said: $(<"said.$number")"
        cmp -sn "$(stat -c %s "before.$number")" "before.$number" "after.$number" || fail 'what was there before is damaged'
        [[ -z $(comm -23 <(sort "witness.$number") <(sort "after.$number")) ]] || fail 'a frame that was in the file is lost'
        [[ ! -s after.$number ]] || rising_from 0 <"after.$number" || fail 'seq is not 0, 1, 2 …'
        echo $(($(wc -l <"witness.$number") - $(wc -l <"before.$number"))) >>"kills.$number"
        round=$((round + 1))
        if ((round % rounds_per_file == 0 || round == count)); then
            end_well
        fi
    done
}

# One more run, to its end: all is there and sound.
end_well() {
    local segment
    "$tacho" record -o "$file" --append -i 0.1 --duration 0.2s --include cpu,memory -q --max-size "$rotate" --max-files 10000 \
        >"said.$number" 2>&1 </dev/null || fail "appending ended with $?: $(<"said.$number")"
    frames "$file" >"end.$number"
    cmp -sn "$(stat -c %s "after.$number")" "after.$number" "end.$number" || fail 'appending damaged what was there'
    (($(wc -l <"end.$number") > $(wc -l <"after.$number"))) || fail 'nothing was appended'
    rising_from 0 <"end.$number" || fail 'seq is not 0, 1, 2 … in the end'
    "$tacho" verify -q "$file" >"said.$number" 2>&1 || fail "not sound: $(<"said.$number")"
    for segment in "$here"/run.*; do
        case $segment in
            *.zst) [[ ! -s $segment ]] || zstd -tq "$segment" || fail "$segment: zstd does not read it" ;;
            *.gz) [[ ! -s $segment ]] || gzip -t "$segment" || fail "$segment: gzip does not read it" ;;
        esac
    done
    rm -rf "$here"
}

names=(run.ndjson run.ndjson.gz run.ndjson.zst run.ndjson run.ndjson.gz run.ndjson.zst)
rotations=(100M 100M 100M 3K 1K 2K)
workers=()
for ((i = 0; i < 6; i++)); do
    worker "$i" "${names[i]}" "${rotations[i]}" $(((kills + 5 - i) / 6)) &
    workers+=($!)
done
wait "${workers[@]}"
nothing_failed() {
    ! cat fail.* 2>/dev/null
}
check 'no kill cost anything' nothing_failed
check "all $kills moments were tried" test "$(cat kills.* | wc -l)" = "$kills"
check 'many of them while frames were being written' test "$(grep -cE '^[1-9]' < <(cat kills.*))" -gt $((kills / 4))
if ((failures > 0)) && [[ -n ${KEEP:-} ]]; then
    cp -r "$dir/work" "$KEEP"
fi
finish
