#!/usr/bin/env bash
# tests/e2e/test_view.sh: the screen in a real terminal (tmux): keys in, screen out, live and in replay; the terminal afterwards.
# shellcheck disable=SC2317,SC2016 # check calls functions by their names; some words are another shell's
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || skip 'no tmux'
command -v jq >/dev/null || skip 'no jq'

# A server of its own, without a status line; what runs in it inherits this environment.
socket=tacho-$$
tm() { tmux -L "$socket" -u -f "$dir/tmux.conf" "$@"; }
end_tmux() { tm kill-server 2>/dev/null; }
cleanups+=(end_tmux)
printf '%s\n' 'set -g status off' 'set -g default-terminal screen-256color' 'set -g escape-time 0' >"$dir/tmux.conf"

tm new-session -d -s hold 'exec sleep 10000'

# Ten frames, 3 s apart, of one host. A process's command says which frame it is. Host, cards.
make_recording() {
    jq -nc --arg host "$1" --argjson cards "$2" '
        def at($s): 1776513600 + $s | todate | sub("Z"; ".000Z");
        {schema: 1, header: true, interval_ms: 3000, hosts: [$host], tacho_version: "0.1.0", source: "local", started: at(0)},
        (range(10) as $i | {schema: 1, t: at(3 * $i), seq: $i, source: "local", hostname: $host,
            cpus: [{index: 0, host_id: $host, utilization: (10 * $i)}],
            memory: [{index: 0, host_id: $host, total_bytes: 1000, used_bytes: 250, utilization: 25}],
            gpus: [range($cards) | {uuid: "GPU-\(.)", name: "Card", index: ., host_id: $host, utilization: (50 + .)}],
            processes: [{pid: 100, user: "mina", command: "work-\($i)", host_id: $host, cpu_percent: 9},
                {pid: 200, user: "joe", command: "other", host_id: $host, cpu_percent: 1}]})'
}
make_recording node-07 0 >t.ndjson
make_recording gpu-01 2 >g.ndjson
# One of two hosts, out of both.
jq -c -n --slurpfile a t.ndjson --slurpfile b g.ndjson '
    ($a[0] + {hosts: ($a[0].hosts + $b[0].hosts)}), (range(1; $a | length) as $i |
    reduce ("cpus", "memory", "gpus", "processes") as $k ($a[$i]; .[$k] += $b[$i][$k]))' >two.ndjson

# Opens a window with a command in it, the program mostly. How it ends is told in files beside $pane.
command_line() { printf '%q ' "$@"; }
screen_size=80x24 pane=$dir/pane.0 panes=0
on_screen() {
    tm kill-session -t t 2>/dev/null
    panes=$((panes + 1))
    pane=$dir/pane.$panes # what the one before still writes goes elsewhere
    cat >"$pane.sh" <<END
stty -g >$pane.before
(echo \$BASHPID >$pane.pid; exec $(command_line "$@"))
echo \$? >$pane.code
stty -g >$pane.after
touch $pane.ended
exec sleep 1000
END
    tm new-session -d -s t -x "${screen_size%x*}" -y "${screen_size#*x}" "bash $pane.sh 2>$dir/err"
    last_words=("${@:2}")
}
screen() { tm capture-pane -p -t t; }
has() { screen | grep -qF -- "$1"; }
lacks() { ! has "$1"; }
shows() { until_true has "$1" || { screen && return 1; }; }
hides() { until_true lacks "$1" || { screen && return 1; }; }
type_text() { tm send-keys -t t -l -- "$1"; }
key() { tm send-keys -t t "$@"; }
has_ended() { until_true test -e "$pane.ended"; }
ended_with() { has_ended && [[ $(<"$pane.code") == "$1" ]]; }
# The modes as before, the main screen, a cursor.
is_restored() {
    cmp "$pane.before" "$pane.after" && [[ $(tm display -p -t t '#{alternate_on}#{cursor_flag}#{mouse_any_flag}') == 010 ]]
}
leaves() {
    check "$1: ends well" ended_with 0
    check "$1: the terminal is as it was" is_restored
}

# --- The first frame, steps, speed.
on_screen "$tacho" view --replay t.ndjson --paused
check 'the chip' shows 'REPLAY | 00:00:00 / 00:00:27 | frame 1 / 10 | 1.0x | paused'
check 'the first frame' shows work-0
check 'its moment' shows '2026-04-18 12:00:00'
check 'whose it is' shows 'tacho node-07'
type_text ']'
check ']: one further' shows '00:00:03 / 00:00:27 | frame 2 / 10'
check ']: its readings' shows work-1
type_text ']]'
check ']]: two further' shows 'frame 4 / 10'
type_text '['
check '[: one back' shows 'frame 3 / 10 | 1.0x | paused'
check '[: its readings' shows work-2
began=$(date +%s%N)
type_text ' '
check 'SPACE plays' shows playing
check 'after three seconds, the next frame' shows '00:00:09 / 00:00:27 | frame 4 / 10'
check 'not before three seconds' test $(($(date +%s%N) - began)) -ge 2900000000
type_text '['
check '[ pauses' shows 'frame 3 / 10 | 1.0x | paused'
type_text '++'
check '+ twice' shows '| 4.0x |'
type_text '---'
check '- three times' shows '| 0.5x |'
type_text '=_'
check '= and _' shows '| 0.5x |'

# --- Seeks.
type_text g
check 'g asks' shows 'go to:'
type_text 00:00:15
key Enter
check 'g 00:00:15' shows '00:00:15 / 00:00:27 | frame 6 / 10'
check 'g 00:00:15: its readings' shows work-5
type_text g@12:00:21
key Enter
check 'g @12:00:21' shows '00:00:21 / 00:00:27 | frame 8 / 10'
type_text g
type_text rubbish
key Enter
check 'a bad time is told' shows 'rubbish'
check 'a bad time moves nothing' shows 'frame 8 / 10'
key Escape
check 'Esc ends the entry' hides 'go to:'
type_text j
check 'j: ten seconds back' shows '00:00:12 / 00:00:27 | frame 5 / 10'
type_text k
check 'k: ten seconds further' shows '00:00:24 / 00:00:27 | frame 9 / 10'
key Home
check 'Home' shows 'frame 1 / 10'
key End
check 'End' shows 'frame 10 / 10'
type_text g99:00:00
key Enter
check 'beyond the end' shows 'outside of the recording'
type_text L
check 'L: loop' shows '| loop'
type_text L
check 'L again: none' hides '| loop'

# --- Filter, help, detail, alerts, CSV.
key Home
type_text '/'
type_text 'user = mina'
key Enter
check 'the filter counts' shows '[matched 1 of 2]'
check 'the filter hides' hides other
type_text g5
key Enter
type_text '/'
check 'the filter bar has the filter, not the time' shows 'filter: user = mina'
key C-u
type_text 'temp >'
key Enter
check 'a bad filter is told' shows 'column 7'
key C-u Enter
check 'no filter' shows other
type_text h
check 'help' shows 'one frame forward, back'
key Escape
check 'Esc closes it' hides 'one frame forward, back'
key Down
key Enter
check 'detail' shows Detail
key Escape
check 'Esc closes that' hides 'cpu_percent'
type_text A
check 'alerts' shows 'nothing has changed'
key Escape
type_text e
check 'e writes a file' shows 'written: tacho-node-07-20260418T1200'
check 'with two rows' until_true bash -c '[[ $(tail -n +2 tacho-node-07-*.csv | wc -l) == 2 ]]'
check 'with what is shown' grep -q 'node-07.*,mina,.*,work-' tacho-node-07-*.csv

# --- Sizes.
tm resize-window -t t -x 120 -y 40
check 'larger' until_true bash -c "tmux -L $socket capture-pane -p -t t | sed -n 39p | grep -q REPLAY"
tm resize-window -t t -x 30 -y 8
check 'too small' shows '30x8: too small'
tm resize-window -t t -x 80 -y 24
check 'as before' shows 'frame '
type_text q
leaves q

# --- Playing on its own: to the end, around again, faster than it is drawn.
on_screen "$tacho" view --replay t.ndjson --speed 16
check 'pauses on the last frame' shows '00:00:27 / 00:00:27 | frame 10 / 10 | 16.0x | end'
tm resize-window -t t -x 100 -y 30
check 'resized' until_true bash -c "tmux -L $socket capture-pane -p -t t | sed -n 29p | grep -q REPLAY"
kill -TERM "$(<"$pane.pid")"
leaves SIGTERM
on_screen "$tacho" view --replay t.ndjson --speed 8 --loop --start 00:00:24
check 'loops' shows 'frame 2 / 10 | 8.0x | playing | loop'
tm resize-window -t t -x 90 -y 26
check 'resized while it plays' until_true bash -c "tmux -L $socket capture-pane -p -t t | sed -n 25p | grep -q REPLAY"
key C-c
leaves Ctrl-C
on_screen "$tacho" view --replay t.ndjson --start 99:00:00 --paused
check 'a start outside' shows 'frame 10 / 10'
type_text q
leaves 'q on the last frame'

# --- Stopped by the shell and back.
on_screen bash -c 'exec bash --norc --noprofile -i 2>/dev/tty'
type_text "PS1='shell> '; $(command_line "$tacho") view --replay t.ndjson --paused"
key Enter
check 'from a shell' shows 'frame 1 / 10'
key C-z
check 'Ctrl-Z' shows Stopped
key C-l
type_text 'fg'
key Enter
check 'fg: the chip' shows 'frame 1 / 10 | 1.0x | paused'
check 'fg: everything' until_true bash -c "tmux -L $socket capture-pane -p -t t | sed -n 1p | grep -q 'tacho node-07'"
check 'fg: the readings' shows work-0
type_text ']'
check 'fg: keys' shows 'frame 2 / 10'
type_text q
check 'the shell is back' shows 'shell> '

# --- Two hosts; one has cards.
on_screen "$tacho" view two.ndjson --paused
check 'two tabs' shows ' All   node-07   gpu-01'
check 'cards of one' shows 'Card'
check '2 of 2' shows '2/2 up'
key Right
check 'the tab of the one without' hides 'Card'
key Right
check 'the tab of the one with' shows 'Card'
key Right
check 'around' shows 'Memory'
type_text q
leaves 'two hosts'

# --- A recording that grows, one that is cut.
head -n 4 t.ndjson >grows.ndjson
on_screen "$tacho" view --replay grows.ndjson --follow --speed 16
check 'waits at the end' shows '/ 00:00:06 | frame 3 / 3 | 16.0x | waiting'
sed -n '5,7p' t.ndjson >>grows.ndjson
check 'goes on' shows '/ 00:00:15 | frame 6 / 6'
type_text q
leaves 'a recording that grows'
zstd -q t.ndjson
head -c $(($(wc -c <t.ndjson.zst) - 30)) t.ndjson.zst >cut.ndjson.zst
head -c $(($(wc -c <t.ndjson) - 100)) t.ndjson >cut.ndjson
on_screen "$tacho" view --replay cut.ndjson --paused
check 'a cut recording' shows 'frame 1 / 9'
type_text q
leaves 'a cut recording'

# --- Live.
on_screen "$tacho" view -i 0.3
check 'live' shows '● live'
check 'this host' shows "tacho $(uname -n)"
check 'this memory' shows 'Memory'
check 'replay keys are dead' lacks REPLAY
type_text ' ]['
type_text h
check 'help without replay' shows 'this help'
check 'no replay keys in it' lacks 'one frame forward'
key Escape
type_text q
leaves live
on_screen env NO_COLOR=1 "$tacho"
check 'tacho alone' shows '● live'
type_text q
leaves 'tacho alone'

# --- Other terminals.
on_screen env LC_ALL=C "$tacho" view --replay t.ndjson --paused
check 'without UTF-8' shows 'frame 1 / 10'
check 'nothing but ASCII' not bash -c "tmux -L $socket -u capture-pane -p -t t | LC_ALL=C grep -q '[^ -~]'"
type_text q
leaves 'without UTF-8'
on_screen env -u TERM ASAN_OPTIONS=detect_leaks=0 "$tacho" view --replay t.ndjson
# (ncurses loses some memory there)
check 'without TERM' ended_with 2
check 'without TERM: says what to do' grep -q 'TERM=xterm-256color' "$dir/err"
on_screen env TERM=no-such-terminal ASAN_OPTIONS=detect_leaks=0 "$tacho" view --replay t.ndjson
check 'an unknown TERM' ended_with 2
check 'an unknown TERM: named' grep -q "'no-such-terminal'" "$dir/err"

# --- What makes no sense.
: >empty.ndjson
head -n 1 t.ndjson >head.ndjson
sed 's/"schema":1/"schema":2/' t.ndjson >schema2.ndjson
refuses 2 'tacho view: the screen needs a terminal; without one see '\''tacho snapshot'\'' and '\''tacho export'\' view --replay t.ndjson
for words in 'view --replay t.ndjson --speed nan' 'view --replay t.ndjson --speed inf' 'view --replay t.ndjson --speed 0' \
    'view --replay t.ndjson --speed 17' 'view --replay t.ndjson --start 99:99' 'view --replay t.ndjson --start soon' \
    'view --start 10' 'view --paused' 'view --interval 0.01' 'view --colour 7'; do
    # shellcheck disable=SC2086 # words
    runs 2 $words
    check "$words: one line" test "$(wc -l <"$dir/err")" -le 2
done
for file in empty head none; do
    runs 1 view --replay $file.ndjson
    check "$file: names the file" said "$file.ndjson"
done
runs 1 view --replay schema2.ndjson
check 'schema 2' said 'unsupported schema version 2, this tacho supports schema 1'

# --- Replay asks nothing of this machine.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    on_screen env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=open,openat,openat2,connect "$tacho" view --replay two.ndjson --paused
    check 'traced' shows 'frame 1 / 10'
    type_text ']'
    check 'traced, a step' shows 'frame 2 / 10'
    type_text q
    check 'traced, the end' ended_with 0
    check 'it opened something' grep -q two.ndjson "$dir/trace"
    check 'no device, process or driver' not grep -E '"/proc/[0-9]|"/sys/class|"/sys/devices|"/dev/nvidia|"/dev/dri|libnvidia-ml' "$dir/trace"
else
    printf 'without strace: what replay opens was not looked at\n'
fi
finish
