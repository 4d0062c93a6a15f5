// core.start and the methods of its sessions. Options come checked by
// lua/cprof/options.lua; what is out of range all the same answers nil.
#include "lua_session.h"

#include "lua_edge.h"
#include "lua_profile.h"
#include "session.h"

#include <string.h>

#define TYPE_NAME "cprof.core.session"

static struct cprof_session *check_session(lua_State *L) {
  return luaL_checkudata(L, 1, TYPE_NAME);
}

// ---- options ----------------------------------------------------------

static uint32_t integer_option(lua_State *L, const char *name,
                               uint32_t fallback) {
  lua_getfield(L, 1, name);
  lua_Integer value = luaL_optinteger(L, -1, (lua_Integer)fallback);
  lua_pop(L, 1);
  return value < 0 || value > INT32_MAX ? 0 : (uint32_t)value;
}

static char mode_option(lua_State *L) {
  lua_getfield(L, 1, "mode");
  char mode = luaL_optstring(L, -1, "l")[0];
  lua_pop(L, 1);
  return mode;
}

static struct cprof_session_options read_options(lua_State *L) {
  struct cprof_session_options with;
  luaL_checktype(L, 1, LUA_TTABLE);
  with.cpu.hz = integer_option(L, "hz", CPROF_HZ_DEFAULT);
  with.cpu.vm.mode = mode_option(L);
  with.depth_max = integer_option(L, "depth_max", CPROF_DEPTH_DEFAULT);
  return with;
}

static enum cprof_result check_options(const struct cprof_session_options *w) {
  bool fits = w->cpu.hz > 0 && w->cpu.hz <= CPROF_HZ_MAX && w->depth_max > 0 &&
              w->depth_max <= CPROF_DEPTH_MAX &&
              (w->cpu.vm.mode == 'l' || w->cpu.vm.mode == 'f');
  return fits ? CPROF_OK : CPROF_ERANGE;
}

#define EXACT_MAX 9007199254740992.0 // a double holds every integer up to it

static enum cprof_result read_number_label(lua_State *L,
                                           struct cprof_session *session,
                                           const char *key) {
  lua_Number number = lua_tonumber(L, -1);
  if (!(number >= -EXACT_MAX && number <= EXACT_MAX) ||
      number != (lua_Number)(int64_t)number)
    return CPROF_ERANGE;
  return cprof_session_label_number(session, key, (int64_t)number);
}

// Adds options.labels; key and value are on top of the stack.
static enum cprof_result read_label(lua_State *L,
                                    struct cprof_session *session) {
  if (lua_type(L, -2) != LUA_TSTRING)
    return CPROF_ERANGE;
  const char *key = lua_tostring(L, -2);
  if (lua_type(L, -1) == LUA_TNUMBER)
    return read_number_label(L, session, key);
  if (lua_type(L, -1) != LUA_TSTRING)
    return CPROF_ERANGE;
  return cprof_session_label(session, key, lua_tostring(L, -1));
}

static enum cprof_result read_labels(lua_State *L,
                                     struct cprof_session *session) {
  enum cprof_result result = CPROF_OK;
  lua_getfield(L, 1, "labels");
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (result == CPROF_OK && lua_next(L, -2)) {
      result = read_label(L, session);
      lua_pop(L, 1);
    }
  }
  return result;
}

// ---- start ------------------------------------------------------------

static const char *why_not(enum cprof_result result) {
  switch (result) {
  case CPROF_EBUSY:
    return "SIGPROF or LuaJIT's profiler is in use, by another library or by "
           "another VM of this process; stop that first (cprof takes neither "
           "away from somebody else)";
  case CPROF_ESTATE:
    return "this VM is being profiled on another thread, or this thread "
           "blocks SIGPROF, or a finalizer runs (LuaJIT); start all sessions "
           "of a VM on the thread that runs it, with SIGPROF unblocked";
  case CPROF_ELIMIT:
    return "more than 16 labels, or more than 8 VMs on this thread";
  case CPROF_ERANGE:
    return "hz is 1 to 10000, depth_max 1 to 512, mode \"l\" or \"f\", a "
           "label's key a string and its value a string or a whole number";
  default:
    return NULL;
  }
}

// core.start{hz =, depth_max =, mode =, labels =} -> session
static int core_start(lua_State *L) {
  struct cprof_session_options with = read_options(L);
  struct cprof_vm *vm = cprof_vm_of(L);
  if (vm == NULL)
    return cprof_lua_fail_ex(L, CPROF_ESTATE, "cprof", "the VM is closing");
  struct cprof_session *session = lua_newuserdatauv(L, sizeof *session, 0);
  memset(session, 0, sizeof *session);
  luaL_getmetatable(L, TYPE_NAME);
  lua_setmetatable(L, -2);
  enum cprof_result result = check_options(&with);
  if (result == CPROF_OK)
    result = cprof_session_init(session, &with);
  if (result == CPROF_OK) {
    result = read_labels(L, session);
    lua_settop(L, 2);
  }
  if (result == CPROF_OK)
    result = cprof_session_start(session, vm, L, &with);
  if (result != CPROF_OK)
    return cprof_lua_fail_ex(L, result, "cannot start profiling",
                             why_not(result));
  return 1;
}

// ---- methods ----------------------------------------------------------

static int fail_state(lua_State *L, const struct cprof_session *session) {
  return cprof_lua_fail_ex(L, CPROF_ESTATE, NULL,
                           cprof_session_why_not(session));
}

// session:snapshot() -> profile
static int core_session_snapshot(lua_State *L) {
  struct cprof_session *session = check_session(L);
  struct cprof_profile **profile = cprof_lua_profile_new(L);
  if (cprof_session_flush(session, L) != CPROF_OK)
    return fail_state(L, session);
  enum cprof_result result = cprof_session_profile(session, L, profile);
  return result == CPROF_OK ? 1 : cprof_lua_fail(L, result, "snapshot");
}

// session:stop() -> profile
static int core_session_stop(lua_State *L) {
  struct cprof_session *session = check_session(L);
  struct cprof_profile **profile = cprof_lua_profile_new(L);
  if (cprof_session_flush(session, L) != CPROF_OK)
    return fail_state(L, session);
  cprof_session_stop(session);
  enum cprof_result result = cprof_session_profile(session, L, profile);
  cprof_session_done(session);
  return result == CPROF_OK ? 1 : cprof_lua_fail(L, result, "stop");
}

// session:running() -> boolean
static int core_session_running(lua_State *L) {
  lua_pushboolean(L, cprof_session_running(check_session(L)));
  return 1;
}

// __gc: a session nobody stopped
static int core_session_gc(lua_State *L) {
  cprof_session_done(check_session(L));
  return 0;
}

void cprof_lua_session_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"snapshot", core_session_snapshot},
      {"stop", core_session_stop},
      {"running", core_session_running},
      {"__gc", core_session_gc},
      {NULL, NULL},
  };
  luaL_newmetatable(L, TYPE_NAME);
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_pushcfunction(L, core_start);
  lua_setfield(L, -2, "start");
}
