// The code of a Lua function of PUC 5.4, which no public API shows: where its
// instructions lie, and the line of each. Offsets are those of 5.4.0 to
// 5.4.8; they are believed only after a calibration against chunks whose
// answers the public API gives. At safe points only, for live functions only.
#ifndef CPROF_PROTO_LUA54_H
#define CPROF_PROTO_LUA54_H

#include "base.h"

#include <lua.h>

struct cprof_code {
  const void *proto;
  uint64_t start, end; // of the instructions, 4 bytes each
};

// Loads chunks with known lines, runs them under a count hook, compares. The
// stack and the hook of L stay as they were. false: do not use the rest.
bool cprof_proto_calibrate(lua_State *L);
// The code of the Lua closure at this address (lua_topointer).
struct cprof_code cprof_proto_code(const void *closure);
// The line of the instruction that was executing when the interpreter's pc,
// which points behind it, was `pc`, start < pc <= end. 0: no line
// information (a stripped chunk).
int cprof_proto_line(const struct cprof_code *code, uint64_t pc);

#endif
