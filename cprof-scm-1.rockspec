rockspec_format = "3.0"
package = "cprof"
version = "scm-1"

source = {
  url = "git+https://github.com/cprof/cprof.git",
  branch = "main",
}

description = {
  summary = "A production profiler that lives inside Lua and speaks pprof",
  detailed = [[
CPU profiles of a running Lua 5.4 or LuaJIT process, written in pprof's
format, and a command line that runs scripts and shows profiles.]],
  labels = { "profiler", "pprof", "debugging" },
  license = "MIT",
}

supported_platforms = { "linux" }

-- The command line needs argparse, too; the library does without. It is left
-- to the installer, as Debian's lua-argparse serves both VMs.
dependencies = {
  "lua >= 5.1, < 5.5",
}

-- libunwind.h lies where LuaRocks does not look, so only its library is asked
-- for; pkg-config finds the header.
external_dependencies = {
  UNWIND = { library = "unwind" },
  PROTOBUF_C = { header = "protobuf-c/protobuf-c.h", library = "protobuf-c" },
  ZLIB = { header = "zlib.h", library = "z" },
}

build = {
  type = "make",
  build_target = "all",
  build_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    WERROR = "", -- a newer compiler's warnings are not the installer's problem
  },
  install_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    WERROR = "",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    BINDIR = "$(BINDIR)",
  },
}

test = {
  type = "command",
  command = "make test",
}
