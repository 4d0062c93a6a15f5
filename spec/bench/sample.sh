#!/bin/bash
# What one sample costs: the kernel's part, then cprof's own by its counters
# and, as a witness, what a fixed work takes longer (`all`, which has the wall
# clock's interrupt in it; the CPU clock's timers ride on the tick). In builds
# whose signals really come at 5000 Hz.
# Run: spec/bench/sample.sh. Environment: BENCH_QUICK=1 for fewer signals.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
turns=${BENCH_QUICK:+20}
turns=${turns:-60}

delivery=build/delivery_bench
mkdir -p build
cc -O2 -std=c11 -D_GNU_SOURCE -o "$delivery" spec/bench/delivery_bench.c
kernel=$("$delivery")
kill_us=$(sed 's/.*kill_us=\([0-9.]*\).*/\1/' <<<"$kernel")

echo "Delivery of a signal, without cprof: $kernel"
echo
echo "A sample, us (delivery: kill_us of above; medians of $turns turns)"
printf '%-8s %6s %8s %8s %9s %10s %8s %8s %7s %8s\n' vm frames signals \
  handler safepoint delivery own total target all

# row FRAMES TARGET_OWN TARGET_TOTAL, fields of sample.lua on standard input
row() {
  tr ' ' '\n' | awk -F= -v frames="$1" -v target="$2" -v kill="$kill_us" '
    { at[$1] = $2 } END {
      own = at["handler_us"] + at["safepoint_us"]
      total = own + kill
      split(target, most, "/")
      ok = own <= most[1] && total <= most[2]
      printf "%-8s %6d %8d %8.2f %9.2f %10.2f %8.2f %8.2f %7s %8.2f %s\n",
        at["vm"], frames, at["signals"], at["handler_us"], at["safepoint_us"],
        kill, own, total, target, at["all_us"], ok ? "ok" : "MISSED"
    }'
}

for vm in lua5.4 luajit; do
  "$make" -s LUA="$vm" STORM=1 all
  (
    eval "$("$make" -s env LUA="$vm" STORM=1)"
    for frames in 10 100; do
      target=4/8
      [[ $frames == 100 ]] && target=25/25
      "$vm" spec/bench/sample.lua "$frames" 5000 "$turns" | row "$frames" "$target"
    done
  )
done
