// What a safe point does on either VM: walk Lua stacks by the public API into
// frames, join them with a tick, push the sample. On the VM's thread, with
// the VM consistent.
#ifndef CPROF_SAFEPOINT_H
#define CPROF_SAFEPOINT_H

#include "vm.h"

// A stack being put together, leaf first, in vm->frames.
struct cprof_walk {
  struct cprof_vm *vm;
  uint32_t depth, depth_max;
  bool truncated;
  bool leaf_is_c; // the first frame is a C function
};

void cprof_walk_start(struct cprof_walk *walk, struct cprof_vm *vm);
void cprof_walk_marker(struct cprof_walk *walk, enum cprof_marker marker);
// Appends a C function known by its address.
void cprof_walk_c(struct cprof_walk *walk, const void *address);
// Appends the frames of L from this level to its base. `line` > 0 replaces
// the line of the first of them. Needs one free slot on L's stack, leaves
// the stack as it was.
void cprof_walk_stack(struct cprof_walk *walk, lua_State *L, int level,
                      int line);

// The function that runs at this level, as lua_getinfo's "S" and the address
// of a C function (else NULL). false: no such level.
struct cprof_level {
  lua_Debug ar;        // "Sl"
  const void *address; // C: the function; Lua: the closure
  bool is_c;
};
bool cprof_level_get(lua_State *L, int level, struct cprof_level *out);

// Pushes the walk as a sample of this tick.
void cprof_walk_push(struct cprof_walk *walk, const struct cprof_tick *tick,
                     enum cprof_vmstate state);
// The end of a safe point that began at start_ns of the wall clock (the CPU
// clock is a system call) and resolved so many ticks: its cost is counted, and
// told to the handler.
void cprof_safepoint_done(struct cprof_vm *vm, uint64_t start_ns,
                          uint64_t ticks);
// Pushes a tick whose stack cannot be had, as [lost].
void cprof_safepoint_lose(struct cprof_vm *vm, const struct cprof_tick *tick);

#endif
