// The module cprof.core: the one symbol that the object exports, and the
// functions that belong to no other unit of the edge.
#include "file.h"
#include "lua_edge.h"
#include "lua_filter.h"
#include "lua_labels.h"
#include "lua_merge.h"
#include "lua_profile.h"
#include "lua_session.h"
#include "os.h"
#include "vm.h"

#include <limits.h> // PATH_MAX

// ---- functions --------------------------------------------------------

static void set_number(lua_State *L, const char *name, uint64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

// core.stats() -> { ticks =, ticks_ns =, … }
static int core_stats(lua_State *L) {
  const struct cprof_vm *vm = cprof_vm_of(L);
  lua_newtable(L);
  if (vm == NULL)
    return 1;
  set_number(L, "ticks", vm->counters.ticks);
  set_number(L, "ticks_ns", vm->counters.ticks_ns);
  set_number(L, "safepoint_ns", vm->counters.safepoint_ns);
  set_number(L, "lines_live", vm->counters.lines_live);
  set_number(L, "lines_hook", vm->counters.lines_hook);
  set_number(L, "late", vm->counters.late);
  set_number(L, "hooked", vm->counters.hooked);
  set_number(L, "raised", vm->counters.raised);
  set_number(L, "tail_calls", vm->counters.tail_calls);
  set_number(L, "passive_signals", cprof_signal_passive_count());
  set_number(L, "functions", vm->stream.funcs.count);
  set_number(L, "memory_bytes",
             cprof_funcs_bytes(&vm->stream.funcs) +
                 cprof_cnames_bytes(&vm->cnames));
  return 1;
}

// core.cpu_ns() -> number: the CPU clock of this thread
static int core_cpu_ns(lua_State *L) {
  lua_pushnumber(L, (lua_Number)cprof_os_cpu_ns());
  return 1;
}

// core.wall_ns() -> number: CLOCK_MONOTONIC
static int core_wall_ns(lua_State *L) {
  lua_pushnumber(L, (lua_Number)cprof_os_wall_ns());
  return 1;
}

// core.pid() -> integer
static int core_pid(lua_State *L) {
  lua_pushinteger(L, cprof_os_pid());
  return 1;
}

// core.isatty(fd) -> boolean
static int core_isatty(lua_State *L) {
  lua_pushboolean(L, cprof_os_isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

// core.cwd() -> string | nil, message, code: the folder the process is in
static int core_cwd(lua_State *L) {
  char path[PATH_MAX];
  if (cprof_os_cwd(path, sizeof path) != CPROF_OK)
    return cprof_lua_fail(L, CPROF_EIO, "current folder");
  lua_pushstring(L, path);
  return 1;
}

// core.is_file(path) -> boolean: a regular file, links followed
static int core_is_file(lua_State *L) {
  lua_pushboolean(L, cprof_os_is_file(luaL_checkstring(L, 1)));
  return 1;
}

// core.modified_s(path) -> number | nil: seconds since 1970; nil: nothing there
static int core_modified_s(lua_State *L) {
  double seconds;
  if (cprof_os_modified_s(luaL_checkstring(L, 1), &seconds))
    lua_pushnumber(L, (lua_Number)seconds);
  else
    lua_pushnil(L);
  return 1;
}

// core.write_file(path, bytes) -> true | nil, message, code: what was there is
// replaced as a whole or not at all
static int core_write_file(lua_State *L) {
  size_t size;
  const char *path = luaL_checkstring(L, 1);
  const char *bytes = luaL_checklstring(L, 2, &size);
  struct cprof_file file;
  enum cprof_result result = cprof_file_open(&file, path);
  struct cprof_sink sink = cprof_file_sink(&file);
  if (result == CPROF_OK)
    result = sink.write(sink.owner, bytes, size);
  if (result == CPROF_OK)
    result = cprof_file_commit(&file);
  cprof_file_done(&file); // keeps errno
  if (result != CPROF_OK)
    return cprof_lua_fail(L, result, path);
  lua_pushboolean(L, true);
  return 1;
}

// core.resident_bytes() -> number: memory of the process
static int core_resident_bytes(lua_State *L) {
  lua_pushnumber(L, (lua_Number)cprof_os_resident_bytes());
  return 1;
}

// core.signal_owner() -> "free" | "passive" | "active" | "foreign": of SIGPROF
static int core_signal_owner(lua_State *L) {
  static const char *const names[] = {"free", "passive", "active", "foreign"};
  lua_pushstring(L, names[cprof_signal_owner()]);
  return 1;
}

// ---- module -----------------------------------------------------------

__attribute__((visibility("default"))) int luaopen_cprof_core(lua_State *L);

int luaopen_cprof_core(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"stats", core_stats},
      {"cpu_ns", core_cpu_ns},
      {"wall_ns", core_wall_ns},
      {"pid", core_pid},
      {"isatty", core_isatty},
      {"cwd", core_cwd},
      {"is_file", core_is_file},
      {"modified_s", core_modified_s},
      {"write_file", core_write_file},
      {"resident_bytes", core_resident_bytes},
      {"signal_owner", core_signal_owner},
      {NULL, NULL},
  };
  // The wrong VM never comes here: it lacks symbols of the right one, and Lua
  // loads modules with RTLD_NOW.
  luaL_checkversion(L);
  cprof_hash_seed(cprof_os_random());
  cprof_vm_open(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, CPROF_VERSION);
  lua_setfield(L, -2, "_VERSION");
  cprof_lua_profile_open(L);
  cprof_lua_merge_open(L);
  cprof_lua_filter_open(L);
  cprof_lua_labels_open(L);
  cprof_lua_session_open(L);
  return 1;
}
