// Proto and LClosure of Lua 5.4 by offsets, after lobject.h; x86-64 and every
// other LP64 ABI lay them out so:
//
//   LClosure: next 0 · tt 8 · marked 9 · nupvalues 10 · gclist 16 · p 24
//   Proto:    next 0 · tt 8 · marked 9 · numparams 10 · is_vararg 11 ·
//             maxstacksize 12 · sizeupvalues 16 · sizek 20 · sizecode 24 ·
//             sizelineinfo 28 · sizep 32 · sizelocvars 36 ·
//             sizeabslineinfo 40 · linedefined 44 · lastlinedefined 48 ·
//             k 56 · code 64 · p 72 · upvalues 80 · lineinfo 88 ·
//             abslineinfo 96
//
// lineinfo holds a signed byte an instruction: the line's difference to that
// of the instruction before, or -128: look in abslineinfo, pairs (pc, line)
// sorted by pc (lcode.c, savelineinfo).
#include "proto_lua54.h"

#include "os.h" // cprof_os_peek while nothing is believed yet

#include "lua_compat.h"

#include <stdlib.h>
#include <string.h>

enum {
  CLOSURE_PROTO = 24,
  PROTO_SIZE_CODE = 24,
  PROTO_SIZE_LINES = 28,
  PROTO_SIZE_ABS_LINES = 40,
  PROTO_LINE_DEFINED = 44,
  PROTO_LAST_LINE = 48,
  PROTO_CODE = 64,
  PROTO_LINES = 88,
  PROTO_ABS_LINES = 96,
  PROTO_BYTES = 104, // of it that are read
  NO_DELTA = -128,
};

struct abs_line {
  int pc, line;
};

static int int_at(const void *object, size_t offset) {
  int value;
  memcpy(&value, (const char *)object + offset, sizeof value);
  return value;
}

static const void *pointer_at(const void *object, size_t offset) {
  const void *value;
  memcpy(&value, (const char *)object + offset, sizeof value);
  return value;
}

// ---- reading ----------------------------------------------------------

struct cprof_code cprof_proto_code(const void *closure) {
  struct cprof_code code;
  code.proto = pointer_at(closure, CLOSURE_PROTO);
  code.start = (uint64_t)(uintptr_t)pointer_at(code.proto, PROTO_CODE);
  code.end = code.start +
             (uint64_t)int_at(code.proto, PROTO_SIZE_CODE) * sizeof(uint32_t);
  return code;
}

// The last absolute entry at or before index; else "line defined, before all".
static struct abs_line nearest_abs(const void *proto, int index) {
  struct abs_line best = {-1, int_at(proto, PROTO_LINE_DEFINED)};
  const struct abs_line *entries = pointer_at(proto, PROTO_ABS_LINES);
  int low = 0, high = int_at(proto, PROTO_SIZE_ABS_LINES);
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (entries[middle].pc <= index) {
      best = entries[middle];
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return best;
}

static int line_of(const void *proto, int index) {
  const int8_t *deltas = pointer_at(proto, PROTO_LINES);
  if (deltas == NULL || index >= int_at(proto, PROTO_SIZE_LINES))
    return 0;
  struct abs_line at = nearest_abs(proto, index);
  for (int i = at.pc + 1; i <= index; i++)
    if (deltas[i] != NO_DELTA)
      at.line += deltas[i];
  return at.line;
}

int cprof_proto_line(const struct cprof_code *code, uint64_t pc) {
  int index = (int)((pc - code->start) / sizeof(uint32_t)) - 1;
  return index < 0 ? 0 : line_of(code->proto, index);
}

// ---- calibration ------------------------------------------------------

#define STEPS_MAX 2000

// What the count hook saw: the line of every instruction of a straight chunk.
struct steps {
  int count;
  int lines[STEPS_MAX];
};

static int steps_key; // its address keys the steps in the registry

static void on_step(lua_State *L, lua_Debug *ar) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &steps_key);
  struct steps *steps = lua_touserdata(L, -1);
  lua_pop(L, 1);
  lua_getinfo(L, "l", ar);
  if (steps != NULL && steps->count < STEPS_MAX)
    steps->lines[steps->count++] = ar->currentline;
}

struct dump {
  const uint8_t *code;
  size_t code_size;
  struct cprof_buffer bytes;
};

static int on_dump(lua_State *L, const void *bytes, size_t size, void *owner) {
  (void)L;
  struct dump *dump = owner;
  return cprof_buffer_append(&dump->bytes, bytes, size) != CPROF_OK;
}

// Does the function's dump, which is public, hold these instructions?
static bool dump_has_code(lua_State *L, const struct cprof_code *code) {
  struct dump dump = {(const uint8_t *)(uintptr_t)code->start,
                      (size_t)(code->end - code->start),
                      {NULL, 0, 0, 0}};
  bool has = lua_dump(L, on_dump, &dump, 0) == 0 &&
             memmem(dump.bytes.bytes, dump.bytes.size, dump.code,
                    dump.code_size) != NULL;
  cprof_buffer_done(&dump.bytes);
  return has;
}

// Reads closure and Proto through the kernel, so that a wrong guess is no
// fault, and asks whether all that will be read is readable and plausible.
static bool is_plausible(const void *closure, const lua_Debug *ar) {
  const void *proto;
  uint8_t copy[PROTO_BYTES], probe[1];
  if (!cprof_os_peek((const char *)closure + CLOSURE_PROTO, &proto,
                     sizeof proto) ||
      !cprof_os_peek(proto, copy, sizeof copy))
    return false;
  int size = int_at(copy, PROTO_SIZE_CODE);
  const char *code = pointer_at(copy, PROTO_CODE);
  const char *lines = pointer_at(copy, PROTO_LINES);
  const struct abs_line *abs = pointer_at(copy, PROTO_ABS_LINES);
  int abs_size = int_at(copy, PROTO_SIZE_ABS_LINES);
  return int_at(copy, PROTO_LINE_DEFINED) == ar->linedefined &&
         int_at(copy, PROTO_LAST_LINE) == ar->lastlinedefined && size > 0 &&
         size < STEPS_MAX && int_at(copy, PROTO_SIZE_LINES) == size &&
         abs_size >= 0 && abs_size < STEPS_MAX &&
         cprof_os_peek(code, probe, 1) &&
         cprof_os_peek(code + (size_t)size * 4 - 1, probe, 1) &&
         cprof_os_peek(lines + size - 1, probe, 1) &&
         (abs_size == 0 || cprof_os_peek(&abs[abs_size - 1], probe, 1));
}

// Runs the function on top of the stack under the count hook.
static bool run_steps(lua_State *L, struct steps *steps) {
  lua_Hook hook = lua_gethook(L);
  int mask = lua_gethookmask(L), count = lua_gethookcount(L);
  steps->count = 0;
  lua_pushvalue(L, -1);
  lua_sethook(L, on_step, LUA_MASKCOUNT, 1);
  int status = lua_pcall(L, 0, 0, 0);
  lua_sethook(L, hook, mask, count);
  if (status != LUA_OK)
    lua_pop(L, 1);
  return status == LUA_OK;
}

// The function on top runs straight through: every instruction once, in
// order, and the hook told each one's line.
static bool lines_agree(lua_State *L, const struct cprof_code *code,
                        struct steps *steps) {
  int size = (int)((code->end - code->start) / 4);
  if (!run_steps(L, steps) || steps->count != size)
    return false;
  for (int i = 0; i < size; i++)
    if (line_of(code->proto, i) != steps->lines[i])
      return false;
  return true;
}

static bool check_function(lua_State *L, struct steps *steps) {
  lua_Debug ar;
  const void *closure = lua_topointer(L, -1);
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  if (!is_plausible(closure, &ar))
    return false;
  struct cprof_code code = cprof_proto_code(closure);
  return dump_has_code(L, &code) && lines_agree(L, &code, steps);
}

// A function at line 3 whose straight body has one statement a line, with
// blank lines between in some places (differences over 127 need absolute
// entries, and so do more than 128 instructions).
static bool push_chunk(lua_State *L) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  luaL_addstring(&text, "\n\nreturn function()\nlocal a, b = 1, 2\n");
  for (int i = 0; i < 300; i++) {
    luaL_addstring(&text, "a = b ");
    for (int blank = i % 50 == 7 ? 200 : i % 3; blank > 0; blank--)
      luaL_addstring(&text, "\n");
  }
  luaL_addstring(&text, "\nend");
  luaL_pushresult(&text);
  bool loaded = luaL_loadbuffer(L, lua_tostring(L, -1), lua_rawlen(L, -1),
                                "=cprof") == LUA_OK &&
                lua_pcall(L, 0, 1, 0) == LUA_OK;
  return loaded && lua_isfunction(L, -1);
}

bool cprof_proto_calibrate(lua_State *L) {
  int top = lua_gettop(L);
  struct steps *steps = lua_newuserdatauv(L, sizeof *steps, 0);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &steps_key);
  bool agrees = push_chunk(L) && check_function(L, steps);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &steps_key);
  lua_settop(L, top);
  return agrees;
}
