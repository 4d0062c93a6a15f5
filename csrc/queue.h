// What the signal handler saw, on its way to the next safe point. One queue a
// thread: the handler is the only writer, the safe point of the same thread
// the only reader. Fixed size, no lock, no allocation after new.
#ifndef CPROF_QUEUE_H
#define CPROF_QUEUE_H

#include "base.h"

#include <stdatomic.h>

#define CPROF_REGISTERS 16u // general registers of x86-64; others fill fewer
// Stack words kept with a tick. Lua's interpreter and what it calls keep the
// live pc in a callee-saved register, which the callee pushes: found within
// 64 words in 2.7 % of the cases; a finalizer's frames down to the collector
// need about 100.
#define CPROF_STACK_WORDS 128u
// At most 250 signals a second come (the tick): half a second without a safe
// point, in 150 KiB a thread. What comes beyond is merged.
#define CPROF_QUEUE_SIZE 128u // power of two

// One signal.
struct cprof_tick {
  uint64_t time_ns;                    // CLOCK_MONOTONIC
  uint64_t weight_ns;                  // period × (1 + overrun)
  uint64_t signals;                    // 1, and those it stands in for
  uint64_t serial;                     // counts its thread's ticks from 0
  uint64_t pc;                         // the interrupted instruction
  uint32_t word_count;                 // valid words
  bool hooked;                         // no safe point could be asked for
  uint64_t registers[CPROF_REGISTERS]; // 0 where an architecture has fewer
  uint64_t words[CPROF_STACK_WORDS];   // from the stack pointer upwards
};

struct cprof_queue {
  _Atomic uint32_t head;    // next to write; the handler's
  _Atomic uint32_t tail;    // next to read; the safe point's
  _Atomic uint64_t merged;  // signals that found no room of their own, ever
  _Atomic uint64_t cost_ns; // the reader's, of a tick, not yet taken
  struct cprof_tick ticks[CPROF_QUEUE_SIZE];
};

// A queue whose pages are all touched, or NULL.
struct cprof_queue *cprof_queue_new(void);
void cprof_queue_free(struct cprof_queue *queue);

// The slot to fill next, or NULL when full. Handler only. async-signal-safe
struct cprof_tick *cprof_queue_reserve(struct cprof_queue *queue);
// Publishes the reserved slot. Handler only. async-signal-safe
void cprof_queue_commit(struct cprof_queue *queue);
// For when there is no slot: the newest tick stands for these signals too. All
// that waits meets the same safe point, so no time goes astray; the reader is
// at the oldest. Handler only. async-signal-safe
void cprof_queue_merge(struct cprof_queue *queue, uint64_t signals,
                       uint64_t weight_ns);
// What the reader said last that a tick cost it, once. Handler only.
// async-signal-safe
uint64_t cprof_queue_take_cost(struct cprof_queue *queue);
// Is anything waiting? async-signal-safe
bool cprof_queue_pending(const struct cprof_queue *queue);

// The oldest tick, or NULL; it stays valid until pop. Reader only.
const struct cprof_tick *cprof_queue_peek(const struct cprof_queue *queue);
void cprof_queue_pop(struct cprof_queue *queue);
// Tells the handler what one tick cost. Reader only.
void cprof_queue_tell_cost(struct cprof_queue *queue, uint64_t cost_ns);
// Drops all that waits. Reader only.
void cprof_queue_clear(struct cprof_queue *queue);

#endif
