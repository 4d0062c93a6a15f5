#!/bin/bash
# Loaded but not profiling: instructions of a program with `require "cprof"`
# against without, counted by valgrind. Two sizes of each, and their difference
# counts: so that what loading costs, once, falls out. Without the collector,
# whose phases depend on everything that is in the heap.
# Run: spec/bench/off.sh. Environment: BENCH_QUICK=1 for smaller sizes.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
scale=${BENCH_QUICK:+1}
scale=${scale:-4}

# count VM PROGRAM N [cprof]: the least of three, for hash seeds differ.
count() {
  local vm=$1 least= refs i
  shift
  # Which traces LuaJIT makes is chance; what it runs uncompiled is not.
  if [[ $vm == luajit && $1 != switches ]]; then vm="luajit -joff"; fi
  # shellcheck disable=SC2086
  (unset LUA_INIT && $vm spec/bench/off.lua "$@") || return 1 # does it run?
  for i in 1 2 3; do
    refs=$(setarch -R valgrind --tool=cachegrind --cache-sim=no \
      --cachegrind-out-file=/dev/null $vm spec/bench/off.lua "$@" 2>&1 |
      sed -n 's/.*I *refs: *//p' | tr -d ,)
    if [[ -z $least || $refs -lt $least ]]; then least=$refs; fi
  done
  echo "$least"
}

# row VM PROGRAM N LIMIT
row() {
  local vm=$1 program=$2 n=$3 limit=$4
  local plain1 plain2 loaded1 loaded2
  plain1=$(count "$vm" "$program" "$n") &&
    plain2=$(count "$vm" "$program" $((n * 3))) &&
    loaded1=$(count "$vm" "$program" "$n" cprof) &&
    loaded2=$(count "$vm" "$program" $((n * 3)) cprof) || return 1
  awk -v vm="$vm" -v program="$program" -v limit="$limit" \
    -v plain=$((plain2 - plain1)) -v loaded=$((loaded2 - loaded1)) \
    -v once=$((loaded1 - plain1)) 'BEGIN {
      more = (loaded / plain - 1) * 100
      printf "%-8s %-10s %14d %14d %+9.3f %% %7s %% %s\n", vm, program, plain,
        loaded, more, limit, more <= limit ? "ok" : "MISSED"
    }'
}

echo "Loaded but not profiling: instructions (valgrind), loading itself left out"
printf '%-8s %-10s %14s %14s %11s %9s\n' vm program plain loaded more target
for vm in lua5.4 luajit; do
  "$make" -s LUA="$vm" all
  (
    eval "$("$make" -s env LUA="$vm")"
    row "$vm" fib $((3 * scale)) 0.1
    row "$vm" strings $((15 * scale)) 0.1
    row "$vm" tables $((10 * scale)) 0.1
    if [[ $vm == lua5.4 ]]; then
      row lua5.4 switches $((10 * scale)) 8
    else
      row luajit switches $((100 * scale)) 1 # compiled, after a while
    fi
  )
done
