// PUC Lua 5.4: a safe point is a hook on the running coroutine, set by the
// handler, which removes itself. Whose time a tick was: the function whose
// code holds the live pc; where none does, by the hook's event.
#include "vm_lua54.h"

#include "os.h" // time at safe points
#include "proto_lua54.h"

#include "lua_compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A frame of luaV_execute is some 200 bytes: its spilled pc lies within so
// many words beyond the last return into it.
#define LOOP_FRAME_WORDS 24u

static int anchor_key; // its address keys the coroutine that is kept alive

static struct cprof_vm54 *own_of(const struct cprof_vm *vm) { return vm->own; }

// ---- the leaf ---------------------------------------------------------

// Where the walk begins, found once for all ticks of a safe point.
struct leaf {
  int level;               // of L
  bool exists;             // false: the stack begins with the resumer
  struct cprof_level info; // of that level
  struct cprof_code code;  // Lua: of its function; empty when not known
};

static void read_leaf(const struct cprof_vm *vm, lua_State *L, int level,
                      struct leaf *leaf) {
  memset(&leaf->code, 0, sizeof leaf->code);
  leaf->level = level;
  leaf->exists = cprof_level_get(L, level, &leaf->info);
  if (leaf->exists && !leaf->info.is_c && own_of(vm)->lines_exact)
    leaf->code = cprof_proto_code(leaf->info.address);
}

// The interpreter's pc points behind the instruction it executes.
static bool in_code(const struct cprof_code *code, uint64_t value) {
  return code->start < value && value <= code->end && value % 4 == 0;
}

// The live pc, from the registers, else from the words that the callees of
// the interpreter loop pushed; 0 when it lies in none.
static uint64_t live_pc(const struct cprof_code *code,
                        const struct cprof_tick *tick, uint32_t loop_words) {
  uint32_t words = loop_words + LOOP_FRAME_WORDS;
  if (code->proto == NULL)
    return 0;
  for (uint32_t i = 0; i < CPROF_REGISTERS; i++)
    if (in_code(code, tick->registers[i]))
      return tick->registers[i];
  for (uint32_t i = 0; i < words && i < tick->word_count; i++)
    if (in_code(code, tick->words[i]))
      return tick->words[i];
  return 0;
}

// ---- one tick ---------------------------------------------------------

struct resolution {
  struct cprof_vm *vm;
  lua_State *L;
  int event;        // LUA_HOOK…, or one of the two below
  bool behind_hook; // a user's hook stands in between
  lua_State *via;   // ran last of those we know, when L is none of them
  const struct cprof_resume *resumes; // who resumed L
  struct leaf leaf;
};

enum { EVENT_LATE = -1 }; // not from a hook: a coroutine or session ended

lua_State *cprof_vm54_via(const struct cprof_vm *vm, const lua_State *L) {
  lua_State *last = vm->running;
  bool known = L == last || L == vm->main;
  return known || lua_status(last) != LUA_OK ? NULL : last;
}

static struct resolution resolution(struct cprof_vm *vm, lua_State *L,
                                    int event) {
  return (struct resolution){.vm = vm,
                             .L = L,
                             .event = event,
                             .via = cprof_vm54_via(vm, L),
                             .resumes = own_of(vm)->resumes};
}

// Who resumed L, and who resumed that.
static void walk_resumers(struct cprof_walk *walk,
                          const struct resolution *of) {
  if (of->via != NULL && lua_checkstack(of->via, 1))
    cprof_walk_stack(walk, of->via, 0, 0);
  for (const struct cprof_resume *at = of->resumes; at != NULL; at = at->up)
    cprof_walk_stack(walk, at->from, 0, 0);
}

static bool caught_an_error(const struct resolution *at) {
  const struct cprof_vm54 *own = own_of(at->vm);
  const void *address = at->leaf.info.address;
  return at->event == LUA_HOOKRET && at->leaf.exists &&
         (address == own->pcall || address == own->xpcall);
}

// The C function that the tick's pc or a return address below it is in, of
// those that the program has loaded.
static const void *interrupted_c(const struct cprof_vm *vm,
                                 const struct cprof_tick *tick,
                                 uint32_t words) {
  const void *address = cprof_cnames_at(&vm->cnames, tick->pc);
  for (uint32_t i = 0; address == NULL && i < words && i < tick->word_count;
       i++)
    address = cprof_cnames_at(&vm->cnames, tick->words[i] - 1);
  return address;
}

// What ran is gone from the stack: named by its machine code if it was a C
// function, else by a marker.
static void add_raised(const struct resolution *at, struct cprof_walk *walk,
                       const struct cprof_tick *tick, uint32_t words) {
  const void *address = interrupted_c(at->vm, tick, words);
  at->vm->counters.raised++;
  if (address != NULL && address != at->leaf.info.address)
    cprof_walk_c(walk, address);
  cprof_walk_marker(walk, CPROF_MARK_RAISED);
}

// The line of a Lua leaf; 0 keeps what the VM says. Adds [gc] or [hooked]
// above it when the tick cannot have been its own.
static int leaf_line(struct resolution *at, struct cprof_walk *walk,
                     const struct cprof_tick *tick, uint32_t loop_words) {
  struct cprof_vm *vm = at->vm;
  uint64_t pc = live_pc(&at->leaf.code, tick, loop_words);
  if (pc != 0) {
    vm->counters.lines_live++;
    return cprof_proto_line(&at->leaf.code, pc);
  }
  vm->counters.lines_hook++;
  if (walk->depth > 0)
    return 0;
  if (cprof_ranges_in_gc(&own_of(vm)->ranges, tick)) {
    cprof_walk_marker(walk, CPROF_MARK_GC);
  } else if (at->behind_hook && at->leaf.code.proto != NULL) {
    vm->counters.hooked++;
    cprof_walk_marker(walk, CPROF_MARK_HOOKED);
  }
  return 0;
}

static enum cprof_vmstate state_of(const struct leaf *leaf,
                                   enum cprof_native_state native) {
  if (native == CPROF_NATIVE_GC)
    return CPROF_VM_GC;
  if (native == CPROF_NATIVE_ALLOCATOR)
    return CPROF_VM_ALLOCATOR;
  return leaf->exists && leaf->info.is_c ? CPROF_VM_C : CPROF_VM_INTERPRETED;
}

static void resolve_tick(struct resolution *at, const struct cprof_tick *tick) {
  struct cprof_walk walk;
  uint32_t loop_words;
  int line = 0;
  enum cprof_native_state native =
      cprof_ranges_classify(&own_of(at->vm)->ranges, tick, &loop_words);
  cprof_walk_start(&walk, at->vm);
  if (native == CPROF_NATIVE_GC)
    cprof_walk_marker(&walk, CPROF_MARK_GC);
  if (caught_an_error(at))
    add_raised(at, &walk, tick, loop_words);
  else if (at->leaf.exists && !at->leaf.info.is_c)
    line = leaf_line(at, &walk, tick, loop_words);
  if (at->leaf.exists)
    cprof_walk_stack(&walk, at->L, at->leaf.level, line);
  walk_resumers(&walk, at);
  cprof_walk_push(&walk, tick, state_of(&at->leaf, native));
}

// The frame that made a tail call is gone: itself again if the pc says so,
// else a marker under its caller.
static void resolve_tail_call(struct resolution *at,
                              const struct cprof_tick *tick) {
  struct cprof_walk walk;
  uint32_t loop_words;
  enum cprof_native_state native =
      cprof_ranges_classify(&own_of(at->vm)->ranges, tick, &loop_words);
  uint64_t pc = live_pc(&at->leaf.code, tick, loop_words);
  cprof_walk_start(&walk, at->vm);
  if (native == CPROF_NATIVE_GC)
    cprof_walk_marker(&walk, CPROF_MARK_GC);
  if (pc != 0) {
    cprof_walk_stack(&walk, at->L, 0, cprof_proto_line(&at->leaf.code, pc));
  } else {
    at->vm->counters.tail_calls++;
    cprof_walk_marker(&walk, CPROF_MARK_TAIL_CALL);
    cprof_walk_stack(&walk, at->L, 1, 0);
  }
  walk_resumers(&walk, at);
  cprof_walk_push(&walk, tick, CPROF_VM_INTERPRETED);
}

// A foreign hook stood in the way: nothing else is known.
static void push_hooked(struct cprof_vm *vm, const struct cprof_tick *tick) {
  struct cprof_walk walk;
  cprof_walk_start(&walk, vm);
  cprof_walk_marker(&walk, CPROF_MARK_HOOKED);
  vm->counters.hooked++;
  cprof_walk_push(&walk, tick, CPROF_VM_UNKNOWN);
}

// ---- all pending ticks ------------------------------------------------

typedef void resolve_one(struct resolution *at, const struct cprof_tick *tick);

// Empties the queue. Walks may allocate, a collection may run finalizers,
// those may reach a safe point: it finds `draining` and leaves.
static void drain(struct resolution *at, resolve_one *resolve) {
  struct cprof_vm *vm = at->vm;
  const struct cprof_tick *tick;
  if (vm->queue == NULL || vm->draining)
    return;
  int saved = errno; // between two instructions of the program
  uint64_t start_ns = cprof_os_wall_ns();
  vm->draining = true;
  while ((tick = cprof_queue_peek(vm->queue)) != NULL) {
    if (tick->hooked)
      push_hooked(vm, tick);
    else
      resolve(at, tick);
    cprof_queue_pop(vm->queue);
  }
  cprof_safepoint_lost(vm);
  vm->draining = false;
  vm->counters.safepoint_ns += cprof_os_wall_ns() - start_ns;
  errno = saved;
}

void cprof_vm54_resolve(struct cprof_vm *vm, lua_State *L, int event,
                        bool behind_hook) {
  struct resolution at = resolution(vm, L, event);
  at.behind_hook = behind_hook;
  if (vm->queue == NULL || !cprof_queue_pending(vm->queue))
    return;
  // The time before a call was the caller's.
  read_leaf(vm, L, event == LUA_HOOKCALL ? 1 : 0, &at.leaf);
  drain(&at, event == LUA_HOOKTAILCALL ? resolve_tail_call : resolve_tick);
}

// One tick of a user's hook function: its value is on top of the stack.
static void resolve_hook_tick(struct resolution *at,
                              const struct cprof_tick *tick) {
  struct cprof_walk walk;
  lua_Debug ar;
  struct cprof_vm *vm = at->vm;
  cprof_walk_start(&walk, vm);
  lua_pushvalue(at->L, -1);
  lua_getinfo(at->L, ">S", &ar);
  if (ar.what[0] == 'C')
    cprof_walk_c(&walk, lua_topointer(at->L, -1));
  else if (walk.depth_max > 0)
    vm->frames[walk.depth++] = (struct cprof_frame){
        cprof_funcs_lua(&vm->stream.funcs, ar.source, ar.linedefined),
        (uint32_t)ar.linedefined};
  cprof_walk_marker(&walk, CPROF_MARK_HOOKED);
  cprof_walk_stack(&walk, at->L, 0, 0);
  walk_resumers(&walk, at);
  cprof_walk_push(&walk, tick, CPROF_VM_INTERPRETED);
}

void cprof_vm54_resolve_in_hook(struct cprof_vm *vm, lua_State *L) {
  struct resolution at = resolution(vm, L, LUA_HOOKCOUNT);
  drain(&at, resolve_hook_tick);
}

// A coroutine that yielded or failed still has the stack the tick saw.
static void resolve_resumed_tick(struct resolution *at,
                                 const struct cprof_tick *tick) {
  at->vm->counters.late++;
  resolve_tick(at, tick);
}

void cprof_vm54_resolve_resumed(struct cprof_vm *vm, lua_State *L,
                                lua_State *co, int status) {
  struct resolution at = resolution(vm, L, EVENT_LATE);
  struct cprof_resume via = {at.via, own_of(vm)->resumes};
  struct cprof_resume here = {L, via.from != NULL ? &via : via.up};
  if (status != LUA_OK && lua_checkstack(co, 1)) {
    at.L = co; // as it was while it ran
    at.via = NULL;
    at.resumes = &here;
  } // else nothing is left of it: the resumer's resume
  read_leaf(vm, at.L, 0, &at.leaf);
  drain(&at, resolve_resumed_tick);
}

void cprof_vm_flush(struct cprof_vm *vm, lua_State *L) {
  struct resolution at = resolution(vm, L, EVENT_LATE);
  if (vm->queue == NULL)
    return;
  read_leaf(vm, L, 0, &at.leaf);
  drain(&at, resolve_resumed_tick);
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
    own->ask_again = 0;
    cprof_vm_ask(vm);
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
  cprof_vm54_resolve(vm, L, ar->event, false);
}

bool cprof_vm54_is_safepoint(lua_Hook hook) { return hook == on_safepoint; }

static bool arm(lua_State *L) {
  lua_Hook hook = lua_gethook(L);
  if (hook == NULL || hook == on_safepoint)
    lua_sethook(L, on_safepoint, SAFEPOINT_MASK, 1);
  return hook == NULL || hook == on_safepoint || hook == cprof_hooks_hook;
}

bool cprof_vm_ask(struct cprof_vm *vm) {
  struct cprof_vm54 *own = own_of(vm);
  lua_State *L = vm->running;
  if (own->changing) {
    own->ask_again = 1;
    return true;
  }
  bool asked = arm(L);
  if (L == own->anchored) // it may have yielded to the host meanwhile
    asked |= arm(vm->main);
  return asked;
}

// ---- life -------------------------------------------------------------

char cprof_vm_mode(const struct cprof_vm *vm) {
  (void)vm;
  return 'l';
}

const char *cprof_vm_name(void) { return LUA_VERSION; }

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
  return 0;
}

// In a state of its own: the code is the same, and the collection it takes is
// not one of the program's heap.
static void calibrate(struct cprof_vm54 *own, lua_State *L) {
  void *owner;
  struct calibration at = {own, lua_getallocf(L, &owner)};
  lua_State *scratch = luaL_newstate();
  own->calibrated = true;
  if (scratch == NULL)
    return;
  lua_pushcfunction(scratch, calibrate_in);
  lua_pushlightuserdata(scratch, &at);
  lua_pcall(scratch, 1, 0, 0);
  lua_close(scratch);
}

// L runs. If it was resumed without us, its end will not be seen: the handler
// must find it alive all the same, so the registry holds it.
static void set_running(struct cprof_vm *vm, lua_State *L) {
  if (L != vm->running && L != vm->main) {
    lua_pushthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &anchor_key);
    own_of(vm)->anchored = L;
  }
  vm->running = L;
}

enum cprof_result cprof_vm_attach(struct cprof_vm *vm, lua_State *L,
                                  struct cprof_queue *queue,
                                  const struct cprof_vm_options *options) {
  struct cprof_vm54 *own = own_of(vm);
  (void)options;
  if (!own->calibrated)
    calibrate(own, L);
  set_running(vm, L);
  vm->lost_seen = queue->lost;
  vm->lost_seen_ns = queue->lost_ns;
  vm->queue = queue;
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
  for (const struct cprof_resume *at = own_of(vm)->resumes; at; at = at->up)
    drop_hook(vm, at->from);
}
