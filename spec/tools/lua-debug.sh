#!/bin/bash
# Builds interpreters of Lua 5.4 that check themselves, from Debian's sources:
# lua_assert on, the checks of the C API on, symbols exported for modules.
# A core built for Debian's lua5.4 runs on them: the ABI is the same.
# Leaves build/lua-debug/VERSION/lua5.4. The system's package lists stay as
# they are: apt runs on a folder of its own.
#
# Run: spec/tools/lua-debug.sh [VERSION…]   (default: 5.4.4 5.4.7)
set -euo pipefail
cd "$(dirname "$0")/../.."

root=$PWD/build/lua-debug
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=http://deb.debian.org/debian

# Nothing here may reach the system's own state: lists, cache and log are ours.
private_apt() {
  "$1" -qq -o Dir::Etc::sourcelist="$root/apt/sources.list" \
    -o Dir::Etc::sourceparts="$root/apt/parts" \
    -o Dir::State="$root/apt/state" -o Dir::Cache="$root/apt/cache" \
    -o Dir::Log="$root/apt/log" -o APT::Sandbox::User="$(id -un)" "${@:2}"
}

fetch_lists() {
  [[ -e $root/apt/fetched ]] && return
  mkdir -p "$root"/apt/{parts,log,state/lists/partial,cache/archives/partial}
  for suite in bookworm trixie; do
    echo "deb-src [signed-by=$keyring] $mirror $suite main"
  done >"$root/apt/sources.list"
  private_apt apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update
  touch "$root/apt/fetched"
}

# The newest packaging of an upstream version, 5.4.4 to 5.4.4-3+deb12u1.
package_version() {
  private_apt apt-cache showsrc lua5.4 |
    sed -n "s/^Version: \($1-.*\)/\1/p" | sort -V | tail -n 1
}

# Unpacked and patched as Debian has it, in $root/VERSION/source.
fetch_source() {
  local version=$1 package
  package=$(package_version "$version")
  [[ -n $package ]] || {
    echo "lua-debug: no source of lua5.4 $version in bookworm or trixie" >&2
    return 1
  }
  rm -rf "${root:?}/$version" && mkdir -p "$root/$version"
  (
    cd "$root/$version"
    private_apt apt-get source "lua5.4=$package" >fetch.log 2>&1 ||
      { cat fetch.log >&2 && exit 1; }
    mv "lua5.4-$version" source
  )
}

build() {
  local version=$1 source=$root/$1/source/src
  local files=()
  for file in "$source"/*.c; do
    [[ $file == */luac.c ]] || files+=("$file")
  done
  ${CC:-gcc} -std=gnu99 -O1 -g -Wall -DLUAI_ASSERT -DLUA_USE_APICHECK \
    -DLUA_USE_LINUX -DLUA_COMPAT_5_3 -Wl,-E -o "$root/$version/lua5.4.new" \
    "${files[@]}" -lm -ldl
  mv "$root/$version/lua5.4.new" "$root/$version/lua5.4"
}

for version in "${@:-5.4.4 5.4.7}"; do
  for one in $version; do
    [[ -x $root/$one/lua5.4 ]] && continue
    fetch_lists
    fetch_source "$one"
    build "$one"
    echo "lua-debug: build/lua-debug/$one/lua5.4"
  done
done
