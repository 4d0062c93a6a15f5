// Sessions as Lua sees them: userdata "cprof.core.session".
#ifndef CPROF_LUA_SESSION_H
#define CPROF_LUA_SESSION_H

#include "lua_compat.h"

// With the core's module table on top of the stack: adds core.start.
void cprof_lua_session_open(lua_State *L);

#endif
