#!/bin/sh
# Installs the Debian packages that this tree needs: deps.sh SET…, the sets
# being build, test, lint, demo, fuzz, fixtures. Quiet and instant when nothing is missing.
# Never removes a package. Used by the Makefile, .ci/run and demo.sh.
set -eu

# LuaJIT comes as `luajit` or as OpenResty's `luajit2`; they exclude each
# other, so whichever is here stays.
luajit_packages() {
  if is_here luajit || { is_here libluajit-5.1-2 && ! is_here luajit2; }; then
    echo luajit libluajit-5.1-dev
  else
    echo luajit2 libluajit2-5.1-dev
  fi
}

# pprof reads our files in the specs; any Go that is here will do.
go_packages() {
  command -v go >/dev/null 2>&1 || ls /usr/lib/go-*/bin/go >/dev/null 2>&1 ||
    echo golang-1.19-go
}

packages_of() {
  case $1 in
  build)
    echo build-essential pkg-config lua5.4 liblua5.4-dev
    luajit_packages
    echo libunwind-dev libprotobuf-c-dev zlib1g-dev lua-argparse
    echo lua-rex-pcre2
    ;;
  test)
    echo lua-busted lua-cjson perl valgrind libc6-dbg protobuf-c-compiler curl
    go_packages
    ;;
  lint)
    echo clang-format-14 clang-tidy-14 lua-check universal-ctags
    ;;
  demo)
    echo lua-check lua-busted
    ;;
  fuzz)
    echo clang-14 libclang-rt-14-dev
    ;;
  fixtures)
    echo lua-check lua-penlight g++ libgoogle-perftools-dev binutils gzip
    ;;
  *)
    echo "deps: no set '$1' (build, test, lint, demo, fuzz, fixtures)" >&2
    return 1
    ;;
  esac
}

is_here() {
  printf '%s\n' "$installed" | grep -qxF "$1"
}

missing_of() {
  for package; do
    is_here "$package" || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# --no-remove: apt stops rather than take something away.
install_all() {
  as_root apt-get install -y --no-remove --no-install-recommends "$@"
}

known() {
  apt-cache show "$@" >/dev/null 2>&1
}

if ! command -v dpkg-query >/dev/null; then
  echo "deps: not a Debian; see the package names in $0" >&2
  exit 0
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
  sed -n 's/^installed //p')
wanted=
for set; do
  wanted="$wanted $(packages_of "$set")"
done
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

line="apt-get install --no-install-recommends $missing"
case $wanted in
*libluajit-5.1-dev*) echo "deps: luajit is installed and stays" \
  "(libluajit-5.1-dev instead of libluajit2-5.1-dev)" ;;
esac
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
  echo "deps: packages are missing; as root, run:" >&2
  echo "  $line" >&2
  exit 1
fi

echo "deps: $line"
known $missing || as_root apt-get update
install_all $missing || { as_root apt-get update && install_all $missing; }
echo "deps: installed"
