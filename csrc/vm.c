// The record of a VM in its registry, from `require` to lua_close.
#include "vm.h"

#include "lua_compat.h"
#include "modules.h"

#include <stdatomic.h>
#include <string.h>

struct cprof_vm *_Atomic cprof_vm_only;
static struct cprof_vm nobody; // nothing runs in it

// No VM's functions run before this was done for it.
static void note_open(struct cprof_vm *vm) {
  struct cprof_vm *none = NULL;
  if (!atomic_compare_exchange_strong(&cprof_vm_only, &none, vm))
    cprof_vm_only = &nobody;
}

static void note_close(const struct cprof_vm *vm) {
  if (cprof_vm_only == vm)
    cprof_vm_only = &nobody;
}

static int vm_key; // its address keys the record in the registry

struct cprof_vm *cprof_vm_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_key);
  struct cprof_vm *vm = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return vm != NULL && vm->own != NULL ? vm : NULL;
}

// __gc: runs at lua_close, after the finalizers of everything made later.
static int close_vm(lua_State *L) {
  struct cprof_vm *vm = lua_touserdata(L, 1);
  note_close(vm);
  if (vm->attached && vm->closing != NULL)
    vm->closing(vm);
  if (vm->own != NULL)
    cprof_vm_teardown(vm);
  cprof_stream_done(&vm->stream);
  cprof_cnames_done(&vm->cnames);
  return 0;
}

void cprof_vm_abandon(struct cprof_vm *vm) {
  vm->attached = false;
  vm->draining = false;
  vm->queue = NULL;
}

static lua_State *main_thread(lua_State *L) {
#ifdef LUA_RIDX_MAINTHREAD
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return main;
#else
  // LuaJIT keeps it nowhere public: the thread that loads us, which is the
  // main one unless `require` runs in a coroutine.
  return L;
#endif
}

// Who runs the VM, if a C function does, such as lua.c's pmain: no table leads
// to it, and it is at the root of every stack. It gets the name of its object.
static void name_root(struct cprof_vm *vm, lua_State *L) {
  lua_Debug ar;
  int level = 0;
  char name[200];
  while (lua_getstack(L, level, &ar))
    level++;
  if (level == 0 || !lua_getstack(L, level - 1, &ar))
    return;
  lua_getinfo(L, "f", &ar);
  const void *address = cprof_cnames_address(L);
  if (lua_iscfunction(L, -1) && !cprof_cnames_find(&vm->cnames, address)) {
    cprof_modules_name(address, name, sizeof name);
    name[strcspn(name, "+")] = '\0';
    cprof_cnames_fix(&vm->cnames, address, name);
  }
  lua_pop(L, 1);
}

void cprof_vm_open(lua_State *L) {
  if (cprof_vm_of(L) != NULL)
    return;
  struct cprof_vm *vm = lua_newuserdatauv(L, sizeof *vm, 0);
  memset(vm, 0, sizeof *vm);
  vm->main = main_thread(L);
  note_open(vm);
  lua_newtable(L);
  lua_pushcfunction(L, close_vm);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_key);
  if (cprof_stream_init(&vm->stream) != CPROF_OK ||
      cprof_cnames_init(&vm->cnames) != CPROF_OK ||
      cprof_vm_setup(vm, L) != CPROF_OK)
    luaL_error(L, "cprof: not enough memory");
  cprof_cnames_iterators(&vm->cnames, L);
  cprof_cnames_scan(&vm->cnames, L);
  if (vm->main == L)
    name_root(vm, L);
}
