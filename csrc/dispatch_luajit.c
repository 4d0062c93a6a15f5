// The one function that both LuaJIT's SIGPROF handler and lua_sethook call.
#include "dispatch_luajit.h"

#include <string.h>

#define CODE_MAX 1024u // bytes looked at; the two have about 100 each

// x86-64: one byte, then the distance from behind the instruction.
#define CALL_REL32 0xe8u
#define JUMP_REL32 0xe9u
#define INSTRUCTION_SIZE 5u

struct code {
  struct cprof_proc proc;
  uint8_t bytes[CODE_MAX];
  size_t size;
};

static bool read_code(uint64_t pc, struct code *code) {
  if (!cprof_unwind_proc(pc, &code->proc))
    return false;
  uint64_t size = code->proc.end - code->proc.start;
  code->size = size < CODE_MAX ? (size_t)size : CODE_MAX;
  // What an unwind table covers is there.
  memcpy(code->bytes, (const void *)(uintptr_t)code->proc.start, code->size);
  return true;
}

// Where the call or jump at byte i leads; 0 when there is none.
static uint64_t target_at(const struct code *code, size_t i) {
  int32_t distance;
  if (code->bytes[i] != CALL_REL32 && code->bytes[i] != JUMP_REL32)
    return 0;
  if (i + INSTRUCTION_SIZE > code->size)
    return 0;
  memcpy(&distance, code->bytes + i + 1, sizeof distance);
  return code->proc.start + i + INSTRUCTION_SIZE + (uint64_t)(int64_t)distance;
}

static bool leads_to(const struct code *code, uint64_t target) {
  for (size_t i = 0; i < code->size; i++)
    if (target_at(code, i) == target)
      return true;
  return false;
}

// Bytes that only look like a call lead to no function's first instruction.
bool cprof_dispatch_find(uint64_t handler, uint64_t sethook,
                         struct cprof_proc *update) {
  struct code from, other;
  memset(update, 0, sizeof *update);
  if (!read_code(handler, &from) || !read_code(sethook, &other))
    return false;
  for (size_t i = 0; i < from.size; i++) {
    uint64_t target = target_at(&from, i);
    if (target != 0 && leads_to(&other, target) &&
        cprof_unwind_proc(target, update) && update->start == target)
      return true;
  }
  memset(update, 0, sizeof *update);
  return false;
}
