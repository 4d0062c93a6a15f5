// Local unwinding by libunwind.
#include "unwind.h"

#include "arch_x86_64.h"
#include "modules.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
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

// ---- steps ------------------------------------------------------------

// How far it is from the stack pointer to behind the return address, at one
// instruction: the same whenever it is reached, if the frame is addressed from
// the stack pointer. To find that out is most of what a walk costs, so it is
// remembered; loading or unloading an object forgets all.
struct step {
  uint64_t pc; // 0: free
  bool is_leaf;
  bool covered;   // by an unwind table
  uint32_t words; // 0: not the same every time
};

#define STEPS_COUNT 1024u // power of two
#define FRAME_WORDS 256u  // larger frames are not simple

static _Thread_local struct step steps[STEPS_COUNT];
static _Thread_local uint64_t steps_generation; // of the loaded objects

static void forget_unloaded(void) {
  uint64_t generation = cprof_modules_generation();
  if (generation != steps_generation)
    memset(steps, 0, sizeof steps);
  steps_generation = generation;
}

// One step from pc on a made-up stack, with the frame pointer at this word of
// it: the distance in words, 0 when there is none.
static uint32_t try_step(uint64_t pc, bool is_leaf, uint32_t frame_word) {
  struct cprof_tick tick;
  unw_context_t context;
  unw_cursor_t cursor;
  unw_word_t sp = 0;
  uint64_t stack[FRAME_WORDS], low = (uint64_t)(uintptr_t)stack;
  for (uint32_t i = 0; i < FRAME_WORDS; i++)
    stack[i] = (uint64_t)(uintptr_t)try_step; // a return address
  memset(&tick, 0, sizeof tick);
  tick.pc = pc;
  tick.registers[ARCH_SP] = low;
  tick.registers[ARCH_FRAME] = low + frame_word * sizeof *stack;
  arch_context(&tick, &context);
  if (unw_init_local2(&cursor, &context, is_leaf ? UNW_INIT_SIGNAL_FRAME : 0) !=
          0 ||
      unw_step(&cursor) <= 0 || unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0)
    return 0;
  uint64_t distance = sp - low;
  return distance < sizeof stack ? (uint32_t)(distance / sizeof *stack) : 0;
}

static struct step find_step(uint64_t pc, bool is_leaf) {
  struct step step = {pc, is_leaf, false, 0};
  struct cprof_proc proc;
  // libunwind guesses where it has no table, and faults on its guess.
  step.covered = cprof_unwind_proc(pc - !is_leaf, &proc);
  if (step.covered) {
    uint32_t one = try_step(pc, is_leaf, FRAME_WORDS / 2);
    uint32_t two = try_step(pc, is_leaf, FRAME_WORDS / 2 + 8);
    step.words = one == two ? one : 0;
  }
  return step;
}

static const struct step *step_of(uint64_t pc, bool is_leaf) {
  struct step *at = &steps[(pc ^ pc >> 10) % STEPS_COUNT];
  if (at->pc != pc || at->is_leaf != is_leaf)
    *at = find_step(pc, is_leaf);
  return at;
}

// ---- ticks ------------------------------------------------------------

// A walk under way; all that it reads lies in the tick.
struct walk {
  const struct cprof_tick *tick;
  const struct cprof_unwind_end *end;
  struct cprof_return *returns;
  uint32_t count;
};

// The next step from the last frame; NULL at the walk's end.
static const struct step *next_step(const struct walk *walk) {
  const struct cprof_return *last = &walk->returns[walk->count - 1];
  const struct cprof_proc *opaque = &walk->end->opaque;
  bool is_leaf = walk->count == 1;
  bool is_opaque = opaque->start <= last->pc && last->pc < opaque->end;
  uint32_t seen = is_leaf ? 0 : last->word + 1;
  if (walk->count == CPROF_UNWIND_MAX || seen >= walk->end->words ||
      is_opaque || last->pc == 0)
    return NULL;
  const struct step *step = step_of(last->pc, is_leaf);
  return step->covered ? step : NULL;
}

// By remembered steps; false where one is not simple.
static bool walk_steps(struct walk *walk) {
  const struct step *step;
  uint64_t words = 0;
  while ((step = next_step(walk)) != NULL) {
    words += step->words;
    if (step->words == 0 || words > walk->tick->word_count)
      return step->words > 0;
    walk->returns[walk->count++] = (struct cprof_return){
        walk->tick->words[words - 1], (uint32_t)words - 1};
  }
  return true;
}

// The copy of the stack becomes the stack: what pointed into the one, such as
// frame pointers, points into the other.
static void move_stack(struct cprof_tick *tick) {
  uint64_t sp = tick->registers[ARCH_SP];
  uint64_t size = tick->word_count * sizeof(uint64_t);
  uint64_t offset = (uint64_t)(uintptr_t)tick->words - sp;
  for (uint32_t i = 0; i < CPROF_REGISTERS; i++)
    if (tick->registers[i] - sp < size)
      tick->registers[i] += offset;
  for (uint32_t i = 0; i < tick->word_count; i++)
    if (tick->words[i] - sp < size)
      tick->words[i] += offset;
}

// By libunwind, which knows every rule.
static void walk_cursor(struct walk *walk) {
  struct cprof_tick moved = *walk->tick;
  unw_context_t context;
  unw_cursor_t cursor;
  move_stack(&moved);
  arch_context(&moved, &context);
  uint64_t low = (uint64_t)(uintptr_t)moved.words;
  uint64_t high = low + moved.word_count * sizeof(uint64_t);
  if (moved.word_count == 0 ||
      unw_init_local2(&cursor, &context, UNW_INIT_SIGNAL_FRAME) != 0)
    return;
  while (next_step(walk) != NULL && unw_step(&cursor) > 0) {
    unw_word_t pc, sp;
    if (unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0 ||
        unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0 || sp <= low || sp > high)
      break;
    uint32_t word = (uint32_t)((sp - low) / sizeof(uint64_t)) - 1;
    walk->returns[walk->count++] = (struct cprof_return){pc, word};
  }
}

uint32_t cprof_unwind_tick(const struct cprof_tick *tick,
                           const struct cprof_unwind_end *end,
                           struct cprof_return returns[CPROF_UNWIND_MAX]) {
  struct walk walk = {tick, end, returns, 1};
  returns[0] = (struct cprof_return){tick->pc, 0};
  forget_unloaded();
  if (!walk_steps(&walk)) {
    walk.count = 1;
    walk_cursor(&walk);
  }
  return walk.count;
}
