// Local unwinding by libunwind.
#include "unwind.h"

#include "arch_x86_64.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <link.h> // dl_iterate_phdr
#include <string.h>

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

// ---- ticks ------------------------------------------------------------

// Whether tables cover an instruction, remembered by address: to look that up
// is most of what a walk costs. Loading or unloading an object forgets all.
#define KNOWN_COUNT 256u // power of two

struct known {
  uint64_t pc; // 0: free
  bool covered;
};

static _Thread_local struct known known[KNOWN_COUNT];
static _Thread_local unsigned long long known_objects; // loads and unloads

static int count_objects(struct dl_phdr_info *info, size_t size, void *out) {
  (void)size;
  *(unsigned long long *)out = info->dlpi_adds + info->dlpi_subs;
  return 1; // the first object tells
}

static void forget_unloaded(void) {
  unsigned long long objects = 0;
  dl_iterate_phdr(count_objects, &objects);
  if (objects != known_objects)
    memset(known, 0, sizeof known);
  known_objects = objects;
}

static bool is_covered(uint64_t pc) {
  struct known *at = &known[(pc ^ pc >> 8) % KNOWN_COUNT];
  struct cprof_proc proc;
  if (at->pc != pc)
    *at = (struct known){pc, cprof_unwind_proc(pc, &proc)};
  return at->covered;
}

// libunwind guesses where it has no table, and faults on its guess: so it must
// not be asked to step from there.
static bool can_step(uint64_t pc, const struct cprof_proc *opaque) {
  return !(opaque->start <= pc && pc < opaque->end) && is_covered(pc);
}

// The copy of the stack stands for the stack: the frames are found by the
// unwind tables, and all they read lies in it.
uint32_t cprof_unwind_tick(const struct cprof_tick *tick,
                           const struct cprof_unwind_end *end,
                           struct cprof_return returns[CPROF_UNWIND_MAX]) {
  unw_context_t context;
  unw_cursor_t cursor;
  uint64_t low = (uint64_t)(uintptr_t)tick->words;
  uint64_t high = low + tick->word_count * sizeof(uint64_t);
  uint32_t count = 0;
  forget_unloaded();
  arch_context(tick, &context);
  if (unw_init_local2(&cursor, &context, UNW_INIT_SIGNAL_FRAME) != 0)
    return 0;
  returns[count++] = (struct cprof_return){tick->pc, 0};
  while (count < CPROF_UNWIND_MAX && returns[count - 1].word < end->word &&
         can_step(returns[count - 1].pc - (count > 1), &end->opaque) &&
         unw_step(&cursor) > 0) {
    unw_word_t pc, sp;
    if (unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0 ||
        unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0 || sp <= low || sp > high)
      break;
    uint32_t word = (uint32_t)((sp - low) / sizeof(uint64_t)) - 1;
    returns[count++] = (struct cprof_return){pc, word};
  }
  return count;
}
