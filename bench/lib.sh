# shellcheck shell=bash disable=SC2034
# bench/lib.sh: what the benchmarks share; sourced, not run.
#
# Recorders are measured in a PID namespace of their own with a private /proc, so that the processes they see are exactly
# the ones started here, and leaving it ends them all.

enter_namespace() { # "$@" of the calling script
    [ "${BENCH_INSIDE:-}" = 1 ] && return
    [ "$(id -u)" = 0 ] || { echo "needs root: a PID namespace, and peers that read every process" >&2; exit 2; }
    BENCH_INSIDE=1 exec unshare --pid --fork --mount --mount-proc --kill-child "$BASH" "$0" "$@"
}

spawn_load() { # $1 idle processes with names of their own, $2 that run a little (about 1 % of a core each)
    local i
    for ((i = 0; i < $1; i++)); do
        (exec -a "svc-worker-$i" sleep $((100000 + i))) &
    done
    for ((i = 0; i < $2; i++)); do
        perl -e '$0="active-'"$i"'"; while (1) { select undef, undef, undef, 0.05 + rand 0.1;
            for (1 .. rand 30000) { $x += $_ } $s = "x" x rand 4e6; undef $s if rand() < .3 }' &
    done
    disown -a
}

pids_named() { # $1 anchored regular expression of comm -> PIDS
    local d c
    PIDS=()
    for d in /proc/[0-9]*; do
        c=; { read -r c < "$d/comm"; } 2>/dev/null || continue
        [[ $c =~ ^($1)$ ]] && PIDS+=("${d#/proc/}")
    done
}

cpu_ns() { # on-CPU nanoseconds of the threads of PIDS, reaped children included -> CPU_NS
    local p t ns rest st f
    CPU_NS=0
    for p in "${PIDS[@]}"; do
        for t in /proc/"$p"/task/*/schedstat; do
            { read -r ns rest < "$t"; } 2>/dev/null && CPU_NS=$((CPU_NS + ns))
        done
        { read -r st < "/proc/$p/stat"; } 2>/dev/null || continue
        st=${st##*) }
        read -ra f <<< "$st"
        CPU_NS=$((CPU_NS + (f[13] + f[14]) * 10000000))
    done
}

peak_kib() { # peak resident memory of PIDS -> PEAK_KIB
    local p k v u
    PEAK_KIB=0
    for p in "${PIDS[@]}"; do
        while read -r k v u; do
            [ "$k" = VmHWM: ] && { PEAK_KIB=$((PEAK_KIB + v)); break; }
        done 2>/dev/null < "/proc/$p/status"
    done
}

stop_pids() { # $1 signal; waits until PIDS are gone
    local p i
    for p in "${PIDS[@]}"; do kill "-$1" "$p" 2>/dev/null; done
    for ((i = 0; i < 100; i++)); do
        for p in "${PIDS[@]}"; do [ -d "/proc/$p" ] && { sleep 0.1; continue 2; }; done
        return 0
    done
    for p in "${PIDS[@]}"; do kill -KILL "$p" 2>/dev/null; done
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a > 0) printf "%.2f", b / a; else printf "-" }'; }
