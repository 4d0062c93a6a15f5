// Finding the ranges, and reading ticks by them.
#include "ranges_lua54.h"

#include "lua_compat.h"

#include <string.h>

#define PROCS_MAX 24u
#define PROBE_SIZE 4242u // of the userdata by which its allocation is known
#define MEMORY_BYTES_MAX 0x2000u // lmem.c makes some 1 KiB
#define GC_BYTES_MAX 0x10000u // lgc.c makes some 12 KiB; more is a wrong guess

static bool holds(const struct cprof_proc *range, uint64_t pc) {
  return range->start <= pc && pc < range->end;
}

static bool in_gc(const struct cprof_ranges *ranges, uint64_t pc) {
  return holds(&ranges->gc, pc) && !holds(&ranges->creation, pc);
}

// ---- allocator and collector ------------------------------------------

struct probe {
  lua_Alloc alloc; // the VM's own
  void *owner;
  void *block; // of the probe's userdata
  struct cprof_proc created[PROCS_MAX], freed[PROCS_MAX];
  uint32_t created_count, freed_count;
};

static void *on_alloc(void *owner, void *block, size_t old, size_t size) {
  struct probe *probe = owner;
  if (block != NULL && block == probe->block && size == 0) {
    probe->freed_count = cprof_unwind_here(probe->freed, PROCS_MAX);
    probe->block = NULL;
  }
  void *result = probe->alloc(probe->owner, block, old, size);
  if (block == NULL && size >= PROBE_SIZE && probe->created_count == 0) {
    probe->created_count = cprof_unwind_here(probe->created, PROCS_MAX);
    probe->block = result;
  }
  return result;
}

static int make_garbage(lua_State *L) {
  lua_newuserdatauv(L, PROBE_SIZE, 0);
  lua_pop(L, 1);
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

static bool run_probe(lua_State *L, struct probe *probe) {
  memset(probe, 0, sizeof *probe);
  probe->alloc = lua_getallocf(L, &probe->owner);
  lua_pushcfunction(L, make_garbage);
  lua_setallocf(L, on_alloc, probe);
  bool ran = lua_pcall(L, 0, 0, 0) == LUA_OK;
  lua_setallocf(L, probe->alloc, probe->owner);
  if (!ran)
    lua_pop(L, 1);
  return ran && probe->created_count > 2 && probe->freed_count > 3;
}

static bool is_lua_gc(const struct cprof_proc *proc) {
  return holds(proc, (uint64_t)(uintptr_t)lua_gc);
}

// freed: on_alloc, luaM_free_, then freeobj … luaC_fullgc, then lua_gc.
static bool find_gc(struct cprof_ranges *ranges, const struct probe *probe) {
  struct cprof_proc gc = {UINT64_MAX, 0};
  uint32_t i = 2;
  for (; i < probe->freed_count && !is_lua_gc(&probe->freed[i]); i++) {
    if (probe->freed[i].start < gc.start)
      gc.start = probe->freed[i].start;
    if (probe->freed[i].end > gc.end)
      gc.end = probe->freed[i].end;
  }
  if (i == probe->freed_count || gc.end - gc.start > GC_BYTES_MAX)
    return false;
  ranges->gc = gc;
  for (uint32_t k = 0; k < probe->created_count; k++)
    if (holds(&gc, probe->created[k].start))
      ranges->creation = probe->created[k];
  return true;
}

// created[1] and freed[1]: luaM_malloc_ and luaM_free_, the callers of
// on_alloc; what lies between them is lmem.c.
static bool find_memory(struct cprof_ranges *ranges,
                        const struct probe *probe) {
  const struct cprof_proc *a = &probe->created[1], *b = &probe->freed[1];
  ranges->memory.start = a->start < b->start ? a->start : b->start;
  ranges->memory.end = a->end > b->end ? a->end : b->end;
  return ranges->memory.end - ranges->memory.start < MEMORY_BYTES_MAX;
}

// ---- interpreter loop -------------------------------------------------

// Upvalue 1: where the procedures go.
static int look_up(lua_State *L) {
  struct probe *probe = lua_touserdata(L, lua_upvalueindex(1));
  probe->created_count = cprof_unwind_here(probe->created, PROCS_MAX);
  return 0;
}

// Of the procedures between a C function and the lua_pcall below it, the
// interpreter loop is the largest by far.
static bool find_loop(lua_State *L, struct cprof_ranges *ranges,
                      struct probe *probe) {
  struct cprof_proc largest = {0, 0};
  probe->created_count = 0;
  if (luaL_loadstring(L, "local f = ... f() return 1") != LUA_OK) {
    lua_pop(L, 1);
    return false;
  }
  lua_pushlightuserdata(L, probe);
  lua_pushcclosure(L, look_up, 1);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    lua_pop(L, 1);
    return false;
  }
  for (uint32_t i = 0; i < probe->created_count; i++) {
    const struct cprof_proc *proc = &probe->created[i];
    if (holds(proc, (uint64_t)(uintptr_t)lua_pcallk))
      break;
    if (proc->end - proc->start > largest.end - largest.start)
      largest = *proc;
  }
  ranges->loop = largest;
  return largest.end - largest.start > 4096; // luaV_execute is some 10 KiB
}

static void cover(struct cprof_proc *all, const struct cprof_proc *proc) {
  if (proc->start < all->start)
    all->start = proc->start;
  if (proc->end > all->end)
    all->end = proc->end;
}

static void cover_all(struct cprof_ranges *ranges) {
  ranges->all = ranges->loop;
  cover(&ranges->all, &ranges->gc);
  cover(&ranges->all, &ranges->allocator);
  cover(&ranges->all, &ranges->memory);
}

void cprof_ranges_find(struct cprof_ranges *ranges, lua_State *L,
                       lua_Alloc alloc) {
  struct probe probe;
  memset(ranges, 0, sizeof *ranges);
  if (!lua_checkstack(L, 8))
    return;
  ranges->known =
      run_probe(L, &probe) && find_gc(ranges, &probe) &&
      find_memory(ranges, &probe) &&
      cprof_unwind_proc((uint64_t)(uintptr_t)alloc, &ranges->allocator) &&
      find_loop(L, ranges, &probe);
  if (!ranges->known)
    memset(ranges, 0, sizeof *ranges);
  cover_all(ranges);
}

// ---- reading ticks ----------------------------------------------------

static enum cprof_native_state state_at(const struct cprof_ranges *ranges,
                                        uint64_t pc) {
  if (!holds(&ranges->all, pc)) // most words are no code of these
    return CPROF_NATIVE_OTHER;
  if (in_gc(ranges, pc))
    return CPROF_NATIVE_GC;
  if (holds(&ranges->allocator, pc) || holds(&ranges->memory, pc))
    return CPROF_NATIVE_ALLOCATOR;
  return holds(&ranges->loop, pc) ? CPROF_NATIVE_LOOP : CPROF_NATIVE_OTHER;
}

// The number of words up to the first return into the loop. *suspects is the
// number of words up to the last that looks like a return into collector or
// allocator.
static uint32_t scan_words(const struct cprof_ranges *ranges,
                           const struct cprof_tick *tick, uint32_t *suspects) {
  uint32_t loop_words = tick->word_count;
  *suspects = 0;
  for (uint32_t i = tick->word_count; i-- > 0;) {
    enum cprof_native_state state = state_at(ranges, tick->words[i]);
    if (state == CPROF_NATIVE_LOOP)
      loop_words = i + 1;
    else if (state != CPROF_NATIVE_OTHER && *suspects == 0)
      *suspects = i + 1;
  }
  return loop_words;
}

// By the frames: the collector, wherever it is among them; else the allocator,
// when it was called without Lua code in between.
static enum cprof_native_state by_frames(const struct cprof_ranges *ranges,
                                         const struct cprof_tick *tick,
                                         uint32_t suspects) {
  struct cprof_return frames[CPROF_UNWIND_MAX];
  struct cprof_unwind_end end = {{0, 0}, suspects};
  uint32_t count = cprof_unwind_tick(tick, &end, frames);
  enum cprof_native_state found = CPROF_NATIVE_OTHER;
  for (uint32_t i = 0; i < count; i++) {
    enum cprof_native_state state = state_at(ranges, frames[i].pc);
    if (state == CPROF_NATIVE_GC)
      return state;
    if (found == CPROF_NATIVE_OTHER)
      found = state;
  }
  return found;
}

enum cprof_native_state cprof_ranges_classify(const struct cprof_ranges *ranges,
                                              const struct cprof_tick *tick,
                                              uint32_t *loop_words) {
  enum cprof_native_state state = state_at(ranges, tick->pc);
  uint32_t suspects, words = scan_words(ranges, tick, &suspects);
  *loop_words = state == CPROF_NATIVE_LOOP ? 0 : words;
  if (state == CPROF_NATIVE_GC ||
      (suspects == 0 && state != CPROF_NATIVE_ALLOCATOR))
    return state == CPROF_NATIVE_OTHER && words > 0 ? CPROF_NATIVE_LOOP : state;
  return by_frames(ranges, tick, suspects);
}
