// Walking and pushing, the same on both VMs.
#include "safepoint.h"

#include "os.h" // time

#include <string.h>

// ---- levels -----------------------------------------------------------

static const void *address_of(lua_State *L, lua_Debug *ar) {
  lua_getinfo(L, "f", ar);
  const void *address = cprof_cnames_address(L);
  lua_pop(L, 1);
  return address;
}

bool cprof_level_get(lua_State *L, int level, struct cprof_level *out) {
  if (!lua_getstack(L, level, &out->ar))
    return false;
  lua_getinfo(L, "Sl", &out->ar);
  out->is_c = out->ar.what[0] == 'C';
  out->address = address_of(L, &out->ar);
  return true;
}

// ---- walk -------------------------------------------------------------

void cprof_walk_start(struct cprof_walk *walk, struct cprof_vm *vm) {
  walk->vm = vm;
  walk->depth = 0;
  walk->depth_max = vm->stream.depth_max;
  walk->truncated = false;
  walk->leaf_is_c = false;
}

static void add_frame(struct cprof_walk *walk, uint32_t function, int line) {
  if (walk->depth >= walk->depth_max) {
    walk->truncated = true;
    return;
  }
  struct cprof_frame frame = {function, line > 0 ? (uint32_t)line : 0};
  walk->vm->frames[walk->depth++] = frame;
}

void cprof_walk_marker(struct cprof_walk *walk, enum cprof_marker marker) {
  add_frame(walk, marker, 0);
}

void cprof_walk_c(struct cprof_walk *walk, const void *address) {
  if (walk->depth == 0)
    walk->leaf_is_c = true;
  add_frame(walk, cprof_funcs_c(&walk->vm->stream.funcs, address, ""), 0);
}

static uint32_t c_function(struct cprof_walk *walk, lua_State *L,
                           lua_Debug *ar) {
  struct cprof_funcs *funcs = &walk->vm->stream.funcs;
  const void *address = address_of(L, ar);
  uint32_t number;
  if (cprof_funcs_find_c(funcs, address, &number))
    return number;
  lua_getinfo(L, "n", ar); // seen for the first time: how is it called?
  return cprof_funcs_c(funcs, address, ar->name != NULL ? ar->name : "");
}

void cprof_walk_stack(struct cprof_walk *walk, lua_State *L, int level,
                      int line) {
  lua_Debug ar;
  for (; !walk->truncated && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.what[0] == 'C') {
      walk->leaf_is_c |= walk->depth == 0;
      add_frame(walk, c_function(walk, L, &ar), 0);
    } else {
      uint32_t function =
          cprof_funcs_lua(&walk->vm->stream.funcs, ar.source, ar.linedefined);
      add_frame(walk, function, line > 0 ? line : ar.currentline);
    }
    line = 0;
  }
}

// ---- push -------------------------------------------------------------

void cprof_walk_push(struct cprof_walk *walk, const struct cprof_tick *tick,
                     enum cprof_vmstate state) {
  struct cprof_vm *vm = walk->vm;
  struct cprof_sample sample = {vm->frames,    walk->depth,   walk->truncated,
                                state,         tick->time_ns, tick->weight_ns,
                                tick->signals, tick->serial};
  vm->counters.ticks++;
  vm->counters.ticks_ns += tick->weight_ns;
  cprof_stream_push(&vm->stream, &sample);
}

void cprof_safepoint_done(struct cprof_vm *vm, uint64_t start_ns,
                          uint64_t ticks) {
  uint64_t cost_ns = cprof_os_wall_ns() - start_ns;
  vm->counters.safepoint_ns += cost_ns;
  if (ticks > 0 && vm->queue != NULL)
    cprof_queue_tell_cost(vm->queue, cost_ns / ticks);
}

void cprof_safepoint_lose(struct cprof_vm *vm, const struct cprof_tick *tick) {
  struct cprof_walk walk;
  cprof_walk_start(&walk, vm);
  cprof_walk_marker(&walk, CPROF_MARK_LOST);
  vm->counters.lost += tick->signals;
  vm->counters.lost_ns += tick->weight_ns;
  cprof_walk_push(&walk, tick, CPROF_VM_UNKNOWN);
}
