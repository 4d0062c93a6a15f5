#!/bin/bash
# All that can be said of the sources without running them: layout, sizes,
# warnings. `lint.sh` checks and ends with 1 if anything is wrong, after all
# checks; `lint.sh format` lays out the C sources.
set -uo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
failed=0
clang_format=$(command -v clang-format-14 || command -v clang-format)
clang_tidy=$(command -v clang-tidy-14 || command -v clang-tidy)

c_files() {
  find csrc spec examples -name '*.[ch]' ! -path 'csrc/proto/*' \
    ! -path 'spec/fixtures/*' | sort
}

units() {
  find csrc -maxdepth 1 -name '*.c' | sort
}

check() {
  echo "== $1"
  shift
  "$@" || { failed=1 && echo "lint: that failed"; }
}

layout() {
  c_files | xargs "$clang_format" --dry-run -Werror
}

# tidy VM FILE…: with the headers of that VM, one process per core.
tidy() {
  local vm=$1
  shift
  [[ $# == 0 ]] || printf '%s\n' "$@" |
    xargs -P "$(nproc)" -I {} spec/tools/tidy.sh "$clang_tidy" {} \
      -std=c11 -D_GNU_SOURCE -Icsrc $(pkg-config --cflags "$vm")
}

tidy_lua54() {
  mapfile -t files < <(units | grep -v _luajit)
  tidy lua5.4 "${files[@]}"
}

tidy_luajit() {
  mapfile -t files < <(units | grep _luajit)
  tidy luajit "${files[@]}"
}

warnings() {
  "$make" --no-print-directory LUA="$1" all test-programs
}

lua_files() {
  luacheck --quiet --no-cache .
}

sizes() {
  lua5.4 spec/tools/sizes.lua $(c_files) \
    $(find lua spec bin examples -name '*.lua' ! -path 'spec/fixtures/*' | sort)
}

if [[ ${1:-} == format ]]; then
  c_files | xargs "$clang_format" -i
  exit
fi

check "layout of C (clang-format)" layout
check "Lua (luacheck)" lua_files
check "warnings of C for lua5.4 (-Werror)" warnings lua5.4
check "warnings of C for luajit (-Werror)" warnings luajit
check "sizes and faults of C (clang-tidy)" tidy_lua54
check "sizes and faults of C for LuaJIT (clang-tidy)" tidy_luajit
check "function lengths" sizes
[[ $failed == 0 ]] && echo "lint: all clean" || echo "lint: FAILED"
exit "$failed"
