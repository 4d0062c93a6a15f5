// Every stack of a profile as tables: the method stacks of the userdata
// "cprof.profile".
#ifndef CPROF_LUA_STACKS_H
#define CPROF_LUA_STACKS_H

#include "lua_compat.h"

// Adds the method to the table on top of the stack.
void cprof_lua_stacks_open(lua_State *L);

#endif
