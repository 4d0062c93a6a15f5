// debug.sethook and debug.gethook of PUC 5.4, owned so that a user's hook and
// safe points share the one hook a coroutine has: the user's runs as it was
// set, and pending ticks are resolved at its events. While profiling, a count
// is counted in slices, so that a safe point is never far; the user's function
// still runs after exactly its count. Results and errors as ldblib.c's.
#include "vm_lua54.h"

#include "hookcount_lua54.h"

#include "lua_compat.h"

#include <string.h>

#define SLICE 250 // instructions; see csrc/README.md for what that costs

// A user's hook of one coroutine; a userdata whose user value is the function.
struct user_hook {
  int mask;
  int count; // as the user set it, 0: none
  int left;  // instructions until its function runs
  int slice; // of them, until the next event
};

static int hooks_key; // its address keys the table thread -> user_hook

static struct cprof_vm *vm_upvalue(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

// Pushes the record of L's hook, or nil.
static struct user_hook *push_hook(lua_State *L, lua_State *of) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key);
  if (L == of) {
    lua_pushthread(L);
  } else {
    lua_pushthread(of);
    lua_xmove(of, L, 1);
  }
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return lua_touserdata(L, -1);
}

// ---- events -----------------------------------------------------------

static void set_count(struct cprof_vm *vm, lua_State *L, struct user_hook *hook,
                      int slice) {
  hook->slice = slice;
  if (vm != NULL)
    cprof_vm54_sethook(vm, L, cprof_hooks_hook, hook->mask, slice);
  else
    lua_sethook(L, cprof_hooks_hook, hook->mask, slice);
}

// Only a hook of nothing but a count is sliced: other events are safe points
// enough, and a slice that ends inside the user's function, where no event
// comes, would be forgotten.
static void set_slice(struct cprof_vm *vm, lua_State *L,
                      struct user_hook *hook) {
  bool sliced = vm != NULL && vm->attached && hook->mask == LUA_MASKCOUNT &&
                hook->left > SLICE;
  set_count(vm, L, hook, sliced ? SLICE : hook->left);
}

// Did the user's count come to its end? Then the whole count is set, before
// the function runs: it counts too, it may raise, or set another hook.
static bool count_down(struct cprof_vm *vm, lua_State *L,
                       struct user_hook *hook) {
  hook->left -= hook->slice;
  if (hook->left > 0) {
    set_slice(vm, L, hook);
    return false;
  }
  hook->left = hook->count;
  set_count(vm, L, hook, hook->left);
  return true;
}

// After the user's function: slices again, of what its instructions left.
static void slice_rest(struct cprof_vm *vm, lua_State *L) {
  struct user_hook *hook = push_hook(L, L);
  size_t offset = vm != NULL ? ((struct cprof_vm54 *)vm->own)->hookcount : 0;
  if (hook != NULL && offset != 0 && lua_gethook(L) == cprof_hooks_hook &&
      hook->slice == hook->left && hook->mask == LUA_MASKCOUNT) {
    hook->left = cprof_hookcount_get(L, offset);
    set_slice(vm, L, hook);
  }
  lua_pop(L, 1);
}

// Calls the user's function, whose record is on top, as debug.sethook says.
static void call_function(struct cprof_vm *vm, lua_State *L,
                          const lua_Debug *ar) {
  static const char *const events[] = {"call", "return", "line", "count",
                                       "tail call"};
  if (lua_getiuservalue(L, -1, 1) != LUA_TFUNCTION) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -1);
  lua_pushstring(L, events[ar->event]);
  if (ar->currentline >= 0)
    lua_pushinteger(L, ar->currentline);
  else
    lua_pushnil(L);
  lua_call(L, 2, 0);
  if (vm != NULL)
    cprof_vm54_resolve_in_hook(vm, L); // the function is on top again
  lua_pop(L, 1);
}

void cprof_hooks_hook(lua_State *L, lua_Debug *ar) {
  struct cprof_vm *vm = cprof_vm_of(L);
  if (vm != NULL)
    cprof_vm54_resolve(vm, L, ar, true);
  struct user_hook *hook = push_hook(L, L);
  // none: a coroutine inherits the hook, but not the function
  if (hook != NULL && (ar->event != LUA_HOOKCOUNT || count_down(vm, L, hook))) {
    call_function(vm, L, ar);
    if (ar->event == LUA_HOOKCOUNT)
      slice_rest(vm, L);
  }
  lua_pop(L, 1);
}

void cprof_hooks_inherit(lua_State *L, lua_State *co) {
  if (lua_gethook(co) != cprof_hooks_hook)
    return;
  struct user_hook *hook = push_hook(L, L);
  if (hook != NULL) // its whole count, not our slice
    lua_sethook(co, cprof_hooks_hook, hook->mask, hook->count);
  lua_pop(L, 1);
}

// ---- debug.sethook, debug.gethook -------------------------------------

// The optional first argument: which coroutine; *shift is 1 when it is there.
static lua_State *thread_argument(lua_State *L, int *shift) {
  *shift = lua_isthread(L, 1) ? 1 : 0;
  return *shift ? lua_tothread(L, 1) : L;
}

static int mask_of(const char *text, int count) {
  int mask = count > 0 ? LUA_MASKCOUNT : 0;
  mask |= strchr(text, 'c') != NULL ? LUA_MASKCALL : 0;
  mask |= strchr(text, 'r') != NULL ? LUA_MASKRET : 0;
  mask |= strchr(text, 'l') != NULL ? LUA_MASKLINE : 0;
  return mask;
}

// The table of hooks: hooks[of] = value on top, which is popped.
static void store_hook(lua_State *L, lua_State *of) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key);
  if (L != of)
    luaL_argcheck(L, lua_checkstack(of, 1), 1, "stack overflow");
  lua_pushthread(of);
  if (L != of)
    lua_xmove(of, L, 1);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

// Function, mask and count are at shift + 1 and on.
static void set_hook(lua_State *L, lua_State *of, int shift) {
  struct cprof_vm *vm = vm_upvalue(L);
  const char *text = luaL_checkstring(L, shift + 2);
  luaL_checktype(L, shift + 1, LUA_TFUNCTION);
  int count = (int)luaL_optinteger(L, shift + 3, 0);
  int mask = mask_of(text, count);
  struct user_hook *hook = lua_newuserdatauv(L, sizeof *hook, 1);
  *hook = (struct user_hook){mask, count, count, count};
  lua_pushvalue(L, shift + 1);
  lua_setiuservalue(L, -2, 1);
  store_hook(L, of);
  set_slice(vm, of, hook);
}

// debug.sethook([thread,] hook, mask [, count])
static int core_debug_sethook(lua_State *L) {
  struct cprof_vm *vm = vm_upvalue(L);
  int shift;
  lua_State *of = thread_argument(L, &shift);
  if (!lua_isnoneornil(L, shift + 1)) {
    set_hook(L, of, shift);
  } else {
    lua_settop(L, shift);
    lua_pushnil(L);
    store_hook(L, of);
    cprof_vm54_sethook(vm, of, NULL, 0, 0);
  }
  // It may have taken the place of a safe point that was asked for.
  if (vm->queue != NULL && cprof_queue_pending(vm->queue))
    cprof_vm_flush(vm, L);
  return 0;
}

static int push_mask(lua_State *L, int mask) {
  char text[4];
  int size = 0;
  if (mask & LUA_MASKCALL)
    text[size++] = 'c';
  if (mask & LUA_MASKRET)
    text[size++] = 'r';
  if (mask & LUA_MASKLINE)
    text[size++] = 'l';
  lua_pushlstring(L, text, (size_t)size);
  return 1;
}

// debug.gethook([thread]) -> hook, mask, count | nil
static int core_debug_gethook(lua_State *L) {
  int shift;
  lua_State *of = thread_argument(L, &shift);
  lua_Hook now = lua_gethook(of);
  if (now == NULL || cprof_vm54_is_safepoint(now)) {
    lua_pushnil(L);
    return 1;
  }
  if (now != cprof_hooks_hook) {
    lua_pushliteral(L, "external hook");
    push_mask(L, lua_gethookmask(of));
    lua_pushinteger(L, lua_gethookcount(of));
    return 3;
  }
  if (L != of)
    luaL_argcheck(L, lua_checkstack(of, 1), 1, "stack overflow");
  struct user_hook *hook = push_hook(L, of);
  if (hook != NULL)
    lua_getiuservalue(L, -1, 1);
  push_mask(L, hook != NULL ? hook->mask : lua_gethookmask(of));
  lua_pushinteger(L, hook != NULL ? hook->count : lua_gethookcount(of));
  return 3;
}

// The table of hooks, weak in its keys.
static void make_table(lua_State *L) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooks_key);
}

void cprof_hooks_install(struct cprof_vm *vm, lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sethook", core_debug_sethook},
      {"gethook", core_debug_gethook},
      {NULL, NULL},
  };
  make_table(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "debug") == LUA_TTABLE) {
    lua_pushlightuserdata(L, vm);
    luaL_setfuncs(L, functions, 1);
  }
  lua_pop(L, 2);
}
