// How many instructions are left until a coroutine's count hook fires: PUC
// 5.4 keeps that in the lua_State and no public API tells it. The offset is
// found, and believed, only by a calibration. At safe points only.
#ifndef CPROF_HOOKCOUNT_LUA54_H
#define CPROF_HOOKCOUNT_LUA54_H

#include "base.h"

#include <lua.h>

// Looks for it in L, a state of no other use; 0: not found.
size_t cprof_hookcount_calibrate(lua_State *L);
// The instructions left, given the offset.
int cprof_hookcount_get(const lua_State *L, size_t offset);

#endif
