#!/usr/bin/env bash
# tests/e2e/test_damage.sh TACHO: every kind of damage and every limit, as info, export and verify tell of it: nothing crashes,
# hangs or hides what is whole.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# A recording of six frames, made by hand: line 1 is the header, line N+2 frame N. The rest is made of it.
header='{"schema":1,"header":true,"interval_ms":1000,"hosts":["node"],"tacho_version":"0.1.0","all_smi_version":"0.21.0","source":"local"}'
line_of() {
    local t
    t=$(printf '2026-04-18T12:00:%02d.000Z' "$1")
    printf '{"schema":1,"t":"%s","seq":%d,"source":"local","timestamp":"%s","hostname":"node","memory":[{"index":0,"host_id":"node","hostname":"node","instance":"node","total_bytes":1000,"used_bytes":%d,"available_bytes":500,"free_bytes":500,"buffers_bytes":0,"cached_bytes":0,"swap_total_bytes":0,"swap_used_bytes":0,"swap_free_bytes":0,"utilization":50.0,"time":"2026-04-18 12:00:00"}]}\n' \
        "$t" "$1" "$t" $((500 + $1))
}
lines() { # first, last
    local i
    for ((i = $1; i <= $2; i++)); do
        line_of "$i"
    done
}
whole() {
    echo "$header"
    lines 0 5
}
offset_of_line() { head -n $(($2 - 1)) "$1" | wc -c; } # file, line

gaps_of() { jq -e ".gaps == $1" "$dir/out"; }

# What export prints holds just these frames; it ends well, with that on stderr: file, seqs, stderr
exports() {
    local file=$1 wanted=$2 stderr=$3
    runs 0 export "$file"
    check "$file: the frames that are whole" test "$(grep '"seq":' "$dir/out" | jq -c .seq | tr '\n' ' ')" = "$wanted"
    check "$file: what export says" test "$(<"$dir/err")" = "$stderr"
    check "$file: JSON" jq -es . "$dir/out"
}
# verify names the first fault and ends with 1: file, message
faulty() {
    runs 1 verify "$1"
    check "$1: what verify says" test "$(<"$dir/out")" = "$1: $2"
    check "$1: in one line" quiet
}
faulty_like() {
    runs 1 verify "$1"
    check "$1: what verify says" grep -qxE "$1: $2" "$dir/out"
}
# info counts frames and faults: file, frames, damage as JSON
damaged() {
    runs 0 info --json "$1"
    check "$1: info counts frames" jq -e ".frames == $2" "$dir/out"
    check "$1: info knows the damage" jq -e ".damage == $3" "$dir/out"
    runs 0 info "$1"
    if [[ $3 != '{}' ]]; then
        check "$1: info for people names it" grep -q '^damage  ' "$dir/out"
    else
        check "$1: info for people names none" not grep -q '^damage  ' "$dir/out"
    fi
}

other_schema() {
    local schema message command
    whole | sed 's/"schema":1/"schema":2/' >all2.ndjson
    (
        echo "$header"
        lines 0 2
        line_of 3 | sed 's/"schema":1/"schema":2/'
        lines 4 5
    ) >one2.ndjson
    zstd -q one2.ndjson -o one2.ndjson.zst
    gzip -k one2.ndjson
    message='replay: unsupported schema version 2, this tacho supports schema 1'
    refuses 1 "$message" info all2.ndjson
    refuses 1 "$message" verify all2.ndjson
    refuses 1 "$message" export all2.ndjson
    for schema in one2.ndjson one2.ndjson.zst one2.ndjson.gz; do
        for command in info verify export; do
            runs 1 "$command" "$schema"
            check "$command $schema: the very message" test "$(<"$dir/err")" = "$message"
        done
    done
    for schema in 0 -1 3 255 18446744073709551617; do
        whole | sed "3s/\"schema\":1/\"schema\":$schema/" >other.ndjson
        runs 1 verify other.ndjson
        check "schema $schema" test "$(<"$dir/err")" = "replay: unsupported schema version $schema, this tacho supports schema 1"
    done
    whole | sed 's/"schema":1,"t"/"t"/; 5s/^{/{"schema":2,/' >later.ndjson # not the first key
    runs 1 verify later.ndjson
}

torn_words="tacho export: 1 of the recording's files ends in the middle of a line or of a compressed stream: what wrote it was killed, or writes still"

torn_tail() {
    whole | head -c -7 >torn.ndjson
    damaged torn.ndjson 5 '{"torn tail":1}'
    faulty torn.ndjson "line 7, text offset $(offset_of_line torn.ndjson 7): torn tail: the file ends in the middle of a line ($(tail -n 1 torn.ndjson | wc -c) bytes)"
    runs 0 export torn.ndjson
    check 'torn: what is whole' test "$(grep -c '"seq":' "$dir/out")" = 5
    check 'torn: export says so' test "$(<"$dir/err")" = "$torn_words"
    runs 0 export torn.ndjson --from +0s --to +1s
    check 'torn: of a stretch too' test "$(<"$dir/err")" = "$torn_words"
    whole | head -c -1 >unended.ndjson # all but the newline
    runs 1 verify unended.ndjson
    check 'a line without its end is torn' printed 'torn tail'
    echo "$header" | head -c 20 >stub.ndjson
    damaged stub.ndjson 0 '{"torn tail":1}'
    runs 1 verify stub.ndjson
    exports stub.ndjson '' "$torn_words"
}

cut_streams() {
    local file cut
    whole | zstd -q >whole.ndjson.zst
    whole | gzip >whole.ndjson.gz
    damaged whole.ndjson.zst 6 '{}'
    damaged whole.ndjson.gz 6 '{}'
    exports whole.ndjson.zst '0 1 2 3 4 5 ' ''
    exports whole.ndjson.gz '0 1 2 3 4 5 ' ''
    runs 0 verify whole.ndjson.zst
    runs 0 verify whole.ndjson.gz
    for file in whole.ndjson.zst whole.ndjson.gz; do
        for cut in 1 3 6 9 20 60; do
            head -c -$cut "$file" >"cut-$file"
            runs 1 verify "cut-$file"
            check "$file cut by $cut: torn" printed 'torn tail'
            runs 0 info --json "cut-$file"
            check "$file cut by $cut: info knows" jq -e '.damage["torn tail"] == 1' "$dir/out"
            runs 0 export "cut-$file"
            check "$file cut by $cut: lines stay whole" jq -es . "$dir/out"
            check "$file cut by $cut: export says so" said "$torn_words"
            [[ $file == *.gz || $cut -gt 4 ]] || # all but a byte of the checksum is there
                check "$file cut by $cut: every frame" test "$(grep -c '"seq":' "$dir/out")" = 6
        done
    done
    head -c 3 whole.ndjson.zst >tiny.zst # less than a magic number
    runs 0 export tiny.zst
    head -c 5 whole.ndjson.zst >tiny2.zst
    runs 1 verify tiny2.zst
    runs 0 export tiny2.zst
    head -c 7 whole.ndjson.gz >tiny.gz
    runs 1 verify tiny.gz
    runs 0 export tiny.gz
}

garbage() {
    local text n=0
    for text in garbage '[1,2]' null '{}' '{"a":1}' '{"schema":1}' '{"schema":1,"t":"soon","seq":3,"source":"local"}' \
        '{"schema":1,"t":"2026-04-18T12:00:02.500Z","seq":9' $'{"schema":1,"t":"2026-04-18T12:00:02.500Z","seq":9,"hostname":"\xff\xfe"}' \
        $'\xff\xfe\xfd' '{"schema":"1","t":"2026-04-18T12:00:02.500Z"}' '{"schema":1.0,"t":"2026-04-18T12:00:02.500Z"}' \
        '{"schema":1,"t":"2026-04-18T12:00:02.500Z","seq":9,"hostname":"x"}}' "$(printf '[%.0s' {1..5000})"; do
        n=$((n + 1))
        (
            echo "$header"
            lines 0 2
            printf '%s\n' "$text"
            lines 3 5
        ) >"garbage$n.ndjson"
        damaged "garbage$n.ndjson" 6 '{"rejected line":1}'
        exports "garbage$n.ndjson" '0 1 2 3 4 5 ' 'tacho export: passed over 1 broken or oversized lines and 0 stretches that do not decode'
        faulty_like "garbage$n.ndjson" "line 5, text offset $(offset_of_line "garbage$n.ndjson" 5): rejected line: .+"
    done
    (
        echo "$header"
        lines 0 1
        printf '\0\0\0\n'
        head -c 3000 /dev/urandom | tr -d '\n'
        echo
        lines 2 5
    ) >binary.ndjson
    damaged binary.ndjson 6 '{"rejected line":2}'
    exports binary.ndjson '0 1 2 3 4 5 ' 'tacho export: passed over 2 broken or oversized lines and 0 stretches that do not decode'
    # What broke leaves a gap.
    (
        echo "$header"
        lines 0 1
        lines 2 4 | cut -c 1-80
        line_of 5
    ) >lost.ndjson
    damaged lost.ndjson 3 '{"rejected line":3}'
    runs 0 info --json lost.ndjson
    check 'broken frames are a gap' gaps_of 1
}

# Damage inside the compressed bytes costs the stretch it is in.
broken_streams() {
    local size at
    size=$(stat -c %s whole.ndjson.zst)
    for at in 30 $((size / 2)) $((size - 6)); do
        cp whole.ndjson.zst bad.ndjson.zst
        printf 'XYZ' | dd of=bad.ndjson.zst bs=1 seek="$at" conv=notrunc status=none
        cmp -s whole.ndjson.zst bad.ndjson.zst && continue
        runs 1 verify bad.ndjson.zst
        runs 0 export bad.ndjson.zst
        check "zstd broken at $at: lines stay whole" jq -es . "$dir/out"
        runs 0 info bad.ndjson.zst
        check "zstd broken at $at: info knows" grep -q '^damage  ' "$dir/out"
    done
    # Three independent frames, the middle one broken: the others are there.
    (
        (echo "$header" && lines 0 1) | zstd -q --check
        lines 2 3 | zstd -q --check | (head -c 30 && head -c 4 >/dev/null && printf 'XXXX' && cat)
        lines 4 5 | zstd -q --check
    ) >middle.ndjson.zst
    runs 0 export middle.ndjson.zst
    check 'a broken chunk costs itself alone' test "$(grep '"seq":' "$dir/out" | jq -c .seq | tr '\n' ' ')" = '0 1 4 5 '
    check 'and is told' said 'passed over 0 broken or oversized lines and 1 stretches that do not decode'
    faulty_like middle.ndjson.zst 'file offset [0-9]+: undecodable data: .*'
    # A wrong checksum of text that decodes.
    (echo "$header" && lines 0 5) | zstd -q --check >sum.ndjson.zst
    size=$(stat -c %s sum.ndjson.zst)
    printf '\0' | dd of=sum.ndjson.zst bs=1 seek=$((size - 2)) conv=notrunc status=none
    if ! zstd -tq sum.ndjson.zst 2>/dev/null; then
        faulty_like sum.ndjson.zst 'file offset [0-9]+: undecodable data: .*'
    fi
    cp whole.ndjson.gz bad.ndjson.gz
    size=$(stat -c %s bad.ndjson.gz)
    printf 'XXXX' | dd of=bad.ndjson.gz bs=1 seek=$((size - 8)) conv=notrunc status=none # its CRC
    runs 1 verify bad.ndjson.gz
    runs 0 export bad.ndjson.gz
    check 'gzip with a wrong sum: lines stay whole' jq -es . "$dir/out"
    # Strange things between and behind.
    (cat whole.ndjson.zst && printf '\x50\x2a\x4d\x18\x04\0\0\0abcd') >skippable.ndjson.zst
    exports skippable.ndjson.zst '0 1 2 3 4 5 ' ''
    runs 0 verify skippable.ndjson.zst
    (cat whole.ndjson.zst && echo 'not zstd at all') >trailing.ndjson.zst
    runs 1 verify trailing.ndjson.zst
    runs 0 export trailing.ndjson.zst
    check 'rubbish behind costs no frame' test "$(grep -c '"seq":' "$dir/out")" = 6
}

# 16 MiB a line: one that is longer is passed over, one that just fits is not.
long_lines() {
    (
        echo "$header"
        lines 0 2
        printf '{"schema":1,"t":"2026-04-18T12:00:02.500Z","seq":9,"x":"'
        head -c 16777216 /dev/zero | tr '\0' x
        echo '"}'
        lines 3 5
    ) >long.ndjson
    damaged long.ndjson 6 '{"oversized line":1}'
    exports long.ndjson '0 1 2 3 4 5 ' 'tacho export: passed over 1 broken or oversized lines and 0 stretches that do not decode'
    faulty_like long.ndjson "line 5, text offset $(offset_of_line long.ndjson 5): oversized line: .*16 MiB.*"
    zstd -q long.ndjson -o long.ndjson.zst
    damaged long.ndjson.zst 6 '{"oversized line":1}'
    exports long.ndjson.zst '0 1 2 3 4 5 ' 'tacho export: passed over 1 broken or oversized lines and 0 stretches that do not decode'
    faulty_like long.ndjson.zst "line 5, text offset $(offset_of_line long.ndjson 5): oversized line: .*16 MiB.*"
    (
        echo "$header"
        lines 0 2
        head -c 40000000 /dev/zero | tr '\0' y # never ends
    ) >endless.ndjson
    runs 1 verify endless.ndjson
    runs 0 export endless.ndjson
    check 'a line that never ends costs no other' test "$(grep -c '"seq":' "$dir/out")" = 3
    (
        echo "$header"
        printf '{"schema":1,"t":"2026-04-18T12:00:00.000Z","seq":0,"source":"local","hostname":"'
        head -c $((16777216 - 80 - 3)) /dev/zero | tr '\0' z
        echo '"}'
        line_of 1
    ) >fits.ndjson
    check 'the line is as long as it may be' test "$(sed -n 2p fits.ndjson | wc -c)" = 16777216
    exports fits.ndjson '0 1 ' ''
    rm -f long.* endless.* fits.*
}

# zstd windows: up to 128 MiB is fine, above is refused before it costs memory.
wide_windows() {
    whole | zstd -q --long=27 >w27.ndjson.zst
    exports w27.ndjson.zst '0 1 2 3 4 5 ' ''
    whole | zstd -q --long=31 >w31.ndjson.zst
    runs 1 verify w31.ndjson.zst
    check 'a window of 2 GiB is named' printed 'a zstd window of 2048 MiB, the limit is 128'
    damaged w31.ndjson.zst 0 '{"refused window":1,"torn tail":1}'
    (
        ulimit -v 1000000 2>/dev/null
        zstd -q --long=31 --memory=2048MB -tq w31.ndjson.zst 2>/dev/null
    )
    runs 0 export w31.ndjson.zst
    check 'nothing of it is exported' not test -s "$dir/out"
    check 'and that is told' said 'refused 1 stretches that want a zstd window over 128 MiB'
}

# The first bytes of a file, too few to tell what it is: cut, not sound.
stumps() {
    local name n
    whole | zstd -q >cut.ndjson.zst
    whole | gzip >cut.ndjson.gz
    for name in cut.ndjson.zst cut.ndjson.gz; do
        for n in 1 3 9; do
            head -c "$n" "$name" >"stump$n.$name"
            runs 1 verify "stump$n.$name"
            check "$n bytes of $name are a torn tail" printed "stump$n.$name: file offset $n: torn tail"
        done
        : >"empty.$name"
        runs 0 verify "empty.$name"
    done
}

lying_index() {
    local line n=0
    for line in '{"schema":1,"index":true,"seq":99,"byte_offset":5,"t":"2026-04-18T12:00:00.000Z"}' \
        '{"schema":1,"index":true,"seq":0,"byte_offset":5}' '{"schema":1,"index":true,"seq":9223372036854775808,"byte_offset":5}' \
        '{"schema":1,"index":true,"seq":2,"byte_offset":7}'; do
        n=$((n + 1))
        (
            echo "$header"
            lines 0 2
            echo "$line"
            lines 3 5
        ) >"index$n.ndjson"
        exports "index$n.ndjson" '0 1 2 3 4 5 ' ''
        damaged "index$n.ndjson" 6 '{"untrue index":1}'
        faulty_like "index$n.ndjson" "line 5, text offset $(offset_of_line "index$n.ndjson" 5): untrue index: .*"
        runs 0 export "index$n.ndjson" --from @2026-04-18T12:00:04Z
        check "a lying index leads nobody astray ($n)" test "$(grep '"seq":' "$dir/out" | jq -c .seq | tr '\n' ' ')" = '4 5 '
    done
    # A time index that is not that of the file: the end of another recording behind this one.
    runs 0 record -o a.ndjson.zst -i 0.1 --duration 0.5s --include cpu,memory -q
    runs 0 record -o b.ndjson.zst -i 0.1 --duration 0.5s --include cpu,memory -q
    text_of a.ndjson.zst >a.text
    zstd -q a.text -o mixed.ndjson.zst
    tail -c 600 b.ndjson.zst >>mixed.ndjson.zst
    runs 0 export mixed.ndjson.zst
    check 'a foreign index behind: all frames' diff "$dir/out" a.text
    # One byte of the index is wrong.
    cp a.ndjson.zst flipped.ndjson.zst
    printf '\x7f' | dd of=flipped.ndjson.zst bs=1 seek=$(($(stat -c %s a.ndjson.zst) - 20)) conv=notrunc status=none
    runs 0 export flipped.ndjson.zst
    check 'a broken seek table: all frames' diff "$dir/out" a.text
    head -c -9 a.ndjson.zst >short.ndjson.zst
    runs 0 export short.ndjson.zst
    check 'a cut seek table: all frames' diff "$dir/out" a.text
}

many_hosts() {
    (
        jq -nc '{schema:1,header:true,interval_ms:1000,hosts:[range(1500) | "h\(.)"],tacho_version:"x",all_smi_version:"0.21.0",source:"remote"}'
        lines 0 5
    ) >hosts.ndjson
    runs 0 info --json hosts.ndjson
    check 'hosts are cut at 1024' jq -e '(.hosts | length) == 1024 and .hosts[1023] == "h1023"' "$dir/out"
    runs 0 info hosts.ndjson
    check 'and it is told' printed '(476 beyond 1024 left out)'
}

what_is_fine() {
    whole | sed 's/$/\r/' >crlf.ndjson
    (
        echo
        whole | sed G
        echo
    ) >blank.ndjson
    local file
    for file in crlf.ndjson blank.ndjson; do
        exports "$file" '0 1 2 3 4 5 ' ''
        damaged "$file" 6 '{}'
        runs 0 verify "$file"
    done
    lines 0 5 >headless.ndjson
    exports headless.ndjson '0 1 2 3 4 5 ' ''
    damaged headless.ndjson 6 '{"missing header":1}'
    faulty headless.ndjson 'line 1, text offset 0: missing header: the segment does not begin with a header'
    # Equal and backward times.
    (
        echo "$header"
        lines 0 2
        line_of 2
        lines 1 5
    ) >clock.ndjson
    exports clock.ndjson '0 1 2 2 1 2 3 4 5 ' ''
    runs 0 verify clock.ndjson
    (
        echo "$header"
        lines 10 15
        lines 1 3
    ) >back.ndjson
    exports back.ndjson '10 11 12 13 14 15 1 2 3 ' ''
    # Any codec under any name.
    cp whole.ndjson.zst named.ndjson
    exports named.ndjson '0 1 2 3 4 5 ' ''
    cp whole.ndjson.gz named.ndjson.zst
    exports named.ndjson.zst '0 1 2 3 4 5 ' ''
    whole >named.ndjson.gz
    exports named.ndjson.gz '0 1 2 3 4 5 ' ''
    cat whole.ndjson.gz <(lines 6 7 | gzip) >members.ndjson.gz
    exports members.ndjson.gz '0 1 2 3 4 5 6 7 ' ''
}

no_recordings() {
    local command
    : >empty.ndjson
    mkdir -p folder
    mkfifo pipe
    for command in info verify export; do
        runs 0 "$command" empty.ndjson
        refuses 1 "tacho $command: folder is a directory, not a regular file" "$command" folder
        refuses 1 "tacho $command: missing.ndjson: no such file" "$command" missing.ndjson
        refuses 1 "tacho $command: pipe is a pipe, not a regular file" "$command" pipe
        refuses 1 "tacho $command: missing/x.ndjson: no such file" "$command" missing/x.ndjson
        runs 1 "$command" /dev/null
        runs 1 "$command" ''
        runs 2 "$command"
    done
    damaged empty.ndjson 0 '{}'
    exports empty.ndjson '' ''
    head -c 20000 /dev/urandom >junk.bin
    printf '\n' >>junk.bin
    runs 1 verify junk.bin
    runs 1 export junk.bin
    check 'junk gives nothing' not test -s "$dir/out"
    cp "$tacho" program
    truncate -s 200K program
    runs 1 verify program
    runs 1 export program
    check 'nor does a program' not test -s "$dir/out"
    (printf '\x28\xb5\x2f\xfd' && head -c 5000 /dev/urandom) >junk.zst
    runs 1 verify junk.zst
    runs 0 export junk.zst
    (printf '\x1f\x8b\x08\0' && head -c 5000 /dev/urandom) >junk.gz
    runs 1 verify junk.gz
    runs 0 export junk.gz
    chmod 000 whole.ndjson.gz
    if [[ $(id -u) != 0 ]]; then
        refuses 1 'tacho info: open whole.ndjson.gz: Permission denied' info whole.ndjson.gz
    fi
    refuses 1 $'tacho info: \\x1b[31m.ndjson: no such file' info $'\e[31m.ndjson'
}

other_schema
torn_tail
cut_streams
garbage
broken_streams
long_lines
wide_windows
stumps
lying_index
many_hosts
what_is_fine
no_recordings
finish
