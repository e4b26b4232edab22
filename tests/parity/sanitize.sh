#!/usr/bin/env bash
# Runs the tests of the compiled core under the address and the undefined-behaviour sanitizer, first as it is built by
# default, then in the portable form of scan.h. Any report of a sanitizer ends the run with a failure.
#
#   tests/parity/sanitize.sh [pytest's arguments]     PYTHON names the Python, CC a gcc; both are what `make` has by default
#
# A copy is built in a temporary directory: nothing is left in the repository. OCPP_FAST_FUZZ_CASES and
# OCPP_FAST_MEMORY_TIMES are kept; they are small here: the ordinary run has more of what they count.
# tests/declarations is not among the tests: it asks the reference codec only, and tests/parity plays its instances.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
export CC=${CC:-gcc}
export OCPP_FAST_BUILD_EXT=yes OCPP_FAST_EXPECT_ACCELERATED=yes
export OCPP_FAST_FUZZ_CASES=${OCPP_FAST_FUZZ_CASES:-50000} OCPP_FAST_MEMORY_TIMES=${OCPP_FAST_MEMORY_TIMES:-10}
tests=("$@")
[ $# -gt 0 ] || tests=(tests/kernels tests/protocol tests/parity tests/test_frames.py tests/test_session.py)
sanitizers=(-g -fno-omit-frame-pointer -fno-wrapv -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

sanitized() {
    env LD_PRELOAD="$("$CC" -print-file-name=libasan.so) $("$CC" -print-file-name=libubsan.so)" \
        ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
        UBSAN_OPTIONS=print_stacktrace=1 \
        PYTHONMALLOC=malloc \
        "$python" "$@"
}

built() {
    local module
    CFLAGS="${sanitizers[*]} $1" LDFLAGS="${sanitizers[*]}" "$python" setup.py --quiet build_ext --inplace
    for module in ocpp_fast_ext/*.so; do
        if ! { grep -q __asan_report_load "$module" && grep -q __ubsan_handle "$module"; }; then
            echo "$module is not sanitized" >&2
            return 1
        fi
    done
    sanitized -c "
import ocpp_fast_ext.payload as payload
assert payload.__file__.startswith('$copy'), payload.__file__
assert (payload.scan_form == 'portable') is bool('$1')
print('== sanitized, in the form of', payload.scan_form)"
}

for portable in "" -DOCPP_FAST_PORTABLE; do
    rm -rf "${copy:?}"/*
    cp -R "$root"/{ocpp_fast,ocpp_fast_ext,tests,pyproject.toml,setup.py,README.md,LICENSE} "$copy"
    cd "$copy"
    rm -f ocpp_fast_ext/*.{c,so}
    built "$portable"
    "$CC" "${sanitizers[@]}" ${portable:+"$portable"} -o scan tests/kernels/scan.c
    ./scan
    sanitized -m pytest -p no:faulthandler -p no:cacheprovider --capture=sys -q \
        --ignore=tests/kernels/test_scan.py "${tests[@]}"
done
