#!/usr/bin/env bash
# tests/e2e/test_doctor.sh TACHO: what can be read, as people and programs are told, by root and by nobody.
# shellcheck disable=SC2317 # check calls functions by their names
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

shape='(.host | type) == "string" and (.kernel | length) > 0 and (.tacho_version | length) > 0 and
    all(.findings[]; (.section | IN("system", "gpu", "cpu", "memory", "chassis", "process", "storage", "network")) and
        (.source | length) > 0 and (.state | IN("ok", "partly", "denied", "missing")) and (.says | length) > 0 and
        (.remedy | type | IN("null", "string")))'
finding() { printf '.findings[] | select(.section == "%s" and .source == "%s") | ' "$1" "$2"; }

this_machine() {
    runs 0 doctor
    check 'a heading' grep -qE '^tacho [0-9.]+ on .+, Linux [0-9]' "$dir/out"
    check 'by section' grep -qx 'memory' "$dir/out"
    check 'a mark, a source, what it says' grep -qE '^  ok       memory  +use of memory and swap$' "$dir/out"
    check 'plain in a pipe' not grep -q $'\e' "$dir/out"
    check 'nothing on stderr' not test -s "$dir/err"
    runs 0 doctor --json
    check 'JSON of one shape' jq -e "$shape" "$dir/out"
    check 'one line' test "$(wc -l <"$dir/out")" = 1
    check 'memory can be read' jq -e "$(finding memory memory) .state == \"ok\" and .remedy == null" "$dir/out"
    check 'us, by our number' jq -e "$(finding system user) .says | test(\"^user id $(id -u)[,]\")" "$dir/out"
    check 'as many findings as lines with a mark' same_number
}
same_number() {
    local n
    n=$(jq '.findings | length' "$dir/out")
    run doctor
    (($(grep -cE '^  (ok|partly|denied|missing) ' "$dir/out") == n))
}

as_nobody() {
    if ((EUID != 0)) || ! command -v setpriv >/dev/null || ! setpriv --reuid 65534 --clear-groups true; then
        return
    fi
    chmod 755 "$dir"
    cp "$tacho" "$dir/nobodys"
    mkdir -p proc sys
    echo 'cpu 1 2 3 4' >proc/stat
    echo 'MemTotal: 1 kB' >proc/meminfo
    chmod 600 proc/meminfo
    chmod -R a+rX "$dir/work"
    chmod 600 proc/meminfo
    last_words=(as nobody)
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$dir/nobodys" doctor --json --procfs "$PWD/proc" --sysfs "$PWD/sys" \
        >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
    check 'nobody: it works' test "$code" = 0
    check 'nobody: JSON of one shape' jq -e "$shape" "$dir/out"
    check 'nobody: without capabilities' jq -e "$(finding system user) .state == \"partly\" and (.says | startswith(\"user id 65534, without CAP_SYS_PTRACE\")) and
        (.remedy | contains(\"setcap\"))" "$dir/out"
    check 'nobody: each is named' jq -e "$(finding system CAP_BPF) .state == \"denied\"" "$dir/out"
    check 'nobody: a file that may not be read' jq -e "$(finding memory memory) .state == \"denied\" and
        (.says | endswith(\"/proc/meminfo: Permission denied\"))" "$dir/out"
    check 'nobody: one that may' jq -e "$(finding cpu times) .state == \"ok\"" "$dir/out"
    rm -rf proc sys
}

nothing_there() {
    runs 1 doctor --procfs "$dir/empty" --sysfs "$dir/empty" --rootfs "$dir/empty" --nvml none
    check 'an empty machine: it says so' said 'tacho doctor: nothing at all can be read'
    check 'an empty machine: what is missing' grep -qE '^  missing  times ' "$dir/out"
    runs 1 doctor --json --procfs "$dir/none" --sysfs "$dir/none" --rootfs "$dir/none" --nvml none
    check 'a missing one: JSON of one shape' jq -e "$shape" "$dir/out"
    check 'a missing one: how to change it' jq -e "$(finding cpu times) .remedy | contains(\"--procfs\")" "$dir/out"
}

hostile() {
    local name=$'evil\e[31m\x9b\xff \xe2\x80\xae"'
    mkdir -p "$name"
    echo 'cpu 1 2 3 4' >"$name/stat"
    runs 0 doctor --procfs "$name" --sysfs "$name" --rootfs "$name" --nvml none
    check 'hostile: escaped' printed '\x1b[31m'
    check 'hostile: no control bytes' not grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$dir/out"
    runs 0 doctor --json --procfs "$name" --sysfs "$name" --rootfs "$name" --nvml none
    check 'hostile: JSON of one shape' jq -e "$shape" "$dir/out"
    check 'hostile: UTF-8' iconv -f UTF-8 -t UTF-8 "$dir/out"
}

wrong_use() {
    runs 2 doctor extra
    runs 2 doctor --nonsense
    "$tacho" doctor 2>"$dir/err" | head -c 1 >/dev/null
    check 'doctor | head is quiet' quiet
    if [[ -c /dev/full ]]; then
        "$tacho" doctor >/dev/full 2>"$dir/err"
        check 'a full disk behind stdout is a failure' test $? = 1
    fi
}

this_machine
as_nobody
nothing_there
hostile
wrong_use
finish
