// libunwind, outside the handler only: it takes the loader's lock. Used to
// find where functions begin and end, and who called whom at calibration.
#ifndef CPROF_UNWIND_H
#define CPROF_UNWIND_H

#include "base.h"

struct cprof_proc {
  uint64_t start, end; // [start, end), from the unwind tables
};

// The procedure that holds pc; false when no table covers it.
bool cprof_unwind_proc(uint64_t pc, struct cprof_proc *proc);
// The procedures of the calling stack, leaf first, without the caller of
// this one's own frame; returns how many.
uint32_t cprof_unwind_here(struct cprof_proc *procs, uint32_t procs_max);

#endif
