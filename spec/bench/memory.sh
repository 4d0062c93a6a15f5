#!/bin/bash
# cprof's own memory in a session of a minute at 100 Hz over luacheck in a
# loop, and whether it grows in the minute after.
# Run: spec/bench/memory.sh. Environment: BENCH_QUICK=1 for 10 s instead.
set -uo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
seconds=${BENCH_QUICK:+10}
seconds=${seconds:-60}

echo "Memory of a session at 100 Hz, halves of $seconds s of CPU time"
for vm in lua5.4 luajit; do
  "$make" -s LUA="$vm" all
  (
    eval "$("$make" -s env LUA="$vm")"
    export LUA_PATH="$LUA_PATH;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua"
    "$vm" spec/bench/memory.lua "$seconds"
  )
done
