// Filters as Lua sees them: core.match, core.filter, core.frame_patterns,
// core.mend.
#ifndef CPROF_LUA_FILTER_H
#define CPROF_LUA_FILTER_H

#include "lua_compat.h"

// Adds them to the module table on top of the stack.
void cprof_lua_filter_open(lua_State *L);

#endif
