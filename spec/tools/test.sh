#!/bin/bash
# Runs test suites, each by one `prove`: test.sh SUITE…, a suite being
# c | lua5.4 | luajit, as it is or with a mode behind: c-asan, luajit-gc, ….
#   asan      built with ASan and UBSan
#   gc        the collector runs at full stress
#   valgrind  under memcheck
# Builds what a suite needs, runs all suites even if one fails, and ends with
# a line per suite. SPECS names the spec files to run instead of all.
set -uo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
summary=()
failed=0

# Prints `NAME=value` assignments for the suite: what to run, where.
settings_of() {
  local target=${1%%-*} mode=
  [[ $1 == *-* ]] && mode=${1#*-}
  case $target in
  c) echo "vm=lua5.4 kind=c" ;;
  lua5.4 | luajit) echo "vm=$target kind=lua" ;;
  *) return 1 ;;
  esac
  case $mode in
  asan) echo "mode=asan sanitize=1 build=-asan" ;;
  '' | gc | valgrind) echo "mode=$mode sanitize= build=" ;;
  *) return 1 ;;
  esac
}

build_suite() {
  local target=all
  [[ $kind == c ]] && target=test-programs
  [[ $kind == lua ]] && target="all support"
  "$make" --no-print-directory LUA="$vm" SANITIZE="$sanitize" $target
}

files_of_suite() {
  if [[ $kind == c ]]; then
    # spec/csrc decides: a stale program of a removed test is not run
    find spec/csrc -name '*_test.c' | sort |
      sed "s|^spec/csrc/\(.*\)\.c$|build/$vm$build/test/\1|"
  elif [[ -n ${SPECS:-} ]]; then
    printf '%s\n' $SPECS
  elif [[ $mode == gc ]]; then
    # the project's rules are text work: minutes under stress, and no VM state
    find spec -name '*_spec.lua' ! -name project_spec.lua | sort
  else
    find spec -name '*_spec.lua' | sort
  fi
}

# The last words on a suite: prove's counts, the skips' reasons.
tell_suite() {
  local suite=$1 logs=$2 rc=$3 counts skips
  counts=$(sed -n 's/^Files=\([0-9]*\), Tests=\([0-9]*\),.*/\1 files, \2 tests/p' \
    "$logs/prove.log")
  skips=$(cat "$logs"/*.tap 2>/dev/null | grep -ciE '^(ok|not ok).*# skip')
  summary+=("$(printf 'test: %-13s %s, %s skipped: %s' "$suite" \
    "${counts:-0 files, 0 tests}" "$skips" "$([[ $rc == 0 ]] && echo ok || echo FAILED)")")
  cat "$logs"/*.tap 2>/dev/null | sed -n 's/^ok.*# [Ss][Kk][Ii][Pp] */  skip: /p' |
    sort | uniq -c
}

# What failed and why, once more at the very end, where a log that was cut
# still has it.
tell_failures() {
  local suite
  for suite in "$@"; do
    [[ -d build/test/$suite ]] || continue
    cat "build/test/$suite"/*.tap 2>/dev/null |
      sed -n "/^not ok/,/^ok/{/^ok/d;s/^/$suite: /;p;}" | head -n 40
  done
}

run_suite() {
  local suite=$1 vm kind mode sanitize build logs rc=0
  local settings files
  settings=$(settings_of "$suite") || {
    echo "test: no suite '$suite'" >&2
    return 2
  }
  eval "$settings"
  logs=build/test/$suite
  rm -rf "$logs" && mkdir -p "$logs"
  echo "== $suite"
  build_suite || {
    summary+=("$(printf 'test: %-13s does not build: FAILED' "$suite")")
    return 1
  }
  mapfile -t files < <(files_of_suite)
  if [[ ${#files[@]} == 0 ]]; then
    summary+=("$(printf 'test: %-13s 0 files, 0 tests' "$suite")")
    return 0
  fi
  (
    eval "$("$make" -s env LUA="$vm" SANITIZE="$sanitize")"
    export TEST_VM=$vm TEST_MODE=$mode TEST_LOGS=$PWD/$logs
    export CPROF_CPATH="$PWD/build/$vm$build/?.so;$PWD/build/$vm$build/spec/?.so"
    prove --norc --exec spec/tools/tap.sh "${files[@]}" 2>&1
  ) | tee "$logs/prove.log"
  rc=$?
  tell_suite "$suite" "$logs" "$rc"
  return "$rc"
}

for suite in "$@"; do
  run_suite "$suite" || failed=1
done
printf '%s\n' "${summary[@]}"
[[ $failed == 0 ]] || tell_failures "$@"
exit "$failed"
