#!/bin/bash
# `make accuracy`: known programs on both VMs, each share within four standard
# deviations and these within one point. Prints truth, profile, difference and
# bound of every part; ends with 1 when one is wrong. ACCURACY_SECONDS (100) is
# the CPU time of each known program.
set -uo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
seconds=${ACCURACY_SECONDS:-100}
points=${ACCURACY_POINTS:-1}
failed=0

# run VM DRIVER ARGUMENT…
run() {
  local vm=$1 driver=$2
  shift 2
  (
    eval "$("$make" -s env LUA="$vm")"
    "$vm" "spec/accuracy/$driver.lua" "$@"
  ) || { failed=1 && echo "  FAILED: $vm $driver $*"; }
}

for vm in lua5.4 luajit; do
  "$make" --no-print-directory LUA="$vm" all support || exit 1
done

echo "== shares (CPU time ${seconds} s each, bound ${points} points)"
run lua5.4 known straight "$seconds" "$points"
run luajit known loop "$seconds" "$points"
run luajit known straight "$seconds" "$points" l interpret

echo "== totals"
for vm in lua5.4 luajit; do
  for hz in 100 1000 10000; do
    run "$vm" total "$hz" 5
  done
done

echo "== causality"
run lua5.4 causality straight $((seconds / 3)) 4
run luajit causality loop $((seconds / 3)) 4

echo "== sessions"
for vm in lua5.4 luajit; do
  run "$vm" sessions 3
done

[[ $failed == 0 ]] && echo "accuracy: all within their bounds" ||
  echo "accuracy: FAILED"
exit "$failed"
