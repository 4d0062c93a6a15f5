#!/bin/bash
# Runs one test file and prints its TAP: a busted spec or a C program.
# `prove --exec` of test.sh calls it; TEST_VM, TEST_MODE, TEST_LOGS come from
# there. A file may take TEST_SECONDS, then it counts as failed.
set -uo pipefail

file=$1
log=$TEST_LOGS/$(echo "${file%.*}" | tr / -).tap
command=("$file")

if [[ $file == *_spec.lua ]]; then
  command=("$TEST_VM")
  [[ $TEST_MODE == gc ]] && command+=(-e
    'collectgarbage("setpause", 0) collectgarbage("setstepmul", 1000000)')
  command+=("$(command -v busted)" -o TAP "$file")
fi

case $TEST_MODE in
asan)
  # A sanitized module needs the runtime before the VM starts; the VM itself
  # is not ours to check for leaks.
  preload="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
  [[ $file == *_spec.lua ]] &&
    command=(env LD_PRELOAD="$preload" "${command[@]}") &&
    leaks=0
  export ASAN_OPTIONS=detect_leaks=${leaks:-1}:abort_on_error=1:allocator_may_return_null=1
  export UBSAN_OPTIONS=print_stacktrace=1
  ;;
valgrind)
  command=(valgrind -q --error-exitcode=9 --leak-check=full
    --suppressions=spec/tools/valgrind.supp "${command[@]}")
  ;;
esac

seconds=${TEST_SECONDS:-300}
timeout -k 5 "$seconds" "${command[@]}" | tee "$log"
rc=${PIPESTATUS[0]}
[[ $rc == 124 ]] && echo "not ok 9999 - $file ended within $seconds s"
exit "$rc"
