#!/usr/bin/env bash
# tests/e2e/test_check_layers.sh CHECK_LAYERS: the wall between the folders stands, and is seen when it does not.
set -euo pipefail

check=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fresh() {
    rm -rf "${root:?}"/*
    mkdir -p "$root"/src/base "$root"/src/frame "$root"/src/cli/deep
    cat >"$root/ARCHITECTURE.md" <<'TABLE'
| folder of `src/` | what lives there | may include |
|---|---|---|
| `base/` | things | base |
| `frame/` | the model, of `base/` things | base |
| `cli/` | all | all |
TABLE
    printf '#include <sys/stat.h>\n#include "base/b.h"\n' >"$root/src/base/a.c"
    printf '#include "frame/f.h"\n  #  include "base/b.h"\n' >"$root/src/frame/f.c"
    printf '#include "frame/f.h"\n#include "cli/deep/d.h"\n' >"$root/src/cli/deep/d.c"
}

accepts() {
    "$check" "$root" || {
        echo "refused: $1"
        exit 1
    }
}

refuses() { # what, and a text that the complaint must hold
    local said
    if said=$("$check" "$root" 2>&1); then
        echo "not refused: $1"
        exit 1
    fi
    [[ $said == *"$2"* ]] || {
        echo "$1: said '$said', not '$2'"
        exit 1
    }
}

fresh
accepts 'a tree that keeps to the table'

echo '#include "frame/f.h"' >>"$root/src/base/a.c"
refuses 'base includes frame' 'src/base/a.c:3: base must not include "frame/f.h"'

fresh
echo '# include <frame/f.h>' >"$root/src/base/b.h"
refuses 'the same in a header, with angle brackets' 'src/base/b.h:1: base must not include "frame/f.h"'

fresh
echo '#include "../frame/f.h"' >>"$root/src/base/a.cc"
refuses 'a way around by ..' 'src/base/a.cc:1:'

fresh
echo '#include "b.h"' >>"$root/src/base/a.c"
refuses 'a path not from src/' 'src/base/a.c:3:'

fresh
echo '#include "view/v.h"' >>"$root/src/frame/f.c"
refuses 'a folder that nobody knows' 'frame must not include "view/v.h"'

fresh
mkdir "$root/src/view"
refuses 'a folder that the table lacks' 'lacks the folder src/view'

fresh
echo 'no table' >"$root/ARCHITECTURE.md"
refuses 'no table at all' 'no table of folders'

"$check" || {
    echo 'the repository itself is refused'
    exit 1
}
