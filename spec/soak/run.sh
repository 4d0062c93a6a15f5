#!/bin/bash
# Ten minutes of storms and ends for each configuration: both VMs, as built for
# users at 1000 Hz and as built for storms at 5000 Hz; for PUC also the
# interpreters that check themselves (spec/tools/lua-debug.sh). Ends at the
# first failure and keeps in build/soak what is needed to see it again: output,
# seed, and a gdb backtrace of a second run with the same seed.
#   SOAK_SECONDS  of each configuration (600)
#   SOAK_ONLY     only configurations whose name holds this
set -uo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
seconds=${SOAK_SECONDS:-600}
logs=$PWD/build/soak
run_max=30 # seconds of one storm, so that many seeds are tried
mkdir -p "$logs"

# A storm as a command: storm VM LUA STORM HZ SECONDS SEED [PREFIX…]
storm() {
  local vm=$1 lua=$2 storm=$3 hz=$4 length=$5 seed=$6
  shift 6
  (
    eval "$("$make" -s env LUA="$vm" STORM="$storm")"
    exec "$@" "$lua" spec/soak/storm.lua "$length" "$hz" "$seed"
  )
}

# The same seed once more under gdb: bt says where, if it happens again.
retry_in_gdb() {
  storm "$@" timeout -k 5 300 gdb -batch \
    -ex 'handle SIGPROF nostop noprint pass' -ex run -ex bt -ex quit \
    --args >"$logs/gdb.txt" 2>&1
  echo "soak: see $logs/output.txt and $logs/gdb.txt"
}

# One storm must say "storm ok", end with 0 and in time.
one_storm() {
  local length=$5 rc=0
  storm "$@" timeout -s ABRT -k 5 $((length * 3 + 60)) \
    >"$logs/output.txt" 2>&1 || rc=$?
  [[ $rc == 0 ]] && grep -q '^storm ok' "$logs/output.txt" && return
  echo "soak: FAILED with $rc: $2 spec/soak/storm.lua $length $4 $6 (STORM=$3)"
  tail -n 5 "$logs/output.txt"
  retry_in_gdb "$@"
  return 1
}

# soak NAME VM LUA STORM HZ: storms until the time is over, then the ends.
soak() {
  local name=$1 count=0 signals=0 length started=$SECONDS
  shift
  [[ $name == *${SOAK_ONLY:-}* ]] || return 0
  while ((SECONDS - started < seconds)); do
    length=$((seconds - (SECONDS - started)))
    ((length > run_max)) && length=$run_max
    one_storm "$1" "$2" "$3" "$4" "$length" "$RANDOM" || return
    signals=$((signals + $(sed -n 's/^storm ok.* \([0-9]*\) signals.*/\1/p' \
      "$logs/output.txt")))
    count=$((count + 1))
  done
  printf 'soak: %-22s %4d s, %2d storms, %8d signals: ok\n' "$name" \
    $((SECONDS - started)) "$count" "$signals"
}

build() {
  "$make" --no-print-directory LUA="$1" STORM="$2" all support || exit 1
}

for vm in lua5.4 luajit; do
  build "$vm" "" && build "$vm" 1
  soak "$vm" "$vm" "$vm" "" 1000 || exit 1
  soak "$vm-storm" "$vm" "$vm" 1 5000 || exit 1
  [[ $vm == *${SOAK_ONLY:-}* ]] || continue
  spec/soak/ends.sh "$vm" $((seconds > 100 ? 200 : 5)) || exit 1
done

spec/tools/lua-debug.sh || {
  echo "soak: no sources of Lua: the checking interpreters are left out"
  exit 0
}
for version in 5.4.4 5.4.7; do
  debug=$PWD/build/lua-debug/$version/lua5.4
  soak "lua$version-debug" lua5.4 "$debug" "" 1000 || exit 1
  soak "lua$version-debug-storm" lua5.4 "$debug" 1 5000 || exit 1
done
