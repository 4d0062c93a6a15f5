#!/bin/bash
# Ends profiled processes in every way, TIMES each, and checks exit codes: a
# "Profiling timer expired" is 155.
# Run: spec/soak/ends.sh VM TIMES [STORM], from the tree's root
set -uo pipefail

vm=$1 times=$2 storm=${3:-}
eval "$("${MAKE:-make}" -s env LUA="$vm" STORM="$storm")"

# The way and the exit code that it must have.
ways=(exit:3 exit_closing:0 exit_in_coroutine:4 raise:1 raise_in_coroutine:1
  heap:0 collected:0 stopped:0 finalizers:0 terminate:143)

play() {
  local way=${1%:*} want=${1#*:} rc
  for ((i = 0; i < times; i++)); do
    rc=0
    (exec "$vm" spec/soak/ends.lua "$way") >/dev/null 2>&1 || rc=$?
    if [[ $rc != "$want" ]]; then
      echo "ends: $vm $way: exit code $rc, not $want, in run $i"
      return 1
    fi
  done
}

failed=0
for way in "${ways[@]}"; do
  play "$way" 2>/dev/null || failed=1
done
[[ $failed == 0 ]] && echo "ends ok: $vm, ${#ways[@]} ways, $times times each"
exit "$failed"
