// Whose time a tick was on PUC Lua 5.4: the function whose code holds the live
// pc; where none does, by the hook's event. The table of cases is in
// csrc/README.md. At safe points.
#include "vm_lua54.h"

#include "os.h" // time at safe points
#include "proto_lua54.h"

#include "lua_compat.h"

#include <errno.h>
#include <string.h>

// A frame of luaV_execute is some 200 bytes: its spilled pc lies within so
// many words beyond the last return into it.
#define LOOP_FRAME_WORDS 24u

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

// Is this value in a register, or among so many words?
static bool is_present(const struct cprof_tick *tick, uint32_t words,
                       uint64_t value) {
  for (uint32_t i = 0; i < CPROF_REGISTERS; i++)
    if (tick->registers[i] == value)
      return true;
  for (uint32_t i = 0; i < words; i++)
    if (tick->words[i] == value)
      return true;
  return false;
}

static uint64_t first_in_code(const struct cprof_code *code,
                              const struct cprof_tick *tick, uint32_t words) {
  for (uint32_t i = 0; i < CPROF_REGISTERS; i++)
    if (in_code(code, tick->registers[i]))
      return tick->registers[i];
  for (uint32_t i = 0; i < words; i++)
    if (in_code(code, tick->words[i]))
      return tick->words[i];
  return 0;
}

// The live pc, from the registers, else from the words that the callees of
// the interpreter loop pushed; 0 when it lies in none. The compiler keeps the
// next one beside it at times: then the lower is the live one.
static uint64_t live_pc(const struct cprof_code *code,
                        const struct cprof_tick *tick, uint32_t loop_words) {
  uint32_t words = loop_words + LOOP_FRAME_WORDS;
  if (code->proto == NULL)
    return 0;
  if (words > tick->word_count)
    words = tick->word_count;
  uint64_t pc = first_in_code(code, tick, words);
  if (pc > code->start + 4 && is_present(tick, words, pc - 4))
    pc -= 4;
  return pc;
}

// ---- one tick ---------------------------------------------------------

struct resolution {
  struct cprof_vm *vm;
  lua_State *L;
  int event;        // LUA_HOOK…, or one of the two below
  bool behind_hook; // a user's hook stands in between
  bool has_caught;  // pcall or xpcall returns false: what ran is unwound
  lua_State *via;   // ran last of those we know, when L is none of them
  const struct cprof_resume *resumes; // who resumed L
  struct leaf leaf;
  struct leaf callee; // CALL of a vararg function: it, else without code
};

enum { EVENT_LATE = -1 }; // not from a hook: a coroutine or session ended

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
  if (at->behind_hook && at->leaf.code.proto != NULL) {
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

// A vararg function tells of its call when its first instruction has copied
// the parameters: that time is its own already.
static bool in_prologue(const struct resolution *at,
                        const struct cprof_tick *tick, uint32_t loop_words) {
  const struct cprof_code *code = &at->callee.code;
  uint64_t pc = code->start + sizeof(uint32_t);
  uint32_t words = 0; // none while the caller's pc is there, too
  if (code->proto == NULL)
    return false;
  if (live_pc(&at->leaf.code, tick, loop_words) == 0)
    words = loop_words + LOOP_FRAME_WORDS;
  return is_present(tick, words < tick->word_count ? words : tick->word_count,
                    pc);
}

static void resolve_tick(struct resolution *from,
                         const struct cprof_tick *tick) {
  struct cprof_walk walk;
  struct resolution own, *at = from;
  uint32_t loop_words;
  int line = 0;
  enum cprof_native_state native =
      cprof_ranges_classify(&own_of(at->vm)->ranges, tick, &loop_words);
  if (in_prologue(from, tick, loop_words)) {
    own = *from;
    own.leaf = own.callee;
    at = &own;
  }
  cprof_walk_start(&walk, at->vm);
  if (native == CPROF_NATIVE_GC)
    cprof_walk_marker(&walk, CPROF_MARK_GC);
  if (at->has_caught)
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
  uint64_t start_ns = cprof_os_wall_ns(), ticks = vm->counters.ticks;
  vm->draining = true;
  while ((tick = cprof_queue_peek(vm->queue)) != NULL) {
    if (tick->hooked)
      push_hooked(vm, tick);
    else
      resolve(at, tick);
    cprof_queue_pop(vm->queue);
  }
  vm->draining = false;
  cprof_safepoint_done(vm, start_ns, vm->counters.ticks - ticks);
  errno = saved;
}

// Does a function that catches errors return with one? Its first result says.
static bool caught_an_error(const struct resolution *at, lua_Debug *ar) {
  const struct cprof_vm54 *own = own_of(at->vm);
  const void *address = at->leaf.info.address;
  if (ar->event != LUA_HOOKRET || !at->leaf.exists ||
      (address != own->pcall && address != own->xpcall))
    return false;
  lua_getinfo(at->L, "r", ar);
  if (lua_getlocal(at->L, ar, ar->ftransfer) == NULL)
    return false;
  bool failed = !lua_toboolean(at->L, -1);
  lua_pop(at->L, 1);
  return failed;
}

static void read_callee(const struct cprof_vm *vm, lua_State *L,
                        struct leaf *callee) {
  read_leaf(vm, L, 0, callee);
  lua_getinfo(L, "u", &callee->info.ar);
  if (!callee->info.ar.isvararg)
    callee->code.proto = NULL;
}

void cprof_vm54_resolve(struct cprof_vm *vm, lua_State *L, lua_Debug *ar,
                        bool behind_hook) {
  int event = ar->event;
  struct resolution at = resolution(vm, L, event);
  at.behind_hook = behind_hook;
  if (vm->queue == NULL || !cprof_queue_pending(vm->queue))
    return;
  // The time before a call was the caller's.
  read_leaf(vm, L, event == LUA_HOOKCALL ? 1 : 0, &at.leaf);
  if (event == LUA_HOOKCALL)
    read_callee(vm, L, &at.callee);
  at.has_caught = caught_an_error(&at, ar);
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
    cprof_walk_c(&walk, cprof_cnames_address(at->L));
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
