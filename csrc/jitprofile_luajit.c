// LuaJIT's module jit.profile while cprof runs: a user's start would take the
// VM's one profiler away. It is served from our samples instead: its callback
// runs after ours, with as many samples as its own interval asks for. While
// cprof does not run, the module is LuaJIT's own.
#include "vm_luajit.h"

#include "os.h" // the pid

#include "lua_compat.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_MS 10 // LuaJIT's, doc/ext_profiler.html

static int callback_key; // its address keys the user's function

static struct cprof_vm *vm_upvalue(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

// Not in a child that was forked meanwhile.
static bool samples_come(const struct cprof_vm *vm) {
  return vm->attached && vm->pid == cprof_os_pid();
}

// Upvalue 2: the original function.
static int call_original(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 0);
  return 0;
}

static uint64_t interval_of(const char *mode) {
  const char *at = strchr(mode, 'i');
  long interval_ms = at != NULL ? strtol(at + 1, NULL, 10) : 0;
  if (at == NULL)
    interval_ms = DEFAULT_INTERVAL_MS;
  return (uint64_t)(interval_ms > 0 ? interval_ms : 1) * 1000000u;
}

// jit.profile.start(mode, callback)
static int core_jitprofile_start(lua_State *L) {
  struct cprof_vm *vm = vm_upvalue(L);
  struct cprof_vmjit *own = vm->own;
  if (own == NULL || !samples_come(vm))
    return call_original(L);
  const char *mode = luaL_optstring(L, 1, "");
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &callback_key);
  own->user_interval_ns = interval_of(mode);
  own->user_pending_ns = 0;
  own->user_active = true;
  return 0;
}

// jit.profile.stop()
static int core_jitprofile_stop(lua_State *L) {
  struct cprof_vm *vm = vm_upvalue(L);
  struct cprof_vmjit *own = vm->own;
  if (own == NULL || (!samples_come(vm) && !own->user_active))
    return call_original(L);
  own->user_active = false;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &callback_key);
  return 0;
}

void cprof_jitprofile_callback(struct cprof_vm *vm, lua_State *L, int vmstate,
                               uint64_t weight_ns) {
  struct cprof_vmjit *own = vm->own;
  lua_State *scratch = own->scratch;
  char state = (char)vmstate;
  own->user_pending_ns += weight_ns;
  uint64_t samples = own->user_pending_ns / own->user_interval_ns;
  if (samples == 0 || !lua_checkstack(scratch, 6))
    return;
  own->user_pending_ns %= own->user_interval_ns;
  lua_rawgetp(scratch, LUA_REGISTRYINDEX, &callback_key);
  lua_pushthread(L);
  lua_xmove(L, scratch, 1);
  lua_pushinteger(scratch, (lua_Integer)samples);
  lua_pushlstring(scratch, &state, 1);
  // LuaJIT ends the process when such a callback fails; we end its use.
  if (lua_pcall(scratch, 3, 0, 0) != 0) {
    lua_pop(scratch, 1);
    own->user_active = false;
  }
}

void cprof_jitprofile_install(struct cprof_vm *vm, lua_State *L) {
  static const luaL_Reg functions[] = {{"start", core_jitprofile_start},
                                       {"stop", core_jitprofile_stop},
                                       {NULL, NULL}};
  lua_getglobal(L, "require");
  lua_pushliteral(L, "jit.profile");
  if (lua_pcall(L, 1, 1, 0) != 0 || !lua_istable(L, -1)) {
    lua_pop(L, 1); // a LuaJIT without it
    return;
  }
  for (const luaL_Reg *at = functions; at->name != NULL; at++) {
    lua_pushlightuserdata(L, vm);
    lua_getfield(L, -2, at->name);
    lua_pushcclosure(L, at->func, 2);
    lua_setfield(L, -2, at->name);
  }
  lua_pop(L, 1);
}
