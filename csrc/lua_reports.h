// What people read of a profile, as tables: the methods rows, graph, fold and
// total of the userdata "cprof.profile".
#ifndef CPROF_LUA_REPORTS_H
#define CPROF_LUA_REPORTS_H

#include "lua_compat.h"
#include "profile.h"

// Adds the methods to the table on top of the stack.
void cprof_lua_reports_open(lua_State *L);

// The value index in this argument, counted from 1 there and from 0 here, the
// default when it is absent. False when out of range; raises when it is no
// integer.
bool cprof_lua_get_index(lua_State *L, const struct cprof_profile *profile,
                         int position, uint32_t *index);
// What an entry point returns then.
int cprof_lua_fail_index(lua_State *L);
// Pushes a string, each only once: the table at the stack position `kept`, at
// first empty, keeps them by id.
void cprof_lua_push_string(lua_State *L, const struct cprof_strings *strings,
                           int kept, uint32_t id);

#endif
