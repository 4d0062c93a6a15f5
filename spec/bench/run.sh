#!/bin/bash
# `make bench`: what cprof costs, on this machine and now. Every part prints a
# table and can be run alone. BENCH_QUICK=1 is rough and takes minutes.
# BENCH="sample encode" runs only these.
set -uo pipefail
cd "$(dirname "$0")/../.."

machine() {
  echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
    "$(nproc) CPUs, $(awk '/MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' \
      /proc/meminfo), Linux $(uname -r)$(grep -q hypervisor /proc/cpuinfo &&
      echo ', a virtual machine')"
  echo "software: $(lua5.4 -v 2>&1 | cut -d ' ' -f 1-2), $(luajit -v 2>&1 |
    cut -d ' ' -f 1-2), $(cc --version | head -n 1)"
  echo "load: $(cut -d ' ' -f 1-3 /proc/loadavg), $(date -u +%Y-%m-%dT%H:%MZ)"
}

machine
failed=0
for part in ${BENCH:-sample off encode read memory pairs}; do
  printf '\n$ %sspec/bench/%s.sh\n' "${BENCH_QUICK:+BENCH_QUICK=1 }" "$part"
  "spec/bench/$part.sh" || { failed=1 && echo "bench: $part did not run"; }
done
exit "$failed"
