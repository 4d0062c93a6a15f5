// One Lua VM (a global state with all its coroutines) as cprof sees it, and
// what vm_lua54.c and vm_luajit.c each do for their VM. Everything runs on
// the VM's own thread; only cprof_vm_ask is called from the handler.
#ifndef CPROF_VM_H
#define CPROF_VM_H

#include "cnames.h"
#include "queue.h"
#include "stream.h"

#include <lua.h>

// Counted at safe points, shown by stats and in every profile.
struct cprof_vm_counters {
  uint64_t ticks;              // resolved
  uint64_t ticks_ns;           // their weight
  uint64_t lines_live;         // Lua leaves whose line came from the live pc
  uint64_t lines_hook;         // Lua leaves whose line came from the VM
  uint64_t hooked;             // resolved behind a hook
  uint64_t lost, lost_ns;      // signals whose stack could not be had
  uint64_t raised, tail_calls; // markers given
  uint64_t late;               // resolved when a coroutine or a session ended
  uint64_t safepoint_ns;       // spent resolving
};

struct cprof_vm {
  lua_State *main;             // the main thread
  lua_State *volatile running; // PUC: the running coroutine; handler reads
  struct cprof_queue *queue;   // of the thread, while attached
  struct cprof_stream stream;
  struct cprof_cnames cnames;
  struct cprof_vm_counters counters;
  struct cprof_frame frames[CPROF_DEPTH_MAX]; // one walk at a time
  bool attached;                              // between attach and detach
  bool draining; // a walk is under way; no other starts
  int pid;       // of the process that attached
  void *own;     // of vm_lua54.c or vm_luajit.c; NULL once the VM closes
  void (*closing)(struct cprof_vm *vm); // whoever attached; may be NULL
};

// Creates the VM's record in its registry, with a finalizer that detaches at
// lua_close, and installs what must be there from `require` on. Raises on
// failure. Pushes nothing.
void cprof_vm_open(lua_State *L);
// The record, or NULL before open and after close.
struct cprof_vm *cprof_vm_of(lua_State *L);

// The process's only VM, for those who are in a hurry and know L: its `running`
// is L, or it is not L's VM. Once there were two, it is nobody's for ever.
extern struct cprof_vm *_Atomic cprof_vm_only;

// What may run Lua, and finalizers with it, before the first attach: finds out
// about the VM. Without locks held.
void cprof_vm_prepare(struct cprof_vm *vm, lua_State *L);

struct cprof_vm_options {
  char mode; // LuaJIT: 'l' line or 'f' function; ignored by PUC
};
// From here on cprof_vm_ask leads to safe points that empty the queue.
// CPROF_EBUSY: another VM or somebody else has the VM's profiler.
enum cprof_result cprof_vm_attach(struct cprof_vm *vm, lua_State *L,
                                  struct cprof_queue *queue,
                                  const struct cprof_vm_options *options);
// Leaves no hook behind. What is pending must have been flushed.
void cprof_vm_detach(struct cprof_vm *vm);
// Forgets the attachment without touching the VM: in a forked child, for a VM
// that another thread was running.
void cprof_vm_abandon(struct cprof_vm *vm);

// Where the thread was interrupted; all 0 outside the handler.
struct cprof_moment {
  uint64_t pc;  // the instruction
  uint64_t top; // the word at the stack pointer
};
// Asks for a safe point as soon as the VM is consistent; false when a foreign
// hook is in the way. async-signal-safe
bool cprof_vm_ask(struct cprof_vm *vm, const struct cprof_moment *now);
// Resolves what is pending, from a C function that L runs: its own time.
void cprof_vm_flush(struct cprof_vm *vm, lua_State *L);

// The mode it was attached with.
char cprof_vm_mode(const struct cprof_vm *vm);

// What calibration found, for a profile's comments: "lines=exact" (PUC),
// "mode=l" (LuaJIT). The fact of this index; false: there are no more.
bool cprof_vm_fact(const struct cprof_vm *vm, uint32_t index, const char **name,
                   const char **value);

// "Lua 5.4", "LuaJIT 2.1…"
const char *cprof_vm_name(void);

// Each VM's part of open, and of the finalizer.
enum cprof_result cprof_vm_setup(struct cprof_vm *vm, lua_State *L);
void cprof_vm_teardown(struct cprof_vm *vm);

#endif
