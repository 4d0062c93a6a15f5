// libunwind, outside the handler only: it takes the loader's lock. Used to
// find where functions begin and end, and who called whom at calibration.
#ifndef CPROF_UNWIND_H
#define CPROF_UNWIND_H

#include "base.h"
#include "queue.h" // struct cprof_tick

struct cprof_proc {
  uint64_t start, end; // [start, end), from the unwind tables
};

// The procedure that holds pc; false when no table covers it.
bool cprof_unwind_proc(uint64_t pc, struct cprof_proc *proc);
// The procedures of the calling stack, leaf first, without the caller of
// this one's own frame; returns how many.
uint32_t cprof_unwind_here(struct cprof_proc *procs, uint32_t procs_max);

// One frame of what a tick interrupted.
struct cprof_return {
  uint64_t pc;   // the tick's, then return addresses
  uint32_t word; // the tick's word that holds it; of the first: unused
};
#define CPROF_UNWIND_MAX 32u // frames of one walk

// Where a walk ends, other than with the words.
struct cprof_unwind_end {
  struct cprof_proc opaque; // code whose tables are not to be believed
  uint32_t words;           // only returns among so many are wanted
};
// The frames of a tick, its pc first, as far as its words go; returns how
// many. The walk ends at code without unwind tables, too.
uint32_t cprof_unwind_tick(const struct cprof_tick *tick,
                           const struct cprof_unwind_end *end,
                           struct cprof_return returns[CPROF_UNWIND_MAX]);

#endif
