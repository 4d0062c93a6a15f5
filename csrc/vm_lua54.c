// PUC Lua 5.4: a safe point is a hook on the running coroutine, set by the
// handler, which removes itself. What it does there is in resolve_lua54.c.
#include "vm_lua54.h"

#include "hookcount_lua54.h"
#include "os.h"
#include "proto_lua54.h"

#include "lua_compat.h"

#include <stdlib.h>
#include <string.h>

static int anchor_key; // its address keys the coroutine that is kept alive

static struct cprof_vm54 *own_of(const struct cprof_vm *vm) { return vm->own; }

// ---- who runs ---------------------------------------------------------

lua_State *cprof_vm54_via(const struct cprof_vm *vm, const lua_State *L) {
  const struct cprof_vm54 *own = own_of(vm);
  lua_State *known = own->stranger ? own->before : vm->running;
  return L == vm->main || L == known ? NULL : known;
}

// A signal may come between any two of these lines.
void cprof_vm54_set_running(struct cprof_vm *vm, lua_State *L, lua_State *via) {
  struct cprof_vm54 *own = own_of(vm);
  own->stranger = 0;
  own->before = via != NULL ? via : vm->main;
  if (via != NULL) {
    vm->running = via;
    lua_pushthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &anchor_key);
    own->stranger = 1;
  }
  vm->running = L;
}

// ---- hook -------------------------------------------------------------

#define SAFEPOINT_MASK (LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT)

void cprof_vm54_sethook(struct cprof_vm *vm, lua_State *L, lua_Hook hook,
                        int mask, int count) {
  struct cprof_vm54 *own = own_of(vm);
  if (own == NULL) { // in a finalizer of something older than cprof
    lua_sethook(L, hook, mask, count);
    return;
  }
  own->changing = 1;
  lua_sethook(L, hook, mask, count);
  own->changing = 0;
  if (own->ask_again) {
    static const struct cprof_moment later;
    own->ask_again = 0;
    cprof_vm_ask(vm, &later);
  }
}

static void on_safepoint(lua_State *L, lua_Debug *ar) {
  struct cprof_vm *vm = cprof_vm_of(L);
  if (vm == NULL) { // the VM is closing; a coroutine had inherited the hook
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  // Off first: a signal from here on sets it again, and is not forgotten.
  cprof_vm54_sethook(vm, L, NULL, 0, 0);
  cprof_vm54_resolve(vm, L, ar, false);
}

bool cprof_vm54_is_safepoint(lua_Hook hook) { return hook == on_safepoint; }

static bool arm(lua_State *L) {
  lua_Hook hook = lua_gethook(L);
  if (hook == NULL || hook == on_safepoint)
    lua_sethook(L, on_safepoint, SAFEPOINT_MASK, 1);
  return hook == NULL || hook == on_safepoint || hook == cprof_hooks_hook;
}

bool cprof_vm_ask(struct cprof_vm *vm, const struct cprof_moment *now) {
  struct cprof_vm54 *own = own_of(vm);
  (void)now;
  lua_State *L = vm->running;
  if (own->changing) {
    own->ask_again = 1;
    return true;
  }
  bool asked = arm(L);
  if (own->stranger) // it may have ended meanwhile
    asked |= arm(own->before);
  return asked;
}

// ---- life -------------------------------------------------------------

char cprof_vm_mode(const struct cprof_vm *vm) {
  (void)vm;
  return 'l';
}

const char *cprof_vm_name(void) { return LUA_VERSION; }

bool cprof_vm_fact(const struct cprof_vm *vm, uint32_t index, const char **name,
                   const char **value) {
  const struct cprof_vm54 *own = own_of(vm);
  static const char *const names[] = {"lines", "ranges", "hookcount"};
  const char *const values[] = {own->lines_exact ? "exact" : "hook",
                                own->ranges.known ? "known" : "unknown",
                                own->hookcount != 0 ? "known" : "unknown"};
  if (index >= sizeof names / sizeof *names)
    return false;
  *name = names[index];
  *value = values[index];
  return true;
}

static const void *global_c(lua_State *L, const char *name) {
  lua_getglobal(L, name);
  const void *address = (const void *)(uintptr_t)lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return address;
}

enum cprof_result cprof_vm_setup(struct cprof_vm *vm, lua_State *L) {
  struct cprof_vm54 *own = calloc(1, sizeof *own);
  if (own == NULL)
    return CPROF_ENOMEM;
  vm->own = own;
  vm->running = vm->main;    // L may be a coroutine whose end we do not see
  lua_pushboolean(L, false); // room for the anchor
  lua_rawsetp(L, LUA_REGISTRYINDEX, &anchor_key);
  own->pcall = global_c(L, "pcall");
  own->xpcall = global_c(L, "xpcall");
  cprof_coroutines_install(vm, L);
  cprof_hooks_install(vm, L);
  return CPROF_OK;
}

void cprof_vm_teardown(struct cprof_vm *vm) {
  free(vm->own);
  vm->own = NULL;
}

struct calibration {
  struct cprof_vm54 *own;
  lua_Alloc alloc; // the profiled VM's
};

// Runs protected: memory may be short. Argument: the calibration.
static int calibrate_in(lua_State *scratch) {
  struct calibration *at = lua_touserdata(scratch, 1);
  cprof_ranges_find(&at->own->ranges, scratch, at->alloc);
  at->own->lines_exact = cprof_proto_calibrate(scratch);
  at->own->hookcount = cprof_hookcount_calibrate(scratch);
  return 0;
}

// In a state of its own: the code is the same, and the collection it takes is
// not one of the program's heap.
void cprof_vm_prepare(struct cprof_vm *vm, lua_State *L) {
  struct cprof_vm54 *own = own_of(vm);
  void *owner;
  struct calibration at = {own, lua_getallocf(L, &owner)};
  if (own->calibrated)
    return;
  lua_State *scratch = luaL_newstate();
  own->calibrated = true;
  if (scratch == NULL)
    return;
  lua_pushcfunction(scratch, calibrate_in);
  lua_pushlightuserdata(scratch, &at);
  lua_pcall(scratch, 1, 0, 0);
  lua_close(scratch);
}

enum cprof_result cprof_vm_attach(struct cprof_vm *vm, lua_State *L,
                                  struct cprof_queue *queue,
                                  const struct cprof_vm_options *options) {
  (void)options;
  cprof_vm54_set_running(vm, L, cprof_vm54_via(vm, L));
  vm->queue = queue;
  vm->pid = cprof_os_pid();
  vm->attached = true;
  return CPROF_OK;
}

static void drop_hook(struct cprof_vm *vm, lua_State *L) {
  if (lua_gethook(L) == on_safepoint)
    cprof_vm54_sethook(vm, L, NULL, 0, 0);
}

void cprof_vm_detach(struct cprof_vm *vm) {
  vm->attached = false;
  vm->queue = NULL;
  own_of(vm)->ask_again = 0;
  drop_hook(vm, vm->main);
  drop_hook(vm, vm->running);
  drop_hook(vm, own_of(vm)->before);
  for (const struct cprof_resume *at = own_of(vm)->resumes; at; at = at->up)
    drop_hook(vm, at->from);
}
