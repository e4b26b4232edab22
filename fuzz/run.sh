#!/usr/bin/env bash
# Runs each fuzz target for a minute, or for the seconds given; see fuzz/README.md.
#
#   fuzz/run.sh [seconds [libFuzzer's options]]    PYTHON names the Python, CC a clang, TARGETS the targets
#
# All that it makes is in build/fuzz: the instrumented copy, what was found, and the corpus, which the next run goes on
# with. It ends with an error when a target has found something.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
export CC=${CC:-clang}
seconds=${1:-60}
shift || true
command -v "$CC" >/dev/null || { echo "fuzz/run.sh: $CC is not installed, and gcc has no libFuzzer" >&2; exit 1; }

made=$root/build/fuzz
mkdir -p "$made"
[ -d "$made/packages/atheris" ] ||
    "$python" -m pip install --quiet --target "$made/packages" --requirement "$root/fuzz/requirements.txt"
rm -rf "$made/copy"
mkdir "$made/copy"
cp -R "$root"/{ocpp_fast,ocpp_fast_ext,tests,fuzz,pyproject.toml,setup.py,README.md,LICENSE} "$made/copy"
cd "$made/copy"
rm -f ocpp_fast_ext/*.{c,so}
OCPP_FAST_BUILD_EXT=yes CFLAGS="-g -fsanitize=fuzzer-no-link" LDSHARED="$CC -shared" \
    "$python" setup.py --quiet build_ext --inplace

for target in ${TARGETS:-frames connections}; do
    corpus=$made/corpus/$target
    mkdir -p "$corpus"
    echo "== $target"
    PYTHONPATH="$made/packages" "$python" -m "fuzz.$target" "$corpus" "fuzz/corpus/$target" \
        -max_total_time="$seconds" -timeout=10 -artifact_prefix="$made/$target-" -print_final_stats=1 "$@"
done
