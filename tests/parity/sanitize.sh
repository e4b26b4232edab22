#!/usr/bin/env bash
# Runs the tests of the compiled core under the address and the undefined-behaviour sanitizer, first as it is built by
# default, then in the portable form of scan.h. Any report of a sanitizer ends the run with a failure.
#
#   tests/parity/sanitize.sh [pytest's arguments]     PYTHON names the Python, CC a gcc; both are what `make` has by default
#
# A copy is built in a temporary directory: nothing is left in the repository. OCPP_FAST_FUZZ_CASES is kept.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
export CC=${CC:-gcc}
export OCPP_FAST_BUILD_EXT=yes OCPP_FAST_EXPECT_ACCELERATED=yes
tests=("$@")
[ $# -gt 0 ] || tests=(tests/kernels tests/protocol tests/declarations tests/parity)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

sanitized() {
    env LD_PRELOAD="$("$CC" -print-file-name=libasan.so) $("$CC" -print-file-name=libubsan.so)" \
        ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
        UBSAN_OPTIONS=print_stacktrace=1 \
        PYTHONMALLOC=malloc \
        "$python" "$@"
}

for portable in "" -DOCPP_FAST_PORTABLE; do
    rm -rf "${copy:?}"/*
    cp -R "$root"/{ocpp_fast,ocpp_fast_ext,tests,pyproject.toml,setup.py,README.md,LICENSE} "$copy"
    cd "$copy"
    rm -f ocpp_fast_ext/*.{c,so}
    echo "== sanitized build ${portable:-as by default}"
    CFLAGS="-g -fno-omit-frame-pointer -fno-wrapv -fsanitize=address,undefined -fno-sanitize-recover=all $portable" \
        LDFLAGS=-fsanitize=address,undefined "$python" setup.py --quiet build_ext --inplace
    sanitized -c "import ocpp_fast_ext.frames as built; assert built.__file__.startswith('$copy'), built.__file__"
    sanitized -m pytest -p no:faulthandler -p no:cacheprovider --capture=sys -q \
        "${tests[@]}"
done
