#!/usr/bin/env bash
# tests/e2e/test_append.sh TACHO: an existing file is continued, replaced or left alone, as asked.
# shellcheck disable=SC2016,SC2317 # jq has its own $names; check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

short=(-i 0.1 --duration 0.3s --include "cpu,memory" -q)
sound() { "$tacho" verify -q "$1"; }
exported() { "$tacho" export "$1" 2>/dev/null; }
begins_with() { cmp -n "$(stat -c %s "$2")" "$1" "$2"; } # the second file is the start of the first
headers() { text_of "$1" | grep -c '"header":true'; }

# Twice after a clean end: what was there stays as it is, seq goes on.
after_a_clean_end() {
    local name=$1
    runs 0 record -o "$name" "${short[@]}"
    text_of "$name" >before
    runs 0 record -o "$name" "${short[@]}" --append
    text_of "$name" >after
    check "$name: nothing lost" begins_with after before
    check "$name: more frames" test "$(grep -c '"seq"' after)" -gt "$(grep -c '"seq"' before)"
    runs 0 record -o "$name" "${short[@]}" --append
    text_of "$name" >after2
    check "$name: nothing lost, again" begins_with after2 after
    check "$name: seq goes on" rising_from 0 <after2
    check "$name: every line is JSON" all_json "$name"
    check "$name: sound" sound "$name"
    check "$name: one header" test "$(headers "$name")" = 1
    check "$name: mode 0600" test "$(stat -c %a "$name")" = 600
    case $name in
        *.zst)
            check "$name: whole" zstd -tq "$name"
            check "$name: a seek table again" has_seek_table "$name"
            ;;
        *.gz) check "$name: whole" gzip -t "$name" ;;
    esac
    runs 0 info --json "$name"
    check "$name: info counts all" jq -e ".frames == $(grep -c '"seq"' after2)" "$dir/out"
}

after_a_kill() {
    local name=killed-$1
    start record -o "$name" -i 0.1 --include cpu,memory -q
    check "$name: grows" until_true at_least_frames "$name" 4
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    exported "$name" >before
    check "$name: four frames survived" test "$(grep -c '"seq"' before)" -ge 4
    runs 0 record -o "$name" "${short[@]}" --append
    exported "$name" >after
    check "$name: nothing lost" begins_with after before
    check "$name: seq goes on" rising_from 0 <after
    check "$name: more frames" test "$(grep -c '"seq"' after)" -gt "$(grep -c '"seq"' before)"
    check "$name: sound" sound "$name"
    check "$name: the ordinary tools read all of it" diff <(text_of "$name") after
    [[ $name != *.zst ]] || check "$name: a seek table" has_seek_table "$name"
}

# A file cut anywhere can be continued, and what was whole is still there.
after_a_cut() {
    local name=$1 size cut
    size=$(stat -c %s "$name")
    for cut in 1 2 9 40 300 $((size / 3)) $((size / 2)) $((size - 5)) $((size - 1)); do
        head -c $((size - cut)) "$name" >"cut-$name"
        exported "cut-$name" >before
        runs 0 record -o "cut-$name" -i 0.1 --duration 0.1s --include cpu,memory -q --append
        exported "cut-$name" >after
        check "$name cut by $cut: nothing lost" begins_with after before
        check "$name cut by $cut: one more frame" test "$(grep -c '"seq"' after)" -gt "$(grep -c '"seq"' before)"
        check "$name cut by $cut: seq goes on" rising_from 0 <after
        check "$name cut by $cut: sound" sound "cut-$name"
    done
}

# --append where nothing is yet begins a recording; so it does in an empty file.
nothing_there() {
    local name
    for name in fresh.ndjson fresh.ndjson.gz fresh.ndjson.zst; do
        runs 0 record -o "$name" "${short[@]}" --append
        check "$name: begun" rising_from 0 < <(text_of "$name")
        check "$name: sound" sound "$name"
        : >"empty-$name"
        runs 0 record -o "empty-$name" "${short[@]}" --append
        check "empty-$name: begun" rising_from 0 < <(text_of "empty-$name")
        check "empty-$name: sound" sound "empty-$name"
        check "empty-$name: with a header" test "$(headers "empty-$name")" = 1
    done
}

wrong_codec() {
    cp run.ndjson.zst zst.ndjson
    cp run.ndjson plain.ndjson.gz
    cp run.ndjson.gz gz.ndjson.zst
    refuses 1 'tacho record: zst.ndjson: its compression is zstd and cannot be continued with none' \
        record -o zst.ndjson --append "${short[@]}"
    refuses 1 'tacho record: plain.ndjson.gz: its compression is none and cannot be continued with gzip' \
        record -o plain.ndjson.gz --append "${short[@]}"
    refuses 1 'tacho record: gz.ndjson.zst: its compression is gzip and cannot be continued with zstd' \
        record -o gz.ndjson.zst --append "${short[@]}"
    check 'and left as it was' cmp run.ndjson.zst zst.ndjson
    check 'and left as it was' cmp run.ndjson plain.ndjson.gz
    check 'and left as it was' cmp run.ndjson.gz gz.ndjson.zst
    sed 's/"schema":1/"schema":2/' run.ndjson >other.ndjson
    cp other.ndjson other.copy
    refuses 1 'replay: unsupported schema version 2, this tacho supports schema 1' record -o other.ndjson --append "${short[@]}"
    check 'another schema is left as it was' cmp other.ndjson other.copy
}

existing_file() {
    local name=run.ndjson
    cp "$name" before
    refuses 1 "tacho record: $name exists: use --append to continue it, or --force to replace it" record -o "$name" "${short[@]}"
    check 'an existing file is left as it was' cmp "$name" before
    runs 0 record -o "$name" "${short[@]}" --force
    check '--force begins anew' rising_from 0 <"$name"
    check '--force replaces' test "$(grep -c '"seq"' "$name")" -le 3
    chmod 644 "$name"
    runs 0 record -o "$name" "${short[@]}" --force
    check '--force makes a private file' test "$(stat -c %a "$name")" = 600
    runs 0 record -o nothing-there.ndjson "${short[@]}" --force
    check '--force without a file is fine' rising_from 0 <nothing-there.ndjson
    ln "$name" hardlink
    cp "$name" before
    runs 0 record -o "$name" "${short[@]}" --force
    check '--force does not write into the old file' cmp hardlink before
}

symbolic_links() {
    local words
    echo precious >target
    ln -s target link.ndjson
    ln -s nowhere dangling.ndjson
    for words in '' --append --force; do
        refuses 1 'tacho record: link.ndjson is a symbolic link; name the file that it points to' \
            record -o link.ndjson ${words:+"$words"} "${short[@]}"
        refuses 1 'tacho record: dangling.ndjson is a symbolic link; name the file that it points to' \
            record -o dangling.ndjson ${words:+"$words"} "${short[@]}"
    done
    check 'what a link points to is untouched' test "$(<target)" = precious
    check 'nothing was made behind a link' not test -e nowhere
    check 'the link is still one' test -L link.ndjson
    mkdir real
    ln -s real linked
    runs 0 record -o linked/run.ndjson "${short[@]}"
    check 'a linked directory on the way is fine' test -s real/run.ndjson
}

special_files() {
    mkdir -p folder
    refuses 1 'tacho record: folder is a directory, not a regular file' record -o folder --append "${short[@]}"
    runs 1 record -o folder "${short[@]}"
    runs 1 record -o folder --force "${short[@]}"
    check 'a directory stays' test -d folder
    mkfifo pipe
    refuses 1 'tacho record: pipe is a pipe, not a regular file' record -o pipe --append "${short[@]}"
    runs 1 record -o pipe "${short[@]}"
    runs 1 record -o pipe --force "${short[@]}"
    check 'a pipe stays' test -p pipe
    runs 1 record -o /dev/null "${short[@]}"
    runs 1 record -o /dev/null --append "${short[@]}"
    refuses 1 'tacho record: create no/such/run.ndjson: No such file or directory' record -o no/such/run.ndjson "${short[@]}"
}

# Somebody else's file is not continued: it would lose its last line where that has no end.
foreign_file() {
    printf 'milk\nbread\n and no newline' >shopping.txt
    cp shopping.txt before
    runs 1 record -o shopping.txt --append "${short[@]}"
    check 'it says that it is no recording' said 'shopping.txt'
    check 'it is left as it was' cmp shopping.txt before
    runs 1 mark hello shopping.txt
    check 'a mark does not go into it either' cmp shopping.txt before
    head -c 3000 /dev/urandom >random.ndjson
    cp random.ndjson before
    runs 1 record -o random.ndjson --append "${short[@]}"
    check 'nor is binary junk touched' cmp random.ndjson before
    printf '{"name":"tacho","list":[1,2]}' >package.json
    cp package.json before
    runs 1 record -o package.json --append "${short[@]}"
    check 'nor other JSON' cmp package.json before
    zstd -qf shopping.txt -o shopping.txt.zst
    cp shopping.txt.zst before
    runs 1 record -o shopping.txt.zst --append "${short[@]}"
    check 'nor compressed text' cmp shopping.txt.zst before
}

unwritable_directory() {
    local user=()
    mkdir -m 555 locked
    if [[ $(id -u) == 0 ]]; then
        # The folder of the test and the way to the program must be open to others.
        chmod 755 "$dir" "$dir/work"
        if ! setpriv --reuid=65534 --regid=65534 --clear-groups "$tacho" --version >/dev/null 2>&1; then
            echo 'not tried: an unwritable directory (the program cannot be run as another user here)'
            return
        fi
        user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    fi
    "${user[@]}" "$tacho" record -o locked/run.ndjson "${short[@]}" >"$dir/out" 2>"$dir/err"
    code=$?
    check 'an unwritable directory is a failure' test "$code" = 1
    check 'which says why' test "$(<"$dir/err")" = 'tacho record: create locked/run.ndjson: Permission denied'
    cp run.ndjson.zst locked/
    chmod 444 locked/run.ndjson.zst
    "${user[@]}" "$tacho" record -o locked/run.ndjson.zst --append "${short[@]}" >"$dir/out" 2>"$dir/err"
    code=$?
    check 'an unwritable file is a failure' test "$code" = 1
    check 'which says why' said 'Permission denied'
    check 'it is left as it was' cmp locked/run.ndjson.zst run.ndjson.zst
    chmod 755 locked
}

contradictions() {
    refuses 2 'tacho record: --append and --force contradict each other: choose one' record -o x.ndjson --append --force
    refuses 2 'tacho record: --compress gzip does not go with the name x.ndjson.zst: leave --compress out, or name the file …ndjson.gz' \
        record -o x.ndjson.zst --compress gzip
    refuses 2 'tacho record: --compress zstd does not go with the name x.ndjson: leave --compress out, or name the file …ndjson.zst' \
        record -o x.ndjson --compress zstd
    refuses 2 'tacho record: --compress none does not go with the name x.ndjson.gz: leave --compress out, or name the file …ndjson' \
        record -o x.ndjson.gz --compress none
    check 'nothing was made' not test -e x.ndjson -o -e x.ndjson.gz -o -e x.ndjson.zst
    runs 0 record -o agreed.ndjson.gz --compress gzip "${short[@]}"
    check 'the same twice is fine' gzip -t agreed.ndjson.gz
}

# One file, one recorder.
two_writers() {
    local words
    start record -o busy.ndjson.zst -i 0.1 --include cpu,memory -q
    until_true at_least_frames busy.ndjson.zst 2
    for words in --append --force; do
        refuses 1 'tacho record: busy.ndjson.zst is being written by another process' \
            record -o busy.ndjson.zst $words "${short[@]}"
    done
    kill -TERM "$pid"
    ended
    check 'the first goes on undisturbed' test "$code" = 0
    check 'and its file is sound' sound busy.ndjson.zst
}

for name in run.ndjson run.ndjson.gz run.ndjson.zst; do
    after_a_clean_end "$name"
    after_a_cut "$name"
    after_a_kill "$name"
done
nothing_there
wrong_codec
existing_file
symbolic_links
special_files
foreign_file
unwritable_directory
contradictions
two_writers
finish
