// Merging as Lua sees it; lua/cprof/merge.lua decides what goes in how.
#ifndef CPROF_LUA_MERGE_H
#define CPROF_LUA_MERGE_H

#include "lua_compat.h"

// With the core's module table on top of the stack: adds core.merge and
// core.sums.
void cprof_lua_merge_open(lua_State *L);

#endif
