// Registers of an interrupted x86-64 thread. Another architecture needs: its
// pc, its stack pointer, and every general register that can hold the
// interpreter's pc (at most CPROF_REGISTERS), from its ucontext_t.
// Everything here is async-signal-safe. For os_linux.c alone.
#ifndef CPROF_ARCH_X86_64_H
#define CPROF_ARCH_X86_64_H

#include "queue.h"

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

// The callee-saved ones first: the live pc of an interpreter is mostly there.
static inline void arch_registers(const ucontext_t *context,
                                  uint64_t out[CPROF_REGISTERS]) {
  static const int order[CPROF_REGISTERS] = {
      REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15, REG_RAX, REG_RCX,
      REG_RDX, REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11, REG_RSP};
  for (unsigned i = 0; i < CPROF_REGISTERS; i++)
    out[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
}

#endif
