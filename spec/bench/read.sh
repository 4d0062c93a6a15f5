#!/bin/bash
# Reading, beside `go tool pprof` of each Go that is here: `cprof top` of 100,000
# stacks of 27 frames, merging 100 files of 10,000 stacks, reading 1,000,000.
# Programs take turns; medians of wall time, peaks of resident memory, and how
# many times cprof's they are. Run: spec/bench/read.sh. Environment:
# BENCH_RUNS (11), BENCH_QUICK=1 (3).
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
runs=${BENCH_RUNS:-${BENCH_QUICK:+3}}
runs=${runs:-11}
test=build/lua5.4/test
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for vm in lua5.4 luajit; do
  "$make" -s LUA=$vm all
done
"$make" -s LUA=lua5.4 $test/bench_file $test/bench_run

# The environment that `make env` tells, then the command.
own() {
  local vm=$1
  shift
  (
    eval "$("$make" -s env LUA="$vm")"
    "$test/bench_run" "$@"
  )
}

# one WHO ARGUMENT…: prints what a turn took. `top FILE`, `merge OUT FILE…`
one() {
  local who=$1 what=$2
  shift 2
  case $who:$what in
  cprof-*:top) own "${who#cprof-}" cprof top "$@" ;;
  cprof-*:merge) own "${who#cprof-}" "${who#cprof-}" spec/bench/merge.lua "$@" ;;
  *:top) "$test/bench_run" "${program[$who]}" -symbolize=none -top "$@" ;;
  *:merge)
    local out=$1
    shift
    "$test/bench_run" "${program[$who]}" -symbolize=none -proto \
      -output="$out" "$@"
    ;;
  esac
}

median() {
  sort -n | awk '{ at[NR] = $1 } END {
    print NR % 2 ? at[(NR + 1) / 2] : (at[NR / 2] + at[NR / 2 + 1]) / 2 }'
}

column() {
  cut -d ' ' -f "$1" "$folder/$2.turns"
}

# Prints each program's row. Time is to be a fifth, memory a third.
table() {
  local what=$1 most_time=$2 most_memory=$3 who base_ms base_mib ms mib
  base_ms=$(column 1 cprof-luajit | median)
  base_mib=$(column 3 cprof-luajit | sort -n | tail -n 1)
  printf '%-14s %9s %9s %10s %8s %8s\n' "$what" "wall ms" "CPU ms" \
    "peak MiB" "time x" "memory x"
  for who in "${everybody[@]}"; do
    ms=$(column 1 "$who" | median)
    mib=$(column 3 "$who" | sort -n | tail -n 1)
    awk -v who="$who" -v ms="$ms" -v cpu="$(column 2 "$who" | median)" \
      -v mib="$mib" -v base_ms="$base_ms" -v base_mib="$base_mib" \
      -v most_time="$most_time" -v most_memory="$most_memory" 'BEGIN {
        times = ms / base_ms; memory = mib / base_mib
        verdict = times >= most_time && memory >= most_memory ? "ok" : "MISSED"
        printf "%-14s %9.0f %9.0f %10.1f %8.1f %8.1f %s\n", who, ms, cpu, mib,
          times, memory, who ~ /^cprof/ ? "" : verdict }'
  done
}

# turns RUNS ARGUMENT…
turns() {
  local count=$1 who i
  shift
  rm -f "$folder"/*.turns
  for ((i = 0; i < count; i++)); do
    for who in "${everybody[@]}"; do
      one "$who" "$@" >>"$folder/$who.turns"
    done
  done
}

declare -A program
everybody=(cprof-luajit cprof-lua5.4)
for go in go /usr/lib/go-1.19/bin/go; do
  if command -v "$go" >/dev/null; then
    "$go" tool pprof -h >/dev/null 2>&1 || true
    name=$("$go" env GOVERSION)
    program[$name]=$("$go" tool -n pprof)
    everybody+=("$name")
  fi
done

"$test/bench_file" 100000 "$folder/large.pb.gz" >/dev/null
echo "cprof top beside go tool pprof -top: 100,000 stacks," \
  "$(gzip -cd "$folder/large.pb.gz" | wc -c | awk '{ printf "%.1f", $1 / 1e6 }')" \
  "MB raw, median of $runs turns"
turns "$runs" top "$folder/large.pb.gz"
table "top" 5 3

# merge_parts KINDS WHAT: 100 files, of so many kinds.
merge_parts() {
  local i merges=$((runs / 3 + 1))
  rm -f "$folder"/part*
  for ((i = 1; i <= 100; i++)); do
    CPROF_SEED=$((i % $1)) "$test/bench_file" 10000 "$folder/part$i.pb.gz" \
      >/dev/null
  done
  printf '\nmerging 100 files of 10,000 stacks beside -proto, %s, %s\n' "$2" \
    "median of $merges turns"
  turns "$merges" merge "$folder/out.pb.gz" "$folder"/part*.pb.gz
  table "merge" 5 0
}

# Most of the second is gzip: all 1,000,000 stacks are written.
merge_parts 10 "each stack in ten of them"
merge_parts 101 "no stack in two of them"

"$test/bench_file" 1000000 "$folder/huge.pb.gz" >/dev/null
printf '\nreading 1,000,000 stacks (most: 5000 ms)\n'
"$make" -s LUA=lua5.4 $test/read_bench
"$test/read_bench" | sed -n 's/^stacks=\([0-9]*\) read_ms=\([0-9.]*\) .*gunzip_ms=\([0-9.]*\) .*/\1 stacks: \2 ms, and \3 ms to unpack/p'
everybody=(cprof-luajit cprof-lua5.4)
turns 1 top "$folder/huge.pb.gz"
table "top" 0 0
