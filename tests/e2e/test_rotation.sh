#!/usr/bin/env bash
# tests/e2e/test_rotation.sh TACHO: a recording is cut into segments; what stays, what goes, what is never touched.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

fast=(-i 0.1 --include "cpu,memory" -q)
exported() { "$tacho" export "$1" 2>/dev/null; }
segments() { find . -maxdepth 1 -name "$1.*" -printf '%f\n' | sort; }
numbers() { segments "$1" | sed -nE 's/.*\.([0-9]{4,})\..*/\1/p'; }
sound() { "$tacho" verify -q "$1"; }
header_first() { text_of "$1" | sed -n 1p | grep -q '"header":true'; }
one_header() { (($(text_of "$1" | grep -c '"header":true') == 1)); }
holds_frame() { (($(frames_of "$1") > 0)); }

# Segments by number, then the active one, hold rising numbers and no frame twice.
in_order() {
    local file
    for file in "$@"; do
        text_of "$file"
    done | jq -nre '[inputs | select(has("seq")) | .seq] | . == [range(.[0]; .[0] + length)]'
}

limited_to_three() {
    local codec=$1 name=$2 file list
    mkdir "three-$codec" && cd "three-$codec" || exit 1
    runs 0 record -o "$name" "${fast[@]}" --duration 1s --max-size 1K --max-files 3
    mapfile -t list < <(segments "${name%%.*}")
    check "$codec: three segments" test ${#list[@]} = 3
    check "$codec: the active file keeps its name" test "${list[2]}" = "$name"
    check "$codec: the oldest went, the numbers are neighbours" test $((10#$(numbers run | head -n 1) + 1)) = $((10#$(numbers run | tail -n 1)))
    check "$codec: more were written" test $((10#$(numbers run | tail -n 1))) -gt 2
    for file in "${list[@]}"; do
        check "$file: a header comes first" header_first "$file"
        check "$file: the only one" one_header "$file"
        check "$file: a frame" holds_frame "$file"
        check "$file: whole lines" ends_with_newline "$file"
        check "$file: JSON" all_json "$file"
        check "$file: mode 0600" test "$(stat -c %a "$file")" = 600
        [[ $codec != zstd ]] || check "$file: whole, with a seek table" zstd -tq "$file"
        [[ $codec != zstd ]] || check "$file: whole, with a seek table" has_seek_table "$file"
        [[ $codec != gzip ]] || check "$file: whole" gzip -t "$file"
    done
    check "$codec: seq rises over all segments" in_order "${list[@]}"
    exported "$name" >all
    check "$codec: export plays them as one" diff <(jq -c .seq <(grep '"seq":' all)) \
        <(for file in "${list[@]}"; do text_of "$file"; done | grep '"seq":' | jq -c .seq)
    check "$codec: with one header" test "$(grep -c '"header":true' all)" = 1
    check "$codec: sound" sound "$name"
    runs 0 info --json "$name"
    check "$codec: info lists the segments" jq -e ".segments | map(.path) == $(jq -nc '$ARGS.positional' --args "${list[@]}")" "$dir/out"
    check "$codec: and counts all frames" jq -e ".frames == $(grep -c '"seq":' all) and .gaps == 0" "$dir/out"
    runs 0 export --no-chain "${list[0]}"
    check "$codec: one segment alone" diff <(grep '"seq":' "$dir/out") <(text_of "${list[0]}" | grep '"seq":')
    runs 0 export "${list[0]}"
    check "$codec: any segment names the whole" diff <(grep '"seq":' "$dir/out") <(grep '"seq":' all)
    runs 0 export run.*
    check "$codec: all of them named count once" diff <(grep '"seq":' "$dir/out") <(grep '"seq":' all)
    runs 0 export --no-chain run.* "./$name"
    check "$codec: also one by one" diff <(grep '"seq":' "$dir/out") <(grep '"seq":' all)
    cd ..
}

limited_to_one() {
    mkdir one && cd one || exit 1
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.6s --max-size 1K --max-files 1
    check 'one file' test "$(segments run)" = run.ndjson
    check 'with the newest frame' holds_frame run.ndjson
    check 'and a header' header_first run.ndjson
    check 'in which seq went on' jq -ne '[inputs | select(has("seq")) | .seq] | .[0] > 1' run.ndjson
    cd ..
}

never() {
    mkdir never && cd never || exit 1
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.5s --max-size 0 --max-files 2
    check 'size 0 never rotates' test "$(segments run)" = run.ndjson
    runs 0 record -o big.ndjson "${fast[@]}" --duration 0.5s --max-size 1M
    check 'nor does one that is not reached' test "$(segments big)" = big.ndjson
    cd ..
}

# Nothing of an earlier run is overwritten; numbers go on from the highest.
earlier_runs() {
    mkdir earlier && cd earlier || exit 1
    local file
    for file in run.0003.ndjson run.0041.ndjson run.00042.ndjson run.1.ndjson run.0050.ndjson.gz other.0060.ndjson \
        run.x.0070.ndjson run.0080.ndjson.bak; do
        echo "{\"schema\":1,\"t\":\"2026-01-01T00:00:00.000Z\",\"seq\":7,\"source\":\"local\",\"hostname\":\"$file\"}" >"$file"
    done
    mkdir run.0044.ndjson
    sha256sum ./*.* 2>/dev/null >../before.sums
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.5s --max-size 1K --max-files 50
    check 'nothing of what was there changed' sha256sum --quiet -c ../before.sums
    check 'numbers go on behind the highest, a folder of such a name counted' test -f run.0045.ndjson
    check 'and not in a hole' not test -e run.0004.ndjson
    check 'what is said about the folder' said 'run.ndjson'
    rmdir run.0044.ndjson
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.5s --max-size 1K --max-files 2 --append
    check 'in the end two are left' test "$(find . -name 'run.[0-9][0-9][0-9][0-9].ndjson' | wc -l)" = 1 -a -f run.ndjson
    check 'others that only look alike are left alone' test "$(find . -type f | wc -l)" = 8
    cd ..
}

# --append over a rotated recording goes on with its numbers, --force begins anew beside the old segments.
continued() {
    mkdir continued && cd continued || exit 1
    runs 0 record -o run.ndjson.zst "${fast[@]}" --duration 0.5s --max-size 1K
    exported run.ndjson.zst | grep '"seq":' >before
    runs 0 record -o run.ndjson.zst "${fast[@]}" --duration 0.5s --max-size 1K --append
    exported run.ndjson.zst | grep '"seq":' >after
    check 'the old frames come first' cmp -n "$(stat -c %s before)" before after
    check 'seq goes on over the rotation' rising_from 0 <after
    check 'all is sound' sound run.ndjson.zst
    rm run.ndjson.zst
    runs 0 record -o run.ndjson.zst "${fast[@]}" --duration 0.3s --max-size 1K --append
    check 'also where the active file has gone: seq goes on from the last segment' in_order ./run.[0-9]*.zst run.ndjson.zst
    cd ..
}

odd_names() {
    mkdir names && cd names || exit 1
    local base
    for base in run:run.0001 v1.2.ndjson:v1.2.0001.ndjson .hidden.ndjson:.hidden.0001.ndjson 'a b.ndjson:a b.0001.ndjson' \
        x.log:x.0001.log RUN.NDJSON:RUN.0001.NDJSON; do
        runs 0 record -o "${base%:*}" "${fast[@]}" --duration 0.3s --max-size 1K
        check "${base%:*} becomes ${base#*:}" test -s "${base#*:}"
        check "${base%:*} is played as one" rising_from 0 < <(exported "${base%:*}")
    done
    cd ..
}

by_age() {
    mkdir age && cd age || exit 1
    cp ../never/run.ndjson run.0001.ndjson
    cp ../never/run.ndjson run.0002.ndjson
    touch -d '3 days ago' run.0001.ndjson
    touch -d '1 hour ago' run.0002.ndjson
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.4s --max-size 1K --max-age 2d --max-files 100
    check 'the old one went' not test -e run.0001.ndjson
    check 'the young one stays' test -e run.0002.ndjson
    check 'so do the new ones' test -e run.0003.ndjson
    cd ..
}

symbolic_links() {
    mkdir links && cd links || exit 1
    echo precious >../target
    ln -s ../target run.0001.ndjson
    ln -s ../nowhere run.0002.ndjson
    runs 0 record -o run.ndjson "${fast[@]}" --duration 0.7s --max-size 1K --max-files 2
    check 'a link of the name of a segment is never written through' test "$(<../target)" = precious
    check 'nothing was made behind a dangling one' not test -e ../nowhere
    check 'both links stay' test -L run.0001.ndjson -a -L run.0002.ndjson
    check 'the recording goes around them' test "$(find . -type f | wc -l)" = 2
    check 'it says so' said 'symbolic links or special files, which are left alone'
    check 'once' test "$(grep -c 'symbolic link' "$dir/err")" = 1
    # The active file itself is swapped for a link while it is written.
    mkdir swap && cd swap || exit 1
    echo precious >target
    start record -o run.ndjson "${fast[@]}" --max-size 20K
    until_true at_least_frames run.ndjson 2
    mv run.ndjson moved
    ln -s target run.ndjson
    check 'frames go on into the file that was opened' until_true at_least_frames moved 20
    kill -TERM "$pid"
    ended
    check 'the link was not renamed' test -L run.ndjson -a ! -e run.0001.ndjson
    check 'what it points to is untouched' test "$(<target)" = precious
    check 'it said so' said 'run.ndjson is a symbolic link'
    check 'once' test "$(grep -c 'symbolic link' "$dir/err")" = 1
    check 'nothing was lost: a good end' test "$code" = 0
    check 'nothing was lost: all frames' rising_from 0 <moved
    cd ../..
}

# The active file is replaced by another one while it is written: that one is not ours.
replaced() {
    mkdir replaced && cd replaced || exit 1
    start record -o run.ndjson "${fast[@]}" --max-size 20K
    until_true at_least_frames run.ndjson 2
    mv run.ndjson moved
    echo precious >run.ndjson
    check 'frames go on into the file that was opened' until_true at_least_frames moved 20
    kill -TERM "$pid"
    ended
    check 'another file of that name is not renamed' test "$(<run.ndjson)" = precious -a ! -e run.0001.ndjson
    check 'it said so' said 'run.ndjson is another file now'
    rm -f run.ndjson moved
    # Deleted while it is written.
    start record -o run.ndjson "${fast[@]}" --max-size 6K
    until_true at_least_frames run.ndjson 1
    rm run.ndjson
    sleep 1
    kill -TERM "$pid"
    ended
    check 'a deleted file is no crash' test "$code" -le 1
    cd ..
}

limited_to_three plain run.ndjson
limited_to_three gzip run.ndjson.gz
limited_to_three zstd run.ndjson.zst
limited_to_one
never
earlier_runs
continued
odd_names
by_age
symbolic_links
replaced
finish
