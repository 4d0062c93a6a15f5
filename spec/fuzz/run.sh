#!/bin/bash
# `make fuzz`: libFuzzer with ASan and UBSan over readers and filters, and
# random texts over the readers of expressions, FUZZ_SECONDS in all (60). Seeds
# are spec/fixtures and the corpus that is kept there; what is found anew stays
# in build/fuzz. FUZZ="read" runs only that one. FUZZ_KEEP=1 adds to the kept
# corpus, once it ends, what reaches code that nothing there did.
set -uo pipefail
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-60}
programs=${FUZZ:-read filter text}
kept=spec/fixtures/corpus
clang=$(command -v clang-14 || command -v clang)
failed=0

# clang counts NULL + 0 as an overflow: an empty array is that, everywhere.
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -fno-sanitize=pointer-overflow"
limits="-rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=20"

build() {
  local name flags
  "${MAKE:-make}" --no-print-directory LUA=lua5.4 BUILD=build/fuzz \
    CC="$clang" WERROR= CFLAGS="-O1 -g" \
    SANITIZERS="$sanitizers -fsanitize=fuzzer-no-link -fno-omit-frame-pointer" \
    build/fuzz/test/libcprof.a || return 1
  for name in read filter; do
    flags="-std=c11 -D_GNU_SOURCE -O1 -g -Icsrc -Ispec/csrc"
    "$clang" $flags $sanitizers -fsanitize=fuzzer -o "build/fuzz/$name" \
      "spec/fuzz/${name}_fuzz.c" build/fuzz/test/libcprof.a \
      $(pkg-config --libs libprotobuf-c zlib libunwind) -pthread || return 1
  done
}

# Fixtures as they are and unpacked: a changed byte of a gzip stream is mostly
# refused by its checksum. The filter's have its choices in front.
seed() {
  local name=$1 path to=build/fuzz/$1-seeds
  mkdir -p "$to" "build/fuzz/$name-corpus" "build/fuzz/$name-crashes" \
    "$kept/$name"
  for path in spec/fixtures/*.pb.gz; do
    [[ $name == read ]] && cp "$path" "$to/"
    [[ $(gzip -cd "$path" | wc -c) -lt 60000 ]] || continue
    {
      [[ $name == filter ]] && printf '%s' "${path##*/}-----------------" |
        head -c 20
      gzip -cd "$path"
    } >"$to/$(basename "$path" .gz)"
  done
}

# Filtering takes longer than reading, and small profiles say as much.
# -close_fd_mask: random_profile.h says its seed on stdout.
fuzz() {
  local name=$1 most=65536
  [[ $name == filter ]] && most=8192
  seed "$name"
  ASAN_OPTIONS=detect_leaks=1 "build/fuzz/$name" $limits -close_fd_mask=1 \
    -max_total_time="$2" -artifact_prefix="build/fuzz/$name-crashes/" \
    -print_final_stats=1 -max_len=$most "build/fuzz/$name-corpus" \
    "$kept/$name" "build/fuzz/$name-seeds" >"build/fuzz/$name.log" 2>&1
}

text() {
  local vm
  for vm in lua5.4 luajit; do
    "${MAKE:-make}" --no-print-directory -s LUA="$vm" all || return 1
    (
      eval "$("${MAKE:-make}" -s env LUA="$vm")"
      "$vm" spec/fuzz/text.lua "$1"
    ) || return 1
  done >build/fuzz/text.log 2>&1
}

tell() {
  local name=$1 rc=$2 runs
  if [[ $rc == 0 ]]; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)$/\1 runs/p;
      s/^text: //p' "build/fuzz/$name.log" | tr '\n' ' ')
    echo "fuzz: $name: ok, $runs"
    return
  fi
  failed=1
  echo "fuzz: $name: FAILED, see build/fuzz/$name.log"
  grep -aE -m 12 'ERROR|SUMMARY|_fuzz:|runtime error|    #[0-5] |text.lua' \
    "build/fuzz/$name.log"
  [[ $name == text ]] || cat <<END
fuzz: again: build/fuzz/$name build/fuzz/$name-crashes/…
fuzz: mended? Keep it as $kept/$name/NNN-what.pb (spec/csrc/corpus_test.c runs
fuzz: all of them), with its story in spec/regress/NNN-what_spec.lua.
END
}

# Only small ones: those that reach far are put together anew from the fixtures.
keep() {
  local name=$1
  "build/fuzz/$name" -merge=1 -use_counters=0 -max_len=1500 "$kept/$name" \
    "build/fuzz/$name-corpus" >"build/fuzz/$name-merge.log" 2>&1
  echo "fuzz: $kept/$name has $(find "$kept/$name" -type f | wc -l) files," \
    "$(cat "$kept/$name"/* | wc -c) bytes"
}

spec/tools/deps.sh build fuzz || exit 1
build || { echo "fuzz: does not build" && exit 1; }
text_seconds=$((seconds / 12))
for name in $programs; do
  if [[ $name == text ]]; then
    text "$text_seconds"
  else
    fuzz "$name" $((seconds - 2 * text_seconds)) &
    declare "pid_$name=$!"
  fi
  declare "rc_$name=$?"
done
for name in $programs; do
  pid=pid_$name rc=rc_$name
  if [[ -n ${!pid:-} ]]; then
    wait "${!pid}"
    declare "rc_$name=$?"
  fi
  tell "$name" "${!rc}"
  [[ -z ${FUZZ_KEEP:-} || $name == text ]] || keep "$name"
done
exit "$failed"
