#!/bin/bash
# `make differential`: every option over every file, by every Go that is here
# and on both VMs' readers: LuaJIT takes all, PUC the random files. SEEDS=40:
# so many of those.
set -uo pipefail
cd "$(dirname "$0")/../.."

failed=0
for vm in luajit lua5.4; do
  "${MAKE:-make}" --no-print-directory -s LUA="$vm" all || exit 1
  (
    eval "$("${MAKE:-make}" -s env LUA="$vm")"
    LUA_PATH="$PWD/?.lua;$LUA_PATH" "$vm" spec/differential/run.lua \
      "${SEEDS:-40}" ${DIFFERENTIAL:-$([[ $vm == lua5.4 ]] && echo random)}
  ) || failed=1
done
exit "$failed"
