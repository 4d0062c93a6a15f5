#!/bin/bash
# What profiling at 100 Hz costs a program: CPU of the same work with cprof
# against without, in turns: within one process on PUC, in processes of their
# own on LuaJIT, where jit.p takes its turns too. Prints the median of the
# ratios with its 95 % interval.
# Run: spec/bench/pairs.sh. Environment: BENCH_PAIRS (60), BENCH_QUICK=1 (8),
# BENCH_VMS.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
pairs=${BENCH_PAIRS:-${BENCH_QUICK:+8}}
pairs=${pairs:-60}
seconds=0.4

# The median of the numbers given, and the order statistics around it.
interval() {
  sort -n | awk '{ at[NR] = $1 } END {
    if (NR == 0) { print "none - -"; exit }
    low = int(NR / 2 - 0.98 * sqrt(NR)); high = int(NR / 2 + 0.98 * sqrt(NR)) + 2
    if (low < 1) low = 1
    if (high > NR) high = NR
    median = NR % 2 ? at[(NR + 1) / 2] : (at[NR / 2] + at[NR / 2 + 1]) / 2
    printf "%.4f %.4f %.4f", median, at[low], at[high]
  }'
}

# row VM PROGRAM NAME: the ratios on standard input
row() {
  local median low high
  read -r median low high < <(interval; echo)
  printf '%-8s %-10s %-6s %8s   %s .. %s  %s\n' "$1" "$2" "$3" "$median" "$low" \
    "$high" "$(awk -v high="$high" -v name="$3" 'BEGIN {
      print name == "jitp" ? "" : (high <= 1.03 && high != "-") ? "ok" : "MISSED" }')"
}

# once PROGRAM WITH: ns a unit. LuaJIT 2.1.0-beta3 was seen to hang in one run
# of a hundred with its own jit.p, no cprof loaded: such a turn does not count.
once() {
  timeout 30 luajit spec/bench/pair.lua "$1" "$2" $seconds || echo hung
}

# A program on LuaJIT under each of the profilers, in turns.
measure_processes() {
  local program=$1 i with off on again
  shift
  rm -f "$work"/*
  for ((i = 0; i < pairs; i++)); do
    off=$(once "$program" off)
    for with in "$@"; do
      on=$(once "$program" "$with")
      again=$(once "$program" off)
      if [[ "$on$off$again" == *hung* ]]; then
        echo "luajit $program $with: a run hung" >&2
      else
        awk -v on="$on" -v off="$off" -v again="$again" \
          'BEGIN { print on * 2 / (off + again) }' >>"$work/$with"
      fi
      off=$again
    done
  done
  for with in "$@"; do
    row luajit "$program" "$with" <"$work/$with"
  done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "Profiling at 100 Hz: CPU per unit of work against none, $pairs turns"
printf '%-8s %-10s %-6s %8s   %s\n' vm program with ratio "95 % interval"

for vm in ${BENCH_VMS:-lua5.4 luajit}; do
  "$make" -s LUA="$vm" all
  (
    eval "$("$make" -s env LUA="$vm")"
    export LUA_PATH="$LUA_PATH;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua"
    for program in luacheck fib strings tables; do
      if [[ $vm == luajit ]]; then
        measure_processes "$program" cprof jitp
      else
        lua5.4 spec/bench/turns.lua "$program" $((pairs * 4)) |
          row lua5.4 "$program" cprof
      fi
    done
  )
done
