// coroutine.create, resume, wrap and close of PUC 5.4, owned so that the
// running coroutine and its resumers are known. Results and errors are those
// of Lua's own library (its manual, section 6.2; messages of lcorolib.c).
#include "vm_lua54.h"

#include "lua_compat.h"

#include <stdatomic.h>

static struct cprof_vm *vm_upvalue(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

// As vm_upvalue, mostly without asking Lua.
static struct cprof_vm *vm_of(lua_State *L) {
  struct cprof_vm *vm =
      atomic_load_explicit(&cprof_vm_only, memory_order_relaxed);
  return vm->running == L ? vm : vm_upvalue(L);
}

static lua_State *check_thread(lua_State *L, int index) {
  lua_State *co = lua_tothread(L, index);
  luaL_argexpected(L, co != NULL, index, "thread");
  return co;
}

// ---- resume -----------------------------------------------------------

static int resume_or_close(lua_State *L, lua_State *co, int arguments,
                           int *results) {
  return results != NULL ? lua_resume(co, L, arguments, results)
                         : lua_resetthread(co);
}

// L was resumed by code that does not go through us, or the VM is closing.
static int run_stranger(struct cprof_vm *vm, lua_State *L, lua_State *co,
                        int arguments, int *results) {
  struct cprof_vm54 *own = vm->own;
  if (own == NULL) // in a finalizer of something older than cprof
    return resume_or_close(L, co, arguments, results);
  struct cprof_resume via = {cprof_vm54_via(vm, L), own->resumes};
  struct cprof_resume here = {L, via.from != NULL ? &via : via.up};
  own->resumes = &here;
  cprof_vm54_set_running(vm, co, NULL);
  int status = resume_or_close(L, co, arguments, results);
  cprof_vm54_set_running(vm, L, via.from);
  own->resumes = via.up;
  return status;
}

static int run_known(struct cprof_vm *vm, lua_State *L, lua_State *co,
                     int arguments, int *results) {
  struct cprof_vm54 *own = vm->own;
  struct cprof_resume here = {L, own->resumes};
  own->resumes = &here;
  vm->running = co;
  int status = resume_or_close(L, co, arguments, results);
  vm->running = L;
  own->resumes = here.up;
  return status;
}

// Runs co with the arguments on its stack, known as the running coroutine;
// with results NULL closes it instead.
static int run(struct cprof_vm *vm, lua_State *L, lua_State *co, int arguments,
               int *results) {
  const struct cprof_vm54 *own = vm->own;
  bool is_known = own != NULL && L == vm->running && !own->stranger;
  int status = is_known ? run_known(vm, L, co, arguments, results)
                        : run_stranger(vm, L, co, arguments, results);
  if (vm->queue != NULL && cprof_queue_pending(vm->queue)) {
    // lua_resume tells no results of a coroutine that it refused.
    bool has_run = results != NULL && *results >= 0;
    cprof_vm54_resolve_resumed(vm, L, co, has_run ? status : LUA_OK);
  }
  return status;
}

// Moves `arguments` values from L to co, runs it, moves the results back and
// returns their number; -1 with an error value on top of L instead.
static int resume(struct cprof_vm *vm, lua_State *L, lua_State *co,
                  int arguments) {
  int results = -1;
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, arguments);
  int status = run(vm, L, co, arguments, &results);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

// coroutine.resume(co, ...) -> true, ... | false, error
static int core_coroutine_resume(lua_State *L) {
  lua_State *co = check_thread(L, 1);
  int results = resume(vm_of(L), L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0)
    results = 1;
  lua_insert(L, -(results + 1));
  return results + 1;
}

// ---- wrap -------------------------------------------------------------

// Closes a coroutine in which an error happened; the error value it leaves
// replaces the one on top of L.
static int close_failed(lua_State *L, lua_State *co) {
  int status = lua_status(co);
  if (status == LUA_OK || status == LUA_YIELD)
    return status; // the error was not inside it
  status = lua_resetthread(co);
  lua_xmove(co, L, 1);
  return status;
}

// The function that coroutine.wrap returns. Upvalues: the VM, the coroutine.
static int resume_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  int results = resume(vm_of(L), L, co, lua_gettop(L));
  if (results >= 0)
    return results;
  if (close_failed(L, co) != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1); // says where the wrapped function was called
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

// ---- create, close ----------------------------------------------------

// coroutine.create(f) -> thread
static int core_coroutine_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  cprof_hooks_inherit(L, co);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

// coroutine.wrap(f) -> function
static int core_coroutine_wrap(lua_State *L) {
  core_coroutine_create(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, -2);
  lua_pushcclosure(L, resume_wrapped, 2);
  return 1;
}

// Suspended (or not yet run, or dead), so that it can be closed? Else why not.
static const char *why_not_closable(lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (co == L)
    return "running";
  if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
    return "normal";
  return NULL;
}

// coroutine.close(co) -> true | false, error
static int core_coroutine_close(lua_State *L) {
  struct cprof_vm *vm = vm_upvalue(L);
  lua_State *co = check_thread(L, 1);
  const char *state = why_not_closable(L, co);
  if (state != NULL)
    return luaL_error(L, "cannot close a %s coroutine", state);
  int status = run(vm, L, co, 0, NULL); // its __close metamethods run on it
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK)
    return 1;
  lua_xmove(co, L, 1);
  return 2;
}

void cprof_coroutines_install(struct cprof_vm *vm, lua_State *L) {
  static const luaL_Reg functions[] = {
      {"create", core_coroutine_create},
      {"resume", core_coroutine_resume},
      {"wrap", core_coroutine_wrap},
      {"close", core_coroutine_close},
      {NULL, NULL},
  };
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "coroutine") == LUA_TTABLE) {
    lua_pushlightuserdata(L, vm);
    luaL_setfuncs(L, functions, 1);
    const void *wrapped = (const void *)(uintptr_t)resume_wrapped;
    cprof_cnames_fix(&vm->cnames, wrapped, "coroutine.wrapped");
  }
  lua_pop(L, 2);
}
