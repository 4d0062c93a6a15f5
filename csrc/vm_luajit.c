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

// The number of words below the return into the interpreter, which called the
// C function; 0 when it is not in one (any more), or the return lies further
// up than the words go.
static uint32_t words_of_c(const struct cprof_vmjit *own,
                           const struct cprof_tick *tick) {
  if (holds(&own->assembler, tick->pc))
    return 0;
  for (uint32_t i = 0; i < tick->word_count; i++)
    if (holds(&own->assembler, tick->words[i]))
      return i;
  return 0;
}

static const void *known_c(const struct cprof_vm *vm, uint64_t value) {
  const void *address = (const void *)(uintptr_t)value;
  return cprof_cnames_find(&vm->cnames, address) != NULL ? address : NULL;
}

// The interpreter calls a C function through a callee-saved register
// (vm_x64.dasc, BC_FUNCC: `call KBASE`): its address is still there, or among
// the words that the function's prologue pushed.
static const void *called_c(const struct cprof_vm *vm,
                            const struct cprof_tick *tick, uint32_t words) {
  const void *address = NULL;
  for (uint32_t i = words; i > 0 && address == NULL; i--)
    address = known_c(vm, tick->words[i - 1]);
  for (uint32_t i = 0; i < CPROF_REGISTERS && address == NULL; i++)
    address = known_c(vm, tick->registers[i]);
  return address;
}

// The C function that was interrupted; it has returned by now. By the address
// it was called through, else by its machine code: of the return addresses
// below the interpreter the outermost is its own; without one it was the leaf.
static const void *interrupted_c(const struct cprof_vm *vm,
                                 const struct cprof_tick *tick) {
  uint32_t words = words_of_c(own_of(vm), tick);
  if (holds(&own_of(vm)->assembler, tick->pc))
    return NULL;
  const void *address = called_c(vm, tick, words);
  for (uint32_t i = words; i > 0 && address == NULL; i--)
    address = cprof_cnames_at(&vm->cnames, tick->words[i - 1] - 1);
  return address != NULL ? address : cprof_cnames_at(&vm->cnames, tick->pc);
}

// The same for a function that no table leads to: by the unwind tables.
static const void *unnamed_c(const struct cprof_vm *vm,
                             const struct cprof_tick *tick) {
  struct cprof_proc proc;
  uint32_t words = words_of_c(own_of(vm), tick);
  if (words == 0)
    return NULL;
  for (uint32_t i = words; i > 0; i--)
    if (cprof_unwind_proc(tick->words[i - 1] - 1, &proc))
      return (const void *)(uintptr_t)proc.start;
  return cprof_unwind_proc(tick->pc, &proc)
             ? (const void *)(uintptr_t)proc.start
             : NULL;
}

// If it is still on the stack (it has called Lua), the level it is at.
static int level_of(lua_State *L, const void *address) {
  struct cprof_level level;
  for (int i = 0; i < 4 && cprof_level_get(L, i, &level); i++)
    if (level.address == address)
      return i;
  return -1;
}

static void walk_from_c(struct cprof_walk *walk, lua_State *L,
                        const struct cprof_tick *tick) {
  const void *address = interrupted_c(walk->vm, tick);
  if (address == NULL) {
    count_miss(walk->vm);
    address = unnamed_c(walk->vm, tick);
  }
  int level = address != NULL ? level_of(L, address) : 0;
  if (level < 0)
    cprof_walk_c(walk, address);
  cprof_walk_stack(walk, L, level < 0 ? 0 : level, 0);
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

static void resolve_tick(struct cprof_vm *vm, lua_State *L,
                         const struct cprof_tick *tick,
                         enum cprof_vmstate state) {
  struct cprof_walk walk;
  cprof_walk_start(&walk, vm);
  if (state == CPROF_VM_GC)
    cprof_walk_marker(&walk, CPROF_MARK_GC);
  else if (state == CPROF_VM_COMPILER)
    cprof_walk_marker(&walk, CPROF_MARK_COMPILER);
  if (state == CPROF_VM_C)
    walk_from_c(&walk, L, tick);
  else
    cprof_walk_stack(&walk, L, 0, 0);
  if (!is_main(L))
    cprof_walk_marker(&walk, CPROF_MARK_COROUTINE);
  cprof_walk_push(&walk, tick, state);
}

// Returns the weight of what it resolved.
static uint64_t drain(struct cprof_vm *vm, lua_State *L,
                      enum cprof_vmstate state) {
  int saved = errno; // between two instructions of the program
  uint64_t start_ns = cprof_os_wall_ns(), weight_ns = 0;
  const struct cprof_tick *tick;
  vm->draining = true;
  while ((tick = cprof_queue_peek(vm->queue)) != NULL) {
    weight_ns += tick->weight_ns;
    resolve_tick(vm, L, tick, state);
    cprof_queue_pop(vm->queue);
  }
  cprof_safepoint_lost(vm);
  vm->draining = false;
  vm->counters.safepoint_ns += cprof_os_wall_ns() - start_ns;
  errno = saved;
  return weight_ns;
}

static void on_profile(void *owner, lua_State *L, int samples, int vmstate) {
  struct cprof_vm *vm = owner;
  (void)samples; // LuaJIT's count; ours are in the queue, with weights
  if (!vm->attached || vm->draining)
    return;
  uint64_t weight_ns = drain(vm, L, state_of(vmstate));
  if (own_of(vm)->user_active)
    cprof_jitprofile_callback(vm, L, vmstate, weight_ns);
}

void cprof_vm_flush(struct cprof_vm *vm, lua_State *L) {
  if (vm->queue == NULL)
    return;
  if (cprof_queue_pending(vm->queue))
    vm->counters.late++;
  drain(vm, L, CPROF_VM_UNKNOWN); // tells losses too
}

// Inside lj_dispatch_update the tick waits for the next signal's asking.
bool cprof_vm_ask(struct cprof_vm *vm, uint64_t pc) {
  const struct cprof_vmjit *own = own_of(vm);
  if (!holds(&own->update, pc))
    own->handler(SIGPROF);
  return true;
}

// ---- life -------------------------------------------------------------

char cprof_vm_mode(const struct cprof_vm *vm) { return own_of(vm)->mode; }

const char *cprof_vm_name(void) { return LUAJIT_VERSION; }

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

enum cprof_result cprof_vm_attach(struct cprof_vm *vm, lua_State *L,
                                  struct cprof_queue *queue,
                                  const struct cprof_vm_options *options) {
  struct cprof_vmjit *own = own_of(vm);
  if (holder != NULL && holder != vm)
    return CPROF_EBUSY;
  enum cprof_result result = cprof_signal_passive();
  if (result != CPROF_OK)
    return result;
  luaJIT_profile_start(L, start_mode(options->mode), on_profile, vm);
  cprof_os_itimer_stop();
  // A VM without cprof may have it: then nothing was installed.
  own->handler = (void (*)(int))(uintptr_t)cprof_signal_foreign();
  if (own->handler == NULL) {
    cprof_signal_restore();
    return CPROF_EBUSY;
  }
  cprof_dispatch_find((uint64_t)(uintptr_t)own->handler,
                      (uint64_t)(uintptr_t)lua_sethook, &own->update);
  own->mode = options->mode;
  holder = vm;
  vm->queue = queue;
  vm->attached = true;
  return CPROF_OK;
}

void cprof_vm_detach(struct cprof_vm *vm) {
  vm->attached = false;
  cprof_signal_hold();
  luaJIT_profile_stop(own_of(vm)->scratch);
  cprof_signal_give_back();
  holder = holder == vm ? NULL : holder;
  vm->queue = NULL;
}
