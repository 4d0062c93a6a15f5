#!/bin/bash
# Encoding and gzipping 10,000 and 100,000 stacks of 27 frames, cprof beside
# Go's runtime/pprof. Extra memory against the raw bytes: cprof's is the peak,
# Go's what it allocated. Run: spec/bench/encode.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}

# Reads lines of key=value.
rows() {
  grep '^stacks=' | tr ' ' ',' | awk -F, -v who="$1" '{
    for (i = 1; i <= NF; i++) { split($i, pair, "="); at[pair[1]] = pair[2] }
    extra = "extra_peak_bytes" in at ? at["extra_peak_bytes"] : at["alloc_bytes"]
    verdict = ""
    if (who == "cprof")
      verdict = at["encode_gzip_ms"] <= at["stacks"] / 400 &&
        extra < 2 * at["raw_bytes"] ? "ok" : "MISSED"
    printf "%-6s %8d %12s %14s %11s %11.1f %9s %s\n", who, at["stacks"],
      at["encode_ms"], at["encode_gzip_ms"],
      "raw_bytes" in at ? sprintf("%.1f", at["raw_bytes"] / 1048576) : "-",
      extra / 1048576, at["stacks"] / 400, verdict
  }'
}

"$make" -s LUA=lua5.4 build/lua5.4/test/encode_bench
echo "Encoding stacks of 27 frames (best of several)"
printf '%-6s %8s %12s %14s %11s %11s %9s\n' who stacks "encode ms" \
  "and gzip ms" "raw MiB" "extra MiB" "most ms"
build/lua5.4/test/encode_bench | rows cprof
if command -v go >/dev/null; then
  go run spec/bench/encode.go | rows "go"
else
  echo "go: not installed, left out"
fi
