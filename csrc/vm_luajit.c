// LuaJIT: a safe point is the callback of the VM's own profiler. Its timer is
// stopped at once; our handler calls its handler. Order of installation, and
// why (design D5): LuaJIT saves the disposition it finds, so ours that does
// nothing is there first: whoever stops its profiler puts that one back.
#include "vm_luajit.h"

#include "os.h"

#include "lua_compat.h"

#include <errno.h>
#include <luajit.h>
#include <signal.h> // SIGPROF
#include <stdlib.h>
#include <string.h>

static struct cprof_vm *holder; // of LuaJIT's profiler: one VM a process

static struct cprof_vmjit *own_of(const struct cprof_vm *vm) { return vm->own; }

// ---- C functions ------------------------------------------------------

static int scan_names(lua_State *L) {
  cprof_cnames_scan(lua_touserdata(L, 1), L);
  return 0;
}

// Looks again after 1, 2, 4, 8 … functions without a name: modules come late.
static void count_miss(struct cprof_vm *vm) {
  struct cprof_vmjit *own = own_of(vm);
  if (++own->misses < own->misses_scan)
    return;
  own->misses_scan *= 2;
  if (lua_cpcall(own->scratch, scan_names, &vm->cnames) != 0)
    lua_pop(own->scratch, 1);
}

static bool holds(const struct cprof_proc *proc, uint64_t pc) {
  return proc->start <= pc && pc < proc->end;
}

#define REGISTERS_SAVED 6u // the callee-saved come first in a tick
#define PROLOGUE_WORDS 8u  // that a prologue pushes

static const void *known_c(const struct cprof_vm *vm, uint64_t value) {
  const void *address = (const void *)(uintptr_t)value;
  return cprof_cnames_find(&vm->cnames, address) != NULL ? address : NULL;
}

// The interpreter calls a C function through a callee-saved register
// (vm_x64.dasc, BC_FUNCC: `call KBASE`): its address is among the words that
// the function's prologue pushed below the return into the interpreter, or in
// a register still. Tells functions apart that end in one and the same.
static const void *called_c(const struct cprof_vm *vm,
                            const struct cprof_tick *tick, uint32_t word) {
  const void *address = NULL;
  for (uint32_t i = 1; i <= PROLOGUE_WORDS && i <= word && !address; i++)
    address = known_c(vm, tick->words[word - i]);
  for (uint32_t i = 0; i < REGISTERS_SAVED && address == NULL; i++)
    address = known_c(vm, tick->registers[i]);
  return address;
}

// The C function that the interpreter called when the tick came; it has
// returned by now. By its machine code: of the frames below the interpreter
// the outermost; else by the address it was called through; else, where the
// words do not reach the interpreter, the outermost known.
static const void *interrupted_c(const struct cprof_vm *vm,
                                 const struct cprof_tick *tick) {
  struct cprof_return frames[CPROF_UNWIND_MAX];
  struct cprof_unwind_end end = {own_of(vm)->assembler, CPROF_STACK_WORDS};
  uint32_t count = cprof_unwind_tick(tick, &end, frames), own = 0;
  while (own < count && !holds(&own_of(vm)->assembler, frames[own].pc))
    own++;
  if (own == 0)
    return NULL; // in the interpreter itself
  if (own < count) {
    const void *address = cprof_cnames_at(&vm->cnames, frames[own - 1].pc);
    return address ? address : called_c(vm, tick, frames[own].word);
  }
  const void *address = NULL;
  for (uint32_t i = own; i > 0 && address == NULL; i--)
    address = cprof_cnames_at(&vm->cnames, frames[i - 1].pc);
  return address;
}

// If it is still on the stack (it has called Lua), the level it is at.
static int level_of(lua_State *L, int base, const void *address) {
  struct cprof_level level;
  for (int i = base; i < base + 4 && cprof_level_get(L, i, &level); i++)
    if (level.address == address)
      return i;
  return -1;
}

static void walk_from_c(struct cprof_walk *walk, lua_State *L, int base,
                        const struct cprof_tick *tick) {
  const void *address = interrupted_c(walk->vm, tick);
  int level = address != NULL ? level_of(L, base, address) : -1;
  if (address == NULL && !holds(&own_of(walk->vm)->assembler, tick->pc)) {
    count_miss(walk->vm);
    cprof_walk_marker(walk, CPROF_MARK_C);
  } else if (address != NULL && level < 0) {
    cprof_walk_c(walk, address);
  }
  cprof_walk_stack(walk, L, level < 0 ? base : level, 0);
}

// ---- callback ---------------------------------------------------------

static enum cprof_vmstate state_of(int vmstate) {
  switch (vmstate) {
  case 'N':
    return CPROF_VM_COMPILED;
  case 'I':
    return CPROF_VM_INTERPRETED;
  case 'C':
    return CPROF_VM_C;
  case 'G':
    return CPROF_VM_GC;
  case 'J':
    return CPROF_VM_COMPILER;
  default:
    return CPROF_VM_UNKNOWN;
  }
}

static bool is_main(lua_State *L) {
  bool is = lua_pushthread(L) == 1;
  lua_pop(L, 1);
  return is;
}

// What all ticks of one safe point share.
struct drain {
  struct cprof_vm *vm;
  enum cprof_vmstate state;
  int base;           // the level of L where the program's frames begin
  uint64_t weight_ns; // of what was resolved
};

static void resolve_tick(const struct drain *at, lua_State *L,
                         const struct cprof_tick *tick) {
  struct cprof_vm *vm = at->vm;
  enum cprof_vmstate state = at->state;
  struct cprof_walk walk;
  cprof_walk_start(&walk, vm);
  if (state == CPROF_VM_GC)
    cprof_walk_marker(&walk, CPROF_MARK_GC);
  else if (state == CPROF_VM_COMPILER)
    cprof_walk_marker(&walk, CPROF_MARK_COMPILER);
  if (state == CPROF_VM_C)
    walk_from_c(&walk, L, at->base, tick);
  else
    cprof_walk_stack(&walk, L, at->base, 0);
  if (!is_main(L))
    cprof_walk_marker(&walk, CPROF_MARK_COROUTINE);
  cprof_walk_push(&walk, tick, state);
}

static void drain(struct drain *at, lua_State *L) {
  struct cprof_vm *vm = at->vm;
  const struct cprof_tick *tick;
  while ((tick = cprof_queue_peek(vm->queue)) != NULL) {
    at->weight_ns += tick->weight_ns;
    resolve_tick(at, L, tick);
    cprof_queue_pop(vm->queue);
  }
}

static int drain_protected(lua_State *L) {
  drain(lua_touserdata(L, 1), L);
  return 0;
}

static void lose_all(struct cprof_vm *vm) {
  const struct cprof_tick *tick;
  while ((tick = cprof_queue_peek(vm->queue)) != NULL) {
    cprof_safepoint_lose(vm, tick);
    cprof_queue_pop(vm->queue);
  }
}

// Between any two instructions L may have no room for what the walk pushes, or
// memory be short: an error that left this callback would end the profiler and
// hit the program. The call gives room, and the error ends here.
static void on_profile(void *owner_, lua_State *L, int samples, int vmstate) {
  struct cprof_vm *vm = owner_;
  struct drain at = {vm, state_of(vmstate), 1, 0}; // level 0: drain_protected
  (void)samples; // LuaJIT's count; ours are in the queue, with weights
  if (!vm->attached || vm->draining)
    return;
  int saved = errno;
  uint64_t start_ns = cprof_os_wall_ns(), ticks = vm->counters.ticks;
  vm->draining = true;
  if (lua_cpcall(L, drain_protected, &at) != 0) {
    lua_pop(L, 1);
    lose_all(vm);
  }
  vm->draining = false;
  cprof_safepoint_done(vm, start_ns, vm->counters.ticks - ticks);
  errno = saved;
  if (own_of(vm)->user_active)
    cprof_jitprofile_callback(vm, L, vmstate, at.weight_ns);
}

void cprof_vm_flush(struct cprof_vm *vm, lua_State *L) {
  struct drain at = {vm, CPROF_VM_UNKNOWN, 0, 0};
  if (vm->queue == NULL || vm->draining || !cprof_queue_pending(vm->queue))
    return;
  vm->counters.late++;
  drain(&at, L);
}

// Inside lj_dispatch_update, or memcpy called from there, the tick waits for
// the next signal's asking.
bool cprof_vm_ask(struct cprof_vm *vm, const struct cprof_moment *now) {
  const struct cprof_vmjit *own = own_of(vm);
  if (!holds(&own->update, now->pc) && !holds(&own->update, now->top))
    own->handler(SIGPROF);
  return true;
}

// ---- life -------------------------------------------------------------

char cprof_vm_mode(const struct cprof_vm *vm) { return own_of(vm)->mode; }

const char *cprof_vm_name(void) { return LUAJIT_VERSION; }

bool cprof_vm_fact(const struct cprof_vm *vm, uint32_t index, const char **name,
                   const char **value) {
  const struct cprof_vmjit *own = own_of(vm);
  static const char *const names[] = {"mode", "dispatch", "interpreter"};
  const char *const values[] = {own->mode == 'f' ? "f" : "l",
                                own->update.end != 0 ? "known" : "unknown",
                                own->assembler.end != 0 ? "known" : "unknown"};
  if (index >= sizeof names / sizeof *names)
    return false;
  *name = names[index];
  *value = values[index];
  return true;
}

enum cprof_result cprof_vm_setup(struct cprof_vm *vm, lua_State *L) {
  static int scratch_key;
  struct cprof_vmjit *own = calloc(1, sizeof *own);
  if (own == NULL)
    return CPROF_ENOMEM;
  vm->own = own;
  own->misses_scan = 1;
  own->scratch = lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &scratch_key);
  cprof_jitprofile_install(vm, L);
  return CPROF_OK;
}

void cprof_vm_teardown(struct cprof_vm *vm) {
  free(vm->own);
  vm->own = NULL;
}

// Called from Lua: the procedure that called us is the interpreter, one range
// of assembler with one unwind rule.
static int find_assembler(lua_State *L) {
  struct cprof_vmjit *own = lua_touserdata(L, lua_upvalueindex(1));
  struct cprof_proc procs[2];
  if (cprof_unwind_here(procs, 2) == 2)
    own->assembler = procs[1];
  return 0;
}

static int run_find_assembler(lua_State *L) {
  lua_pushcclosure(L, find_assembler, 1); // the argument: own
  if (luaL_loadstring(L, "local f = ... f() return 1") != 0)
    return lua_error(L);
  lua_insert(L, -2);
  lua_call(L, 1, 0);
  return 0;
}

void cprof_vm_prepare(struct cprof_vm *vm, lua_State *L) {
  struct cprof_vmjit *own = own_of(vm);
  (void)L;
  if (own->assembler.end == 0 &&
      lua_cpcall(own->scratch, run_find_assembler, own) != 0)
    lua_pop(own->scratch, 1);
}

// The interval is 1000 s: its timer is stopped before it can expire.
static const char *start_mode(char mode) {
  return mode == 'f' ? "fi1000000" : "li1000000";
}

// The profiler's start and stop drop all traces and tell whoever attached to
// that: so Lua may run, and memory be short. In a finalizer LuaJIT does not
// drop them: those without guards would run on, and their ticks find no safe
// point; its setmode raises there. Argument: the VM.
static int start_profiler(lua_State *L) {
  struct cprof_vm *vm = lua_touserdata(L, 1);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
  luaJIT_profile_start(L, start_mode(own_of(vm)->mode), on_profile, vm);
  return 0;
}

static int stop_profiler(lua_State *L) {
  luaJIT_profile_stop(L);
  return 0;
}

static bool call_profiler(struct cprof_vm *vm, lua_CFunction function) {
  lua_State *scratch = own_of(vm)->scratch;
  bool done = lua_cpcall(scratch, function, vm) == 0;
  if (!done)
    lua_pop(scratch, 1);
  return done;
}

enum cprof_result cprof_vm_attach(struct cprof_vm *vm, lua_State *L,
                                  struct cprof_queue *queue,
                                  const struct cprof_vm_options *options) {
  struct cprof_vmjit *own = own_of(vm);
  (void)L;
  if (holder != NULL && holder != vm)
    return CPROF_EBUSY;
  enum cprof_result result = cprof_signal_passive();
  if (result != CPROF_OK)
    return result;
  own->mode = options->mode;
  if (!call_profiler(vm, start_profiler))
    return CPROF_ESTATE;
  // A VM without cprof may have it: then nothing was installed.
  own->handler = (void (*)(int))(uintptr_t)cprof_signal_foreign();
  if (own->handler == NULL)
    return CPROF_EBUSY;
  cprof_os_itimer_stop();
  cprof_dispatch_find((uint64_t)(uintptr_t)own->handler,
                      (uint64_t)(uintptr_t)lua_sethook, &own->update);
  holder = vm;
  vm->queue = queue;
  vm->pid = cprof_os_pid();
  vm->attached = true;
  return CPROF_OK;
}

void cprof_vm_detach(struct cprof_vm *vm) {
  vm->attached = false;
  cprof_signal_hold();
  call_profiler(vm, stop_profiler);
  cprof_signal_give_back();
  holder = holder == vm ? NULL : holder;
  vm->queue = NULL;
}
