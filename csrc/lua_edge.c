// How the core speaks to Lua when work fails, and memory that Lua frees.
// Called by the lua_*.c units on the Lua thread. See lua_edge.h.
#include "lua_edge.h"

#include <errno.h>
#include <string.h>

#define BUFFER_TYPE "cprof.buffer"
#define ERROR_TEXT_BYTES 128

int cprof_lua_fail(lua_State *L, enum cprof_result result, const char *what) {
  return cprof_lua_fail_ex(L, result, what, NULL);
}

int cprof_lua_fail_ex(lua_State *L, enum cprof_result result, const char *what,
                      const char *text) {
  int cause = errno; // before Lua can change it
  char error_text[ERROR_TEXT_BYTES];
  if (!text && result == CPROF_EIO)
    text = strerror_r(cause, error_text, sizeof error_text);
  if (!text)
    text = cprof_result_text(result);
  lua_pushnil(L);
  if (what)
    lua_pushfstring(L, "%s: %s", what, text);
  else
    lua_pushstring(L, text);
  lua_pushstring(L, cprof_result_code(result));
  return 3;
}

static int buffer_gc(lua_State *L) {
  cprof_buffer_done(lua_touserdata(L, 1));
  return 0;
}

struct cprof_buffer *cprof_lua_buffer_new(lua_State *L) {
  struct cprof_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
  *buffer = (struct cprof_buffer){0};
  if (luaL_newmetatable(L, BUFFER_TYPE)) {
    lua_pushcfunction(L, buffer_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return buffer;
}

uint8_t *cprof_lua_bytes_new(lua_State *L, size_t count) {
  uint8_t *bytes = lua_newuserdatauv(L, count + 1, 0);
  memset(bytes, 0, count + 1);
  return bytes;
}
