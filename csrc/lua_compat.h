// The part of the Lua 5.4 API that LuaJIT's headers lack, so that the edge is
// written once. VM differences beyond that live in vm_*.c.
#ifndef CPROF_LUA_COMPAT_H
#define CPROF_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502

#define lua_rawlen(L, index) lua_objlen(L, index)
#define luaL_checkversion(L) ((void)(L))
#define lua_newuserdatauv(L, size, count) lua_newuserdata(L, size)

static inline int lua_absindex(lua_State *L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index
                                                 : lua_gettop(L) + index + 1;
}

static inline int lua_rawgetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_rawget(L, index);
  return lua_type(L, -1);
}

static inline void lua_rawsetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_insert(L, -2);
  lua_rawset(L, index);
}

static inline int lua_isinteger(lua_State *L, int index) {
  lua_Number number = lua_tonumber(L, index);
  return lua_type(L, index) == LUA_TNUMBER &&
         number == (lua_Number)(lua_Integer)number;
}

#endif
#endif
