#!/usr/bin/env bash
# Recordings that released versions wrote stay readable for ever: each file of tests/golden/ gives the table beside it.
# usage: test_golden.sh TACHO GOLDEN
set -u
tacho=$1 golden=$2
fields=cpus.utilization,cpus.load_1,cpus.context_switches,memory.used_bytes,networks.name,networks.rx_bytes,networks.up
checked=0 failed=0
for table in "$golden"/*.csv; do
    recording=${table%.csv}
    if ! "$tacho" export "$recording" -f csv --fields "$fields" 2>/dev/null | diff - "$table"; then
        echo "FAILED: $recording no longer gives $table"
        failed=$((failed + 1))
    fi
    checked=$((checked + 1))
done
for recording in "$golden"/schema1.*; do
    [[ $recording == *.csv ]] && continue
    "$tacho" verify -q "$recording" || { echo "FAILED: $recording is not sound"; failed=$((failed + 1)); }
done
echo "$checked recordings read, $failed failed"
((checked >= 4 && failed == 0))
