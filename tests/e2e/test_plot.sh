#!/usr/bin/env bash
# tests/e2e/test_plot.sh PLOT: readings become bars; labels, gaps and too many rows are handled.
set -euo pipefail

plot=$1

shows() { # the CSV, then lines that the plot must have
    local csv=$1 said
    shift
    said=$(printf '%b' "$csv" | COLUMNS=80 "$plot" CPU)
    for line in "$@"; do
        grep -qF -- "$line" <<<"$said" || {
            printf 'no "%s" in:\n%s\n' "$line" "$said"
            exit 1
        }
    done
}

shows 't,host,cpus.utilization,memory.utilization\na,h,,0\nb,h,50,12.5\nc,h,100,99\n' \
    'CPU       ▅█  100.0 % now, 50.0 to 100.0' 'memory.utilization ▁▂█' 'a to c'
shows 't,x\n1,\n' 'CPU      not known'
shows "t,x\\n$(for i in {1..500}; do printf '%d,%d\\n' "$i" $((i > 250 ? 100 : 0)); done)" \
    'CPU      ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████████████████  100.0 % now, 0.0 to 100.0'
if printf 't,x\n' | "$plot" >/dev/null; then
    echo 'nothing was plotted, and that was fine'
    exit 1
fi
