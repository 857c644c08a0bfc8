#!/usr/bin/env bash
# tests/e2e/test_usage.sh TACHO: help, wrong use, configuration, man pages and completions of the real program.
set -uo pipefail

tacho=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/home" "$dir/empty"
export HOME=$dir/home XDG_CONFIG_HOME=$dir/home/config XDG_STATE_HOME=$dir/home/state
cd "$dir/empty" || exit 1

die() {
    echo "FAILED: $*"
    exit 1
}

run() { # words…: sets code; what it said is in $dir/out and $dir/err
    "$tacho" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
}

refused() { # what the one line must hold, words…
    local what=$1
    shift
    run "$@"
    [[ $code == 2 ]] || die "status $code, not 2: $* ($(<"$dir/err"))"
    [[ ! -s $dir/out ]] || die "something on stdout: $*"
    (($(wc -l <"$dir/err") == 1)) || die "not one line: $*: $(<"$dir/err")"
    [[ $(<"$dir/err") == *"$what"* ]] || die "'$what' is not in: $(<"$dir/err")"
}

shown() { # words…: fine, and nothing on stderr
    run "$@"
    [[ $code == 0 && -s $dir/out && ! -s $dir/err ]] || die "status $code: $* ($(<"$dir/err"))"
}

# "record output" for every option of every command, as the completion for fish has them
"$tacho" --reference fish >"$dir/tacho.fish" || die "no completion for fish"
mapfile -t options < <(sed -nE "s/.*seen_subcommand_from ([a-z]+)'.* -l ([a-z0-9-]+).*/\1 \2/p" "$dir/tacho.fish")
mapfile -t commands < <(sed -nE 's/.*__fish_use_subcommand -a ([a-z]+) .*/\1/p' "$dir/tacho.fish")
((${#commands[@]} > 1)) || die "no commands"

every_help_names_every_option() {
    shown --help
    for command in "${commands[@]}"; do
        grep -q "^  $command " "$dir/out" || die "tacho --help does not name $command"
    done
    for command in "${commands[@]}"; do
        [[ $command == help ]] && continue
        shown "$command" --help
        cp "$dir/out" "$dir/help-$command"
        shown help "$command"
        cmp -s "$dir/out" "$dir/help-$command" || die "two helps for $command"
        shown "$command" -h
        awk -v most=100 'length > most { exit 1 }' "$dir/out" || die "a line of $command's help is too wide"
    done
    for option in "${options[@]}"; do
        name=${option#* }
        grep -qE -- "--($name|\[no-\]${name#no-})( |\$)" "$dir/help-${option% *}" || die "help does not name $option"
    done
    shown help fields
    grep -q '^  utilization ' "$dir/out" || die "help fields does not name utilization"
    shown --version
    grep -qE '^tacho [0-9]+\.[0-9]+\.[0-9]+$' "$dir/out" || die "no version: $(<"$dir/out")"
}

wrong_use_is_one_line() {
    refused "unknown command 'recrod': did you mean record?" recrod
    refused "unknown command" help recrod
    refused "unknown flag --bogus" --bogus
    for command in "${commands[@]}"; do
        [[ $command == help ]] || refused "tacho $command: unknown flag --no-such-flag" "$command" --no-such-flag
    done
    refused "--interval 3x: '3x' is not a duration (like 30, 0.5s, 5m, 1h, 1d)" record --interval 3x
    refused "--max-size x: 'x' is not a size (like 4096, 1K, 10M, 2G)" record --max-size x
    refused "--compress zip: 'zip' is not one of" record --compress zip
    refused "--interval takes a value" record --interval
    refused "--quiet takes no value" record --quiet=1
    refused "did you mean --interval?" record --intervall 3
    refused "did you mean --interval?" record --interv 3
    refused "is one argument too many" record nonsense
    refused "an argument is missing" info
    refused '\x1b[31m' record --interval $'\e[31m3\n'
    run
    [[ $code == 2 && ! -s $dir/out ]] || die "tacho alone: status $code"
    grep -q '^Usage: tacho' "$dir/err" || die "tacho alone says no usage"
    [[ -z $(ls -A) ]] || die "wrong use left files: $(ls -A)"
}

configuration_is_checked() {
    mkdir -p "$XDG_CONFIG_HOME/tacho"
    local file=$XDG_CONFIG_HOME/tacho/config.ini
    printf '[record]\ninterval = 3x\n' >"$file"
    refused "$file:2: [record] interval: '3x' is not a duration" info nothing.ndjson
    shown record --help
    printf '[recrod]\n' >"$file"
    refused "$file:1: unknown section [recrod] (did you mean [record]?)" record
    printf '[record]\nintervall = 3\n' >"$file"
    refused "$file:2: [record] intervall: unknown key (did you mean interval?)" record
    printf '[general]\nmax_size = 1M\n[record]\nmax_files = lots\n' >"$dir/own.ini"
    refused "$dir/own.ini:4: [record] max-files: 'lots' is not a count" --config "$dir/own.ini" record
    refused "$dir/own.ini:4:" record --config="$dir/own.ini"
    refused "no such file" record --config "$dir/absent.ini"
    TACHO_RECORD_INTERVAL=soon refused "TACHO_RECORD_INTERVAL: 'soon' is not a duration" record
    rm "$file"
}

output_that_cannot_be_written_is_a_failure() {
    "$tacho" help fields >/dev/full 2>"$dir/err"
    (($? == 1)) || die "a full disk is not noticed"
    [[ $(<"$dir/err") == "tacho: write standard output: No space left on device" ]] || die "full: $(<"$dir/err")"
    "$tacho" help fields >&- 2>"$dir/err"
    (($? == 1)) || die "a closed stdout is not noticed"
    {
        sleep 0.3
        "$tacho" help fields 2>"$dir/err"
        echo $? >"$dir/code"
    } | true
    [[ $(<"$dir/code") == 1 && ! -s $dir/err ]] || die "closed pipe: status $(<"$dir/code"), '$(<"$dir/err")'"
}

man_pages_are_clean() {
    local page option name
    for page in '' fields "${commands[@]}"; do
        [[ $page == help ]] && continue
        "$tacho" --reference man ${page:+"$page"} >"$dir/page" || die "no man page $page"
        if command -v man >/dev/null && command -v groff >/dev/null; then
            man --warnings -l "$dir/page" >"$dir/formatted" 2>"$dir/err" || die "man $page: $(<"$dir/err")"
            [[ ! -s $dir/err ]] || die "man $page: $(<"$dir/err")"
        fi
        if command -v mandoc >/dev/null; then
            mandoc -T lint -W warning <"$dir/page" >"$dir/err" 2>&1 || die "mandoc $page: $(<"$dir/err")"
        fi
        for option in "${options[@]}"; do
            name=${option#* }
            [[ ${option% *} != "$page" ]] ||
                grep -qF -e "--$name" -e "--[no-]${name#no-}" <(sed 's/\\-/-/g' "$dir/page") ||
                die "man page does not name $option"
        done
    done
}

offers() { # what, words of a line up to the cursor…
    local what=$1
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _tacho
    [[ " ${COMPREPLY[*]-} " == *" $what "* ]] || die "'$*' offers '${COMPREPLY[*]-}', not '$what'"
}

completions_work() {
    "$tacho" --reference bash >"$dir/tacho.bash" || die "no completion for bash"
    bash -n "$dir/tacho.bash" || die "bash completion"
    # shellcheck disable=SC1091
    source "$dir/tacho.bash"
    offers record tacho rec
    offers --config tacho --c
    offers --interval tacho record --int
    offers --no-quiet tacho record --no-q
    offers zstd tacho record --compress z
    offers zstd tacho record --compress = z
    offers record tacho --config x.ini r
    offers record tacho --config = x.ini r
    offers fields tacho help field
    touch somefile
    offers somefile tacho record -o some
    offers somefile tacho info some
    rm somefile
    if command -v zsh >/dev/null; then
        "$tacho" --reference zsh >"$dir/_tacho" || die "no completion for zsh"
        zsh -n "$dir/_tacho" || die "zsh completion"
    fi
    if command -v fish >/dev/null; then
        fish -n "$dir/tacho.fish" || die "fish completion"
        grep -q -- '^--compress' < <(fish --no-config -c "source $dir/tacho.fish; complete -C 'tacho record --comp'") ||
            die "fish does not offer --compress"
    fi
}

every_help_names_every_option
wrong_use_is_one_line
configuration_is_checked
output_that_cannot_be_written_is_a_failure
man_pages_are_clean
completions_work
echo "fine: ${#commands[@]} commands, ${#options[@]} options"
