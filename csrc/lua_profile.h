// Profiles as Lua sees them: userdata "cprof.profile". Its methods are a table
// that lua/cprof/profile.lua extends.
#ifndef CPROF_LUA_PROFILE_H
#define CPROF_LUA_PROFILE_H

#include "lua_compat.h"
#include "profile.h"

#define CPROF_LUA_PROFILE "cprof.profile" // the metatable's name

// With the core's module table on top of the stack: makes the metatable, adds
// core.profile_methods, core.read and core.read_file.
void cprof_lua_profile_open(lua_State *L);

// Pushes a userdata that holds no profile yet. What is stored through the
// result belongs to the garbage collector.
struct cprof_profile **cprof_lua_profile_new(lua_State *L);

// The profile at this stack position; raises when it is something else.
struct cprof_profile *cprof_lua_profile_check(lua_State *L, int index);

// Tells the collector how much memory the profile takes, which it does not
// see; may run finalizers, and so raise. Once it is filled and hangs on the
// stack.
void cprof_lua_profile_weigh(lua_State *L, const struct cprof_profile *profile);

// Pushes a string of the profile.
void cprof_lua_push_id(lua_State *L, const struct cprof_profile *profile,
                       uint32_t string);

// table[key] = integer, or "0x…"; the table is on top.
void cprof_lua_set_integer(lua_State *L, const char *key, int64_t value);
void cprof_lua_set_address(lua_State *L, const char *key, uint64_t address);

#endif
