#!/bin/bash
# Shows cprof on a program that nobody here wrote: Debian's luacheck analyses
# Debian's Lua libraries, on Lua 5.4 and on LuaJIT, and is profiled while it
# does. Leaves demo-<vm>.pb.gz here. Installs what is missing first.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=${MAKE:-make}
target=/usr/share/lua/5.1 # luacheck itself and the libraries that it stands on

step() {
  printf '\n== %s\n' "$*"
}

# LUA_PATH of Debian's pure Lua modules: luacheck's are installed for 5.1 only.
with_debian_modules() {
  LUA_PATH="$LUA_PATH;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua"
  export LUA_PATH
}

# demo VM TIMES: the tree is named TIMES times, so that it runs some seconds.
demo() {
  local vm=$1 times=$2 profile=demo-$1.pb.gz out=build/demo-$1.out rc=0
  local trees=()
  for ((i = 0; i < times; i++)); do trees+=("$target"); done

  step "cprof run -o $profile /usr/bin/luacheck $target (x $times) on $vm"
  eval "$("$make" -s env LUA="$vm")"
  with_debian_modules
  SECONDS=0
  # luacheck ends with 1 or 2 when it has something to say about the code
  cprof run -o "$profile" /usr/bin/luacheck --no-config --no-cache --no-color \
    "${trees[@]}" >"$out" 2>"$out.err" || rc=$?
  if [[ $rc -gt 2 ]]; then
    cat "$out.err" >&2
    echo "demo: luacheck under cprof ended with $rc" >&2
    return "$rc"
  fi
  echo "luacheck: $(tail -n 1 "$out")  (${SECONDS} s, in $out)"
  grep '^cprof:' "$out.err" || true

  step "cprof top $profile"
  cprof top "$profile"
  echo
  echo "written: $PWD/$profile  (open it with: go tool pprof -http=: $profile)"
}

step "packages"
spec/tools/deps.sh build demo
echo "all there"
for vm in lua5.4 luajit; do
  step "make LUA=$vm"
  "$make" --no-print-directory LUA="$vm" all
done
(demo lua5.4 3)
(demo luajit 6)
