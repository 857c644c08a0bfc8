#!/usr/bin/env bash
# tests/e2e/lib.sh: what the tests of the real program share: a folder, a way to run it, checks that count.
# A test sources this with the program as its first argument (or in TACHO), checks, and ends with `finish`.
# shellcheck disable=SC2317 # check calls functions by their names
set -uo pipefail

tacho=$(realpath "${1:-${TACHO:?the program is the first argument, or in TACHO}}")
# shellcheck disable=SC2034 # some tests use it
data=$(realpath "$(dirname "$0")/../data")
dir=$(mktemp -d)
cleanups=()
clean() {
    local job cleanup
    for job in $(jobs -p); do
        kill -KILL "$job" 2>/dev/null
    done
    for cleanup in "${cleanups[@]}"; do
        "$cleanup"
    done
    rm -rf "$dir"
}
trap clean EXIT
export HOME=$dir/home XDG_CONFIG_HOME=$dir/home/config XDG_STATE_HOME=$dir/home/state TZ=UTC LC_ALL=C.UTF-8
mkdir -p "$dir/home" "$dir/empty" "$dir/work"
cd "$dir/work" || exit 1

checks=0 failures=0 code=0

# A condition that must hold: its name, then a command. When it fails, its output and what the program said last is shown.
check() {
    local name=$1 said
    shift
    checks=$((checks + 1))
    if ! said=$("$@" 2>&1); then
        failures=$((failures + 1))
        printf 'FAILED: %s\n    %s\n' "$name" "${*@Q}"
        [[ -z $said ]] || head -n 30 <<<"$said" | cut -c 1-400 | sed 's/^/    | /'
        show_last
    fi
}

show_last() {
    printf '    last: tacho %s: status %s\n' "${last_words[*]@Q}" "$code"
    head -n 5 "$dir/out" 2>/dev/null | cut -c 1-400 | sed 's/^/    stdout | /'
    head -n 10 "$dir/err" 2>/dev/null | cut -c 1-400 | sed 's/^/    stderr | /'
}

# The opposite of a command.
not() {
    ! "$@"
}

# Runs the program: sets `code`; what it said is in $dir/out and $dir/err. One that hangs ends with status 124.
last_words=()
run() {
    last_words=("$@")
    timeout --signal=KILL 120 "$tacho" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
}

# run, and the status must be that: status, words…
runs() {
    local wanted=$1
    shift
    run "$@"
    check "tacho $* ends with $wanted" test "$code" = "$wanted"
}

# The program must refuse with that very line and nothing on stdout: status, line, words…
refuses() {
    local wanted=$1 line=$2
    shift 2
    run "$@"
    check "tacho $* ends with $wanted" test "$code" = "$wanted"
    check "tacho $* says why" test "$(<"$dir/err")" = "$line"
    check "tacho $* prints nothing" not test -s "$dir/out"
}

said() { grep -qF -- "$1" "$dir/err"; }
printed() { grep -qF -- "$1" "$dir/out"; }
quiet() { [[ ! -s $dir/err ]]; }

# Starts the program in the background: sets `pid`; it speaks into $dir/bg.out and $dir/bg.err.
# A background job of a script ignores SIGINT unless it gets job control; whoever runs the tests may ignore SIGHUP (nohup).
start() {
    set -m
    env --default-signal=HUP "$tacho" "$@" >"$dir/bg.out" 2>"$dir/bg.err" </dev/null &
    pid=$!
    set +m
}

# Waits until a command succeeds, at most a minute.
until_true() {
    local tries
    for ((tries = 0; tries < 1200; tries++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

# Waits for the background program's end: sets `code`.
ended() {
    wait "$pid"
    code=$?
    last_words=('(background)')
    cp "$dir/bg.out" "$dir/out"
    cp "$dir/bg.err" "$dir/err"
}

# A recording as text, by the tools that everybody has; what a truncated one still gives.
text_of() {
    case $(head -c 4 "$1" | od -An -tx1 | tr -d ' \n') in
        28b52ffd | 5?2a4d18) zstd -dcq "$1" 2>/dev/null ;;
        1f8b*) gzip -dc <"$1" 2>/dev/null ;;
        *) cat "$1" ;;
    esac
}

frames_of() { text_of "$1" | grep -c '"seq":[0-9]*,"source"'; }
at_least_frames() { (($(frames_of "$1") >= $2)); }
all_json() { text_of "$1" | jq -e . >/dev/null; }
ends_with_newline() { [[ $(text_of "$1" | tail -c 1 | od -An -tx1) == ' 0a' ]]; }

# seq of the frames in stdin is first, first + 1, …
rising_from() {
    jq -nr --argjson n "$1" '[inputs | select(has("seq") and (has("index") | not)) | .seq] | . == [range($n; $n + length)] and length > 0' |
        grep -qx true
}

# The magic number of the seekable format ends the file.
has_seek_table() { [[ $(tail -c 4 "$1" | od -An -tx1) == ' b1 ea 92 8f' ]]; }

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

finish() {
    printf '%d checks, %d failed, %d s\n' "$checks" "$failures" "$SECONDS"
    exit $((failures > 0))
}
