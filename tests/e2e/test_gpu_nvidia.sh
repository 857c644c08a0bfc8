#!/usr/bin/env bash
# tests/e2e/test_gpu_nvidia.sh TACHO LIBRARY: NVIDIA's cards in frames and recordings, by a stand-in for the library: one card
# lost, one divided, one that hangs.
# shellcheck disable=SC2317 # check calls functions by their names
library=$(realpath "${2:?the stand-in for the library is the second argument}") # before lib.sh goes to a folder of its own
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
export FAKE_NVML_SCRIPT=$dir/script

# A rename: the library never sees half of it.
script() {
    printf '%s\n' "$@" >"$dir/script.new"
    mv "$dir/script.new" "$dir/script"
}
frame_is() { jq -e "$1" "$dir/out"; }
# Is there a frame in the recording of which that is true?
some_frame() { text_of "$1" | jq -ne "any(inputs | select(has(\"gpus\")); $2)" | grep -qx true; }
options=(--nvml "$library" --include gpu)

eight_cards() {
    script 'count 8' 'card 2 lost' 'card 5 mig 1g.10gb 7 10240 2048 MIG-aa' 'card 5 mig0.compute 4000001:64'
    runs 0 snapshot "${options[@]}"
    check 'the cards that answer' frame_is '[.gpus[].index] == [0, 1, 3, 4, 5, 6, 7]'
    check 'their readings' frame_is '.gpus[0] | .utilization == 97 and .power_consumption == 412.5 and .vendor == "nvidia"'
    check 'the divided one' frame_is '.gpus[4].mig_instances[0] | .profile == "1g.10gb" and .used_memory == 2147483648'
    check 'the lost one is an error' frame_is '.errors | length == 1 and (.[0].message | contains("GPU 2") and contains("lost"))'
}

no_library() {
    runs 1 snapshot --nvml "$dir/nothing.so" --include gpu
    check 'says which library' frame_is '.errors[0].message | contains("nothing.so")'
    script 'init error 18'
    runs 1 snapshot "${options[@]}"
    check 'says that the versions differ' frame_is '.errors[0].message | contains("versions of library and kernel module differ")'
}

# A recording goes on while a card is lost, and has it again afterwards.
lost_and_back() {
    local silent='(.gpus | length == 3) and .gpus[1].uuid == "GPU-00000001-0000-0000-0000-000000000000" and
        .gpus[1].utilization == -1 and .gpus[0].utilization == 97 and (.errors | any(.message | contains("lost")))'
    script 'count 3'
    start record -o lost.ndjson -i 0.1 "${options[@]}"
    check 'all are there' until_true some_frame lost.ndjson '[.gpus[].utilization] == [97, 97, 97]'
    script 'count 3' 'card 1 xid 79' 'card 1 nvmlDeviceGetMemoryInfo_v2 error 15'
    check 'one is lost, under its name' until_true some_frame lost.ndjson "$silent"
    script 'count 3' 'card 1 utilization 55'
    check 'it is back' until_true some_frame lost.ndjson '[.gpus[].utilization] == [97, 55, 97]'
    check 'and tells what it was' some_frame lost.ndjson '.gpus[1].last_xid == 79'
    kill -INT "$pid"
    ended
    check 'the recording ends well' test "$code" = 0
    check 'it is sound' "$tacho" verify -q lost.ndjson
}

# A card that hangs for 5 s: others are read on time meanwhile.
hanging() {
    local meanwhile='.gpus[0].utilization == 42 and .gpus[1].utilization == -1 and
        (.errors | any(.kind == "timeout" and (.message | contains("GPU 1") and contains("has not answered"))))'
    script 'count 2'
    start record -o hang.ndjson -i 0.1 "${options[@]}"
    check 'both are there' until_true some_frame hang.ndjson '[.gpus[].utilization] == [97, 97]'
    script 'count 2' 'card 1 nvmlDeviceGetUtilizationRates sleep 5000' 'card 0 utilization 42'
    check 'the other is read on' until_true some_frame hang.ndjson "$meanwhile"
    script 'count 2' 'card 1 utilization 33'
    check 'it comes back' until_true some_frame hang.ndjson '.gpus[1].utilization == 33'
    kill -INT "$pid"
    ended
    check 'the recording ends well' test "$code" = 0
}

eight_cards
no_library
lost_and_back
hanging
finish
