// Registers of an interrupted x86-64 thread. Another architecture needs: its
// pc, its stack pointer, and every general register that can hold the
// interpreter's pc (at most CPROF_REGISTERS), from its ucontext_t.
// Everything here is async-signal-safe. For os_linux.c and
// unwind.c alone.
#ifndef CPROF_ARCH_X86_64_H
#define CPROF_ARCH_X86_64_H

#include "queue.h"

#include <string.h>
#include <ucontext.h>

#ifndef __x86_64__
#error "cprof knows x86-64 only; see arch_x86_64.h for what a port needs"
#endif

static inline uint64_t arch_pc(const ucontext_t *context) {
  return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uint64_t arch_sp(const ucontext_t *context) {
  return (uint64_t)context->uc_mcontext.gregs[REG_RSP];
}

// Where a tick keeps the stack pointer and the frame pointer.
#define ARCH_SP 15u
#define ARCH_FRAME 1u

// The callee-saved ones first: the live pc of an interpreter is mostly there.
static inline const int *arch_register_order(void) {
  static const int order[CPROF_REGISTERS] = {
      REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15, REG_RAX, REG_RCX,
      REG_RDX, REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11, REG_RSP};
  return order;
}

static inline void arch_registers(const ucontext_t *context,
                                  uint64_t out[CPROF_REGISTERS]) {
  const int *order = arch_register_order();
  for (unsigned i = 0; i < CPROF_REGISTERS; i++)
    out[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
}

// The registers of a tick as a context.
static inline void arch_context(const struct cprof_tick *tick,
                                ucontext_t *context) {
  const int *order = arch_register_order();
  memset(context, 0, sizeof *context);
  for (unsigned i = 0; i < CPROF_REGISTERS; i++)
    context->uc_mcontext.gregs[order[i]] = (greg_t)tick->registers[i];
  context->uc_mcontext.gregs[REG_RIP] = (greg_t)tick->pc;
}

#endif
