#!/usr/bin/env bash
# tests/e2e/test_mark.sh TACHO: remarks get into recordings of any codec, finished or being made, and are shown harmless.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

short=(-i 0.1 --duration 0.3s --include "cpu,memory" -q)
hostile=$'\e[31mred\e]0;title\a\e[2J "quoted" back\\slash\ttab\nline\r\x01\x7f \xe2\x80\xae\xc2\x9b31m {"schema":2}'
marks() { "$tacho" export "$1" | jq -c 'select(has("mark")) | .mark'; }
sound() { "$tacho" verify -q "$1"; }
no_escapes() { ! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f]' "$1"; }
harmless() { ! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$1" && ! grep -qP '[\x{80}-\x{9f}\x{202e}]' "$1"; }

into_finished() {
    local name before
    for name in run.ndjson run.ndjson.gz run.ndjson.zst; do
        runs 0 record -o "$name" "${short[@]}"
        before=$(frames_of "$name")
        runs 0 mark 'deploy v2' "$name"
        check "$name: says where" test "$(<"$dir/out")" = "marked in $name"
        runs 0 mark -q "$hostile" "$name"
        check "$name: --quiet says nothing" not test -s "$dir/out"
        check "$name: both are there" test "$(marks "$name")" = "$(jq -nc --arg m "$hostile" '"deploy v2", $m')"
        check "$name: no frame was lost" test "$(frames_of "$name")" = "$before"
        check "$name: sound" sound "$name"
        check "$name: JSON" all_json "$name"
        check "$name: whole lines" ends_with_newline "$name"
        runs 0 info --json "$name"
        check "$name: info has them" jq -e --arg m "$hostile" '[.marks[].mark] == ["deploy v2", $m]' "$dir/out"
        check "$name: with their times" jq -e 'all(.marks[]; .t | test("^20..-..-..T..:..:..[.]...Z$"))' "$dir/out"
        check "$name: JSON holds no raw control bytes" no_escapes "$dir/out"
        runs 0 info "$name"
        check "$name: info for people shows it" grep -q '^mark  .* deploy v2$' "$dir/out"
        check "$name: a hostile one does nothing to a terminal" harmless "$dir/out"
        check "$name: escaped" printed '\x1b[31mred'
        check "$name: on one line" test "$(grep -c '^mark  ' "$dir/out")" = 2
        runs 0 export "$name"
        check "$name: nor does what export prints" no_escapes "$dir/out"
        runs 0 record -o "$name" "${short[@]}" --append
        check "$name: goes on" rising_from 0 < <("$tacho" export "$name")
        check "$name: and is sound" sound "$name"
    done
    check 'zst: whole, with a seek table' zstd -tq run.ndjson.zst
    check 'zst: whole, with a seek table' has_seek_table run.ndjson.zst
    check 'gz: whole' gzip -t run.ndjson.gz
    echo '{"schema":1,"t":"2026-04-18T12:00:00Z","mark":"by hand"}' >>run.ndjson
    check 'echo >> does the same' grep -qx '"by hand"' <(marks run.ndjson)
    check 'and is sound' sound run.ndjson
}

into_running() {
    local name frames
    for name in live.ndjson live.ndjson.gz live.ndjson.zst; do
        start record -o "$name" -i 0.1 --include cpu,memory -q
        until_true at_least_frames "$name" 2
        runs 0 mark 'while it runs' "$name"
        check "$name: says who takes it" test "$(<"$dir/out")" = "left for the recorder of $name"
        check "$name: the recorder takes it" until_true taken "$name"
        runs 0 mark "$hostile" "$name"
        runs 0 mark 'a third' "$name"
        frames=$(frames_of "$name")
        check "$name: it goes on" until_true at_least_frames "$name" $((frames + 3))
        kill -TERM "$pid"
        ended
        check "$name: nothing was said" quiet
        check "$name: all are there, once" test "$(marks "$name")" = "$(jq -nc --arg m "$hostile" '"while it runs", $m, "a third"')"
        check "$name: sound" sound "$name"
        check "$name: nothing is left behind" test ! -e "$name.marks"
    done
    # One that is left just before the end is not lost.
    start record -o last.ndjson -i 1h --include cpu -q
    until_true at_least_frames last.ndjson 1
    runs 0 mark 'at the last moment' last.ndjson
    kill -TERM "$pid"
    ended
    check 'a mark left before the end is taken' test "$(marks last.ndjson)" = '"at the last moment"'
    check 'and nothing is left behind' test ! -e last.ndjson.marks
    # Many at once.
    start record -o many.ndjson -i 0.1 --include cpu -q
    until_true at_least_frames many.ndjson 1
    local i jobs=()
    for ((i = 0; i < 20; i++)); do
        "$tacho" mark -q "mark $i" many.ndjson &
        jobs+=($!)
    done
    wait "${jobs[@]}"
    kill -TERM "$pid"
    ended
    check 'of twenty at once none is lost' test "$(marks many.ndjson | sort -u | wc -l)" = 20
    check 'and none is there twice' test "$(marks many.ndjson | wc -l)" = 20
    # Somebody puts a link where marks are left.
    echo precious >target
    start record -o trap.ndjson -i 0.1 --include cpu -q
    until_true at_least_frames trap.ndjson 1
    ln -s target trap.ndjson.marks
    runs 1 mark hello trap.ndjson
    check 'a link in the place of marks is not followed' test "$(<target)" = precious
    frames=$(frames_of trap.ndjson)
    check 'and does not stop the recorder' until_true at_least_frames trap.ndjson $((frames + 2))
    rm trap.ndjson.marks
    kill -TERM "$pid"
    ended
    check 'which ends well' test "$code" = 0
    check 'having said once what is wrong' test "$(wc -l <"$dir/err")" = 1
}
taken() { [[ ! -e $1.marks ]] && [[ -n $(marks "$1" 2>/dev/null) ]]; }

the_newest() {
    local at=$XDG_STATE_HOME/tacho/recordings
    refuses 1 "tacho mark: no recording in $at: name the file" mark hello
    runs 0 record "${short[@]}"
    mkdir -p "$at"
    cp run.ndjson "$at/older.ndjson"
    touch -d '1 hour ago' "$at/older.ndjson"
    cp run.ndjson "$at/other.0001.ndjson"
    echo no >"$at/zzz.txt"
    ln -s "$dir/work/run.ndjson" "$at/zzz.ndjson"
    touch -d '1 hour' "$at/other.0001.ndjson" "$at/zzz.txt"
    runs 0 mark 'into the newest'
    check 'the newest of the state folder' grep -qxE "marked in $at/[^/]+-20[0-9]{6}-[0-9]{6}\.ndjson\.zst" "$dir/out"
    check 'it is there' test "$(marks "$at"/*.ndjson.zst)" = '"into the newest"'
}

wrong_use() {
    cp run.ndjson before
    refuses 2 'tacho mark: a mark is 1 to 4096 bytes of UTF-8 text' mark '' run.ndjson
    refuses 2 'tacho mark: a mark is 1 to 4096 bytes of UTF-8 text' mark $'\xff\xfe' run.ndjson
    refuses 2 'tacho mark: a mark is 1 to 4096 bytes of UTF-8 text' mark "$(printf 'x%.0s' {1..4097})" run.ndjson
    refuses 1 'tacho mark: missing.ndjson: no such file' mark hello missing.ndjson
    check 'none is made' not test -e missing.ndjson
    mkdir -p folder
    runs 1 mark hello folder
    check 'a folder is named' said 'folder'
    ln -s run.ndjson link.ndjson
    refuses 1 'tacho mark: link.ndjson is a symbolic link; name the file that it points to' mark hello link.ndjson
    echo 'my notes' >notes.txt
    runs 1 mark hello notes.txt
    check 'no recording gets no mark' test "$(<notes.txt)" = 'my notes'
    runs 2 mark
    runs 2 mark a b c
    check 'what was refused changed nothing' cmp run.ndjson before
    runs 0 mark "$(printf 'x%.0s' {1..4096})" run.ndjson
    check 'the longest there is' test "$(marks run.ndjson | tail -n 1 | wc -c)" = 4099
}

into_finished
into_running
the_newest
wrong_use
finish
