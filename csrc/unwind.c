// Local unwinding by libunwind.
#include "unwind.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

bool cprof_unwind_proc(uint64_t pc, struct cprof_proc *proc) {
  unw_proc_info_t info;
  if (unw_get_proc_info_by_ip(unw_local_addr_space, (unw_word_t)pc, &info,
                              NULL) != 0)
    return false;
  proc->start = info.start_ip;
  proc->end = info.end_ip;
  return proc->start <= pc && pc < proc->end;
}

uint32_t cprof_unwind_here(struct cprof_proc *procs, uint32_t procs_max) {
  unw_context_t context;
  unw_cursor_t cursor;
  uint32_t count = 0;
  if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0)
    return 0;
  while (count < procs_max && unw_step(&cursor) > 0) {
    unw_proc_info_t info;
    if (unw_get_proc_info(&cursor, &info) != 0)
      break;
    procs[count].start = info.start_ip;
    procs[count++].end = info.end_ip;
  }
  return count;
}
