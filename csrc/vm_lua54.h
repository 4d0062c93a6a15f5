// What the units of PUC Lua 5.4 share: the hook that is a safe point, and who
// resumed whom. VM's thread only, but for what cprof_vm_ask reads.
#ifndef CPROF_VM_LUA54_H
#define CPROF_VM_LUA54_H

#include "ranges_lua54.h"
#include "safepoint.h"

#include <signal.h> // sig_atomic_t

// One resume that is under way, on the C stack of that resume.
struct cprof_resume {
  lua_State *from;         // the resumer
  struct cprof_resume *up; // who resumed the resumer
};

// The VM's own part of struct cprof_vm.
struct cprof_vm54 {
  struct cprof_ranges ranges;
  bool calibrated;              // ranges and lines_exact were looked for
  bool lines_exact;             // the live pc gives lines
  size_t hookcount;             // its offset in a lua_State; 0: not known
  struct cprof_resume *resumes; // innermost first
  // `running` was resumed by code that does not go through us: its end is not
  // seen, so the registry keeps it alive, and what ran before it is asked too.
  volatile sig_atomic_t stranger;
  lua_State *volatile before;      // main, or in a resume that is under way
  volatile sig_atomic_t changing;  // a lua_sethook of ours is under way
  volatile sig_atomic_t ask_again; // the handler came meanwhile
  const void *pcall, *xpcall;      // addresses, to know who caught
};

// Whence code that does not go through us has resumed L; NULL when L is main,
// or was resumed by us.
lua_State *cprof_vm54_via(const struct cprof_vm *vm, const lua_State *L);
// From here on L is running; `via`, not NULL, makes it a stranger. Needs a
// free slot on L's stack.
void cprof_vm54_set_running(struct cprof_vm *vm, lua_State *L, lua_State *via);
// lua_sethook that the handler does not interleave with; a plain one while the
// VM closes.
void cprof_vm54_sethook(struct cprof_vm *vm, lua_State *L, lua_Hook hook,
                        int mask, int count);
// Is this the hook of a safe point that is asked for?
bool cprof_vm54_is_safepoint(lua_Hook hook);
// Resolves all pending ticks at a hook event of L. `behind_hook`: a user's
// hook is set, the safe point may have come late.
void cprof_vm54_resolve(struct cprof_vm *vm, lua_State *L, lua_Debug *ar,
                        bool behind_hook);
// Resolves ticks that came while a user's hook function ran (its value is on
// top of L's stack).
void cprof_vm54_resolve_in_hook(struct cprof_vm *vm, lua_State *L);
// Resolves what is pending after lua_resume(co) returned to L; LUA_OK also when
// it did not run.
void cprof_vm54_resolve_resumed(struct cprof_vm *vm, lua_State *L,
                                lua_State *co, int status);

// Replaces coroutine.create, resume, wrap and close of L's VM.
void cprof_coroutines_install(struct cprof_vm *vm, lua_State *L);

// Replaces debug.sethook and gethook of L's VM.
void cprof_hooks_install(struct cprof_vm *vm, lua_State *L);
// The C hook behind which a user's hook function runs.
void cprof_hooks_hook(lua_State *L, lua_Debug *ar);
// L has just made co, which has inherited its hook.
void cprof_hooks_inherit(lua_State *L, lua_State *co);

#endif
