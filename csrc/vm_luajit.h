// What the units of LuaJIT share: the VM's one profiler, which cprof starts
// and drives by its own clock.
#ifndef CPROF_VM_LUAJIT_H
#define CPROF_VM_LUAJIT_H

#include "dispatch_luajit.h"
#include "safepoint.h"

// The VM's own part of struct cprof_vm.
struct cprof_vmjit {
  void (*handler)(int);     // LuaJIT's SIGPROF handler while its profiler runs
  struct cprof_proc update; // lj_dispatch_update; empty: not found
  struct cprof_proc assembler; // the interpreter\'s machine code
  lua_State *scratch;          // a coroutine for calls out of the callback
  uint32_t misses;             // C functions that no name was found for
  uint32_t misses_scan;        // at so many, look for names again
  char mode;                   // 'l' or 'f'
  // A user's jit.profile inside our session: see jitprofile_luajit.c.
  bool user_active;
  uint64_t user_interval_ns, user_pending_ns;
};

// Replaces start and stop of the module jit.profile.
void cprof_jitprofile_install(struct cprof_vm *vm, lua_State *L);
// Calls the user's callback, when there is one and its interval is over.
void cprof_jitprofile_callback(struct cprof_vm *vm, lua_State *L, int vmstate,
                               uint64_t weight_ns);

#endif
