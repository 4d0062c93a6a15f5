// Where the machine code of PUC's interpreter loop, collector and allocator
// lies in a stripped binary: found once per VM by unwinding out of a hook, an
// allocator call and a collection. They tell what an interrupted instruction
// belonged to.
#ifndef CPROF_RANGES_LUA54_H
#define CPROF_RANGES_LUA54_H

#include "queue.h"
#include "unwind.h"

#include <lua.h>

struct cprof_ranges {
  bool known;                  // else all ranges are empty
  struct cprof_proc loop;      // luaV_execute
  struct cprof_proc gc;        // of lgc.c, first to last function
  struct cprof_proc creation;  // luaC_newobj, inside gc, but no collector
  struct cprof_proc allocator; // the lua_Alloc function
  struct cprof_proc memory;    // lmem.c, its caller: it may end in a tail call
  struct cprof_proc all;       // from the first of them to the last
};

// Makes and collects a userdata in L, a state of no other use, with its
// allocator wrapped meanwhile. `alloc` is the allocator whose range is wanted.
void cprof_ranges_find(struct cprof_ranges *ranges, lua_State *L,
                       lua_Alloc alloc);

enum cprof_native_state {
  CPROF_NATIVE_OTHER,    // none of the below
  CPROF_NATIVE_LOOP,     // the interpreter loop itself or what it calls
  CPROF_NATIVE_GC,       // the collector
  CPROF_NATIVE_ALLOCATOR // the allocator, not on behalf of the collector
};
// What the tick interrupted. Where a word looks like a return into collector
// or allocator, its stack is unwound: words may be left over from earlier
// calls. What a finalizer runs is the collector's. *loop_words is the number
// of words up to and including the first return into the loop (0: the pc is
// in it).
enum cprof_native_state cprof_ranges_classify(const struct cprof_ranges *ranges,
                                              const struct cprof_tick *tick,
                                              uint32_t *loop_words);

#endif
